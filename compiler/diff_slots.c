/*
 * Slots.  A module has offsets of slots, not names, so what counts is which op it finds where its
 * op was.  Ops that both tables have divide them into gaps; a gap that has become longer or shorter
 * moves all that is behind it, and one of the same length gives its slots to others.
 */
#include <string.h>

#include "diff.h"

const char *group_table(const struct group *g)
{
	while (g && !g->table.s)
		g = g->outer;
	return g ? g->table.s : "";
}

bool op_has_slot(const struct op *op)
{
	return op->site == SITE_SLOT || op->site == SITE_NEVER_PATCHED;
}

/** The slots of one table, old and new. */
struct table {
	const char *name;
	ops ops[2];
	struct map by_name[2];
};

typedef VEC(struct table *) tables;

struct slots {
	struct diff *d;
	const struct at *at;
	const struct interface *new;
	int64_t version;       /* of the new interface */
	const struct op *last; /* of the new table, before the gap at hand; or NULL */
	bool is_gap_empty;     /* on the new side */
	struct map by_name[2]; /* ops of the whole interfaces, without spare ones */
};

/* ---- ops of both ---- */

static struct op *same_name(const struct map *by_name, const struct op *op)
{
	return op->is_spare ? NULL : map_get(by_name, op->name.s);
}

/** The op in the other of two lists of slots. */
static struct op *partner(const struct table *t, int side, const struct op *op)
{
	return same_name(&t->by_name[!side], op);
}

/* ---- a gap: neighbouring slots of ops that only one side has there ---- */

struct gap {
	struct op *const *v[2];
	size_t n[2];
	bool is_last;
};

static const char *slot_of(const struct op *op)
{
	return mem_printf("slot %u", op->slot);
}

/** What is announced for a later version must not go before. */
static void check_announcement(struct slots *s, const struct at *at, const struct op *old)
{
	if (old->retired && old->retired->value > s->version)
		change(s->d, R_DEP_EARLY, at, "announced for %s",
		       version_text(old->retired->value));
}

static const struct group *same_group(const struct slots *s, const struct group *old)
{
	vec_each(g, &s->new->groups)
	{
		if ((*g)->name.s == old->name.s)
			return *g;
	}
	return NULL;
}

/** A spare slot in place of an op that is gone: behind the one before it, or as the first. */
static void keep_slot(struct slots *s, const struct op *old)
{
	const struct group *group = old->group->outer ? NULL : same_group(s, old->group);

	if (!s->is_gap_empty || old->guard || !group)
		return;
	if (s->last && s->last->group == group)
		diff_insert_behind(s->d, s->last->name.loc, "spare 1;");
	else if (!group->groups.n)
		diff_insert_inside(s->d, group->name.loc, "spare 1;");
}

/** An op, or what is no op, is no longer where it was. */
static void removed(struct slots *s, const struct op *old, enum rule_id rule)
{
	struct at at = at_op(s->at, old, NULL);
	bool is_elsewhere = same_name(&s->by_name[1], old);

	if (is_elsewhere || op_is_dead(old))
		rule = rule == R_OPS_DEL_MID ? R_OPS_SHIFT : R_OPS_SPARE;
	if (is_elsewhere && rule == R_OPS_SPARE)
		return;
	if (!op_is_dead(old) && !is_elsewhere && is_unused(s->d, old)) {
		change(s->d, R_OPS_DEL_UNUSED, &at, "%s", slot_of(old));
		if (rule == R_OPS_DEL_MID)
			change(s->d, R_OPS_SHIFT, &at, "%s", slot_of(old));
	} else {
		change(s->d, rule, &at, "%s", slot_of(old));
	}
	if (op_is_dead(old) || is_elsewhere)
		return;
	keep_slot(s, old);
	check_announcement(s, &at, old);
}

static enum rule_id tail_rule(const struct diff *d, const struct op *op)
{
	return op->fallback.kind == IMPL_NONE && knows(d, A_DEFAULT) ? R_OPS_ADD_TAIL_NODEFAULT
								     : R_OPS_ADD_TAIL;
}

static void added(struct slots *s, const struct op *new, bool is_mid)
{
	struct at at = at_op(s->at, NULL, new);
	bool is_elsewhere = same_name(&s->by_name[0], new);

	if (is_elsewhere && !is_mid)
		return;
	if (is_elsewhere || op_is_dead(new))
		change(s->d, is_mid ? R_OPS_SHIFT : R_OPS_SPARE, &at, "%s", slot_of(new));
	else
		change(s->d, is_mid ? R_OPS_ADD_MID : tail_rule(s->d, new), &at, "%s",
		       slot_of(new));
}

/** Has an op that is new as a whole taken the place of one that is gone as a whole? */
static bool is_rename(const struct slots *s, const struct op *old, const struct op *new)
{
	return knows(s->d, A_REVISION) && !op_is_dead(old) && !op_is_dead(new) &&
	       !same_name(&s->by_name[1], old) && !same_name(&s->by_name[0], new) &&
	       old->group->name.s == new->group->name.s &&same_contract(s->d, old, new);
}

static void renamed(struct slots *s, const struct op *old, const struct op *new)
{
	struct at at = at_op(s->at, old, new);
	bool has_alias = new->wrapper.name.s &&new->wrapper.name.s == old->name.s;

	if (old->users)
		old->users->is_renamed = true;
	change(s->d, has_alias ? R_OPS_RENAME_ALIAS : R_OPS_RENAME, &at, "%s", slot_of(new));
	if (!has_alias)
		diff_op(s->d, &at, old, new);
}

/** A slot that stays where it is holds something else. */
static void replaced(struct slots *s, const struct op *old, const struct op *new)
{
	struct at was = at_op(s->at, old, NULL), is = at_op(s->at, NULL, new), at;

	if (is_rename(s, old, new)) {
		renamed(s, old, new);
	} else if (op_is_dead(old) && op_is_dead(new)) {
		at = old->is_spare ? is : new->is_spare ? was : at_op(s->at, old, new);
		if (!old->is_spare || !new->is_spare)
			change(s->d, R_OPS_SPARE, &at, "%s", slot_of(old));
	} else if (op_is_dead(new)) {
		change(s->d, is_unused(s->d, old) ? R_OPS_DEL_UNUSED : R_OPS_DEL_KEEP, &was, "%s",
		       slot_of(old));
		check_announcement(s, &was, old);
	} else if (old->is_spare) {
		change(s->d, R_OPS_ADD_RESERVED, &is, "%s", slot_of(new));
	} else {
		change(s->d, R_OPS_SLOT_REUSE, &is, "%s was that of %s", slot_of(new),
		       op_path(old));
		if (!op_is_dead(old))
			removed(s, old, R_OPS_DEL_MID);
	}
}

/** Nothing behind the gap moves, or nothing is behind it. */
static void compare_places(struct slots *s, const struct gap *g)
{
	size_t both = g->n[0] < g->n[1] ? g->n[0] : g->n[1];

	for (size_t i = 0; i < both; i++)
		replaced(s, g->v[0][i], g->v[1][i]);
	for (size_t i = both; i < g->n[0]; i++)
		removed(s, g->v[0][i], R_OPS_DEL_TAIL);
	for (size_t i = both; i < g->n[1]; i++)
		added(s, g->v[1][i], false);
}

static void compare_moving(struct slots *s, const struct gap *g)
{
	size_t i = 0;

	while (i < g->n[0] && i < g->n[1] && is_rename(s, g->v[0][i], g->v[1][i])) {
		renamed(s, g->v[0][i], g->v[1][i]);
		i++;
	}
	for (size_t n = i; n < g->n[0]; n++)
		if (!g->v[0][n]->is_spare)
			removed(s, g->v[0][n], R_OPS_DEL_MID);
	for (size_t n = i; n < g->n[1]; n++)
		if (!g->v[1][n]->is_spare)
			added(s, g->v[1][n], true);
}

static size_t count_spares(struct op *const *v, size_t n)
{
	size_t spares = 0;

	for (size_t i = 0; i < n; i++)
		spares += v[i]->is_spare;
	return spares;
}

/** Spare slots have no name that means anything, so they are counted. */
static void compare_spares(struct slots *s, const struct gap *g)
{
	size_t a = count_spares(g->v[0], g->n[0]), b = count_spares(g->v[1], g->n[1]);
	const struct op *one;
	struct at at;

	if (a == b)
		return;
	for (size_t i = 0; !(one = a > b ? g->v[0][i] : g->v[1][i])->is_spare; i++)
		;
	at = at_op(s->at, a > b ? one : NULL, a > b ? NULL : one);
	change(s->d, R_OPS_SHIFT, &at, "%zu spare slots -> %zu", a, b);
}

static void compare_gap(struct slots *s, const struct gap *g)
{
	s->is_gap_empty = !g->n[1];
	if (g->is_last || g->n[0] == g->n[1]) {
		compare_places(s, g);
		return;
	}
	compare_moving(s, g);
	compare_spares(s, g);
}

/** From @at on, slots whose ops the other side does not have; sets *n to their number. */
static struct op *const *gap_from(const struct table *t, int side, size_t at, size_t *n)
{
	size_t end = at;

	while (end < t->ops[side].n && !partner(t, side, t->ops[side].v[end]))
		end++;
	*n = end - at;
	return t->ops[side].v + at;
}

/* ---- the order of what both have ---- */

/** The op that is now where this one would be if nothing had come or gone. */
static void compare_order(struct slots *s, const ops *old, const ops *new, const struct map *now)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct op *was = old->v[i], *here = new->v[i];
		const struct op *is = map_get(now, was->name.s);
		struct at at = at_op(s->at, was, is);

		if (was->name.s != here->name.s)
			change(s->d,
			       same_signature(s->d, was, here) ? R_OPS_REORDER_SAMETYPE
							       : R_OPS_REORDER,
			       &at, "slot %u -> slot %u; %s is there now", was->slot, is->slot,
			       op_path(here));
	}
}

static void count_shift(struct moved *m, int64_t by)
{
	struct shift *s;

	for (s = m->shifts.v; s < m->shifts.v + m->shifts.n && s->by != by; s++)
		;
	if (s == m->shifts.v + m->shifts.n)
		*(s = vec_push(&m->shifts)) = (struct shift){by, 0};
	s->n++;
	m->n += by != 0;
}

/** How many slots there are, and which of the ops that both have are in others. */
static void note_moved(struct slots *s, const struct table *t)
{
	struct moved m = {.element = element_of(s->at),
			  .table = t->name,
			  .old = t->ops[0].n,
			  .new = t->ops[1].n};
	struct map places = {0};

	for (size_t i = 0; i < t->ops[1].n; i++)
		if (!t->ops[1].v[i]->is_spare)
			map_add(&places, t->ops[1].v[i]->name.s, &t->ops[1].v[i]);
	for (size_t i = 0; i < t->ops[0].n; i++) {
		const struct op *was = t->ops[0].v[i];
		struct op **now = map_get(&places, was->name.s);
		int64_t by = now ? now - t->ops[1].v - (int64_t)i : 0;

		if (now)
			count_shift(&m, by);
		if (was->users)
			was->users->has_moved = now ? by != 0 : !was->users->is_renamed;
	}
	if (m.n || m.old != m.new)
		*vec_push(&s->d->moved) = m;
}

static void compare_table(struct slots *s, const struct table *t)
{
	size_t i = 0, j = 0;
	ops both[2] = {{0}};
	struct gap g;

	do {
		g.v[0] = gap_from(t, 0, i, &g.n[0]);
		g.v[1] = gap_from(t, 1, j, &g.n[1]);
		i += g.n[0];
		j += g.n[1];
		g.is_last = i == t->ops[0].n;
		s->last = both[1].n ? both[1].v[both[1].n - 1] : NULL;
		if (g.n[0] || g.n[1])
			compare_gap(s, &g);
		if (g.is_last)
			break;
		*vec_push(&both[0]) = t->ops[0].v[i++];
		*vec_push(&both[1]) = t->ops[1].v[j++];
	} while (true);
	compare_order(s, &both[0], &both[1], &t->by_name[1]);
	note_moved(s, t);
}

/* ---- all tables ---- */

static struct table *table_of(tables *all, struct map *by_name, const char *name)
{
	struct table *t = map_get(by_name, intern(name));

	if (t)
		return t;
	t = mem_alloc(sizeof(*t));
	t->name = name;
	map_add(by_name, intern(name), t);
	*vec_push(all) = t;
	return t;
}

void diff_slots(struct diff *d, const struct at *at, const struct interface *old,
		const struct interface *new)
{
	const struct interface *const sides[] = {old, new};
	struct slots s = {
		.d = d, .at = at, .new = new, .version = version_make(new->major, new->minor)};
	struct map by_name = {0};
	tables all = {0};

	for (int side = 0; side < 2; side++)
		vec_each(it, &sides[side]->ops)
		{
			struct op *op = *it;
			struct table *t;

			if (!op->is_spare)
				map_add(&s.by_name[side], op->name.s, op);
			if (!op_has_slot(op))
				continue;
			t = table_of(&all, &by_name, group_table(op->group));
			*vec_push(&t->ops[side]) = op;
			if (!op->is_spare)
				map_add(&t->by_name[side], op->name.s, op);
		}
	vec_each(t, &all)
	{
		if (!*(*t)->name || knows(d, A_TABLES))
			compare_table(&s, *t);
	}
}
