/* What the slots of a Linux kernel may hold, and its records, against the description. */
#include <string.h>

#include "verify_linux.h"

/** Something that a slot may hold. */
struct held {
	const struct target *target;
	const struct op *op;
	const char *name, *function; /* at the address, and behind a thunk */
};

static bool is_named(const struct impl *impl, const struct held *h)
{
	return impl->function &&
	       (!strcmp(impl->function, h->name) || !strcmp(impl->function, h->function));
}

/** Where the description names the function; else where it has a condition or a phase for the op.
 */
static const struct impl *impl_of(const struct backend *b, const struct held *h)
{
	const struct impl *impl = &b->impls[h->op->slot], *other = impl;

	vec_each(v, &b->variants)
	{
		if (v->op != h->op)
			continue;
		other = &v->impl;
		if (is_named(other, h))
			break;
	}
	return is_named(impl, h) ? impl : other;
}

static struct loc place_of(const struct held *h)
{
	const struct backend *b = h->target->backend;

	return b ? impl_of(b, h)->loc : h->op->name.loc;
}

static const char *owner_of(const struct held *h)
{
	const struct backend *b = h->target->backend;

	return b ? b->name.s : mem_printf("? (%s)", h->target->source);
}

/* ---- each check says what is wrong with what a slot holds, or NULL ---- */

static bool is_filled_later(const struct kernel *k, const struct target *empty)
{
	vec_each(t, &k->v->targets)
	{
		if (t->slot == empty->slot && t->backend == empty->backend && t->address)
			return true;
	}
	return false;
}

static const char *check_null(const struct kernel *k, const struct held *h)
{
	if (h->target->address || is_filled_later(k, h->target))
		return NULL;
	return mem_printf("nothing after %s", h->target->source);
}

static const char *check_pad(const struct kernel *k, const struct held *h)
{
	struct cell e = {.target = h->target->address};
	bool is_enforced = false;

	vec_each(s, &k->v->object->sections)
	{
		is_enforced |= !strcmp(s->name, ".ibt_endbr_seal");
	}
	return h->target->address && is_enforced ? check_landing_pad(k->v, &e) : NULL;
}

static void put_described(const struct impl *impl, struct out *o)
{
	if (impl->function && !strstr(text_of(o), impl->function))
		put(o, "%s%s", o->n ? " or " : "", impl->function);
}

/** Functions that the description names for the op: "a or b". */
static const char *described(const struct backend *b, const struct op *op)
{
	struct out o = {0};

	put_described(&b->impls[op->slot], &o);
	vec_each(v, &b->variants)
	{
		if (v->op == op)
			put_described(&v->impl, &o);
	}
	return text_of(&o);
}

/** Does the description name functions for all that the backend does there? */
static bool is_all_named(const struct backend *b, const struct op *op)
{
	bool is_named = b->impls[op->slot].function != NULL;

	vec_each(v, &b->variants)
	{
		is_named &= v->op != op || v->impl.function;
	}
	return is_named;
}

static const char *check_described(const struct kernel *k, const struct held *h)
{
	const struct backend *b = h->target->backend;

	if (!b || !h->target->address || !k->v->object->functions.n || !is_all_named(b, h->op) ||
	    names_function(b, h->op, h->name) || names_function(b, h->op, h->function) ||
	    is_listed(k, h->target->address, linux_nops))
		return NULL;
	return mem_printf("%s, but described is %s", h->name, described(b, h->op));
}

static const char *check_signature(const struct kernel *k, const struct held *h)
{
	const char *fault = NULL;

	if (!h->target->address || is_listed(k, h->target->address, linux_generics) ||
	    types_function_fits(k->v->run, k->types, h->function, h->op, &fault) != DIFFERS)
		return NULL;
	return mem_printf("%s: %s", h->function, fault);
}

/* Code that is not instrumented, each between two symbols. */
static const char *const quiet[][2] = {
	{"__noinstr_text_start", "__noinstr_text_end"},
	{"__entry_text_start", "__entry_text_end"},
	{"__cpuidle_text_start", "__cpuidle_text_end"},
};

static bool is_quiet(const struct kernel *k, uint64_t address)
{
	for (size_t i = 0; i < NELEM(quiet); i++) {
		const struct object_symbol *begin = object_symbol(k->v->object, quiet[i][0]);
		const struct object_symbol *end = object_symbol(k->v->object, quiet[i][1]);

		if (begin && end && address >= begin->address && address < end->address)
			return true;
	}
	return false;
}

/**
 * Where code that must not be instrumented calls an op, it may have allowed it for this call; that
 * is not in the image any more, so only what the description says of the op counts.
 */
static const char *check_noinstr(const struct kernel *k, const struct held *h)
{
	const struct object_symbol *behind = object_symbol(k->v->object, h->function);

	if (!(h->op->context & CONTEXT_NOINSTR) || !h->target->address ||
	    is_listed(k, h->target->address, linux_generics) ||
	    !object_symbol(k->v->object, quiet[0][0]))
		return NULL;
	if (is_quiet(k, h->target->address) &&
	    (h->function == h->name || (behind && is_quiet(k, behind->address))))
		return NULL;
	return mem_printf("%s, which may be instrumented, but the op is noinstr", h->name);
}

static const char *check_kept(const struct kernel *k, const struct held *h)
{
	const struct object_symbol *behind = object_symbol(k->v->object, h->function);

	if (!h->target->address || !type_is_void(&h->op->type) ||
	    is_listed(k, h->target->address, linux_nops) || !behind ||
	    !code_is_empty(&k->space, behind->address))
		return NULL;
	return mem_printf("%s, which does nothing", h->name);
}

static const struct {
	enum diag_id id;
	const char *(*check)(const struct kernel *k, const struct held *h);
} target_checks[] = {
	{D_null_slot, check_null},
	{D_landing_pad, check_pad},
	{D_slot_target, check_described},
	{D_slot_signature, check_signature},
	{D_slot_instrumented, check_noinstr},
	{D_kept_call, check_kept},
};

static void check_target(const struct kernel *k, const struct held *h)
{
	for (size_t i = 0; i < NELEM(target_checks); i++) {
		const char *fault = target_checks[i].check(k, h);

		if (fault)
			diag_report(k->v->run, target_checks[i].id, place_of(h),
				    (const char *[]){op_path(h->op), owner_of(h), fault, NULL});
	}
}

void check_targets(struct kernel *k)
{
	if (!object_symbol(k->v->object, quiet[0][0]))
		no_verdict(k->v, "instrumented functions",
			   mem_printf("there is no symbol %s", quiet[0][0]));
	vec_each(t, &k->v->targets)
	{
		struct held h = {.target = t, .op = k->v->slot_table.v[t->slot].op};

		if (!h.op)
			continue;
		h.name = name_at(k->v, t->address);
		h.function = behind_thunk(h.name);
		check_target(k, &h);
	}
}

/* ---- calls that no record tells of ---- */

void check_strays(struct kernel *k)
{
	vec_each(s, &k->strays)
	{
		const struct op *op = k->v->slot_table.v[s->op].op;

		if (op && op->site != SITE_NEVER_PATCHED)
			diag(k->v->run, site_unrecorded, op->name.loc, op_path(op),
			     object_place(k->v->object, s->address));
	}
}

/* ---- bytes of records ---- */

static bool is_described(const struct record *r, uint64_t byte)
{
	vec_each(f, &r->fields)
	{
		if (byte >= f->offset && byte - f->offset < f->size)
			return true;
	}
	return false;
}

/** Bytes [first, end) of a record, in all records of a section. */
struct stretch {
	const struct kernel *k;
	uint64_t first, end;
};

static const uint8_t *stretch_at(const struct stretch *b, const struct site *s)
{
	return object_bytes(b->k->v->object, s->record + b->first, b->end - b->first);
}

static const char *bytes_text(const uint8_t *bytes, uint64_t n)
{
	struct out o = {0};

	for (uint64_t i = 0; i < n; i++)
		put(&o, "%s%02x", i ? " " : "", bytes[i]);
	return text_of(&o);
}

static bool are_zero(const uint8_t *bytes, uint64_t n)
{
	while (n && !bytes[n - 1])
		n--;
	return !n;
}

/** Does the stretch hold the same in all records of each op, but for those that leave it 0? */
static bool is_constant(const struct stretch *b)
{
	const struct verify *v = b->k->v;
	const uint8_t **firsts = mem_alloc((v->slot_table.n + 1) * sizeof(*firsts));

	vec_each(s, &v->sites)
	{
		const uint8_t *bytes = stretch_at(b, s);

		if (!bytes || s->op >= v->slot_table.n)
			return false;
		if (are_zero(bytes, b->end - b->first))
			continue;
		if (!firsts[s->op])
			firsts[s->op] = bytes;
		if (memcmp(bytes, firsts[s->op], b->end - b->first) != 0)
			return false;
	}
	return true;
}

/** "ff 01 in 3 records, 01 00 in 2" */
static const char *values_text(const struct stretch *b)
{
	struct map counts = {0};
	VEC(const char *) values = {0};
	struct out o = {0};

	vec_each(s, &b->k->v->sites)
	{
		const uint8_t *bytes = stretch_at(b, s);
		const char *text = intern(bytes ? bytes_text(bytes, b->end - b->first) : "?");
		unsigned int *count = map_get(&counts, text);

		if (!count) {
			count = mem_alloc(sizeof(*count));
			map_add(&counts, text, count);
			*vec_push(&values) = text;
		}
		++*count;
	}
	vec_each(value, &values) put(&o, "%s%s in %s", o.n ? ", " : "", *value,
				     counted(*(unsigned int *)map_get(&counts, *value), "record"));
	return text_of(&o);
}

static void report_stretch(const struct stretch *b)
{
	const struct verify *v = b->k->v;

	if (is_constant(b))
		diag(v->run, record_bytes, v->interface->name.loc, number(b->first),
		     number(b->end - 1), b->k->generation->section, b->k->generation->record,
		     values_text(b));
}

/** Is it 0 in all records? */
static bool is_padding(const struct stretch *b)
{
	vec_each(s, &b->k->v->sites)
	{
		const uint8_t *bytes = stretch_at(b, s);

		if (bytes && !are_zero(bytes, b->end - b->first))
			return false;
	}
	return true;
}

/** A stretch is of bytes that no member describes; padding that is 0 around it does not count. */
void check_records(struct kernel *k)
{
	struct record r;

	if (!k->generation->slot || !types_record(k->types, k->generation->record, &r))
		return;
	for (uint64_t at = 0; at < r.size; at++) {
		struct stretch b = {k, at, at + 1};

		if (is_described(&r, at) || is_padding(&b))
			continue;
		while (b.end < r.size && !is_described(&r, b.end))
			b.end++;
		at = b.end;
		while (is_padding(&(struct stretch){k, b.end - 1, b.end}))
			b.end--;
		report_stretch(&b);
	}
}
