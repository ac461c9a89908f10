/* signature.c: a function as it is written against the prototype that is asked for. */
#ifndef PVGEN_SIGNATURE_H
#define PVGEN_SIGNATURE_H

#include "survey.h"

/** What is different, as the end of a sentence; NULL: nothing that a compiler would mind. */
const char *signature_difference(const struct survey *s, const struct written *w,
				 const struct csymbol *symbol);

/** Adds the edit that makes it the same, if there is one, to the fault reported last. */
void signature_fix(const struct survey *s, const struct backend *b, const struct written *w,
		   const struct csymbol *symbol);

#endif
