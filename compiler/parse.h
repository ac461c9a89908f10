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

/** A token's place. */
struct lexeme {
	int kind;
	uint32_t begin, end;
};

typedef VEC(struct lexeme) tokens;

/** What the text is made of; what is wrong with it is reported. */
tokens tokens_of(struct run *run, const struct source *s);

typedef VEC(struct import) imports;

/** Adds what the text defines to the model; what it imports is only named. */
imports parse_alone(struct run *run, struct source *s);

/** State of the parse of one file. */
struct parse {
	struct run *run;
	const struct source *source;
	uint32_t file;
	uint32_t offset;  /* of the next token */
	uint32_t bad_end; /* of what was reported last and is no token, or no whole one */
	struct out doc;	  /* lines of documentation since the last token */
	struct out text;  /* of a string literal */
	uint32_t text_begin;
	bool text_is_bad; /* reported */
	imports imports;
	/* what is being defined */
	struct scope *scope;
	struct interface *interface;
	struct group *group;
	struct op *op; /* the next */
	unsigned int op_room;
	struct registration *registration;
	struct abi *abi;
	struct call *call;
	struct backend *backend;
	const struct when *when;
	const struct phase *phase;
	/* after a syntax error */
	struct recovery {
		bool is_on;	      /* up to the end of the statement */
		unsigned int depth;   /* the parser has read a '{' already */
		bool lacks_semicolon; /* next comes a ';' */
		bool has_kept;	      /* then the token that was read too early */
		struct kept {
			int kind;
			struct token token;
			struct loc loc;
		} kept, last;
		uint32_t end_before; /* of the token before the last */
	} recovery;
};

union YYSTYPE;

/** The lexer, and what the parser gets of it: see recover.c. */
int lex(union YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner);
int yylex(union YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner);

/** Called at a syntax error: the last token does not fit, perhaps only because of a ';'. */
void recover(struct parse *p, bool lacks_semicolon);

#endif
