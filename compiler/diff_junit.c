/*
 * The report of pvgen diff as test results: a suite for each audience, a case for each change that
 * concerns it.  Only what makes the status 1 is a failure; what is waived was skipped.
 */
#include "diff_report.h"
#include "text.h"

struct counts {
	size_t cases, failed, skipped;
};

static bool is_failed(const struct diff *d, const struct change *c, size_t audience)
{
	return change_gated(d, c) & 1u << audience;
}

/** Somebody must be concerned by nothing, or the tests would be missing. */
static struct counts count(const struct diff *d, size_t audience)
{
	struct counts n = {0};

	vec_each(c, &d->changes)
	{
		n.cases += c->verdicts[audience] != V_NA;
		n.failed += is_failed(d, c, audience);
		n.skipped += !!c->waivers[audience];
	}
	n.cases += !n.cases;
	return n;
}

static void put_counts(struct counts n, struct out *o)
{
	put(o, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", n.cases, n.failed,
	    n.skipped);
}

static void put_failure(const struct change *c, size_t audience, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "<failure type=\"%s\" message=\"", verdict_names[c->verdicts[audience]]);
	put_markup(o, rule->text);
	put(o, "\">");
	put_markup(o, rule->effect);
	put(o, "\nTo do: ");
	put_markup(o, rule->remedy);
	if (*c->fingerprint) {
		put(o, "\nTo accept: ");
		put_markup(o, waiver_line(c, 1u << audience));
	}
	put(o, "</failure>");
}

static void put_case(const struct diff *d, const struct change *c, size_t audience, struct out *o)
{
	struct position p = change_place(d, c);

	put(o, "<testcase classname=\"%s.%s\" name=\"", audience_names[audience],
	    diff_rules[c->rule].name);
	put_markup(o, mem_printf("%s%s%s", c->element, *c->detail ? ": " : "", c->detail));
	put(o, "\" file=\"");
	put_markup(o, p.path);
	put(o, "\" line=\"%u\" time=\"0\">", p.line);
	if (is_failed(d, c, audience))
		put_failure(c, audience, o);
	if (c->waivers[audience]) {
		put(o, "<skipped message=\"");
		put_markup(o, waived_text(d, c, c->waivers[audience]));
		put(o, "\"/>");
	}
	put(o, "</testcase>\n");
}

static void put_notes(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	if (!notes.n)
		return;
	put(o, "<system-out>");
	vec_each(note, &notes)
	{
		put_markup(o, note->s);
		put(o, "\n");
	}
	put(o, "</system-out>\n");
}

static void put_suite(const struct diff *d, size_t audience, struct out *o)
{
	const char *name = audience_names[audience];

	put(o, "<testsuite name=\"%s\" time=\"0\"", name);
	put_counts(count(d, audience), o);
	if (worst_for(d, audience) == V_NA || !d->changes.n)
		put(o, "<testcase classname=\"%s\" name=\"no change\" time=\"0\"/>\n", name);
	vec_each(c, &d->changes)
	{
		if (c->verdicts[audience] != V_NA)
			put_case(d, c, audience, o);
	}
	put_notes(d, o);
	put(o, "</testsuite>\n");
}

void diff_put_junit(const struct diff *d, struct out *o)
{
	struct counts all = {0};

	for (size_t i = 0; i < AUDIENCES; i++) {
		struct counts n = count(d, i);

		all.cases += n.cases;
		all.failed += n.failed;
		all.skipped += n.skipped;
	}
	put(o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pvgen diff\" "
	       "time=\"0\"");
	put_counts(all, o);
	for (size_t i = 0; i < AUDIENCES; i++)
		put_suite(d, i, o);
	put(o, "</testsuites>\n");
}
