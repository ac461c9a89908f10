/* diag.c: what is said about the input, and where. */
#ifndef PVGEN_DIAG_H
#define PVGEN_DIAG_H

#include "source.h"

enum severity { ERROR, WARNING, SILENT /* a warning for who asks for it */ };

enum diag_id {
#define DIAG(code, id, name, severity, text) D_##id,
#include "diag.def"
#include "finding.def"
#include "sync.def"
#include "usage.def"
#include "waiver.def"
#undef DIAG
	D_COUNT
};

struct diagnostic {
	enum diag_id id;
	enum severity severity; /* ERROR or WARNING */
	size_t order;		/* in which they were reported */
	struct loc loc;
	const char *text;
	VEC(struct diag_remark {
		struct loc loc;
		const char *text;
	})
	notes, fixes;
};

/** Reports one fault; each % of its text is replaced by the next string. */
#define diag(run, id, loc, ...)                                                                    \
	diag_report(run, D_##id, loc, (const char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

void diag_report(struct run *run, enum diag_id id, struct loc loc, const char *const *args);

/** Adds a remark with a place of its own to the fault reported last. */
void diag_note(struct run *run, struct loc loc, const char *fmt, ...) PRINTF(3, 4);

/** Adds what could stand there instead to the fault reported last; each such edit stands alone. */
void diag_fix(struct run *run, struct loc loc, const char *text);

/** Says at once what is wrong with a file or a command line, not with a text; always false. */
bool run_failed(struct run *run, const char *fmt, ...) PRINTF(2, 3);

/** Shows all that was reported, in source order; false if that could not be written. */
bool diag_flush(struct run *run);

/* ---- the table ---- */

const char *diag_name(enum diag_id id);
const char *diag_code(enum diag_id id);

/** What it is if nothing else is asked for; what is an ERROR here stays one. */
enum severity diag_default(enum diag_id id);

/** By its name or its code; D_COUNT if there is none. */
enum diag_id diag_find(const char *word);

/* ---- diag_options.c: what the command line says about them ---- */

struct diag_options {
	const struct diag_form *form;
	const char *path; /* of a file that takes what is shown, or NULL */
	enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
	bool has_limit;
	unsigned long limit; /* of each severity; 0: all are shown */
	bool has_parseable_fixes;
	bool all_are_wanted, all_are_errors;
	struct diag_choice {
		enum { UNSAID, SAID, DENIED } is_wanted, is_error;
	} choices[D_COUNT];
};

/** These are false if there is no such word, or number. */
bool diag_set_form(struct diag_options *options, const char *word);
bool diag_set_color(struct diag_options *options, const char *word);
bool diag_set_limit(struct diag_options *options, const char *number);

/** What follows -W; NULL, or what is wrong with it. */
const char *diag_set_warning(struct diag_options *options, const char *text);

/** What a diagnostic is in this run; SILENT ones are not shown, and costly checks ask first. */
enum severity diag_severity(const struct diag_options *options, enum diag_id id);

/** Will standard output be the document of the diagnostics? */
bool diag_owns_stdout(const struct diag_options *options);

#endif
