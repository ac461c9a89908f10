/* The status as a page of its own: ops by backends, in colours. */
#include <string.h>

#include "page.h"
#include "status.h"
#include "text.h"

/* Colours mean the same as the words in the cells, so that nobody needs to see them. */
static const char colours[] =
	":root{--done:#dcf3e1;--skeleton:#ffe48a;--stale:#ffc48f;--missing:#ff9c9f;"
	"--described:#e0ecfc;--inherited:#ebe8f8;--default:#eff1f3}\n"
	"@media(prefers-color-scheme:dark){:root{--done:#1a3a25;--skeleton:#6d5a12;--stale:#7a4519;"
	"--missing:#8c2f37;--described:#1d3350;--inherited:#302a49;--default:#272b30}}\n"
	".missing,.stale,.skeleton{font-weight:600}\n";

static const char *const meanings[] = {
	[STATE_DONE] = "somebody has written it",
	[STATE_SKELETON] = "the function still says that it is not written",
	[STATE_STALE] = "written for an older revision of the op",
	[STATE_MISSING] = "bound to what nobody defines",
	[STATE_DESCRIBED] = "the description says all: needs nobody's code",
	[STATE_INHERITED] = "as on bare hardware",
	[STATE_DEFAULT] = "the op's own default",
};

static const char *first_line(const char *doc)
{
	return doc ? mem_printf("%.*s", (int)strcspn(doc, "\n"), doc) : "";
}

/* ---- counts ---- */

static void put_bar(const struct backend_status *b, struct out *o)
{
	put(o, "<div class=\"bar\">");
	for (size_t i = 0; i < STATE_COUNT; i++)
		if (b->counts[i])
			put(o, "<i style=\"flex:%zu;background:var(--%s)\" title=\"%zu %s\"></i>",
			    b->counts[i], state_name((enum state)i), b->counts[i],
			    state_name((enum state)i));
	put(o, "</div>");
}

static void put_summary(const statuses *all, struct out *o)
{
	put(o, "<table class=\"summary\"><thead><tr><th>backend</th><th></th>");
	for (size_t i = 0; i < STATE_COUNT; i++)
		put(o, "<th>%s</th>", state_name((enum state)i));
	put(o, "</tr></thead><tbody>\n");
	vec_each(b, all)
	{
		put(o, "<tr><th class=\"op\">");
		put_markup(o, b->backend->name.s);
		put(o, "</th><td>");
		put_bar(b, o);
		put(o, "</td>");
		for (size_t i = 0; i < STATE_COUNT; i++)
			put(o, b->counts[i] ? "<td>%zu</td>" : "<td class=\"none\">%zu</td>",
			    b->counts[i]);
		put(o, "</tr>\n");
	}
	put(o, "</tbody></table>\n");
}

static void put_legend(struct out *o)
{
	put(o, "<nav aria-label=\"states to show\">");
	for (size_t i = 0; i < STATE_COUNT; i++)
		put(o,
		    "<button type=\"button\" class=\"%s\" aria-pressed=\"false\" "
		    "style=\"background:var(--%s)\" title=\"%s\">%s</button>",
		    state_name((enum state)i), state_name((enum state)i), meanings[i],
		    state_name((enum state)i));
	put(o, "<input type=\"search\" placeholder=\"words of an op, a function, a file\" "
	       "aria-label=\"words\"></nav>\n");
}

/* ---- ops by backends ---- */

static const struct status_row *row_of(const struct backend_status *b, const struct op *op)
{
	vec_each(row, &b->ops)
	{
		if (row->op == op)
			return row;
	}
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/** What a person has to do about it, on a line of its own. */
static void put_task(const struct status_row *row, struct out *o)
{
	bool is_task = row->state == STATE_SKELETON || row->state == STATE_STALE ||
		       row->state == STATE_MISSING;

	if (!is_task && !row->remark)
		return;
	put(o, "<p>");
	put_markup(o, row->function);
	if (row->state == STATE_STALE)
		put(o, ": revision %u, the op has %u", row->stated, row->op->revision);
	if (row->remark)
		put_markup(o, mem_printf(": %s", row->remark));
	put(o, "</p>");
}

static void put_cell(const struct run *run, const struct status_row *row, struct out *o)
{
	struct position at = source_position(run, row->loc);
	const char *state = state_name(row->state);

	put(o, "<td class=\"%s\" style=\"background:var(--%s)\" title=\"", state, state);
	put_markup(o, mem_printf("%s%s%s:%u", row->function ? row->function : "",
				 row->function ? " " : "", at.path, at.line));
	put(o, "\"><small>");
	put_markup(o, mem_printf("%s:%u", base_name(at.path), at.line));
	put(o, "</small>%s", row->state == STATE_DESCRIBED ? row->way : state);
	put_task(row, o);
	put(o, "</td>");
}

static void put_op(const struct run *run, const statuses *all, const struct op *op, struct out *o)
{
	put(o, "<tr><th class=\"op\" title=\"");
	put_markup(o, first_line(op->doc));
	put(o, "\">");
	put_markup(o, op_path(op));
	put(o, "</th>");
	vec_each(b, all)
	{
		const struct status_row *row = row_of(b, op);

		if (row)
			put_cell(run, row, o);
	}
	put(o, "</tr>\n");
}

static void put_group(const struct run *run, const statuses *all, const struct group *g,
		      struct out *o)
{
	put(o, "<tbody class=\"ops\"><tr class=\"group\"><th colspan=\"%u\">", all->n + 1);
	put_markup(o, g->name.s);
	put(o, " <span>");
	put_markup(o, first_line(g->doc));
	put(o, "</span></th></tr>\n");
	vec_each(op, &g->ops)
	{
		if (!(*op)->is_spare && !(*op)->is_retired)
			put_op(run, all, *op, o);
	}
	put(o, "</tbody>\n");
}

static void put_matrix(const struct run *run, const statuses *all, const struct interface *i,
		       struct out *o)
{
	put(o, "<h2>Ops of ");
	put_markup(o, i->name.s);
	put(o, "</h2>\n<table class=\"matrix\"><thead><tr><th>op</th>");
	vec_each(b, all)
	{
		put(o, "<th>");
		put_markup(o, b->backend->name.s);
		put(o, "</th>");
	}
	put(o, "</tr></thead>\n");
	vec_each(g, &i->groups) put_group(run, all, *g, o);
	put(o, "</table>\n");
}

/* ---- beside the ops ---- */

static void put_other(const struct run *run, const struct backend_status *b,
		      const struct status_row *row, struct out *o)
{
	put(o, "<tr><th class=\"op\">");
	put_markup(o, b->backend->name.s);
	put(o, "</th><th class=\"op\">");
	put_markup(o, row->role);
	put(o, "</th>");
	put_cell(run, row, o);
	put(o, "</tr>\n");
}

static void put_others(const struct run *run, const statuses *all, struct out *o)
{
	put(o, "<h2>Under conditions, and beside the ops</h2>\n<table "
	       "class=\"matrix\"><thead><tr><th>backend</th><th>what</th>"
	       "<th>state</th></tr></thead>\n");
	vec_each(b, all)
	{
		put(o, "<tbody class=\"ops\">\n");
		vec_each(row, &b->others) put_other(run, b, row, o);
		put(o, "</tbody>\n");
	}
	put(o, "</table>\n");
}

/** The backends of one interface. */
static statuses of_interface(const statuses *all, const struct interface *i)
{
	statuses some = {0};

	vec_each(b, all)
	{
		if (b->backend->interface == i)
			*vec_push(&some) = *b;
	}
	return some;
}

void put_status_html(const struct run *run, const statuses *all, struct out *o)
{
	matrix_begin(o, "Backends", "What is done of each backend", colours);
	put_summary(all, o);
	put_legend(o);
	vec_each(i, &run->interfaces)
	{
		statuses some = of_interface(all, *i);

		put_matrix(run, &some, *i, o);
	}
	put_others(run, all, o);
	matrix_end(o);
}
