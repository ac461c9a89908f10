/* The reports of pvgen diff: what each shows is in the one list of changes. */
#include <string.h>

#include "diff_report.h"

/* ---- what the forms have in common ---- */

struct position change_place(const struct diff *d, const struct change *c)
{
	return c->has_new ? source_position(d->new, c->new) : source_position(d->old, c->old);
}

bool same_head(const struct change *a, const struct change *b)
{
	return a->rule == b->rule && !memcmp(a->verdicts, b->verdicts, sizeof(a->verdicts));
}

const struct change *end_of_head(const struct diff *d, const struct change *c)
{
	const struct change *end = c;

	while (end < d->changes.v + d->changes.n && same_head(c, end))
		end++;
	return end;
}

enum verdict worst_for(const struct diff *d, size_t audience)
{
	return d->changes.n ? d->worst[audience] : V_OK;
}

void put_concerned(struct out *o, const struct change *c)
{
	const char *comma = "";

	for (size_t i = 0; i < AUDIENCES; i++) {
		if (c->verdicts[i] == V_NA)
			continue;
		put(o, "%s%s %s", comma, audience_names[i], verdict_names[c->verdicts[i]]);
		comma = ", ";
	}
}

static bool has_earlier(const struct change *c, size_t end, const struct waiver *w)
{
	for (size_t i = 0; i < end; i++)
		if (c->waivers[i] == w)
			return true;
	return false;
}

const struct waiver *next_waiver(const struct change *c, size_t *i)
{
	while (*i < AUDIENCES) {
		const struct waiver *w = c->waivers[(*i)++];

		if (w && !has_earlier(c, *i - 1, w))
			return w;
	}
	return NULL;
}

unsigned int waived_for(const struct change *c, const struct waiver *w)
{
	unsigned int audiences = 0;

	for (size_t i = 0; i < AUDIENCES; i++)
		if (c->waivers[i] == w)
			audiences |= 1u << i;
	return audiences;
}

const char *waived_text(const struct diff *d, const struct change *c, const struct waiver *w)
{
	struct position p = source_position(d->new, w->loc);

	return mem_printf("waived for %s%s%s (%s:%u): %s", audience_words(waived_for(c, w)),
			  w->until ? " until " : "", w->until ? w->until : "", p.path, p.line,
			  w->reason);
}

bool is_waived(const struct change *c)
{
	bool has_waiver = false;

	for (size_t i = 0; i < AUDIENCES; i++) {
		has_waiver |= !!c->waivers[i];
		if (c->verdicts[i] >= V_BREAK && !c->waivers[i])
			return false;
	}
	return has_waiver;
}

static size_t count_waived(const struct diff *d)
{
	size_t n = 0;

	vec_each(c, &d->changes) n += is_waived(c);
	return n;
}

names diff_notes(const struct diff *d)
{
	names notes = {0};

	tell_users(d, &notes);
	tell_moved(d, &notes);
	tell_unseen(d, &notes);
	return notes;
}

void put_verdict(struct out *o, const struct diff *d)
{
	size_t waived = count_waived(d);

	put(o, "%s", d->changes.n ? counted(d->changes.n, "change") : "no change");
	put(o, "%s", d->unseen.n ? " in what both sides tell" : "");
	if (waived)
		put(o, ", %zu waived", waived);
	put(o, ":");
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "%s %s %s", i ? "," : "", audience_names[i], verdict_names[worst_for(d, i)]);
}

/* ---- forms ---- */

static const struct {
	const char *name;
	void (*put)(const struct diff *d, struct out *o);
} forms[] = {
	{"text", diff_put_text},   {"json", diff_put_json},   {"md", diff_put_md},
	{"sarif", diff_put_sarif}, {"junit", diff_put_junit}, {"github", diff_put_github},
	{"html", diff_put_html},
};

bool diff_knows(const char *request)
{
	return report_form(forms, request);
}

/** FORM or FORM:FILE */
static void add_report(struct run *run, const struct diff *d, const char *request)
{
	report_form(forms, request)->put(d, report_output(run, request));
}

void diff_report(struct run *run, const struct diff *d)
{
	vec_each(request, &run->diff.forms) add_report(run, d, *request);
	if (!run->diff.forms.n)
		add_report(run, d, "text");
}
