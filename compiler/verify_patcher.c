/* What the patcher may run while it patches. */
#include <string.h>

#include "verify.h"

/** A function that the patcher reaches, and from where. */
struct reached {
	const struct object_symbol *function;
	size_t from; /* index of its caller */
};

struct reach {
	struct verify *v;
	VEC(struct reached) functions;
	struct map seen; /* by name of the address */
	bool is_strict;	 /* what cannot be followed leaves no verdict; else it is counted */
};

static void reach_function(struct reach *r, const struct object_symbol *f, size_t from)
{
	if (!map_add(&r->seen, intern(hex(f->address)), (void *)f))
		*vec_push(&r->functions) = (struct reached){f, from};
}

static const char *chain(const struct reach *r, size_t i)
{
	struct out o = {0};

	put(&o, "%s", r->functions.v[i].function->name);
	while (r->functions.v[i].from != i) {
		i = r->functions.v[i].from;
		put(&o, " < %s", r->functions.v[i].function->name);
	}
	return text_of(&o);
}

static void follow(struct reach *r, size_t i, uint64_t target)
{
	const struct object_symbol *to = object_function(r->v->object, target);

	if (to)
		reach_function(r, to, i);
	else if (!r->is_strict)
		r->v->n_unfollowed++;
	else if (!map_add(&r->seen, intern(hex(target)), r))
		no_verdict(r->v, "the patcher",
			   mem_printf("%s calls %s, which is not in the object", chain(r, i),
				      hex(target)));
}

/** Follows each direct call and jump out of a function. */
static void scan_function(struct reach *r, size_t i)
{
	const struct object *o = r->v->object;
	const struct object_symbol *f = r->functions.v[i].function;
	uint64_t at = f->address, end = object_function_end(o, f);
	const uint8_t *code = object_bytes(o, at, end - at);
	struct insn_form insn;

	for (; code && at < end; at += insn.length, code += insn.length) {
		uint64_t target;

		if (!r->v->machine->decode(code, end - at, &insn)) {
			r->v->n_undecoded++;
			if (r->is_strict)
				no_verdict(r->v, "the patcher",
					   mem_printf("unknown instruction at %s",
						      object_place(o, at)));
			return;
		}
		r->v->n_unfollowed += insn.is_indirect;
		target = at + (uint64_t)insn.target;
		if (insn.relative > FIELD_DATA && (target < f->address || target >= end))
			follow(r, i, target);
	}
}

/**
 * Where patching starts: the function that patches all sites, before which none is
 * what it will be; and those that patch late sites, when all others are long done.
 */
static void reach_patchers(struct reach *r, bool is_late)
{
	const char *first = in_interface(r->v, "patch_sites");
	const char *prefix = in_interface(r->v, "patch_");

	vec_each(f, &r->v->object->functions)
	{
		const char *name = (*f)->name;

		if (!strcmp(name, first)
			    ? !is_late
			    : is_late && (*f)->is_global && !strncmp(name, prefix, strlen(prefix)))
			reach_function(r, *f, r->functions.n);
	}
}

/** Reports the first site, of a kind that is being patched, in each function that is reached. */
static void report_reached(const struct reach *r, bool is_late)
{
	const struct verify *v = r->v;
	struct map holders = {0};

	vec_each(s, &v->sites)
	{
		const struct object_symbol *f = object_function(v->object, s->address);
		bool is_patched =
			!is_late || (site_op(v, s) && (site_op(v, s)->context & CONTEXT_LATE));

		if (f && is_patched)
			map_add(&holders, intern(hex(f->address)), (void *)s);
	}
	for (size_t i = 0; i < r->functions.n; i++) {
		uint64_t address = r->functions.v[i].function->address;
		const struct site *s = map_get(&holders, intern(hex(address)));

		if (s)
			report_site(v, D_patcher_site, s, chain(r, i));
	}
}

static void scan_functions(struct reach *r)
{
	for (size_t i = 0; i < r->functions.n; i++)
		scan_function(r, i);
	r->v->n_functions += (unsigned int)r->functions.n;
}

void check_patcher(struct verify *v, bool is_late)
{
	struct reach r = {.v = v, .is_strict = true};

	reach_patchers(&r, is_late);
	if (!r.functions.n && !is_late)
		no_verdict(v, "the patcher",
			   mem_printf("no function %s is in the object",
				      in_interface(v, "patch_sites")));
	scan_functions(&r);
	report_reached(&r, is_late);
}

/** Reports the first site of each op in the order in which the patcher comes across them. */
static void report_nearest(const struct reach *r)
{
	const struct verify *v = r->v;
	bool *is_reported = mem_alloc(v->slot_table.n + 1);

	for (size_t i = 0; i < r->functions.n; i++) {
		const struct object_symbol *f = r->functions.v[i].function;
		uint64_t end = object_function_end(v->object, f);

		for (size_t at = first_site(v, f->address);
		     at < v->sites.n && v->sites.v[at].address < end; at++) {
			const struct site *s = &v->sites.v[at];

			if (!site_op(v, s) || is_reported[s->op])
				continue;
			is_reported[s->op] = true;
			report_site(v, D_patcher_reaches, s, chain(r, i));
		}
	}
}

void check_patcher_of(struct verify *v, const char *const *functions)
{
	struct reach r = {.v = v};

	for (; *functions; functions++) {
		const struct object_symbol *f = object_symbol(v->object, *functions);

		if (f)
			reach_function(&r, f, r.functions.n);
	}
	if (!r.functions.n)
		no_verdict(v, "the patcher", "no function of it has a name in the object");
	scan_functions(&r);
	report_nearest(&r);
}
