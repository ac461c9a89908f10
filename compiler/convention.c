/* What entries and calls of an abi say alike: registers, bits, clobbers, errors, architectures. */
#include "convention.h"

#include <string.h>

struct registers registers_from(const struct operand *o)
{
	if (o->kind == OPERAND_PAIR)
		return (struct registers){o->path.v[0], o->path.v[1]};
	return (struct registers){.low = o->path.v[0]};
}

bool bits_from(const struct attributed *a, size_t i, const char *usage, struct bits *bits)
{
	const operands *o = &a->s->operands;

	if (o->n == i)
		return true;
	if (o->n == i + 2 && o->v[i].kind == OPERAND_PATH && is_word(o->v[i].path.v[0], "bits")) {
		const struct operand *range = &o->v[i + 1];

		*bits = (struct bits){true, range->loc, range->value, range->low};
		return true;
	}
	report_operand(a, i, usage);
	return false;
}

static const struct domain {
	const char *name;
	enum error_domain domain;
	char operand; /* r register, b bits, 0 none */
} domains[] = {
	{"none", ERRORS_NONE, 0},	  {"negative", ERRORS_NEGATIVE, 0},
	{"positive", ERRORS_POSITIVE, 0}, {"status", ERRORS_STATUS, 'b'},
	{"pair", ERRORS_PAIR, 'r'},	  {"unchanged", ERRORS_UNCHANGED, 'r'},
};

const char *domain_name(enum error_domain domain)
{
	for (size_t i = 0; i < NELEM(domains); i++)
		if (domains[i].domain == domain)
			return domains[i].name;
	return "";
}

static const struct domain *find_domain(const struct attributed *a)
{
	struct name word = word_at(a->s, 0);

	for (size_t i = 0; i < NELEM(domains); i++)
		if (is_word(word, domains[i].name))
			return &domains[i];
	diag(a->run, unknown_word, word.loc, word.s, "error domain",
	     "none negative positive status pair unchanged");
	return NULL;
}

struct errors errors_from(const struct attributed *a)
{
	const struct domain *d = find_domain(a);
	const operands *o = &a->s->operands;
	const struct operand *operand = &o->v[1];
	struct errors errors = {0};

	if (!d)
		return errors;
	errors.domain = d->domain;
	if (o->n != (d->operand ? 2 : 1) ||
	    (d->operand && (operand->kind == OPERAND_PATH) != (d->operand == 'r'))) {
		report_operand(a, o->n > 2 ? 2 : 1, ERRORS_USAGE);
		return errors;
	}
	if (d->operand == 'r')
		errors.reg = operand->path.v[0];
	if (d->operand == 'b')
		errors.bits = (struct bits){true, operand->loc, operand->value, operand->low};
	return errors;
}

/** A register that is named twice, or as a part and as a whole, was a slip. */
static void check_named_once(struct run *run, const struct arch *arch, const names *registers)
{
	struct map seen = {0};

	vec_each(r, registers)
	{
		const char *whole = arch_register(arch, r->s);

		if (whole && map_add(&seen, intern(whole), r))
			diag(run, repeated, r->loc, r->s);
	}
}

struct clobbers clobbers_from(const struct attributed *a)
{
	struct clobbers c = {.is_said = true};

	vec_each(o, &a->s->operands)
	{
		struct name word = o->path.v[0];

		if (is_word(word, "args"))
			c.args = true;
		else if (is_word(word, "memory"))
			c.memory = true;
		else if (!is_word(word, "none") || a->s->operands.n > 1)
			*vec_push(&c.registers) = word;
	}
	return c;
}

unsigned int arches_from(const struct attributed *a)
{
	unsigned int arches = 0;

	vec_each(o, &a->s->operands)
	{
		if (check_arch(a->run, o->path.v[0]))
			arches |= arch_bit(arch_find(o->path.v[0].s));
	}
	return arches;
}

bool check_carrier(struct run *run, const struct arch *arch, const struct registers *registers)
{
	bool good = true;

	if (!arch)
		return false;
	if (registers->high.s)
		good = check_register(run, arch, registers->high);
	if (registers->low.s)
		good &= check_register(run, arch, registers->low);
	return good;
}

static void push_registers(names *all, const struct registers *r)
{
	*vec_push(all) = r->low;
	if (r->high.s)
		*vec_push(all) = r->high;
}

void check_clobbers(struct run *run, const struct entry *e, const struct clobbers *clobbers)
{
	names all = {0};

	if (!e->arch)
		return;
	if (clobbers->args)
		vec_each(r, &e->args) push_registers(&all, r);
	vec_each(r, &clobbers->registers)
	{
		if (check_register(run, e->arch, *r))
			*vec_push(&all) = *r;
	}
	check_named_once(run, e->arch, &all);
}

void check_errors(struct run *run, const struct arch *arch, const struct errors *errors)
{
	if (arch && errors->reg.s)
		check_register(run, arch, errors->reg);
	if (errors->bits.is_said)
		check_bits(run, errors->bits.loc, errors->bits.high, errors->bits.low, 64);
}

void check_segments(struct run *run, const struct arch *arch, const names *segments)
{
	static const char *const none[] = {NULL};
	const char *const *known = arch && arch->segments ? arch->segments : none;

	vec_each(name, segments)
	{
		const char *const *s = known;

		while (*s && strcmp(*s, name->s) != 0)
			s++;
		if (arch && !*s)
			diag(run, unknown_word, name->loc, name->s, "segment", list_text(known));
	}
}

/* ---- since when, until when, with what ---- */

static struct about *about_of(const struct attributed *a)
{
	return a->thing;
}

void say_since(const struct attributed *a)
{
	about_of(a)->life->since = a->s->operands.v[0].value;
}

void say_deprecated(const struct attributed *a)
{
	about_of(a)->life->is_deprecated = true;
	if (a->s->operands.n)
		about_of(a)->life->deprecated = a->s->operands.v[0].value;
}

void say_retired(const struct attributed *a)
{
	about_of(a)->life->retired = a->s->operands.v[0].value;
}

void say_needs(const struct attributed *a)
{
	const struct abi *abi = a->module;

	words_from(a->s, about_of(a)->needs);
	vec_each(o, &a->s->operands)
	{
		const struct name *name = &o->path.v[0];

		if (!map_get(&abi->feature_map, name->s))
			diag(a->run, unknown_feature, name->loc, abi->name.s, name->s,
			     suggest(a->run, &abi->feature_map, name->s));
	}
}
