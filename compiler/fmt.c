/* pvgen fmt: each file is formatted by itself; what it imports is not looked for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt.h"
#include "git.h"
#include "options.h"
#include "parse.h"
#include "path.h"

/* ---- files ---- */

static bool is_description(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".pvi");
}

static paths find_files(struct run *run)
{
	paths paths = {0};
	struct stat st;

	vec_each(path, &run->inputs)
	{
		if (git_has(run, *path) && git_is_directory(run, *path))
			git_add_directory(run, *path, &paths);
		else if (!git_has(run, *path) && !stat(*path, &st) && S_ISDIR(st.st_mode))
			path_add_below(run, *path, is_description, &paths);
		else
			*vec_push(&paths) = *path;
	}
	return paths;
}

/* ---- one text ---- */

/** A comment without the blanks around its line ends. */
static struct out folded(const struct item *it)
{
	struct out o = {0};

	for (uint32_t i = 0; i < it->n; i++) {
		char c = it->text[i];

		if (c == '\n')
			while (o.n && fmt_is_blank(o.v[o.n - 1]))
				o.n--;
		if (!fmt_is_blank(c) || !o.n || o.v[o.n - 1] != '\n')
			put_n(&o, &c, 1);
	}
	return o;
}

static bool is_same_item(const struct item *a, const struct item *b)
{
	struct out x, y;

	if (a->kind != b->kind)
		return false;
	if (!a->inner && !b->inner)
		return a->n == b->n && !memcmp(a->text, b->text, a->n);
	x = folded(a);
	y = folded(b);
	return x.n == y.n && !memcmp(x.v, y.v, x.n);
}

/** A run that looks at one text; what it reports is its own. */
static struct run probe_of(const struct run *run)
{
	struct run probe = *run;

	probe.scope.prefix = probe.scope.upper_prefix = "";
	probe.diagnostics.v = NULL;
	probe.diagnostics.n = probe.diagnostics.cap = 0;
	return probe;
}

static bool is_same(struct run *run, const char *path, const struct sheet *sheet,
		    const struct out *text)
{
	/* A list that the probe added to would not be where the run has it. */
	const struct source *draft = source_draft(run, path, text);
	struct run probe = probe_of(run);
	struct sheet again = fmt_scan(&probe, draft);

	if (again.items.n != sheet->items.n)
		return false;
	for (uint32_t i = 0; i < again.items.n; i++)
		if (!is_same_item(&again.items.v[i], &sheet->items.v[i]))
			return false;
	return true;
}

/** Is it about the form of a text?  What its names mean is not looked at. */
static bool is_about_form(enum diag_id id)
{
	static const enum diag_id ids[] = {
		D_syntax,	D_bad_character, D_bad_number,	     D_open_string,
		D_open_comment, D_bad_escape,	 D_language_version,
	};

	for (size_t i = 0; i < NELEM(ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static bool parses(struct run *run, struct source *s)
{
	struct run probe = probe_of(run);
	uint32_t before = run->diagnostics.n;

	parse_alone(&probe, s);
	vec_each(d, &probe.diagnostics)
	{
		if (is_about_form(d->id))
			*vec_push(&run->diagnostics) = *d;
	}
	return run->diagnostics.n == before;
}

static struct sheet format(const struct run *run, const struct source *s, struct out *text)
{
	struct run probe = probe_of(run);
	struct sheet sheet = fmt_scan(&probe, s);

	fmt_lines(&sheet);
	fmt_columns(&sheet);
	fmt_place(&sheet);
	fmt_print(&sheet, text);
	return sheet;
}

struct out fmt_plain(const struct run *run, const struct source *s)
{
	struct run probe = probe_of(run);
	struct sheet sheet = fmt_scan_plain(&probe, s);
	struct out text = {0};

	fmt_lines(&sheet);
	fmt_place(&sheet);
	fmt_print(&sheet, &text);
	return text;
}

void fmt_text(struct run *run, const char *path, const struct out *text, struct out *result)
{
	struct run probe = probe_of(run);

	format(run, source_draft(&probe, path, text), result);
}

/* ---- the command ---- */

/** Adds what becomes of the file to the outputs. */
static int format_file(struct run *run, const char *path)
{
	struct opened o = source_open(run, path, true);
	struct output result = {.path = run->is_in_place || run->is_check_only ? path : "-"};
	struct sheet sheet;

	if (!o.source) {
		run_failed(run, "cannot read '%s': %s", path, o.problem);
		return STATUS_ENVIRONMENT;
	}
	if (!o.is_new)
		return STATUS_FINE;
	if (!parses(run, o.source))
		return STATUS_INPUT;
	sheet = format(run, o.source, &result.text);
	if (!is_same(run, path, &sheet, &result.text)) {
		run_failed(run, "the format of '%s' would change what it says; please report this",
			   path);
		return STATUS_INTERNAL;
	}
	if (strcmp(result.path, "-") && result.text.n == o.source->length &&
	    !memcmp(text_of(&result.text), o.source->text, result.text.n))
		return STATUS_FINE;
	*vec_push(&run->outputs) = result;
	return STATUS_FINE;
}

/** A file that its owner has protected is not replaced. */
static bool rewrite(struct run *run)
{
	vec_each(out, &run->outputs)
	{
		if (access(out->path, W_OK))
			return run_failed(run, "cannot write '%s': %s", out->path, strerror(errno));
	}
	return write_files(run, &run->outputs);
}

static int finish(struct run *run)
{
	if (run->is_in_place)
		return rewrite(run) ? STATUS_FINE : STATUS_ENVIRONMENT;
	if (!run->is_check_only)
		return write_files(run, &run->outputs) ? STATUS_FINE : STATUS_ENVIRONMENT;
	if (!print_outputs(run))
		return STATUS_ENVIRONMENT;
	return run->outputs.n ? STATUS_INPUT : STATUS_FINE;
}

static int worse(int a, int b)
{
	return a > b ? a : b;
}

bool find_descriptions(struct run *run)
{
	paths paths = find_files(run);

	run->inputs.v = paths.v;
	run->inputs.n = paths.n;
	run->inputs.cap = paths.cap;
	return !run->environment_failed;
}

int command_fmt(struct run *run)
{
	int status = STATUS_FINE;
	paths paths;

	if (run->is_in_place && run->is_check_only)
		return usage_error("-w does not go with", "--check");
	paths = find_files(run);
	if (run->environment_failed)
		return STATUS_ENVIRONMENT;
	vec_each(path, &paths)
	{
		if (run->is_in_place && !strcmp(*path, "-"))
			return usage_error("-w cannot replace standard input", "-");
		status = worse(status, format_file(run, *path));
	}
	/* What could not be decided is not done for the other files either. */
	if (status == STATUS_INTERNAL)
		return status;
	return worse(status, finish(run));
}
