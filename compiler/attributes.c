#include <string.h>

#include "attributes.h"

static bool operand_fits(char letter, const struct operand *o)
{
	switch (letter) {
	case 'w':
		return o->kind == OPERAND_PATH && o->path.n == 1;
	case 'd':
		return o->kind == OPERAND_PATH;
	case 'i':
		return o->kind == OPERAND_INT;
	case 'c':
		return o->kind == OPERAND_INT || (o->kind == OPERAND_PATH && o->path.n == 1);
	case 's':
		return o->kind == OPERAND_STRING;
	case 'v':
		return o->kind == OPERAND_VERSION;
	case 'a':
		return true;
	case 'b':
		return o->kind == OPERAND_RANGE || o->kind == OPERAND_INT;
	case 'r':
		return o->kind == OPERAND_PAIR || operand_fits('w', o);
	default:
		return false;
	}
}

/** As many operands as fit; true if none lacks behind them. */
static bool match(const char *shape, const operands *operands, size_t *n)
{
	const struct operand *o = operands->v, *end = o + operands->n;

	while (*shape) {
		char suffix = shape[1] == '+' || shape[1] == '?' ? shape[1] : 0;
		const struct operand *first = o;

		while (o < end && operand_fits(*shape, o) && (o == first || suffix == '+'))
			o++;
		*n = (size_t)(o - operands->v);
		if (o == first && suffix != '?')
			return false;
		shape += suffix ? 2 : 1;
	}
	return true;
}

bool shape_fits(const char *shape, const operands *operands)
{
	size_t n = 0;

	return match(shape, operands, &n) && n == operands->n;
}

size_t shape_misfit(const char *shape, const operands *operands)
{
	size_t n = 0;

	match(shape, operands, &n);
	return n;
}

struct loc operand_loc(const operands *operands, size_t i, struct loc before)
{
	if (!operands->n)
		return before;
	return operands->v[i < operands->n ? i : operands->n - 1].loc;
}

void report_operand(const struct attributed *a, size_t i, const char *usage)
{
	diag(a->run, bad_operands, operand_loc(&a->s->operands, i, a->s->loc), a->s->path.v[0].s,
	     usage);
}

void report_attribute(struct run *run, const struct attribute *a, const char *shape,
		      const char *usage)
{
	size_t i = shape_misfit(shape, &a->operands);

	diag(run, bad_operands, operand_loc(&a->operands, i, a->name.loc), a->name.s, usage);
}

static const char *row_names(const struct attribute_row *rows, size_t n)
{
	struct out o = {0};

	for (size_t i = 0; i < n; i++)
		put(&o, "%s%s", i ? " " : "; known: ", rows[i].name);
	return text_of(&o);
}

static const struct attribute_row *find_row(const struct table *t, const char *word)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->rows[i].name, word))
			return &t->rows[i];
	return NULL;
}

static void apply(const struct table *t, const struct attributed *a, struct map *seen)
{
	const struct name *word = &a->s->path.v[0];
	const struct attribute_row *row = find_row(t, word->s);
	const struct name *first;

	if (!row && t->report && t->report(a))
		return;
	if (!row) {
		diag(a->run, unknown_attribute, word->loc, t->place, word->s,
		     row_names(t->rows, t->n));
		return;
	}
	first = map_add(seen, word->s, (void *)word);
	if (first && !(row->flags & REPEAT)) {
		diag(a->run, repeated, word->loc, word->s);
		diag_note(a->run, first->loc, "it was said here first");
	} else if (a->s->has_block && !(row->flags & BLOCK)) {
		diag(a->run, no_block, word->loc, word->s);
	} else if ((a->s->when || a->s->phase) && !(row->flags & WHEN)) {
		diag(a->run, not_conditional, word->loc, word->s);
	} else if (!shape_fits(row->shape, &a->s->operands)) {
		report_operand(a, shape_misfit(row->shape, &a->s->operands), row->usage);
	} else {
		row->apply(a);
	}
}

void apply_all(struct run *run, const struct table *t, void *module, void *thing,
	       const stmts *stmts)
{
	struct map seen = {0};

	vec_each(s, stmts)
	{
		if ((*s)->path.n == 1)
			apply(t, &(struct attributed){run, module, thing, *s}, &seen);
	}
}

const struct stmt *said(const stmts *stmts, const char *statement)
{
	size_t i = 0;

	while (!is_word(stmts->v[i]->path.v[0], statement))
		i++;
	return stmts->v[i];
}

struct loc said_at(const stmts *stmts, const char *statement, const char *word)
{
	const struct stmt *s = said(stmts, statement);

	vec_each(o, &s->operands)
	{
		if (word && operand_is(o, word))
			return o->loc;
	}
	return s->loc;
}

struct name word_at(const struct stmt *s, size_t i)
{
	return s->operands.v[i].path.v[0];
}

void words_from(const struct stmt *s, names *words)
{
	vec_each(o, &s->operands) * vec_push(words) = o->path.v[0];
}

int64_t in_range(struct run *run, const char *what, const struct operand *o, int64_t low,
		 int64_t high)
{
	if (o->value >= low && o->value <= high)
		return o->value;
	diag(run, out_of_range, o->loc, what, mem_printf("%lld", (long long)low),
	     mem_printf("%lld", (long long)high));
	return low;
}

unsigned int bounded(struct run *run, const struct stmt *s, int64_t low, int64_t high)
{
	return (unsigned int)in_range(run, s->path.v[0].s, &s->operands.v[0], low, high);
}

bool is_word(struct name name, const char *word)
{
	return !strcmp(name.s, word);
}

bool operand_is(const struct operand *o, const char *word)
{
	return o->kind == OPERAND_PATH && o->path.n == 1 && is_word(o->path.v[0], word);
}

static const char *arch_names(void)
{
	struct out o = {0};

	for (size_t i = 0; i < arch_count; i++)
		put(&o, "%s%s", i ? " " : "", arch_table[i].name);
	return text_of(&o);
}

bool check_arch(struct run *run, struct name name)
{
	if (arch_find(name.s))
		return true;
	diag(run, unknown_arch, name.loc, name.s, arch_names());
	return false;
}

void template_check(struct run *run, const struct operand *insn)
{
	const char *s = insn->string;

	if (!s[strspn(s, " \t\n")])
		diag(run, empty_template, insn->loc);
	for (; *s; s++)
		if (*s == ';' || ((unsigned char)*s < ' ' && *s != '\t')) {
			diag(run, one_instruction, insn->loc);
			return;
		}
}

struct template *template_from(struct run *run, const struct stmt *s, size_t arch, size_t first)
{
	struct template *t = mem_alloc(sizeof(*t));

	t->arch = word_at(s, arch);
	check_arch(run, t->arch);
	for (size_t i = first; i < s->operands.n; i++)
		*vec_push(&t->insns) = s->operands.v[i];
	vec_each(insn, &t->insns) template_check(run, insn);
	return t;
}

const char *list_text(const char *const *list)
{
	struct out o = {0};

	for (const char *const *word = list; *word; word++)
		put(&o, "%s%s", word == list ? "" : " ", *word);
	return text_of(&o);
}

bool check_register(struct run *run, const struct arch *arch, struct name name)
{
	if (arch_register(arch, name.s))
		return true;
	diag(run, unknown_register, name.loc, name.s, list_text(arch->registers));
	return false;
}

void check_registers(struct run *run, const names *registers)
{
	vec_each(name, registers)
	{
		const char *whole = arch_register(run->arch, name->s);

		if (!whole || strcmp(whole, name->s) != 0)
			diag(run, unknown_register, name->loc, name->s,
			     list_text(run->arch->registers));
	}
}
