/*
 * Types of C as the language has them, with what has to be declared for each: structures that are
 * only passed on are opaque, and what has no name gets one.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"

/** A declaration. */
struct said_type {
	const char *name;
	const char *tag;  /* "struct", "union", or NULL of a typedef */
	const char *text; /* NULL: it is being made, or cannot be */
};

/* No type of a kernel's comes near; one that contains itself goes on for ever. */
enum { DEEPEST = 64, LONGEST = 1000 };

enum { MOST_PARAMS = 6 };

static const char *words(struct words_of_types *w, uint64_t id, const char *hint,
			 unsigned int depth, const char **fault);

bool is_c_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return n && !name[n] && !strchr("0123456789", *name);
}

/* ---- declarations ---- */

static struct said_type *find(const struct words_of_types *w, const char *name)
{
	return map_get(&w->by_name, intern(name));
}

static struct said_type *say(struct words_of_types *w, const char *tag, const char *name)
{
	struct said_type *s = mem_alloc(sizeof(*s));

	*s = (struct said_type){.name = intern(name), .tag = tag};
	map_add(&w->by_name, s->name, s);
	*vec_push(&w->said) = s;
	return s;
}

/** The name, or one like it that nothing else has. */
static const char *free_name(const struct words_of_types *w, const char *name)
{
	while (find(w, name))
		name = mem_printf("%s_", name);
	return name;
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct said_type *x = *(struct said_type *const *)a;
	const struct said_type *y = *(struct said_type *const *)b;
	bool p = strchr(x->text, '{'), q = strchr(y->text, '{');

	if (!x->tag != !y->tag)
		return x->tag ? -1 : 1;
	return p != q ? p - q : strcmp(x->name, y->name);
}

void put_said_types(struct words_of_types *w, struct out *o)
{
	const struct said_type *last = NULL;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < w->said.n; i++)
		if (w->said.v[i]->text)
			w->said.v[kept++] = w->said.v[i];
	w->said.n = kept;
	if (w->said.n)
		qsort(w->said.v, w->said.n, sizeof(*w->said.v), by_kind_and_name);
	vec_each(s, &w->said)
	{
		put(o, "%s%s\n", last && !last->tag != !(*s)->tag ? "\n" : "", (*s)->text);
		last = *s;
	}
	if (w->said.n)
		put(o, "\n");
}

/* ---- numbers ---- */

/** Names that compilers give them in debug information. */
static const char *const numbers[][2] = {
	{"long unsigned int", "unsigned long"},
	{"long int", "long"},
	{"short unsigned int", "unsigned short"},
	{"short int", "short"},
	{"long long int", "long long"},
	{"long long unsigned int", "unsigned long long"},
	{"_Bool", "bool"},
};

static const char *const plain_numbers[] = {
	"int",	"char",		 "signed char", "unsigned char",      "short", "unsigned short",
	"long", "unsigned long", "long long",	"unsigned long long", "bool",  "unsigned int",
};

/* Names of the language's own, which are typedefs in C. */
static const struct {
	const char *name;
	uint64_t size;
	bool is_signed, is_bool;
} builtins[] = {
	{"u8", 1, false, false},  {"u16", 2, false, false}, {"u32", 4, false, false},
	{"u64", 8, false, false}, {"s8", 1, true, false},   {"s16", 2, true, false},
	{"s32", 4, true, false},  {"s64", 8, true, false},  {"bool", 1, false, true},
};

static const char *number_words(const struct ctype *t, const char **fault)
{
	for (size_t i = 0; i < NELEM(numbers); i++)
		if (!strcmp(t->name, numbers[i][0]))
			return numbers[i][1];
	for (size_t i = 0; i < NELEM(plain_numbers); i++)
		if (!strcmp(t->name, plain_numbers[i]))
			return plain_numbers[i];
	*fault = mem_printf("the language has no '%s'", t->name);
	return NULL;
}

static bool is_builtin(struct types *types, const struct ctype *t)
{
	const struct ctype *to = ctype_bare(types, t->target);

	for (size_t i = 0; i < NELEM(builtins); i++)
		if (!strcmp(t->name, builtins[i].name))
			return to->kind == CTYPE_NUMBER && to->size == builtins[i].size &&
			       (to->is_bool == builtins[i].is_bool) &&
			       (to->is_bool || to->is_signed == builtins[i].is_signed);
	return false;
}

/* ---- structures ---- */

static const char *tag_of(const struct ctype *t)
{
	return t->kind == CTYPE_UNION || t->is_union ? "union" : "struct";
}

/** Only passed on, so what is in it is nobody's business here. */
static const char *opaque_words(struct words_of_types *w, const char *tag, const char *name)
{
	struct said_type *s = find(w, name);

	if (!s) {
		s = say(w, tag, name);
		s->text = mem_printf("%s %s;", tag, name);
	}
	return s->tag ? mem_printf("%s %s", s->tag, name)
		      : opaque_words(w, tag, mem_printf("%s_", name));
}

/** Passed as a value: possible if it is one number. */
static const char *value_words(struct words_of_types *w, const struct ctype *t, const char *name,
			       unsigned int depth, const char **fault)
{
	const struct cmember *m = t->members.v;
	struct said_type *s = find(w, name);
	const char *type;

	if (s && s->tag && s->text && strchr(s->text, '{'))
		return mem_printf("%s %s", s->tag, name);
	if (t->members.n != 1 || m->width || !is_c_name(m->name) ||
	    ctype_size(w->types, m->type) != t->size) {
		*fault = mem_printf("%s %s is passed as a value, and is more than a number",
				    tag_of(t), name);
		return NULL;
	}
	type = words(w, m->type, mem_printf("%s_%s", name, m->name), depth, fault);
	if (!type)
		return NULL;
	if (!s || !s->tag) {
		name = s ? free_name(w, name) : name;
		s = say(w, tag_of(t), name);
	}
	s->text = mem_printf("%s %s { %s %s; };", s->tag, s->name, type, m->name);
	return mem_printf("%s %s", s->tag, s->name);
}

static const char *record_words(struct words_of_types *w, const struct ctype *t, const char *name,
				bool is_pointed_to, unsigned int depth, const char **fault)
{
	if (!is_c_name(name))
		return *fault = "a structure has no name", NULL;
	return is_pointed_to ? opaque_words(w, tag_of(t), name)
			     : value_words(w, t, name, depth, fault);
}

/** The tag of a structure that has a name only by its typedef: that without its _t. */
static const char *tag_from_typedef(struct words_of_types *w, const char *name)
{
	size_t n = strlen(name);
	const char *tag = n > 2 && !strcmp(name + n - 2, "_t") ? mem_text(name, n - 2)
							       : mem_printf("%s_struct", name);

	return w->types->find(w->types, tag, 0) ? mem_printf("%s_struct", name) : tag;
}

const char *blob_in_words(struct words_of_types *w, const char *name, uint64_t size, uint64_t align)
{
	struct said_type *s = say(w, "struct", free_name(w, name));

	s->text = mem_printf("struct %s { u%llu part[%llu]; };", s->name,
			     (unsigned long long)align * 8, (unsigned long long)(size / align));
	return s->name;
}

/* ---- functions ---- */

/** The parameter's name, if it has one that generated code can have too. */
static const char *param_name(const struct ctype *names, uint32_t i)
{
	const char *name = names && i < names->members.n ? names->members.v[i].name : "";

	return is_c_name(name) && strncmp(name, "pv_", 3) != 0 ? name : mem_printf("arg%u", i + 1);
}

static const char *params_words(struct words_of_types *w, const struct ctype *t,
				const struct ctype *names, const char *hint, unsigned int depth,
				const char **fault)
{
	struct out o = {0};

	if (t->is_variadic)
		return *fault = "it takes any number of arguments", NULL;
	if (t->members.n > MOST_PARAMS)
		return *fault = "it has more parameters than registers", NULL;
	for (uint32_t i = 0; i < t->members.n; i++) {
		const char *name = param_name(names, i);
		const char *type = words(w, t->members.v[i].type, mem_printf("%s_%s", hint, name),
					 depth, fault);

		if (!type)
			return NULL;
		put(&o, "%s%s%s%s", i ? ", " : "", type, strchr(type, '*') ? "" : " ", name);
	}
	return o.n ? text_of(&o) : "void";
}

const char *params_in_words(struct words_of_types *w, const struct ctype *t,
			    const struct ctype *names, const char *hint, const char **fault)
{
	w->n_steps = 0;
	return params_words(w, t, names, hint, 0, fault);
}

/** A function is only pointed to, under a name. */
static const char *function_words(struct words_of_types *w, const struct ctype *t, const char *name,
				  unsigned int depth, const char **fault)
{
	struct said_type *s = say(w, NULL, free_name(w, name));
	const char *result = words(w, t->target, mem_printf("%s_result", name), depth, fault);
	const char *params = result ? params_words(w, t, t, name, depth, fault) : NULL;

	if (!params)
		return NULL;
	s->text = mem_printf("typedef %s%s%s(%s);", result, strchr(result, '*') ? "" : " ", s->name,
			     params);
	return s->name;
}

/* ---- names for types ---- */

/** What the typedef stands for; a record without a name gets one, behind pointers too. */
static const char *target_words(struct words_of_types *w, const struct ctype *t, bool is_pointed_to,
				unsigned int depth, const char **fault)
{
	const struct ctype *to = ctype_unqualified(w->types, t->target);

	if (ctype_is_record(to) && !*to->name)
		return record_words(w, to, tag_from_typedef(w, t->name), is_pointed_to, depth,
				    fault);
	if (ctype_is_record(to) || to->kind == CTYPE_OPAQUE)
		return record_words(w, to, to->name, is_pointed_to, depth, fault);
	return words(w, t->target, mem_printf("%s_fn", t->name), depth, fault);
}

static const char *typedef_words(struct words_of_types *w, const struct ctype *t,
				 bool is_pointed_to, unsigned int depth, const char **fault)
{
	struct said_type *s = find(w, t->name);
	const struct ctype *to = ctype_unqualified(w->types, t->target);
	const char *target;

	if (is_builtin(w->types, t))
		return t->name;
	if (!is_c_name(t->name))
		return *fault = "a type has no name", NULL;
	if (s && !s->text)
		return *fault = "a type contains itself", NULL;
	/* What was only pointed to may now be a value, and need its members. */
	if (s && !s->tag && !ctype_is_record(to))
		return s->name;
	if (to->kind == CTYPE_FUNCTION)
		return function_words(w, to, t->name, depth, fault);
	target = target_words(w, t, is_pointed_to, depth, fault);
	if (!target)
		return NULL;
	if (s && s->tag)
		return target;
	if (!s)
		say(w, NULL, t->name)->text = mem_printf("typedef %s%s%s;", target,
							 strchr(target, '*') ? "" : " ", t->name);
	return intern(t->name);
}

/** A number, since the language has no enums. */
static const char *enum_words(struct words_of_types *w, const struct ctype *t)
{
	const char *number = t->size == 8   ? t->is_signed ? "s64" : "u64"
			     : t->is_signed ? "int"
					    : "unsigned int";
	const char *name = mem_printf("%s_enum", t->name);
	struct said_type *s;

	if (!is_c_name(t->name))
		return number;
	s = find(w, name);
	if (!s) {
		s = say(w, NULL, name);
		s->text = mem_printf("typedef %s %s;", number, name);
	}
	return s->name;
}

static const char *base_words(struct words_of_types *w, uint64_t id, const char *hint,
			      bool is_pointed_to, unsigned int depth, const char **fault)
{
	const struct ctype *t = w->types->at(w->types, id);

	switch (t->kind) {
	case CTYPE_VOID:
		return "void";
	case CTYPE_NUMBER:
		return number_words(t, fault);
	case CTYPE_TYPEDEF:
		return typedef_words(w, t, is_pointed_to, depth, fault);
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_OPAQUE:
		return record_words(w, t, t->name, is_pointed_to, depth, fault);
	case CTYPE_ENUM:
		return enum_words(w, t);
	case CTYPE_FUNCTION:
		return function_words(w, t, hint, depth, fault);
	default:
		*fault = mem_printf("the language has no '%s'", ctype_declare(w->types, id, ""));
		return NULL;
	}
}

static const char *words(struct words_of_types *w, uint64_t id, const char *hint,
			 unsigned int depth, const char **fault)
{
	const struct ctype *t = w->types->at(w->types, id);
	unsigned int stars = 0;
	bool is_const = false;
	const char *base;
	struct out o = {0};

	if (depth > DEEPEST || ++w->n_steps > LONGEST)
		return *fault = "a type contains itself", NULL;
	/* The language has a const for what is pointed to at last, and for nothing else. */
	for (; t->kind == CTYPE_POINTER || t->kind == CTYPE_CONST || t->kind == CTYPE_QUALIFIED;
	     t = w->types->at(w->types, id)) {
		if (++depth > DEEPEST)
			break;
		stars += t->kind == CTYPE_POINTER;
		is_const = t->kind == CTYPE_CONST || (is_const && t->kind != CTYPE_POINTER);
		id = t->target;
	}
	base = base_words(w, id, hint, stars, depth + 1, fault);
	if (!base)
		return NULL;
	put(&o, "%s%s%s", is_const && stars ? "const " : "", base, stars ? " " : "");
	while (stars--)
		put(&o, "*");
	return text_of(&o);
}

const char *type_in_words(struct words_of_types *w, uint64_t id, const char *hint,
			  const char **fault)
{
	w->n_steps = 0;
	return words(w, id, hint, 0, fault);
}
