/*
 * Two prototypes are the same if their types are, however they are written; names do not matter.
 * A type that is not known here counts as the right one: the compiler knows better.
 */
#include <stdlib.h>
#include <string.h>

#include "signature.h"

enum { PARAMS_MAX = 64 };

static const char *param_type(const struct survey *s, const struct cparam *p)
{
	const struct ctoken *name;

	return c_type(&s->types, &p->tokens, &name);
}

static bool is_same(const char *a, const char *b)
{
	return !a || !b || a == b;
}

static const char *shown(const ctokens *tokens)
{
	struct out o = {0};

	vec_each(t, tokens)
	{
		char last = o.n ? o.v[o.n - 1] : '(';
		bool is_joined = strchr("*([", last) || c_is(t, ")") || c_is(t, ",") ||
				 c_is(t, "[") || (c_is(t, "(") && last == ')');

		put(&o, "%s%s", is_joined ? "" : " ", t->s);
	}
	return text_of(&o);
}

/* ---- differences ---- */

struct comparison {
	const struct survey *survey;
	const struct csymbol *is;
	struct csymbol wanted;
	struct out text;
};

static void differ(struct comparison *c, const char *text)
{
	put(&c->text, "%s%s", c->text.n ? ", " : "", text);
}

static void compare_results(struct comparison *c)
{
	const struct ctypes *types = &c->survey->types;

	if (!is_same(c_type(types, &c->is->type, NULL), c_type(types, &c->wanted.type, NULL)))
		differ(c, mem_printf("it returns '%s', not '%s'", shown(&c->is->type),
				     shown(&c->wanted.type)));
	if (c->is->is_narrow && !c->wanted.is_narrow)
		differ(c, "it must not keep all registers");
}

static void compare_params(struct comparison *c)
{
	if (c->is->params.n != c->wanted.params.n) {
		differ(c, mem_printf("it has %s, not %u", counted(c->is->params.n, "parameter"),
				     c->wanted.params.n));
		return;
	}
	for (size_t i = 0; i < c->is->params.n; i++) {
		const struct cparam *is = &c->is->params.v[i], *wanted = &c->wanted.params.v[i];

		if (!is_same(param_type(c->survey, is), param_type(c->survey, wanted)))
			differ(c, mem_printf("parameter %zu is '%s', not '%s'", i + 1,
					     shown(&is->tokens), shown(&wanted->tokens)));
	}
}

static struct comparison compare(const struct survey *s, const struct written *w,
				 const struct csymbol *symbol)
{
	struct comparison c = {.survey = s, .is = symbol, .wanted = c_prototype_of(w->declaration)};

	compare_results(&c);
	compare_params(&c);
	return c;
}

const char *signature_difference(const struct survey *s, const struct written *w,
				 const struct csymbol *symbol)
{
	struct comparison c = compare(s, w, symbol);

	return c.text.n ? text_of(&c.text) : NULL;
}

/* ---- which of the author's parameters is which of those wanted ---- */

/** Length of the longest list of parameters that both have in this order, from here on. */
static size_t longest(const struct comparison *c, size_t i, size_t j,
		      size_t (*known)[PARAMS_MAX + 1])
{
	return i < c->is->params.n && j < c->wanted.params.n ? known[i][j] : 0;
}

static bool is_same_param(const struct comparison *c, size_t i, size_t j)
{
	const char *is = param_type(c->survey, &c->is->params.v[i]);
	const char *wanted = param_type(c->survey, &c->wanted.params.v[j]);

	return is && is == wanted;
}

/** The author's parameter for each wanted one, plus one; 0: there is none. */
static void match(const struct comparison *c, size_t *matched)
{
	static size_t known[PARAMS_MAX + 1][PARAMS_MAX + 1];
	size_t n = c->is->params.n, m = c->wanted.params.n, i = 0, j = 0;

	for (size_t a = n; a-- > 0;)
		for (size_t b = m; b-- > 0;) {
			size_t skip_is = longest(c, a + 1, b, known);
			size_t skip_wanted = longest(c, a, b + 1, known);

			known[a][b] = skip_is > skip_wanted ? skip_is : skip_wanted;
			if (is_same_param(c, a, b) &&
			    longest(c, a + 1, b + 1, known) + 1 > known[a][b])
				known[a][b] = longest(c, a + 1, b + 1, known) + 1;
		}
	while (i < n && j < m) {
		if (is_same_param(c, i, j) && known[i][j] == longest(c, i + 1, j + 1, known) + 1)
			matched[j++] = ++i;
		else if (longest(c, i + 1, j, known) >= longest(c, i, j + 1, known))
			i++;
		else
			j++;
	}
}

/** What is left of the author's parameters may have moved. */
static void match_moved(const struct comparison *c, size_t *matched)
{
	for (size_t j = 0; j < c->wanted.params.n; j++) {
		for (size_t i = 0; i < c->is->params.n && !matched[j]; i++) {
			bool is_used = false;

			for (size_t k = 0; k < c->wanted.params.n; k++)
				is_used |= matched[k] == i + 1;
			if (!is_used && is_same_param(c, i, j))
				matched[j] = i + 1;
		}
	}
}

/** A parameter that only changed its type keeps its name, which the body uses. */
static void match_places(const struct comparison *c, const size_t *matched, size_t *named)
{
	bool is_used[PARAMS_MAX] = {false};

	for (size_t j = 0; j < c->wanted.params.n; j++)
		if (matched[j])
			is_used[matched[j] - 1] = true;
	for (size_t j = 0; j < c->wanted.params.n; j++) {
		named[j] = matched[j];
		if (!matched[j] && c->is->params.n == c->wanted.params.n && !is_used[j])
			named[j] = j + 1;
	}
}

/* ---- the edit ---- */

static const char *source_text(const struct survey *s, struct loc loc)
{
	return mem_printf("%.*s", (int)(loc.end - loc.begin),
			  s->run->sources.v[loc.file]->text + loc.begin);
}

static bool is_taken(const names *taken, const char *name)
{
	vec_each(other, taken)
	{
		if (!strcmp(other->s, name))
			return true;
	}
	return false;
}

/** Names of the parameters in the new list. */
static names new_names(const struct comparison *c, const size_t *named)
{
	names list = {0}, kept = {0};

	for (size_t j = 0; j < c->wanted.params.n; j++)
		if (named[j] && c->is->params.v[named[j] - 1].name)
			*vec_push(&kept) = (struct name){.s = c->is->params.v[named[j] - 1].name};
	for (size_t j = 0; j < c->wanted.params.n; j++) {
		const char *name = named[j] ? c->is->params.v[named[j] - 1].name : NULL;

		if (!name)
			name = c->wanted.params.v[j].name;
		while (!named[j] && is_taken(&kept, name))
			name = mem_printf("%s_", name);
		*vec_push(&kept) = *vec_push(&list) = (struct name){.s = name};
	}
	return list;
}

/** The parameter as it is wanted, with another name. */
static const char *renamed(const struct cparam *p, const char *name)
{
	struct out o = {0};
	const char *text = shown(&p->tokens);
	size_t n = p->name ? strlen(text) - strlen(p->name) : strlen(text);

	put(&o, "%.*s%s", (int)n, text, name);
	return text_of(&o);
}

static const char *new_list(const struct comparison *c, const size_t *matched, const names *list)
{
	struct out o = {0};

	for (size_t j = 0; j < c->wanted.params.n; j++) {
		const char *text = renamed(&c->wanted.params.v[j], list->v[j].s);

		if (matched[j])
			text = source_text(c->survey, c->is->params.v[matched[j] - 1].text);
		if (j && !strchr(" \t\r\n", *text))
			text = mem_printf(" %s", text);
		put(&o, "%s%s", j ? "," : "", j ? text : text + strspn(text, " "));
	}
	return o.n ? text_of(&o) : "void";
}

static const char *new_body(const struct backend *b, const struct written *w, const names *list)
{
	struct out o = {0};

	put_body(b, w, list, &o);
	return text_of(&o);
}

/** A part of the source and what it becomes. */
struct piece {
	struct loc loc;
	const char *text;
};

typedef VEC(struct piece) pieces;

static int by_place(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->loc.begin < y->loc.begin ? -1 : x->loc.begin > y->loc.begin;
}

/** One edit from the first piece to the last, which leaves what is between them. */
static void fix(const struct survey *s, pieces *p)
{
	struct out o = {0};
	struct loc all;

	qsort(p->v, p->n, sizeof(*p->v), by_place);
	all = p->v[0].loc;
	all.end = all.begin;
	vec_each(piece, p)
	{
		put(&o, "%s%s", source_text(s, (struct loc){all.file, all.end, piece->loc.begin}),
		    piece->text);
		all.end = piece->loc.end;
	}
	diag_fix(s->run, all, text_of(&o));
}

/** The word and the blanks behind it. */
static struct loc word_and_blanks(const struct survey *s, struct loc word)
{
	const char *text = s->run->sources.v[word.file]->text;

	word.end += (uint32_t)strspn(text + word.end, " \t");
	return word;
}

/** A star may have stood for the blank behind it. */
static const char *new_result(const struct comparison *c)
{
	const char *text = shown(&c->wanted.type);
	struct loc loc = c->is->result;
	bool is_apart = strchr(" \t\r\n", c->survey->run->sources.v[loc.file]->text[loc.end]) ||
			text[strlen(text) - 1] == '*';

	return is_apart ? text : mem_printf("%s ", text);
}

/** False: what has to be changed is no text of the source. */
static bool add_result(const struct comparison *c, pieces *p)
{
	const struct ctypes *types = &c->survey->types;

	if (c->is->is_narrow && !c->wanted.is_narrow) {
		if (!c->is->narrow.end)
			return false;
		*vec_push(p) = (struct piece){word_and_blanks(c->survey, c->is->narrow), ""};
	}
	if (is_same(c_type(types, &c->is->type, NULL), c_type(types, &c->wanted.type, NULL)))
		return true;
	if (!c->is->result.end)
		return false;
	*vec_push(p) = (struct piece){c->is->result, new_result(c)};
	return true;
}

static bool has_same_params(const struct comparison *c)
{
	struct comparison params = {.survey = c->survey, .is = c->is, .wanted = c->wanted};

	compare_params(&params);
	return !params.text.n;
}

void signature_fix(const struct survey *s, const struct backend *b, const struct written *w,
		   const struct csymbol *symbol)
{
	struct comparison c = compare(s, w, symbol);
	size_t matched[PARAMS_MAX] = {0}, named[PARAMS_MAX] = {0};
	pieces p = {0};
	names list;

	if (symbol->is_old_style || symbol->params.n > PARAMS_MAX ||
	    c.wanted.params.n > PARAMS_MAX || !add_result(&c, &p))
		return;
	if (!has_same_params(&c)) {
		if (!symbol->list.end)
			return;
		match(&c, matched);
		match_moved(&c, matched);
		match_places(&c, matched, named);
		list = new_names(&c, named);
		*vec_push(&p) = (struct piece){symbol->list, new_list(&c, matched, &list)};
		if (symbol->is_generated)
			*vec_push(&p) = (struct piece){symbol->body, new_body(b, w, &list)};
	}
	if (p.n)
		fix(s, &p);
}
