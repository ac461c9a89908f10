/*
 * BTF: what a kernel says of its own types.  Source: the kernel's
 * Documentation/bpf/btf.rst.
 *
 * Read with distrust: all that follows a number from the file is checked.  A kind that is newer
 * than this reader is skipped by its length: nothing says what that is, so the length is taken with
 * which all that follows is types up to the end of the section.
 */
#include <string.h>

#include "types.h"

enum {
	MAGIC = 0xeb9f,
	HEADER = 24,
	COMMON = 12, /* bytes that each type begins with */
	KINDS = 32,
	SIGNED = 1,
	BOOLEAN = 4,
};

enum kind {
	KIND_VOID,
	KIND_INT,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
	KNOWN_KINDS
};

/** Bytes behind what all types have: once, and for each of their parts. */
struct shape {
	unsigned int once, each;
};

static const struct {
	struct shape shape;
	enum ctype_kind kind;
} kinds[KNOWN_KINDS] = {
	[KIND_INT] = {{4, 0}, CTYPE_NUMBER},	      [KIND_PTR] = {{0, 0}, CTYPE_POINTER},
	[KIND_ARRAY] = {{12, 0}, CTYPE_ARRAY},	      [KIND_STRUCT] = {{0, 12}, CTYPE_STRUCT},
	[KIND_UNION] = {{0, 12}, CTYPE_UNION},	      [KIND_ENUM] = {{0, 8}, CTYPE_ENUM},
	[KIND_FWD] = {{0, 0}, CTYPE_OPAQUE},	      [KIND_TYPEDEF] = {{0, 0}, CTYPE_TYPEDEF},
	[KIND_VOLATILE] = {{0, 0}, CTYPE_QUALIFIED},  [KIND_CONST] = {{0, 0}, CTYPE_CONST},
	[KIND_RESTRICT] = {{0, 0}, CTYPE_QUALIFIED},  [KIND_FUNC] = {{0, 0}, CTYPE_BROKEN},
	[KIND_FUNC_PROTO] = {{0, 8}, CTYPE_FUNCTION}, [KIND_VAR] = {{4, 0}, CTYPE_BROKEN},
	[KIND_DATASEC] = {{0, 12}, CTYPE_BROKEN},     [KIND_FLOAT] = {{0, 0}, CTYPE_FLOAT},
	[KIND_DECL_TAG] = {{4, 0}, CTYPE_BROKEN},     [KIND_TYPE_TAG] = {{0, 0}, CTYPE_QUALIFIED},
	[KIND_ENUM64] = {{0, 12}, CTYPE_ENUM},
};

/* Lengths that kinds have had so far, and that the next ones may have. */
static const struct shape guesses[] = {{0, 0}, {4, 0}, {0, 4}, {0, 8}, {0, 12}, {8, 0}, {12, 0}};

struct btf {
	struct types types; /* first: what at() and so on are called with */
	const uint8_t *bytes, *strings;
	uint64_t size, strings_size;
	VEC(uint32_t) places; /* of each type; number 0 is none */
	const struct ctype **known;
	struct shape shapes[KINDS];
	bool has_shape[KINDS];
};

static uint32_t word(const struct btf *b, uint64_t at)
{
	return (uint32_t)object_number(b->bytes + at, 4);
}

static unsigned int kind_at(const struct btf *b, uint64_t at)
{
	return word(b, at + 4) >> 24 & 0x1f;
}

static bool has_kind_flag(const struct btf *b, uint64_t at)
{
	return word(b, at + 4) >> 31;
}

static unsigned int parts_at(const struct btf *b, uint64_t at)
{
	return word(b, at + 4) & 0xffff;
}

static const char *string_at(const struct btf *b, uint32_t offset)
{
	return offset < b->strings_size ? (const char *)b->strings + offset : "";
}

/* ---- where each type is ---- */

/** Where the type ends; 0 if it does not, or is none. */
static uint64_t end_of(const struct btf *b, uint64_t at)
{
	const struct shape *shape;
	uint64_t end;

	if (b->size - at < COMMON || word(b, at) >= b->strings_size)
		return 0;
	shape = &b->shapes[kind_at(b, at)];
	end = at + COMMON + shape->once + (uint64_t)parts_at(b, at) * shape->each;
	return end <= b->size ? end : 0;
}

static bool index_from(struct btf *b, uint64_t at, unsigned int guesses_left);

/** Tries the lengths that a kind may have. */
static bool guess(struct btf *b, uint64_t at, unsigned int kind, unsigned int guesses_left)
{
	uint32_t n = b->places.n;

	if (!kind || !guesses_left)
		return false;
	b->has_shape[kind] = true;
	for (size_t i = 0; i < NELEM(guesses); i++) {
		b->shapes[kind] = guesses[i];
		if (index_from(b, at, guesses_left - 1))
			return true;
		b->places.n = n;
	}
	b->has_shape[kind] = false;
	return false;
}

/** Notes where all types from here on are; false if they do not end where the section does. */
static bool index_from(struct btf *b, uint64_t at, unsigned int guesses_left)
{
	while (at < b->size) {
		unsigned int kind = b->size - at < COMMON ? 0 : kind_at(b, at);
		uint64_t end;

		if (!b->has_shape[kind])
			return guess(b, at, kind, guesses_left);
		end = end_of(b, at);
		if (!end)
			return false;
		*vec_push(&b->places) = (uint32_t)at;
		at = end;
	}
	return true;
}

static bool index_types(struct btf *b)
{
	enum { MAX_GUESSED = 3 };

	for (unsigned int i = KIND_INT; i < KNOWN_KINDS; i++) {
		b->shapes[i] = kinds[i].shape;
		b->has_shape[i] = true;
	}
	/* As few kinds as may be: what is read wrongly looks like many. */
	for (unsigned int n = 0; n <= MAX_GUESSED; n++) {
		b->places.n = 0;
		*vec_push(&b->places) = 0;
		if (index_from(b, 0, n))
			return true;
	}
	return false;
}

/* ---- types ---- */

static void add_members(const struct btf *b, uint64_t at, struct ctype *t)
{
	bool has_widths = has_kind_flag(b, at);
	uint64_t end = at + COMMON + UINT64_C(12) * parts_at(b, at);

	for (at += COMMON; at < end; at += 12) {
		uint32_t place = word(b, at + 8);

		*vec_push(&t->members) = (struct cmember){
			string_at(b, word(b, at)), word(b, at + 4),
			has_widths ? place & 0xffffff : place, has_widths ? place >> 24 : 0};
	}
}

/** A parameter without a name and a type, at the end, stands for any more. */
static void add_params(const struct btf *b, uint64_t at, struct ctype *t)
{
	uint64_t end = at + COMMON + UINT64_C(8) * parts_at(b, at);

	for (at += COMMON; at < end; at += 8) {
		if (!word(b, at + 4) && at + 8 == end) {
			t->is_variadic = true;
			break;
		}
		*vec_push(&t->members) =
			(struct cmember){string_at(b, word(b, at)), word(b, at + 4), 0, 0};
	}
}

static void read_number(const struct btf *b, uint64_t at, struct ctype *t)
{
	uint32_t encoding = word(b, at + COMMON) >> 24;

	t->is_signed = encoding & SIGNED;
	t->is_bool = encoding & BOOLEAN;
}

static struct ctype *read_type(const struct btf *b, uint64_t at)
{
	struct ctype *t = mem_alloc(sizeof(*t));
	unsigned int kind = kind_at(b, at);
	uint32_t value = word(b, at + 8); /* a size, or another type */

	*t = (struct ctype){.kind = kind < KNOWN_KINDS ? kinds[kind].kind : CTYPE_BROKEN,
			    .name = string_at(b, word(b, at)),
			    .size = value,
			    .target = value};
	if (t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION) {
		add_members(b, at, t);
	} else if (t->kind == CTYPE_NUMBER) {
		read_number(b, at, t);
	} else if (t->kind == CTYPE_FUNCTION) {
		add_params(b, at, t);
	} else if (t->kind == CTYPE_ARRAY) {
		t->target = word(b, at + COMMON);
		t->size = word(b, at + COMMON + 8);
	} else if (t->kind == CTYPE_OPAQUE) {
		t->is_union = has_kind_flag(b, at);
	} else if (t->kind == CTYPE_POINTER) {
		t->size = 8;
	}
	return t;
}

static const struct ctype *type_at(struct types *types, uint64_t id)
{
	struct btf *b = (struct btf *)types;

	if (!id)
		return &ctype_void;
	if (id >= b->places.n)
		return &ctype_broken;
	if (!b->known[id])
		b->known[id] = read_type(b, b->places.v[id]);
	return b->known[id];
}

static uint64_t find_struct(struct types *types, const char *name, unsigned int nth)
{
	const struct btf *b = (const struct btf *)types;

	for (uint32_t id = 1; id < b->places.n; id++) {
		uint64_t at = b->places.v[id];

		if (kind_at(b, at) == KIND_STRUCT && !strcmp(string_at(b, word(b, at)), name) &&
		    !nth--)
			return id;
	}
	return 0;
}

static void each_function(struct types *types,
			  void (*see)(void *context, const char *name, uint64_t type),
			  void *context)
{
	const struct btf *b = (const struct btf *)types;

	for (uint32_t id = 1; id < b->places.n; id++) {
		uint64_t at = b->places.v[id];

		if (kind_at(b, at) == KIND_FUNC)
			see(context, string_at(b, word(b, at)), word(b, at + 8));
	}
}

/* ---- the section ---- */

/** Skipped kinds, and how many types are of them. */
static const char *remark_on(const struct btf *b)
{
	struct out o = {0};
	unsigned int n = 0;

	for (unsigned int kind = KNOWN_KINDS; kind < KINDS; kind++) {
		if (b->has_shape[kind])
			put(&o, "%s%u", o.n ? ", " : "", kind);
	}
	for (uint32_t id = 1; id < b->places.n; id++)
		n += kind_at(b, b->places.v[id]) >= KNOWN_KINDS;
	return o.n ? mem_printf("%s of a kind that this pvgen does not know (%s) skipped by its "
				"length",
				counted(n, "type"), text_of(&o))
		   : NULL;
}

static const char *read_header(struct btf *b, const struct object_section *s)
{
	uint64_t header, types, types_size, strings;

	if (s->size < HEADER || object_number(s->bytes, 2) != MAGIC)
		return "section .BTF does not begin as BTF does";
	header = object_number(s->bytes + 4, 4);
	types = object_number(s->bytes + 8, 4);
	types_size = object_number(s->bytes + 12, 4);
	strings = object_number(s->bytes + 16, 4);
	b->strings_size = object_number(s->bytes + 20, 4);
	if (header < HEADER || header > s->size || types > s->size - header ||
	    types_size > s->size - header - types || strings > s->size - header ||
	    b->strings_size > s->size - header - strings)
		return "section .BTF ends before its types and names do";
	b->bytes = s->bytes + header + types;
	b->size = types_size;
	b->strings = s->bytes + header + strings;
	if (!b->strings_size || b->strings[b->strings_size - 1])
		return "section .BTF has names that do not end";
	return NULL;
}

static struct types *read_section(const struct object_section *s, const char **fault)
{
	struct btf *b = mem_alloc(sizeof(*b));

	*fault = read_header(b, s);
	if (!*fault && !index_types(b))
		*fault = "section .BTF is damaged, or a module's, which needs its kernel's";
	if (*fault)
		return NULL;
	b->known = mem_alloc(b->places.n * sizeof(*b->known));
	b->types = (struct types){
		.source = "BTF",
		.summary = mem_printf("section .BTF, %s", counted(b->places.n - 1, "type")),
		.remark = remark_on(b),
		.is_merged = true,
		.at = type_at,
		.find = find_struct,
		.each_function = each_function};
	return &b->types;
}

struct types *btf_read(const struct object *o, const char **fault)
{
	vec_each(s, &o->sections)
	{
		if (!strcmp(s->name, ".BTF") && s->bytes)
			return read_section(s, fault);
	}
	*fault = "there is no section .BTF";
	return NULL;
}
