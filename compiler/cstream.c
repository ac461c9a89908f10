/* The tokens of a source one by one, with macros replaced by what they stand for. */
#include <string.h>

#include "cscan.h"

/* A macro that expands to itself in ever new ways is not worth to be followed. */
enum { EXPANSION_DEPTH = 64, EXPANDED_MAX = 1 << 18 };

static bool next_raw(struct cstream *s, struct ctoken *t)
{
	while (s->frames.n) {
		struct cframe *top = &s->frames.v[s->frames.n - 1];

		if (top->at < top->tokens.n) {
			*t = top->tokens.v[top->at++];
			return true;
		}
		s->frames.n--;
	}
	return false;
}

void cstream_back(struct cstream *s, struct ctoken t)
{
	struct cframe one = {0};

	*vec_push(&one.tokens) = t;
	*vec_push(&s->frames) = one;
}

static bool is_being_expanded(const struct cstream *s, const struct cmacro *m)
{
	vec_each(frame, &s->frames)
	{
		if (frame->macro == m)
			return true;
	}
	return false;
}

const struct cmacro *cstream_macro(const struct cstream *s, const struct ctoken *t)
{
	const struct cmacro *m = t->kind == C_WORD ? map_get(s->own, t->s) : NULL;

	if (!m && t->kind == C_WORD && s->shared)
		m = map_get(s->shared, t->s);
	return m;
}

typedef VEC(ctokens) arguments_of;

/** Reads the arguments behind a macro's name; false, with all put back: there are none. */
static bool read_arguments(struct cstream *s, arguments_of *arguments)
{
	size_t depth = 1;
	struct ctoken t;

	if (!next_raw(s, &t))
		return false;
	if (!c_is(&t, "(")) {
		cstream_back(s, t);
		return false;
	}
	*vec_push(arguments) = (ctokens){0};
	while (next_raw(s, &t)) {
		depth += c_is(&t, "(");
		depth -= c_is(&t, ")");
		if (!depth)
			return true;
		if (depth == 1 && c_is(&t, ","))
			*vec_push(arguments) = (ctokens){0};
		else
			*vec_push(&arguments->v[arguments->n - 1]) = t;
	}
	return true;
}

/** What a word of a macro's body stands for, or NULL. */
static ctokens *argument_of(const struct cmacro *m, arguments_of *arguments, const struct ctoken *t)
{
	static ctokens none;

	if (t->kind != C_WORD)
		return NULL;
	for (size_t i = 0; i < m->params.n; i++)
		if (m->params.v[i] == t->s)
			return i < arguments->n ? &arguments->v[i] : &none;
	return NULL;
}

/** The arguments that stand for the three dots, with their commas. */
static ctokens variable_arguments(const struct cmacro *m, const arguments_of *arguments)
{
	ctokens all = {0};

	for (size_t i = m->params.n; i < arguments->n; i++) {
		if (i > m->params.n)
			*vec_push(&all) = (struct ctoken){.kind = C_PUNCT, .s = intern(",")};
		vec_each(t, &arguments->v[i]) * vec_push(&all) = *t;
	}
	return all;
}

static struct ctoken as_text(const ctokens *tokens)
{
	struct out o = {0};

	put(&o, "\"");
	vec_each(t, tokens)
		put(&o, "%s%s", t == tokens->v ? "" : " ", t->kind == C_TEXT ? "" : t->s);
	put(&o, "\"");
	return (struct ctoken){.kind = C_TEXT, .s = intern(text_of(&o))};
}

static void paste(ctokens *result, const struct ctoken *t)
{
	struct ctoken *left = &result->v[result->n - 1];

	left->s = intern(mem_printf("%s%s", left->s, t->s));
}

struct substitution {
	const struct cmacro *macro;
	arguments_of arguments;
	ctokens variable;
	ctokens result;
	bool is_pasting;
};

static void add_token(struct substitution *sub, const struct ctoken *t)
{
	if (sub->is_pasting && sub->result.n)
		paste(&sub->result, t);
	else
		*vec_push(&sub->result) = *t;
	sub->is_pasting = false;
}

static void add_tokens(struct substitution *sub, const ctokens *tokens)
{
	vec_each(t, tokens) add_token(sub, t);
	sub->is_pasting = false;
}

static void substitute(struct substitution *sub)
{
	const ctokens *body = &sub->macro->body;
	bool is_text = false;

	vec_each(t, body)
	{
		const ctokens *argument = argument_of(sub->macro, &sub->arguments, t);

		if (sub->macro->is_variadic && c_is(t, "__VA_ARGS__"))
			argument = &sub->variable;
		if (is_text && argument)
			add_token(sub, &(struct ctoken){.kind = C_TEXT, .s = as_text(argument).s});
		else if (argument)
			add_tokens(sub, argument);
		else if (c_is(t, "##"))
			sub->is_pasting = true;
		else if (!(sub->macro->is_function && c_is(t, "#")))
			add_token(sub, t);
		is_text = sub->macro->is_function && c_is(t, "#");
	}
}

/** All that comes out of a macro is where its name is. */
static void place(ctokens *tokens, const struct ctoken *at)
{
	vec_each(t, tokens)
	{
		t->begin = at->begin;
		t->end = at->end;
		t->starts_line = t->is_in_column_0 = false;
		t->is_expanded = true;
	}
}

/** False: the token stays what it is. */
static bool expand(struct cstream *s, const struct ctoken *t)
{
	struct substitution sub = {.macro = cstream_macro(s, t)};

	if (!sub.macro || is_being_expanded(s, sub.macro) || s->frames.n > EXPANSION_DEPTH ||
	    s->expanded > EXPANDED_MAX)
		return false;
	if (sub.macro->is_function && !read_arguments(s, &sub.arguments))
		return false;
	if (sub.macro->is_variadic)
		sub.variable = variable_arguments(sub.macro, &sub.arguments);
	substitute(&sub);
	place(&sub.result, t);
	s->expanded += sub.result.n;
	*vec_push(&s->frames) = (struct cframe){.tokens = sub.result, .macro = sub.macro};
	return true;
}

bool cstream_next(struct cstream *s, bool expands, struct ctoken *t)
{
	while (next_raw(s, t))
		if (!expands || !expand(s, t))
			return true;
	return false;
}

struct cstream cstream_open(const struct clexed *lexed, const struct map *shared)
{
	struct cstream s = {.own = &lexed->macros, .shared = shared};

	*vec_push(&s.frames) = (struct cframe){.tokens = lexed->tokens};
	return s;
}
