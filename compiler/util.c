#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Builds that look for overruns give each allocation a chunk of its own. */
#ifndef ARENA_CHUNK
#define ARENA_CHUNK ((size_t)256 * 1024)
#endif

/* Nothing that is kept needs more than pointers and 64-bit numbers do. */
#define ALIGNMENT sizeof(uint64_t)

static struct chunk {
	struct chunk *older, *newer;
	_Alignas(ALIGNMENT) char memory[];
} * newest;

static char *arena_at, *arena_end;

/** A chunk that got its memory, if it did, joins the others where it belongs. */
static struct chunk *link_chunk(struct chunk *c)
{
	if (!c) {
		fprintf(stderr, "pvgen: out of memory\n");
		exit(2);
	}
	if (c->older)
		c->older->newer = c;
	if (c->newer)
		c->newer->older = c;
	else
		newest = c;
	return c;
}

static struct chunk *new_chunk(size_t room)
{
	struct chunk *c = calloc(1, sizeof(*c) + room);

	if (c)
		c->older = newest;
	return link_chunk(c);
}

void *mem_alloc(size_t size)
{
	size_t skipped = -(uintptr_t)arena_at % ALIGNMENT;
	void *p;

	if (size > ARENA_CHUNK)
		return new_chunk(size)->memory;
	if ((size_t)(arena_end - arena_at) < skipped + size) {
		arena_at = new_chunk(ARENA_CHUNK)->memory;
		arena_end = arena_at + ARENA_CHUNK;
		skipped = 0;
	}
	p = arena_at + skipped;
	arena_at += skipped + size;
	return p;
}

/** What has a chunk of its own takes that along: no page of it is copied, and none stays behind. */
static void *grow_chunk(char *old, size_t old_size, size_t new_size)
{
	struct chunk *c = (struct chunk *)(old - offsetof(struct chunk, memory));

	c = link_chunk(realloc(c, sizeof(*c) + new_size));
	memset(c->memory + old_size, 0, new_size - old_size);
	return c->memory;
}

void *mem_grow(void *old, size_t old_size, size_t new_size)
{
	size_t more = new_size - old_size;
	void *p;

	if (old_size > ARENA_CHUNK)
		return grow_chunk(old, old_size, new_size);
	/* What was allocated last grows where it is. */
	if (old && (char *)old + old_size == arena_at && (size_t)(arena_end - arena_at) >= more) {
		arena_at += more;
		return old;
	}
	p = mem_alloc(new_size);
	if (old_size)
		memcpy(p, old, old_size);
	return p;
}

char *mem_text(const char *s, size_t n)
{
	return memcpy(mem_alloc(n + 1), s, n);
}

char *mem_printf(const char *fmt, ...)
{
	struct out o = {0};
	va_list ap;

	va_start(ap, fmt);
	put_v(&o, fmt, ap);
	va_end(ap);
	if (!ARENA_CHUNK)
		return mem_text(o.v, o.n);
	/* Of what was allocated last the room behind the text is given back. */
	if (o.v + o.cap == arena_at)
		arena_at = o.v + o.n + 1;
	return o.v;
}

const char *counted(uint64_t n, const char *noun)
{
	return mem_printf("%llu %s%s", (unsigned long long)n, noun, n == 1 ? "" : "s");
}

/* Interned strings: an open hash table, and their text side by side, as it is read. */
static struct {
	struct pooled {
		const char *s;
		uint32_t hash, n;
	} * v;
	size_t n, cap;
	char *text;
	size_t room;
} pool;

static const char *pool_text(const char *s, size_t n)
{
	enum { BLOCK = 8192 };
	char *text;

	if (pool.room < n + 1) {
		pool.room = ARENA_CHUNK && n < BLOCK ? BLOCK : n + 1;
		pool.text = mem_alloc(pool.room);
	}
	text = memcpy(pool.text, s, n);
	pool.text += n + 1;
	pool.room -= n + 1;
	return text;
}

static uint64_t mix(uint64_t h)
{
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/*
 * Up to seven bytes as one number, those in the middle twice; the last letters, in which names
 * differ most, are its lowest bits, on which all bits of a product depend.
 */
static uint64_t short_word(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t first, last;

	if (n < sizeof(first))
		return n ? (uint64_t)u[0] << 16 | u[n / 2] << 8 | u[n - 1] : 0;
	memcpy(&first, s, sizeof(first));
	memcpy(&last, s + n - sizeof(last), sizeof(last));
	return (uint64_t)__builtin_bswap32(first) << 32 | __builtin_bswap32(last);
}

/* Eight bytes at a time. */
static uint32_t hash_text(const char *s, size_t n)
{
	uint64_t h = n, word;

	for (; n >= sizeof(word); s += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		h = mix(h ^ word);
	}
	return (uint32_t)mix(h ^ short_word(s, n));
}

static struct pooled *pool_slot(const char *s, uint32_t n, uint32_t hash)
{
	size_t i = hash & (pool.cap - 1);
	const struct pooled *p;

	for (; (p = &pool.v[i])->s; i = (i + 1) & (pool.cap - 1))
		if (p->hash == hash && p->n == n && !memcmp(p->s, s, n))
			break;
	return &pool.v[i];
}

static void pool_grow(void)
{
	const struct pooled *old = pool.v;
	size_t cap = pool.cap;

	pool.cap = cap ? cap * 2 : 1024;
	pool.v = mem_alloc(pool.cap * sizeof(*pool.v));
	for (size_t i = 0; i < cap; i++)
		if (old[i].s)
			*pool_slot(old[i].s, old[i].n, old[i].hash) = old[i];
}

const char *intern_n(const char *s, size_t n)
{
	uint32_t hash = hash_text(s, n);
	struct pooled *slot;

	if (pool.n * 2 >= pool.cap)
		pool_grow();
	slot = pool_slot(s, (uint32_t)n, hash);
	if (!slot->s) {
		*slot = (struct pooled){pool_text(s, n), hash, (uint32_t)n};
		pool.n++;
	}
	return slot->s;
}

const char *intern(const char *s)
{
	return intern_n(s, strlen(s));
}

void mem_reset(void)
{
	while (newest) {
		struct chunk *c = newest;

		newest = c->older;
		free(c);
	}
	arena_at = arena_end = NULL;
	memset(&pool, 0, sizeof(pool));
}

struct mem_outer {
	struct chunk *newest;
	char *at, *end;
	__typeof__(pool) pool;
};

struct mem_outer *mem_enter(void)
{
	struct mem_outer *outer = mem_alloc(sizeof(*outer));

	*outer = (struct mem_outer){newest, arena_at, arena_end, pool};
	newest = NULL;
	arena_at = arena_end = NULL;
	memset(&pool, 0, sizeof(pool));
	return outer;
}

void mem_leave(struct mem_outer *outer)
{
	mem_reset();
	newest = outer->newest;
	arena_at = outer->at;
	arena_end = outer->end;
	pool = outer->pool;
}

static struct map_entry *map_slot(const struct map *m, const char *key)
{
	size_t i = (((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15u >> 20) & (m->cap - 1);

	while (m->v[i].key && m->v[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->v[i];
}

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 4;
	m->v = mem_alloc(m->cap * sizeof(*m->v));
	for (size_t i = 0; i < old.cap; i++)
		if (old.v[i].key)
			*map_slot(m, old.v[i].key) = old.v[i];
}

void *map_get(const struct map *m, const char *key)
{
	return m->cap ? map_slot(m, key)->value : NULL;
}

void *map_add(struct map *m, const char *key, void *value)
{
	struct map_entry *e;

	if (m->n * 2 >= m->cap)
		map_grow(m);
	e = map_slot(m, key);
	if (e->key)
		return e->value;
	*e = (struct map_entry){key, value};
	m->n++;
	return NULL;
}

void put_room(struct out *o, size_t more)
{
	size_t need = o->n + more + 1, cap = o->cap + o->cap / 2 + 32;

	if (need <= o->cap)
		return;
	cap = cap < need ? need : cap;
	o->v = mem_grow(o->v, o->cap, cap);
	o->cap = cap;
}

const char *text_of(const struct out *o)
{
	return o->v ? o->v : "";
}

void put_n(struct out *o, const char *s, size_t n)
{
	put_room(o, n);
	if (n)
		memcpy(o->v + o->n, s, n);
	o->n += n;
	o->v[o->n] = 0;
}

const char *put_until(struct out *o, const char *s, const char *stops)
{
	size_t n = strcspn(s, stops);

	put_n(o, s, n);
	return s + n;
}

static void put_number(struct out *o, uint64_t n)
{
	char digits[20], *d = digits + sizeof(digits);

	do
		*--d = (char)('0' + n % 10);
	while (n /= 10);
	put_n(o, d, (size_t)(digits + sizeof(digits) - d));
}

static void put_printf(struct out *o, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	put_room(o, 30);
	n = vsnprintf(o->v + o->n, o->cap - o->n, fmt, ap);
	if ((size_t)n >= o->cap - o->n) {
		put_room(o, (size_t)n);
		vsnprintf(o->v + o->n, o->cap - o->n, fmt, again);
	}
	va_end(again);
	o->n += (size_t)n;
}

static void put_text(struct out *o, const char *s)
{
	put_n(o, s, strlen(s));
}

/** Puts what a conversion stands for; the letters of the conversion, 0 if it is none of these. */
static size_t put_conversion(struct out *o, const char *c, va_list *ap)
{
	if (*c == 's')
		return put_text(o, va_arg(*ap, const char *)), 1;
	if (*c == 'c')
		return put_n(o, (char[]){(char)va_arg(*ap, int)}, 1), 1;
	if (*c == 'u')
		return put_number(o, va_arg(*ap, unsigned int)), 1;
	if (!strncmp(c, "zu", 2))
		return put_number(o, va_arg(*ap, size_t)), 2;
	if (!strncmp(c, "llu", 3))
		return put_number(o, va_arg(*ap, unsigned long long)), 3;
	return 0;
}

/*
 * Nearly all text is made of the conversions above, and printf takes ten times as long for them.
 * From the first other one on the rest is printf's.
 */
void put_v(struct out *o, const char *fmt, va_list ap)
{
	va_list args;
	size_t n;

	va_copy(args, ap);
	for (;; fmt += n + 1) {
		for (n = 0; fmt[n] && fmt[n] != '%';)
			n++;
		put_n(o, fmt, n);
		fmt += n;
		if (!*fmt)
			break;
		n = put_conversion(o, fmt + 1, &args);
		if (!n) {
			put_printf(o, fmt, args);
			break;
		}
	}
	va_end(args);
}

void put(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_v(o, fmt, ap);
	va_end(ap);
}
