/* `unknown WORD...;`: what nobody knows of an interface or an op. */
#include <string.h>

#include "attributes.h"
#include "unknown.h"

/** Of an op; of an interface as a whole, or of each of its ops; of an interface alone. */
enum said_of { OP_ONLY, OPS, WHOLE };

static const struct {
	const char *word, *text;
	const char *statements; /* that would say it */
	enum said_of place;
} aspects[] = {
#define ASPECT(id, word, text, statements, place) {word, text, statements, place},
#include "unknown.def"
#undef ASPECT
};

const char *aspect_word(enum aspect a)
{
	return aspects[a].word;
}

const char *aspect_text(enum aspect a)
{
	return aspects[a].text;
}

bool aspect_is_of_ops(enum aspect a)
{
	return aspects[a].place != WHOLE;
}

/** The words that may stand there. */
static const char *words_for(bool is_of_op)
{
	struct out o = {0};

	for (size_t i = 0; i < A_COUNT; i++)
		if (aspects[i].place != (is_of_op ? WHOLE : OP_ONLY))
			put(&o, "%s%s", o.n ? " " : "", aspects[i].word);
	return text_of(&o);
}

void resolve_unknown(struct run *run, const struct stmt *s, bool is_of_op, unsigned int *set)
{
	vec_each(o, &s->operands)
	{
		size_t i = 0;

		while (i < A_COUNT && !is_word(o->path.v[0], aspects[i].word))
			i++;
		if (i == A_COUNT || aspects[i].place == (is_of_op ? WHOLE : OP_ONLY))
			diag(run, unknown_word, o->loc, o->path.v[0].s,
			     is_of_op ? "unknown property of an op"
				      : "unknown property of an interface",
			     words_for(is_of_op));
		else
			*set |= aspect_bit((enum aspect)i);
	}
}

bool pointers_are_unknown(const struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(s, &(*i)->stmts)
		{
			vec_each(o, &(*s)->operands)
			{
				if (is_word((*s)->path.v[0], "unknown") &&
				    operand_is(o, aspects[A_POINTERS].word))
					return true;
			}
		}
	}
	return false;
}

/** Is the word one of a list? */
static bool is_among(const char *word, const char *list)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

void check_unknown(struct run *run, const struct interface *i, const struct op *op)
{
	unsigned int set = i->unknown | op->unknown;

	if (set & aspect_bit(A_SIGNATURE) && (op->params.n || !type_is_void(&op->type)))
		diag(run, said_unknown, op->name.loc, op_path(op), "a signature",
		     aspects[A_SIGNATURE].word);
	vec_each(s, &op->stmts)
	{
		for (size_t a = 0; !(*s)->condition && a < A_COUNT; a++)
			if (set & 1u << a && is_among((*s)->path.v[0].s, aspects[a].statements))
				diag(run, said_unknown, (*s)->loc, op_path(op),
				     mem_printf("'%s'", (*s)->path.v[0].s), aspects[a].word);
	}
}

const char *unknown_of_images(void)
{
	return words_for(false);
}

/* ---- building ---- */

static const char *unknown_words(unsigned int set)
{
	struct out o = {0};

	for (size_t a = 0; a < A_COUNT; a++)
		if (set & 1u << a)
			put(&o, "%s%s", o.n ? ", " : "", aspects[a].word);
	return text_of(&o);
}

static void refuse(struct run *run, const stmts *stmts, const char *what, unsigned int set)
{
	if (set)
		diag(run, unknown_built, said(stmts, "unknown")->loc, what, unknown_words(set));
}

bool find_unknown(struct run *run)
{
	if (!run_writes_code(run))
		return true;
	vec_each(i, &run->interfaces)
	{
		refuse(run, &(*i)->stmts, mem_printf("interface '%s'", (*i)->name.s),
		       (*i)->unknown);
		vec_each(op, &(*i)->ops) refuse(
			run, &(*op)->stmts, mem_printf("op '%s'", op_path(*op)), (*op)->unknown);
	}
	return !run->errors;
}
