/*
 * Snapshots: the texts of a run in one file, which is committed and compared with later.
 *
 *	{"pvgen snapshot": 1,
 *	 "arch": "x86_64",
 *	 "settings": [],
 *	 "files": [
 *	  {"file": "toy.pvi", "text": [
 *	   "language 1;",
 *	   "interface toy version 1.0 {",
 *	   "}"
 *	  ]}
 *	 ]}
 *
 * Texts and no model: the language stays readable for ever anyway, and nothing can be forgotten.
 * Of a text is left out what says nothing: comments, empty lines, columns.  What a file imports is
 * another file of the snapshot, and none is looked for.
 */
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "parse.h"
#include "snapshot.h"
#include "text.h"

enum { SNAPSHOT_VERSION = 1 };

/* ---- writing ---- */

static void put_settings(const struct run *run, struct out *o)
{
	put(o, " \"settings\": [");
	vec_each(setting, &run->settings)
	{
		put(o, setting == run->settings.v ? "" : ", ");
		put_json_bytes(o, *setting, strlen(*setting));
	}
	put(o, "],\n");
}

static void put_source(const struct run *run, const struct source *s, struct out *o)
{
	struct position start = source_origin(run, (struct loc){.file = s->file});
	struct out plain = fmt_plain(run, s);
	const char *line = text_of(&plain);

	put(o, "  {\"file\": ");
	put_json_bytes(o, start.path, strlen(start.path));
	put(o, ", \"text\": [\n");
	while (*line) {
		size_t n = strcspn(line, "\n");

		put(o, "   ");
		put_json_bytes(o, line, n);
		line += n + 1;
		put(o, *line ? ",\n" : "\n");
	}
	put(o, "  ]}");
}

static int by_path(const void *a, const void *b)
{
	const struct source *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

/** In an order that does not depend on that of the command line. */
static const struct source **sorted_sources(const struct run *run)
{
	const struct source **sorted = mem_alloc((run->sources.n + 1) * sizeof(*sorted));

	for (size_t i = 0; i < run->sources.n; i++)
		sorted[i] = run->sources.v[i];
	qsort(sorted, run->sources.n, sizeof(*sorted), by_path);
	return sorted;
}

void emit_snapshot(const struct run *run, const void *unused, struct out *o)
{
	const struct source **sources = sorted_sources(run);

	(void)unused;
	put(o, "{\"pvgen snapshot\": %d,\n \"arch\": \"%s\",\n", SNAPSHOT_VERSION, run->arch->name);
	put_settings(run, o);
	put(o, " \"files\": [\n");
	for (size_t i = 0; i < run->sources.n; i++) {
		put_source(run, sources[i], o);
		put(o, sources[i + 1] ? ",\n" : "\n");
	}
	put(o, " ]}\n");
}

/* ---- reading ---- */

struct reader {
	struct run *run;
	const struct source *s;
	const char *at;
	uint32_t line;
	bool has_failed; /* and reported; nothing more is read */
};

/** False, for who says so to his caller. */
static bool bad(struct reader *r, const char *what)
{
	if (!r->has_failed)
		run_failed(r->run,
			   "%s:%u: no snapshot that can be read: %s; make it anew, or take "
			   "it from where it was whole",
			   r->s->path, r->line, what);
	r->has_failed = true;
	return false;
}

static void skip_blanks(struct reader *r)
{
	for (; *r->at && strchr(" \t\r\n", *r->at); r->at++)
		r->line += *r->at == '\n';
}

/** Takes the character if it is next. */
static bool takes(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->has_failed || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool expect(struct reader *r, char c)
{
	return takes(r, c) || bad(r, mem_printf("'%c' expected", c));
}

static bool read_hex(struct reader *r, uint32_t *code)
{
	static const char digits[] = "0123456789abcdef";

	*code = 0;
	for (unsigned int i = 0; i < 4; i++) {
		const char *digit = *r->at ? strchr(digits, *r->at | 0x20) : NULL;

		if (!digit)
			return bad(r, "four digits expected behind '\\u'");
		*code = *code << 4 | (uint32_t)(digit - digits);
		r->at++;
	}
	return true;
}

static bool read_code(struct reader *r, struct out *text)
{
	uint32_t code;

	if (!read_hex(r, &code))
		return false;
	if (code > TEXT_BYTE + 0x7f && code <= TEXT_BYTE + 0xff)
		put_n(text, &(char){(char)(code - TEXT_BYTE)}, 1);
	else if (!code || (code >= 0xd800 && code < 0xe000))
		return bad(r, "a character that no description has");
	else
		put_utf8(text, code);
	return true;
}

static bool read_escape(struct reader *r, struct out *text)
{
	static const char letters[] = "\"\\/bfrt", meanings[] = "\"\\/\b\f\r\t";
	char c = *r->at;
	const char *letter = c ? strchr(letters, c) : NULL;

	r->at += c != '\0';
	if (c == 'u')
		return read_code(r, text);
	if (!letter)
		return bad(r, "an unknown escape");
	put_n(text, &meanings[letter - letters], 1);
	return true;
}

/** One line at most: a string that goes on in the next, or says that it does, is none. */
static bool read_string(struct reader *r, struct out *text)
{
	if (!expect(r, '"'))
		return false;
	while (*r->at != '"') {
		const char *end = r->at + strcspn(r->at, "\"\\\n");

		put_n(text, r->at, (size_t)(end - r->at));
		r->at = end;
		if (*end == '\n' || !*end)
			return bad(r, "a string does not end");
		if (*end == '\\') {
			r->at++;
			if (!read_escape(r, text))
				return false;
		}
	}
	r->at++;
	return true;
}

/** The key that must come next, and its colon. */
static bool expect_key(struct reader *r, const char *key)
{
	struct out found = {0};

	if (!read_string(r, &found))
		return false;
	if (strcmp(text_of(&found), key) != 0)
		return bad(r, mem_printf("key \"%s\" expected", key));
	return expect(r, ':');
}

/** Reads a list, whose items @item reads. */
static bool read_list(struct reader *r, bool (*item)(struct reader *r, void *to), void *to)
{
	if (!expect(r, '['))
		return false;
	if (takes(r, ']'))
		return true;
	do {
		if (!item(r, to))
			return false;
	} while (takes(r, ','));
	return expect(r, ']');
}

static bool read_version(struct reader *r)
{
	size_t n;

	if (!expect_key(r, "pvgen snapshot"))
		return false;
	skip_blanks(r);
	n = strspn(r->at, "0123456789");
	if (!n)
		return bad(r, "a version expected");
	if (n != 1 || *r->at != '0' + SNAPSHOT_VERSION) {
		run_failed(r->run, "%s:%u: a snapshot of version %.*s; this pvgen reads %d",
			   r->s->path, r->line, (int)n, r->at, SNAPSHOT_VERSION);
		r->has_failed = true;
		return false;
	}
	r->at += n;
	return expect(r, ',');
}

static bool read_arch(struct reader *r)
{
	struct out name = {0};

	if (!expect_key(r, "arch") || !read_string(r, &name))
		return false;
	if (strcmp(text_of(&name), r->run->arch->name) != 0) {
		run_failed(r->run, "%s:%u: a snapshot for architecture '%s'; say --arch=%s",
			   r->s->path, r->line, text_of(&name), text_of(&name));
		r->has_failed = true;
		return false;
	}
	return expect(r, ',');
}

typedef VEC(const char *) settings;

static bool read_setting(struct reader *r, void *to)
{
	settings *settings = to;
	struct out text = {0};

	if (!read_string(r, &text))
		return false;
	*vec_push(settings) = text_of(&text);
	return true;
}

/** The snapshot's own come first, so that the command line has the last word. */
static bool read_settings(struct reader *r)
{
	settings settings = {0};

	if (!expect_key(r, "settings") || !read_list(r, read_setting, &settings))
		return false;
	vec_each(setting, &r->run->settings) * vec_push(&settings) = *setting;
	r->run->settings.v = settings.v;
	r->run->settings.n = settings.n;
	r->run->settings.cap = settings.cap;
	return expect(r, ',');
}

struct body {
	struct out text;
	VEC(uint32_t) lines;
};

static bool read_line(struct reader *r, void *to)
{
	struct body *body = to;

	skip_blanks(r);
	*vec_push(&body->lines) = r->line;
	if (!read_string(r, &body->text))
		return false;
	put_n(&body->text, "\n", 1);
	return true;
}

/** A description; what it imports is another file of the snapshot. */
static bool read_file(struct reader *r, void *unused)
{
	struct out name = {0};
	struct body body = {0};
	struct source *s;

	(void)unused;
	if (!expect(r, '{') || !expect_key(r, "file") || !read_string(r, &name) ||
	    !expect(r, ',') || !expect_key(r, "text") || !read_list(r, read_line, &body) ||
	    !expect(r, '}'))
		return false;
	*vec_push(&body.lines) = r->line;
	s = source_draft(r->run, r->s->path, &body.text);
	s->shown = body.lines.v;
	parse_alone(r->run, s);
	return true;
}

bool snapshot_is(const struct source *s)
{
	return s->text[strspn(s->text, " \t\r\n")] == '{';
}

void snapshot_read(struct run *run, const struct source *s)
{
	struct reader r = {run, s, s->text, 1, false};

	if (expect(&r, '{') && read_version(&r) && read_arch(&r) && read_settings(&r) &&
	    expect_key(&r, "files") && read_list(&r, read_file, NULL) && expect(&r, '}')) {
		skip_blanks(&r);
		if (r.at != s->text + s->length)
			bad(&r, "something follows its end");
	}
}
