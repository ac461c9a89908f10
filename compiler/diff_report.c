/* The reports of pvgen diff: what each shows is in the one list of changes. */
#include <string.h>

#include "diff.h"
#include "text.h"

/* ---- places ---- */

static void put_place(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p =
		c->has_new ? source_position(d->new, c->new) : source_position(d->old, c->old);

	put(o, "%s:%u", p.path, p.line);
}

/* ---- text ---- */

/** Those who are concerned, with what it is for them. */
static void put_audiences(const struct change *c, struct out *o)
{
	const char *comma = "";

	for (size_t i = 0; i < AUDIENCES; i++) {
		if (c->verdicts[i] == V_NA)
			continue;
		put(o, "%s%s %s", comma, audience_names[i], verdict_names[c->verdicts[i]]);
		comma = ", ";
	}
}

/** A rule once, then all that fall under it. */
static void put_rule(const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "%s: %s (", rule->name, rule->text);
	put_audiences(c, o);
	put(o, ")\n  %s\n  To do: %s\n", rule->effect, rule->remedy);
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	put(o, "    ");
	put_place(d, c, o);
	put(o, ": %s", c->element);
	if (*c->detail) {
		put(o, ": ");
		put_visible(o, c->detail);
	}
	put(o, "%s\n", c->has_new ? "" : " (old)");
	diff_put_fix(d, c, o);
}

static bool same_head(const struct change *a, const struct change *b)
{
	return a->rule == b->rule && !memcmp(a->verdicts, b->verdicts, sizeof(a->verdicts));
}

/** Nobody is concerned by nothing, so all is fine. */
static enum verdict worst_for(const struct diff *d, size_t audience)
{
	return d->changes.n ? d->worst[audience] : V_OK;
}

static void put_text(const struct diff *d, struct out *o)
{
	vec_each(c, &d->changes)
	{
		if (c == d->changes.v || !same_head(c, c - 1)) {
			put(o, c == d->changes.v ? "" : "\n");
			put_rule(c, o);
		}
		put_change(d, c, o);
	}
	put(o, "%s%s:", d->changes.n ? "\n" : "",
	    d->changes.n ? counted(d->changes.n, "change") : "no change");
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "%s %s %s", i ? "," : "", audience_names[i], verdict_names[worst_for(d, i)]);
	put(o, "\n");
}

/* ---- JSON ---- */

static void put_json_key(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	put_json(o, value);
	put(o, ",");
}

static void put_json_place(struct out *o, const char *key, const struct run *run, bool is_there,
			   struct loc loc)
{
	struct position p;

	put(o, "\"%s\": ", key);
	if (!is_there) {
		put(o, "null");
		return;
	}
	p = source_position(run, loc);
	put(o, "{\"file\": ");
	put_json(o, p.path);
	put(o, ", \"line\": %u}", p.line);
}

static void put_json_verdicts(const enum verdict *verdicts, struct out *o)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "%s\"%s\": \"%s\"", i ? ", " : "", audience_names[i],
		    verdict_names[verdicts[i]]);
}

static void put_json_change(const struct diff *d, const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "\t\t{");
	put_json_key(o, "rule", rule->name);
	put(o, " ");
	put_json_key(o, "element", c->element);
	put(o, " \"audiences\": {");
	put_json_verdicts(c->verdicts, o);
	put(o, "}, ");
	put_json_key(o, "severity", verdict_names[change_worst(c)]);
	put(o, "\n\t\t ");
	put_json_place(o, "old", d->old, c->has_old, c->old);
	put(o, ", ");
	put_json_place(o, "new", d->new, c->has_new, c->new);
	put(o, ",\n\t\t ");
	put_json_key(o, "what", rule->text);
	put(o, " ");
	put_json_key(o, "detail", c->detail);
	put(o, "\n\t\t ");
	put_json_key(o, "effect", rule->effect);
	put(o, "\n\t\t \"remedy\": ");
	put_json(o, rule->remedy);
	put(o, ",\n\t\t ");
	diff_put_json_fix(d, c, o);
	put(o, "}");
}

static void put_json_report(const struct diff *d, struct out *o)
{
	enum verdict worst[AUDIENCES];

	for (size_t i = 0; i < AUDIENCES; i++)
		worst[i] = worst_for(d, i);
	put(o, "{\"version\": 1,\n\t\"verdict\": {");
	put_json_verdicts(worst, o);
	put(o, "},\n\t\"changes\": [");
	vec_each(c, &d->changes)
	{
		put(o, c == d->changes.v ? "\n" : ",\n");
		put_json_change(d, c, o);
	}
	put(o, d->changes.n ? "\n\t]}\n" : "]}\n");
}

/* ---- forms ---- */

static const struct {
	const char *name;
	void (*put)(const struct diff *d, struct out *o);
} forms[] = {{"text", put_text}, {"json", put_json_report}};

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
