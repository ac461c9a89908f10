/* suggest.c: what a person may have meant by a word that is unknown. */
#ifndef PVGEN_SUGGEST_H
#define PVGEN_SUGGEST_H

#include "util.h"

/** The nearest of the candidates so far. */
struct nearest {
	const char *word;
	size_t length;	   /* of the word */
	const char *found; /* NULL: all are too far away */
	unsigned int distance;
	bool is_unique; /* no other is as near */
};

struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/** Tries the words of a list, which blanks part and a comma ends. */
void nearest_try_list(struct nearest *n, const char *list);

/** "; did you mean 'x'?", or "". */
const char *nearest_text(const struct nearest *n);

#endif
