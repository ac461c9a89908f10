/* Shows what was reported: in which order, how much, where to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag_form.h"

/* A person is helped by the first faults, not by the ten-thousandth; a machine takes all. */
enum { SHOWN_TO_PEOPLE = 20 };

static void do_nothing(struct diag_printer *p)
{
	(void)p;
}

static const struct diag_form forms[] = {
	{"text", false, do_nothing, diag_print_text, diag_end_text},
	{"short", false, do_nothing, diag_print_short, diag_end_text},
	{"json", true, diag_begin_json, diag_print_json, diag_end_json},
};

const struct diag_form *diag_form(const struct diag_options *options)
{
	return options->form ? options->form : &forms[0];
}

bool diag_set_form(struct diag_options *options, const char *word)
{
	for (size_t i = 0; i < NELEM(forms); i++)
		if (!strcmp(forms[i].name, word)) {
			options->form = &forms[i];
			return true;
		}
	return false;
}

bool diag_owns_stdout(const struct diag_options *options)
{
	return diag_form(options)->is_for_machines && !options->path;
}

const char *diag_kind(const struct diagnostic *d)
{
	return d->severity == ERROR ? "error" : "warning";
}

static int by_place(const void *a, const void *b)
{
	const struct diagnostic *x = a, *y = b;

	if (x->loc.file != y->loc.file)
		return x->loc.file < y->loc.file ? -1 : 1;
	if (x->loc.begin != y->loc.begin)
		return x->loc.begin < y->loc.begin ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/** Is an environment variable set, to more than nothing? */
static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static bool is_forced(void)
{
	return is_set("CLICOLOR_FORCE") && strcmp(getenv("CLICOLOR_FORCE"), "0") != 0;
}

/** Colours are for people who look at a terminal that has them, unless they say otherwise. */
static bool is_colored(const struct diag_options *options)
{
	const char *terminal = getenv("TERM");

	if (diag_form(options)->is_for_machines)
		return false;
	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	if (is_set("NO_COLOR") || is_forced())
		return !is_set("NO_COLOR");
	return !options->path && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static size_t limit_of(const struct diag_options *options)
{
	size_t limit = diag_form(options)->is_for_machines ? 0 : SHOWN_TO_PEOPLE;

	if (options->has_limit)
		limit = options->limit;
	return limit ? limit : SIZE_MAX;
}

static void print_all(struct diag_printer *p, const struct diag_options *options)
{
	const struct diag_form *form = diag_form(options);
	size_t limit = limit_of(options), counts[2] = {0}, hidden = 0;

	form->begin(p);
	vec_each(d, &p->run->diagnostics)
	{
		if (counts[d->severity]++ < limit)
			form->print(p, d);
		else
			hidden++;
	}
	form->end(p, hidden);
}

static bool write_all(struct run *run, struct out *text)
{
	const struct diag_options *options = &run->diag;
	outputs files = {0};

	if (!options->path && !diag_owns_stdout(options)) {
		fwrite(text_of(text), 1, text->n, stderr);
		return true;
	}
	*vec_push(&files) =
		(struct output){.path = options->path ? options->path : "-", .text = *text};
	return places_are_free(run, &files) && write_files(run, &files);
}

bool diag_flush(struct run *run)
{
	struct diag_printer p = {.run = run, .is_colored = is_colored(&run->diag)};

	if (run->diagnostics.n)
		qsort(run->diagnostics.v, run->diagnostics.n, sizeof(*run->diagnostics.v),
		      by_place);
	print_all(&p, &run->diag);
	return write_all(run, &p.text);
}
