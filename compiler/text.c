#define _XOPEN_SOURCE 700 /* wcwidth */
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "text.h"

enum { REPLACEMENT = 0xfffd };

/** Length of a sequence by its first byte, with the bits that this byte has; 0 if it begins none.
 */
static size_t sequence_length(unsigned char c, uint32_t *bits)
{
	static const struct {
		unsigned char first, last, mask;
	} rows[] = {{0x00, 0x7f, 0x7f}, {0xc2, 0xdf, 0x1f}, {0xe0, 0xef, 0x0f}, {0xf0, 0xf4, 0x07}};

	for (size_t i = 0; i < NELEM(rows); i++)
		if (c >= rows[i].first && c <= rows[i].last) {
			*bits = c & rows[i].mask;
			return i + 1;
		}
	return 0;
}

/** Bytes of the first character and its code; 0 if the text does not begin with UTF-8. */
static size_t decode(const char *s, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = sequence_length((unsigned char)s[0], code);

	if (!length || length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

/** Invisible characters that change the order of others. */
static bool is_reordering(uint32_t code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* The width of a character is no matter of the user's language. */
static int width(uint32_t code)
{
	static locale_t unicode;
	locale_t old;
	int columns;

	if (code < 0x7f)
		return code < ' ' ? -1 : 1;
	if (!unicode)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!unicode || is_reordering(code))
		return -1;
	old = uselocale(unicode);
	columns = wcwidth((wchar_t)code);
	uselocale(old);
	return columns;
}

size_t put_character(struct out *o, const char *s, size_t n, unsigned int *columns)
{
	uint32_t code;
	size_t before = o->n, length = decode(s, n, &code);
	int shown = length ? width(code) : -1;

	if (shown >= 0)
		put_n(o, s, length);
	else if (length > 1)
		put(o, "<U+%04X>", (unsigned int)code);
	else
		put(o, "<%02x>", (unsigned char)s[0]);
	if (columns)
		*columns = (unsigned int)(shown >= 0 ? (size_t)shown : o->n - before);
	return length ? length : 1;
}

void put_visible(struct out *o, const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n;)
		i += put_character(o, s + i, n - i, NULL);
}

/** What is no character becomes @stand_in. */
static size_t put_json_character(struct out *o, const char *s, size_t n, uint32_t stand_in)
{
	uint32_t code;
	size_t length = decode(s, n, &code);

	if (!length)
		put(o, "\\u%04x", (unsigned int)stand_in);
	else if (code == '"' || code == '\\')
		put(o, "\\%c", (char)code);
	else if (code < ' ')
		put(o, "\\u%04x", (unsigned int)code);
	else
		put_n(o, s, length);
	return length ? length : 1;
}

void put_json(struct out *o, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	put(o, "\"");
	for (size_t i = 0; i < n;)
		i += put_json_character(o, s + i, n - i, REPLACEMENT);
	put(o, "\"");
}

void put_json_bytes(struct out *o, const char *s, size_t n)
{
	put(o, "\"");
	for (size_t i = 0; i < n;)
		i += put_json_character(o, s + i, n - i, TEXT_BYTE + (unsigned char)s[i]);
	put(o, "\"");
}

void put_utf8(struct out *o, uint32_t code)
{
	static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
	size_t more = (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
	char bytes[4];

	for (size_t i = more; i; i--, code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(marks[more] | code);
	put_n(o, bytes, more + 1);
}

const char *lines_like(const char *other, size_t n, const char *text)
{
	const char *end = n ? memchr(other, '\n', n) : NULL;
	bool has_returns = end && end > other && end[-1] == '\r';
	struct out o = {0};

	if (!has_returns)
		return text;
	for (; *text; text++)
		put(&o, *text == '\n' && (!o.n || o.v[o.n - 1] != '\r') ? "\r%c" : "%c", *text);
	return text_of(&o);
}
