/* How diagnostics are shown: a form is a row in diag_form.c, made of functions of diag_*.c. */
#ifndef PVGEN_DIAG_FORM_H
#define PVGEN_DIAG_FORM_H

#include "pvgen.h"

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

/** The form that was asked for. */
const struct diag_form *diag_form(const struct diag_options *options);

/** "error" or "warning". */
const char *diag_kind(const struct diagnostic *d);

void diag_print_text(struct diag_printer *p, const struct diagnostic *d);
void diag_print_short(struct diag_printer *p, const struct diagnostic *d);
void diag_end_text(struct diag_printer *p, size_t hidden);
void diag_begin_json(struct diag_printer *p);
void diag_print_json(struct diag_printer *p, const struct diagnostic *d);
void diag_end_json(struct diag_printer *p, size_t hidden);

#endif
