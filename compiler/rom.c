/* A hypervisor's code in the guest's memory: how it is found, and what stands at fixed places in
 * it. */
#include <string.h>

#include "convention.h"
#include "device.h"

static struct rom *rom_of(const struct attributed *a)
{
	return a->thing;
}

/** The header's member that a statement names first; a report if there is none. */
static struct name rom_member(const struct attributed *a)
{
	struct name name = word_at(a->s, 0);
	const struct decl *header = rom_of(a)->header;

	if (!record_member(header, name.s))
		diag(a->run, unknown_member, name.loc, header->name.s, name.s,
		     suggest_member(a->run, header, name.s));
	return name;
}

static void rom_scan(const struct attributed *a)
{
	struct rom *rom = rom_of(a);
	const operands *o = &a->s->operands;

	rom->from = o->v[0].value;
	rom->to = o->v[1].value;
	rom->step = o->v[2].value;
	if (rom->from < 0 || rom->to <= rom->from || rom->step < 1)
		diag(a->run, bad_order,
		     o->v[rom->from < 0		 ? 0
			  : rom->to <= rom->from ? 1
						 : 2]
			     .loc,
		     "scan");
}

static void rom_length(const struct attributed *a)
{
	rom_of(a)->length = rom_member(a);
	rom_of(a)->unit = a->s->operands.v[1].value;
}

static void rom_sum(const struct attributed *a)
{
	rom_of(a)->has_sum = true;
}

static void rom_require(const struct attributed *a)
{
	struct name relation = word_at(a->s, 1);
	struct rule rule = {.member = rom_member(a),
			    .is_least = is_word(relation, "least"),
			    .value = a->s->operands.v[2].value};

	if (!rule.is_least && !is_word(relation, "equal"))
		diag(a->run, unknown_word, relation.loc, relation.s, "relation", "equal least");
	*vec_push(&rom_of(a)->rules) = rule;
}

static void rom_text(const struct attributed *a)
{
	struct rule rule = {.member = rom_member(a)};

	for (size_t i = 1; i < a->s->operands.n; i++)
		*vec_push(&rule.texts) =
			(struct name){a->s->operands.v[i].string, a->s->operands.v[i].loc};
	*vec_push(&rom_of(a)->rules) = rule;
}

static void rom_slot(const struct attributed *a)
{
	rom_of(a)->slot = bounded(a->run, a->s, 1, 4096);
}

static void rom_find(const struct attributed *a)
{
	const struct abi *abi = a->module;
	struct name name = word_at(a->s, 0);
	const struct call *call = abi_call(abi, name.s);

	rom_of(a)->find = call;
	if (!call || !call->is_fixed)
		diag(a->run, unknown_call, name.loc, abi->name.s, name.s,
		     call ? " at a fixed place" : suggest(a->run, &abi->call_map, name.s));
}

static const struct attribute_row rom_rows[] = {
	{"scan", "iii", "scan FROM TO STEP;", rom_scan, ONCE},
	{"length", "wi", "length MEMBER BYTES;", rom_length, ONCE},
	{"sum", "", "sum;", rom_sum, ONCE},
	{"require", "wwi", "require MEMBER equal|least VALUE;", rom_require, REPEAT},
	{"text", "ws+", "text MEMBER \"STRING\"...;", rom_text, REPEAT},
	{"slot", "i", "slot BYTES;", rom_slot, ONCE},
	{"find", "w", "find CALL;", rom_find, ONCE},
};

static const struct table rom_table = {"a rom", rom_rows, NELEM(rom_rows), NULL};

void abi_rom(const struct attributed *a)
{
	struct abi *abi = a->thing;
	struct name name = word_at(a->s, 0);
	struct decl *header = scope_find(a->run, &abi->scope, name);

	if (!header || header->kind != DECL_STRUCT) {
		diag(a->run, unknown_type, name.loc, name.s,
		     suggest_type(a->run, &abi->scope, "struct", name.s));
		return;
	}
	abi->rom = mem_alloc(sizeof(*abi->rom));
	abi->rom->header = header;
	apply_all(a->run, &rom_table, abi, abi->rom, &a->s->block);
}

/* ---- against the layout ---- */

static void check_fixed_place(struct run *run, const struct abi *abi, const struct call *call)
{
	const struct member *m = record_member(abi->rom->header, call->name.s);

	if (!m || (int64_t)m->offset == call->number)
		return;
	diag(run, fixed_place, call->number_loc, call->name.s,
	     mem_printf("%lld", (long long)call->number),
	     mem_printf("%llu", (unsigned long long)m->offset));
	diag_note(run, m->name.loc, "the header has '%s' here", m->name.s);
}

static void check_slots(struct run *run, const struct abi *abi, const struct call *call)
{
	vec_each(it, &abi->calls)
	{
		const struct call *other = *it;

		if (!other->is_fixed || other == call || other->number <= call->number ||
		    other->number >= call->number + abi->rom->slot)
			continue;
		diag(run, slot_overlap, other->number_loc, other->name.s, call->name.s);
	}
}

void check_rom(struct run *run, const struct abi *abi)
{
	vec_each(c, &abi->calls)
	{
		if (!(*c)->is_fixed || !abi->rom)
			continue;
		check_fixed_place(run, abi, *c);
		check_slots(run, abi, *c);
	}
}
