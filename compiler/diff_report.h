/* diff_report.c: what the forms of the report have in common; each has a file of its own. */
#ifndef PVGEN_DIFF_REPORT_H
#define PVGEN_DIFF_REPORT_H

#include "diff.h"
#include "waiver.h"

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

/** The next waiver of the change that it has for an audience from @*i on, and sets @*i behind it;
 * each is returned once.  NULL: none. */
const struct waiver *next_waiver(const struct change *c, size_t *i);

/** Audiences for whom it accepts the change. */
unsigned int waived_for(const struct change *c, const struct waiver *w);

/** "waived for module until 2030-01-31 (FILE:LINE): REASON" */
const char *waived_text(const struct diff *d, const struct change *c, const struct waiver *w);

/** "4 changes, 1 waived: source note, ...", without an end of the line. */
void put_verdict(struct out *o, const struct diff *d);

/** Members of an object; a list. */
void put_json_verdicts(struct out *o, const enum verdict *verdicts);
void put_json_audiences(struct out *o, unsigned int audiences);

/** Is there a waiver for all whom it breaks? */
bool is_waived(const struct change *c);

/* ---- diff_users.c: who uses what changed, if that was asked ---- */

/** Was it asked who uses what? */
bool has_users(const struct diff *d);

/** Who calls what the change is about, "vmlinuz (4 call sites), kvm (2 call sites)"; or NULL. */
const char *change_users(const struct diff *d, const struct change *c);

/** Adds lines: who uses the ops. */
void tell_users(const struct diff *d, names *notes);

/** What belongs to the verdict, a line each: who uses the ops, slots that moved, what was not
 * compared. */
names diff_notes(const struct diff *d);

/** Members of the report, and of a change: each begins with a comma. */
void put_json_users(struct out *o, const struct diff *d);
void put_json_change_users(struct out *o, const struct diff *d, const struct change *c);

/* ---- the forms ---- */

void diff_put_text(const struct diff *d, struct out *o);
void diff_put_json(const struct diff *d, struct out *o);
void diff_put_sarif(const struct diff *d, struct out *o);
void diff_put_junit(const struct diff *d, struct out *o);
void diff_put_md(const struct diff *d, struct out *o);
void diff_put_html(const struct diff *d, struct out *o);
void diff_put_github(const struct diff *d, struct out *o);

#endif
