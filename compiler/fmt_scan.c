/* Items of a text: the lexer's tokens, and the comments between them. */
#include <string.h>

#include "fmt.h"
#include "parse.h"
#include "parser.h"

struct scanner {
	const char *text;
	struct sheet *sheet;
	uint32_t at;	 /* next byte */
	uint32_t column; /* of it */
	uint32_t end;	 /* column behind the last item */
	uint32_t breaks; /* line ends since the last item */
	bool is_plain;	 /* comments are no items */
	VEC(uint32_t) braces;
};

/** Takes a byte; a character counts when its first byte is taken. */
static void step(struct scanner *s)
{
	unsigned char c = (unsigned char)s->text[s->at++];

	if (c == '\n')
		s->column = 0;
	else if (c == '\t')
		s->column += FMT_TAB - s->column % FMT_TAB;
	else if ((c & 0xc0) != 0x80)
		s->column++;
}

static void match_braces(struct scanner *s, struct item *it)
{
	uint32_t index = (uint32_t)(it - s->sheet->items.v);

	if (it->kind == '{') {
		*vec_push(&s->braces) = index;
	} else if (it->kind == '}' && s->braces.n) {
		it->partner = s->braces.v[--s->braces.n];
		s->sheet->items.v[it->partner].partner = index;
	}
}

/** Takes what reaches to @end; blanks at the end of a comment are nobody's. */
static void take_item(struct scanner *s, int kind, uint32_t end)
{
	struct item *it = vec_push(&s->sheet->items);
	uint32_t n = end - s->at, start = s->column;
	bool is_alone = s->breaks || s->sheet->items.n == 1;

	while (kind == LINE_COMMENT && fmt_is_blank(s->text[s->at + n - 1]))
		n--;
	*it = (struct item){.kind = kind,
			    .text = s->text + s->at,
			    .n = n,
			    .breaks = s->breaks,
			    .column = start,
			    .gap = is_alone ? 0 : start - s->end};
	for (end = s->at + n; s->at < end; step(s)) {
		if (s->text[s->at] != '\n')
			continue;
		it->inner++;
		start = 0;
	}
	it->width = s->column - start;
	s->end = s->column;
	s->breaks = 0;
	match_braces(s, it);
}

static uint32_t find(const struct scanner *s, const char *what, uint32_t from, uint32_t end)
{
	size_t n = strlen(what);

	while (from + n <= end && memcmp(s->text + from, what, n) != 0)
		from++;
	return from + n <= end ? from : end;
}

/** Takes the comments and blanks before @end. */
static void take_trivia(struct scanner *s, uint32_t end)
{
	while (s->at < end) {
		if (s->is_plain) {
			s->breaks |= s->text[s->at] == '\n';
			step(s);
		} else if (s->text[s->at] == '/' && s->text[s->at + 1] == '/') {
			take_item(s, LINE_COMMENT, find(s, "\n", s->at, end));
		} else if (s->text[s->at] == '/') {
			take_item(s, BLOCK_COMMENT, find(s, "*/", s->at + 2, end) + 2);
		} else {
			s->breaks += s->text[s->at] == '\n';
			step(s);
		}
	}
}

static bool has_crlf(const struct source *s)
{
	const char *end = memchr(s->text, '\n', s->length);

	return end && end > s->text && end[-1] == '\r';
}

static void scan(struct run *run, const struct source *source, struct scanner *s)
{
	tokens tokens = tokens_of(run, source);

	s->at = source->length >= 3 && !memcmp(s->text, "\xef\xbb\xbf", 3) ? 3 : 0;
	s->sheet->has_mark = s->at && !s->is_plain;
	vec_each(token, &tokens)
	{
		take_trivia(s, token->begin);
		take_item(s, token->kind, token->end);
	}
	take_trivia(s, (uint32_t)source->length);
}

struct sheet fmt_scan(struct run *run, const struct source *source)
{
	struct sheet sheet = {.has_crlf = has_crlf(source)};

	scan(run, source, &(struct scanner){.text = source->text, .sheet = &sheet});
	return sheet;
}

struct sheet fmt_scan_plain(struct run *run, const struct source *source)
{
	struct sheet sheet = {0};

	scan(run, source,
	     &(struct scanner){.text = source->text, .sheet = &sheet, .is_plain = true});
	return sheet;
}
