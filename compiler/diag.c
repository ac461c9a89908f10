#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

static const struct {
	const char *name;
	enum severity severity;
	const char *text;
} table[] = {
#define DIAG(code, id, name, severity, text) {name, severity, text},
#include "diag.def"
#include "finding.def"
#undef DIAG
};

/** Text of a user: it must not break the message's line. */
static void put_visible(struct out *o, const char *s)
{
	for (; *s; s++)
		put(o, (unsigned char)*s < ' ' ? "\\x%02x" : "%c", (unsigned char)*s);
}

static const char *fill(const char *text, const char *const *args)
{
	struct out o = {0};

	for (; *text; text++) {
		if (*text != '%')
			put_n(&o, text, 1);
		else if (*args)
			put_visible(&o, *args++);
	}
	return text_of(&o);
}

void diag_report(struct run *run, enum diag_id id, struct loc loc, const char *const *args)
{
	struct diagnostic *d = vec_push(&run->diagnostics);

	*d = (struct diagnostic){.id = id, .loc = loc, .text = fill(table[id].text, args)};
	run->errors += table[id].severity == ERROR;
}

void diag_note(struct run *run, struct loc loc, const char *fmt, ...)
{
	struct diagnostic *d = &run->diagnostics.v[run->diagnostics.n - 1];
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*vec_push(&d->notes) = (struct diag_remark){loc, intern(text)};
}

/* What is shown of a line around the place, in bytes. */
enum { EXCERPT_BEFORE = 80, EXCERPT = 160 };

struct excerpt {
	const char *line;
	size_t length;
	size_t column; /* of the place in it, from 0 */
	bool is_cut;
};

static struct excerpt excerpt_at(const struct source *s, struct position p)
{
	const char *line = s->text + s->lines.v[p.line - 1];
	struct excerpt e = {line, strcspn(line, "\r\n"), p.column - 1, false};
	size_t skip = e.column > EXCERPT_BEFORE ? e.column - EXCERPT_BEFORE : 0;

	if (e.length <= EXCERPT)
		return e;
	return (struct excerpt){line + skip, e.length - skip > EXCERPT ? EXCERPT : e.length - skip,
				e.column - skip, true};
}

/** The source line, and below it a caret and tildes as far as the span goes. */
static void print_line(const struct run *run, struct loc loc)
{
	struct position p = source_position(run, loc);
	struct excerpt e = excerpt_at(run->sources.v[loc.file], p);
	size_t span = loc.end > loc.begin ? loc.end - loc.begin : 1;

	fprintf(stderr, "%5u | %.*s%s\n      | ", p.line, (int)e.length, e.line,
		e.is_cut ? " ..." : "");
	for (size_t i = 0; i < e.column && i < e.length; i++)
		fputc(e.line[i] == '\t' ? '\t' : ' ', stderr);
	fputc('^', stderr);
	for (size_t i = e.column + 1; i < e.column + span && i < e.length; i++)
		fputc('~', stderr);
	fputc('\n', stderr);
}

static void print_head(const struct run *run, struct loc loc, const char *kind, const char *text)
{
	struct position p = source_position(run, loc);

	fprintf(stderr, "%s:%u:%u: %s: %s", p.path, p.line, p.column, kind, text);
}

static void print(const struct run *run, const struct diagnostic *d)
{
	static const char *const kinds[] = {[ERROR] = "error", [WARNING] = "warning"};

	print_head(run, d->loc, kinds[table[d->id].severity], d->text);
	fprintf(stderr, " [%s]\n", table[d->id].name);
	print_line(run, d->loc);
	vec_each(note, &d->notes)
	{
		print_head(run, note->loc, "note", note->text);
		fputc('\n', stderr);
		print_line(run, note->loc);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct diagnostic *x = a, *y = b;

	if (x->loc.file != y->loc.file)
		return x->loc.file < y->loc.file ? -1 : 1;
	if (x->loc.begin != y->loc.begin)
		return x->loc.begin < y->loc.begin ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void diag_flush(struct run *run)
{
	size_t n = run->diagnostics.n;
	size_t shown = n > DIAG_SHOWN ? DIAG_SHOWN : n;

	if (n)
		qsort(run->diagnostics.v, n, sizeof(*run->diagnostics.v), by_place);
	for (size_t i = 0; i < shown; i++)
		print(run, &run->diagnostics.v[i]);
	if (n > shown)
		fprintf(stderr, "pvgen: %zu more not shown\n", n - shown);
	run->diagnostics.n = 0;
}
