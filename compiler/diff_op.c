/* What is said of an op, beside its place. */
#include <string.h>

#include "diff.h"
#include "manifest.h"

/* ---- clobbers: sets of registers ---- */

static bool in_set(const struct op *op, const char *reg)
{
	vec_each(r, &op->registers)
	{
		if (!strcmp(r->s, reg))
			return true;
	}
	return op->clobber == CLOBBER_FLAGS && !strcmp(reg, "flags");
}

/** Is there a register that the first may change and the second may not? */
static bool has_more(const struct op *a, const struct op *b)
{
	if (a->clobber == CLOBBER_FLAGS && !in_set(b, "flags"))
		return true;
	vec_each(r, &a->registers)
	{
		if (!in_set(b, r->s))
			return true;
	}
	return false;
}

static void diff_clobbers(struct diff *d, const struct at *at, const struct op *old,
			  const struct op *new)
{
	bool was_normal = old->clobber == CLOBBER_NORMAL,
	     is_normal = new->clobber == CLOBBER_NORMAL;

	if (was_normal || is_normal) {
		if (was_normal != is_normal)
			change(d, is_normal ? R_CC_CS_TO_NORMAL : R_CC_NORMAL_TO_CS, at, "%s -> %s",
			       c_clobbers(old), c_clobbers(new));
		return;
	}
	if (has_more(new, old))
		change(d, R_CC_CLOBBER_GROW, at, "%s -> %s", c_clobbers(old), c_clobbers(new));
	if (has_more(old, new))
		change(d, R_CC_CLOBBER_SHRINK, at, "%s -> %s", c_clobbers(old), c_clobbers(new));
}

/* ---- native templates ---- */

static const char *insns_text(const operands *insns)
{
	struct out o = {0};

	vec_each(insn, insns) put(&o, "%s%s", insn == insns->v ? "" : "; ", insn->string);
	return text_of(&o);
}

static void put_template(struct out *o, const struct template *t)
{
	put(o, "%s%s \"%s\"", o->n ? ", " : "", t->arch.s, insns_text(&t->insns));
	if (t->guard)
		put(o, " if %s", expr_text(t->guard));
	if (t->when)
		put(o, " when %s", expr_text(t->when));
	vec_each(f, &t->faults)
		put(o, " fault %u %lld %s", f->insn, (long long)f->label, insns_text(&f->fixup));
}

static const char *templates_text(const struct op *op)
{
	struct out o = {0};

	vec_each(t, &op->natives) put_template(&o, *t);
	return text_of(&o);
}

/** A symbol in it is an address, and a copy elsewhere has another distance to it. */
static bool has_symbol(const struct op *op)
{
	vec_each(t, &op->natives)
		vec_each(insn, &(*t)->insns) if (strchr(insn->string, '{')) return true;
	return false;
}

static bool same_insns(const struct template *a, const struct template *b)
{
	if (a->arch.s != b->arch.s || a->insns.n != b->insns.n)
		return false;
	for (uint32_t i = 0; i < a->insns.n; i++)
		if (strcmp(a->insns.v[i].string, b->insns.v[i].string) != 0)
			return false;
	return true;
}

static bool is_plain(const struct template *t)
{
	return !t->guard && !t->when && !t->faults.n;
}

/** Sees at once what most ops are; else texts tell. */
static bool is_one_template(const struct op *old, const struct op *new)
{
	const struct template *a, *b;

	if (old->natives.n != 1 || new->natives.n != 1)
		return !old->natives.n && !new->natives.n;
	a = old->natives.v[0];
	b = new->natives.v[0];
	return is_plain(a) && is_plain(b) && same_insns(a, b);
}

static void diff_templates(struct diff *d, const struct at *at, const struct op *old,
			   const struct op *new)
{
	const char *a, *b;

	if (is_one_template(old, new))
		return;
	a = templates_text(old);
	b = templates_text(new);
	if (!strcmp(a, b))
		return;
	change(d, !new->natives.n ? R_PAT_DROP : R_PAT_BYTES, at, "%s -> %s", *a ? a : "nothing",
	       *b ? b : "nothing");
	if (has_symbol(new) && !has_symbol(old))
		change(d, R_PAT_RELOC, at, "%s", b);
}

/* ---- properties ---- */

static const char *context_text(const struct op *op)
{
	static const char *const words[] = {"noinstr", "hot",  "early",
					    "late",    "pure", "unprivileged"};
	struct out o = {0};

	/* `early` is about the time, and a row of its own. */
	for (size_t i = 0; i < NELEM(words); i++)
		if (op->context & ~(unsigned int)CONTEXT_EARLY & 1u << i)
			put(&o, "%s%s", o.n ? " " : "", words[i]);
	return text_of(&o);
}

static const char *default_text(const struct op *op)
{
	if (op->fallback.kind == IMPL_NONE)
		return "";
	if (op->fallback.kind == IMPL_CONSTANT)
		return mem_printf("%lld", (long long)op->fallback.value);
	return op->fallback.kind == IMPL_INHERIT ? "native" : impl_name(op->fallback.kind);
}

static const char *defer_text(const struct op *op)
{
	struct out o = {0};

	vec_each(b, &op->defer) put(&o, "%s%s", o.n ? " " : "", (*b)->name.s);
	return text_of(&o);
}

static const char *wrapper_text(const struct op *op)
{
	struct out o = {0};

	put(&o, "%s", op->wrapper.name.s ? op->wrapper.name.s : "");
	vec_each(p, &op->wrapper.params) put(&o, " %s", (*p)->name.s);
	return text_of(&o);
}

static const char *asm_text(const struct op *op)
{
	const char *name = op->asm_name.s ? op->asm_name.s : op->name.s;

	return op->is_asm_callable ? name : "";
}

static const char *site_text(const struct op *op)
{
	static const char *const sites[] = {[SITE_SLOT] = "slot",
					    [SITE_STATIC_CALL] = "static_call",
					    [SITE_INLINE_ONLY] = "inline_only",
					    [SITE_NEVER_PATCHED] = "never_patched"};

	return sites[op->site];
}

static const char *since_text(const struct op *op)
{
	return op->since ? version_text(op->since->value) : "";
}

static const char *callers_text(const struct op *op)
{
	return op->callers ? expr_text(op->callers) : "";
}

static const char *frame_text(const struct op *op)
{
	return op->frame ? op->frame->name.s : "";
}

FACT(get_context, op, fact_text(context_text(x)))
FACT(get_early, op, fact_number((x->context & CONTEXT_EARLY) != 0))
FACT(get_default, op, fact_text(default_text(x)))
FACT(get_revision, op, fact_number(x->revision))
FACT(get_budget, op, fact_number(x->budget))
FACT(get_pairs, op, fact_ops(&x->pairs))
FACT(get_together, op, fact_ops(&x->together))
FACT(get_defer, op, fact_text(defer_text(x)))
FACT(get_site, op, fact_text(site_text(x)))
FACT(get_asm, op, fact_text(asm_text(x)))
FACT(get_tail, op, fact_number(x->tail))
FACT(get_frame, op, fact_text(frame_text(x)))
FACT(get_callers, op, fact_text(callers_text(x)))
FACT(get_wrapper, op, fact_text(wrapper_text(x)))
FACT(get_since, op, fact_text(since_text(x)))

/* What is the same for nearly all ops comes as a number or as a text that exists. */
static const struct property op_rows[] = {
	{"revision", R_OPS_MEANING, R_OPS_MEANING, R_OPS_MEANING, get_revision},
	{"budget", R_PAT_LONG, R_PAT_LONG, R_PAT_BUDGET, get_budget},
	{"context", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_context},
	{"early", R_BE_INITORDER, R_BE_INITORDER, R_BE_INITORDER, get_early},
	{"site", R_PAT_SITE, R_PAT_SITE, R_PAT_SITE, get_site},
	{"callers if", R_CFG_CHANGE, R_CFG_CHANGE, R_CFG_CHANGE, get_callers},
	{"assembly macro", R_CC_THUNK_SYM, R_OPS_ASM, R_CC_THUNK_SYM, get_asm},
	{"tail", R_CC_ABI_ATTR, R_CC_ABI_ATTR, R_CC_ABI_ATTR, get_tail},
	{"frame", R_CC_ABI_ATTR, R_CC_ABI_ATTR, R_CC_ABI_ATTR, get_frame},
	{"defer", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_defer},
	{"pairs", R_OPS_PARTNER, R_OPS_PARTNER, R_OPS_PARTNER, get_pairs},
	{"together", R_OPS_PARTNER, R_OPS_PARTNER, R_OPS_PARTNER, get_together},
	{"wrapper", R_OPS_WRAPPER, R_OPS_WRAPPER, R_OPS_WRAPPER, get_wrapper},
	{"since", R_ANN, R_ANN, R_ANN, get_since},
};

/** Of a retired op it is a trap, whatever is said. */
static const struct property default_rows[] = {
	{"default", R_DEF_CHANGE, R_DEF_ADD, R_DEF_DEL, get_default},
};

/* ---- deprecated, retired ---- */

static const char *said_version(const struct operand *o)
{
	return o ? version_text(o->value) : "not said";
}

static bool same_version(const struct operand *a, const struct operand *b)
{
	return a && b ? a->value == b->value : a == b;
}

/** What a version says counts from that version on; before, it is an announcement. */
static void diff_leaving(struct diff *d, const struct at *at, const struct op *old,
			 const struct op *new)
{
	const char *change_of_both =
		mem_printf("deprecated: %s -> %s, retired: %s -> %s", said_version(old->deprecated),
			   said_version(new->deprecated), said_version(old->retired),
			   said_version(new->retired));

	if (old->is_retired != new->is_retired)
		change(d, new->is_retired ? R_OPS_DEL_KEEP : R_OPS_ADD_RESERVED, at, "%s",
		       change_of_both);
	else if (old->is_deprecated != new->is_deprecated)
		change(d, new->is_deprecated ? R_DEP_ADD : R_DEP_UNDO, at, "%s", change_of_both);
	else
		change(d, R_ANN, at, "%s", change_of_both);
}

static bool leaves_alike(const struct op *a, const struct op *b)
{
	return a->is_retired == b->is_retired && a->is_deprecated == b->is_deprecated &&
	       same_version(a->deprecated, b->deprecated) && same_version(a->retired, b->retired) &&
	       a->advice == b->advice;
}

/* ---- groups and guards ---- */

static bool same_group(const struct group *a, const struct group *b)
{
	while (a && b && a->name.s == b->name.s && a->table.s == b->table.s) {
		a = a->outer;
		b = b->outer;
	}
	return !a && !b;
}

static void diff_group(struct diff *d, const struct at *at, const struct op *old,
		       const struct op *new)
{
	bool is_same_table = !strcmp(group_table(old->group), group_table(new->group));

	change(d, is_same_table ? R_OPS_GROUP_MOVE : R_OPS_OBJECT_MOVE, at, "%s -> %s",
	       op_path(old), op_path(new));
}

/** Its own guard and those of the groups around it. */
static const struct expr *whole_guard(const struct op *op)
{
	struct expr *all = op->guard;

	for (const struct group *g = op->group; g; g = g->outer) {
		struct expr *both = mem_alloc(sizeof(*both));

		if (!g->guard)
			continue;
		*both = (struct expr){
			.kind = EXPR_AND, .left = all, .right = g->guard, .type = TYPE_TRUTH};
		all = all ? both : g->guard;
	}
	return all;
}

static bool has_guard(const struct op *op)
{
	for (const struct group *g = op->group; g; g = g->outer)
		if (g->guard)
			return true;
	return op->guard;
}

/* ---- the op ---- */

/** Where nobody knows what parameters are called, their places are their names. */
static void diff_signature(struct diff *d, const struct at *at, const struct op *old,
			   const struct op *new)
{
	params named = new->params;

	if (!knows(d, A_NAMES))
		named = with_names_of(&new->params, &old->params);
	diff_result(d, at, &old->type, &new->type);
	diff_params(d, at, &old->params, &named);
}

void diff_op(struct diff *d, const struct at *at, const struct op *old, const struct op *new)
{
	if (!same_group(old->group, new->group))
		diff_group(d, at, old, new);
	if (has_guard(old) || has_guard(new))
		diff_guards(d, at, whole_guard(old), whole_guard(new));
	if (signatures_are_known(d, at, old, new))
		diff_signature(d, at, old, new);
	if (old->space != new->space)
		change(d, R_REG_PTRKIND, at, "result: %s -> %s", space_name(old->space),
		       space_name(new->space));
	diff_clobbers(d, at, old, new);
	diff_facts(d, at, op_rows, old, new);
	if (!op_is_dead(old) && !op_is_dead(new))
		diff_facts(d, at, default_rows, old, new);
	diff_templates(d, at, old, new);
	if (knows(d, A_VERSION) && !leaves_alike(old, new))
		diff_leaving(d, at, old, new);
}

bool same_contract(const struct diff *d, const struct op *a, const struct op *b)
{
	struct diff probe = *d;
	struct at at = at_op(NULL, a, b);

	memset(&probe.changes, 0, sizeof(probe.changes));
	diff_op(&probe, &at, a, b);
	/* The name of a wrapper may be the one that is no longer the op's. */
	vec_each(c, &probe.changes)
	{
		if (c->rule != R_OPS_WRAPPER)
			return false;
	}
	return true;
}
