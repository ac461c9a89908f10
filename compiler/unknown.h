/*
 * unknown.c: what nobody knows of an interface, because it was recovered from a built object.  A
 * row of unknown.def for each thing that may be unknown.
 */
#ifndef PVGEN_UNKNOWN_H
#define PVGEN_UNKNOWN_H

#include "pvgen.h"

enum aspect {
#define ASPECT(id, word, text, statements, place) A_##id,
#include "unknown.def"
#undef ASPECT
	A_COUNT,
	A_NONE = A_COUNT
};

static inline unsigned int aspect_bit(enum aspect a)
{
	return 1u << a;
}

/** The word that says it, and what it is. */
const char *aspect_word(enum aspect a);
const char *aspect_text(enum aspect a);

/** Is it about each op, and not about the interface as a whole? */
bool aspect_is_of_ops(enum aspect a);

/** Takes the words of `unknown WORD...;` of an interface, or of an op. */
void resolve_unknown(struct run *run, const struct stmt *s, bool is_of_op, unsigned int *set);

/** Reports what an op says though nobody knows it. */
void check_unknown(struct run *run, const struct interface *i, const struct op *op);

/** What a built object never tells, as words. */
const char *unknown_of_images(void);

#endif
