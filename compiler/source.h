/* source.c: files and positions in them. */
#ifndef PVGEN_SOURCE_H
#define PVGEN_SOURCE_H

#include <stdio.h>

#include "util.h"

struct run;

/** A span of source text: byte offsets; line and column are computed when printed. */
struct loc {
	uint32_t file;
	uint32_t begin, end;
};

/** From one place to another of the same text. */
static inline struct loc loc_from_to(struct loc first, struct loc last)
{
	return (struct loc){first.file, first.begin, last.end};
}

struct source {
	uint32_t file;	  /* its index in the run */
	const char *path; /* as named by the user or by an import */
	bool is_stdin;
	char *text; /* the lexer's while it reads; two NULs behind it */
	size_t length;
	bool has_language;	/* `language 1;` */
	uint64_t device, inode; /* two names of one file are one file */
	VEC(uint32_t) lines;	/* offset of each line's first byte */
	const uint32_t *shown;	/* the number of each in the snapshot that holds it; or NULL */
};

struct position {
	const char *path;
	unsigned int line, column; /* from 1; column counts bytes */
};

/* What is longer is no description: /dev/zero, or a generator that does not end. */
enum { SOURCE_MAX = 256 << 20 };

/** A file that was read, or why it could not be. */
struct opened {
	struct source *source; /* NULL: see problem */
	const char *problem;
	bool is_new; /* for the first time, under whatever name */
};

/** The whole of a stream and two NULs; @expected is its size if it is a file.  Else the problem. */
const char *source_read_all(FILE *f, size_t expected, struct out *text);

/** Reads a file once, however often it is named; "-" is standard input. */
struct opened source_open(struct run *run, const char *path, bool may_be_pipe);

/** A text that is going to be the file @path, or that is in that file. */
struct source *source_draft(struct run *run, const char *path, const struct out *text);
struct position source_position(const struct run *run, struct loc loc);

/** The same for outputs, whose paths the user may have mapped to others. */
struct position source_origin(const struct run *run, struct loc loc);

/** Bytes of the text that a string literal stands for, where they are written. */
struct loc source_in_string(const struct run *run, struct loc literal, size_t begin, size_t end);

/** The line that a place is in, without its end. */
const char *source_line(const struct run *run, struct loc loc, size_t *length);

#endif
