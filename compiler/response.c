/*
 * Words of the command line.  @FILE stands for the words in FILE, which white
 * space separates; quotes of either kind keep it, and a backslash takes the
 * next character as it is.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

enum { RESPONSE_DEPTH = 10 };

/** A file that is being read, and those that name it. */
struct response {
	const struct response *outer;
	struct run *files; /* holds the texts of all response files */
	const struct source *source;
	uint32_t at; /* of the next byte to look at */
	unsigned int depth;
};

/** Reports what is wrong with a word, at its place if that is in a file. */
static bool fail(const struct response *r, uint32_t begin, const char *text, const char *word)
{
	if (r->source) {
		struct loc loc = {r->source->file, begin, begin};
		struct position p = source_position(r->files, loc);

		fprintf(stderr, "%s:%u:%u: error: ", p.path, p.line, p.column);
	} else {
		fprintf(stderr, "pvgen: ");
	}
	fprintf(stderr, "%s '%s'\n", text, word);
	return false;
}

static bool is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

static bool skip_blanks(struct response *r)
{
	while (r->at < r->source->length && is_blank(r->source->text[r->at]))
		r->at++;
	return r->at < r->source->length;
}

/** Takes a word from the text; the quote that is open at the end of it, or 0. */
static char take_word(struct response *r, struct out *word)
{
	const char *text = r->source->text;
	char quote = 0;

	put_n(word, "", 0);
	for (; r->at < r->source->length && (quote || !is_blank(text[r->at])); r->at++) {
		char c = text[r->at];

		if (c == '\\' && r->at + 1 < r->source->length)
			put_n(word, &text[++r->at], 1);
		else if (c && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
		else
			put_n(word, &c, 1);
	}
	return quote;
}

static bool is_in(const struct response *r, const struct source *s)
{
	for (; r; r = r->outer)
		if (r->source == s)
			return true;
	return false;
}

static bool expand(const struct response *from, uint32_t begin, const char *word,
		   struct words *words);

static bool expand_file(struct response *r, struct words *words)
{
	while (skip_blanks(r)) {
		uint32_t begin = r->at;
		struct out word = {0};
		char quote = take_word(r, &word);

		if (quote)
			return fail(r, begin, "no closing quote after", text_of(&word));
		if (strlen(text_of(&word)) != word.n)
			return fail(r, begin, "a NUL byte after", text_of(&word));
		if (!expand(r, begin, text_of(&word), words))
			return false;
	}
	return true;
}

static bool expand(const struct response *from, uint32_t begin, const char *word,
		   struct words *words)
{
	struct response inner = {from, from->files, NULL, 0, from->depth + 1};
	struct opened o;

	/* What follows -- is a file's name, even with @ in front. */
	if (word[0] != '@' || words->are_over) {
		*vec_push(words) = word;
		words->are_over |= !strcmp(word, "--");
		return true;
	}
	if (from->depth >= RESPONSE_DEPTH)
		return fail(from, begin, "more than 10 files, each named in the one before:", word);
	o = source_open(from->files, word + 1, true);
	if (!o.source)
		return fail(from, begin, mem_printf("cannot read (%s)", o.problem), word);
	if (is_in(from, o.source))
		return fail(from, begin, "this file names itself:", word);
	inner.source = o.source;
	return expand_file(&inner, words);
}

bool expand_words(char **argv, struct words *words)
{
	struct run files = {.stdin_name = "<stdin>"};
	struct response command_line = {.files = &files};

	for (; *argv; argv++)
		if (!expand(&command_line, 0, *argv, words))
			return false;
	return true;
}
