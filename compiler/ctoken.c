/* Tokens of C, and its directives as far as they matter for what is defined. */
#include <ctype.h>
#include <string.h>

#include "cscan.h"

/* What an #if says of the lines behind it. */
enum truth_of { MAYBE, YES, NO };

struct conditional {
	enum truth_of now; /* of the part at hand */
	bool is_marked;	   /* C_IF was said, so C_ENDIF is to come */
	bool was_yes;	   /* an earlier part is certain, so no later one is */
	bool is_inside_no; /* of another one */
};

struct lexer {
	const char *text, *end;
	const char *at;
	bool is_line_start; /* only blanks and comments since the last line's end */
	struct clexed *out;
	VEC(struct conditional) conditionals;
};

/* ---- characters ---- */

static const char *skip_splices(const char *at, const char *end)
{
	while (at < end && *at == '\\') {
		size_t n = at + 1 < end && at[1] == '\n'		    ? 2
			   : at + 2 < end && at[1] == '\r' && at[2] == '\n' ? 3
									    : 0;

		if (!n)
			break;
		at += n;
	}
	return at;
}

/** The character at hand, 0 at the end. */
static char here(struct lexer *l)
{
	l->at = skip_splices(l->at, l->end);
	return l->at < l->end ? *l->at : 0;
}

static char after(struct lexer *l)
{
	const char *next = l->at < l->end ? skip_splices(l->at + 1, l->end) : l->end;

	return next < l->end ? *next : 0;
}

static bool is_over(struct lexer *l)
{
	here(l);
	return l->at >= l->end;
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* ---- what is between tokens ---- */

static void skip_block_comment(struct lexer *l)
{
	l->at += 2;
	while (!is_over(l) && !(here(l) == '*' && after(l) == '/'))
		l->at++;
	if (!is_over(l)) {
		l->at++;
		here(l);
		l->at++;
	}
}

static void skip_line(struct lexer *l)
{
	while (!is_over(l) && here(l) != '\n')
		l->at++;
}

/** Skips blanks and comments; stops at a line's end. */
static void skip_blanks(struct lexer *l)
{
	for (;;) {
		char c = here(l);

		if (c == '/' && after(l) == '*')
			skip_block_comment(l);
		else if (c == '/' && after(l) == '/')
			skip_line(l);
		else if (c && c != '\n' && isspace((unsigned char)c))
			l->at++;
		else
			return;
	}
}

/* ---- tokens ---- */

static const char *spelled(const char *begin, const char *end)
{
	struct out o = {0};

	if (!memchr(begin, '\\', (size_t)(end - begin)))
		return intern_n(begin, (size_t)(end - begin));
	for (begin = skip_splices(begin, end); begin < end; begin = skip_splices(begin + 1, end))
		put_n(&o, begin, 1);
	return intern(text_of(&o));
}

static void read_text(struct lexer *l, char quote)
{
	for (l->at++; !is_over(l) && here(l) != quote && here(l) != '\n'; l->at++)
		if (here(l) == '\\' && after(l) && after(l) != '\n')
			l->at = skip_splices(l->at + 1, l->end);
	if (here(l) == quote)
		l->at++;
}

static void read_number(struct lexer *l)
{
	while (is_word_char(here(l)) || here(l) == '.' ||
	       ((here(l) == '+' || here(l) == '-') && strchr("eEpP", l->at[-1])))
		l->at++;
}

static const struct {
	const char *from, *to;
} longer_puncts[] = {{"...", "..."}, {"##", "##"}, {"<%", "{"}, {"%>", "}"},
		     {"<:", "["},    {":>", "]"},  {"%:", "#"}};

static const char *read_punct(struct lexer *l)
{
	for (size_t i = 0; i < NELEM(longer_puncts); i++) {
		size_t n = strlen(longer_puncts[i].from);

		if ((size_t)(l->end - l->at) >= n && !strncmp(l->at, longer_puncts[i].from, n)) {
			l->at += n;
			return intern(longer_puncts[i].to);
		}
	}
	l->at++;
	return intern_n(l->at - 1, 1);
}

/** Reads one token; there is one. */
static struct ctoken read_token(struct lexer *l)
{
	char c = here(l);
	const char *begin = l->at;
	struct ctoken t = {.begin = (uint32_t)(begin - l->text)};

	t.is_in_column_0 = begin == l->text || begin[-1] == '\n';
	t.starts_line = l->is_line_start;
	if (c == '"' || c == '\'') {
		t.kind = C_TEXT;
		read_text(l, c);
	} else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)after(l)))) {
		t.kind = C_NUMBER;
		read_number(l);
	} else if (is_word_char(c)) {
		t.kind = C_WORD;
		while (is_word_char(here(l)))
			l->at++;
	} else {
		t.kind = C_PUNCT;
		t.s = read_punct(l);
	}
	t.end = (uint32_t)(l->at - l->text);
	if (!t.s)
		t.s = spelled(begin, l->at);
	return t;
}

/** The rest of a line. */
static ctokens read_line(struct lexer *l)
{
	ctokens line = {0};

	for (skip_blanks(l); !is_over(l) && here(l) != '\n'; skip_blanks(l))
		*vec_push(&line) = read_token(l);
	return line;
}

bool c_is(const struct ctoken *t, const char *s)
{
	return !strcmp(t->s, s);
}

/* ---- #define ---- */

static int balance_of(const ctokens *tokens)
{
	int balance = 0;

	vec_each(t, tokens) balance += t->kind != C_PUNCT ? 0 : c_is(t, "{") - c_is(t, "}");
	return balance;
}

/** Takes the parameters of a macro; index of the token behind them. */
static size_t read_params(struct cmacro *m, const ctokens *line)
{
	size_t i = 2;

	for (; i < line->n && !c_is(&line->v[i], ")"); i++) {
		if (c_is(&line->v[i], "..."))
			m->is_variadic = true;
		else if (line->v[i].kind == C_WORD)
			*vec_push(&m->params) = line->v[i].s;
	}
	return i + 1;
}

/** Of several definitions the first counts that is not empty. */
static void define(struct lexer *l, const ctokens *line)
{
	struct cmacro *m = mem_alloc(sizeof(*m)), *old;
	size_t i = 1;

	if (!line->n || line->v[0].kind != C_WORD)
		return;
	m->name = line->v[0].s;
	m->is_function =
		line->n > 1 && c_is(&line->v[1], "(") && line->v[1].begin == line->v[0].end;
	if (m->is_function)
		i = read_params(m, line);
	for (; i < line->n; i++)
		*vec_push(&m->body) = line->v[i];
	m->balance = balance_of(&m->body);
	old = map_add(&l->out->macros, m->name, m);
	if (old && !old->body.n)
		*old = *m;
}

static void include(struct lexer *l, const ctokens *line)
{
	const char *first = l->text + line->v[0].begin + 1;
	const char *last = l->text + line->v[line->n - 1].end - 1;

	if (last >= first)
		*vec_push(&l->out->includes) = intern_n(first, (size_t)(last - first));
}

/* ---- #if ---- */

static void mark(struct lexer *l, enum ctoken_kind kind)
{
	*vec_push(&l->out->tokens) = (struct ctoken){.kind = kind, .s = ""};
}

/* Never defined where C of a kernel is compiled. */
static bool is_undefined(const struct ctoken *t)
{
	return c_is(t, "__cplusplus") || c_is(t, "__ASSEMBLER__") || c_is(t, "__ASSEMBLY__");
}

static enum truth_of truth_of(const char *directive, const ctokens *line)
{
	size_t first = line->n && c_is(&line->v[0], "(") ? 1 : 0;

	if (!strcmp(directive, "ifdef") || !strcmp(directive, "ifndef"))
		return !line->n || !is_undefined(&line->v[0]) ? MAYBE
		       : !strcmp(directive, "ifdef")	      ? NO
							      : YES;
	if (line->n >= 2 && c_is(&line->v[0], "defined") && line->n <= 4 &&
	    is_undefined(&line->v[line->n == 2 ? 1 : 2]))
		return NO;
	if (line->n > 1 && c_is(&line->v[0], "0") && c_is(&line->v[1], "&"))
		return NO;
	if (line->n != 1 + 2 * first || line->v[first].kind != C_NUMBER)
		return MAYBE;
	return c_is(&line->v[first], "0") ? NO : YES;
}

static bool is_excluded(const struct lexer *l)
{
	const struct conditional *c =
		l->conditionals.n ? &l->conditionals.v[l->conditionals.n - 1] : NULL;

	return c && (c->now == NO || c->is_inside_no);
}

static void open_conditional(struct lexer *l, enum truth_of truth)
{
	struct conditional c = {.now = truth, .is_inside_no = is_excluded(l)};

	c.was_yes = truth == YES;
	c.is_marked = truth == MAYBE && !c.is_inside_no;
	if (c.is_marked)
		mark(l, C_IF);
	*vec_push(&l->conditionals) = c;
}

/** #elif, and #else, which is always true. */
static void next_part(struct lexer *l, enum truth_of truth)
{
	struct conditional *c =
		l->conditionals.n ? &l->conditionals.v[l->conditionals.n - 1] : NULL;

	if (!c || c->is_inside_no)
		return;
	if (c->was_yes)
		truth = NO;
	else if (c->is_marked)
		truth = truth == NO ? NO : MAYBE;
	c->was_yes |= truth == YES;
	if (c->is_marked && truth == MAYBE)
		mark(l, C_ELSE);
	else if (truth == MAYBE)
		mark(l, C_IF);
	c->is_marked |= truth == MAYBE;
	c->now = truth;
}

static void close_conditional(struct lexer *l)
{
	if (!l->conditionals.n)
		return;
	if (l->conditionals.v[--l->conditionals.n].is_marked)
		mark(l, C_ENDIF);
}

static void read_directive(struct lexer *l)
{
	ctokens line = read_line(l), rest;
	const char *word = line.n ? line.v[0].s : "";

	rest = line;
	if (line.n) {
		rest.v++;
		rest.n--;
	}
	if (!strcmp(word, "if") || !strcmp(word, "ifdef") || !strcmp(word, "ifndef"))
		open_conditional(l, truth_of(word, &rest));
	else if (!strncmp(word, "elif", 4))
		next_part(l, truth_of(word + (strlen(word) > 4 ? 2 : 0), &rest));
	else if (!strcmp(word, "else"))
		next_part(l, YES);
	else if (!strcmp(word, "endif"))
		close_conditional(l);
	else if (!strcmp(word, "define") && !is_excluded(l))
		define(l, &rest);
	else if (!strcmp(word, "include") && rest.n && !is_excluded(l))
		include(l, &rest);
}

/* ---- a source ---- */

static void lex_item(struct lexer *l)
{
	struct ctoken t;

	if (here(l) == '\n') {
		l->at++;
		l->is_line_start = true;
		return;
	}
	t = read_token(l);
	if (l->is_line_start && c_is(&t, "#"))
		read_directive(l);
	else if (!is_excluded(l))
		*vec_push(&l->out->tokens) = t;
	l->is_line_start = false;
}

static void lex(const char *text, size_t length, struct clexed *out)
{
	struct lexer l = {.text = text, .end = text + length, .at = text, .out = out};

	l.is_line_start = true;
	for (skip_blanks(&l); !is_over(&l); skip_blanks(&l))
		lex_item(&l);
}

void c_lex(const struct source *s, struct clexed *lexed)
{
	lex(s->text, s->length, lexed);
}

ctokens c_tokens(const char *text)
{
	struct clexed lexed = {0};

	lex(text, strlen(text), &lexed);
	return lexed.tokens;
}
