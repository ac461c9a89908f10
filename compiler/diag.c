#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pvgen.h"
#include "text.h"

/* A person is helped by the first faults, not by the ten-thousandth; a machine takes all. */
enum { SHOWN_TO_PEOPLE = 20 };

static const struct {
	const char *code, *name;
	enum severity severity;
	const char *text;
} table[] = {
#define DIAG(code, id, name, severity, text) {#code, name, severity, text},
#include "diag.def"
#include "finding.def"
#undef DIAG
};

const char *diag_name(enum diag_id id)
{
	return table[id].name;
}

const char *diag_code(enum diag_id id)
{
	return table[id].code;
}

const char *diag_severity(enum diag_id id)
{
	static const char *const kinds[] = {[ERROR] = "error", [WARNING] = "warning"};

	return kinds[table[id].severity];
}

/* ---- reports ---- */

/** What the input names may be a megabyte long; its beginning says which. */
static void put_shortened(struct out *o, const char *s)
{
	enum { LONGEST = 400 };
	size_t n = strlen(s) > LONGEST ? LONGEST : strlen(s);

	while (s[n] && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	put_visible(o, mem_printf("%.*s", (int)n, s));
	put(o, "%s", s[n] ? "..." : "");
}

static const char *fill(const char *text, const char *const *args)
{
	struct out o = {0};

	for (; *text; text++) {
		if (*text != '%')
			put_n(&o, text, 1);
		else if (*args)
			put_shortened(&o, *args++);
	}
	return text_of(&o);
}

void diag_report(struct run *run, enum diag_id id, struct loc loc, const char *const *args)
{
	struct diagnostic *d = vec_push(&run->diagnostics);

	*d = (struct diagnostic){.id = id,
				 .order = run->diagnostics.n,
				 .loc = loc,
				 .text = fill(table[id].text, args)};
	run->errors += table[id].severity == ERROR;
}

static struct diagnostic *last(struct run *run)
{
	return &run->diagnostics.v[run->diagnostics.n - 1];
}

void diag_note(struct run *run, struct loc loc, const char *fmt, ...)
{
	struct out text = {0}, shown = {0};
	va_list ap;

	va_start(ap, fmt);
	put_v(&text, fmt, ap);
	va_end(ap);
	put_shortened(&shown, text_of(&text));
	*vec_push(&last(run)->notes) = (struct diag_remark){loc, text_of(&shown)};
}

void diag_fix(struct run *run, struct loc loc, const char *text)
{
	*vec_push(&last(run)->fixes) = (struct diag_remark){loc, text};
}

bool run_failed(struct run *run, const char *fmt, ...)
{
	struct out text = {0};
	va_list ap;

	va_start(ap, fmt);
	put_v(&text, fmt, ap);
	va_end(ap);
	fprintf(stderr, "pvgen: %s\n", text_of(&text));
	run->environment_failed = true;
	run->errors++;
	return false;
}

/* ---- options ---- */

static void do_nothing(struct diag_printer *p)
{
	(void)p;
}

static const struct diag_form forms[] = {
	{"text", false, do_nothing, diag_print_text, diag_end_text},
	{"short", false, do_nothing, diag_print_short, diag_end_text},
	{"json", true, diag_begin_json, diag_print_json, diag_end_json},
};

static const struct diag_form *form_of(const struct diag_options *options)
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

bool diag_set_color(struct diag_options *options, const char *word)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	for (unsigned int i = 0; i < NELEM(words); i++)
		if (!strcmp(words[i], word)) {
			options->color = i;
			return true;
		}
	return false;
}

bool diag_set_limit(struct diag_options *options, const char *number)
{
	char *end;

	errno = 0;
	options->limit = strtoul(number, &end, 10);
	options->has_limit = true;
	return *number >= '0' && *number <= '9' && !*end && !errno;
}

bool diag_owns_stdout(const struct diag_options *options)
{
	return form_of(options)->is_for_machines && !options->path;
}

/* ---- showing them ---- */

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

	if (form_of(options)->is_for_machines)
		return false;
	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	if (is_set("NO_COLOR") || is_forced())
		return !is_set("NO_COLOR");
	return !options->path && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

static size_t limit_of(const struct diag_options *options)
{
	size_t limit = form_of(options)->is_for_machines ? 0 : SHOWN_TO_PEOPLE;

	if (options->has_limit)
		limit = options->limit;
	return limit ? limit : SIZE_MAX;
}

static void print_all(struct diag_printer *p, const struct diag_options *options)
{
	const struct diag_form *form = form_of(options);
	size_t limit = limit_of(options), counts[2] = {0}, hidden = 0;

	form->begin(p);
	vec_each(d, &p->run->diagnostics)
	{
		if (counts[table[d->id].severity]++ < limit)
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
