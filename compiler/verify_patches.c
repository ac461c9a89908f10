/* Patch tables: each backend's templates. */
#include <string.h>

#include "verify.h"

bool take_patch(const struct verify *v, struct cell *e)
{
	unsigned int size = patch_size(v->run->arch), word = v->run->arch->word;
	const uint8_t *record =
		object_bytes(v->object, e->linked->patches + (uint64_t)e->op->slot * size, size);

	if (!record)
		return false;
	e->code = object_number(record, word);
	e->patch = record + word;
	return true;
}

static bool is_template(const struct cell *e)
{
	return e->lowered->form == FORM_INLINE || e->lowered->form == FORM_TRAP;
}

static const char *check_patch_form(const struct verify *v, const struct cell *e)
{
	static const char *const forms[] = {"call", "inline", "nop", "trap"};
	unsigned int form = e->patch[PATCH_FORM];

	(void)v;
	if (form != (unsigned int)e->lowered->form)
		return mem_printf("%s, but described as %s",
				  form < NELEM(forms) ? forms[form] : number(form),
				  forms[e->lowered->form]);
	if (is_template(e) != !!e->code)
		return is_template(e) ? "there is no code" : "there is code";
	return NULL;
}

/** Bytes before the code in its function: what a call lands on, and copies of the arguments. */
static uint64_t body_offset(const struct verify *v, const struct cell *e)
{
	unsigned int words =
		e->lowered->form == FORM_INLINE ? op_passing(v->run->arch, e->op).stack : 0;

	return sizeof(v->machine->landing_pad) + (uint64_t)words * v->run->arch->copy_size;
}

/** The name of a template's function, where the object has it, is where its code must be. */
static const char *check_patch_code(const struct verify *v, const struct cell *e)
{
	const struct object_symbol *s = object_symbol(v->object, e->lowered->symbol);
	uint64_t code = e->code;

	if (!is_template(e))
		return NULL;
	if (!is_code(v, code) || !object_bytes(v->object, code, e->patch[PATCH_LENGTH]))
		return mem_printf("%s is not inside of one executable section", hex(code));
	if (s && code != s->address + body_offset(v, e))
		return mem_printf("it is at %s, which is not the body of %s",
				  object_place(v->object, code), s->name);
	return NULL;
}

static const char *check_patch_length(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH];

	if (!is_template(e))
		return NULL;
	if (!length || length > e->op->budget)
		return mem_printf("%s, but the op's budget is %u", counted(length, "byte"),
				  e->op->budget);
	if (v->lengths && !op_is_dead(e->op) && length > v->lengths[e->op->slot])
		return mem_printf("%s, but the op's sites have %u", counted(length, "byte"),
				  v->lengths[e->op->slot]);
	return NULL;
}

/** Whole instructions up to the length, the first as long as the table says. */
static const char *check_patch_first(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH], at = 0;
	const uint8_t *code = object_bytes(v->object, e->code, length);
	struct insn_form insn;

	if (e->lowered->form != FORM_INLINE)
		return NULL;
	while (at < length) {
		if (!v->machine->decode(code + at, length - at, &insn))
			return mem_printf("no instruction that is known ends at byte %u or before",
					  length);
		if (!at && insn.length != e->patch[PATCH_FIRST])
			return mem_printf("the first instruction has %s, not %u",
					  counted(insn.length, "byte"), e->patch[PATCH_FIRST]);
		at += insn.length;
	}
	return NULL;
}

/** The symbol that the template's text refers to relative to its own place, or NULL. */
static const char *named_target(const struct cell *e)
{
	const char *target = NULL;

	vec_each(insn, &e->lowered->insns) target = insn->target ? insn->target : target;
	return target;
}

/** What is wrong with one reference of a template to @to. */
static const char *reference_fault(const struct verify *v, const struct cell *e,
				   const struct insn_form *insn, unsigned int at, uint64_t to)
{
	const char *name = named_target(e);
	const struct object_symbol *s = name ? map_get(&v->object->names, intern(name)) : NULL;

	if (at + insn->field != e->patch[PATCH_RELOCATION] || insn->field_size != 4)
		return mem_printf("byte %u refers to %s, which a copy elsewhere would miss; name "
				  "the symbol in braces",
				  at + insn->field, object_place(v->object, to));
	if (s && s->address != to)
		return mem_printf("byte %u refers to %s, but described is %s", at + insn->field,
				  object_place(v->object, to), name);
	return NULL;
}

/** Is it a branch to another place of the same template? */
static bool is_inside(const struct insn_form *insn, unsigned int at, unsigned int length)
{
	int64_t to = at + insn->target;

	return insn->relative == FIELD_JUMP && to >= 0 && to <= length;
}

static const char *check_patch_relocation(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH], n = 0;
	const uint8_t *code = object_bytes(v->object, e->code, length);
	unsigned int relocation = e->patch[PATCH_RELOCATION];
	struct insn_form insn;

	for (unsigned int at = 0; e->lowered->form == FORM_INLINE && at < length;
	     at += insn.length) {
		const char *fault;

		if (!v->machine->decode(code + at, length - at, &insn))
			break;
		if (!insn.relative || is_inside(&insn, at, length))
			continue;
		fault = reference_fault(v, e, &insn, at, e->code + at + (uint64_t)insn.target);
		if (fault)
			return fault;
		n++;
	}
	if (n == (relocation != NO_RELOCATION))
		return NULL;
	return mem_printf("byte %u is adjusted, but no reference is there", relocation);
}

static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct cell *e);
} patch_checks[] = {
	{D_patch_form, check_patch_form},
	{D_patch_code, check_patch_code},
	{D_patch_length, check_patch_length},
	{D_patch_first, check_patch_first},
	{D_patch_relocation, check_patch_relocation},
};

static void check_patch(struct verify *v, const struct cell *e)
{
	for (size_t i = 0; i < NELEM(patch_checks); i++) {
		const char *fault = patch_checks[i].check(v, e);

		if (fault) {
			report_entry(v, patch_checks[i].id, e, e->backend->name.s, fault);
			return;
		}
	}
	v->n_patches++;
}

void check_patches(struct verify *v)
{
	vec_each(l, &v->linked)
	{
		vec_each(op, &v->interface->ops)
		{
			struct cell e = cell_of(l, *op);

			if (take_patch(v, &e))
				check_patch(v, &e);
			else
				report_entry(v, D_patch_form, &e, l->backend->name.s,
					     "the table ends before it");
		}
	}
}

void check_lengths(struct verify *v)
{
	vec_each(op, &v->interface->ops)
	{
		unsigned int longest = op_is_dead(*op) ? 0 : v->run->arch->slot_site;
		const char *backend = "";

		vec_each(l, &v->linked)
		{
			struct cell e = cell_of(l, *op);

			if (!take_patch(v, &e) || e.patch[PATCH_LENGTH] <= longest ||
			    op_is_dead(*op))
				continue;
			longest = e.patch[PATCH_LENGTH];
			backend = l->backend->name.s;
		}
		if (v->lengths[(*op)->slot] != longest)
			diag(v->run, site_room, (*op)->name.loc, op_path(*op),
			     counted(v->lengths[(*op)->slot], "byte"), number(longest), backend);
	}
}
