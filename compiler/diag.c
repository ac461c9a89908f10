#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

static const struct {
	const char *name;
	enum severity severity;
	const char *text;
} table[] = {
#define DIAG(id, name, severity, text) {name, severity, text},
#include "diag.def"
#undef DIAG
};

/* A reader is helped by the first faults, not by the ten-thousandth. */
enum { SHOWN_PER_RUN = 20 };

static const char *fill(const char *text, const char *const *args)
{
	struct out o = {0};

	for (; *text; text++) {
		if (*text != '%')
			put_n(&o, text, 1);
		else if (*args)
			put(&o, "%s", *args++);
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

/** The source line, and below it a caret and as many tildes as the span is long. */
static void print_line(const struct run *run, struct loc loc)
{
	const struct source *s = run->sources.v[loc.file];
	struct position p = source_position(run, loc);
	const char *line = s->text + s->lines.v[p.line - 1];
	size_t length = strcspn(line, "\r\n");
	size_t span = loc.end > loc.begin ? loc.end - loc.begin : 1;

	if (span > length - (p.column - 1) && p.column <= length)
		span = length - (p.column - 1);
	fprintf(stderr, "%5u | %.*s\n      | ", p.line, (int)length, line);
	for (size_t i = 0; i + 1 < p.column && i < length; i++)
		fputc(line[i] == '\t' ? '\t' : ' ', stderr);
	fputc('^', stderr);
	while (--span && p.column <= length)
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
	size_t shown = n > SHOWN_PER_RUN ? SHOWN_PER_RUN : n;

	if (n)
		qsort(run->diagnostics.v, n, sizeof(*run->diagnostics.v), by_place);
	for (size_t i = 0; i < shown; i++)
		print(run, &run->diagnostics.v[i]);
	if (n > shown)
		fprintf(stderr, "pvgen: %zu more not shown\n", n - shown);
	run->diagnostics.n = 0;
}
