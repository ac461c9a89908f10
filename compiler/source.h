/* source.c: files and positions in them. */
#ifndef PVGEN_SOURCE_H
#define PVGEN_SOURCE_H

#include "util.h"

struct run;

/** A span of source text: byte offsets; line and column are computed when printed. */
struct loc {
	uint32_t file;
	uint32_t begin, end;
};

struct source {
	const char *path; /* as named by the user or by an import */
	const char *text; /* NUL-terminated */
	size_t length;
	uint64_t device, inode; /* two names of one file are one file */
	VEC(uint32_t) lines;	/* offset of each line's first byte */
};

struct position {
	const char *path;
	unsigned int line, column; /* from 1; column counts bytes */
};

/** Reads a file once, however often it is named; NULL and errno on failure. */
struct source *source_open(struct run *run, const char *path, bool *is_new);
struct position source_position(const struct run *run, struct loc loc);

/** A line, counted from 1, without its end. */
const char *source_line(const struct source *s, unsigned int line, size_t *length);

#endif
