/* text.c: a user's text, fit for terminals and for JSON. */
#ifndef PVGEN_TEXT_H
#define PVGEN_TEXT_H

#include "util.h"

/**
 * Puts the first character of a text, which is not empty, as it can be shown: what could move the
 * cursor, reorder the line or is no UTF-8 becomes <1b> or <U+202E>.  Returns its bytes in the
 * text; @columns, which may be NULL, is what it takes on a terminal.
 */
size_t put_character(struct out *o, const char *s, size_t n, unsigned int *columns);
void put_visible(struct out *o, const char *s);

/** Puts a JSON string with its quotes; what is no UTF-8 becomes U+FFFD.  NULL is "". */
void put_json(struct out *o, const char *s);

/* A byte that is no UTF-8 as a lone surrogate, so that all of a text comes back. */
enum { TEXT_BYTE = 0xdc00 };

/** The same, lossless: what is no UTF-8 becomes TEXT_BYTE + its byte. */
void put_json_bytes(struct out *o, const char *s, size_t n);

/** Puts a character by its code. */
void put_utf8(struct out *o, uint32_t code);

/** The text with ends of lines like those of another text. */
const char *lines_like(const char *other, size_t n, const char *text);

#endif
