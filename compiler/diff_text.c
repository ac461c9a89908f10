/* The report of pvgen diff for people: a rule once, then all that fall under it. */
#include "diff_report.h"
#include "text.h"

static void put_rule(const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "%s: %s (", rule->name, rule->text);
	put_concerned(o, c);
	put(o, ")\n  %s\n  To do: %s\n", rule->effect, rule->remedy);
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p = change_place(d, c);

	put(o, "    %s:%u: %s", p.path, p.line, c->element);
	if (*c->detail) {
		put(o, ": ");
		put_visible(o, c->detail);
	}
	put(o, "%s\n", c->has_new ? "" : " (old)");
}

void diff_put_text(const struct diff *d, struct out *o)
{
	vec_each(c, &d->changes)
	{
		if (c == d->changes.v || !same_head(c, c - 1)) {
			put(o, c == d->changes.v ? "" : "\n");
			put_rule(c, o);
		}
		put_change(d, c, o);
	}
	put(o, d->changes.n ? "\n" : "");
	put_verdict(o, d);
	put(o, "\n");
}
