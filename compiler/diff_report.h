/* diff_report.c: what the forms of the report have in common; each has a file of its own. */
#ifndef PVGEN_DIFF_REPORT_H
#define PVGEN_DIFF_REPORT_H

#include "diff.h"

/** Where it is in NEW, or was in OLD. */
struct position change_place(const struct diff *d, const struct change *c);

/** Do both fall under the same rule, with the same verdicts? */
bool same_head(const struct change *a, const struct change *b);

/** Behind the last of those of the same head. */
const struct change *end_of_head(const struct diff *d, const struct change *c);

/** The worst for them; nobody is concerned by nothing, so all is fine. */
enum verdict worst_for(const struct diff *d, size_t audience);

/** "source ok, module silent": those who are concerned, with what it is for them. */
void put_concerned(struct out *o, const struct change *c);

/** "4 changes: source note, ...", without an end of the line. */
void put_verdict(struct out *o, const struct diff *d);

/* ---- the forms ---- */

void diff_put_text(const struct diff *d, struct out *o);
void diff_put_json(const struct diff *d, struct out *o);

#endif
