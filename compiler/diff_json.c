/* The report of pvgen diff as JSON; docs/diff.md says what its keys hold. */
#include "diff_report.h"
#include "text.h"

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

void put_json_verdicts(struct out *o, const enum verdict *verdicts)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, "%s\"%s\": \"%s\"", i ? ", " : "", audience_names[i],
		    verdict_names[verdicts[i]]);
}

void put_json_audiences(struct out *o, unsigned int audiences)
{
	const char *comma = "";

	put(o, "[");
	for (size_t i = 0; i < AUDIENCES; i++) {
		if (!(audiences & 1u << i))
			continue;
		put(o, "%s\"%s\"", comma, audience_names[i]);
		comma = ", ";
	}
	put(o, "]");
}

static void put_json_waiver(const struct diff *d, const struct change *c, const struct waiver *w,
			    struct out *o)
{
	put(o, "{\"audiences\": ");
	put_json_audiences(o, waived_for(c, w));
	put(o, ", \"until\": ");
	if (w->until)
		put_json(o, w->until);
	else
		put(o, "null");
	put(o, ", ");
	put_json_pair(o, "reason", w->reason);
	put(o, ", ");
	put_json_place(o, "place", d->new, true, w->loc);
	put(o, "}");
}

/** For whom it fails, the line that would accept that, and what accepts it already. */
static void put_json_gate(const struct diff *d, const struct change *c, struct out *o)
{
	unsigned int gated = change_gated(d, c);
	const struct waiver *w;
	const char *comma = "";

	put_json_pair(o, "fingerprint", c->fingerprint);
	put(o, ", \"gated\": ");
	put_json_audiences(o, gated);
	put(o, ", \"waiver\": ");
	if (gated && *c->fingerprint)
		put_json(o, waiver_line(c, gated));
	else
		put(o, "null");
	put(o, ", \"waived\": [");
	for (size_t i = 0; (w = next_waiver(c, &i)); comma = ", ") {
		put(o, "%s", comma);
		put_json_waiver(d, c, w, o);
	}
	put(o, "]");
}

static void put_json_change(const struct diff *d, const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "\t\t{");
	put_json_pair(o, "rule", rule->name);
	put(o, ", ");
	put_json_pair(o, "element", c->element);
	put(o, ", \"audiences\": {");
	put_json_verdicts(o, c->verdicts);
	put(o, "}, ");
	put_json_pair(o, "severity", verdict_names[change_worst(c)]);
	put(o, ",\n\t\t ");
	put_json_place(o, "old", d->old, c->has_old, c->old);
	put(o, ", ");
	put_json_place(o, "new", d->new, c->has_new, c->new);
	put(o, ",\n\t\t ");
	put_json_pair(o, "what", rule->text);
	put(o, ", ");
	put_json_pair(o, "detail", c->detail);
	put(o, ",\n\t\t ");
	put_json_pair(o, "effect", rule->effect);
	put(o, ",\n\t\t ");
	put_json_pair(o, "remedy", rule->remedy);
	put(o, ",\n\t\t ");
	diff_put_json_fix(d, c, o);
	put(o, ",\n\t\t ");
	put_json_gate(d, c, o);
	put_json_change_users(o, d, c);
	put(o, "}");
}

void diff_put_json(const struct diff *d, struct out *o)
{
	enum verdict worst[AUDIENCES];

	for (size_t i = 0; i < AUDIENCES; i++)
		worst[i] = worst_for(d, i);
	put(o, "{\"version\": 1,\n\t\"verdict\": {");
	put_json_verdicts(o, worst);
	put(o, "},\n\t\"status\": %d,\n\t", diff_is_gated(d));
	put_moved_json(d, o);
	put(o, ",\n\t");
	put_unknown_json(d, o);
	put_json_users(o, d);
	put(o, ",\n\t\"changes\": [");
	vec_each(c, &d->changes)
	{
		put(o, c == d->changes.v ? "\n" : ",\n");
		put_json_change(d, c, o);
	}
	put(o, d->changes.n ? "\n\t]}\n" : "]}\n");
}
