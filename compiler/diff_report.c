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

void put_verdict(struct out *o, const struct diff *d)
{
	put(o, "%s:", d->changes.n ? counted(d->changes.n, "change") : "no change");
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "%s %s %s", i ? "," : "", audience_names[i], verdict_names[worst_for(d, i)]);
}

/* ---- forms ---- */

static const struct {
	const char *name;
	void (*put)(const struct diff *d, struct out *o);
} forms[] = {{"text", diff_put_text}, {"json", diff_put_json}};

bool diff_knows(const char *form, size_t n)
{
	for (size_t i = 0; i < NELEM(forms); i++)
		if (!strncmp(forms[i].name, form, n) && !forms[i].name[n])
			return true;
	return false;
}

/** FORM or FORM:FILE */
static void add_report(struct run *run, const struct diff *d, const char *request)
{
	size_t n = strcspn(request, ":");
	struct output *out = vec_push(&run->outputs);

	*out = (struct output){.path = request[n] ? request + n + 1 : "-"};
	for (size_t i = 0; i < NELEM(forms); i++)
		if (!strncmp(forms[i].name, request, n) && !forms[i].name[n])
			forms[i].put(d, &out->text);
}

void diff_report(struct run *run, const struct diff *d)
{
	vec_each(request, &run->diff.forms) add_report(run, d, *request);
	if (!run->diff.forms.n)
		add_report(run, d, "text");
}

/* ---- gates ---- */

static bool add_to_gate(struct run *run, const char *word, size_t n)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		if (!strncmp(audience_names[i], word, n) && !audience_names[i][n]) {
			run->diff.gate |= 1u << i;
			return true;
		}
	return false;
}

bool diff_set_gate(struct run *run, const char *words)
{
	run->diff.has_gate = true;
	run->diff.gate = 0;
	if (!strcmp(words, "none"))
		return true;
	for (;; words++) {
		size_t n = strcspn(words, ",");

		if (!add_to_gate(run, words, n))
			return false;
		words += n;
		if (!*words)
			return true;
	}
}

bool diff_is_gated(const struct run *run, const struct diff *d)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		if ((!run->diff.has_gate || run->diff.gate & 1u << i) && d->worst[i] >= V_BREAK)
			return true;
	return false;
}
