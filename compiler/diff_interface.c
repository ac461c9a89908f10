/* What an interface says beside its ops: versions, batches, data, registrations. */
#include <string.h>

#include "diff.h"

static const char *version_of(const struct interface *i)
{
	return version_text(version_make(i->major, i->minor));
}

/* ---- ops ---- */

typedef VEC(const struct op *) live_ops;

/** Without spare slots, whose names say nothing. */
static live_ops live_ops_of(const struct interface *i)
{
	live_ops live = {0};

	vec_each(op, &i->ops)
	{
		if (!(*op)->is_spare)
			*vec_push(&live) = *op;
	}
	return live;
}

static void diff_ops(struct diff *d, const struct at *at, const struct interface *old,
		     const struct interface *new)
{
	live_ops a = live_ops_of(old), b = live_ops_of(new);
	pairs pairs = pair_pointers(&a, &b);

	vec_each(p, &pairs)
	{
		const struct op *was = p->old, *is = p->new;
		const struct op *one = was ? was : is;
		struct at inner = at_op(at, was, is);

		if (was && is)
			diff_op(d, &inner, was, is);
		else if (!op_has_slot(one) && knows(d, A_SITE))
			change(d, was ? R_OPS_DEL_TAIL : R_OPS_ADD_TAIL, &inner, "without a slot");
	}
}

/* ---- batches, derived features ---- */

FACT(get_begin, batch, fact_ops(&x->begin))
FACT(get_end, batch, fact_ops(&x->end))
FACT(get_flush, batch, fact_ops(&x->flush))
FACT(get_derived, derived, fact_text(op_path(x->op)))

static const struct property batch_rows[] = {
	{"begin", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_begin},
	{"end", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_end},
	{"flush", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_flush},
};

static const struct property derived_rows[] = {
	{"derived from", R_OPS_PARTNER, R_OPS_PARTNER, R_OPS_PARTNER, get_derived},
};

/* ---- data beside ops ---- */

static const char *data_default(const struct data *x)
{
	if (!x->value)
		return "";
	return x->value->kind == OPERAND_STRING ? mem_printf("\"%s\"", x->value->string)
						: mem_printf("%lld", (long long)x->number);
}

FACT(get_value, data, fact_text(data_default(x)))
FACT(get_table, data, fact_text(mem_printf("%s %s", group_table(x->group), data_path(x))))

static const struct property data_rows[] = {
	{"default", R_DEF_CHANGE, R_DEF_ADD, R_DEF_DEL, get_value},
	{"place", R_OPS_OBJECT_MOVE, R_OPS_OBJECT_MOVE, R_OPS_OBJECT_MOVE, get_table},
};

/** Does something of the table stand behind the data in the description? */
static bool is_before_others(const struct interface *i, const struct data *data)
{
	const char *table = group_table(data->group);

	vec_each(op, &i->ops)
	{
		if ((*op)->name.loc.begin > data->name.loc.begin &&
		    !strcmp(group_table((*op)->group), table))
			return true;
	}
	vec_each(other, &i->data)
	{
		if ((*other)->name.loc.begin > data->name.loc.begin &&
		    !strcmp(group_table((*other)->group), table))
			return true;
	}
	return false;
}

static void diff_datum(struct diff *d, const struct at *at, const struct data *old,
		       const struct data *new)
{
	enum rule_id rule = type_change(d, &old->type, &new->type);

	if (rule != R_NONE)
		change(d, rule == R_PAR_TYPEDEF ? rule : R_STR_RETYPE, at, "%s -> %s",
		       type_words(&old->type), type_words(&new->type));
	diff_guards(d, at, old->guard, new->guard);
	diff_facts(d, at, data_rows, old, new);
}

/** Those of both in another order lie elsewhere. */
static void diff_data_order(struct diff *d, const struct at *at, const pairs *pairs,
			    const struct pair *back)
{
	vec_each(p, pairs)
	{
		const struct data *a = p->old, *b = p->new;
		struct at inner;

		if (!a || !b || a->name.s != b->name.s)
			continue;
		while (!back->new)
			back++;
		inner = at_pair(at, &a->name, &b->name);
		if ((back++)->new != p->old)
			change(d, R_STR_SWAP, &inner, "data");
	}
}

/** What stands before it in its group; NULL for the first. */
static const struct data *before(const struct interface *i, const struct data *data)
{
	const struct data *last = NULL;

	vec_each(other, &i->data)
	{
		if (*other == data)
			break;
		if ((*other)->group == data->group)
			last = *other;
	}
	return last;
}

static const struct data *counterpart(const pairs *pairs, const struct data *old)
{
	vec_each(p, pairs)
	{
		if (old && p->old == old)
			return p->new;
	}
	return NULL;
}

/** Is all the same but the name, the place, and what is before it? */
static bool is_alike(const struct diff *d, const struct data *a, const struct data *b)
{
	return a->group->name.s == b->group->name.s &&
	       !strcmp(group_table(a->group), group_table(b->group)) &&
	       type_change(d, &a->type, &b->type) == R_NONE && !a->guard == !b->guard &&
	       (!a->guard || !strcmp(expr_text(a->guard), expr_text(b->guard))) &&
	       !strcmp(data_default(a), data_default(b));
}

/** What is new behind the same as the one that is gone. */
static struct pair *find_other_name(const struct diff *d, const pairs *pairs,
				    const struct interface *old, const struct data *a,
				    const struct interface *new)
{
	const struct data *was = before(old, a), *is = counterpart(pairs, was);

	vec_each(p, pairs)
	{
		if (!p->old && p->new &&
		    !was == !is &&before(new, p->new) == is &&is_alike(d, a, p->new))
			return p;
	}
	return NULL;
}

/** Joins the two of what has another name now; one pair is then empty. */
static void join_renamed(const struct diff *d, pairs *pairs, const struct interface *old,
			 const struct interface *new)
{
	vec_each(p, pairs)
	{
		struct pair *other =
			p->old && !p->new ? find_other_name(d, pairs, old, p->old, new) : NULL;

		if (!other)
			continue;
		p->new = other->new;
		other->new = NULL;
	}
}

static void diff_data(struct diff *d, const struct at *at, const struct interface *old,
		      const struct interface *new)
{
	pairs pairs = pair_pointers(&old->data, &new->data);

	join_renamed(d, &pairs, old, new);
	vec_each(p, &pairs)
	{
		const struct data *a = p->old, *b = p->new;
		struct at inner;

		if (!a && !b)
			continue;
		inner = at_pair(at, p->old, p->new);
		if (a && b && a->name.s != b->name.s)
			change(d, R_STR_RENAME, &inner, "data");
		else if (a && b)
			diff_datum(d, &inner, a, b);
		else if (*group_table((a ? a : b)->group) && !knows(d, A_TABLES))
			continue;
		else if (a)
			change(d, R_STR_DEL, &inner, "data");
		else
			change(d, is_before_others(new, b) ? R_LAY_PREFIELD : R_LAY_TAILFIELD,
			       &inner, "data");
	}
	/* Once more from the other side: the new ones in their order, each with its old one. */
	diff_data_order(d, at, &pairs, pair_pointers(&new->data, &old->data).v);
}

/* ---- registrations and hooks ---- */

static const char *member_text(const struct registration_member *m)
{
	return m->is_function ? mem_printf("%s (%s)", type_words(&m->type), c_params(&m->params))
			      : type_words(&m->type);
}

FACT(get_member, registration_member, fact_text(member_text(x)))
FACT(get_optional, registration_member, fact_number(x->is_optional))

static const struct property member_rows[] = {
	{"type", R_HOOK_CHANGE, R_HOOK_CHANGE, R_HOOK_CHANGE, get_member},
	{"optional", R_HOOK_CHANGE, R_HOOK_ADD, R_HOOK_CHANGE, get_optional},
};

/** A backend leaves out what is optional, and all that hooks declare. */
static enum rule_id rule_of_member(const struct registration *r,
				   const struct registration_member *new)
{
	if (!new)
		return R_HOOK_DEL;
	return r->is_hooks || new->is_optional ? R_HOOK_ADD : R_HOOK_CHANGE;
}

static void diff_registration(struct diff *d, const struct at *at, const struct registration *old,
			      const struct registration *new)
{
	pairs pairs = pair_values(&old->members, &new->members);

	vec_each(p, &pairs)
	{
		const struct registration_member *a = p->old, *b = p->new;
		struct at inner = at_pair(at, a ? &a->name : NULL, b ? &b->name : NULL);

		if (a && b)
			diff_facts(d, &inner, member_rows, a, b);
		else
			change(d, rule_of_member(new, b), &inner, "%s", member_text(b ? b : a));
	}
}

static void diff_registrations(struct diff *d, const struct at *at, const struct interface *old,
			       const struct interface *new)
{
	pairs pairs = pair_pointers(&old->registrations, &new->registrations);

	vec_each(p, &pairs)
	{
		struct at inner = at_pair(at, p->old, p->new);

		if (p->old && p->new)
			diff_registration(d, &inner, p->old, p->new);
		else
			change(d, p->new ? R_HOOK_ADD : R_HOOK_DEL, &inner, "registration");
	}
}

/* ---- versions ---- */

FACT(get_phases, interface, fact_words(&x->phases))

static const struct property interface_rows[] = {
	{"phases", R_BE_INITORDER, R_BE_INITORDER, R_BE_INITORDER, get_phases},
};

/** What breaks modules needs another major version, by which they are refused. */
static void diff_version(struct diff *d, const struct at *at, const struct interface *old,
			 const struct interface *new, size_t first)
{
	bool breaks_modules = false;

	for (size_t i = first; i < d->changes.n; i++)
		breaks_modules |= d->changes.v[i].verdicts[FOR_MODULES] >= V_BREAK;
	if (old->major != new->major)
		change(d, R_VER_BUMP, at, "%s -> %s", version_of(old), version_of(new));
	else if (old->minor != new->minor)
		change(d, R_VER_MINOR, at, "%s -> %s", version_of(old), version_of(new));
	if (breaks_modules && old->major == new->major)
		change(d, R_VER_MISSING, at, "%s -> %s", version_of(old), version_of(new));
}

void diff_interface(struct diff *d, const struct at *at, const struct interface *old,
		    const struct interface *new)
{
	size_t first = d->changes.n;
	unsigned int around = d->unknown;
	pairs batches = pair_pointers(&old->batches, &new->batches);
	pairs derived = pair_pointers(&old->derived, &new->derived);

	d->unknown = old->unknown | new->unknown;
	note_unknown(d, old, new);
	diff_scope(d, at, &old->scope, &new->scope);
	diff_slots(d, at, old, new);
	diff_ops(d, at, old, new);
	diff_facts(d, at, interface_rows, old, new);
	diff_things(d, at, &batches, batch_rows, NELEM(batch_rows), R_CC_CONTEXT, "");
	diff_things(d, at, &derived, derived_rows, NELEM(derived_rows), R_OPS_PARTNER, "");
	diff_data(d, at, old, new);
	diff_registrations(d, at, old, new);
	diff_version(d, at, old, new, first);
	d->unknown = around;
}
