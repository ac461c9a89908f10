/*
 * What to insert into NEW, so that what became free by a change is not given to anything else.
 *
 * A model knows where names are, not where bodies begin and end, so this looks at the text again.
 */
#include <string.h>

#include "diff.h"
#include "text.h"

/** Behind a comment or a string that begins here; the same place if none does. */
static const char *skip_quoted(const char *s)
{
	if (s[0] == '/' && s[1] == '/')
		return s + strcspn(s, "\n");
	if (s[0] == '/' && s[1] == '*')
		return strstr(s + 2, "*/") ? strstr(s + 2, "*/") + 2 : s + strlen(s);
	if (*s != '"')
		return s;
	for (s++; *s && *s != '"'; s++)
		s += *s == '\\' && s[1];
	return s + (*s == '"');
}

/** Behind the next of these characters; NULL if there is none. */
static const char *behind(const char *s, const char *characters)
{
	while (*s && !strchr(characters, *s)) {
		const char *next = skip_quoted(s);

		s = next == s ? s + 1 : next;
	}
	return *s ? s + 1 : NULL;
}

/** Behind the body that begins behind this place. */
static const char *behind_body(const char *s)
{
	unsigned int depth = 0;

	do {
		s = behind(s, "{}");
		if (!s)
			return NULL;
		depth = s[-1] == '{' ? depth + 1 : depth - 1;
	} while (depth);
	return s;
}

/** Only what is a file of its own can be edited. */
static const struct source *editable(const struct diff *d, struct loc loc)
{
	const struct source *s = d->new->sources.v[loc.file];

	return s->shown || s->is_stdin || d->new->git || d->new->draft.path ? NULL : s;
}

/** An edit of the last change. */
static void insert(struct diff *d, const struct source *s, const char *place, const char *text)
{
	struct change *c = &d->changes.v[d->changes.n - 1];

	if (!place)
		return;
	c->fix.at.file = s->file;
	c->fix.at.begin = c->fix.at.end = (uint32_t)(place - s->text);
	c->fix.text = text;
}

void diff_insert_inside(struct diff *d, struct loc name, const char *text)
{
	const struct source *s = editable(d, name);

	if (s)
		insert(d, s, behind(s->text + name.end, "{"), mem_printf("\n    %s", text));
}

void diff_insert_behind(struct diff *d, struct loc name, const char *text)
{
	const struct source *s = editable(d, name);

	if (s)
		insert(d, s, behind_body(s->text + name.end), mem_printf("\n        %s", text));
}

/* ---- reports ---- */

/** The text without the blanks that lay it out. */
static const char *shown(const struct change *c)
{
	return c->fix.text + strspn(c->fix.text, " \n");
}

void diff_put_fix(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p;

	if (!c->fix.text)
		return;
	p = source_position(d->new, c->fix.at);
	put(o, "      insert at %s:%u:%u: ", p.path, p.line, p.column);
	put_visible(o, shown(c));
	put(o, "\n");
}

void diff_put_json_fix(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p;

	put(o, "\"fix\": ");
	if (!c->fix.text) {
		put(o, "null");
		return;
	}
	p = source_position(d->new, c->fix.at);
	put(o, "{\"file\": ");
	put_json(o, p.path);
	put(o, ", \"line\": %u, \"column\": %u, \"insert\": ", p.line, p.column);
	put_json(o, c->fix.text);
	put(o, "}");
}
