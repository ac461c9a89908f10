/*
 * The page of a diff: the slots of a table as they were and as they are, with a line from each op
 * to where it is now, so that a shift is seen.
 *
 * Neighbours that are neighbours on the other side too are a run; of a long one only the ends are
 * shown, so a picture grows with what changed and not with the table.
 */
#include <string.h>

#include "diff_html.h"
#include "text.h"

enum { ROW = 20, CHAR = 8, MIDDLE = 170, MARGIN = 8, SHOWN_AT_END = 3, MANY_ROWS = 300 };

/** Slots of one table on one side. */
typedef VEC(const struct op *) slots;

struct run_of_slots {
	size_t at[2]; /* the first of them on each side */
	size_t n;
	bool is_on[2], is_renamed;
	unsigned int y[2]; /* of its first row */
};

struct picture {
	const struct op_rows *ops;
	const struct interface *interfaces[2];
	const char *table;
	slots slots[2];
	size_t *partners[2]; /* index on the other side, or SIZE_MAX */
	VEC(struct run_of_slots) runs;
	unsigned int rows[2], width[2];
};

/* ---- which are the same ---- */

static slots slots_of(const struct interface *i, const char *table)
{
	slots found = {0};

	vec_each(op, &i->ops)
	{
		if (op_has_slot(*op) && !strcmp(group_table((*op)->group), table))
			*vec_push(&found) = *op;
	}
	return found;
}

static void pair(struct picture *p, size_t old, size_t new)
{
	p->partners[0][old] = new;
	p->partners[1][new] = old;
}

/** By name; spare slots, which have none, by their place. */
static void pair_slots(struct picture *p)
{
	struct map by_name = {0};

	for (int side = 0; side < 2; side++) {
		p->partners[side] = mem_alloc((p->slots[side].n + 1) * sizeof(size_t));
		memset(p->partners[side], 0xff, (p->slots[side].n + 1) * sizeof(size_t));
	}
	vec_each(op, &p->slots[1])
	{
		if (!(*op)->is_spare)
			map_add(&by_name, (*op)->name.s, op);
	}
	for (size_t i = 0; i < p->slots[0].n; i++) {
		const struct op *op = p->slots[0].v[i];
		const struct op **now = op->is_spare ? NULL : map_get(&by_name, op->name.s);

		if (now)
			pair(p, i, (size_t)(now - p->slots[1].v));
		else if (op->is_spare && i < p->slots[1].n && p->slots[1].v[i]->is_spare)
			pair(p, i, i);
	}
}

/** What was renamed is known by the change. */
static void pair_renamed(struct picture *p, const struct diff *d)
{
	struct map by_place[2] = {{0}, {0}};

	for (int side = 0; side < 2; side++)
		vec_each(op, &p->slots[side]) map_add(
			&by_place[side],
			intern(mem_printf("%u:%u", (*op)->name.loc.file, (*op)->name.loc.begin)),
			op);
	vec_each(c, &d->changes)
	{
		const struct op **was, **is;

		if (c->rule != R_OPS_RENAME && c->rule != R_OPS_RENAME_ALIAS)
			continue;
		was = map_get(&by_place[0], intern(mem_printf("%u:%u", c->old.file, c->old.begin)));
		is = map_get(&by_place[1], intern(mem_printf("%u:%u", c->new.file, c->new.begin)));
		if (was && is)
			pair(p, (size_t)(was - p->slots[0].v), (size_t)(is - p->slots[1].v));
	}
}

/* ---- runs ---- */

static bool is_renamed(const struct picture *p, size_t old, size_t new)
{
	return p->slots[0].v[old]->name.s != p->slots[1].v[new]->name.s &&
	       !p->slots[0].v[old]->is_spare;
}

/** Does the next slot of this side go on with the run? */
static bool goes_on(const struct picture *p, const struct run_of_slots *r, int side)
{
	size_t next = r->at[side] + r->n, other;

	if (next >= p->slots[side].n)
		return false;
	other = p->partners[side][next];
	if (!r->is_on[!side])
		return other == SIZE_MAX;
	return !r->is_renamed && other == r->at[!side] + r->n &&
	       !is_renamed(p, side ? other : next, side ? next : other);
}

/** From a slot of one side on. */
static size_t add_run(struct picture *p, int side, size_t at)
{
	struct run_of_slots *r = vec_push(&p->runs);
	size_t other = p->partners[side][at];

	*r = (struct run_of_slots){.n = 1};
	r->at[side] = at;
	r->is_on[side] = true;
	r->is_on[!side] = other != SIZE_MAX;
	if (r->is_on[!side]) {
		r->at[!side] = other;
		r->is_renamed = is_renamed(p, r->at[0], r->at[1]);
	}
	while (goes_on(p, r, side))
		r->n++;
	return r->n;
}

/** All of OLD, then what only NEW has. */
static void find_runs(struct picture *p)
{
	for (size_t i = 0; i < p->slots[0].n;)
		i += add_run(p, 0, i);
	for (size_t i = 0; i < p->slots[1].n; i++)
		if (p->partners[1][i] == SIZE_MAX)
			i += add_run(p, 1, i) - 1;
}

static bool is_folded(const struct run_of_slots *r)
{
	return r->n > 2 * SHOWN_AT_END + 1;
}

static unsigned int rows_of(const struct run_of_slots *r)
{
	return is_folded(r) ? 2 * SHOWN_AT_END + 1 : (unsigned int)r->n;
}

/** Gives each run its place on both sides: in the order of the slots there. */
static void place_runs(struct picture *p)
{
	for (int side = 0; side < 2; side++) {
		struct run_of_slots **by_slot =
			mem_alloc((p->slots[side].n + 1) * sizeof(struct run_of_slots *));

		vec_each(r, &p->runs)
		{
			if (r->is_on[side])
				by_slot[r->at[side]] = r;
		}
		for (size_t i = 0; i < p->slots[side].n; i++) {
			if (!by_slot[i])
				continue;
			by_slot[i]->y[side] = p->rows[side] * ROW;
			p->rows[side] += rows_of(by_slot[i]);
		}
	}
}

/* ---- the drawing ---- */

static bool is_moved(const struct picture *p, const struct run_of_slots *r)
{
	return r->is_on[0] && r->is_on[1] &&
	       p->slots[0].v[r->at[0]]->slot != p->slots[1].v[r->at[1]]->slot;
}

static const char *class_of(const struct picture *p, const struct run_of_slots *r)
{
	if (!r->is_on[1])
		return "gone";
	if (!r->is_on[0])
		return "new";
	if (is_moved(p, r))
		return r->is_renamed ? "moved renamed" : "moved";
	return r->is_renamed ? "renamed" : "same";
}

static const char *name_of(const struct op *op)
{
	if (op->is_spare)
		return "spare";
	return op->is_retired ? mem_printf("%s, retired", op_path(op)) : op_path(op);
}

/** The slot's number and op, which leads to what changed of it. */
static void put_slot(const struct picture *p, int side, const struct op *op, unsigned int x,
		     unsigned int y, struct out *o)
{
	const struct op_row *row =
		op->is_spare ? NULL
			     : map_get(&p->ops->by_element, op_element(p->interfaces[side], op));

	if (row && row->number)
		put(o, "<a href=\"#op%u\">", row->number);
	put(o, "<text x=\"%u\" y=\"%u\"><tspan class=\"n\">%u</tspan> ", x, y + ROW - 6, op->slot);
	put_markup(o, name_of(op));
	put(o, "</text>%s\n", row && row->number ? "</a>" : "");
}

static unsigned int left_of(const struct picture *p, int side)
{
	return MARGIN + (side ? p->width[0] + MIDDLE : 0);
}

/** The run on one side; of a long one its ends, and how many are between. */
static void put_side(const struct picture *p, const struct run_of_slots *r, int side, struct out *o)
{
	unsigned int x = left_of(p, side), y = r->y[side];

	put(o, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n", x - 4, y + 1,
	    p->width[side], rows_of(r) * ROW - 2);
	for (size_t i = 0; i < r->n; i++, y += ROW) {
		if (is_folded(r) && i == SHOWN_AT_END) {
			put(o, "<text x=\"%u\" y=\"%u\" class=\"n\">... %zu more</text>\n", x,
			    y + ROW - 6, r->n - 2 * SHOWN_AT_END);
			i = r->n - SHOWN_AT_END - 1;
		} else {
			put_slot(p, side, p->slots[side].v[r->at[side] + i], x, y, o);
		}
	}
}

static void put_lines(const struct picture *p, const struct run_of_slots *r, struct out *o)
{
	unsigned int x0 = left_of(p, 0) + p->width[0] - 4, x1 = left_of(p, 1) - 4;

	for (unsigned int i = 0; i < rows_of(r); i++)
		put(o, "<path d=\"M%u %uL%u %u\"/>\n", x0, r->y[0] + i * ROW + ROW / 2, x1,
		    r->y[1] + i * ROW + ROW / 2);
}

/** By how much; what would be behind the name has no place there in a long table. */
static void put_shift(const struct picture *p, const struct run_of_slots *r, struct out *o)
{
	long shift = (long)p->slots[1].v[r->at[1]]->slot - (long)p->slots[0].v[r->at[0]]->slot;
	unsigned int rows = rows_of(r) * ROW;

	put(o, "<text class=\"shift\" x=\"%u\" y=\"%u\">%+ld</text>\n",
	    left_of(p, 0) + p->width[0] + MIDDLE / 2 - 4, (r->y[0] + r->y[1] + rows) / 2 + 5,
	    shift);
}

static void put_run(const struct picture *p, const struct run_of_slots *r, struct out *o)
{
	put(o, "<g class=\"%s\">\n", class_of(p, r));
	for (int side = 0; side < 2; side++)
		if (r->is_on[side])
			put_side(p, r, side, o);
	if (r->is_on[0] && r->is_on[1])
		put_lines(p, r, o);
	if (is_moved(p, r))
		put_shift(p, r, o);
	put(o, "</g>\n");
}

static void measure(struct picture *p)
{
	for (int side = 0; side < 2; side++) {
		size_t longest = strlen("... 99999 more");

		vec_each(op, &p->slots[side])
		{
			size_t n = strlen(mem_printf("%u %s", (*op)->slot, name_of(*op)));

			longest = n > longest ? n : longest;
		}
		p->width[side] = (unsigned int)longest * CHAR + 2 * MARGIN;
	}
}

/** How many slots moved, are new, are gone. */
static void put_counts(const struct picture *p, struct out *o)
{
	size_t moved = 0, is_new = 0, gone = 0;

	vec_each(r, &p->runs)
	{
		moved += is_moved(p, r) ? r->n : 0;
		is_new += r->is_on[0] ? 0 : r->n;
		gone += r->is_on[1] ? 0 : r->n;
	}
	put(o, ": of %s %zu moved, %zu gone; %zu new", counted(p->slots[0].n, "slot"), moved, gone,
	    is_new);
}

static void put_picture(const struct picture *p, struct out *o)
{
	unsigned int rows = p->rows[0] > p->rows[1] ? p->rows[0] : p->rows[1];
	unsigned int width = left_of(p, 1) + p->width[1] + MARGIN;

	put(o, "<details%s><summary>", rows <= MANY_ROWS ? " open" : "");
	put_markup(o, p->interfaces[1]->name.s);
	put(o, "%s", *p->table ? ", table " : "");
	put_markup(o, p->table);
	put_counts(p, o);
	put(o,
	    "</summary>\n<div class=\"slots\"><svg width=\"%u\" height=\"%u\" role=\"img\" "
	    "aria-label=\"old slots at the left, new slots at the right\">\n",
	    width, rows * ROW + 2);
	vec_each(r, &p->runs) put_run(p, r, o);
	put(o, "</svg></div></details>\n");
}

/** Is anything not where it was? */
static bool has_changed(const struct picture *p)
{
	vec_each(r, &p->runs)
	{
		if (strcmp(class_of(p, r), "same") != 0)
			return true;
	}
	return false;
}

static bool put_table(const struct diff *d, struct picture *p, struct out *o)
{
	for (int side = 0; side < 2; side++)
		p->slots[side] = slots_of(p->interfaces[side], p->table);
	pair_slots(p);
	pair_renamed(p, d);
	find_runs(p);
	place_runs(p);
	measure(p);
	if (!has_changed(p))
		return false;
	put_picture(p, o);
	return true;
}

/* ---- all tables ---- */

/** Names of the tables of either side, each once. */
static names tables_of(const struct interface *old, const struct interface *new)
{
	const struct interface *const sides[] = {old, new};
	struct map seen = {0};
	names tables = {0};

	for (int side = 0; side < 2; side++)
		vec_each(op, &sides[side]->ops)
		{
			const char *table = intern(group_table((*op)->group));

			if (op_has_slot(*op) && !map_add(&seen, table, *op))
				*vec_push(&tables) = (struct name){.s = table};
		}
	return tables;
}

static const struct interface *same_name(const struct run *run, const struct interface *i)
{
	vec_each(other, &run->interfaces)
	{
		if (!strcmp((*other)->name.s, i->name.s))
			return *other;
	}
	return NULL;
}

static bool put_interface(const struct diff *d, const struct op_rows *ops,
			  const struct interface *new, struct out *o)
{
	const struct interface *old = same_name(d->old, new);
	bool any = false;
	names tables;

	if (!old)
		return false;
	tables = tables_of(old, new);
	vec_each(table, &tables)
	{
		struct picture p = {.ops = ops, .interfaces = {old, new}, .table = table->s};

		any |= put_table(d, &p, o);
	}
	return any;
}

void put_slot_lines(const struct diff *d, const struct op_rows *ops, struct out *o)
{
	struct out pictures = {0};
	bool any = false;

	vec_each(i, &d->new->interfaces) any |= put_interface(d, ops, *i, &pictures);
	if (!d->new->interfaces.n)
		return;
	put(o, "<h2>Slots, before and after</h2>\n");
	if (any)
		put(o, "<p class=\"legend\"><b class=\"moved\">moved</b> <b class=\"new\">new</b> "
		       "<b class=\"gone\">gone</b> <b class=\"renamed\">renamed</b> "
		       "<b class=\"same\">where it was</b></p>\n");
	else
		put(o, "<p>Each op is in the slot where it was.</p>\n");
	put_n(o, text_of(&pictures), pictures.n);
}
