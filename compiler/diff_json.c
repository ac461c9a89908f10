/* The report of pvgen diff as JSON; docs/diff.md says what its keys hold. */
#include "diff_report.h"
#include "text.h"

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
	put(o, "}");
}

void diff_put_json(const struct diff *d, struct out *o)
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
