/*
 * Whose a table or a function is.  A description names functions of its
 * backend: those that do its ops, and those it registers elsewhere.  A
 * function that it names, or that such a function leads to, is the backend's,
 * and so is what puts most of its functions into slots.
 */
#include <string.h>

#include "verify_linux.h"

/* A name says more than any number of slots; there are fewer of these. */
enum { NAMED = 1000, MOST_BACKENDS = 64, MOST_STEPS = 4 };

struct owners {
	struct kernel *k;
	struct map named; /* what descriptions name: a set of backends */
};

static uint64_t *set_of(struct owners *o, const char *name)
{
	uint64_t *set = map_get(&o->named, intern(name));

	if (!set) {
		set = mem_alloc(sizeof(*set));
		map_add(&o->named, intern(name), set);
	}
	return set;
}

static void name(struct owners *o, const char *function, uint64_t bit)
{
	if (function)
		*set_of(o, function) |= bit;
}

static void name_values(struct owners *o, const struct value *v, uint64_t bit)
{
	if (v->kind == VALUE_SYMBOL)
		name(o, v->s, bit);
}

static void name_all(struct owners *o, const struct backend *b, uint64_t bit)
{
	name(o, b->init, bit);
	vec_each(a, &b->actions)
	{
		name_values(o, &a->value, bit);
		if (a->kind == ACTION_RUN || a->kind == ACTION_TEARDOWN)
			name(o, a->target, bit);
		vec_each(m, &a->members) name_values(o, &m->value, bit);
	}
	vec_each(p, &b->provisions)
	{
		vec_each(value, &p->values) name_values(o, value, bit);
	}
}

/* ---- what descriptions say of an op ---- */

bool names_function(const struct backend *b, const struct op *op, const char *function)
{
	const char *told = b->impls[op->slot].function;

	if (told && !strcmp(told, function))
		return true;
	vec_each(variant, &b->variants)
	{
		if (variant->op == op && variant->impl.function &&
		    !strcmp(variant->impl.function, function))
			return true;
	}
	return false;
}

static unsigned int score(const struct owners *o, const struct putter *s, const struct backend *b,
			  uint64_t bit)
{
	const uint64_t *named = s->function ? map_get(&o->named, intern(s->function->name)) : NULL;
	unsigned int sum = named && (*named & bit) ? NAMED : 0;

	vec_each(p, &s->puts)
	{
		const struct op *op = o->k->v->slot_table.v[p->slot].op;

		if (op && p->is_known)
			sum += names_function(b, op, name_at(o->k->v, p->address));
	}
	return sum;
}

/** The backends of the highest score, if it is not 0. */
static uint64_t best(const struct owners *o, const struct putter *s)
{
	const struct verify *v = o->k->v;
	unsigned int highest = 1;
	uint64_t set = 0;

	for (uint32_t i = 0; i < v->run->backends.n && i < MOST_BACKENDS; i++) {
		unsigned int got =
			v->run->backends.v[i]->interface == v->interface ? score(o, s,
										 v->run->backends
											 .v[i],
										 UINT64_C(1) << i)
									 : 0;

		if (got < highest)
			continue;
		set = (got > highest ? 0 : set) | UINT64_C(1) << i;
		highest = got;
	}
	return set;
}

/* ---- callers ---- */

typedef VEC(const struct object_symbol *) functions;

static bool holds(const functions *list, const struct object_symbol *f)
{
	vec_each(other, list)
	{
		if (*other == f)
			return true;
	}
	return false;
}

static bool begins_one(const functions *list, size_t from, size_t to, uint64_t address)
{
	for (size_t i = from; i < to; i++)
		if (list->v[i]->address == address)
			return true;
	return false;
}

/** Adds who calls, or jumps to, one of the functions [from, to) of the list. */
static void add_callers(const struct verify *v, functions *list, size_t from, size_t to)
{
	vec_each(s, &v->object->sections)
	{
		for (uint64_t at = 0; s->is_code && s->bytes && at + 5 <= s->size; at++) {
			const struct object_symbol *f;
			uint64_t field = s->address + at + 1;

			/* call and jmp */
			if ((s->bytes[at] & 0xfe) != 0xe8 ||
			    !begins_one(list, from, to, relative_target(s->bytes + at + 1, field)))
				continue;
			f = object_function(v->object, s->address + at);
			if (f && !holds(list, f))
				*vec_push(list) = f;
		}
	}
}

/** The backends that name the nearest functions that lead to this one. */
static uint64_t owners_of_callers(const struct owners *o, const struct object_symbol *f)
{
	functions list = {0};
	size_t from = 0;

	*vec_push(&list) = f;
	for (unsigned int step = 0; step < MOST_STEPS; step++) {
		size_t to = list.n;
		uint64_t set = 0;

		add_callers(o->k->v, &list, from, to);
		for (from = to; from < list.n; from++) {
			const uint64_t *named = map_get(&o->named, intern(list.v[from]->name));

			set |= named ? *named : 0;
		}
		from = to;
		if (set || from == list.n)
			return set;
	}
	return 0;
}

/* ---- targets ---- */

static bool is_there(const struct verify *v, const struct target *new)
{
	vec_each(t, &v->targets)
	{
		if (t->slot == new->slot && t->address == new->address &&
		    t->backend == new->backend)
			return true;
	}
	return false;
}

static void add_target(struct verify *v, const struct putter *s, const struct put_in *p,
		       const struct backend *b)
{
	struct target t = {p->slot, p->address, b, s->name};

	if (!is_there(v, &t))
		*vec_push(&v->targets) = t;
}

static void add_targets(struct kernel *k, const struct putter *s)
{
	struct verify *v = k->v;

	vec_each(p, &s->puts)
	{
		if (!p->is_known) {
			no_verdict(v, "a slot",
				   mem_printf("what %s puts into that of '%s' is not known",
					      s->name, v->slot_table.v[p->slot].path));
			continue;
		}
		for (uint32_t i = 0; i < v->run->backends.n && i < MOST_BACKENDS; i++)
			if (s->backends >> i & 1)
				add_target(v, s, p, v->run->backends.v[i]);
		if (!s->backends)
			add_target(v, s, p, NULL);
	}
}

void find_owners(struct kernel *k)
{
	struct owners o = {.k = k};
	struct verify *v = k->v;

	for (uint32_t i = 0; i < v->run->backends.n && i < MOST_BACKENDS; i++)
		name_all(&o, v->run->backends.v[i], UINT64_C(1) << i);
	for (uint32_t i = 0; i < k->sources.n; i++) {
		struct putter *s = &k->sources.v[i];

		/* The first is what the kernel starts with. */
		for (uint32_t b = 0; !i && b < v->run->backends.n && b < MOST_BACKENDS; b++)
			if (v->run->backends.v[b] == v->interface->bare)
				s->backends = UINT64_C(1) << b;
		if (i)
			s->backends = best(&o, s);
		if (i && !s->backends && s->function)
			s->backends = owners_of_callers(&o, s->function);
		add_targets(k, s);
	}
}
