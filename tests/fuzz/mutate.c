/*
 * Half of libFuzzer's mutations work on tokens instead of bytes: a statement or a block is
 * moved, repeated or left out, a word takes another's place.  Most of the results still
 * parse, so the passes behind the parser get their share.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKENS = 4096 };

struct span {
	size_t begin, end;
};

/** An input in tokens, and where chance comes from. */
struct text {
	const uint8_t *data;
	size_t size;
	struct span tokens[MAX_TOKENS];
	size_t n;
	unsigned int dice;
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static size_t roll(struct text *t, size_t sides)
{
	t->dice = t->dice * 1664525 + 1013904223;
	return (t->dice >> 8) % sides;
}

static int is_word(uint8_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static int is_blank(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/** End of the token that begins here: a string, a word, or one character. */
static size_t token_end(const struct text *t, size_t i)
{
	size_t end = i + 1;

	if (t->data[i] == '"') {
		while (end < t->size && t->data[end] != '"' && t->data[end] != '\n')
			end += 1 + (t->data[end] == '\\');
		return end < t->size ? end + 1 : t->size;
	}
	while (is_word(t->data[i]) && end < t->size && is_word(t->data[end]))
		end++;
	return end;
}

static void split(struct text *t)
{
	for (size_t i = 0; i < t->size && t->n < MAX_TOKENS;) {
		size_t end = token_end(t, i);

		if (!is_blank(t->data[i]))
			t->tokens[t->n++] = (struct span){i, end};
		i = end;
	}
}

/** From a token to the end of its statement or of the block that follows: bytes. */
static struct span statement_at(const struct text *t, size_t first)
{
	int depth = 0;

	for (size_t i = first; i < t->n; i++) {
		uint8_t c = t->data[t->tokens[i].begin];

		depth += (c == '{') - (c == '}');
		if (depth < 0)
			return (struct span){t->tokens[first].begin, t->tokens[i].begin};
		if (depth == 0 && (c == ';' || c == '}'))
			return (struct span){t->tokens[first].begin, t->tokens[i].end};
	}
	return (struct span){t->tokens[first].begin, t->size};
}

/** A token that begins a statement, if chance is kind. */
static size_t some_start(struct text *t)
{
	size_t i = roll(t, t->n);

	for (int tries = 0; tries < 8; tries++, i = roll(t, t->n)) {
		uint8_t before = i ? t->data[t->tokens[i - 1].begin] : ';';

		if (before == ';' || before == '{' || before == '}')
			return i;
	}
	return i;
}

static struct span some_token(struct text *t)
{
	return t->tokens[roll(t, t->n)];
}

/** A token of the same kind as this, which most are not. */
static struct span some_like(struct text *t, struct span token)
{
	struct span other = some_token(t);

	for (int tries = 0; tries < 16; tries++, other = some_token(t))
		if (is_word(t->data[token.begin]) ? is_word(t->data[other.begin])
						  : t->data[other.begin] == t->data[token.begin])
			return other;
	return other;
}

/** The text with @from in the place of @to; 0 if that is too long. */
static size_t replace(const struct text *t, struct span to, struct span from, uint8_t *result,
		      size_t max_size)
{
	size_t n = from.end - from.begin, size = t->size - (to.end - to.begin) + n + 1;

	if (size > max_size)
		return 0;
	memcpy(result, t->data, to.begin);
	memcpy(result + to.begin, t->data + from.begin, n);
	result[to.begin + n] = ' ';
	memcpy(result + to.begin + n + 1, t->data + to.end, t->size - to.end);
	return size;
}

static size_t mutate(struct text *t, uint8_t *result, size_t max_size)
{
	struct span to = statement_at(t, some_start(t)), from = {0, 0};
	size_t way = roll(t, 5);

	if (way == 0)
		return replace(t, to, from, result, max_size);
	if (way >= 3) {
		to = some_token(t);
		from = way == 3 ? some_like(t, to) : some_token(t);
		return replace(t, to, from, result, max_size);
	}
	from = statement_at(t, some_start(t));
	if (way == 1)
		to.end = to.begin;
	return replace(t, to, from, result, max_size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct text t;
	uint8_t *result = malloc(max_size);
	size_t made = 0;

	t.data = data;
	t.size = size;
	t.n = 0;
	t.dice = seed;
	split(&t);
	if (t.n && result && roll(&t, 2))
		made = mutate(&t, result, max_size);
	if (made)
		memcpy(data, result, made);
	free(result);
	return made ? made : LLVMFuzzerMutate(data, size, max_size);
}
