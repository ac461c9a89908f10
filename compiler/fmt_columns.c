/*
 * Columns: words of statements that stand below each other.
 *
 * A row is the first line of a statement, cut into units where it has spaces outside of brackets.
 * The nth units of neighbouring rows can stand in a column if the units before them are of the
 * same classes: they are alike.  So are bodies that their authors have on one line, whatever
 * stands before them; units in a body count from its brace on.
 */
#include <limits.h>
#include <stdlib.h>

#include "fmt.h"
#include "parser.h"

struct unit {
	struct item *item; /* the first of it */
	uint32_t at;	   /* columns from the beginning of the line, with single spaces */
	uint64_t key;	   /* of the units before it in its part of the row */
};

struct row {
	uint32_t begin, brace, end; /* of its units; brace: where the body begins, or end */
	uint32_t block;		    /* rows without an empty line or a long body between them */
	uint32_t shift;		    /* what wider spaces have added so far */
	const struct item *next;    /* the first item of the next line */
};

struct table {
	VEC(struct unit) units;
	VEC(struct row) rows;
	uint32_t block;			/* of the next row */
	const struct item *first, *end; /* of all items */
};

/* ---- units ---- */

/** Words of C that are one type, or a type and its name. */
static bool is_one_unit(const struct item *a, const struct item *b)
{
	return a->kind == CONST || a->kind == STRUCT || a->kind == UNION ||
	       (a->kind == C_WORD && b->kind == C_WORD);
}

static bool is_type_word(const struct item *it)
{
	static const int kinds[] = {IDENT, C_WORD, VOID, STRUCT, UNION, CONST};

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (it->kind == kinds[i])
			return true;
	return false;
}

/** What begins with a keyword is a statement of its own kind; behind it most words are names. */
static int class_of(const struct item *it, const struct item *end, bool is_first)
{
	if (is_comment(it) || it->kind == STRING || it->kind == INT || it->kind <= UCHAR_MAX)
		return it->kind;
	if (it + 1 < end && it[1].kind == '.')
		return '.';
	return is_first && !is_type_word(it) ? it->kind : IDENT;
}

/** Cuts the items of a line into units. */
static void add_row(struct table *t, struct item *first, const struct item *end,
		    const struct item *next)
{
	struct row row = {.begin = t->units.n, .block = t->block, .next = next};
	uint32_t at = 0, brackets = 0;
	uint64_t key = 0;
	bool has_body = false;

	for (struct item *it = first; it < end; it++) {
		bool is_body = it->kind == '{' && !has_body;

		at += it > first ? it->spaces : 0;
		if (it == first || (it->spaces && !brackets && !is_one_unit(it - 1, it))) {
			key = is_body ? 1 : key;
			has_body |= is_body;
			row.brace = is_body ? t->units.n : row.brace;
			*vec_push(&t->units) = (struct unit){it, at, key};
			key = (key ^ (uint64_t)class_of(it, end, it == first)) *
			      0x9e3779b97f4a7c15u;
		}
		brackets += it->kind == '(' || it->kind == '[';
		brackets -= brackets && (it->kind == ')' || it->kind == ']');
		at += it->width;
	}
	row.end = t->units.n;
	row.brace = has_body ? row.brace : row.end;
	*vec_push(&t->rows) = row;
}

/* ---- one column ---- */

/** A unit that may stand in a column with others. */
struct cell {
	struct row *row;
	struct unit *unit;
};

/** Cells of a block that are alike, in their order: neighbours, but for other statements. */
struct stretch {
	const struct cell *cells;
	uint32_t n;
};

/** A column that neighbours have, and all else that is alike may have too. */
struct column {
	uint64_t key;
	uint32_t column;
};

struct columns {
	struct column *v;
	uint32_t n, cap;
};

static uint32_t gap_of(const struct cell *c)
{
	return c->unit->item->gap > 1 ? c->unit->item->gap : 1;
}

/** Where it would be with the author's spaces in front of it. */
static uint32_t wish_of(const struct cell *c)
{
	return c->unit->at + c->row->shift - 1 + gap_of(c);
}

/** Does a word of the comment begin in the column, counted from the comment's beginning? */
static bool has_word_at(const struct item *it, uint32_t column)
{
	return it->kind == LINE_COMMENT && it->starts_line && column < it->n &&
	       it->text[column - 1] == ' ' && it->text[column] != ' ';
}

/** Is the cell below or above the same in a comment, as when a statement was taken out? */
static bool is_beside_comment(const struct table *t, const struct cell *c)
{
	const struct item *first = t->units.v[c->row->begin].item, *next = c->row->next;

	return (first > t->first && !first->follows_empty_line &&
		has_word_at(first - 1, wish_of(c))) ||
	       (next < t->end && !next->follows_empty_line && has_word_at(next, wish_of(c)));
}

static bool are_in_column(const struct cell *a, const struct cell *b)
{
	return wish_of(a) == wish_of(b) && (gap_of(a) > 1 || gap_of(b) > 1);
}

/** The widest column in which the author has put two neighbours; or 0. */
static uint32_t own_column(const struct table *t, const struct stretch *g)
{
	uint32_t column = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		const struct cell *c = &g->cells[i];

		if ((i && are_in_column(c - 1, c)) || (gap_of(c) > 1 && is_beside_comment(t, c)))
			column = wish_of(c) > column ? wish_of(c) : column;
	}
	return column;
}

static int compare_columns(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

/** The widest column of neighbours elsewhere in which the author has put one of these; or 0. */
static uint32_t borrowed_column(const struct stretch *g, const struct columns *columns)
{
	uint32_t column = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		struct column wish = {g->cells[i].unit->key, wish_of(&g->cells[i])};

		if (gap_of(&g->cells[i]) > 1 && wish.column > column && columns->n &&
		    bsearch(&wish, columns->v, columns->n, sizeof(wish), compare_columns))
			column = wish.column;
	}
	return column;
}

static void align(const struct stretch *g, uint32_t column)
{
	for (uint32_t i = 0; i < g->n; i++) {
		const struct cell *c = &g->cells[i];
		uint32_t at = c->unit->at + c->row->shift;

		if (at < column) {
			c->unit->item->spaces += column - at;
			c->row->shift += column - at;
		}
	}
}

typedef VEC(struct cell) cells;

static bool are_alike(const struct cell *a, const struct cell *b)
{
	return a->row->block == b->row->block && a->unit->key == b->unit->key;
}

/** Those that are alike together, in their order. */
static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->row->block != y->row->block)
		return x->row->block < y->row->block ? -1 : 1;
	if (x->unit->key != y->unit->key)
		return x->unit->key < y->unit->key ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/** Neighbours first, since others may follow them. */
static void align_cells(const struct table *t, const cells *cells)
{
	VEC(struct stretch) others = {0};
	struct columns columns = {0};
	struct stretch g = {cells->v, 0};

	qsort(cells->v, cells->n, sizeof(*cells->v), compare_cells);
	for (uint32_t i = 0; i < cells->n; i++) {
		uint32_t column;

		g.n++;
		if (i + 1 < cells->n && are_alike(&cells->v[i], &cells->v[i + 1]))
			continue;
		column = own_column(t, &g);
		if (column)
			*vec_push(&columns) = (struct column){g.cells->unit->key, column};
		else
			*vec_push(&others) = g;
		align(&g, column);
		g = (struct stretch){cells->v + i + 1, 0};
	}
	if (columns.n)
		qsort(columns.v, columns.n, sizeof(*columns.v), compare_columns);
	vec_each(other, &others) align(other, borrowed_column(other, &columns));
}

/* ---- all columns ---- */

/** Column by column, from the left: the rows that reach so far get fewer. */
static void align_part(struct table *t, bool is_body)
{
	cells cells = {0};

	vec_each(row, &t->rows)
	{
		uint32_t first = is_body ? row->brace : row->begin + 1;

		if (first < (is_body ? row->end : row->brace))
			*vec_push(&cells) = (struct cell){row, &t->units.v[first]};
	}
	while (cells.n) {
		uint32_t kept = 0;

		align_cells(t, &cells);
		vec_each(c, &cells)
		{
			uint32_t end = is_body ? c->row->end : c->row->brace;

			if (++c->unit < t->units.v + end && c->unit->item->kind != '}')
				cells.v[kept++] = *c;
		}
		cells.n = kept;
	}
}

static void add_line(struct table *t, struct item *first, struct item *next)
{
	const struct item *end = fmt_end_of_tokens(first, next), *last = end - 1;

	if (first->follows_empty_line || first->kind == '}' || (last >= first && last->is_open))
		t->block++;
	if (end > first && first->is_first && !last->is_open)
		add_row(t, first, end, next);
}

void fmt_columns(struct sheet *sheet)
{
	struct item *end = sheet->items.v + sheet->items.n;
	struct table table = {.first = sheet->items.v, .end = end};

	for (struct item *it = sheet->items.v; it < end; it = fmt_next_line(sheet, it))
		add_line(&table, it, fmt_next_line(sheet, it));
	align_part(&table, false);
	align_part(&table, true);
}
