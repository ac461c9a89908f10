#include <string.h>

#include "fmt.h"

static void put_spaces(struct out *o, int64_t n)
{
	static const char spaces[] = "                                ";
	enum { MOST = sizeof(spaces) - 1 };

	for (; n > 0; n -= MOST)
		put_n(o, spaces, n < MOST ? (size_t)n : MOST);
}

static void put_break(const struct sheet *sheet, struct out *o)
{
	put(o, sheet->has_crlf ? "\r\n" : "\n");
}

/** Skips the blanks at the beginning of a line; the columns that they take. */
static uint32_t skip_blanks(const char **s, const char *end)
{
	uint32_t columns = 0;

	for (; *s < end && (**s == ' ' || **s == '\t'); ++*s)
		columns += **s == '\t' ? FMT_TAB - columns % FMT_TAB : 1;
	return columns;
}

static const char *skip_back(const char *s, const char *end)
{
	while (end > s && fmt_is_blank(end[-1]))
		end--;
	return end;
}

/** The other lines of a comment move with the first one. */
static void put_lines(const struct sheet *sheet, const struct item *it, struct out *o)
{
	const char *s = it->text, *end = it->text + it->n, *stop;

	while ((stop = memchr(s, '\n', (size_t)(end - s)))) {
		const char *last = skip_back(s, stop);
		uint32_t columns;

		put_n(o, s, (size_t)(last - s));
		put_break(sheet, o);
		s = stop + 1;
		columns = skip_blanks(&s, end);
		if (*s != '\n' && *s != '\r')
			put_spaces(o, (int64_t)columns + it->at - it->column);
	}
	put_n(o, s, (size_t)(end - s));
}

void fmt_print(const struct sheet *sheet, struct out *o)
{
	if (sheet->has_mark)
		put_n(o, "\xef\xbb\xbf", 3);
	vec_each(it, &sheet->items)
	{
		if (it->starts_line && it > sheet->items.v)
			put_break(sheet, o);
		if (it->follows_empty_line)
			put_break(sheet, o);
		put_spaces(o, it->starts_line ? it->at : it->spaces);
		put_lines(sheet, it, o);
	}
	if (sheet->items.n)
		put_break(sheet, o);
}
