/* What backends do about ops, how they are found, and what they do beside the ops. */
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diff.h"

/* ---- how an op is done ---- */

/** What the backend says itself is neither inherited nor a default. */
static bool is_own(const struct impl *impl)
{
	return impl->stmt && !impl->is_inherited;
}

static const char *insns_text(const struct lowered *l)
{
	struct out o = {0};

	vec_each(insn, &l->insns) put(&o, "%s%s", o.n ? "; " : "", insn->text);
	return text_of(&o);
}

/** "call f", "constant 3". */
static const char *way_text(const struct impl *impl, const struct lowered *l)
{
	if (impl->kind == IMPL_CONSTANT)
		return mem_printf("constant %lld", (long long)impl->value);
	if (impl->is_inherited)
		return "inherit";
	if (impl->kind == IMPL_TRAP && impl->reason)
		return mem_printf("trap \"%s\"", impl->reason);
	return impl->function ? mem_printf("%s %s", impl_name(impl->kind), l->symbol)
			      : impl_name(impl->kind);
}

static bool has_target(const struct lowered *l)
{
	vec_each(insn, &l->insns)
	{
		if (insn->target)
			return true;
	}
	return false;
}

static enum rule_id rule_of_way(const struct impl *old, const struct impl *new)
{
	if (is_own(old) != is_own(new))
		return is_own(new) ? R_BE_NEW : R_BE_DROP;
	return old->kind == IMPL_INLINE && new->kind == IMPL_CALL ? R_PAT_DROP : R_BE_IMPLTYPE;
}

static bool same_insns(const struct lowered *x, const struct lowered *y)
{
	if (x->insns.n != y->insns.n)
		return false;
	for (uint32_t i = 0; i < x->insns.n; i++)
		if (strcmp(x->insns.v[i].text, y->insns.v[i].text) != 0)
			return false;
	return true;
}

/** Sees at once what most ops are; else texts tell. */
static bool is_same_call(const struct impl *a, const struct impl *b)
{
	return a->kind == IMPL_CALL && b->kind == IMPL_CALL && a->function == b->function &&
	       is_own(a) && is_own(b);
}

static void diff_impl(struct diff *d, const struct at *at, const struct impl *a,
		      const struct lowered *x, const struct impl *b, const struct lowered *y)
{
	bool is_default = !is_own(a) && !is_own(b) && a->is_inherited == b->is_inherited;
	const char *was, *is;

	/* What follows from the op is said there. */
	if (is_default || is_same_call(a, b))
		return;
	was = way_text(a, x);
	is = way_text(b, y);
	if (is_own(a) != is_own(b) || strcmp(was, is) != 0) {
		change(d, rule_of_way(a, b), at, "%s -> %s", was, is);
	} else if (!same_insns(x, y)) {
		change(d, R_PAT_BYTES, at, "%s -> %s", insns_text(x), insns_text(y));
		if (has_target(y) && !has_target(x))
			change(d, R_PAT_RELOC, at, "%s", insns_text(y));
	}
}

/** The op of the other interface, or NULL. */
static const struct op *same_op(const struct map *by_name, const struct op *op)
{
	return op_is_dead(op) ? NULL : map_get(by_name, op->name.s);
}

static const struct name *where(const struct backend *b, const struct impl *impl,
				struct name *place)
{
	*place = (struct name){b->name.s, is_own(impl) ? impl->stmt->loc : b->name.loc};
	return place;
}

static void diff_impls(struct diff *d, const struct at *at, const struct backend *old,
		       const struct backend *new)
{
	struct map live = {0};

	vec_each(op, &new->interface->ops)
	{
		if (!op_is_dead(*op))
			map_add(&live, (*op)->name.s, *op);
	}
	vec_each(op, &old->interface->ops)
	{
		const struct op *was = *op, *is = same_op(&live, was);
		const struct impl *a = &old->impls[was->slot];
		const struct impl *b = is ? &new->impls[is->slot] : NULL;
		struct name before, now;
		struct at inner = {.outer = at, .op = is, .old = where(old, a, &before)};

		if (!is)
			continue;
		inner.new = where(new, b, &now);
		diff_impl(d, &inner, a, &old->lowered[was->slot], b, &new->lowered[is->slot]);
	}
}

/* ---- lists of a backend, as things with names ---- */

/** Something in a backend, and its texts. */
struct entry_of_backend {
	struct name name;
	const char *when, *phase, *text, *more;
	size_t rank;
};

typedef VEC(struct entry_of_backend) entries;

FACT(get_when, entry_of_backend, fact_text(x->when))
FACT(get_phase, entry_of_backend, fact_text(x->phase))
FACT(get_text, entry_of_backend, fact_text(x->text))
FACT(get_more, entry_of_backend, fact_text(x->more))

static struct entry_of_backend entry(const char *name, struct loc loc, const struct when *when,
				     const struct phase *phase, const char *text, const char *more)
{
	return (struct entry_of_backend){
		{intern(name), loc}, when_text(when), phase ? phase->name.s : "", text, more, 0};
}

static const char *shown_value(const struct value *v)
{
	if (v->kind == VALUE_NUMBER)
		return mem_printf("%lld", (long long)v->number);
	return v->kind == VALUE_NONE ? "none" : v->s;
}

static entries variants_of(const struct backend *b)
{
	entries all = {0};

	vec_each(v, &b->variants) * vec_push(&all) =
		entry(op_path(v->op), v->loc, v->when, v->phase, way_text(&v->impl, v->lowered),
		      insns_text(v->lowered));
	return all;
}

static entries data_of(const struct backend *b)
{
	entries all = {0};

	vec_each(x, &b->data) * vec_push(&all) =
		entry(data_path(x->data), x->stmt->loc, x->stmt->when, x->stmt->phase,
		      shown_value(&x->value), "");
	return all;
}

static const char *members_text(const struct action *a)
{
	struct out o = {0};

	vec_each(m, &a->members)
		put(&o, "%s%s %s", o.n ? "; " : "", m->member->name.s, shown_value(&m->value));
	return text_of(&o);
}

static entries actions_of(const struct backend *b)
{
	entries all = {0};

	vec_each(a, &b->actions) * vec_push(&all) =
		entry(mem_printf("%s %s", action_name(a->kind), a->target), a->loc, a->stmt->when,
		      a->stmt->phase, mem_printf("%s %s", a->way, shown_value(&a->value)),
		      members_text(a));
	return all;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Each member with its value, whatever the order of the members is. */
static const char *values_text(const struct provision *p)
{
	const char **texts = mem_alloc((p->values.n + 1) * sizeof(*texts));
	struct out o = {0};

	for (uint32_t n = 0; n < p->values.n; n++)
		texts[n] = mem_printf("%s %s", p->registration->members.v[n].name.s,
				      shown_value(&p->values.v[n]));
	qsort(texts, p->values.n, sizeof(*texts), by_text);
	for (uint32_t n = 0; n < p->values.n; n++)
		put(&o, "%s%s", n ? "; " : "", texts[n]);
	return text_of(&o);
}

static entries provisions_of(const struct backend *b)
{
	entries all = {0};

	vec_each(p, &b->provisions) * vec_push(&all) =
		entry(mem_printf("%s %s", p->registration->name.s, p->name.s), p->name.loc, p->when,
		      p->phase, values_text(p), "");
	return all;
}

static entries shared_of(const struct backend *b)
{
	entries all = {0};

	vec_each(s, &b->shared) * vec_push(&all) =
		entry(s->structure.s, s->structure.loc, s->when, NULL,
		      mem_printf("%s%s", s->is_percpu ? "percpu" : "global",
				 s->is_decrypted ? " decrypted" : ""),
		      mem_printf("%s %s", s->symbol, s->through ? s->through : ""));
	return all;
}

static const struct property variant_rows[] = {
	{"phase", R_BE_INITORDER, R_BE_INITORDER, R_BE_INITORDER, get_phase},
	{"when", R_BE_IMPLTYPE, R_BE_IMPLTYPE, R_BE_IMPLTYPE, get_when},
	{"way", R_BE_IMPLTYPE, R_BE_IMPLTYPE, R_BE_IMPLTYPE, get_text},
	{"instructions", R_PAT_BYTES, R_PAT_BYTES, R_PAT_BYTES, get_more},
};

static const struct property beside_rows[] = {
	{"phase", R_BE_REG, R_BE_REG, R_BE_REG, get_phase},
	{"when", R_BE_REG, R_BE_REG, R_BE_REG, get_when},
	{"value", R_BE_REG, R_BE_REG, R_BE_REG, get_text},
	{"members", R_BE_REG, R_BE_REG, R_BE_REG, get_more},
};

static const struct property shared_rows[] = {
	{"when", R_BE_REG, R_BE_REG, R_BE_REG, get_when},
	{"place", R_SHM_ALIGN, R_SHM_ALIGN, R_SHM_ALIGN, get_text},
	{"symbol", R_BE_REG, R_BE_REG, R_BE_REG, get_more},
};

static const struct {
	entries (*of)(const struct backend *b);
	const struct property *rows;
	size_t n;
	enum rule_id lone;
} lists[] = {
	{variants_of, variant_rows, NELEM(variant_rows), R_BE_IMPLTYPE},
	{data_of, beside_rows, NELEM(beside_rows), R_BE_REG},
	{actions_of, beside_rows, NELEM(beside_rows), R_BE_REG},
	{provisions_of, beside_rows, NELEM(beside_rows), R_BE_REG},
	{shared_of, shared_rows, NELEM(shared_rows), R_BE_REG},
};

static size_t rank_of_phase(const struct interface *i, const char *phase)
{
	for (size_t n = 0; n < i->phases.n; n++)
		if (i->phases.v[n].s == phase)
			return n + 1;
	return 0;
}

static int by_rank(const void *a, const void *b)
{
	const struct entry_of_backend *x = a, *y = b;

	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/** In the order in which they come into force: the text's, but phase after phase. */
static entries in_force(const struct backend *b, entries (*of)(const struct backend *b))
{
	entries all = of(b);

	for (size_t n = 0; n < all.n; n++)
		all.v[n].rank = rank_of_phase(b->interface, all.v[n].phase) * all.n + n;
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_rank);
	return all;
}

static void diff_lists(struct diff *d, const struct at *at, const struct backend *old,
		       const struct backend *new)
{
	for (size_t i = 0; i < NELEM(lists); i++) {
		entries a = in_force(old, lists[i].of), b = in_force(new, lists[i].of);
		pairs pairs = pair_values(&a, &b);

		diff_things(d, at, &pairs, lists[i].rows, lists[i].n, lists[i].lone, "");
	}
}

/* ---- how it is found ---- */

struct found_by {
	struct name name;
	const struct detection *detection;
	const char *when, *priority;
};

typedef VEC(struct found_by) found_bys;

/** Its own, if that is not the backend's. */
static const char *priority_text(const struct backend *b, const struct detection *x)
{
	if (x->is_by_leaf)
		return "leaf";
	return x->has_priority && x->priority != b->priority ? mem_printf("%u", x->priority) : "";
}

static found_bys found_bys_of(const struct backend *b)
{
	found_bys all = {0};

	vec_each(x, &b->detections)
	{
		const char *name =
			mem_printf("detect %s%s%s%s", detect_name(x->kind), x->text ? " " : "",
				   x->text ? x->text : "",
				   x->number ? mem_printf(" %lld", (long long)x->number) : "");

		*vec_push(&all) = (struct found_by){
			{intern(name), x->loc}, x, when_text(x->when), priority_text(b, x)};
	}
	return all;
}

FACT(get_leaves, found_by, fact_number(x->detection->leaves))
FACT(get_condition, found_by, fact_text(x->when))
FACT(get_priority, found_by, fact_text(x->priority))

static const struct property found_rows[] = {
	{"leaves", R_VER_MINCOMPAT, R_VER_MINCOMPAT, R_BE_DETECT, get_leaves},
	{"when", R_BE_DETECT, R_BE_DETECT, R_BE_DETECT, get_condition},
	{"priority", R_BE_DETECT, R_BE_DETECT, R_BE_DETECT, get_priority},
};

static void diff_detections(struct diff *d, const struct at *at, const struct backend *old,
			    const struct backend *new)
{
	found_bys a = found_bys_of(old), b = found_bys_of(new);
	pairs pairs = pair_values(&a, &b);

	diff_things(d, at, &pairs, found_rows, NELEM(found_rows), R_BE_DETECT, "");
}

/* ---- two that find the same machine ---- */

/** Is there a backend of this name that finds its machine by this text? */
static bool finds_by(const struct run *run, const char *backend, const char *text)
{
	vec_each(b, &run->backends)
		vec_each(x, &(*b)->detections) if ((*b)->name.s == backend && x->text &&
						   !strcmp(x->text, text)) return true;
	return false;
}

/** The first other backend of the interface that finds its machine by the same text, or NULL. */
static const struct backend *rival_of(const struct run *run, const struct backend *b,
				      const char *text)
{
	vec_each(other, &run->backends)
	{
		if (*other != b && (*other)->interface == b->interface &&
		    finds_by(run, (*other)->name.s, text))
			return *other;
	}
	return NULL;
}

void diff_detection_overlaps(struct diff *d)
{
	vec_each(it, &d->new->backends)
	{
		const struct backend *b = *it, *rival;
		struct at at = at_pair(NULL, NULL, &b->name);

		vec_each(x, &b->detections)
		{
			if (!x->text || finds_by(d->old, b->name.s, x->text))
				continue;
			rival = rival_of(d->new, b, x->text);
			if (rival)
				change(d, R_BE_DETECT_OVERLAP, &at, "\"%s\", as %s", x->text,
				       rival->name.s);
		}
	}
}

/* ---- a backend ---- */

static const char *converters_text(const struct backend *b)
{
	struct out o = {0};

	vec_each(c, &b->converters)
		put(&o, "%s%s from %s to %s call %s", o.n ? ", " : "", c->name.s,
		    space_name(c->from), space_name(c->to), c->function);
	return text_of(&o);
}

FACT(get_interface, backend, fact_text(x->interface->name.s))
FACT(get_abi, backend, fact_text(x->abi ? x->abi->name.s : ""))
FACT(get_bare, backend, fact_number(x->is_bare))
FACT(get_deprivileged, backend, fact_number(x->is_deprivileged))
FACT(get_rank, backend, fact_number(x->priority))
FACT(get_nopv, backend, fact_number(x->ignores_nopv))
FACT(get_init, backend, fact_text(x->init))
FACT(get_flush, backend, fact_text(x->flush))
FACT(get_converters, backend, fact_text(converters_text(x)))

static const struct property backend_rows[] = {
	{"for", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_interface},
	{"on", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_abi},
	{"bare", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_bare},
	{"deprivileged", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_deprivileged},
	{"priority", R_BE_DETECT, R_BE_DETECT, R_BE_DETECT, get_rank},
	{"ignores nopv", R_BE_DETECT, R_BE_DETECT, R_BE_DETECT, get_nopv},
	{"init", R_BE_INITORDER, R_BE_INITORDER, R_BE_INITORDER, get_init},
	{"flush", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_flush},
	{"converters", R_BE_TRAIT, R_BE_TRAIT, R_BE_TRAIT, get_converters},
};

void diff_backend(struct diff *d, const struct at *at, const struct backend *old,
		  const struct backend *new)
{
	diff_guards(d, at, old->guard, new->guard);
	diff_facts(d, at, backend_rows, old, new);
	diff_detections(d, at, old, new);
	diff_impls(d, at, old, new);
	diff_lists(d, at, old, new);
	diff_covers(d, at, &old->covers, &new->covers);
}
