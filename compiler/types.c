/* C types, whoever has read them. */
#include <string.h>

#include "types.h"

/* Longer chains of types are a loop. */
enum { LONGEST_CHAIN = 64 };

const struct ctype ctype_broken = {.kind = CTYPE_BROKEN, .name = ""},
		   ctype_void = {.kind = CTYPE_VOID, .name = ""};

static bool is_qualifier(const struct ctype *t)
{
	return t->kind == CTYPE_CONST || t->kind == CTYPE_QUALIFIED;
}

static const struct ctype *strip(struct types *types, uint64_t id, bool has_typedefs)
{
	for (unsigned int i = 0; i < LONGEST_CHAIN; i++) {
		const struct ctype *t = types->at(types, id);

		if (!is_qualifier(t) && !(t->kind == CTYPE_TYPEDEF && !has_typedefs))
			return t;
		id = t->target;
	}
	return &ctype_broken;
}

const struct ctype *ctype_bare(struct types *types, uint64_t id)
{
	return strip(types, id, false);
}

const struct ctype *ctype_unqualified(struct types *types, uint64_t id)
{
	return strip(types, id, true);
}

uint64_t ctype_size(struct types *types, uint64_t id)
{
	uint64_t count = 1;

	for (unsigned int i = 0; i < LONGEST_CHAIN; i++) {
		const struct ctype *t = ctype_bare(types, id);

		if (t->kind != CTYPE_ARRAY)
			return t->size && count > UINT64_MAX / t->size ? 0 : t->size * count;
		if (t->size && count > UINT64_MAX / t->size)
			return 0;
		count *= t->size;
		id = t->target;
	}
	return 0;
}

bool ctype_is_record(const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION;
}

bool ctype_is_untyped_pointer(struct types *types, uint64_t id)
{
	const struct ctype *t = ctype_bare(types, id);

	return t->kind == CTYPE_POINTER && ctype_bare(types, t->target)->kind == CTYPE_VOID;
}

const struct ctype *ctype_called(struct types *types, uint64_t id)
{
	const struct ctype *t = ctype_bare(types, id);

	t = t->kind == CTYPE_POINTER ? ctype_bare(types, t->target) : &ctype_broken;
	return t->kind == CTYPE_FUNCTION ? t : NULL;
}

bool ctype_may_be_assembly(struct types *types, const struct ctype *function)
{
	return !types->leaves_out_assembly && !function->members.n &&
	       ctype_bare(types, function->target)->kind == CTYPE_VOID;
}

/* ---- as C ---- */

struct manner {
	unsigned int depth;
	bool is_bare; /* without the names that typedefs give to what has another */
};

static const char *declare(struct types *types, uint64_t id, const char *name, struct manner how);

static const char *params_text(struct types *types, const struct ctype *t, struct manner how)
{
	struct out o = {0};

	vec_each(m, &t->members)
		put(&o, "%s%s", m == t->members.v ? "" : ", ", declare(types, m->type, "", how));
	if (t->is_variadic)
		put(&o, "%s...", o.n ? ", " : "");
	return o.n ? text_of(&o) : "void";
}

/** "const char *", then the name; a star needs no blank behind it. */
static const char *joined(const char *type, const char *name)
{
	return *name ? mem_printf("%s %s", type, name) : type;
}

static const char *declare_pointer(struct types *types, const struct ctype *t, const char *name,
				   struct manner how)
{
	const struct ctype *to = types->at(types, t->target);
	bool is_bracketed = to->kind == CTYPE_FUNCTION || to->kind == CTYPE_ARRAY;

	return declare(types, t->target, mem_printf(is_bracketed ? "(*%s)" : "*%s", name), how);
}

static const char *tagged(const struct ctype *t)
{
	const char *word = t->kind == CTYPE_ENUM		   ? "enum"
			   : t->kind == CTYPE_UNION || t->is_union ? "union"
								   : "struct";

	return mem_printf("%s %s", word, *t->name ? t->name : "{...}");
}

static bool has_name(struct types *types, uint64_t id)
{
	const struct ctype *t = ctype_unqualified(types, id);

	return *t->name || (!ctype_is_record(t) && t->kind != CTYPE_ENUM);
}

static const char *declare(struct types *types, uint64_t id, const char *name, struct manner how)
{
	const struct ctype *t = types->at(types, id);

	if (how.depth++ > LONGEST_CHAIN)
		return joined("...", name);
	switch (t->kind) {
	case CTYPE_POINTER:
		return declare_pointer(types, t, name, how);
	case CTYPE_ARRAY:
		return declare(types, t->target,
			       mem_printf("%s[%llu]", name, (unsigned long long)t->size), how);
	case CTYPE_FUNCTION:
		return declare(types, t->target,
			       mem_printf("%s(%s)", name, params_text(types, t, how)), how);
	case CTYPE_CONST:
		if (types->at(types, t->target)->kind == CTYPE_POINTER)
			return declare(types, t->target, joined("const", name), how);
		return mem_printf("const %s", declare(types, t->target, name, how));
	case CTYPE_QUALIFIED:
		return declare(types, t->target, name, how);
	case CTYPE_VOID:
		return joined("void", name);
	case CTYPE_BROKEN:
		return joined("?", name);
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_OPAQUE:
	case CTYPE_ENUM:
		return joined(tagged(t), name);
	case CTYPE_TYPEDEF:
		if (how.is_bare && has_name(types, t->target))
			return declare(types, t->target, name, how);
		return joined(t->name, name);
	default:
		return joined(t->name, name);
	}
}

const char *ctype_declare(struct types *types, uint64_t id, const char *name)
{
	return declare(types, id, name, (struct manner){0, false});
}

const char *ctype_canonical(struct types *types, uint64_t id)
{
	return declare(types, id, "", (struct manner){0, true});
}
