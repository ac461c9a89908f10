/* What C and assembly sources define, found outside of functions by words and brackets. */
#include <stdlib.h>
#include <string.h>

#include "cscan.h"

/* What is generated is shorter. */
enum { BODY_KEPT = 512 };

enum region {
	OUTSIDE,
	BODY,
	INSIDE, /* of a structure, an initial value, an expression */
};

/** All that an #else goes back to. */
struct state {
	enum region region;
	size_t depth;  /* of braces in the region */
	size_t parens; /* around a declaration's end */
	ctokens head;  /* of the declaration at hand */
	bool is_varying;
	size_t function; /* whose body it is */
};

struct scanner {
	struct cfile *f;
	struct cstream tokens;
	struct state now;
	VEC(struct state) saved;
	size_t externs; /* extern "C" { */
	ctokens body;
	bool trusts_columns; /* a brace in the first column ends a function */
};

/* ---- declarations ---- */

static bool is_word(const struct ctoken *t)
{
	return t->kind == C_WORD;
}

static const struct ctoken *token_at(const ctokens *t, size_t i)
{
	static const struct ctoken none = {.kind = C_PUNCT, .s = ""};

	return i < t->n ? &t->v[i] : &none;
}

static bool is_tag(const struct ctoken *t)
{
	return c_is(t, "struct") || c_is(t, "union") || c_is(t, "enum");
}

/** Where a function's name and its parameters are in a declaration. */
struct declarator {
	size_t name; /* index */
	size_t open; /* of its parenthesis */
	bool is_found, is_typed;
};

/** "(*name(parameters))(...)", "(name)(parameters)" */
static bool find_nested(const ctokens *t, size_t open, struct declarator *d)
{
	size_t end = c_group_end(t, open);

	for (size_t i = open + 1; i + 1 < end; i++) {
		bool is_alone = i == open + 1 && i + 2 == end && c_is(token_at(t, end), "(");

		if (!c_is_identifier(&t->v[i]))
			continue;
		if (is_alone || c_is(&t->v[i + 1], "(")) {
			*d = (struct declarator){i, is_alone ? end : i + 1, true, true};
			return true;
		}
	}
	return false;
}

/** Does the parenthesis behind an identifier hold a declarator, so that it is a type's name? */
static bool is_behind_type(const ctokens *t, size_t open)
{
	return c_is(token_at(t, open + 1), "*");
}

static struct declarator find_function(const ctokens *t)
{
	struct declarator d = {0}, first = {0};
	bool is_typed = false;
	size_t i = 0;

	while (i < t->n && !c_is(&t->v[i], "=") && !c_is(&t->v[i], ",")) {
		size_t skipped = c_skip_attributes(t, i);
		bool opens = c_is(token_at(t, i + 1), "(");

		if (skipped != i) {
			i = skipped;
		} else if (c_is_identifier(&t->v[i]) && opens && !is_behind_type(t, i + 1)) {
			if (is_typed)
				return (struct declarator){i, i + 1, true, true};
			if (!first.is_found)
				first = (struct declarator){i, i + 1, true, false};
			i = c_group_end(t, i + 1);
		} else if (c_is(&t->v[i], "(")) {
			if (find_nested(t, i, &d))
				return d;
			i = c_group_end(t, i);
		} else {
			is_typed |= is_word(&t->v[i]) && !c_is_storage(&t->v[i]);
			i++;
		}
	}
	return first;
}

static struct loc span(const struct scanner *s, uint32_t begin, uint32_t end)
{
	return (struct loc){s->f->file, begin, end};
}

static struct loc token_loc(const struct scanner *s, const struct ctoken *t)
{
	return span(s, t->begin, t->end);
}

static void add_param(const struct scanner *s, struct csymbol *symbol, const ctokens *t,
		      size_t begin, size_t end)
{
	struct cparam p = {.text = span(s, t->v[begin - 1].end, t->v[end].begin)};
	const struct ctoken *name;

	for (size_t i = begin; i < end; i++)
		*vec_push(&p.tokens) = t->v[i];
	if (p.tokens.n == 1 && c_is(&p.tokens.v[0], "void"))
		return;
	c_type(NULL, &p.tokens, &name);
	p.name = name ? name->s : NULL;
	*vec_push(&symbol->params) = p;
}

static void add_params(const struct scanner *s, struct csymbol *symbol, const ctokens *t,
		       size_t open)
{
	size_t end = c_group_end(t, open) - 1;

	for (size_t at = open + 1, next; at < end; at = next + 1) {
		for (next = at; next < end && !c_is(&t->v[next], ","); next++)
			if (c_is(&t->v[next], "(") || c_is(&t->v[next], "["))
				next = c_group_end(t, next) - 1;
		add_param(s, symbol, t, at, next);
	}
}

/** From the first token to the last, if nothing else is between; all are of the source. */
static struct loc together(const struct scanner *s, const ctokens *t, size_t begin, size_t end,
			   size_t n)
{
	if (begin >= end || end - begin != n)
		return (struct loc){0};
	for (size_t i = begin; i < end; i++)
		if (t->v[i].is_expanded)
			return (struct loc){0};
	return span(s, t->v[begin].begin, t->v[end - 1].end);
}

static bool has_token(const ctokens *t, const char *s)
{
	vec_each(token, t)
	{
		if (c_is(token, s))
			return true;
	}
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool is_narrow(const struct ctoken *t)
{
	return is_word(t) && (c_is(t, "no_caller_saved_registers") || ends_with(t->s, "_NARROW"));
}

/** Words of the source that a fix may take away. */
static void add_marks(const struct scanner *s, struct csymbol *symbol, const ctokens *t,
		      const struct declarator *d)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct ctoken *token = &t->v[i];
		bool is_storage = i < d->name && c_is(token, "static");

		symbol->is_narrow |= is_narrow(token);
		symbol->is_static |= is_storage;
		if (!token->is_expanded && is_narrow(token) && ends_with(token->s, "_NARROW"))
			symbol->narrow = token_loc(s, token);
		if (!token->is_expanded && is_storage)
			symbol->storage = token_loc(s, token);
	}
}

/** Is the token a part of the result's type? */
static bool is_of_type(const struct ctoken *t)
{
	return !c_is_storage(t) && !ends_with(t->s, "_NARROW");
}

/** Of a function that returns a function, a part of the type is behind the parameters. */
static void add_returned(struct csymbol *symbol, const ctokens *t, size_t behind)
{
	if (!c_is(token_at(t, behind), ")"))
		return;
	symbol->result = (struct loc){0};
	for (; behind < t->n; behind++)
		*vec_push(&symbol->type) = t->v[behind];
}

/** The result's type is all but storage, attributes, name and parameters. */
static void add_type(const struct scanner *s, struct csymbol *symbol, const ctokens *t,
		     const struct declarator *d)
{
	bool is_in_parens = d->name && c_is(&t->v[d->name - 1], "(") && d->open > d->name + 1;
	size_t first = t->n, last = 0, end = d->name - is_in_parens;

	for (size_t i = 0; i < end; i++) {
		size_t skipped = c_skip_attributes(t, i);

		if (skipped != i) {
			i = skipped - 1;
		} else if (is_of_type(&t->v[i])) {
			first = i < first ? i : first;
			last = i + 1;
			*vec_push(&symbol->type) = t->v[i];
		}
	}
	symbol->result = together(s, t, first, last, symbol->type.n);
	add_returned(symbol, t, c_group_end(t, d->open));
}

static struct csymbol function_of(const struct scanner *s, const ctokens *t,
				  const struct declarator *d)
{
	size_t end = c_group_end(t, d->open);
	struct csymbol symbol = {
		.name = t->v[d->name].s,
		.loc = token_loc(s, &t->v[d->name]),
		.head = span(s, t->v[0].begin, t->v[t->n - 1].end),
		.is_varying = s->now.is_varying,
	};

	if (together(s, t, d->open, end, end - d->open).end)
		symbol.list = span(s, t->v[d->open].end, t->v[end - 1].begin);
	add_marks(s, &symbol, t, d);
	add_params(s, &symbol, t, d->open);
	add_type(s, &symbol, t, d);
	return symbol;
}

static void add_symbol(struct scanner *s, struct csymbol symbol)
{
	*vec_push(&s->f->symbols) = symbol;
}

/** Words that an unknown macro was given: it may define them. */
static void add_opaque(struct scanner *s, const ctokens *t, size_t macro)
{
	size_t end = c_group_end(t, macro + 1);

	if (ends_with(t->v[macro].s, "tatic_assert"))
		return;
	for (size_t i = macro + 2; i < end; i++)
		if (c_is_identifier(&t->v[i]))
			add_symbol(s, (struct csymbol){.name = t->v[i].s,
						       .kind = C_OPAQUE,
						       .loc = token_loc(s, &t->v[i]),
						       .macro = t->v[macro].s});
}

/* ---- definitions of functions as it was once done ---- */

/** The parameters are names alone, and the last word before the end is one of them. */
static bool is_old_style(const ctokens *t, const struct declarator *d)
{
	size_t end = c_group_end(t, d->open);
	bool is_declared = false;

	if (!d->is_found || end >= t->n || end - d->open < 3 || !is_word(token_at(t, end)))
		return false;
	for (size_t i = d->open + 1; i + 1 < end; i++) {
		if (!c_is_identifier(&t->v[i]) && !c_is(&t->v[i], ","))
			return false;
		is_declared |= c_is(&t->v[i], t->v[t->n - 1].s);
	}
	return is_declared && t->n - end >= 2;
}

/** Types of parameters that are declared behind the list. */
static void add_old_params(struct csymbol *symbol, const ctokens *t, size_t begin)
{
	for (size_t at = begin, next; at < t->n; at = next + 1) {
		ctokens one = {0};
		const struct ctoken *name;

		for (next = at; next < t->n && !c_is(&t->v[next], ";"); next++)
			*vec_push(&one) = t->v[next];
		c_type(NULL, &one, &name);
		vec_each(p, &symbol->params)
		{
			if (name && p->tokens.n && c_is(&p->tokens.v[0], name->s)) {
				p->tokens = one;
				p->name = name->s;
			}
		}
	}
}

/* ---- what ends a declaration ---- */

static bool is_asm(const struct ctoken *t)
{
	return c_is(t, "asm") || c_is(t, "__asm__") || c_is(t, "__asm");
}

/** Labels in the text of assembly: words at the beginning of a line, with a colon. */
static void add_labels(struct scanner *s, const struct ctoken *t)
{
	const char *text = t->s + 1;

	while (*text) {
		size_t blank = strspn(text, " \t"),
		       n = strspn(text + blank, "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						"0123456789_$");

		if (n && text[blank + n] == ':')
			add_symbol(s, (struct csymbol){.name = intern_n(text + blank, n),
						       .kind = C_LABEL,
						       .loc = token_loc(s, t)});
		text += strcspn(text, "\\;\n");
		text += *text == '\\' && text[1] ? 2 : *text != 0;
	}
}

static void add_typedef(struct scanner *s, const ctokens *t)
{
	const struct ctoken *name;

	c_type(NULL, t, &name);
	if (name)
		*vec_push(&s->f->typedefs) = (struct ctypedef){name->s, *t};
}

static bool ends_declarator(const struct ctoken *t)
{
	return c_is(t, "[") || c_is(t, "=") || c_is(t, ",") || c_is(t, "") || c_is(t, ")");
}

static void add_objects(struct scanner *s, const ctokens *t)
{
	for (size_t i = 1; i < t->n; i++) {
		if (c_is_identifier(&t->v[i]) && ends_declarator(token_at(t, i + 1)) &&
		    !is_tag(&t->v[i - 1]))
			add_symbol(s, (struct csymbol){.name = t->v[i].s,
						       .kind = C_OBJECT,
						       .loc = token_loc(s, &t->v[i]),
						       .is_static = has_token(t, "static")});
		while (i < t->n && c_is(&t->v[i], "=")) {
			while (i < t->n && !c_is(&t->v[i], ","))
				i = c_is(&t->v[i], "(") ? c_group_end(t, i) : i + 1;
		}
	}
}

/** Is there more behind the parameters than attributes, or words that may be such? */
static bool is_followed_by_code(const ctokens *t, const struct declarator *d)
{
	size_t i = c_group_end(t, d->open);

	while (i < t->n) {
		size_t skipped = c_skip_attributes(t, i);

		if (skipped == i && c_is_identifier(&t->v[i]))
			skipped = c_is(token_at(t, i + 1), "(") ? c_group_end(t, i + 1) : i + 1;
		if (skipped == i)
			return !c_is(&t->v[i], ")") && !c_is(&t->v[i], ",") &&
			       !c_is(&t->v[i], "(") && !c_is(&t->v[i], "[");
		i = skipped;
	}
	return false;
}

static void end_declaration(struct scanner *s)
{
	const ctokens *t = &s->now.head;
	struct declarator d = find_function(t);
	struct csymbol symbol;

	if (!t->n)
		return;
	if (is_asm(&t->v[0])) {
		vec_each(token, t)
		{
			if (token->kind == C_TEXT)
				add_labels(s, token);
		}
	} else if (has_token(t, "typedef")) {
		add_typedef(s, t);
	} else if (d.is_found && !d.is_typed) {
		add_opaque(s, t, d.name);
	} else if (d.is_found) {
		symbol = function_of(s, t, &d);
		symbol.kind = C_DECLARATION;
		if (is_followed_by_code(t, &d)) {
			symbol.kind = C_OPAQUE;
			symbol.macro = t->v[c_group_end(t, d.open)].s;
		} else if (has_token(t, "alias") || has_token(t, "ifunc")) {
			symbol.kind = C_DEFINITION;
		}
		add_symbol(s, symbol);
	} else if (!has_token(t, "extern") || has_token(t, "=")) {
		add_objects(s, t);
	}
}

static void clear_head(struct scanner *s)
{
	s->now.head = (ctokens){0};
	s->now.is_varying = false;
	s->now.parens = 0;
}

static void take_semicolon(struct scanner *s, const struct ctoken *t)
{
	struct declarator d = find_function(&s->now.head);

	if (is_old_style(&s->now.head, &d)) {
		*vec_push(&s->now.head) = *t;
		return;
	}
	end_declaration(s);
	clear_head(s);
}

/* ---- IMPLEMENTS ---- */

/** IMPLEMENTS(op, revision) with or without a semicolon; in assembly also without parentheses. */
static bool take_statement(struct scanner *s, const struct ctoken *macro)
{
	struct cstatement statement = {.macro = macro->s, .loc = token_loc(s, macro)};
	struct ctoken t = {.s = ""};
	size_t parens = 0;

	if (!is_word(macro) || !ends_with(macro->s, "_IMPLEMENTS"))
		return false;
	while (cstream_next(&s->tokens, false, &t) && !c_is(&t, ";")) {
		if (t.starts_line && !parens) {
			cstream_back(&s->tokens, t);
			break;
		}
		parens += c_is(&t, "(");
		if (t.kind == C_WORD && !statement.op)
			statement.op = t.s;
		if (t.kind == C_NUMBER) {
			statement.revision = strtoul(t.s, NULL, 0);
			if (!t.is_expanded)
				statement.loc = token_loc(s, &t);
			if (!parens)
				break;
		}
		if (c_is(&t, ")"))
			break;
	}
	if (statement.op)
		*vec_push(&s->f->statements) = statement;
	return true;
}

/* ---- braces ---- */

/** "struct tag" or the like at the end. */
static bool is_record(const ctokens *t)
{
	size_t end = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_tag(&t->v[i]))
			end = c_skip_attributes(t, i + 1);
	return end && end + is_word(token_at(t, end)) >= t->n;
}

static bool has_initializer(const ctokens *t)
{
	size_t depth = 0;

	vec_each(token, t)
	{
		depth += c_is(token, "(") || c_is(token, "[");
		depth -= depth && (c_is(token, ")") || c_is(token, "]"));
		if (!depth && c_is(token, "="))
			return true;
	}
	return false;
}

static void open_body(struct scanner *s, const struct ctoken *brace)
{
	const ctokens *t = &s->now.head;
	struct declarator d = find_function(t);
	struct csymbol symbol;

	s->now.region = BODY;
	s->now.depth = 1;
	s->body.n = 0;
	s->now.function = SIZE_MAX;
	if (!d.is_found)
		return;
	if (!d.is_typed)
		add_opaque(s, t, d.name);
	symbol = function_of(s, t, &d);
	symbol.kind = C_DEFINITION;
	symbol.body = token_loc(s, brace);
	symbol.is_old_style = has_token(t, ";");
	if (symbol.is_old_style)
		add_old_params(&symbol, t, c_group_end(t, d.open));
	s->now.function = s->f->symbols.n;
	add_symbol(s, symbol);
}

static void open_brace(struct scanner *s, const struct ctoken *brace)
{
	const ctokens *t = &s->now.head;

	if (!s->now.parens && t->n && t->v[t->n - 1].kind == C_TEXT && has_token(t, "extern")) {
		s->externs++;
		clear_head(s);
	} else if (s->now.parens || has_initializer(t) || is_record(t)) {
		s->now.region = INSIDE;
		s->now.depth = 1;
	} else {
		open_body(s, brace);
	}
}

/** "(void)a; (void)b; PREFIX_UNWRITTEN("text");" and nothing else. */
static bool is_generated(const ctokens *t)
{
	size_t i = 0;

	while (i + 5 <= t->n && c_is(&t->v[i], "(") && c_is(&t->v[i + 1], "void") &&
	       c_is(&t->v[i + 2], ")") && is_word(&t->v[i + 3]) && c_is(&t->v[i + 4], ";"))
		i += 5;
	return i + 5 == t->n && ends_with(t->v[i].s, "_UNWRITTEN") && t->v[i + 2].kind == C_TEXT &&
	       c_is(&t->v[i + 4], ";");
}

static void close_body(struct scanner *s, const struct ctoken *brace)
{
	struct csymbol *symbol =
		s->now.function < s->f->symbols.n ? &s->f->symbols.v[s->now.function] : NULL;

	if (symbol) {
		symbol->body.end = brace->end;
		symbol->is_generated = is_generated(&s->body);
	}
	s->now.region = OUTSIDE;
	clear_head(s);
}

static void take_in_body(struct scanner *s, const struct ctoken *t)
{
	const struct cmacro *m = cstream_macro(&s->tokens, t);
	int change = m ? m->balance : t->kind == C_PUNCT ? c_is(t, "{") - c_is(t, "}") : 0;

	if (take_statement(s, t))
		return;
	if (s->now.function < s->f->symbols.n && is_word(t) && ends_with(t->s, "_UNWRITTEN"))
		s->f->symbols.v[s->now.function].is_unwritten = true;
	if ((change < 0 && (size_t)-change >= s->now.depth) ||
	    (s->trusts_columns && t->is_in_column_0 && c_is(t, "}"))) {
		close_body(s, t);
		return;
	}
	s->now.depth += (size_t)(ptrdiff_t)change;
	if (s->body.n < BODY_KEPT)
		*vec_push(&s->body) = *t;
}

static void take_inside(struct scanner *s, const struct ctoken *t)
{
	if (t->kind != C_PUNCT)
		return;
	s->now.depth += c_is(t, "{");
	s->now.depth -= c_is(t, "}");
	if (s->trusts_columns && t->is_in_column_0 && c_is(t, "}")) {
		s->now.depth = 0;
		clear_head(s);
	}
	if (!s->now.depth)
		s->now.region = OUTSIDE;
}

static void close_brace(struct scanner *s)
{
	if (s->externs)
		s->externs--;
	else if (!s->trusts_columns)
		s->f->is_confused = true;
	clear_head(s);
}

/* ---- C ---- */

static void save(struct scanner *s)
{
	struct state copy = s->now;

	copy.head = (ctokens){0};
	vec_each(t, &s->now.head) * vec_push(&copy.head) = *t;
	*vec_push(&s->saved) = copy;
}

static void take_conditional(struct scanner *s, enum ctoken_kind kind)
{
	struct state *top = s->saved.n ? &s->saved.v[s->saved.n - 1] : NULL;

	if (s->now.head.n)
		s->now.is_varying = true;
	if (kind == C_IF) {
		save(s);
	} else if (top && kind == C_ELSE) {
		struct state outer = *top;

		s->saved.n--;
		s->now = outer;
		save(s);
	} else if (top) {
		s->saved.n--;
	}
}

static void take_outside(struct scanner *s, const struct ctoken *t)
{
	if (take_statement(s, t))
		return;
	s->now.parens += c_is(t, "(") || c_is(t, "[");
	s->now.parens -= s->now.parens && (c_is(t, ")") || c_is(t, "]"));
	if (c_is(t, "{"))
		open_brace(s, t);
	else if (c_is(t, "}"))
		close_brace(s);
	else if (c_is(t, ";") && !s->now.parens)
		take_semicolon(s, t);
	else
		*vec_push(&s->now.head) = *t;
}

static void take(struct scanner *s, const struct ctoken *t)
{
	if (t->kind >= C_IF)
		take_conditional(s, t->kind);
	else if (s->now.region == BODY)
		take_in_body(s, t);
	else if (s->now.region == INSIDE)
		take_inside(s, t);
	else
		take_outside(s, t);
}

static void scan_c(struct cfile *f, const struct map *shared, bool trusts_columns)
{
	struct scanner s = {.f = f,
			    .tokens = cstream_open(&f->lexed, shared),
			    .trusts_columns = trusts_columns};
	struct ctoken t;

	while (cstream_next(&s.tokens, s.now.region == OUTSIDE, &t))
		take(&s, &t);
	f->is_confused |= s.now.region != OUTSIDE || s.now.parens;
}

/* ---- assembly ---- */

static bool is_assembly(const char *path)
{
	return ends_with(path, ".S") || ends_with(path, ".s");
}

static void mark_unwritten(struct cfile *f)
{
	if (f->symbols.n)
		f->symbols.v[f->symbols.n - 1].is_unwritten = true;
}

/** "op=revision", as IMPLEMENTS writes it. */
static void take_record(struct scanner *s, const struct ctoken *t)
{
	size_t n = strcspn(t->s + 1, "=\"");

	if (t->s[1 + n] != '=')
		return;
	*vec_push(&s->f->statements) = (struct cstatement){
		.op = intern_n(t->s + 1, n),
		.revision = strtoul(t->s + 2 + n, NULL, 10),
		.loc = token_loc(s, t),
	};
}

struct assembly {
	bool is_record_section;
	struct map macros; /* of the assembler */
};

/** What an assembler's macro is given may be what it defines. */
static void take_macro_use(struct scanner *s, const ctokens *line)
{
	for (size_t i = 1; i < line->n; i++)
		if (c_is_identifier(&line->v[i]))
			add_symbol(s, (struct csymbol){.name = line->v[i].s,
						       .kind = C_OPAQUE,
						       .loc = token_loc(s, &line->v[i]),
						       .macro = line->v[0].s});
}

static void take_directive(struct assembly *a, const ctokens *line)
{
	const struct ctoken *word = token_at(line, 1);

	if (c_is(word, "macro") && line->n > 2)
		map_add(&a->macros, line->v[2].s, a);
	else if (strstr(word->s, "section") || c_is(word, "previous") || c_is(word, "text"))
		a->is_record_section = has_token(line, "implements");
}

/** One line, or what a semicolon leaves of it. */
static void take_line(struct scanner *s, struct assembly *a, const ctokens *line)
{
	const struct ctoken *first = token_at(line, 0);

	if (is_word(first) && c_is(token_at(line, 1), ":")) {
		add_symbol(s, (struct csymbol){.name = first->s,
					       .kind = C_LABEL,
					       .loc = token_loc(s, first)});
	} else if (is_word(first) && c_is(token_at(line, 1), "(")) {
		add_opaque(s, line, 0);
	} else if (c_is(first, ".")) {
		take_directive(a, line);
	} else if (is_word(first) && map_get(&a->macros, first->s)) {
		take_macro_use(s, line);
	}
	vec_each(t, line)
	{
		if (is_word(t) && ends_with(t->s, "_UNWRITTEN"))
			mark_unwritten(s->f);
		if (t->kind == C_TEXT && a->is_record_section)
			take_record(s, t);
	}
}

static void scan_assembly(struct cfile *f, const struct map *shared)
{
	struct scanner s = {.f = f, .tokens = cstream_open(&f->lexed, shared)};
	struct assembly a = {0};
	ctokens line = {0};
	struct ctoken t;

	while (cstream_next(&s.tokens, true, &t)) {
		if (t.kind >= C_IF)
			continue;
		if (t.starts_line || c_is(&t, ";")) {
			take_line(&s, &a, &line);
			line.n = 0;
		}
		if (!take_statement(&s, &t) && !c_is(&t, ";"))
			*vec_push(&line) = t;
		if (line.n == 2 && c_is(&t, ":") && line.v[0].kind <= C_NUMBER) {
			take_line(&s, &a, &line);
			line.n = 0;
		}
	}
	take_line(&s, &a, &line);
}

/* ---- */

static void forget(struct cfile *f)
{
	f->symbols.n = f->statements.n = f->typedefs.n = 0;
	f->is_confused = false;
}

void c_scan(struct cfile *f, const struct map *shared)
{
	if (is_assembly(f->path)) {
		scan_assembly(f, shared);
		return;
	}
	scan_c(f, shared, false);
	if (!f->is_confused)
		return;
	forget(f);
	scan_c(f, shared, true);
}

struct csymbol c_prototype_of(const char *text)
{
	struct scanner s = {.f = &(struct cfile){0}};
	ctokens t = c_tokens(text);
	struct declarator d = find_function(&t);

	return function_of(&s, &t, &d);
}
