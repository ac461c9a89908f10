/* Where each item begins: continued lines, and comments behind lines. */
#include "fmt.h"
#include "parser.h"

enum { NOWHERE = -1 };

/* ---- items ---- */

struct placer {
	const struct sheet *sheet;
	VEC(int64_t) brackets;	  /* that are open: where a line in them begins, or NOWHERE */
	int64_t string;		  /* where the statement's first string is */
	int64_t second;		  /* where its second word is, in its first line */
	const struct item *token; /* the last one */
};

static const struct item *end_of(const struct sheet *sheet)
{
	return sheet->items.v + sheet->items.n;
}

/** What a line inside of a statement stands below or behind, or NOWHERE. */
static int64_t anchor_of(const struct placer *p, const struct item *it)
{
	if (p->brackets.n)
		return p->brackets.v[p->brackets.n - 1];
	if (it->kind == STRING)
		return p->string;
	return fmt_is_word(it) && fmt_is_word(p->token) ? p->second : NOWHERE;
}

/** Where a line inside of a statement begins; a comment goes with what follows it. */
static uint32_t continued_at(const struct placer *p, const struct item *it)
{
	const struct item *next = it;
	int64_t anchor;

	while (next < end_of(p->sheet) - 1 && is_comment(next))
		next++;
	anchor = anchor_of(p, next);
	if (anchor != NOWHERE)
		return (uint32_t)anchor;
	return it->indent + (next->kind == ')' || next->kind == ']' ? 0 : FMT_CONTINUED);
}

/** Where the next line begins if it is in the bracket. */
static int64_t inside_of(const struct placer *p, const struct item *bracket)
{
	const struct item *next = bracket + 1;

	if (next < end_of(p->sheet) && (next->starts_line || is_comment(next)))
		return NOWHERE;
	return bracket->at + 1;
}

static void note_token(struct placer *p, const struct item *it)
{
	if (it->kind == '(' || it->kind == '[')
		*vec_push(&p->brackets) = inside_of(p, it);
	else if ((it->kind == ')' || it->kind == ']') && p->brackets.n)
		p->brackets.n--;
	else if (it->kind == STRING && !p->brackets.n && p->string == NOWHERE)
		p->string = it->at;
	p->token = it;
}

static void start_statement(struct placer *p)
{
	p->brackets.n = 0;
	p->string = NOWHERE;
	p->second = 0;
}

/** Notes where the second word of a statement is, or that it is not in the first line. */
static void note_second(struct placer *p, const struct item *it)
{
	if (p->second || it->is_first)
		return;
	if (it->starts_line)
		p->second = NOWHERE;
	else if (it->spaces && fmt_is_word(it))
		p->second = it->at;
}

static void place_items(struct sheet *sheet)
{
	struct placer p = {.sheet = sheet, .string = NOWHERE, .second = NOWHERE};
	uint32_t column = 0;

	vec_each(it, &sheet->items)
	{
		if (it->is_first)
			start_statement(&p);
		if (!it->starts_line)
			it->at = column + it->spaces;
		else
			it->at = it->is_continued ? continued_at(&p, it) : it->indent;
		column = it->at + it->width;
		if (is_comment(it))
			continue;
		note_second(&p, it);
		note_token(&p, it);
	}
}

/* ---- comments ---- */

/** A comment behind a line, or on a line of its own below one. */
struct note {
	struct item *item, *end; /* and the end of its line */
	uint32_t line;		 /* where the tokens before it end; 0: there are none */
};

/** Comments of neighbouring lines that stand in one column of the source. */
struct notes {
	struct note *v;
	uint32_t n, cap;
};

/** The column: as far behind the longest line as a comment is nearest to its line. */
static uint32_t column_of(const struct notes *notes)
{
	uint32_t longest = 0, nearest = UINT32_MAX;

	vec_each(note, notes)
	{
		uint32_t gap = note->item->gap ? note->item->gap : 1;

		longest = note->line > longest ? note->line : longest;
		nearest = note->line && gap < nearest ? gap : nearest;
	}
	return longest + nearest;
}

static void place_notes(struct notes *notes)
{
	uint32_t column = notes->n ? column_of(notes) : 0;

	vec_each(note, notes)
	{
		uint32_t shift = column - note->item->at;

		note->item->spaces += note->line ? shift : 0;
		for (struct item *it = note->item; it < note->end; it++)
			it->at += shift;
	}
	notes->n = 0;
}

static bool is_below(const struct notes *notes, const struct item *line, const struct item *it)
{
	return notes->n && it->column == notes->v[notes->n - 1].item->column &&
	       !line->follows_empty_line;
}

/** Adds the comment of a line to those above it, or lets it begin anew. */
static void add_note(struct notes *notes, struct item *line, struct item *end)
{
	struct item *it = fmt_end_of_tokens(line, end);
	struct note note = {it, end, it > line ? it[-1].at + it[-1].width : 0};

	if (it == end || !is_below(notes, line, it))
		place_notes(notes);
	if (it < end && (it > line || notes->n))
		*vec_push(notes) = note;
}

void fmt_place(struct sheet *sheet)
{
	struct item *end = sheet->items.v + sheet->items.n;
	struct notes notes = {0};

	place_items(sheet);
	for (struct item *it = sheet->items.v; it < end; it = fmt_next_line(sheet, it))
		add_note(&notes, it, fmt_next_line(sheet, it));
	place_notes(&notes);
}
