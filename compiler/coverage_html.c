/* The coverage as a page of its own: what is counted by what it is had through, in colours. */
#include <string.h>

#include "coverage.h"
#include "page.h"
#include "text.h"

/* Colours mean the same as the words in the cells, so that nobody needs to see them. */
static const char colours[] =
	":root{--full:#dcf3e1;--partly:#ffe9a8;--inside:#e0ecfc;--none:#f3e0e0}\n"
	"@media(prefers-color-scheme:dark){:root{--full:#1a3a25;--partly:#5f4d12;--inside:#1d3350;"
	"--none:#402629}}\n"
	".matrix td{width:24%;vertical-align:top}.matrix td b{font-weight:600}\n"
	".matrix th.op{vertical-align:top;white-space:normal;min-width:17rem}\n"
	".matrix th.op span{font:12px system-ui,sans-serif;color:var(--quiet);display:block}\n"
	"td code{font:12px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;"
	"overflow-wrap:anywhere}\n"
	".summary caption{text-align:left;font-weight:600;padding:.6rem 0 .2rem}\n"
	".summary tr:last-child>*{font-weight:600}.summary td:nth-child(2){width:40%}\n"
	".summary .zero{color:var(--quiet);opacity:.6}\n"
	"@media(max-width:70rem){.matrix thead th{position:static}}\n"
	"@media print{.matrix td,.bar "
	"i{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

static const char *const meanings[] = {
	[COVERED_NOT] = "it cannot be had",
	[COVERED_INSIDE] = "it is used for other things, but nobody can ask for it",
	[COVERED_PARTLY] = "it can be had with a loss",
	[COVERED_FULLY] = "it can be had",
};

static const char *title_of(const struct coverage_column *c)
{
	return c->version ? mem_printf("%s %s", c->name, c->version) : c->name;
}

/* ---- counts ---- */

static void put_bar(const size_t counts[COVERAGES], struct out *o)
{
	put(o, "<div class=\"bar\">");
	for (int v = COVERAGES - 1; v >= 0; v--)
		if (counts[v])
			put(o, "<i style=\"flex:%zu;background:var(--%s)\" title=\"%zu %s\"></i>",
			    counts[v], coverage_name((enum coverage)v), counts[v],
			    coverage_name((enum coverage)v));
	put(o, "</div>");
}

static void put_plane_counts(const struct abi *on, const struct coverage_column *c, size_t plane,
			     struct out *o)
{
	const size_t *counts = c->counts[plane];

	if (!coverage_sum(counts))
		return;
	put(o, "<tr><th class=\"op\">");
	put_markup(o, coverage_plane(on, plane));
	put(o, "</th><td>");
	put_bar(counts, o);
	put(o, "</td><td>%zu</td>", coverage_sum(counts));
	for (int v = COVERAGES - 1; v >= 0; v--)
		put(o, counts[v] ? "<td>%zu</td>" : "<td class=\"zero\">%zu</td>", counts[v]);
	put(o, "</tr>\n");
}

static void put_summary(const struct abi *on, const struct coverage_column *c, struct out *o)
{
	put(o, "<table class=\"summary\"><caption>");
	put_markup(o, mem_printf("%s through %s", on->name.s, title_of(c)));
	put(o, "</caption><thead><tr><th>plane</th><th></th><th>elements</th>");
	for (int v = COVERAGES - 1; v >= 0; v--)
		put(o, "<th>%s</th>", coverage_name((enum coverage)v));
	put(o, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < on->planes.n + 2; i++)
		put_plane_counts(on, c, i, o);
	put(o, "</tbody></table>\n");
	vec_each(name, &c->silent)
	{
		put(o, "<p>");
		put_markup(o, coverage_silence(*name));
		put(o, "</p>\n");
	}
}

/* ---- what to show ---- */

static void put_meanings(struct out *o)
{
	put(o, "<p>");
	for (int v = COVERAGES - 1; v >= 0; v--)
		put(o, "<b>%s</b> %s%s ", coverage_name((enum coverage)v), meanings[v],
		    v ? ";" : ".");
	put(o, "</p>\n");
}

static void put_filters(const struct abi *on, struct out *o)
{
	put(o, "<nav aria-label=\"what to show\">");
	for (int v = COVERAGES - 1; v >= 0; v--) {
		const char *name = coverage_name((enum coverage)v);

		put(o,
		    "<button type=\"button\" class=\"%s\" aria-pressed=\"false\" "
		    "style=\"background:var(--%s)\" title=\"%s\">%s</button>",
		    name, name, meanings[v], name);
	}
	vec_each(it, &on->planes)
	{
		const struct plane *plane = *it;

		put(o, "<button type=\"button\" aria-pressed=\"false\" data-group=\"%s\" title=\"",
		    plane->name.s);
		put_markup(o, plane->text);
		put(o, "\">%s</button>", plane->name.s);
	}
	put(o, "<input type=\"search\" placeholder=\"words of a call, of what is lost\" "
	       "aria-label=\"words\"></nav>\n");
}

/* ---- elements by what they are had through ---- */

/** The first sentence of a documentation, in one line. */
static const char *first_sentence(const char *doc)
{
	struct out o = {0};

	for (; doc && *doc; doc++) {
		put(&o, "%c", *doc == '\n' ? ' ' : *doc);
		if (*doc == '.' && (!doc[1] || strchr(" \n", doc[1])))
			break;
	}
	return text_of(&o);
}

static void put_cell(const struct run *run, const struct coverage_row *row, struct out *o)
{
	struct position at = source_position(run, row->loc);
	const char *verdict = coverage_name(row->verdict);

	put(o, "<td class=\"%s\" style=\"background:var(--%s)\" title=\"", verdict, verdict);
	put_markup(o, mem_printf("%s%s%s:%u", row->text ? row->text : "", row->text ? "\n" : "",
				 at.path, at.line));
	put(o, "\">%s", verdict);
	if (row->by.n) {
		put(o, " <code>");
		put_markup(o, coverage_by(row));
		put(o, "</code>");
	}
	if (row->text) {
		put(o, "<p>");
		put_markup(o, row->text);
		put(o, "</p>");
	}
	put(o, "</td>");
}

static void put_element(const struct run *run, const struct coverage_report *r, size_t i,
			struct out *o)
{
	const struct element *e = r->on->elements.v[i];

	put(o, "<tr><th class=\"op\">");
	put_markup(o, e->name.s);
	put(o, " <span>");
	put_markup(o, first_sentence(e->doc));
	put(o, "</span></th>");
	vec_each(c, &r->columns) put_cell(run, &c->rows[i], o);
	put(o, "</tr>\n");
}

static void put_plane(const struct run *run, const struct coverage_report *r,
		      const struct plane *plane, struct out *o)
{
	put(o, "<tbody class=\"ops\" data-group=\"%s\"><tr class=\"group\"><th colspan=\"%u\">",
	    plane ? plane->name.s : "", r->columns.n + 1);
	put_markup(o, plane ? plane->name.s : "calls");
	put(o, " <span>");
	put_markup(o, plane ? plane->text : "");
	put(o, "</span></th></tr>\n");
	for (size_t i = 0; i < r->on->elements.n; i++)
		if (r->on->elements.v[i]->plane == plane)
			put_element(run, r, i, o);
	put(o, "</tbody>\n");
}

static void put_matrix(const struct run *run, const struct coverage_report *r, struct out *o)
{
	put(o, "<table class=\"matrix\"><thead><tr><th>");
	put_markup(o, r->on->name.s);
	put(o, "</th>");
	vec_each(c, &r->columns)
	{
		put(o, "<th>");
		put_markup(o, title_of(c));
		put(o, "</th>");
	}
	put(o, "</tr></thead>\n");
	vec_each(plane, &r->on->planes) put_plane(run, r, *plane, o);
	if (!r->on->planes.n)
		put_plane(run, r, NULL, o);
	put(o, "</table>\n");
}

void put_coverage_html(const struct run *run, const struct coverage_report *r, struct out *o)
{
	matrix_begin(o, mem_printf("Coverage of %s", r->on->name.s),
		     mem_printf("What of %s can be had through others", r->on->name.s), colours);
	vec_each(c, &r->columns) put_summary(r->on, c, o);
	put_meanings(o);
	put_filters(r->on, o);
	put_matrix(run, r, o);
	matrix_end(o);
}
