/* What the lexer and the parser share. */
#ifndef PVGEN_PARSE_H
#define PVGEN_PARSE_H

#include "pvgen.h"

/** A token: its text or value, its place, and the documentation before it. */
struct token {
	struct name name;
	const char *doc;
	int64_t value;
};

/** State of the parse of one file. */
struct parse {
	struct run *run;
	const struct source *source;
	uint32_t file;
	uint32_t offset; /* of the next token */
	struct out doc;	 /* lines of documentation since the last token */
	struct out text; /* of a string literal */
	uint32_t text_begin;
	bool text_is_bad; /* reported */
	VEC(struct import) imports;
	/* what is being defined */
	struct scope *scope;
	struct interface *interface;
	struct group *group;
	struct registration *registration;
	struct abi *abi;
	struct call *call;
	struct backend *backend;
	const struct when *when;
	const struct phase *phase;
};

#endif
