/* Constants, types, and above all layouts of structures. */
#include <string.h>

#include "diff.h"

/* ---- members ---- */

/** A structure in both models, and what of it has been reported. */
struct record {
	struct diff *d;
	const struct at *at;
	const struct decl *old, *new;
	pairs members;
	bool has_moved;
	size_t changes; /* that there were before */
};

static bool is_wide(const struct type *type)
{
	const struct scalar *s = type_scalar(type);

	return type_is_pointer(type) || (s && !s->size);
}

/** By which another compiler knows what it may read. */
static bool has_size_member(const struct decl *d)
{
	static const char *const names[] = {"size", "length", "len", "version"};

	vec_each(m, &d->members) for (size_t i = 0; i < NELEM(names);
				      i++) if (!strcmp(m->name.s, names[i])) return true;
	return false;
}

static const char *place_of(const struct member *m)
{
	return mem_printf("offset %llu, %s", (unsigned long long)m->offset,
			  counted(m->size, "byte"));
}

static bool same_type(const struct record *r, const struct member *a, const struct member *b)
{
	enum rule_id rule;

	if (a->is_array != b->is_array || a->count != b->count || !a->nested != !b->nested)
		return false;
	rule = a->nested ? R_NONE : type_change(r->d, &a->type, &b->type);
	return rule == R_NONE || rule == R_PAR_TYPEDEF;
}

/* ---- members that came or went ---- */

/** One that only the other structure has, at the same place and of the same type; or NULL. */
static const struct member *renamed_to(const struct record *r, const struct member *old)
{
	vec_each(p, &r->members)
	{
		const struct member *m = p->new;

		if (!p->old && m->offset == old->offset && m->size == old->size &&
		    same_type(r, old, m))
			return m;
	}
	return NULL;
}

static const struct member *renamed_from(const struct record *r, const struct member *new)
{
	vec_each(p, &r->members)
	{
		if (!p->new &&renamed_to(r, p->old) == new)
			return p->old;
	}
	return NULL;
}

/** Is a member that both have behind this one, and elsewhere than before? */
static bool moves_others(const struct record *r, const struct member *m)
{
	vec_each(p, &r->members)
	{
		const struct member *a = p->old, *b = p->new;

		if (a && b && b->offset > m->offset && a->offset != b->offset)
			return true;
	}
	return false;
}

/** Does it end behind all that was there? */
static bool is_behind_all(const struct record *r, const struct member *m)
{
	vec_each(it, &r->old->members)
	{
		if (it->offset + it->size > m->offset)
			return false;
	}
	return true;
}

static enum rule_id rule_of_new(const struct record *r, const struct member *m)
{
	if (moves_others(r, m))
		return R_STR_INSERT;
	if (r->old->size == r->new->size || !is_behind_all(r, m))
		return R_LAY_HOLE;
	return has_size_member(r->old) ? R_STR_APPEND_SIZED : R_STR_APPEND;
}

static void diff_lone_member(struct record *r, const struct pair *p)
{
	const struct member *old = p->old, *new = p->new, *other;
	struct at at = at_pair(r->at, old ? &old->name : NULL, new ? &new->name : NULL);

	if (old && (other = renamed_to(r, old))) {
		at = at_pair(r->at, &old->name, &other->name);
		change(r->d, R_STR_RENAME, &at, "%s", place_of(old));
	} else if (old) {
		change(r->d, R_STR_DEL, &at, "%s", place_of(old));
	} else if (!renamed_from(r, new)) {
		change(r->d, rule_of_new(r, new), &at, "%s", place_of(new));
	}
}

/* ---- members of both ---- */

static enum rule_id rule_of_size(const struct record *r, const struct member *old,
				 const struct member *new)
{
	const struct decl *inner = type_record(&old->type);

	if (inner && same_type(r, old, new))
		return R_LAY_SIZE_EMBED;
	return r->old->size == r->new->size && !r->has_moved ? R_STR_WIDEN_PAD : R_STR_RESIZE;
}

/** What another type of the same size means. */
static enum rule_id rule_of_type(const struct record *r, const struct member *old,
				 const struct member *new)
{
	if (r->d->has_peers && r->old->is_shared && is_wide(&old->type) != is_wide(&new->type))
		return R_STR_ENDIAN;
	return same_type(r, old, new) ? R_PAR_TYPEDEF : R_STR_RETYPE;
}

static void diff_record(struct diff *d, const struct at *at, const struct decl *old,
			const struct decl *new);

static void diff_member(struct record *r, const struct member *old, const struct member *new)
{
	struct at at = at_pair(r->at, &old->name, &new->name);

	if (old->size != new->size)
		change(r->d, rule_of_size(r, old, new), &at, "%s -> %s", place_of(old),
		       place_of(new));
	else if (old->is_array != new->is_array || !old->nested != !new->nested ||
		 old->count != new->count ||
		 (!old->nested && type_change(r->d, &old->type, &new->type) != R_NONE))
		change(r->d, rule_of_type(r, old, new), &at, "%s -> %s", type_words(&old->type),
		       type_words(&new->type));
	if (old->nested && new->nested)
		diff_record(r->d, &at, old->nested, new->nested);
}

/** Members that changed places among those that both have. */
static void diff_order(struct record *r)
{
	pairs back = pair_values(&r->new->members, &r->old->members);
	const struct member *there;
	uint32_t n = 0;

	vec_each(p, &r->members)
	{
		const struct member *old = p->old, *new = p->new;
		struct at at;

		if (!old || !new)
			continue;
		while (!back.v[n].new)
			n++;
		/* `back` has the new ones in their order. */
		there = back.v[n++].old;
		if (there->name.s == new->name.s)
			continue;
		at = at_pair(r->at, &old->name, &new->name);
		change(r->d, R_STR_SWAP, &at, "%s -> %s; %s is there now", place_of(old),
		       place_of(new), there->name.s);
	}
}

/* ---- a structure ---- */

static bool has_moved(const struct record *r)
{
	vec_each(p, &r->members)
	{
		const struct member *a = p->old, *b = p->new;

		if (a && b && a->offset != b->offset)
			return true;
	}
	return false;
}

static void diff_shape(struct record *r)
{
	const struct decl *old = r->old, *new = r->new;

	if (old->kind != new->kind)
		change(r->d, R_LAY_PACKED, r->at, "structure or union");
	else if (old->is_packed != new->is_packed)
		change(r->d, r->has_moved ? R_LAY_PACKED : R_STR_PACK, r->at, "%s",
		       new->is_packed ? "packed" : "no longer packed");
	else if (old->align != new->align)
		change(r->d, R_LAY_ALIGN, r->at, "%llu -> %llu", (unsigned long long)old->align,
		       (unsigned long long)new->align);
	else if (r->d->changes.n == r->changes && (old->size != new->size || r->has_moved))
		change(r->d, R_LAY_PACKED, r->at, "%s -> %s", counted(old->size, "byte"),
		       counted(new->size, "byte"));
}

/** Is it the same memory, byte by byte? */
static bool is_other_memory(const struct record *r)
{
	if (r->old->size != r->new->size || r->old->align != r->new->align || r->has_moved)
		return true;
	vec_each(p, &r->members)
	{
		const struct member *a = p->old, *b = p->new;

		if (!a || !b || a->size != b->size || a->count != b->count)
			return true;
	}
	return false;
}

/** What of a structure in the memory of two parties is about the memory. */
static void diff_memory(struct record *r)
{
	if (r->old->size != r->new->size || r->old->align != r->new->align)
		change(r->d, R_SHM_ALIGN, r->at, "%s -> %s", counted(r->old->size, "byte"),
		       counted(r->new->size, "byte"));
	if (is_other_memory(r))
		change(r->d, R_SHM_LAYOUT, r->at, "shared memory");
}

static void diff_record(struct diff *d, const struct at *at, const struct decl *old,
			const struct decl *new)
{
	struct record r = {.d = d,
			   .at = at,
			   .old = old,
			   .new = new,
			   .members = pair_values(&old->members, &new->members),
			   .changes = d->changes.n};

	r.has_moved = has_moved(&r);
	vec_each(p, &r.members)
	{
		if (p->old && p->new)
			diff_member(&r, p->old, p->new);
		else
			diff_lone_member(&r, p);
	}
	diff_order(&r);
	diff_shape(&r);
	if (old->is_shared || new->is_shared)
		diff_memory(&r);
	if (old->is_shared != new->is_shared)
		change(d, R_SHM_LAYOUT, at, "%s", new->is_shared ? "shared" : "no longer shared");
}

/* ---- constants ---- */

struct constants {
	struct diff *d;
	const struct at *at;
	const struct scope *old, *new;
	pairs pairs;
};

static size_t family_length(const char *name)
{
	const char *underscore = strchr(name, '_');

	return underscore ? (size_t)(underscore - name) : 0;
}

static bool same_family(const char *a, const char *b)
{
	size_t n = family_length(a);

	return n && n == family_length(b) && !strncmp(a, b, n);
}

/** One that only one side has, with this value and a name of the same family. */
static const struct decl *twin_of(const struct constants *c, const struct decl *d, bool is_new)
{
	vec_each(p, &c->pairs)
	{
		const struct decl *other = is_new ? p->new : p->old;

		if (!(is_new ? p->old : p->new) && other->value == d->value &&
		    same_family(other->name.s, d->name.s))
			return other;
	}
	return NULL;
}

/** A constant that has another name stands where it stood: behind as many others. */
static size_t index_in(const struct scope *scope, const struct decl *d)
{
	size_t n = 0;

	vec_each(it, &scope->decls)
	{
		if (*it == d)
			break;
		n += (*it)->kind == DECL_CONST;
	}
	return n;
}

static void diff_lone_constant(struct constants *c, const struct decl *old, const struct decl *new)
{
	const struct decl *other = old ? twin_of(c, old, true) : twin_of(c, new, false);
	const struct decl *was = old ? old : other, *is = old ? other : new;
	struct at at;

	if (other && index_in(c->old, was) == index_in(c->new, is)) {
		at = at_pair(c->at, &was->name, &is->name);
		if (old)
			change(c->d, R_ENU_RENAME, &at, "%lld", (long long)was->value);
		return;
	}
	at = at_pair(c->at, old ? &old->name : NULL, new ? &new->name : NULL);
	if (old)
		change(c->d, R_ENU_DEL, &at, "%lld", (long long)old->value);
	else if (other)
		change(c->d, R_ENU_REUSE, &at, "%lld was %s", (long long)new->value, other->name.s);
	else
		change(c->d, R_ENU_APPEND, &at, "%lld", (long long)new->value);
}

static void diff_constants(struct constants *c)
{
	vec_each(p, &c->pairs)
	{
		const struct decl *a = p->old, *b = p->new;
		struct at at;

		if (!a || !b) {
			diff_lone_constant(c, a, b);
		} else if (a->value != b->value || a->is_negative != b->is_negative) {
			at = at_pair(c->at, &a->name, &b->name);
			change(c->d, R_ENU_SHIFT, &at, "%lld -> %lld", (long long)a->value,
			       (long long)b->value);
		}
	}
}

/* ---- types ---- */

static bool is_taken(const struct decl *bits, const struct bit_field *f)
{
	vec_each(other, &bits->fields)
	{
		if (other->low <= f->high && f->low <= other->high)
			return true;
	}
	return false;
}

/** A field that is gone, and whose bits nothing has yet. */
static void diff_old_bits(struct diff *d, const struct at *at, const struct bit_field *old,
			  const struct decl *new)
{
	long long high = old->high, low = old->low;

	change(d, R_ENU_DEL, at, "bits");
	if (!strcmp(old->name.s, "reserved") || is_taken(new, old))
		return;
	change(d, R_NUM_OPEN, at, "%lld:%lld", high, low);
	diff_insert_inside(d, new->name.loc, mem_printf("reserved %lld:%lld;", high, low));
}

static void diff_bits(struct diff *d, const struct at *at, const struct decl *old,
		      const struct decl *new)
{
	pairs pairs = pair_values(&old->fields, &new->fields);

	vec_each(p, &pairs)
	{
		const struct bit_field *a = p->old, *b = p->new;
		struct at field = at_pair(at, a ? &a->name : NULL, b ? &b->name : NULL);

		if (!b)
			diff_old_bits(d, &field, a, new);
		else if (!a)
			change(d, R_ENU_APPEND, &field, "bits");
		else if (a->high != b->high || a->low != b->low)
			change(d, R_STR_BITFIELD, &field, "%lld:%lld -> %lld:%lld",
			       (long long)a->high, (long long)a->low, (long long)b->high,
			       (long long)b->low);
	}
}

static void diff_typedef(struct diff *d, const struct at *at, const struct decl *old,
			 const struct decl *new)
{
	enum rule_id rule = type_change(d, &old->type, &new->type);

	if (rule == R_NONE)
		return;
	if (old->is_bits && rule != R_PAR_TYPEDEF)
		rule = R_ENU_SIZE;
	else if (rule != R_PAR_TYPEDEF)
		rule = R_TYP_CHANGE;
	change(d, rule, at, "%s -> %s", type_words(&old->type), type_words(&new->type));
}

static bool is_record(const struct decl *d)
{
	return d->kind == DECL_STRUCT || d->kind == DECL_UNION;
}

static void diff_type(struct diff *d, const struct at *at, const struct decl *old,
		      const struct decl *new)
{
	if (is_record(old) && is_record(new)) {
		if (old->is_opaque != new->is_opaque)
			change(d, R_PAR_DEEP, at, "%s",
			       new->is_opaque ? "known by name only" : "defined");
		else if (!old->is_opaque)
			diff_record(d, at, old, new);
	} else if (old->kind != new->kind || old->is_bits != new->is_bits) {
		change(d, R_TYP_DEL, at, "another kind of type");
	} else if (old->kind == DECL_FUNCTION) {
		diff_result(d, at, &old->type, &new->type);
		diff_params(d, at, &old->params, &new->params);
	} else {
		diff_typedef(d, at, old, new);
		diff_bits(d, at, old, new);
	}
}

typedef VEC(struct decl *) decls;

/** The constants of a scope, or its types. */
static decls part_of(const struct scope *scope, bool are_constants)
{
	decls part = {0};

	vec_each(it, &scope->decls)
	{
		if (((*it)->kind == DECL_CONST) == are_constants)
			*vec_push(&part) = *it;
	}
	return part;
}

static pairs pairs_of(const struct scope *old, const struct scope *new, bool are_constants)
{
	decls a = part_of(old, are_constants), b = part_of(new, are_constants);

	return pair_pointers(&a, &b);
}

void diff_scope(struct diff *d, const struct at *at, const struct scope *old,
		const struct scope *new)
{
	struct constants constants = {
		.d = d, .at = at, .old = old, .new = new, .pairs = pairs_of(old, new, true)};
	pairs types = pairs_of(old, new, false);

	diff_constants(&constants);
	vec_each(p, &types)
	{
		const struct decl *was = p->old, *is = p->new;
		struct at inner = at_pair(at, was ? &was->name : NULL, is ? &is->name : NULL);

		if (was && is)
			diff_type(d, &inner, was, is);
		else
			change(d, is ? R_TYP_ADD : R_TYP_DEL, &inner, "type");
	}
}
