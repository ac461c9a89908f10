/* A hypervisor's code in the guest's memory: how it is found, and what stands at fixed places in
 * it. */
#include <string.h>

#include "convention.h"
#include "device.h"

/** Of a call that is asked for: numbers are 16 bits wide in guests' tables. */
enum { MAX_NUMBER = UINT16_MAX - 1 };

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
	/* Guests have physical addresses of 32 bits. */
	in_range(a->run, "scan", &o->v[1], 0, UINT32_MAX);
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
	rom_of(a)->unit = in_range(a->run, "length", &a->s->operands.v[1], 1, 1 << 16);
}

static void rom_top(const struct attributed *a)
{
	rom_of(a)->top = rom_member(a);
}

static void rom_sum(const struct attributed *a)
{
	rom_of(a)->has_sum = true;
}

/** One a member and relation: of two, one would be in vain, or no ROM right. */
static void add_rule(const struct attributed *a, const struct rule *rule)
{
	vec_each(r, &rom_of(a)->rules)
	{
		if (r->member.s != rule->member.s || r->is_least != rule->is_least)
			continue;
		diag(a->run, repeated, rule->member.loc, rule->member.s);
		diag_note(a->run, r->member.loc, "it was said here first");
	}
	*vec_push(&rom_of(a)->rules) = *rule;
}

static void rom_require(const struct attributed *a)
{
	struct name relation = word_at(a->s, 1);
	struct rule rule = {.member = rom_member(a),
			    .is_least = is_word(relation, "least"),
			    .value = a->s->operands.v[2].value};

	if (!rule.is_least && !is_word(relation, "equal"))
		diag(a->run, unknown_word, relation.loc, relation.s, "relation", "equal least");
	add_rule(a, &rule);
}

static void rom_text(const struct attributed *a)
{
	struct rule rule = {.member = rom_member(a)};

	for (size_t i = 1; i < a->s->operands.n; i++)
		*vec_push(&rule.texts) =
			(struct name){a->s->operands.v[i].string, a->s->operands.v[i].loc};
	add_rule(a, &rule);
}

static void rom_slot(const struct attributed *a)
{
	rom_of(a)->slot = bounded(a->run, a->s, 1, 4096);
}

/** The call at a fixed place that a statement names; a report if there is none. */
static const struct call *fixed_call(const struct attributed *a)
{
	const struct abi *abi = a->module;
	struct name name = word_at(a->s, 0);
	const struct call *call = abi_call(abi, name.s);

	if (!call || !call->is_fixed)
		diag(a->run, unknown_call, name.loc, abi->name.s, name.s,
		     call ? " at a fixed place" : suggest(a->run, &abi->call_map, name.s));
	return call;
}

static void rom_find(const struct attributed *a)
{
	rom_of(a)->find = fixed_call(a);
}

static void rom_enter(const struct attributed *a)
{
	rom_of(a)->enter = fixed_call(a);
}

/* ---- what the answer of `find` means ---- */

static const char *const answer_names[] = {"none", "call", "jump", "nop"};

const char *answer_name(enum rom_answer relocation)
{
	return answer_names[relocation];
}

/** ANSWERS and a report if the word is none of them. */
static enum rom_answer answer_from(struct run *run, struct name word)
{
	for (enum rom_answer i = 0; i < ANSWERS; i++)
		if (is_word(word, answer_names[i]))
			return i;
	diag(run, unknown_word, word.loc, word.s, "kind of relocation", "none call jump nop");
	return ANSWERS;
}

/** The bits that an operand names; NULL and a report if the type has none of this name. */
static const struct bit_field *answer_field(const struct attributed *a, const struct decl *type,
					    size_t i)
{
	struct name name = word_at(a->s, i);

	vec_each(f, &type->fields)
	{
		if (f->name.s == name.s)
			return f;
	}
	diag(a->run, unknown_member, name.loc, type->name.s, name.s, "");
	return NULL;
}

static void rom_answer(const struct attributed *a)
{
	const struct abi *abi = a->module;
	struct name name = word_at(a->s, 0);
	const struct decl *type = scope_find(a->run, &abi->scope, name);

	if (!type || !type->is_bits) {
		diag(a->run, unknown_type, name.loc, name.s,
		     suggest_type(a->run, &abi->scope, NULL, name.s));
		return;
	}
	rom_of(a)->address = answer_field(a, type, 1);
	rom_of(a)->kind = answer_field(a, type, 2);
	if (!rom_of(a)->kind || rom_of(a)->kind != rom_of(a)->address)
		return;
	diag(a->run, repeated, word_at(a->s, 2).loc, word_at(a->s, 2).s);
	diag_note(a->run, word_at(a->s, 1).loc, "these bits are the address");
}

/** Two kinds with one number could not be told from each other. */
static void check_kind(const struct attributed *a, enum rom_answer relocation,
		       const struct decl *constant)
{
	for (enum rom_answer i = 0; constant && i < ANSWERS; i++) {
		const struct decl *other = rom_of(a)->kinds[i];

		if (!other || i == relocation || other->value != constant->value)
			continue;
		diag(a->run, duplicate, word_at(a->s, 1).loc, "number of relocation",
		     answer_names[relocation]);
		diag_note(a->run, other->name.loc, "'%s' has this number", answer_names[i]);
	}
}

static void rom_relocation(const struct attributed *a)
{
	const struct abi *abi = a->module;
	struct name word = word_at(a->s, 0);
	enum rom_answer relocation = answer_from(a->run, word);
	const struct decl *constant = find_const(a->run, &abi->scope, word_at(a->s, 1));

	if (relocation == ANSWERS)
		return;
	if (rom_of(a)->kinds[relocation])
		diag(a->run, repeated, word.loc, word.s);
	else
		check_kind(a, relocation, constant);
	rom_of(a)->kinds[relocation] = constant;
}

static const struct attribute_row rom_rows[] = {
	{"scan", "iii", "scan FROM TO STEP;", rom_scan, ONCE},
	{"length", "wi", "length MEMBER BYTES;", rom_length, ONCE},
	{"top", "w", "top MEMBER;", rom_top, ONCE},
	{"sum", "", "sum;", rom_sum, ONCE},
	{"require", "wwi", "require MEMBER equal|least VALUE;", rom_require, REPEAT},
	{"text", "ws+", "text MEMBER \"STRING\"...;", rom_text, REPEAT},
	{"slot", "i", "slot BYTES;", rom_slot, ONCE},
	{"find", "w", "find CALL;", rom_find, ONCE},
	{"enter", "w", "enter CALL;", rom_enter, ONCE},
	{"answer", "www", "answer TYPE BITS_OF_ADDRESS BITS_OF_KIND;", rom_answer, ONCE},
	{"relocation", "ww", "relocation none|call|jump|nop CONSTANT;", rom_relocation, REPEAT},
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

/* ---- what a call may be answered with ---- */

void say_relocations(const struct attributed *a)
{
	struct traits *traits = ((struct about *)a->thing)->traits;

	vec_each(o, &a->s->operands)
	{
		enum rom_answer relocation = answer_from(a->run, o->path.v[0]);

		if (relocation < ANSWERS)
			traits->relocations |= 1u << relocation;
	}
}

unsigned int call_answers(const struct call *call)
{
	bool is_jump = call->traits.kind == KIND_JUMP;
	unsigned int said = call->traits.relocations;

	if (!said)
		said = 1u << (is_jump ? ANSWER_JUMP : ANSWER_CALL);
	return said | (call->traits.is_optional ? 1u << ANSWER_NONE : 0);
}

/** Why the call cannot be answered so; NULL if it can. */
static const char *misanswer(const struct call *call, enum rom_answer relocation)
{
	bool is_jump = call->traits.kind == KIND_JUMP;

	switch (relocation) {
	case ANSWER_CALL:
		return is_jump ? "a way back would lie on the stack above its arguments" : NULL;
	case ANSWER_JUMP:
		return is_jump ? NULL : "it comes back to its caller";
	case ANSWER_NOP:
		return is_jump || call->traits.kind == KIND_NORETURN ? "it does not come back"
		       : type_is_void(&call->result.type)	     ? NULL
								     : "it has a result";
	default:
		return "'optional' says so";
	}
}

void check_relocations(struct run *run, const struct abi *abi, const struct call *call)
{
	const struct stmt *s;

	if (!call->traits.relocations)
		return;
	s = said(&call->stmts, "relocations");
	if (!abi->rom)
		diag(run, no_rom, s->loc, abi->name.s, "nobody answers where its calls are");
	vec_each(o, &s->operands)
	{
		const char *reason;

		for (enum rom_answer i = 0; i < ANSWERS; i++) {
			if (!operand_is(o, answer_names[i]))
				continue;
			reason = misanswer(call, i);
			if (reason)
				diag(run, relocation_kind, o->loc, call->name.s, answer_names[i],
				     reason);
		}
	}
}

unsigned int abi_targets(const struct abi *abi)
{
	int64_t last = -1;

	vec_each(c, &abi->calls)
	{
		if (!(*c)->is_fixed && (*c)->number > last)
			last = (*c)->number;
	}
	return (unsigned int)(last + 1);
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

/** A ROM has a jump there. */
static void check_fixed_jump(struct run *run, const struct abi *abi, const struct call *call)
{
	const struct decl *header = abi->rom->header;
	uint64_t begin = (uint64_t)call->number, size = header->size;

	if (begin > size || size - begin < FIXED_JUMP)
		diag(run, rom_jump, call->number_loc, call->name.s,
		     mem_printf("header '%s' ends at offset %llu", header->name.s,
				(unsigned long long)size));
	else if (abi->rom->slot && abi->rom->slot < FIXED_JUMP)
		diag(run, rom_jump, call->number_loc, call->name.s,
		     mem_printf("a slot has only %d", (int)abi->rom->slot));
}

/** Of slots of which nobody says how long they are, jumps need so much. */
static void check_slots(struct run *run, const struct abi *abi, const struct call *call)
{
	int64_t slot = abi->rom->slot ? abi->rom->slot : abi->scope.arch->has_roms ? FIXED_JUMP : 0;

	vec_each(it, &abi->calls)
	{
		const struct call *other = *it;

		if (!other->is_fixed || other == call || other->number <= call->number ||
		    other->number - call->number >= slot)
			continue;
		diag(run, slot_overlap, other->number_loc, other->name.s, call->name.s);
	}
}

/** Guests read it as a number of 32 bits. */
static const struct member *check_member(struct run *run, const struct abi *abi, struct name name)
{
	const struct member *m = name.s ? record_member(abi->rom->header, name.s) : NULL;

	if (!m)
		return NULL;
	if (!m->is_array && type_scalar(&m->type) && m->size <= sizeof(uint32_t))
		return m;
	diag(run, not_a_number, name.loc, name.s);
	return NULL;
}

static void check_members(struct run *run, const struct abi *abi)
{
	check_member(run, abi, abi->rom->length);
	check_member(run, abi, abi->rom->top);
	vec_each(r, &abi->rom->rules)
	{
		const struct member *m = check_member(run, abi, r->member);
		struct operand value = {.loc = r->member.loc, .value = r->value};

		if (m)
			in_range(run, r->member.s, &value, 0,
				 (int64_t)bits_mask((int64_t)m->size * 8 - 1, 0));
	}
}

/** What the kinds are must fit into the bits that hold them. */
static void check_kinds(struct run *run, const struct rom *rom)
{
	for (enum rom_answer i = 0; rom->kind && i < ANSWERS; i++) {
		const struct decl *d = rom->kinds[i];

		if (d)
			in_range(run, d->name.s,
				 &(struct operand){.loc = d->name.loc, .value = d->value}, 0,
				 (int64_t)(bits_mask(rom->kind->high - rom->kind->low, 0) &
					   UINT32_MAX));
	}
}

/** Guests have a table of what was answered, by number. */
static void check_call_number(struct run *run, const struct call *call)
{
	const struct operand number = {.loc = call->number_loc, .value = call->number};

	in_range(run, call->name.s, &number, 0, MAX_NUMBER);
}

void check_rom(struct run *run, const struct abi *abi)
{
	if (abi->rom) {
		check_members(run, abi);
		check_kinds(run, abi->rom);
	}
	vec_each(c, &abi->calls)
	{
		if (abi->rom && !(*c)->is_fixed)
			check_call_number(run, *c);
		if (!(*c)->is_fixed || !abi->rom)
			continue;
		check_fixed_place(run, abi, *c);
		check_slots(run, abi, *c);
		if (abi->scope.arch->has_roms)
			check_fixed_jump(run, abi, *c);
	}
}
