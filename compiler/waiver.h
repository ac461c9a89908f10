/* waiver.c: changes that someone has accepted, in a file. */
#ifndef PVGEN_WAIVER_H
#define PVGEN_WAIVER_H

#include "diff.h"

/** A line of the file. */
struct waiver {
	struct loc loc; /* without the reason */
	enum rule_id rule;
	const char *element;	 /* as waiver_element() has it */
	const char *fingerprint; /* NULL: none was said */
	unsigned int audiences;	 /* a bit for each; all, if none was said */
	const char *until;	 /* the last day, YYYY-MM-DD; or NULL */
	const char *reason;	 /* "": none was said */
	bool is_broad;		 /* has a * in place of a name */
};

/** Pass: reads the files of --waivers. */
bool read_waivers(struct run *run, waivers *waivers);

/** An element as a waiver names it: without what cannot be shown, or would end the name. */
const char *waiver_element(const char *element);

/** The line that accepts the change for these audiences, without a reason. */
const char *waiver_line(const struct change *c, unsigned int audiences);

/** Today, YYYY-MM-DD, or what SOURCE_DATE_EPOCH says; NULL after a report. */
const char *waiver_today(struct run *run);

#endif
