#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pvgen.h"
#include "text.h"

static const struct {
	const char *code, *name;
	enum severity severity;
	const char *text;
} table[] = {
#define DIAG(code, id, name, severity, text) {#code, name, severity, text},
#include "diag.def"
#include "finding.def"
#include "sync.def"
#include "usage.def"
#include "waiver.def"
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

enum diag_id diag_find(const char *word)
{
	unsigned int id = 0;

	while (id < D_COUNT && strcmp(table[id].name, word) && strcasecmp(table[id].code, word))
		id++;
	return id;
}

enum severity diag_default(enum diag_id id)
{
	return table[id].severity;
}

enum severity diag_severity(const struct diag_options *options, enum diag_id id)
{
	const struct diag_choice *choice = &options->choices[id];
	bool is_wanted = table[id].severity == WARNING || options->all_are_wanted;
	bool is_error = options->all_are_errors;

	if (table[id].severity == ERROR)
		return ERROR;
	if (choice->is_wanted ? choice->is_wanted == DENIED : !is_wanted)
		return SILENT;
	return (choice->is_error ? choice->is_error == SAID : is_error) ? ERROR : WARNING;
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
		if (*text != '%' && *text != '$')
			put_n(&o, text, 1);
		else if (*args)
			put_shortened(&o, *args++);
	}
	return text_of(&o);
}

/* ---- edits that follow from the text ---- */

/** The argument that lists what could stand at the place, or "". */
static const char *list_in(const char *text, const char *const *args)
{
	for (; *args && *(text += strcspn(text, "%$")); text++, args++)
		if (*text == '$')
			return *args;
	return "";
}

static bool is_among(const char *const *args, const char *text)
{
	while (*args && *args != text)
		args++;
	return *args;
}

/** The word at a place: what an edit would replace; an empty text if there is more than a word. */
static const char *word_at_place(const struct run *run, struct loc loc)
{
	const struct source *s = run->sources.v[loc.file];
	const char *word = intern_n(s->text + loc.begin, loc.end - loc.begin);

	return word[strcspn(word, " \t\r\n")] ? "" : word;
}

/** What suggest...() found, or a list has, that is near the word at the place, is an edit of it. */
static void add_edit(struct run *run, struct loc loc, const char *text, const char *const *args)
{
	const char *word = word_at_place(run, loc);
	struct nearest n = nearest_to(word);

	nearest_try_list(&n, list_in(text, args));
	if (is_among(args, run->suggested.text) && !strcmp(run->suggested.nearest.word, word))
		n = run->suggested.nearest;
	if (n.found && n.is_unique)
		diag_fix(run, loc, n.found);
}

/* Remarks on what is not shown go nowhere. */
static struct diagnostic *last(struct run *run)
{
	static struct diagnostic silent;

	return run->is_silent ? &silent : &run->diagnostics.v[run->diagnostics.n - 1];
}

void diag_report(struct run *run, enum diag_id id, struct loc loc, const char *const *args)
{
	enum severity severity = diag_severity(&run->diag, id);

	run->is_silent = severity == SILENT;
	if (run->is_silent)
		return;
	*vec_push(&run->diagnostics) = (struct diagnostic){
		.id = id,
		.severity = severity,
		.order = run->diagnostics.n,
		.loc = loc,
		.text = fill(table[id].text, args),
	};
	run->errors += severity == ERROR;
	add_edit(run, loc, table[id].text, args);
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
	const struct source *s = run->sources.v[loc.file];

	text = lines_like(s->text, s->length, text);
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
