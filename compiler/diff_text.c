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

static void put_name(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p = change_place(d, c);

	put_visible(o, mem_printf("%s:%u: %s", p.path, p.line, c->element));
}

static void put_waivers(const struct diff *d, const struct change *c, struct out *o)
{
	const struct waiver *w;

	for (size_t i = 0; (w = next_waiver(c, &i));) {
		put(o, "      ");
		put_visible(o, waived_text(d, c, w));
		put(o, "\n");
	}
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	const char *users = change_users(d, c);

	put(o, "    ");
	put_name(d, c, o);
	if (*c->detail) {
		put(o, ": ");
		put_visible(o, c->detail);
	}
	put(o, "%s\n", c->has_new ? "" : " (old)");
	diff_put_fix(d, c, o);
	if (users) {
		put(o, "      used by ");
		put_visible(o, users);
		put(o, "\n");
	}
	put_waivers(d, c, o);
}

/** Who is failed by the change, and how it can be accepted. */
static void put_failure(const struct diff *d, const struct change *c, unsigned int gated,
			struct out *o)
{
	put(o, "  ");
	put_name(d, c, o);
	put(o, ": %s, for %s\n", diff_rules[c->rule].text, audience_words(gated));
	if (*c->fingerprint)
		put(o, "    To accept: %s\n", waiver_line(c, gated));
}

/** Why the status is 1: last, where a log is looked at first. */
static void put_failures(const struct diff *d, struct out *o)
{
	put(o, "\nThe status is 1 because of:\n");
	vec_each(c, &d->changes)
	{
		unsigned int gated = change_gated(d, c);

		if (gated)
			put_failure(d, c, gated, o);
	}
	put(o, "What is to be accepted goes, with a reason behind the colon, into a file for "
	       "--waivers.\n");
}

static void put_notes(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	vec_each(note, &notes)
	{
		put_visible(o, note->s);
		put(o, "\n");
	}
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
	put_notes(d, o);
	if (diff_is_gated(d))
		put_failures(d, o);
}
