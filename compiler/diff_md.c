/* The report of pvgen diff as Markdown, for the comment that a reviewer reads. */
#include <string.h>

#include "diff_report.h"
#include "text.h"

static size_t longest_quotes(const char *s)
{
	size_t longest = 0, n;

	for (; *s; s += n + !!s[n]) {
		n = strspn(s, "`");
		longest = n > longest ? n : longest;
	}
	return longest;
}

/** A user's text, in which nothing is markup, and @name calls nobody. */
static void put_code(struct out *o, const char *s)
{
	struct out visible = {0};
	size_t n;

	put_visible(&visible, s);
	s = text_of(&visible);
	n = longest_quotes(s) + 1;
	for (size_t i = 0; i < n; i++)
		put(o, "`");
	put(o, n > 1 ? " %s " : "%s", s);
	for (size_t i = 0; i < n; i++)
		put(o, "`");
}

static void put_name(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p = change_place(d, c);

	put(o, "- ");
	put_code(o, mem_printf("%s:%u", p.path, p.line));
	put(o, c->has_new ? " " : " (old) ");
	put_code(o, c->element);
}

/** For whom; those who are broken stand out. */
static void put_bold(const struct change *c, struct out *o)
{
	const char *comma = "";

	for (size_t i = 0; i < AUDIENCES; i++) {
		if (c->verdicts[i] == V_NA)
			continue;
		put(o, c->verdicts[i] >= V_BREAK ? "%s**%s %s**" : "%s%s %s", comma,
		    audience_names[i], verdict_names[c->verdicts[i]]);
		comma = ", ";
	}
}

static void put_rule(const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "### %s: %s (", rule->name, rule->text);
	put_bold(c, o);
	put(o, ")\n%s  \n**To do:** %s\n\n", rule->effect, rule->remedy);
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	const char *users = change_users(d, c);
	const struct waiver *w;

	put_name(d, c, o);
	if (*c->detail) {
		put(o, ": ");
		put_code(o, c->detail);
	}
	put(o, "\n");
	if (users) {
		put(o, "  - used by ");
		put_code(o, users);
		put(o, "\n");
	}
	for (size_t i = 0; (w = next_waiver(c, &i));) {
		put(o, "  - ");
		put_code(o, waived_text(d, c, w));
		put(o, "\n");
	}
}

static void put_failures(const struct diff *d, struct out *o)
{
	put(o, "\n### The status is 1 because of\n");
	vec_each(c, &d->changes)
	{
		unsigned int gated = change_gated(d, c);

		if (!gated)
			continue;
		put_name(d, c, o);
		put(o, ", for %s", audience_words(gated));
		if (*c->fingerprint) {
			put(o, "; to accept, with a reason: ");
			put_code(o, waiver_line(c, gated));
		}
		put(o, "\n");
	}
}

static void put_notes(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	put(o, notes.n ? "\n" : "");
	vec_each(note, &notes)
	{
		put(o, "- ");
		put_code(o, note->s);
		put(o, "\n");
	}
}

void diff_put_md(const struct diff *d, struct out *o)
{
	vec_each(c, &d->changes)
	{
		if (c == d->changes.v || !same_head(c, c - 1)) {
			put(o, c == d->changes.v ? "" : "\n");
			put_rule(c, o);
		}
		put_change(d, c, o);
	}
	put(o, d->changes.n ? "\n---\n\n" : "");
	put_verdict(o, d);
	put(o, "\n");
	put_notes(d, o);
	if (diff_is_gated(d))
		put_failures(d, o);
}
