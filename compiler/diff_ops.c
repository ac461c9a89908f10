/* The page of a diff: which ops changed, and whom that concerns. */
#include <string.h>

#include "diff_html.h"
#include "text.h"

const char *op_element(const struct interface *i, const struct op *op)
{
	return intern(mem_printf("%s.%s", i->name.s, op_path(op)));
}

static void add_ops(struct op_rows *ops, const struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			struct op_row *row;
			const char *element = op_element(*i, *op);

			if ((*op)->is_spare || map_get(&ops->by_element, element))
				continue;
			row = mem_alloc(sizeof(*row));
			row->element = element;
			map_add(&ops->by_element, element, row);
			*vec_push(&ops->rows) = row;
		}
	}
}

/** The op that the change is of, or inside of; NULL: it is of something else. */
static struct op_row *row_of(const struct op_rows *ops, const char *element)
{
	struct op_row *row = NULL;
	size_t n = 0;

	do {
		n += strcspn(element + n, ". ");
		row = map_get(&ops->by_element, intern_n(element, n));
	} while (!row && element[n++]);
	return row;
}

static void add_change(struct op_row *row, const struct change *c)
{
	row->first = row->first ? row->first : c;
	for (size_t i = 0; i < AUDIENCES; i++) {
		enum verdict v = c->waivers[i] ? V_OK : c->verdicts[i];

		row->worst[i] = v > row->worst[i] ? v : row->worst[i];
		if (c->waivers[i])
			row->waived |= 1u << i;
	}
}

struct op_rows find_op_rows(const struct diff *d)
{
	struct op_rows ops = {0};

	add_ops(&ops, d->new);
	add_ops(&ops, d->old);
	vec_each(c, &d->changes)
	{
		struct op_row *row = is_waivers_fault(c) ? NULL : row_of(&ops, c->element);

		if (row)
			add_change(row, c);
	}
	vec_each(row, &ops.rows)
	{
		if ((*row)->first)
			(*row)->number = ++ops.changed;
	}
	return ops;
}

static void put_row(const struct diff *d, const struct op_row *row, struct out *o)
{
	put(o, "<tr id=\"op%u\"", row->number);
	put_filter(o, row->worst);
	put(o, "><th class=\"op\"><a href=\"#c%zu\">", (size_t)(row->first - d->changes.v));
	put_markup(o, row->element);
	put(o, "</a></th>");
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "<td class=\"%s\">%s%s</td>", verdict_names[row->worst[i]],
		    verdict_names[row->worst[i]], row->waived & 1u << i ? ", waived" : "");
	if (has_users(d)) {
		put(o, "<td>");
		put_markup(o, change_users(d, row->first) ?: "");
		put(o, "</td>");
	}
	put(o, "</tr>\n");
}

void put_op_rows(const struct diff *d, const struct op_rows *ops, struct out *o)
{
	if (!ops->changed)
		return;
	put(o,
	    "<h2>Ops that changed</h2>\n<details%s><summary>%s</summary>\n<table "
	    "class=\"ops\"><thead><tr><th>op</th>",
	    ops->changed > MANY ? "" : " open", counted(ops->changed, "op"));
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "<th>%s</th>", audience_names[i]);
	put(o, "%s</tr></thead><tbody>\n", has_users(d) ? "<th>used by</th>" : "");
	vec_each(row, &ops->rows)
	{
		if ((*row)->first)
			put_row(d, *row, o);
	}
	put(o, "</tbody></table></details>\n");
}
