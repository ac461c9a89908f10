/*
 * attributes.c: what the statements inside ops, abis and backends mean; one
 * table for each place.  A new attribute is a row in interface.c, op.c, abi.c or backend.c,
 * a function that applies it, and a field in pvgen.h.
 */
#ifndef PVGEN_ATTRIBUTES_H
#define PVGEN_ATTRIBUTES_H

#include "pvgen.h"

/** A statement and what it is about. */
struct attributed {
	struct run *run;
	void *module; /* interface or abi around the thing */
	void *thing;
	const struct stmt *s;
};

/**
 * Operands by letter: w word, d dotted path, i integer, c integer or constant, s string, v version,
 * a any, b bits (HIGH:LOW or one), r register or pair (HIGH:LOW); + repeats, ? may be left out.
 */
struct attribute_row {
	const char *name;
	const char *shape;
	const char *usage;
	void (*apply)(const struct attributed *a);
	enum {
		ONCE = 0,
		REPEAT = 1,
		BLOCK = 2,
		WHEN = 4
	} flags; /* WHEN: also under conditions and in phases */
};

/** Where statements stand, and the rows that it knows. */
struct table {
	const char *place;
	const struct attribute_row *rows;
	size_t n;
	/* Reports a word that is none of the rows' if it knows better what was meant; or NULL. */
	bool (*report)(const struct attributed *a);
};

/** Applies the statements that are attributes, not bindings. */
void apply_all(struct run *run, const struct table *t, void *module, void *thing,
	       const stmts *stmts);

/** Are the operands those that the shape's letters say? */
bool shape_fits(const char *shape, const operands *operands);

/** The first operand that does not fit, by its number; where one lacks, how many there are. */
size_t shape_misfit(const char *shape, const operands *operands);

/** An operand by its number; where it lacks, what it lacks behind: @before, if it is the first. */
struct loc operand_loc(const operands *operands, size_t i, struct loc before);

/** Reports an operand of a statement that is not as @usage says. */
void report_operand(const struct attributed *a, size_t i, const char *usage);

/** The same for an attribute behind a name. */
void report_attribute(struct run *run, const struct attribute *a, const char *shape,
		      const char *usage);

/** The first statement of a name, which is there. */
const struct stmt *said(const stmts *stmts, const char *statement);

/** Where it has the word, or if that is NULL stands itself. */
struct loc said_at(const stmts *stmts, const char *statement, const char *word);

/** The operand at a place where the row's shape has a word. */
struct name word_at(const struct stmt *s, size_t i);

/** The ops that the operands name. */
void ops_from(const struct attributed *a, ops *ops);
void words_from(const struct stmt *s, names *words);
bool is_word(struct name name, const char *word);
bool operand_is(const struct operand *o, const char *word);

/** The first operand, a number; what is out of range is reported and becomes @low. */
unsigned int bounded(struct run *run, const struct stmt *s, int64_t low, int64_t high);

/** The same for any number that is called @what. */
int64_t in_range(struct run *run, const char *what, const struct operand *o, int64_t low,
		 int64_t high);

bool check_arch(struct run *run, struct name name);

/** Of the architecture at hand, by their whole names. */
void check_registers(struct run *run, const names *registers);

/** Is it a register of the architecture, or a part of one? */
bool check_register(struct run *run, const struct arch *arch, struct name name);

/** The architecture at operand @arch and the instructions from operand @first on, as a template. */
struct template *template_from(struct run *run, const struct stmt *s, size_t arch, size_t first);

/** Words with blanks between them. */
const char *list_text(const char *const *list);

#endif
