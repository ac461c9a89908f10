/* The report of pvgen diff as annotations of GitHub's, which shows them at their lines. */
#include <string.h>

#include "diff_report.h"
#include "git.h"
#include "text.h"

/** What has a meaning in an annotation stands there as %XX. */
static void put_escaped(struct out *o, const char *s, const char *special)
{
	struct out visible = {0};

	put_visible(&visible, s);
	for (s = text_of(&visible); *s; s++)
		put(o, strchr(special, *s) ? "%%%02X" : "%c", (unsigned char)*s);
}

static void put_property(struct out *o, const char *s)
{
	put_escaped(o, s, "%:,");
}

static void put_data(struct out *o, const char *s)
{
	put_escaped(o, s, "%");
}

/** What fails is an error, what is harmless is not shown. */
static const char *command_of(const struct diff *d, const struct change *c)
{
	enum verdict worst = change_worst(c);

	if (change_gated(d, c))
		return "error";
	if (worst < V_NOTE)
		return NULL;
	return worst == V_NOTE || is_waived(c) ? "notice" : "warning";
}

/** A part of the text, in a line of its own. */
static void put_part(struct out *o, const char *before, const char *text)
{
	put(o, "%%0A%s", before);
	put_data(o, text);
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];
	struct position p = change_place(d, c);
	unsigned int gated = change_gated(d, c);
	const struct waiver *w;

	put(o, "::%s file=", command_of(d, c));
	put_property(o, git_plain(c->has_new ? d->new : d->old, p.path));
	put(o, ",line=%u,title=%s::", p.line, rule->name);
	put_data(o, mem_printf("%s: %s%s%s", c->element, rule->text, *c->detail ? ": " : "",
			       c->detail));
	put(o, " (");
	put_concerned(o, c);
	put(o, ")");
	put_part(o, "", rule->effect);
	put_part(o, "To do: ", rule->remedy);
	if (gated && *c->fingerprint)
		put_part(o, "To accept: ", waiver_line(c, gated));
	for (size_t i = 0; (w = next_waiver(c, &i));)
		put_part(o, "", waived_text(d, c, w));
	put(o, "\n");
}

void diff_put_github(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	vec_each(c, &d->changes)
	{
		if (command_of(d, c))
			put_change(d, c, o);
	}
	put(o, "::%s title=pvgen diff::", diff_is_gated(d) ? "error" : "notice");
	put_verdict(o, d);
	vec_each(note, &notes) put_part(o, "", note->s);
	put(o, "\n");
}
