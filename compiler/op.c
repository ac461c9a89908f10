/* Statements of an op. */
#include <string.h>

#include "attributes.h"

static void op_clobbers(const struct attributed *a)
{
	struct op *op = a->thing;
	struct name first = word_at(a->s, 0);

	if (a->s->operands.n == 1 && is_word(first, "normal"))
		op->clobber = CLOBBER_NORMAL;
	else if (a->s->operands.n == 1 && is_word(first, "none"))
		op->clobber = CLOBBER_NONE;
	else if (a->s->operands.n == 1 && is_word(first, "flags"))
		op->clobber = CLOBBER_FLAGS;
	else {
		op->clobber = CLOBBER_SET;
		words_from(a->s, &op->registers);
		check_registers(a->run, &op->registers);
	}
}

static const struct {
	const char *name;
	enum context context;
} contexts[] = {
	{"noinstr", CONTEXT_NOINSTR}, {"hot", CONTEXT_HOT},
	{"early", CONTEXT_EARLY},     {"late", CONTEXT_LATE},
	{"pure", CONTEXT_PURE},	      {"unprivileged", CONTEXT_UNPRIVILEGED},
};

static void op_context(const struct attributed *a)
{
	struct op *op = a->thing;

	vec_each(o, &a->s->operands)
	{
		size_t i = 0;

		while (i < NELEM(contexts) && !is_word(o->path.v[0], contexts[i].name))
			i++;
		if (i < NELEM(contexts))
			op->context |= contexts[i].context;
		else
			diag(a->run, unknown_word, o->loc, o->path.v[0].s, "context",
			     "noinstr hot early late pure unprivileged");
	}
}

static void op_native(const struct attributed *a)
{
	struct op *op = a->thing;
	struct template *t = template_from(a->run, a->s, 0);

	vec_each(old, &op->natives)
	{
		if ((*old)->arch.s != t->arch.s)
			continue;
		diag(a->run, duplicate, t->arch.loc, "native template for", t->arch.s);
		diag_note(a->run, (*old)->arch.loc, "the first definition is here");
	}
	*vec_push(&op->natives) = t;
}

static const struct {
	const char *name;
	enum impl_kind kind;
} defaults[] = {{"nop", IMPL_NOP},
		{"identity", IMPL_IDENTITY},
		{"zero", IMPL_CONSTANT},
		{"trap", IMPL_TRAP}};

static void op_default(const struct attributed *a)
{
	struct op *op = a->thing;
	struct name word = word_at(a->s, 0);

	for (size_t i = 0; i < NELEM(defaults); i++)
		if (is_word(word, defaults[i].name)) {
			op->fallback = (struct impl){.kind = defaults[i].kind, .loc = a->s->loc};
			return;
		}
	diag(a->run, unknown_word, word.loc, word.s, "default", "nop identity zero trap");
}

static void op_budget(const struct attributed *a)
{
	((struct op *)a->thing)->budget = bounded(a->run, a->s, a->run->arch->slot_site, 255);
}

static void op_revision(const struct attributed *a)
{
	((struct op *)a->thing)->revision = bounded(a->run, a->s, 1, 65535);
}

static void op_tail(const struct attributed *a)
{
	struct op *op = a->thing;

	op->tail = true;
	if (op->params.n || !type_is_void(&op->type))
		diag(a->run, tail_shape, a->s->loc, op->name.s);
}

static void op_pairs(const struct attributed *a)
{
	struct interface *i = a->module;
	struct op *op = a->thing;

	words_from(a->s, &op->pairs);
	vec_each(name, &op->pairs)
	{
		if (!map_get(&i->op_map, name->s))
			diag(a->run, unknown_op, name->loc, i->name.s, name->s,
			     suggest(a->run, &i->op_map, name->s));
	}
}

static void op_defer(const struct attributed *a)
{
	struct op *op = a->thing;

	words_from(a->s, &op->defer);
}

static const struct attribute_row op_rows[] = {
	{"clobbers", "w+", "clobbers normal|none|flags|REGISTER...;", op_clobbers, ONCE},
	{"context", "w+", "context WORD...;", op_context, ONCE},
	{"native", "ws+", "native ARCH \"INSTRUCTION\"...;", op_native, REPEAT},
	{"default", "w", "default nop|identity|zero|trap;", op_default, ONCE},
	{"budget", "i", "budget BYTES;", op_budget, ONCE},
	{"revision", "i", "revision NUMBER;", op_revision, ONCE},
	{"tail", "", "tail;", op_tail, ONCE},
	{"pairs", "w", "pairs OP;", op_pairs, ONCE},
	{"defer", "w", "defer MODE;", op_defer, REPEAT},
};

static const struct table op_table = {"an op", op_rows, NELEM(op_rows)};

static void resolve_result_space(struct run *run, struct op *op)
{
	vec_each(a, &op->attributes)
	{
		if (op->space != SPACE_NONE)
			diag(run, repeated, a->name.loc, "kind of address");
		op->space = space_find(a->name.s);
		if (op->space == SPACE_NONE)
			diag(run, unknown_attribute, a->name.loc, "a result", a->name.s,
			     "; known: va pa gpa pfn mfn ma");
	}
}

void resolve_op(struct run *run, struct interface *interface, struct op *op)
{
	op->budget = run->arch->default_budget;
	op->revision = 1;
	resolve_result_space(run, op);
	apply_all(run, &op_table, interface, op, &op->stmts);
	if ((op->context & CONTEXT_LATE) && op->budget > run->arch->line)
		diag(run, late_budget, op->name.loc, op->name.s, mem_printf("%u", run->arch->line));
}
