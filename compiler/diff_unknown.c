/*
 * What could not be compared, because one side or both were recovered from a built object.  A
 * difference in what nobody knows is none, and nothing that was not looked at is called equal: it
 * is counted, and said in each report.
 */
#include <string.h>

#include "diff.h"
#include "text.h"
#include "unknown.h"

/** Rules that are about one aspect: without it they say nothing. */
static const struct {
	enum aspect aspect;
	enum rule_id rules[20]; /* those behind the last one are R_NONE */
} rows[] = {
#define ROW(aspect, ...)                                                                           \
	{                                                                                          \
		A_##aspect,                                                                        \
		{                                                                                  \
			__VA_ARGS__, R_NONE                                                        \
		}                                                                                  \
	}
	ROW(NAMES, R_PAR_NAME, R_PAR_SWAP_NAMES),
	ROW(POINTERS, R_PAR_DIR, R_REG_PTRKIND),
	ROW(CLOBBERS, R_CC_CLOBBER_GROW, R_CC_CLOBBER_SHRINK),
	ROW(CONTEXT, R_CC_CONTEXT, R_BE_INITORDER),
	ROW(NATIVE, R_PAT_BYTES, R_PAT_RELOC, R_PAT_DROP),
	ROW(DEFAULT, R_DEF_CHANGE, R_DEF_ADD, R_DEF_DEL),
	ROW(SITE, R_PAT_SITE, R_PAT_LONG, R_PAT_BUDGET, R_CC_ABI_ATTR),
	ROW(REVISION, R_OPS_MEANING),
	ROW(PARTNERS, R_OPS_PARTNER),
	ROW(WRAPPER, R_OPS_WRAPPER, R_OPS_ASM, R_CC_THUNK_SYM),
	ROW(VERSION, R_VER_BUMP, R_VER_MINOR, R_VER_MISSING, R_DEP_ADD, R_DEP_EARLY, R_DEP_UNDO,
	    R_ANN),
	ROW(GUARDS, R_CFG_ADD, R_CFG_DEL, R_CFG_CHANGE, R_CFG_EQUIV, R_CFG_SYMBOL),
	ROW(TYPES, R_TYP_ADD, R_TYP_DEL, R_PAR_DEEP, R_ENU_APPEND, R_ENU_DEL),
	ROW(REGISTRATIONS, R_HOOK_ADD, R_HOOK_DEL, R_HOOK_CHANGE),
#undef ROW
};

static enum aspect aspect_of(enum rule_id rule)
{
	for (size_t i = 0; i < NELEM(rows); i++)
		for (const enum rule_id *r = rows[i].rules; *r != R_NONE; r++)
			if (*r == rule)
				return rows[i].aspect;
	return A_NONE;
}

bool knows(const struct diff *d, enum aspect a)
{
	return !(d->unknown & aspect_bit(a));
}

bool is_knowable(const struct diff *d, enum rule_id rule)
{
	enum aspect a = d->unknown ? aspect_of(rule) : A_NONE;

	return a == A_NONE || knows(d, a);
}

unsigned int unknown_of_all(const struct run *run)
{
	unsigned int set = 0;

	vec_each(i, &run->interfaces) set |= (*i)->unknown;
	return set;
}

/* ---- what was not compared ---- */

static void unseen(struct diff *d, enum aspect a, const char *element, size_t n, bool old, bool new)
{
	*vec_push(&d->unseen) = (struct unseen){a, element, n, old, new};
}

static size_t count_common(const struct interface *old, const struct interface *new)
{
	size_t n = 0;

	vec_each(op, &old->ops) n += map_get(&new->op_map, (*op)->name.s) != NULL;
	return n;
}

void note_unknown(struct diff *d, const struct interface *old, const struct interface *new)
{
	size_t n_ops = count_common(old, new);

	for (size_t a = 0; a < A_COUNT; a++) {
		bool is_old = old->unknown & 1u << a, is_new = new->unknown & 1u << a;

		if (is_old || is_new)
			unseen(d, (enum aspect)a, new->name.s,
			       aspect_is_of_ops((enum aspect)a) ? n_ops : 0, !is_old, !is_new);
	}
}

bool signatures_are_known(struct diff *d, const struct at *at, const struct op *old,
			  const struct op *new)
{
	bool is_old = old->unknown & aspect_bit(A_SIGNATURE);
	bool is_new = new->unknown &aspect_bit(A_SIGNATURE);

	if (is_old != is_new)
		change(d, R_BIN_NOEVIDENCE, at, "its signature is known in %s alone",
		       is_old ? "NEW" : "OLD");
	if (is_old || is_new)
		unseen(d, A_SIGNATURE, element_of(at), 1, !is_old, !is_new);
	return !is_old && !is_new;
}

static bool has_name(const params *all, const char *name)
{
	vec_each(p, all)
	{
		if (p->name.s == name)
			return true;
	}
	return false;
}

params with_names_of(const params *from, const params *named)
{
	params copy = {.v = mem_alloc((from->n + 1) * sizeof(*from->v)), .n = from->n};

	for (uint32_t i = 0; i < from->n; i++) {
		copy.v[i] = from->v[i];
		if (i < named->n)
			copy.v[i].name.s = named->v[i].name.s;
		else if (has_name(named, from->v[i].name.s))
			copy.v[i].name.s = mem_printf("%s (the other)", from->v[i].name.s);
	}
	return copy;
}

/* ---- moved slots, in reports ---- */

static int64_t bytes(const struct diff *d, int64_t slots)
{
	return slots * (int64_t)d->new->arch->word;
}

static void put_shifts(const struct diff *d, const struct moved *m, struct out *o)
{
	const char *before = ": ";

	vec_each(s, &m->shifts)
	{
		if (!s->by)
			continue;
		put(o, "%s%zu by %+lld bytes", before, s->n, (long long)bytes(d, s->by));
		before = ", ";
	}
}

static const char *moved_note(const struct diff *d, const struct moved *m)
{
	struct out o = {0};

	put(&o, "slots of %s%s%s: %zu -> %zu, %lld bytes -> %lld; %s moved", m->element,
	    *m->table ? " in " : "", m->table, m->old, m->new, (long long)bytes(d, (int64_t)m->old),
	    (long long)bytes(d, (int64_t)m->new), counted(m->n, "op"));
	put_shifts(d, m, &o);
	return text_of(&o);
}

void put_moved_json(const struct diff *d, struct out *o)
{
	put(o, "\"tables\": [");
	vec_each(m, &d->moved)
	{
		put(o, "%s\n\t\t{\"element\": ", m == d->moved.v ? "" : ",");
		put_json(o, m->element);
		put(o, ", \"table\": ");
		put_json(o, m->table);
		put(o, ", \"slots\": {\"old\": %zu, \"new\": %zu}, \"moved\": {", m->old, m->new);
		vec_each(s, &m->shifts) put(o, "%s\"%lld\": %zu", s == m->shifts.v ? "" : ", ",
					    (long long)bytes(d, s->by), s->n);
		put(o, "}}");
	}
	put(o, d->moved.n ? "\n\t]" : "]");
}

/* ---- what is unknown, in reports ---- */

static const char *teller(const struct unseen *u)
{
	const char *of = u->aspect == A_SIGNATURE ? "the signature"
			 : u->n			  ? mem_printf("this of %s", counted(u->n, "op"))
						  : "this";

	return mem_printf("%s %s",
			  u->old   ? "OLD alone tells"
			  : u->new ? "NEW alone tells"
				   : "neither side tells",
			  of);
}

static bool is_alike(const struct unseen *a, const struct unseen *b)
{
	return a->old == b->old && a->new == b->new && !a->n == !b->n &&
	       (a->aspect == A_SIGNATURE) == (b->aspect == A_SIGNATURE);
}

static const char *unseen_words(const struct unseen *u)
{
	return u->aspect == A_SIGNATURE ? u->element : aspect_text(u->aspect);
}

/** All that is unknown in the same way as this one, which is the first of them. */
static const char *unseen_note(const struct diff *d, const struct unseen *u)
{
	struct out o = {0};

	put(&o, "not compared, because %s: %s", teller(u), unseen_words(u));
	for (const struct unseen *v = u + 1; v < d->unseen.v + d->unseen.n; v++)
		if (is_alike(u, v))
			put(&o, "; %s", unseen_words(v));
	return text_of(&o);
}

static bool is_first_of_its_like(const struct diff *d, const struct unseen *u)
{
	for (const struct unseen *v = d->unseen.v; v < u; v++)
		if (is_alike(u, v))
			return false;
	return true;
}

void tell_moved(const struct diff *d, names *notes)
{
	vec_each(m, &d->moved) vec_push(notes)->s = moved_note(d, m);
}

void tell_unseen(const struct diff *d, names *notes)
{
	vec_each(u, &d->unseen)
	{
		if (is_first_of_its_like(d, u))
			vec_push(notes)->s = unseen_note(d, u);
	}
}

void put_unknown_json(const struct diff *d, struct out *o)
{
	put(o, "\"unknown\": [");
	vec_each(u, &d->unseen)
	{
		put(o, "%s\n\t\t{\"property\": \"%s\", \"element\": ", u == d->unseen.v ? "" : ",",
		    aspect_word(u->aspect));
		put_json(o, u->element);
		put(o, ", \"ops\": %zu, \"told\": {\"old\": %s, \"new\": %s}, \"what\": \"%s\"}",
		    u->n, u->old ? "true" : "false", u->new ? "true" : "false",
		    aspect_text(u->aspect));
	}
	put(o, d->unseen.n ? "\n\t]" : "]");
}
