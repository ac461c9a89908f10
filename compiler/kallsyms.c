/*
 * Symbols of a kernel without a symbol table: those that it keeps for its own
 * traces, and those that it exports.  Source: the kernel's
 * scripts/kallsyms.c (what the tables hold) and kernel/kallsyms.c (how they
 * are read).
 *
 * Nothing says where the tables are, but they stand together, and that of
 * tokens has an unmistakable part: the ten digits are tokens of their own.
 */
#define _GNU_SOURCE
#include <string.h>

#include "kallsyms.h"

enum {
	TOKENS = 256,
	ALIGN = 8,	  /* of each table */
	PER_MARKER = 256, /* names */
	LONGEST_TOKEN = 64,
	FEWEST = PER_MARKER + 1, /* names, for the second marker not to be 0 */
};

struct tables {
	const uint8_t *bytes; /* of the section */
	uint64_t size;
	uint64_t count, names, tokens, index, offsets, base; /* where they are */
	uint64_t n;					     /* names */
};

static uint64_t align(uint64_t at)
{
	return (at + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

static uint64_t number_at(const struct tables *t, uint64_t at, unsigned int size)
{
	return at <= t->size && size <= t->size - at ? object_number(t->bytes + at, size) : 0;
}

/* ---- where the tables are ---- */

/** The first byte of the token of '0', from @at on; or the size. */
static uint64_t find_digits(const struct tables *t, uint64_t at)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	const uint8_t *found =
		at < t->size ? memmem(t->bytes + at, t->size - at, digits, sizeof(digits)) : NULL;

	return found ? (uint64_t)(found - t->bytes) : t->size;
}

/** Goes back from the token of '0' to that of number 0. */
static bool find_tokens(struct tables *t, uint64_t digits)
{
	uint64_t at = digits;

	for (unsigned int i = 0; i < '0'; i++) {
		uint64_t end = at;

		if (at < 2)
			return false;
		for (at--; at && t->bytes[at - 1] && end - at < LONGEST_TOKEN; at--)
			;
	}
	t->tokens = at;
	return at % ALIGN == 0;
}

/** Behind the tokens stands where each of them begins. */
static bool find_index(struct tables *t)
{
	uint64_t at = t->tokens;

	for (unsigned int i = 0; i < TOKENS; i++) {
		const uint8_t *end = memchr(t->bytes + at, 0, t->size - at);

		if (!end)
			return false;
		at = (uint64_t)(end - t->bytes) + 1;
		if (at >= t->size)
			return false;
	}
	t->index = align(at);
	at = t->tokens;
	for (unsigned int i = 0; i < TOKENS; i++) {
		if (number_at(t, t->index + 2 * i, 2) != at - t->tokens)
			return false;
		at += strlen((const char *)t->bytes + at) + 1;
	}
	return true;
}

/** Bytes of a name, and where they begin: *at; 0 if there is none. */
static uint64_t name_length(const struct tables *t, uint64_t *at)
{
	uint64_t n = number_at(t, *at, 1);

	(*at)++;
	if (n & 0x80) {
		n = (n & 0x7f) | number_at(t, *at, 1) << 7;
		(*at)++;
	}
	return *at + n <= t->size ? n : 0;
}

/** Where @n names from @at on end; 0 if they do not. */
static uint64_t skip_names(const struct tables *t, uint64_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t length = name_length(t, &at);

		if (!length)
			return 0;
		at += length;
	}
	return at;
}

/** Behind the names stands where each 256th of them is, from 0 on. */
static bool has_markers(const struct tables *t)
{
	uint64_t second = skip_names(t, t->names, PER_MARKER);
	uint64_t end = second ? skip_names(t, t->names, t->n) : 0;

	return end && end < t->tokens && !number_at(t, align(end), 4) &&
	       number_at(t, align(end) + 4, 4) == second - t->names;
}

/** Before the tokens stand the names, and before those how many there are. */
static bool find_names(struct tables *t)
{
	for (uint64_t at = t->tokens & ~(uint64_t)(ALIGN - 1); at >= ALIGN; at -= ALIGN) {
		t->n = number_at(t, at - ALIGN, ALIGN);
		t->count = at - ALIGN;
		t->names = at;
		if (t->n >= FEWEST && t->n * 2 < t->tokens - at && has_markers(t))
			return true;
	}
	return false;
}

/** The addresses stand before all of that (until Linux 6.3), or behind it; the base after them. */
static bool find_addresses(struct tables *t)
{
	uint64_t size = align(t->n * 4);
	uint64_t places[] = {t->count - ALIGN - size, align(t->index + 2 * TOKENS)};

	for (size_t i = 0; i < NELEM(places); i++) {
		t->offsets = places[i];
		t->base = places[i] + size;
		/* A kernel is in the upper half. */
		if (t->offsets < t->size && number_at(t, t->base, 8) >> 63)
			return true;
	}
	return false;
}

/* ---- what is in them ---- */

static void put_name(const struct tables *t, uint64_t at, uint64_t length, struct out *o)
{
	for (uint64_t i = 0; i < length; i++) {
		uint64_t token = t->tokens + number_at(t, t->index + 2 * t->bytes[at + i], 2);

		put(o, "%s", (const char *)t->bytes + token);
	}
}

/** From a base; negative from it downwards, where per-CPU symbols are what they are. */
static uint64_t address_of(const struct tables *t, uint64_t i, bool has_percpu)
{
	uint64_t base = number_at(t, t->base, 8);
	uint32_t offset = (uint32_t)number_at(t, t->offsets + 4 * i, 4);

	if (!has_percpu)
		return base + offset;
	return (int32_t)offset < 0 ? base - 1 - (uint64_t)(int64_t)(int32_t)offset : offset;
}

static bool has_percpu(const struct tables *t)
{
	for (uint64_t i = 0; i < t->n; i++)
		if (number_at(t, t->offsets + 4 * i, 4) >> 31)
			return true;
	return false;
}

static void add_symbol(struct object *o, const char *name, uint64_t address, bool is_function,
		       bool is_global)
{
	*vec_push(&o->symbols) = (struct object_symbol){.name = intern(name),
							.address = address,
							.file = o->files.n - 1,
							.is_function = is_function,
							.is_defined = true,
							.is_global = is_global};
}

/** Does a section end there?  Where one begins too, as it may, nothing else tells marks from code.
 */
static bool is_end(const struct object *o, uint64_t address)
{
	vec_each(s, &o->sections)
	{
		if (s->is_loaded && s->size && s->address + s->size == address)
			return true;
	}
	return false;
}

static void add_names(struct object *o, const struct tables *t)
{
	bool is_percpu = has_percpu(t);
	uint64_t at = t->names;
	struct out name = {0};

	for (uint64_t i = 0; i < t->n; i++) {
		uint64_t length = name_length(t, &at), address;
		char kind;

		name.n = 0;
		put_name(t, at, length, &name);
		at += length;
		kind = name.v[0];
		if (name.n < 2)
			continue;
		address = address_of(t, i, is_percpu);
		add_symbol(o, name.v + 1, address, strchr("tTwW", kind) && !is_end(o, address),
			   kind < 'a');
	}
}

static bool read_section(struct object *o, const struct object_section *s)
{
	struct tables t = {.bytes = s->bytes, .size = s->size};

	for (uint64_t at = find_digits(&t, 0); at < t.size; at = find_digits(&t, at + 1)) {
		if (!find_tokens(&t, at) || !find_index(&t) || !find_names(&t) ||
		    !find_addresses(&t))
			continue;
		add_names(o, &t);
		return true;
	}
	return false;
}

uint32_t kallsyms_add(struct object *o)
{
	uint32_t before = o->symbols.n;

	vec_each(s, &o->sections)
	{
		if (s->bytes && s->is_loaded && !s->is_code && read_section(o, s))
			break;
	}
	return o->symbols.n - before;
}

/* ---- exports ---- */

/* Each is three words, each relative to where it stands: value, name, name space. */
enum { EXPORT_SIZE = 12, EXPORT_NAME = 4 };

static uint64_t relative_word(const struct object_section *s, uint64_t at)
{
	return s->address + at + (uint64_t)(int64_t)(int32_t)object_number(s->bytes + at, 4);
}

/** The text at an address of a section that holds nothing else; NULL if there is none. */
static const char *text_at(const struct object *o, uint64_t address)
{
	vec_each(s, &o->sections)
	{
		uint64_t at = address - s->address;

		if (s->bytes && s->is_loaded && address >= s->address && at < s->size)
			return memchr(s->bytes + at, 0, s->size - at) ? (const char *)s->bytes + at
								      : NULL;
	}
	return NULL;
}

static void add_exports(struct object *o, const struct object_section *s)
{
	for (uint64_t at = 0; at + EXPORT_SIZE <= s->size; at += EXPORT_SIZE) {
		const char *name = text_at(o, relative_word(s, at + EXPORT_NAME));

		if (name && *name)
			add_symbol(o, name, relative_word(s, at), false, true);
	}
}

uint32_t exports_add(struct object *o)
{
	uint32_t before = o->symbols.n;

	for (uint32_t i = 0; i < o->sections.n; i++) {
		const struct object_section *s = &o->sections.v[i];

		if (s->bytes &&
		    (!strcmp(s->name, "__ksymtab") || !strcmp(s->name, "__ksymtab_gpl")))
			add_exports(o, s);
	}
	return o->symbols.n - before;
}
