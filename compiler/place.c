/*
 * Where each value of a call travels, on each architecture: where the description says, else in the
 * entry's next register, else on the stack.  No two travel in one place.
 */
#include "convention.h"

#include <string.h>

/** Bits of a register, or a word of the stack, that a value has taken. */
struct claim {
	const char *place;
	uint64_t mask;
	struct name by;
};

typedef VEC(struct claim) claims;

struct placing {
	struct run *run;
	const struct arch *arch;
	const struct entry *entry;
	const struct call *call;
	claims in, out;
	size_t next_arg;
	int64_t next_slot;
	bool is_full; /* reported */
};

/* ---- what the description says ---- */

bool say_at(struct run *run, struct param *p, const struct attribute *a)
{
	if (strcmp(a->name.s, "at") != 0)
		return false;
	if (p->at.n)
		diag(run, repeated, a->name.loc, a->name.s);
	else if (!shape_fits("d", &a->operands))
		report_attribute(run, a, "d", "@at(MEMBER)");
	else
		p->at = a->operands.v[0].path;
	return true;
}

static void say_reg(struct param *p, const struct operand *o)
{
	p->way->said.registers = registers_from(o);
}

static void say_stack(struct param *p, const struct operand *o)
{
	p->way->said.is_stack = true;
	p->way->said.slot = o->value;
	p->way->said.slot_loc = o->loc;
}

static void say_bits(struct param *p, const struct operand *o)
{
	p->way->said.bits = (struct bits){true, o->loc, o->value, o->low};
}

static const struct {
	const char *name, *shape, *usage;
	void (*say)(struct param *p, const struct operand *o);
} sayings[] = {
	{"reg", "r", "@reg(REGISTER) or @reg(HIGH:LOW)", say_reg},
	{"stack", "i", "@stack(WORD)", say_stack},
	{"bits", "b", "@bits(HIGH:LOW) or @bits(BIT)", say_bits},
};

static bool was_said(const struct param *p, const char *name)
{
	if (!strcmp(name, "bits"))
		return p->way->said.bits.is_said;
	return p->way->said.registers.low.s || p->way->said.is_stack;
}

bool say_carrier(struct run *run, struct param *p, const struct attribute *a)
{
	for (size_t i = 0; i < NELEM(sayings); i++) {
		if (strcmp(a->name.s, sayings[i].name) != 0)
			continue;
		if (was_said(p, a->name.s))
			diag(run, repeated, a->name.loc, a->name.s);
		else if (!shape_fits(sayings[i].shape, &a->operands))
			report_attribute(run, a, sayings[i].shape, sayings[i].usage);
		else
			sayings[i].say(p, &a->operands.v[0]);
		return true;
	}
	return false;
}

/* ---- claims ---- */

/** No place is one whose register is not known, which was reported. */
static void claim(struct placing *p, claims *claims, const char *place, uint64_t mask,
		  struct name by)
{
	if (!place || !mask)
		return;
	vec_each(c, claims)
	{
		if (!(c->mask & mask) || strcmp(c->place, place) != 0)
			continue;
		diag(p->run, place_twice, by.loc, by.s, c->by.s, place);
		return;
	}
	*vec_push(claims) = (struct claim){place, mask, by};
}

static void claim_registers(struct placing *p, claims *claims, const struct carrier *at,
			    struct name by)
{
	unsigned int width = p->arch->word * 8;
	uint64_t mask = at->bits.is_said ? bits_mask(at->bits.high, at->bits.low) : UINT64_MAX;
	uint64_t beyond = !at->bits.is_said ? mask : width < 64 ? mask >> width : 0;

	claim(p, claims, arch_register(p->arch, at->registers.low.s),
	      width < 64 ? mask & bits_mask(width - 1, 0) : mask, by);
	if (at->registers.high.s)
		claim(p, claims, arch_register(p->arch, at->registers.high.s), beyond, by);
}

static uint64_t words_of(const struct placing *p, const struct type *type)
{
	return (type_size(p->arch, type) + p->arch->word - 1) / p->arch->word;
}

static void claim_stack(struct placing *p, claims *claims, const struct carrier *at,
			const struct param *param)
{
	for (uint64_t i = 0; i < words_of(p, &param->type); i++)
		claim(p, claims,
		      mem_printf("word %lld of the stack", (long long)at->slot + (int64_t)i),
		      UINT64_MAX, param->name);
}

static bool is_placed(const struct carrier *at)
{
	return at->registers.low.s || at->is_stack;
}

static struct loc registers_loc(const struct carrier *at)
{
	const struct registers *r = &at->registers;

	return loc_from_to(r->high.s ? r->high.loc : r->low.loc, r->low.loc);
}

/** A value that is wider than its place would be cut. */
static bool fits(struct placing *p, const struct param *param, const struct carrier *at)
{
	enum { MAX_SLOT = 255 };
	unsigned int width = p->arch->word * 8 * (at->registers.high.s ? 2 : 1);

	if (at->is_stack && (at->slot < 0 || at->slot > MAX_SLOT)) {
		diag(p->run, out_of_range, at->slot_loc, "stack", "0", mem_printf("%d", MAX_SLOT));
		return false;
	}
	if (at->bits.is_said)
		return check_bits(p->run, at->bits.loc, at->bits.high, at->bits.low,
				  width < 64 ? width : 64);
	if (at->is_stack || type_size(p->arch, &param->type) * 8 <= width)
		return true;
	diag(p->run, too_wide, is_placed(&param->way->said) ? registers_loc(at) : param->name.loc,
	     param->name.s, at->registers.low.s, p->arch->name);
	return false;
}

/* ---- arguments ---- */

static void report_full(struct placing *p, const struct param *param)
{
	if (!p->is_full && !p->entry->args.n)
		diag(p->run, entry_incomplete, p->entry->code.arch.loc, p->arch->name, "args");
	else if (!p->is_full)
		diag(p->run, too_many_args, param->name.loc, p->call->name.s);
	p->is_full = true;
}

static struct carrier on_stack(struct placing *p, const struct param *param, uint64_t words)
{
	struct carrier at = {.is_stack = true, .slot = p->next_slot};

	if (!p->entry->takes_stack)
		report_full(p, param);
	p->next_arg = p->entry->args.n;
	p->next_slot += (int64_t)words;
	return at;
}

/** The next of the entry's registers; a value of two words takes two, the low word's first. */
static struct carrier next_carrier(struct placing *p, const struct param *param)
{
	const struct entry *e = p->entry;
	const struct registers *next = e->args.v + p->next_arg;
	size_t left = e->args.n - p->next_arg;
	uint64_t words = words_of(p, &param->type);

	if (left && (words == 1 || next->high.s)) {
		p->next_arg++;
		return (struct carrier){.registers = *next};
	}
	if (left < words)
		return on_stack(p, param, words);
	p->next_arg += words;
	return (struct carrier){.registers = {next[1].low, next[0].low}};
}

static struct carrier carrier_of(struct placing *p, const struct param *param)
{
	const struct carrier *said = &param->way->said, *number = &p->entry->number;
	struct carrier at = *number;

	if (is_placed(said)) {
		check_carrier(p->run, p->arch, &said->registers);
		return *said;
	}
	if (!said->bits.is_said)
		return next_carrier(p, param);
	if (!number->bits.is_said) {
		diag(p->run, bits_nowhere, said->bits.loc, param->name.s);
		return (struct carrier){0};
	}
	at.bits = said->bits;
	return at;
}

static void place_param(struct placing *p, struct param *param)
{
	struct carrier at = carrier_of(p, param);

	param->way->at = at;
	if (!is_placed(&at) || !fits(p, param, &at))
		return;
	if (at.is_stack) {
		claim_stack(p, &p->in, &at, param);
		return;
	}
	if (!is_output(param) || param->direction == DIR_INOUT)
		claim_registers(p, &p->in, &at, param->name);
	if (is_output(param))
		claim_registers(p, &p->out, &at, param->name);
}

static void place_result(struct placing *p, struct param *result)
{
	struct way *way = result->way;

	if (type_is_void(&result->type)) {
		/* What the entry changes though nobody wants it. */
		if (!p->call->traits.clobbers.is_said)
			way->at.registers = p->entry->result;
		return;
	}
	way->at = way->said;
	if (is_placed(&way->said))
		check_carrier(p->run, p->arch, &way->said.registers);
	else
		way->at.registers = p->entry->result;
	if (!way->at.registers.low.s)
		diag(p->run, entry_incomplete, p->entry->code.arch.loc, p->arch->name, "result");
	else if (fits(p, result, &way->at))
		claim_registers(p, &p->out, &way->at, result->name);
}

/* ---- a call ---- */

static void claim_entry(struct placing *p)
{
	const struct entry *e = p->entry;
	struct name number = {"number", p->call->name.loc};

	if (e->number.registers.low.s)
		claim_registers(p, &p->in, &e->number, number);
	vec_each(preset, &e->presets)
		claim_registers(p, &p->in, &preset->carrier,
				(struct name){"fixed", preset->carrier.registers.low.loc});
}

static void check_traits(struct run *run, const struct entry *e, const struct traits *t)
{
	check_clobbers(run, e, &t->clobbers);
	check_errors(run, e->arch, &t->errors);
	check_segments(run, e->arch, &t->flat);
}

static void place_on(struct run *run, const struct entry *e, struct call *call)
{
	struct placing p = {.run = run, .arch = e->arch, .entry = e, .call = call};

	claim_entry(&p);
	vec_each(param, &call->params) place_param(&p, param);
	place_result(&p, &call->result);
	check_traits(run, e, &call->traits);
	vec_each(sub, &call->subs) check_traits(run, e, &(*sub)->traits);
}

/** Where the call exists at all. */
static bool is_on(const struct abi *abi, const struct call *call, const struct arch *arch)
{
	return abi->arches & call->traits.arches & arch_bit(arch);
}

/** The first fault is enough: with other entries it would only be repeated. */
static void place_where(struct run *run, const struct abi *abi, struct call *call, bool is_here,
			unsigned int errors)
{
	for (size_t i = abi->entries.n; i-- > 0 && run->errors == errors;) {
		const struct entry *e = abi->entries.v[i];

		if (e->arch && e->name.s == call->traits.entry.s && is_on(abi, call, e->arch) &&
		    (e->arch == abi->scope.arch) == is_here)
			place_on(run, e, call);
	}
}

void place_call(struct run *run, struct abi *abi, struct call *call)
{
	unsigned int errors = run->errors;

	/* What stays is that those of the architecture at hand and its first entry. */
	place_where(run, abi, call, false, errors);
	place_where(run, abi, call, true, errors);
}
