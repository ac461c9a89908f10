/* What is counted of an abi, and what of it can be had through others. */
#include "diff.h"

/* ---- what is counted ---- */

static const char *memory_text(const struct plane *plane)
{
	struct out o = {0};

	vec_each(place, &plane->memory) put(&o, "%s%s", o.n ? " " : "", path_text(&place->path, 0));
	return text_of(&o);
}

FACT(get_plane_text, plane, fact_text(x->text))
FACT(get_memory, plane, fact_text(memory_text(x)))

static const struct property plane_rows[] = {
	{"text", R_COV_PLANE, R_COV_PLANE, R_COV_PLANE, get_plane_text},
	{"memory", R_COV_PLANE, R_COV_PLANE, R_COV_PLANE, get_memory},
};

void diff_planes(struct diff *d, const struct at *at, const struct abi *old, const struct abi *new)
{
	pairs pairs = pair_pointers(&old->planes, &new->planes);

	diff_things(d, at, &pairs, plane_rows, NELEM(plane_rows), R_COV_PLANE, "plane: ");
}

FACT(get_plane, traits, fact_text(x->plane.s))
FACT(get_option_text, call_option, fact_text(x->text))
FACT(get_option_plane, call_option, fact_text(x->plane.s))

static const struct property counted_rows[] = {
	{"plane", R_COV_PLANE, R_COV_PLANE, R_COV_PLANE, get_plane}};

static const struct property option_rows[] = {
	{"option text", R_COV_PLANE, R_COV_PLANE, R_COV_PLANE, get_option_text},
	{"plane of the option", R_COV_PLANE, R_COV_PLANE, R_COV_PLANE, get_option_plane},
};

void diff_options(struct diff *d, const struct at *at, const struct traits *old,
		  const struct traits *new)
{
	pairs pairs = pair_values(&old->options, &new->options);

	diff_facts(d, at, counted_rows, old, new);
	diff_things(d, at, &pairs, option_rows, NELEM(option_rows), R_COV_PLANE, "option: ");
}

/* ---- what can be had ---- */

static const char *by_text(const struct cover *c)
{
	struct out o = {0};

	vec_each(by, &c->by) put(&o, "%s %s", o.n ? "" : c->is_like ? "like" : "by", *by);
	return text_of(&o);
}

FACT(get_verdict, cover, fact_text(coverage_name(x->verdict)))
FACT(get_by, cover, fact_text(by_text(x)))
FACT(get_text, cover, fact_text(x->text))

static const struct property cover_rows[] = {
	{"verdict", R_COV_BINDING, R_COV_BINDING, R_COV_BINDING, get_verdict},
	{"had", R_COV_BINDING, R_COV_BINDING, R_COV_BINDING, get_by},
	{"lost", R_COV_BINDING, R_COV_BINDING, R_COV_BINDING, get_text},
};

void diff_covers(struct diff *d, const struct at *at, const covers *old, const covers *new)
{
	pairs pairs = pair_values(old, new);

	vec_each(p, &pairs)
	{
		struct at inner = at_pair(at, p->old, p->new);
		const struct cover *c = p->new ? p->new : p->old;

		if (p->old && p->new)
			diff_facts(d, &inner, cover_rows, p->old, p->new);
		else
			change(d, R_COV_BINDING, &inner, "%s: %s", coverage_name(c->verdict),
			       p->new ? "new" : "gone");
	}
}

void diff_mapping(struct diff *d, const struct at *at, const struct mapping *old,
		  const struct mapping *new)
{
	diff_covers(d, at, &old->covers, &new->covers);
}
