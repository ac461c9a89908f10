/*
 * ctoken.c, cstream.c, ctype.c, cscan.c: what C and assembly sources define, found by their words
 * alone.
 *
 * This is no parser.  It knows comments, strings, directives and brackets, and expands the macros
 * that a folder defines itself where they stand outside of functions.  What it cannot tell it
 * says: see C_OPAQUE and is_confused.
 */
#ifndef PVGEN_CSCAN_H
#define PVGEN_CSCAN_H

#include "pvgen.h"

/* ---- ctoken.c: text to tokens ------------------------------------------------ */

enum ctoken_kind {
	C_WORD,
	C_NUMBER,
	C_TEXT,	 /* a string or a character */
	C_PUNCT, /* one character, or ... or ## */
	/* of a conditional that may be true or false */
	C_IF,
	C_ELSE,
	C_ENDIF,
};

struct ctoken {
	enum ctoken_kind kind;
	const char *s; /* interned; without line splices */
	uint32_t begin, end;
	bool starts_line; /* nothing but blanks before it */
	bool is_in_column_0;
	bool is_expanded; /* out of a macro: the place is the macro's name */
};

typedef VEC(struct ctoken) ctokens;

struct cmacro {
	const char *name;
	bool is_function, is_variadic;
	VEC(const char *) params;
	ctokens body;
	int balance; /* of its braces */
};

/** A source as tokens, without what `#if 0` and its like exclude. */
struct clexed {
	ctokens tokens;
	struct map macros;
	VEC(const char *) includes; /* as written, between quotes or brackets */
};

void c_lex(const struct source *s, struct clexed *lexed);

/** Tokens of a text that is in no file. */
ctokens c_tokens(const char *text);

bool c_is(const struct ctoken *t, const char *s);

/** The index behind the group that @i opens, or the end. */
size_t c_group_end(const ctokens *t, size_t i);

/* ---- cstream.c: macros ------------------------------------------------------------ */

/** Tokens that are read before those behind them. */
struct cframe {
	ctokens tokens;
	size_t at;
	const struct cmacro *macro; /* that they came out of, or NULL */
};

struct cstream {
	const struct map *own, *shared; /* macros of the source, and of headers (or NULL) */
	VEC(struct cframe) frames;
	size_t expanded; /* tokens so far */
};

struct cstream cstream_open(const struct clexed *lexed, const struct map *shared);

/** The next token; false at the end. */
bool cstream_next(struct cstream *s, bool expands, struct ctoken *t);
void cstream_back(struct cstream *s, struct ctoken t);

/** The macro of this name, or NULL. */
const struct cmacro *cstream_macro(const struct cstream *s, const struct ctoken *t);

/* ---- ctype.c: types ------------------------------------------------------------ */

/** What names of types mean. */
struct ctypes {
	struct map typedefs;  /* ctokens of each declaration, by its name */
	unsigned int word;    /* bytes of a long */
	bool is_64_long_long; /* a number of 64 bits that has a name is one, on all machines */
};

/**
 * One text for all ways to write a type: pointers and functions stand before what they lead to,
 * "*(unsigned long)void".  NULL if a name in it is not known.  @name becomes the declared name's
 * token, or NULL if there is none; of a type that has none for sure it is NULL itself.
 */
const char *c_type(const struct ctypes *types, const ctokens *t, const struct ctoken **name);

/** Words that stand before a declaration and are no part of its type. */
bool c_is_storage(const struct ctoken *t);

/** The index behind attributes, or what looks like some, that start at @i. */
size_t c_skip_attributes(const ctokens *t, size_t i);

/** Is it a word that is a type, or begins one? */
bool c_is_type_word(const struct ctoken *t);

/** Is it a word that C gives no meaning here? */
bool c_is_identifier(const struct ctoken *t);

/* ---- cscan.c: what a source defines ------------------------------------------------ */

enum csymbol_kind {
	C_DEFINITION, /* of a function */
	C_DECLARATION,
	C_OBJECT,
	C_LABEL,  /* in assembly */
	C_OPAQUE, /* an argument of a macro that is not known: it may define it */
};

struct cparam {
	ctokens tokens;
	const char *name; /* or NULL */
	struct loc text;  /* all between the commas around it */
};

struct csymbol {
	const char *name;
	enum csymbol_kind kind;
	struct loc loc;	 /* of the name */
	struct loc head; /* all before the body */
	struct loc
		result;	 /* its type; empty if it does not stand together, or comes from a macro */
	struct loc list; /* between the parentheses of the parameters; empty: out of a macro */
	struct loc body; /* with its braces */
	struct loc storage, narrow; /* the words static and NARROW, or empty */
	ctokens type;		    /* of the result */
	VEC(struct cparam) params;
	const char *macro; /* OPAQUE */
	bool is_static, is_narrow;
	bool is_old_style; /* types of parameters stand behind the list */
	bool is_varying;   /* an #if stands inside of the head */
	bool is_unwritten; /* says UNWRITTEN somewhere */
	bool is_generated; /* ... and nothing else */
};

/** IMPLEMENTS(op, revision), with any prefix. */
struct cstatement {
	const char *macro, *op;
	unsigned long revision;
	struct loc loc;
};

struct cfile {
	const char *path;
	uint32_t file; /* in loc */
	struct clexed lexed;
	VEC(struct csymbol) symbols; /* in source order */
	VEC(struct cstatement) statements;
	VEC(struct ctypedef {
		const char *name;
		ctokens tokens;
	})
	typedefs;
	bool is_confused; /* brackets do not match: nothing is certain */
};

/** Finds what a C or assembly source defines; @shared has macros of headers. */
void c_scan(struct cfile *f, const struct map *shared);

/** The function that a declaration without an end declares. */
struct csymbol c_prototype_of(const char *text);

#endif
