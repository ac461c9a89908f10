/* Diagnostics for people: a line of message, the line of source, a caret under the place. */
#include <string.h>

#include "diag_form.h"
#include "text.h"

/* What is shown of a line around the place, in bytes. */
enum { EXCERPT_BEFORE = 80, EXCERPT = 160 };

enum color { PLAIN, BOLD, RED, MAGENTA, CYAN, GREEN };

static void put_color(struct diag_printer *p, enum color color)
{
	static const char *const codes[] = {
		[PLAIN] = "0",	    [BOLD] = "1",    [RED] = "1;31",
		[MAGENTA] = "1;35", [CYAN] = "1;36", [GREEN] = "1;32",
	};

	if (p->is_colored)
		put(&p->text, "\033[%sm", codes[color]);
}

static void put_colored(struct diag_printer *p, enum color color, const char *text)
{
	put_color(p, color);
	put(&p->text, "%s", text);
	put_color(p, PLAIN);
}

/* ---- the message ---- */

static void put_head(struct diag_printer *p, struct loc loc, const char *kind, const char *text)
{
	static const struct {
		const char *kind;
		enum color color;
	} kinds[] = {{"error", RED}, {"warning", MAGENTA}, {"note", CYAN}};
	struct position at = source_position(p->run, loc);

	put_color(p, BOLD);
	put_visible(&p->text, at.path);
	put(&p->text, ":%u:%u: ", at.line, at.column);
	put_color(p, PLAIN);
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (!strcmp(kinds[i].kind, kind))
			put_colored(p, kinds[i].color, mem_printf("%s: ", kind));
	put_colored(p, BOLD, text);
}

/* ---- the line ---- */

/** What is shown of a source line: all, or the surroundings of a place. */
struct excerpt {
	unsigned int line;
	const char *text; /* of the whole line */
	const char *begin, *end;
	bool is_cut_before, is_cut_after;
};

static bool is_inside_character(const char *s)
{
	return ((unsigned char)*s & 0xc0) == 0x80;
}

static void cut(struct excerpt *e, size_t length, size_t column)
{
	const char *place = e->text + column;

	if (column > EXCERPT_BEFORE)
		e->begin = place - EXCERPT_BEFORE;
	if (e->end - e->begin > EXCERPT)
		e->end = e->begin + EXCERPT;
	while (e->begin < place && is_inside_character(e->begin))
		e->begin++;
	while (e->end > place && e->end < e->text + length && is_inside_character(e->end))
		e->end--;
	e->is_cut_before = e->begin > e->text;
	e->is_cut_after = e->end < e->text + length;
}

static struct excerpt excerpt_at(const struct run *run, struct loc loc)
{
	struct position at = source_position(run, loc);
	size_t length;
	const char *line = source_line(run, loc, &length);
	struct excerpt e = {.line = at.line, .text = line, .begin = line, .end = line + length};

	if (length > EXCERPT)
		cut(&e, length, at.column - 1);
	return e;
}

/** The part of a place that the excerpt shows. */
static void clip(const struct diag_printer *p, const struct excerpt *e, struct loc loc,
		 const char **begin, const char **end)
{
	*begin = e->text + source_position(p->run, loc).column - 1;
	*end = *begin + (loc.end - loc.begin);
	if (*begin > e->end)
		*begin = e->end;
	if (*end > e->end)
		*end = e->end;
}

static void put_source(struct diag_printer *p, const struct excerpt *e)
{
	put(&p->text, "%5u | %s", e->line, e->is_cut_before ? "... " : "");
	for (const char *s = e->begin; s < e->end;) {
		if (*s == '\t')
			put_n(&p->text, s++, 1);
		else
			s += put_character(&p->text, s, (size_t)(e->end - s), NULL);
	}
	put(&p->text, "%s\n", e->is_cut_after ? " ..." : "");
}

/** Below a text: as many of @mark as it has columns; tabs stay tabs. */
static void put_below(struct diag_printer *p, const char *begin, const char *end, char mark)
{
	while (begin < end) {
		struct out unused = {0};
		unsigned int columns = 1;
		bool is_tab = *begin == '\t';

		begin +=
			is_tab ? 1 : put_character(&unused, begin, (size_t)(end - begin), &columns);
		while (columns--)
			put_n(&p->text, is_tab ? "\t" : &mark, 1);
	}
}

/** The start of a line below the source, as far as @place. */
static void put_margin(struct diag_printer *p, const struct excerpt *e, const char *place)
{
	put(&p->text, "      | %s", e->is_cut_before ? "    " : "");
	put_below(p, e->begin, place, ' ');
}

/** A caret, and tildes as far as the place goes on this line. */
static void put_caret(struct diag_printer *p, const struct excerpt *e, struct loc loc)
{
	const char *begin, *end;
	size_t caret;

	clip(p, e, loc, &begin, &end);
	put_margin(p, e, begin);
	put_color(p, GREEN);
	caret = p->text.n;
	put_below(p, begin, end, '~');
	if (p->text.n == caret)
		put(&p->text, "^");
	p->text.v[caret] = '^';
	put_color(p, PLAIN);
	put(&p->text, "\n");
}

/** What could stand there instead: below it, or dashes where nothing should. */
static void put_fix(struct diag_printer *p, const struct excerpt *e, const struct diag_remark *fix)
{
	const char *begin, *end;

	clip(p, e, fix->loc, &begin, &end);
	put_margin(p, e, begin);
	put_color(p, GREEN);
	if (*fix->text)
		put_visible(&p->text, mem_printf("%.*s", (int)strcspn(fix->text, "\n"), fix->text));
	else
		put_below(p, begin, end, '-');
	put_color(p, PLAIN);
	put(&p->text, "\n");
}

/* ---- edits in the form that gcc made known ---- */

static void put_quoted(struct out *o, const char *s)
{
	put(o, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			put(o, "\\%c", *s);
		else if (*s == '\n' || *s == '\t')
			put(o, *s == '\n' ? "\\n" : "\\t");
		else if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			put(o, "\\%03o", (unsigned char)*s);
		else
			put_n(o, s, 1);
	}
	put(o, "\"");
}

static void put_parseable(struct diag_printer *p, const struct diag_remark *fix)
{
	struct position begin = source_position(p->run, fix->loc);
	struct position end =
		source_position(p->run, (struct loc){fix->loc.file, fix->loc.end, fix->loc.end});

	put(&p->text, "fix-it:");
	put_quoted(&p->text, begin.path);
	put(&p->text, ":{%u:%u-%u:%u}:", begin.line, begin.column, end.line, end.column);
	put_quoted(&p->text, fix->text);
	put(&p->text, "\n");
}

/* ---- the forms ---- */

static void print_head(struct diag_printer *p, const struct diagnostic *d)
{
	put_head(p, d->loc, diag_kind(d), d->text);
	put(&p->text, " [%s]\n", diag_name(d->id));
}

static void print_parseable(struct diag_printer *p, const struct diagnostic *d)
{
	if (!p->run->diag.has_parseable_fixes)
		return;
	vec_each(fix, &d->fixes) put_parseable(p, fix);
}

void diag_print_short(struct diag_printer *p, const struct diagnostic *d)
{
	print_head(p, d);
	print_parseable(p, d);
}

static void print_fixes(struct diag_printer *p, const struct diagnostic *d, struct excerpt shown)
{
	vec_each(fix, &d->fixes)
	{
		struct excerpt e = excerpt_at(p->run, fix->loc);

		if (fix->loc.file == d->loc.file && e.line == shown.line) {
			put_fix(p, &shown, fix);
			continue;
		}
		put_source(p, &e);
		put_fix(p, &e, fix);
	}
}

void diag_print_text(struct diag_printer *p, const struct diagnostic *d)
{
	struct excerpt e = excerpt_at(p->run, d->loc);

	print_head(p, d);
	put_source(p, &e);
	put_caret(p, &e, d->loc);
	print_fixes(p, d, e);
	vec_each(note, &d->notes)
	{
		e = excerpt_at(p->run, note->loc);
		put_head(p, note->loc, "note", note->text);
		put(&p->text, "\n");
		put_source(p, &e);
		put_caret(p, &e, note->loc);
	}
	print_parseable(p, d);
}

void diag_end_text(struct diag_printer *p, size_t hidden)
{
	if (hidden)
		put(&p->text, "pvgen: %zu more not shown\n", hidden);
}
