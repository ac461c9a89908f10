/*
 * What a description can say, and passes check, but no emitter writes yet.  A build that would drop
 * it ends with an error at its place; `check` and models know it all.  Who closes a gap takes its
 * row away.
 */
#include "attributes.h"
#include "rom.h"
#include "thunk.h"

/** A gap: which things of a model have it. */
struct gap {
	const char *what;
	/* Calls visit() for all things of one kind. */
	void (*each)(struct run *run, const struct gap *gap);
	bool (*is)(const void *thing);	     /* NULL: all of them */
	struct loc (*at)(const void *thing); /* where it is said; NULL: at the thing's name */
};

static void visit(struct run *run, const struct gap *gap, const void *thing, struct loc loc)
{
	if (!gap->is || gap->is(thing))
		diag(run, not_generated, gap->at ? gap->at(thing) : loc, gap->what);
}

/* ---- things of each kind ---- */

static void each_in_group(struct run *run, const struct gap *gap, const struct group *g)
{
	if (!g->is_left_out)
		visit(run, gap, g, g->name.loc);
	vec_each(inner, &g->groups) each_in_group(run, gap, *inner);
}

static void each_group(struct run *run, const struct gap *gap)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(g, &(*i)->groups) each_in_group(run, gap, *g);
	}
}

static void each_op(struct run *run, const struct gap *gap)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(op, &(*i)->ops) visit(run, gap, *op, (*op)->name.loc);
	}
}

static void each_template(struct run *run, const struct gap *gap)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			vec_each(t, &(*op)->natives) visit(run, gap, *t, (*t)->arch.loc);
		}
	}
}

static void each_data(struct run *run, const struct gap *gap)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(d, &(*i)->data) visit(run, gap, *d, (*d)->name.loc);
	}
}

static void each_registration(struct run *run, const struct gap *gap)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(r, &(*i)->registrations) visit(run, gap, *r, (*r)->name.loc);
	}
}

static void each_hypercall(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(op, &(*b)->interface->ops)
		{
			const struct impl *impl = &(*b)->impls[(*op)->slot];

			if (impl->kind == IMPL_HYPERCALL && !impl->until)
				visit(run, gap, impl->call, impl->loc);
		}
	}
}

static void visit_rom_call(struct run *run, const struct op *op, const struct impl *impl)
{
	const char *what = impl->until ? thunk_gap(run, op, impl) : NULL;

	if (what)
		diag(run, not_generated, impl->loc, what);
}

/** Implementations through a ROM. */
static void each_rom_call(struct run *run, const struct gap *gap)
{
	(void)gap;
	vec_each(b, &run->backends)
	{
		vec_each(op, &(*b)->interface->ops)
			visit_rom_call(run, *op, &(*b)->impls[(*op)->slot]);
	}
}

static void each_slot_of(struct run *run, const struct gap *gap, const struct backend *b,
			 const struct group *g)
{
	vec_each(op, &g->ops)
	{
		const struct impl *impl = &b->impls[(*op)->slot];

		if ((*op)->site != SITE_STATIC_CALL)
			visit(run, gap, impl, impl->loc);
	}
}

/** Implementations that tables of slots hold. */
static void each_slot(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(t, &(*b)->tables) each_slot_of(run, gap, *b, t->group);
		if (!(*b)->is_bare)
			continue;
		vec_each(g, &(*b)->interface->groups) each_slot_of(run, gap, *b, *g);
	}
}

static void each_variant(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(v, &(*b)->variants)
		{
			if (probed_call(*b, v->when))
				visit(run, gap, v, v->loc);
		}
	}
}

static void each_when(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(w, &(*b)->whens)
		{
			if (!when_is_left_out(*w) && !probed_call(*b, *w))
				visit(run, gap, *w, (*w)->condition->loc);
		}
	}
}

/** What the configuration leaves out is not among the statements any more. */
static bool has_statements(const struct backend *b, const struct phase *phase)
{
	vec_each(s, &b->stmts)
	{
		if ((*s)->phase == phase)
			return true;
	}
	return false;
}

static void each_phase(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(p, &(*b)->phases)
		{
			if (has_statements(*b, *p))
				visit(run, gap, *p, (*p)->name.loc);
		}
	}
}

static void each_backend(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends) visit(run, gap, *b, (*b)->name.loc);
}

static void each_detection(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		vec_each(d, &(*b)->detections) visit(run, gap, d, d->loc);
	}
}

static void each_action(struct run *run, const struct gap *gap)
{
	vec_each(b, &run->backends)
	{
		const struct stmt *last = NULL;

		/* A teardown is an action for each of its events, but said once. */
		vec_each(a, &(*b)->actions)
		{
			if (a->stmt != last)
				visit(run, gap, a, a->stmt->loc);
			last = a->stmt;
		}
	}
}

/* ---- what is missing ---- */

static bool has_table(const void *thing)
{
	return ((const struct group *)thing)->table.s != NULL;
}

static struct loc table_loc(const void *thing)
{
	return ((const struct group *)thing)->table.loc;
}

static bool is_static_call(const void *thing)
{
	return ((const struct op *)thing)->site == SITE_STATIC_CALL;
}

static bool is_inline_only(const void *thing)
{
	return ((const struct op *)thing)->site == SITE_INLINE_ONLY;
}

static struct loc site_loc(const void *thing)
{
	return said(&((const struct op *)thing)->stmts, "site")->operands.v[0].loc;
}

static bool is_conditional(const void *thing)
{
	return ((const struct template *)thing)->when != NULL;
}

static struct loc condition_loc(const void *thing)
{
	return ((const struct template *)thing)->when->loc;
}

static bool may_fault(const void *thing)
{
	return ((const struct template *)thing)->faults.n;
}

static struct loc fault_loc(const void *thing)
{
	return ((const struct template *)thing)->faults.v[0].loc;
}

static bool has_no_symbol(const void *thing)
{
	const struct impl *impl = thing;

	return impl->kind == IMPL_INLINE || impl->kind == IMPL_HYPERCALL ||
	       impl->kind == IMPL_LOAD || impl->kind == IMPL_STORE ||
	       (impl->kind == IMPL_CONSTANT && impl->value);
}

static bool is_hooks(const void *thing)
{
	return ((const struct registration *)thing)->is_hooks;
}

static bool has_no_function(const void *thing)
{
	const struct call *call = thing;

	/* Its function goes through what a ROM has answered, and the backend has found none. */
	return call_gap(call) || abi_entry_of(call->abi, call, call->abi->scope.arch)->takes_target;
}

static bool is_no_function(const void *thing)
{
	const struct impl *impl = &((const struct variant *)thing)->impl;

	return (impl->kind != IMPL_CALL && impl->kind != IMPL_ASM) || impl->is_inherited;
}

static struct loc variant_loc(const void *thing)
{
	return ((const struct variant *)thing)->impl.loc;
}

static bool ignores_nopv(const void *thing)
{
	return ((const struct backend *)thing)->ignores_nopv;
}

static struct loc nopv_loc(const void *thing)
{
	return said_at(&((const struct backend *)thing)->stmts, "ignores", "nopv");
}

static bool has_several_ways(const void *thing)
{
	return ((const struct backend *)thing)->detections.n > 1;
}

static struct loc second_way_loc(const void *thing)
{
	return ((const struct backend *)thing)->detections.v[1].loc;
}

static bool is_unknown_to_runtime(const void *thing)
{
	const struct detection *d = thing;

	return (d->kind > DETECT_CPUID && d->kind != DETECT_ROM) || d->has_priority || d->leaves;
}

static void each_rom(struct run *run, const struct gap *gap)
{
	(void)gap;
	vec_each(m, &run->roms)
	{
		const char *what = rom_gap(run->arch, *m);

		if (what)
			diag(run, not_generated, (*m)->name.loc, what);
	}
}

static void each_rom_abi(struct run *run, const struct gap *gap)
{
	(void)gap;
	vec_each(b, &run->backends)
	{
		const struct abi *abi = rom_abi(*b);
		const char *what = abi ? rom_fixed_gap(run->arch, abi->rom) : NULL;

		if (what)
			diag(run, not_generated, (*b)->detections.v[0].loc, what);
	}
}

static const struct gap kernel_gaps[] = {
	{"groups in a table of their own", each_group, has_table, table_loc},
	{"static calls", each_op, is_static_call, site_loc},
	{"ops without a slot", each_op, is_inline_only, site_loc},
	{"templates under a condition of the machine", each_template, is_conditional,
	 condition_loc},
	{"templates that may fault", each_template, may_fault, fault_loc},
	{"data beside ops", each_data, NULL, NULL},
	{"hooks", each_registration, is_hooks, NULL},
	{"hypercalls for which the abi's header has no function", each_hypercall, has_no_function,
	 NULL},
	{NULL, each_rom_call, NULL, NULL},
	{NULL, each_rom, NULL, NULL},
	{NULL, each_rom_abi, NULL, NULL},
	{"bindings under a condition", each_when, NULL, NULL},
	{"ways but 'call' and 'asm' that a ROM decides on", each_variant, is_no_function,
	 variant_loc},
	{"bindings of a phase", each_phase, NULL, NULL},
	{"backends that ignore 'nopv'", each_backend, ignores_nopv, nopv_loc},
	{"several ways to find a backend", each_backend, has_several_ways, second_way_loc},
	{"this way to find a backend", each_detection, is_unknown_to_runtime, NULL},
	{"what a backend does to hooks and to the kernel", each_action, NULL, NULL},
};

void find_kernel_gaps(struct run *run)
{
	for (size_t i = 0; i < NELEM(kernel_gaps); i++)
		kernel_gaps[i].each(run, &kernel_gaps[i]);
}

/* What Linux registers, and when it changes slots, stays in its own functions; these are its slots.
 */
static const struct gap linux_gaps[] = {
	{"slots without a function of the kernel's", each_slot, has_no_symbol, NULL},
};

void find_linux_gaps(struct run *run)
{
	for (size_t i = 0; i < NELEM(linux_gaps); i++)
		linux_gaps[i].each(run, &linux_gaps[i]);
}

bool find_gaps(struct run *run)
{
	if (!run_writes_code(run))
		return true;
	run->profile->find_gaps(run);
	return !run->errors;
}
