/* diag.c: what is said about the input, where, and in which form. */
#ifndef PVGEN_DIAG_H
#define PVGEN_DIAG_H

#include "source.h"

enum severity { ERROR, WARNING };

enum diag_id {
#define DIAG(code, id, name, severity, text) D_##id,
#include "diag.def"
#include "finding.def"
#undef DIAG
	D_COUNT
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

/* ---- what is shown ---- */

struct diagnostic {
	enum diag_id id;
	size_t order; /* in which they were reported */
	struct loc loc;
	const char *text;
	VEC(struct diag_remark {
		struct loc loc;
		const char *text;
	})
	notes, fixes;
};

/* ---- how it is shown: a form is a row, made of functions in diag_text.c or diag_json.c ---- */

struct diag_printer {
	const struct run *run;
	struct out text;
	bool is_colored;
	size_t shown;
};

struct diag_form {
	const char *name;
	bool is_for_machines; /* so it goes to standard output, complete and without colours */
	void (*begin)(struct diag_printer *p);
	void (*print)(struct diag_printer *p, const struct diagnostic *d);
	void (*end)(struct diag_printer *p, size_t hidden);
};

const char *diag_name(enum diag_id id);
const char *diag_code(enum diag_id id);

/** "error" or "warning". */
const char *diag_severity(enum diag_id id);

void diag_print_text(struct diag_printer *p, const struct diagnostic *d);
void diag_print_short(struct diag_printer *p, const struct diagnostic *d);
void diag_end_text(struct diag_printer *p, size_t hidden);
void diag_begin_json(struct diag_printer *p);
void diag_print_json(struct diag_printer *p, const struct diagnostic *d);
void diag_end_json(struct diag_printer *p, size_t hidden);

/* ---- options of the command line: false if there is no such word ---- */

enum diag_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct diag_options {
	const struct diag_form *form;
	const char *path; /* of a file that takes what is shown, or NULL */
	enum diag_color color;
	bool has_limit;
	unsigned long limit; /* of each severity; 0: all are shown */
	bool has_parseable_fixes;
};

bool diag_set_form(struct diag_options *options, const char *word);
bool diag_set_color(struct diag_options *options, const char *word);
bool diag_set_limit(struct diag_options *options, const char *number);

/** Will standard output be the document of the diagnostics? */
bool diag_owns_stdout(const struct diag_options *options);

#endif
