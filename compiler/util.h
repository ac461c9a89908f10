/*
 * Memory, strings, vectors, maps and growing text.
 *
 * Policy: everything is allocated from one arena and nothing is freed before
 * exit; a run of the compiler is short and its memory grows with its input.
 * Only a process of many runs, as fuzzers are, gives all of it back after each, and who looks at a
 * thousand files, one after the other, what each took.
 * Memory is zeroed, so a new field needs no constructor.  Out of memory ends
 * the run with status 2.
 */
#ifndef PVGEN_UTIL_H
#define PVGEN_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NELEM(a)	   (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/** Zeroed memory that lives until exit. */
void *mem_alloc(size_t size);

/** Memory of @new_size that starts like @old, which had @old_size and is no longer there. */
void *mem_grow(void *old, size_t old_size, size_t new_size);

/** A copy of the text, with a NUL behind it. */
char *mem_text(const char *s, size_t n);

/** Formatted text that lives until exit. */
char *mem_printf(const char *fmt, ...) PRINTF(1, 2);

/** "1 byte", "2 bytes": the noun is one that an s makes plural. */
const char *counted(uint64_t n, const char *noun);

/** The one copy of a string: equal interned strings have equal addresses. */
const char *intern(const char *s);
const char *intern_n(const char *s, size_t n);

/** Forgets the run: frees all memory, and with it all interned strings. */
void mem_reset(void);

/**
 * Work on something large that leaves nothing behind: up to mem_leave() memory is taken, and
 * strings are interned, apart from all before.  Nothing older may grow meanwhile, nothing newer be
 * kept.
 */
struct mem_outer *mem_enter(void);
void mem_leave(struct mem_outer *outer);

/* A vector is any struct { T *v; uint32_t n, cap; }: no input has more things than 256 MiB have
 * bytes. */
#define VEC(T)                                                                                     \
	struct {                                                                                   \
		T *v;                                                                              \
		uint32_t n, cap;                                                                   \
	}

/* Most vectors hold one thing. */
#define vec_push(vec)                                                                              \
	((vec)->n == (vec)->cap                                                                    \
		 ? (void)((vec)->cap = (vec)->cap ? (vec)->cap * 2 : 1,                            \
			  (vec)->v = mem_grow((vec)->v, (vec)->n * sizeof(*(vec)->v),              \
					      (vec)->cap * sizeof(*(vec)->v)))                     \
		 : (void)0,                                                                        \
	 &(vec)->v[(vec)->n++])

#define vec_each(item, vec)                                                                        \
	for (__typeof__((vec)->v + 0) item = (vec)->v; item < (vec)->v + (vec)->n; item++)

/** Map from an interned string to a pointer. */
struct map {
	struct map_entry {
		const char *key;
		void *value;
	} * v;
	size_t n, cap;
};

void *map_get(const struct map *m, const char *key);

/** Adds @value; returns NULL, or the value that is already there (and stays). */
void *map_add(struct map *m, const char *key, void *value);

/** Growing text, always followed by a NUL once something was put. */
struct out {
	char *v;
	size_t n, cap;
};

/** The text so far; "" if there is none. */
const char *text_of(const struct out *o);

void put(struct out *o, const char *fmt, ...) PRINTF(2, 3);
void put_v(struct out *o, const char *fmt, va_list ap);
void put_n(struct out *o, const char *s, size_t n);

/** Puts the text up to the first of the characters @stops, and returns where that is. */
const char *put_until(struct out *o, const char *s, const char *stops);

/** Room for so many bytes, so that putting them moves nothing. */
void put_room(struct out *o, size_t more);

#endif
