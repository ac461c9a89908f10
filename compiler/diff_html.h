/* diff_html.c, diff_ops.c, diff_lines.c: parts of the page of a diff. */
#ifndef PVGEN_DIFF_HTML_H
#define PVGEN_DIFF_HTML_H

#include "diff_report.h"

/* More rows than these are folded away. */
enum { MANY = 50 };

/** An op of either side, and what its changes are for whom. */
struct op_row {
	const char *element;
	enum verdict worst[AUDIENCES]; /* without what is waived */
	unsigned int waived;	       /* audiences for whom something is */
	const struct change *first;    /* NULL: nothing changed */
	unsigned int number;	       /* in the table of those that changed */
};

struct op_rows {
	VEC(struct op_row *) rows; /* in the order of NEW, then what only OLD has */
	struct map by_element;
	unsigned int changed;
};

struct op_rows find_op_rows(const struct diff *d);

/** "INTERFACE.PATH", interned. */
const char *op_element(const struct interface *i, const struct op *op);

/** The table of ops that changed. */
void put_op_rows(const struct diff *d, const struct op_rows *ops, struct out *o);

/** Attributes by which the page's filter finds it: an audience and what it is for it. */
void put_filter(struct out *o, const enum verdict *verdicts);

/** Slots of both sides beside each other, with lines between. */
void put_slot_lines(const struct diff *d, const struct op_rows *ops, struct out *o);

#endif
