/* Types in C, so far that two ways to write one type are known as the same. */
#include <string.h>

#include "cscan.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Typedefs lead to one another; a cycle is nobody's type. */
enum { TYPE_DEPTH = 64 };

struct reader {
	const struct ctypes *types;
	const ctokens *t;
	size_t at, end;
	unsigned int depth;
	bool is_nameless; /* nothing is declared, for sure */
	bool is_unknown;
	const struct ctoken *name;
};

static bool is_one_of(const struct ctoken *t, const char *const *words)
{
	for (; *words; words++)
		if (c_is(t, *words))
			return true;
	return false;
}

bool c_is_storage(const struct ctoken *t)
{
	return is_one_of(t, LIST("static", "extern", "inline", "__inline", "__inline__", "register",
				 "typedef", "auto", "_Noreturn", "noreturn", "_Thread_local",
				 "__thread", "__extension__"));
}

static bool is_qualifier(const struct ctoken *t)
{
	return is_one_of(t,
			 LIST("const", "__const", "__const__", "volatile", "__volatile",
			      "__volatile__", "restrict", "__restrict", "__restrict__", "_Atomic"));
}

static bool is_tag(const struct ctoken *t)
{
	return is_one_of(t, LIST("struct", "union", "enum"));
}

static bool is_typeof(const struct ctoken *t)
{
	return is_one_of(t, LIST("typeof", "__typeof", "__typeof__", "typeof_unqual"));
}

static bool is_number_word(const struct ctoken *t)
{
	return is_one_of(t, LIST("void", "char", "short", "int", "long", "signed", "unsigned",
				 "__signed__", "float", "double", "_Bool", "bool", "__int128"));
}

bool c_is_type_word(const struct ctoken *t)
{
	return is_number_word(t) || is_tag(t) || is_typeof(t) || is_qualifier(t);
}

static bool is_attribute(const struct ctoken *t)
{
	return is_one_of(t, LIST("__attribute__", "__attribute", "__declspec", "_Alignas",
				 "alignas", "asm", "__asm", "__asm__"));
}

size_t c_group_end(const ctokens *t, size_t i)
{
	size_t depth = 0;

	for (; i < t->n; i++) {
		if (t->v[i].kind != C_PUNCT || !t->v[i].s[0] || t->v[i].s[1])
			continue;
		depth += strchr("([{", t->v[i].s[0]) != NULL;
		depth -= depth && strchr(")]}", t->v[i].s[0]);
		if (!depth)
			return i + 1;
	}
	return i;
}

size_t c_skip_attributes(const ctokens *t, size_t i)
{
	for (;;) {
		if (i + 1 < t->n && is_attribute(&t->v[i]) && c_is(&t->v[i + 1], "("))
			i = c_group_end(t, i + 1);
		else if (i + 1 < t->n && c_is(&t->v[i], "[") && c_is(&t->v[i + 1], "["))
			i = c_group_end(t, i);
		else
			return i;
	}
}

/* ---- a reader of tokens ---- */

static const struct ctoken *peek(const struct reader *r, size_t ahead)
{
	static const struct ctoken none = {.kind = C_PUNCT, .s = ""};

	return r->at + ahead < r->end ? &r->t->v[r->at + ahead] : &none;
}

static bool skip_attributes(struct reader *r)
{
	size_t before = r->at;

	r->at = c_skip_attributes(r->t, r->at);
	return r->at != before;
}

bool c_is_identifier(const struct ctoken *t)
{
	return t->kind == C_WORD && !c_is_type_word(t) && !c_is_storage(t);
}

static bool is_word(const struct ctoken *t)
{
	return t->kind == C_WORD;
}

/* ---- specifiers ---- */

struct specifiers {
	bool is_const, is_volatile, is_unsigned, is_signed, is_seen;
	unsigned int shorts, longs;
	const char *base; /* "int" if only its size was said */
};

static const struct {
	const char *name;
	unsigned int size; /* 0: as wide as a word */
	bool is_unsigned;
} aliases[] = {
	{"uint8_t", 1, true},  {"uint16_t", 2, true},  {"uint32_t", 4, true},
	{"uint64_t", 8, true}, {"int8_t", 1, false},   {"int16_t", 2, false},
	{"int32_t", 4, false}, {"int64_t", 8, false},  {"u8", 1, true},
	{"u16", 2, true},      {"u32", 4, true},       {"u64", 8, true},
	{"s8", 1, false},      {"s16", 2, false},      {"s32", 4, false},
	{"s64", 8, false},     {"size_t", 0, true},    {"uintptr_t", 0, true},
	{"ssize_t", 0, false}, {"intptr_t", 0, false}, {"ptrdiff_t", 0, false},
};

static const char *sized(const struct reader *r, unsigned int size, bool is_unsigned)
{
	unsigned int word = r->types ? r->types->word : 8;
	bool is_long = word == 8 && !(r->types && r->types->is_64_long_long);
	const char *name = size == 1   ? "char"
			   : size == 2 ? "short"
			   : size == 4 ? "int"
			   : size == 8 ? is_long ? "long" : "long long"
			   : word == 8 ? "long"
				       : "int";

	if (is_unsigned)
		return mem_printf("unsigned %s", name);
	return size == 1 ? "signed char" : name;
}

static const char *type_of(struct reader *r, const ctokens *t, bool is_nameless,
			   const struct ctoken **name);

/** What a name of a type means. */
static const char *resolve_name(struct reader *r, const char *name)
{
	const ctokens *declared = r->types ? map_get(&r->types->typedefs, name) : NULL;

	if (declared && r->depth < TYPE_DEPTH)
		return type_of(r, declared, false, NULL);
	for (size_t i = 0; i < NELEM(aliases); i++)
		if (!strcmp(aliases[i].name, name))
			return sized(r, aliases[i].size, aliases[i].is_unsigned);
	r->is_unknown = true;
	return name;
}

static void take_number_word(struct specifiers *s, const char *word)
{
	s->is_seen = true;
	if (!strcmp(word, "unsigned"))
		s->is_unsigned = true;
	else if (!strncmp(word, "signed", 6) || !strcmp(word, "__signed__"))
		s->is_signed = true;
	else if (!strcmp(word, "short"))
		s->shorts++;
	else if (!strcmp(word, "long"))
		s->longs++;
	else
		s->base = !strcmp(word, "bool") ? "_Bool" : word;
}

static void take_qualifier(struct specifiers *s, const char *word)
{
	s->is_const |= strstr(word, "const") != NULL;
	s->is_volatile |= strstr(word, "volatile") != NULL;
}

static void take_tagged(struct reader *r, struct specifiers *s)
{
	const char *word = peek(r, 0)->s;

	r->at++;
	skip_attributes(r);
	s->base = mem_printf("%s %s", word, is_word(peek(r, 0)) ? peek(r, 0)->s : "");
	s->is_seen = true;
	r->at += is_word(peek(r, 0));
	if (c_is(peek(r, 0), "{"))
		r->at = c_group_end(r->t, r->at);
}

/** Is the identifier a macro before a type, since more of a type follows? */
static bool is_before_type(const struct reader *r)
{
	const struct ctoken *next = peek(r, 1);

	if (!is_word(next))
		return false;
	if (is_number_word(next) || is_tag(next) || is_typeof(next))
		return true;
	return c_is_identifier(next) && (r->is_nameless || c_is_identifier(peek(r, 2)));
}

/** False: it is no specifier. */
static bool take_identifier(struct reader *r, struct specifiers *s)
{
	if (!s->is_seen && !is_before_type(r)) {
		s->base = resolve_name(r, peek(r, 0)->s);
		s->is_seen = true;
	} else if (s->is_seen && !is_word(peek(r, 1)) && !c_is(peek(r, 1), "*")) {
		return false;
	}
	r->at++;
	return true;
}

static bool take_specifier(struct reader *r, struct specifiers *s)
{
	const struct ctoken *t = peek(r, 0);

	if (skip_attributes(r))
		return true;
	if (!is_word(t))
		return false;
	if (c_is_identifier(t))
		return take_identifier(r, s);
	if (is_tag(t)) {
		take_tagged(r, s);
		return true;
	}
	if (is_typeof(t)) {
		r->is_unknown = s->is_seen = true;
		r->at = c_group_end(r->t, r->at + 1);
		return true;
	}
	if (is_number_word(t))
		take_number_word(s, t->s);
	else if (is_qualifier(t))
		take_qualifier(s, t->s);
	r->at++;
	return true;
}

static const char *base_of(const struct specifiers *s)
{
	const char *name = s->base;

	if (s->shorts)
		name = "short";
	else if (s->longs && (!name || strcmp(name, "double")))
		name = s->longs > 1 ? "long long" : "long";
	else if (!name)
		name = "int";
	if (!strcmp(name, "char") && s->is_signed)
		name = "signed char";
	return s->is_unsigned ? mem_printf("unsigned %s", name) : name;
}

static const char *qualified(bool is_const, bool is_volatile, const char *text)
{
	return mem_printf("%s%s%s", is_const ? "const " : "", is_volatile ? "volatile " : "", text);
}

static const char *read_specifiers(struct reader *r)
{
	struct specifiers s = {0};

	while (r->at < r->end && take_specifier(r, &s))
		;
	return qualified(s.is_const, s.is_volatile, base_of(&s));
}

/* ---- declarators ---- */

/** Of a value, nobody but its function cares that it is const. */
static const char *unqualified(const char *text)
{
	for (;;) {
		if (!strncmp(text, "const ", 6))
			text += 6;
		else if (!strncmp(text, "volatile ", 9))
			text += 9;
		else
			return text;
	}
}

/** A parameter that is an array or a function is a pointer. */
static const char *as_parameter(const char *text)
{
	if (!strncmp(text, "[]", 2))
		return mem_printf("*%s", text + 2);
	return *text == '(' ? mem_printf("*%s", text) : unqualified(text);
}

static ctokens slice(const ctokens *t, size_t begin, size_t end)
{
	return (ctokens){.v = t->v + begin, .n = end - begin};
}

/** The parameters between two parentheses, as types. */
static const char *params_text(struct reader *r, size_t begin, size_t end)
{
	struct out o = {0};

	for (size_t at = begin, next; at < end; at = next + 1) {
		ctokens one;
		const char *text;

		for (next = at; next < end && !c_is(&r->t->v[next], ","); next++)
			if (c_is(&r->t->v[next], "(") || c_is(&r->t->v[next], "["))
				next = c_group_end(r->t, next) - 1;
		one = slice(r->t, at, next);
		text = one.n == 1 && c_is(&one.v[0], "...")
			       ? "..."
			       : as_parameter(type_of(r, &one, false, NULL));
		if (strcmp(text, "void") != 0)
			put(&o, "%s%s", o.n ? "," : "", text);
	}
	return mem_printf("(%s)", text_of(&o));
}

static const char *read_declarator(struct reader *r, const char *base);

/** What stands behind a name: parameters, dimensions. */
static const char *read_suffixes(struct reader *r, const char *base)
{
	const char *text, *rest;
	size_t begin = r->at + 1;

	skip_attributes(r);
	if (c_is(peek(r, 0), "[")) {
		r->at = c_group_end(r->t, r->at);
		rest = read_suffixes(r, base);
		return mem_printf("[]%s", rest);
	}
	if (!c_is(peek(r, 0), "("))
		return base;
	begin = r->at + 1;
	r->at = c_group_end(r->t, r->at);
	text = params_text(r, begin, r->at - 1);
	rest = read_suffixes(r, base);
	return mem_printf("%s%s", text, rest);
}

/** Does the parenthesis hold a declarator, not parameters? */
static bool is_nested(const struct reader *r)
{
	const struct ctoken *next = peek(r, 1);

	if (!c_is(peek(r, 0), "("))
		return false;
	return c_is(next, "*") || c_is(next, "(") || c_is(next, "^") ||
	       (c_is_identifier(next) && !r->is_nameless &&
		(c_is(peek(r, 2), ")") || c_is(peek(r, 2), "(")));
}

static const char *read_nested(struct reader *r, const char *base)
{
	struct reader inner = *r;
	size_t end = c_group_end(r->t, r->at);
	const char *text;

	r->at = end;
	if (r->depth >= TYPE_DEPTH) {
		r->is_unknown = true;
		return base;
	}
	inner.depth++;
	inner.at++;
	inner.end = end - 1;
	text = read_suffixes(r, base);
	text = read_declarator(&inner, text);
	r->name = inner.name;
	r->is_unknown |= inner.is_unknown;
	return text;
}

/** Behind a star, what is not the name: qualifiers, attributes, macros. */
static bool take_behind_star(struct reader *r, struct specifiers *s)
{
	const struct ctoken *t = peek(r, 0);

	if (skip_attributes(r))
		return true;
	if (!is_qualifier(t) && !(c_is_identifier(t) && is_word(peek(r, 1))))
		return false;
	take_qualifier(s, t->s);
	r->at++;
	return true;
}

static const char *read_pointers(struct reader *r, const char *base)
{
	while (c_is(peek(r, 0), "*")) {
		struct specifiers s = {0};

		r->at++;
		while (take_behind_star(r, &s))
			;
		base = qualified(s.is_const, s.is_volatile, mem_printf("*%s", base));
	}
	return base;
}

static const char *read_declarator(struct reader *r, const char *base)
{
	base = read_pointers(r, base);
	if (is_nested(r))
		return read_nested(r, base);
	if (c_is_identifier(peek(r, 0)))
		r->name = &r->t->v[r->at++];
	return read_suffixes(r, base);
}

static const char *type_of(struct reader *r, const ctokens *t, bool is_nameless,
			   const struct ctoken **name)
{
	struct reader inner = {.types = r->types,
			       .t = t,
			       .end = t->n,
			       .depth = r->depth + 1,
			       .is_nameless = is_nameless};
	const char *text;

	if (inner.depth > TYPE_DEPTH) {
		r->is_unknown = true;
		return "";
	}
	text = read_specifiers(&inner);
	text = read_declarator(&inner, text);
	r->is_unknown |= inner.is_unknown;
	if (name)
		*name = inner.name;
	return text;
}

const char *c_type(const struct ctypes *types, const ctokens *t, const struct ctoken **name)
{
	struct reader r = {.types = types};
	const char *text = as_parameter(type_of(&r, t, !name, name));

	return r.is_unknown ? NULL : intern(text);
}
