/*
 * fmt*.c: the form of a description.
 *
 *   text -> items -> lines -> rows in columns -> text -> items, which must be the same
 *
 * The formatter knows tokens, braces and parentheses, and of the grammar nothing else, so that a
 * new statement needs nothing here.  Its rules:
 *
 *   - A statement starts a line, four spaces deeper for each brace around it.  The body of an
 *     interface or abi may stay at the margin, if the author has it there.
 *   - A body that the author wrote on one line stays on it, if the line is no longer than 100
 *     columns.
 *   - The author's line ends inside a statement stay.  A continued line stands behind the
 *     innermost open bracket; a string under the statement's first string; a word of a list of
 *     words under the statement's second word; else a line is indented by eight.
 *   - At most one empty line stays where it separates something.
 *   - Columns stay.  Where words of two neighbouring statements stand in one column, behind more
 *     than one space, all such words of the statements around them go there, up to the next
 *     empty line; a statement elsewhere that has such a word in the same column keeps it there.
 *     A neighbour may be a comment, as when a statement was taken out.  A statement too long for
 *     the column overflows; who wants it wider widens any one line.
 *   - Comments behind the statements of neighbouring lines that stand in one column stay in one;
 *     else a comment keeps its distance.
 *   - Line ends are the file's own: LF, or CRLF if the first one is.
 *
 * Formatting its own result changes nothing.
 */
#ifndef PVGEN_FMT_H
#define PVGEN_FMT_H

#include "pvgen.h"

/* Kinds of items that are no tokens. */
enum { LINE_COMMENT = -1, BLOCK_COMMENT = -2 };

enum { FMT_WIDTH = 100, FMT_INDENT = 4, FMT_CONTINUED = 8, FMT_TAB = 8 };

/** A token or a comment; columns count characters, from 0. */
struct item {
	/* as it stands in the source */
	int kind; /* the parser's number of the token, or one of the above */
	const char *text;
	uint32_t n;
	uint32_t width;	 /* columns; of a comment of several lines, those of its last */
	uint32_t breaks; /* line ends before it */
	uint32_t inner;	 /* line ends in it */
	uint32_t column;
	uint32_t gap;	  /* columns between it and what stands before it in the line */
	uint32_t partner; /* of a brace: the other one */
	/* as it will stand */
	bool starts_line;
	bool follows_empty_line;
	bool is_first;	   /* of a statement */
	bool is_continued; /* starts a line inside of a statement */
	bool is_open;	   /* a brace whose body has lines of its own */
	uint32_t spaces;   /* before it, if it starts no line */
	uint32_t indent;   /* of the statement that it belongs to */
	uint32_t at;	   /* where it begins */
};

typedef VEC(struct item) items;

struct sheet {
	items items;
	bool has_mark; /* the byte order mark that some editors write */
	bool has_crlf;
};

static inline bool is_comment(const struct item *it)
{
	return it->kind < 0;
}

static inline bool fmt_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

/** A name or a number. */
bool fmt_is_word(const struct item *it);

/** The first item of the next line, or the end of the items. */
struct item *fmt_next_line(const struct sheet *sheet, struct item *it);

/** Where the comments behind a line begin, if there are any. */
struct item *fmt_end_of_tokens(struct item *line, struct item *end);

/** fmt_scan.c: the items of a text without syntax errors. */
struct sheet fmt_scan(struct run *run, const struct source *s);

/** The same without comments and empty lines. */
struct sheet fmt_scan_plain(struct run *run, const struct source *s);

/** fmt_lines.c: where lines begin, and the spaces between items of one line. */
void fmt_lines(struct sheet *sheet);

/** fmt_columns.c: wider spaces, so that words of neighbouring statements stand in columns. */
void fmt_columns(struct sheet *sheet);

/** fmt_place.c: where each item begins. */
void fmt_place(struct sheet *sheet);

/** fmt.c: the text of a source without comments, empty lines and columns. */
struct out fmt_plain(const struct run *run, const struct source *s);

/** fmt_print.c: the text. */
void fmt_print(const struct sheet *sheet, struct out *o);

#endif
