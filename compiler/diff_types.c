/* Types, results and parameters: what another type means in a register. */
#include <string.h>

#include "diff.h"
#include "manifest.h"

/* ---- canonical types: behind all typedefs ---- */

struct canon {
	unsigned int stars;
	bool is_const;
	const struct scalar *scalar;
	const struct decl *decl; /* a structure, or a function's type */
};

static struct canon canon_of(const struct type *type)
{
	struct canon c = {0};

	for (;; type = &type->decl->type) {
		c.stars += type->stars;
		c.is_const |= type->is_const;
		if (!type->decl || type->decl->kind != DECL_TYPEDEF)
			break;
	}
	c.scalar = type->scalar;
	c.decl = type->decl;
	/* A value's own const is nobody else's affair. */
	c.is_const &= c.stars > 0;
	return c;
}

static bool is_void(const struct canon *c)
{
	return !c->stars && !c->scalar && !c->decl;
}

/** The name of the same type in C: u32 is unsigned int, but u64 need not be unsigned long. */
static const char *c_name_of(const struct scalar *scalar)
{
	static const char *const same[][2] = {
		{"u8", "unsigned char"}, {"u16", "unsigned short"}, {"u32", "unsigned int"},
		{"s8", "signed char"},	 {"s16", "short"},	    {"s32", "int"},
	};

	for (size_t i = 0; i < NELEM(same); i++)
		if (!strcmp(scalar->name, same[i][0]))
			return same[i][1];
	return scalar->c_name;
}

static bool same_base(const struct canon *a, const struct canon *b)
{
	if (a->scalar && b->scalar)
		return !strcmp(c_name_of(a->scalar), c_name_of(b->scalar));
	if (a->decl && b->decl)
		return a->decl->name.s == b->decl->name.s && a->decl->kind == b->decl->kind;
	return !a->scalar && !b->scalar && !a->decl && !b->decl;
}

static bool same_canon(const struct canon *a, const struct canon *b)
{
	return a->stars == b->stars && a->is_const == b->is_const && same_base(a, b);
}

static bool is_bool(const struct scalar *s)
{
	return !strcmp(s->name, "bool");
}

static unsigned int size_of(const struct diff *d, const struct scalar *s)
{
	return s->size ? s->size : d->old->arch->word;
}

/** Of two different types that are numbers in registers, perhaps in structures. */
static enum rule_id number_change(const struct diff *d, const struct scalar *a,
				  const struct scalar *b, bool is_record)
{
	unsigned int x = size_of(d, a), y = size_of(d, b);

	if (y < x || (is_bool(b) && !is_bool(a)))
		return R_PAR_NARROW;
	if (y > x)
		return a->is_signed ? R_PAR_WIDEN_S : R_PAR_WIDEN_U;
	if (a->is_signed != b->is_signed)
		return R_PAR_SIGN;
	return is_record ? R_PAR_STRUCT : R_PAR_DISTINCT_SAMESIZE;
}

static enum rule_id pointer_change(const struct canon *a, const struct canon *b)
{
	if (a->stars != b->stars)
		return R_PAR_PTRLEVEL;
	if (same_base(a, b))
		return b->is_const ? R_PAR_CONST_ADD : R_PAR_CONST_DROP;
	return !b->scalar && !b->decl ? R_PAR_OPAQUE : R_PAR_PTRTARGET;
}

static bool same_words(const struct type *a, const struct type *b)
{
	return a->name.s == b->name.s && a->stars == b->stars && a->is_const == b->is_const &&
	       a->tag == b->tag;
}

/** Is the type what it says, without a name that stands for another? */
static bool is_plain(const struct type *t)
{
	return !t->decl || t->decl->kind != DECL_TYPEDEF;
}

enum rule_id type_change(const struct diff *d, const struct type *old, const struct type *new)
{
	const struct scalar *x, *y;
	struct canon a, b;

	if (same_words(old, new) && is_plain(old) && is_plain(new))
		return R_NONE;
	a = canon_of(old);
	b = canon_of(new);
	if (same_canon(&a, &b))
		return strcmp(type_words(old), type_words(new)) != 0 ? R_PAR_TYPEDEF : R_NONE;
	if (a.stars || b.stars)
		return pointer_change(&a, &b);
	x = type_scalar(old);
	y = type_scalar(new);
	return x && y ? number_change(d, x, y, a.decl || b.decl) : R_PAR_STRUCT;
}

const char *type_words(const struct type *type)
{
	return type_text(type);
}

bool same_signature(const struct diff *d, const struct op *a, const struct op *b)
{
	enum rule_id rule = type_change(d, &a->type, &b->type);

	if (a->params.n != b->params.n || (rule != R_NONE && rule != R_PAR_TYPEDEF))
		return false;
	for (uint32_t i = 0; i < a->params.n; i++) {
		rule = type_change(d, &a->params.v[i].type, &b->params.v[i].type);
		if (rule != R_NONE && rule != R_PAR_TYPEDEF)
			return false;
	}
	return true;
}

/* ---- results ---- */

void diff_result(struct diff *d, const struct at *at, const struct type *old,
		 const struct type *new)
{
	static const enum rule_id results[R_COUNT] = {
		[R_PAR_WIDEN_U] = R_RET_WIDEN,
		[R_PAR_WIDEN_S] = R_RET_WIDEN,
		[R_PAR_NARROW] = R_RET_NARROW,
		[R_PAR_SIGN] = R_RET_SIGN,
	};
	struct canon a = canon_of(old), b = canon_of(new);
	enum rule_id rule = type_change(d, old, new);

	if (is_void(&a) && !is_void(&b))
		rule = R_RET_VOID_VAL;
	else if (is_void(&b) && !is_void(&a))
		rule = R_RET_VAL_VOID;
	else if (rule != R_NONE && results[rule])
		rule = results[rule];
	if (rule != R_NONE)
		change(d, rule, at, "result: %s -> %s", type_words(old), type_words(new));
}

/* ---- parameters ---- */

static void diff_param(struct diff *d, const struct at *outer, const struct param *old,
		       const struct param *new)
{
	static const char *const directions[] = {
		[DIR_NONE] = "none", [DIR_IN] = "in", [DIR_OUT] = "out", [DIR_INOUT] = "inout"};
	enum rule_id rule = type_change(d, &old->type, &new->type);
	struct at at;

	if (rule == R_NONE && old->direction == new->direction && old->space == new->space &&
	    old->name.s == new->name.s)
		return;
	at = at_pair(outer, &old->name, &new->name);
	if (old->name.s != new->name.s)
		change(d, R_PAR_NAME, &at, "%s -> %s", old->name.s, new->name.s);
	if (rule != R_NONE)
		change(d, rule, &at, "%s -> %s", type_words(&old->type), type_words(&new->type));
	if (old->direction != new->direction)
		change(d, R_PAR_DIR, &at, "%s -> %s", directions[old->direction],
		       directions[new->direction]);
	if (old->space != new->space)
		change(d, R_REG_PTRKIND, &at, "%s -> %s", space_name(old->space),
		       space_name(new->space));
}

static bool same_param(const struct diff *d, const struct param *a, const struct param *b)
{
	return a->name.s == b->name.s && type_change(d, &a->type, &b->type) == R_NONE;
}

/** What is left of two lists without their equal beginnings and ends. */
struct middle {
	const struct param *old, *new;
	uint32_t n_old, n_new;
	bool is_last; /* nothing stands behind it */
};

static struct middle middle_of(const struct diff *d, const params *old, const params *new)
{
	struct middle m = {old->v, new->v, old->n, new->n, true};

	while (m.n_old && m.n_new && same_param(d, m.old, m.new)) {
		m.old++;
		m.new ++;
		m.n_old--;
		m.n_new--;
	}
	while (m.n_old && m.n_new && same_param(d, &m.old[m.n_old - 1], &m.new[m.n_new - 1])) {
		m.n_old--;
		m.n_new--;
		m.is_last = false;
	}
	return m;
}

static bool is_64_bit(const struct diff *d, const struct param *p)
{
	const struct scalar *s = type_is_pointer(&p->type) ? NULL : type_scalar(&p->type);

	return s && size_of(d, s) == 8;
}

static bool are_halves(const struct diff *d, const struct param *p)
{
	for (int i = 0; i < 2; i++) {
		const struct scalar *s =
			type_is_pointer(&p[i].type) ? NULL : type_scalar(&p[i].type);

		if (!s || size_of(d, s) != 4)
			return false;
	}
	return true;
}

static bool is_split(const struct diff *d, const struct middle *m)
{
	return (m->n_old == 1 && m->n_new == 2 && is_64_bit(d, m->old) && are_halves(d, m->new)) ||
	       (m->n_old == 2 && m->n_new == 1 && is_64_bit(d, m->new) && are_halves(d, m->old));
}

/** Do both have the same names, one by one in another order? */
static bool is_permuted(const pairs *pairs, const params *old, const params *new)
{
	bool is_moved = false;

	vec_each(p, pairs)
	{
		if (!p->old || !p->new)
			return false;
		is_moved |= (const struct param *)p->old - old->v !=
			    (const struct param *)p->new - new->v;
	}
	return is_moved;
}

/** Is at each place the type that was there? */
static bool same_types(const struct diff *d, const params *old, const params *new)
{
	for (uint32_t i = 0; i < old->n; i++) {
		enum rule_id rule = type_change(d, &old->v[i].type, &new->v[i].type);

		if (rule != R_NONE && rule != R_PAR_TYPEDEF)
			return false;
	}
	return true;
}

/** Parameters that came or went; the rest is compared by name. */
static void diff_count(struct diff *d, const struct at *outer, const params *old, const params *new,
		       const struct middle *m)
{
	pairs pairs = pair_values(old, new);

	if (is_split(d, m)) {
		change(d, R_PAR_SPLIT, outer, "%u parameters -> %u", old->n, new->n);
		return;
	}
	vec_each(it, &pairs)
	{
		const struct param *p = it->old, *q = it->new;
		struct at at = at_pair(outer, p ? &p->name : NULL, q ? &q->name : NULL);
		bool is_behind = p && p >= m->old && m->is_last && !m->n_new;

		if (p && q)
			diff_param(d, outer, p, q);
		else if (q)
			change(d, R_PAR_ADD, &at, "%s", type_words(&q->type));
		else
			change(d, is_behind ? R_PAR_DEL : R_PAR_DEL_MID, &at, "%s",
			       type_words(&p->type));
	}
}

void diff_params(struct diff *d, const struct at *at, const params *old, const params *new)
{
	struct middle m = middle_of(d, old, new);
	pairs pairs;

	if (old->n != new->n) {
		diff_count(d, at, old, new, &m);
		return;
	}
	if (!m.n_old) {
		for (uint32_t i = 0; i < old->n; i++)
			diff_param(d, at, &old->v[i], &new->v[i]);
		return;
	}
	pairs = pair_values(old, new);
	if (!is_permuted(&pairs, old, new)) {
		for (uint32_t i = 0; i < old->n; i++)
			diff_param(d, at, &old->v[i], &new->v[i]);
		return;
	}
	change(d, same_types(d, old, new) ? R_PAR_SWAP_NAMES : R_PAR_SWAP, at, "%s -> %s",
	       c_params(old), c_params(new));
	vec_each(p, &pairs) diff_param(d, at, p->old, p->new);
}
