/*
 * The report of pvgen diff as SARIF 2.1.0: a rule with its help for all that falls under it, a
 * result for each change.
 */
#include <string.h>

#include "diff_report.h"
#include "git.h"
#include "options.h"
#include "text.h"

/* What needs nobody is no failure. */
static const struct {
	const char *kind, *level;
} levels[] = {
	[V_NA] = {"informational", "none"}, [V_OK] = {"informational", "none"},
	[V_NOTE] = {"fail", "note"},	    [V_WARN] = {"fail", "warning"},
	[V_REFUSE] = {"fail", "warning"},   [V_BREAK] = {"fail", "error"},
	[V_SILENT] = {"fail", "error"},
};

/* ---- texts and places ---- */

/** A message, in which braces would stand for arguments. */
static void put_message(struct out *o, const char *key, const char *text)
{
	struct out doubled = {0};

	for (; *text; text++)
		put(&doubled, *text == '{' || *text == '}' ? "%c%c" : "%c", *text, *text);
	put(o, "\"%s\": {", key);
	put_json_pair(o, "text", text_of(&doubled));
	put(o, "}");
}

/** A file's name as a URI reference. */
static const char *uri_of(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	struct out o = {0};

	put(&o, *path == '/' ? "file://" : "");
	for (; *path; path++)
		put(&o, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
	return text_of(&o);
}

static void put_physical(struct out *o, const struct run *run, struct loc loc)
{
	struct position p = source_position(run, loc);

	put(o, "\"physicalLocation\": {\"artifactLocation\": {");
	put_json_pair(o, "uri", uri_of(git_plain(run, p.path)));
	put(o, "}, \"region\": {\"startLine\": %u}}", p.line);
}

/** Where it is, or was if it is gone. */
static void put_location(const struct diff *d, const struct change *c, struct out *o)
{
	put(o, "\"locations\": [{");
	put_physical(o, c->has_new ? d->new : d->old, c->has_new ? c->new : c->old);
	put(o, ", \"logicalLocations\": [{");
	put_json_pair(o, "fullyQualifiedName", c->element);
	put(o, "}]}]");
}

/** Where it was, if it is still there. */
static void put_related(const struct diff *d, const struct change *c, struct out *o)
{
	put(o, "\"relatedLocations\": [");
	if (c->has_old && c->has_new) {
		put(o, "{\"id\": 1, ");
		put_message(o, "message", "before");
		put(o, ", ");
		put_physical(o, d->old, c->old);
		put(o, "}");
	}
	put(o, "]");
}

/* ---- rules ---- */

static void put_rule(enum rule_id id, struct out *o)
{
	const struct rule_row *rule = &diff_rules[id];
	const struct change c = {.verdicts = {rule->verdicts[0], rule->verdicts[1],
					      rule->verdicts[2], rule->verdicts[3]}};

	put(o, "\t\t\t{");
	put_json_pair(o, "id", rule->name);
	put(o, ", ");
	put_message(o, "shortDescription", rule->text);
	put(o, ",\n\t\t\t ");
	put_message(o, "fullDescription", rule->effect);
	put(o, ",\n\t\t\t ");
	put_message(o, "help", mem_printf("%s\nTo do: %s", rule->effect, rule->remedy));
	put(o, ",\n\t\t\t \"defaultConfiguration\": {");
	put_json_pair(o, "level", levels[change_worst(&c)].level);
	put(o, "}}");
}

/** The rules of the changes, each once; @numbers gets their places in the list. */
static void put_rules(const struct diff *d, unsigned int *numbers, struct out *o)
{
	bool is_there[R_COUNT] = {false};
	unsigned int n = 0;

	vec_each(c, &d->changes)
	{
		if (is_there[c->rule])
			continue;
		is_there[c->rule] = true;
		numbers[c->rule] = n;
		put(o, n++ ? ",\n" : "\n");
		put_rule(c->rule, o);
	}
}

/* ---- results ---- */

static const char *message_of(const struct change *c)
{
	const struct rule_row *rule = &diff_rules[c->rule];
	struct out concerned = {0};

	put_concerned(&concerned, c);
	return mem_printf("%s: %s%s%s (%s). %s To do: %s", c->element, rule->text,
			  *c->detail ? ": " : "", c->detail, text_of(&concerned), rule->effect,
			  rule->remedy);
}

/* A result is suppressed as a whole, so only if it fails for nobody any more. */
static void put_suppressions(const struct diff *d, const struct change *c, struct out *o)
{
	const struct waiver *w;
	const char *comma = "";

	put(o, "\"suppressions\": [");
	for (size_t i = 0; is_waived(c) && (w = next_waiver(c, &i)); comma = ", ") {
		put(o, "%s{\"kind\": \"external\", \"status\": \"accepted\", ", comma);
		put_json_pair(o, "justification", w->reason);
		put(o, ", \"location\": {");
		put_physical(o, d->new, w->loc);
		put(o, "}, \"properties\": {\"audiences\": ");
		put_json_audiences(o, waived_for(c, w));
		put(o, "}}");
	}
	put(o, "]");
}

static void put_properties(const struct diff *d, const struct change *c, struct out *o)
{
	put(o, "\"properties\": {\"audiences\": {");
	put_json_verdicts(o, c->verdicts);
	put(o, "}, \"gated\": ");
	put_json_audiences(o, change_gated(d, c));
	put(o, "}");
}

static void put_result(const struct diff *d, const struct change *c, unsigned int number,
		       struct out *o)
{
	enum verdict v = change_gated(d, c) ? V_BREAK : change_worst(c);

	put(o, "\t\t\t{");
	put_json_pair(o, "ruleId", diff_rules[c->rule].name);
	put(o, ", \"ruleIndex\": %u, ", number);
	put_json_pair(o, "kind", levels[v].kind);
	put(o, ", ");
	put_json_pair(o, "level", levels[v].level);
	put(o, ",\n\t\t\t ");
	put_message(o, "message", message_of(c));
	put(o, ",\n\t\t\t ");
	put_location(d, c, o);
	put(o, ",\n\t\t\t ");
	put_related(d, c, o);
	put(o, ",\n\t\t\t \"partialFingerprints\": {");
	if (*c->fingerprint)
		put_json_pair(o, "pvgen/v1", c->fingerprint);
	put(o, "}, ");
	put_suppressions(d, c, o);
	put(o, ",\n\t\t\t ");
	put_properties(d, c, o);
	put(o, "}");
}

static void put_notes(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	vec_each(note, &notes)
	{
		put(o, "%s{\"level\": \"note\", ", note == notes.v ? "" : ", ");
		put_message(o, "message", note->s);
		put(o, "}");
	}
}

void diff_put_sarif(const struct diff *d, struct out *o)
{
	unsigned int numbers[R_COUNT] = {0};

	put(o,
	    "{\"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
	    "sarif-schema-2.1.0.json\",\n"
	    "\t\"version\": \"2.1.0\",\n\t\"runs\": [{\n"
	    "\t\t\"tool\": {\"driver\": {\"name\": \"pvgen\", \"version\": \"%s\", \"rules\": [",
	    pvgen_version);
	put_rules(d, numbers, o);
	put(o, "]}},\n\t\t\"results\": [");
	vec_each(c, &d->changes)
	{
		put(o, c == d->changes.v ? "\n" : ",\n");
		put_result(d, c, numbers[c->rule], o);
	}
	put(o, "],\n\t\t\"invocations\": [{\"executionSuccessful\": true, "
	       "\"toolExecutionNotifications\": [");
	put_notes(d, o);
	put(o, "]}]\n\t}]}\n");
}
