/* Where lines begin, how deep, and the spaces between items of one line. */
#include <ctype.h>
#include <string.h>

#include "fmt.h"
#include "parser.h"

/* ---- spaces ---- */

bool fmt_is_word(const struct item *it)
{
	return !is_comment(it) && (isalnum((unsigned char)it->text[0]) || it->text[0] == '_');
}

static bool is_one_of(const struct item *it, const char *characters)
{
	return !is_comment(it) && it->n == 1 && strchr(characters, it->text[0]);
}

/** Tokens that this file has rules for; between others, spaces are the author's. */
static bool is_known(const struct item *it)
{
	return fmt_is_word(it) || it->n > 1 || is_one_of(it, "{}()[];,=<>+*@!-");
}

/** Words before a parenthesis that are no names of what is called. */
static bool is_condition(const struct item *it)
{
	return it->kind == IF || it->kind == WHEN;
}

static bool was_apart(const struct item *it)
{
	return it->gap || it->breaks;
}

/** Is there a space between the two, if they stand in one line? */
static bool has_space(const struct item *a, const struct item *b)
{
	if (is_one_of(a, "([.@!") || is_one_of(b, ")];,."))
		return false;
	if (is_comment(b))
		return true;
	if (is_comment(a) || is_one_of(a, "-") || !is_known(a) || !is_known(b))
		return was_apart(b);
	if (is_one_of(a, "*"))
		return !fmt_is_word(b) && !is_one_of(b, "*");
	if (is_one_of(b, "([") && (fmt_is_word(a) || is_one_of(a, ")]")))
		return is_condition(a);
	return true;
}

/* ---- lines ---- */

/** What is between braces, or the whole file. */
struct body {
	uint32_t around; /* indent of the statement that it belongs to */
	uint32_t inside; /* indent of its own statements */
	bool is_open;	 /* has lines of its own */
	bool is_at_margin;
	bool is_record;	   /* unnamed: what follows it names it, and ends the statement */
	bool has_lines;	   /* up to here */
	bool was_wanted;   /* is_break_wanted around it */
	uint32_t brackets; /* that are open around it */
};

struct liner {
	struct sheet *sheet;
	VEC(struct body) bodies;
	uint32_t brackets; /* that are open in the statement */
	bool is_between;   /* statements */
	bool is_break_wanted;
	uint32_t indent;	      /* of the statement */
	const struct item *statement; /* its first token */
	const struct item *start;     /* ... and the first item of its line */
	const struct item *line;      /* the first item of the line at hand */
	uint32_t *ends;		      /* by item: columns up to its end, if all stood in one line */
	uint32_t *breaks;	      /* by item: line ends of the source up to its end */
};

static struct body *innermost(struct liner *l)
{
	return &l->bodies.v[l->bodies.n - 1];
}

static uint32_t index_of(const struct liner *l, const struct item *it)
{
	return (uint32_t)(it - l->sheet->items.v);
}

/** What ends the statement around a body, if that is in the same line. */
static uint32_t end_of_statement(const struct liner *l, uint32_t closing, bool is_record)
{
	const struct item *v = l->sheet->items.v;
	uint32_t i = closing + 1;

	if (is_record)
		while (i < l->sheet->items.n && !is_one_of(&v[i], ";{}") && !v[i].breaks)
			i++;
	return i < l->sheet->items.n && is_one_of(&v[i], ";") ? i : closing;
}

/** Did the author write the body on one line, and is that not too long? */
static bool fits(const struct liner *l, const struct item *brace, bool is_record)
{
	uint32_t begin = index_of(l, l->line), end;

	if (l->breaks[brace->partner] != l->breaks[index_of(l, brace)])
		return false;
	end = end_of_statement(l, brace->partner, is_record);
	return l->indent + (l->line->is_continued ? FMT_CONTINUED : 0) + l->ends[end] -
		       (l->ends[begin] - l->line->width) <=
	       FMT_WIDTH;
}

/** Does the body's first statement begin a line as far left as the one that has the body? */
static bool is_at_margin(const struct liner *l, const struct item *brace)
{
	const struct item *it = brace + 1, *line = NULL;

	if (l->bodies.n > 1 || (l->statement->kind != INTERFACE && l->statement->kind != ABI))
		return false;
	for (; is_comment(it); it++)
		line = it->breaks ? it : line;
	line = it->breaks ? it : line;
	return line && it->kind != '}' && line->column <= l->start->column;
}

static void open_body(struct liner *l, struct item *brace)
{
	const struct body *around = innermost(l);
	const struct item *before = brace > l->sheet->items.v ? brace - 1 : brace;
	struct body b = {.around = l->indent,
			 .is_record = before->kind == STRUCT || before->kind == UNION,
			 .brackets = l->brackets};

	b.is_open = around->is_open && !fits(l, brace, b.is_record);
	b.is_at_margin = b.is_open && is_at_margin(l, brace);
	b.inside = b.around + (b.is_at_margin ? 0 : FMT_INDENT);
	brace->is_open = b.is_open;
	*vec_push(&l->bodies) = b;
	l->brackets = 0;
	l->is_between = true;
	l->is_break_wanted = b.is_open;
}

static void close_body(struct liner *l)
{
	struct body b = *innermost(l);

	l->bodies.n--;
	l->brackets = b.brackets;
	l->indent = b.around;
	l->is_between = !b.is_record;
	l->is_break_wanted = l->is_between && innermost(l)->is_open;
}

static bool must_start_line(struct liner *l, const struct item *it)
{
	if (it == l->sheet->items.v || it[-1].kind == LINE_COMMENT || it[-1].inner)
		return true;
	if (is_comment(it))
		return it->breaks;
	if (it->kind == '}')
		return innermost(l)->is_open;
	if (it->kind == ';' || it->kind == ',' || it->kind == '{')
		return false;
	return l->is_break_wanted || it->breaks;
}

/* An empty line separates something: it is neither the first nor the last of a body. */
static bool may_follow_empty_line(struct liner *l, const struct item *it)
{
	const struct body *b = innermost(l);

	if (it == l->sheet->items.v || it->breaks < 2 || !l->is_between)
		return false;
	return b->is_at_margin || (b->has_lines && it->kind != '}');
}

static void start_line(struct liner *l, struct item *it)
{
	struct body *b = innermost(l);

	it->starts_line = true;
	it->follows_empty_line = may_follow_empty_line(l, it);
	it->is_continued = !l->is_between && it->kind != '}';
	if (it->is_continued)
		it->indent = l->indent;
	else
		it->indent = it->kind == '}' ? b->around : b->inside;
	l->line = it;
	l->is_break_wanted = false;
	b->has_lines = true;
}

/** The item in its place changes where the next one goes. */
static void pass(struct liner *l, struct item *it)
{
	if (is_comment(it))
		return;
	if (it->kind == '}') {
		close_body(l);
		return;
	}
	if (l->is_between && it->kind != ';') {
		it->is_first = true;
		l->statement = it;
		l->start = l->line;
		l->indent = innermost(l)->inside;
	}
	l->is_between = it->kind == ';' && !l->brackets;
	l->is_break_wanted = l->is_between && innermost(l)->is_open;
	if (is_one_of(it, "(["))
		l->brackets++;
	else if (is_one_of(it, ")]") && l->brackets)
		l->brackets--;
	else if (it->kind == '{')
		open_body(l, it);
}

/** Columns and line ends up to each item: what an interval has is a difference. */
static void sum_up(struct liner *l)
{
	uint32_t column = 0, breaks = 0;

	l->ends = mem_alloc(l->sheet->items.n * sizeof(*l->ends));
	l->breaks = mem_alloc(l->sheet->items.n * sizeof(*l->breaks));
	vec_each(it, &l->sheet->items)
	{
		it->spaces = it > l->sheet->items.v && has_space(it - 1, it);
		l->ends[index_of(l, it)] = column += it->spaces + it->width;
		l->breaks[index_of(l, it)] = breaks += it->breaks + it->inner;
	}
}

void fmt_lines(struct sheet *sheet)
{
	struct liner l = {.sheet = sheet, .is_between = true};

	*vec_push(&l.bodies) = (struct body){.is_open = true};
	sum_up(&l);
	vec_each(it, &sheet->items)
	{
		if (must_start_line(&l, it))
			start_line(&l, it);
		pass(&l, it);
	}
}

struct item *fmt_next_line(const struct sheet *sheet, struct item *it)
{
	do
		it++;
	while (it < sheet->items.v + sheet->items.n && !it->starts_line);
	return it;
}

struct item *fmt_end_of_tokens(struct item *line, struct item *end)
{
	while (end > line && is_comment(end - 1))
		end--;
	return end;
}
