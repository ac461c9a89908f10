/* Slots: what each backend puts there. */
#include <string.h>

#include "verify.h"

static const char *check_slot_null(const struct verify *v, const struct cell *e)
{
	(void)v;
	return e->target ? NULL : "nothing";
}

const char *check_landing_pad(const struct verify *v, const struct cell *e)
{
	const uint8_t *pad = v->machine->landing_pad;
	size_t n = sizeof(v->machine->landing_pad);
	const uint8_t *code = object_bytes(v->object, e->target, n);

	if (is_code(v, e->target) && code && !memcmp(code, pad, n))
		return NULL;
	return object_place(v->object, e->target);
}

static bool has_name(const struct verify *v, uint64_t address, const char *text)
{
	const char *name = intern(text);

	vec_each(s, &v->object->symbols)
	{
		if (s->address == address && s->name == name)
			return true;
	}
	return false;
}

static const char *check_slot_target(const struct verify *v, const struct cell *e)
{
	const char *symbol = e->lowered->symbol;

	if (!object_symbol(v->object, symbol) || has_name(v, e->target, symbol))
		return NULL;
	return mem_printf("%s, but described is %s", object_place(v->object, e->target), symbol);
}

static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct cell *e);
} slot_checks[] = {
	{D_null_slot, check_slot_null},
	{D_slot_target, check_slot_target},
	{D_landing_pad, check_landing_pad},
};

static void check_slot(struct verify *v, const struct cell *e, const char *backend)
{
	for (size_t i = 0; i < NELEM(slot_checks); i++) {
		const char *fault = slot_checks[i].check(v, e);

		if (fault) {
			report_entry(v, slot_checks[i].id, e, backend, fault);
			return;
		}
	}
	v->n_slots++;
}

static void check_table(struct verify *v, const struct linked *l, uint64_t table,
			const char *backend)
{
	vec_each(op, &v->interface->ops)
	{
		struct cell e = cell_of(l, *op);

		e.target = read_word(v, table + (uint64_t)(*op)->slot * v->run->arch->word);
		*vec_push(&v->targets) =
			(struct target){(*op)->slot, e.target, l->backend, backend};
		check_slot(v, &e, backend);
	}
}

void check_slots(struct verify *v)
{
	vec_each(l, &v->linked)
	{
		check_table(v, l, l->ops, l->backend->name.s);
		if (l->backend->is_bare && v->slots)
			check_table(v, l, v->slots, "(before any is installed)");
	}
}
