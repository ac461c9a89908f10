/*
 * What functions store where.  Code is read once, from its first instruction
 * to its last, with those registers known that hold a constant; where a branch
 * arrives none is.  Capstone decodes.
 */
#include <string.h>

#include "kernel_code.h"
#include "libraries.h"
#include "payload.h"

#ifndef HAVE_CAPSTONE

const char *code_fault(void)
{
	return missing_library("libcapstone-dev");
}

bool code_read(const struct code_space *space, const struct object_symbol *f,
	       struct code_deeds *deeds)
{
	(void)space;
	(void)f;
	(void)deeds;
	return true;
}

bool code_is_empty(const struct code_space *space, uint64_t address)
{
	(void)space;
	(void)address;
	return false;
}

#else

#include <capstone/capstone.h>

enum { REGISTERS = 16, WORD = 8 };

/* What a register holds. */
struct held {
	enum { UNKNOWN, CONSTANT, LOADED, SLOT } kind;
	uint64_t value; /* of SLOT its address */
	uint64_t from;	/* of LOADED */
};

struct reader {
	const struct code_space *space;
	struct code_deeds *deeds;
	csh handle;
	const cs_insn *insn;
	struct held registers[REGISTERS];
	uint64_t begin, end;
	uint8_t *is_target; /* by byte of the function: a branch arrives there */
};

/* The four widths of each register, the wide one first. */
static const uint16_t register_names[REGISTERS][5] = {
	{X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
	{X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
	{X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
	{X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
	{X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL, 0},
	{X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL, 0},
	{X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, 0},
	{X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, 0},
	{X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, 0},
	{X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, 0},
	{X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, 0},
	{X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, 0},
	{X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B, 0},
	{X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B, 0},
	{X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B, 0},
	{X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B, 0},
};

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11 };

/* What a call leaves unknown: System V ABI, AMD64 supplement, figure 3.4. */
static const uint8_t volatiles[] = {RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11};

const char *code_fault(void)
{
	return NULL;
}

/** Number of a register, whatever its width; REGISTERS if it is another. */
static unsigned int register_of(unsigned int name)
{
	for (unsigned int i = 0; name && i < REGISTERS; i++)
		for (unsigned int j = 0; j < NELEM(register_names[i]); j++)
			if (register_names[i][j] == name)
				return i;
	return REGISTERS;
}

static bool is_wide(unsigned int name)
{
	unsigned int i = register_of(name);

	return i < REGISTERS && register_names[i][0] == name;
}

static bool is_slot(const struct code_space *space, uint64_t address)
{
	return address >= space->low && address < space->high;
}

static const cs_x86_op *operand(const struct reader *r, unsigned int i)
{
	const cs_x86 *x = &r->insn->detail->x86;

	return i < x->op_count ? &x->operands[i] : NULL;
}

/** The address that a memory operand means; false if it is not known. */
static bool address_of(const struct reader *r, const cs_x86_op *o, uint64_t *address)
{
	unsigned int base = register_of(o->mem.base);

	if (o->mem.index != X86_REG_INVALID || o->mem.segment != X86_REG_INVALID)
		return false;
	*address = (uint64_t)o->mem.disp;
	if (o->mem.base == X86_REG_RIP)
		*address += r->insn->address + r->insn->size;
	else if (base < REGISTERS && r->registers[base].kind == CONSTANT)
		*address += r->registers[base].value;
	else
		return o->mem.base == X86_REG_INVALID;
	return true;
}

/** What stands at an address when the kernel starts. */
static struct held load(const struct reader *r, uint64_t address)
{
	const uint8_t *bytes = object_bytes(r->space->object, address, WORD);

	if (is_slot(r->space, address))
		return (struct held){SLOT, address, 0};
	if (!bytes)
		return (struct held){0};
	return (struct held){LOADED, object_number(bytes, WORD), address};
}

static struct held value_of(const struct reader *r, const cs_x86_op *o)
{
	uint64_t address;

	if (o->type == X86_OP_IMM)
		return (struct held){CONSTANT, (uint64_t)o->imm, 0};
	if (o->type == X86_OP_REG && register_of(o->reg) < REGISTERS && is_wide(o->reg))
		return r->registers[register_of(o->reg)];
	if (o->type == X86_OP_MEM && o->size == WORD && address_of(r, o, &address))
		return load(r, address);
	return (struct held){0};
}

/* ---- what instructions do ---- */

static void store(struct reader *r, uint64_t to, const struct held *value)
{
	bool is_known = value->kind == CONSTANT || value->kind == LOADED;

	*vec_push(&r->deeds->stores) =
		(struct code_store){.at = r->insn->address,
				    .to = to,
				    .value = value->value,
				    .from = value->kind == LOADED ? value->from : 0,
				    .is_known = is_known};
}

/** Moves to a register or a slot; false: the instruction is none of these. */
static bool do_move(struct reader *r)
{
	const cs_x86_op *to = operand(r, 0), *from = operand(r, 1);
	bool is_move = r->insn->id == X86_INS_MOV || r->insn->id == X86_INS_MOVABS;
	struct held value;
	uint64_t address;

	if (!is_move || !to || !from)
		return false;
	value = value_of(r, from);
	if (to->type == X86_OP_MEM) {
		if (address_of(r, to, &address) && is_slot(r->space, address))
			store(r, address, to->size == WORD ? &value : &(struct held){0});
		return true;
	}
	if (to->type != X86_OP_REG || register_of(to->reg) == REGISTERS)
		return false;
	/* 32 bits clear the others. */
	if (to->size == 4 && from->type == X86_OP_IMM)
		value.value = (uint32_t)value.value;
	else if (to->size != WORD)
		value = (struct held){0};
	r->registers[register_of(to->reg)] = value;
	return true;
}

static bool do_address(struct reader *r)
{
	const cs_x86_op *to = operand(r, 0), *from = operand(r, 1);
	struct held value = {CONSTANT, 0, 0};

	if (r->insn->id != X86_INS_LEA || !is_wide(to->reg))
		return false;
	if (!address_of(r, from, &value.value))
		value.kind = UNKNOWN;
	r->registers[register_of(to->reg)] = value;
	return true;
}

static bool do_clear(struct reader *r)
{
	const cs_x86_op *a = operand(r, 0), *b = operand(r, 1);

	if (r->insn->id != X86_INS_XOR || a->type != X86_OP_REG || b->type != X86_OP_REG ||
	    a->reg != b->reg || a->size < 4 || register_of(a->reg) == REGISTERS)
		return false;
	r->registers[register_of(a->reg)] = (struct held){CONSTANT, 0, 0};
	return true;
}

static void copy(struct reader *r, uint64_t unit)
{
	const struct held *to = &r->registers[RDI], *from = &r->registers[RSI];
	const struct held *count = &r->registers[unit ? RCX : RDX];

	if (to->kind == CONSTANT && from->kind == CONSTANT && count->kind == CONSTANT &&
	    is_slot(r->space, to->value))
		*vec_push(&r->deeds->copies) = (struct code_copy){
			r->insn->address, to->value, from->value, count->value * (unit ? unit : 1)};
	else if (to->kind == CONSTANT && is_slot(r->space, to->value))
		store(r, to->value, &(struct held){0});
}

/** rep movs. */
static bool do_copy(struct reader *r)
{
	static const struct {
		uint8_t bytes[3];
		unsigned int n, unit;
	} rows[] = {{{0xf3, 0x48, 0xa5}, 3, 8}, {{0xf3, 0xa5}, 2, 4}, {{0xf3, 0xa4}, 2, 1}};

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (r->insn->size != rows[i].n || memcmp(r->insn->bytes, rows[i].bytes, rows[i].n))
			continue;
		copy(r, rows[i].unit);
		r->registers[RDI] = r->registers[RSI] = (struct held){0};
		r->registers[RCX] = (struct held){CONSTANT, 0, 0};
		return true;
	}
	return false;
}

static bool is_one_of(const struct code_space *space, uint64_t address, const char *const *list)
{
	for (; *list; list++) {
		const struct object_symbol *s = object_symbol(space->object, *list);

		if (s && s->address == address)
			return true;
	}
	return false;
}

/** The slot whose function a call or jump goes to, through a register; 0 if it does not. */
static uint64_t called_slot(const struct reader *r, const cs_x86_op *o)
{
	const struct object_symbol *s;
	size_t n = strlen(r->space->indirect);
	unsigned int name = o->reg;

	if (o->type == X86_OP_IMM) {
		s = object_function(r->space->object, (uint64_t)o->imm);
		if (!s || strncmp(s->name, r->space->indirect, n) != 0)
			return 0;
		for (name = X86_REG_INVALID + 1; name < X86_REG_ENDING; name++)
			if (!strcmp(cs_reg_name(r->handle, name), s->name + n))
				break;
	} else if (o->type != X86_OP_REG) {
		return 0;
	}
	if (register_of(name) == REGISTERS || r->registers[register_of(name)].kind != SLOT)
		return 0;
	return r->registers[register_of(name)].value;
}

static bool do_call(struct reader *r)
{
	bool is_call = r->insn->id == X86_INS_CALL;
	const cs_x86_op *o = operand(r, 0);
	uint64_t slot;

	if ((!is_call && r->insn->id != X86_INS_JMP) || !o)
		return false;
	slot = called_slot(r, o);
	if (slot)
		*vec_push(&r->deeds->calls) = (struct code_call){r->insn->address, slot};
	if (o->type == X86_OP_IMM && is_one_of(r->space, (uint64_t)o->imm, r->space->copiers))
		copy(r, 0);
	for (size_t i = 0; is_call && i < NELEM(volatiles); i++)
		r->registers[volatiles[i]] = (struct held){0};
	return true;
}

/** Whatever else it does, what it writes is not known afterwards. */
static bool do_other(struct reader *r)
{
	cs_regs read, written;
	uint8_t n_read, n_written;
	const cs_x86_op *to = operand(r, 0);
	uint64_t address;

	if (to && to->type == X86_OP_MEM && (to->access & CS_AC_WRITE) &&
	    address_of(r, to, &address) && is_slot(r->space, address))
		store(r, address, &(struct held){0});
	if (cs_regs_access(r->handle, r->insn, read, &n_read, written, &n_written))
		n_written = 0;
	for (uint8_t i = 0; i < n_written; i++)
		if (register_of(written[i]) < REGISTERS)
			r->registers[register_of(written[i])] = (struct held){0};
	return true;
}

/* The first that knows the instruction. */
static bool (*const doers[])(struct reader *r) = {
	do_move, do_address, do_clear, do_copy, do_call, do_other,
};

static void do_instruction(struct reader *r)
{
	if (r->is_target[r->insn->address - r->begin])
		memset(r->registers, 0, sizeof(r->registers));
	for (size_t i = 0; i < NELEM(doers); i++)
		if (doers[i](r))
			return;
}

static void note_branch(struct reader *r)
{
	const cs_x86_op *o = operand(r, 0);
	uint64_t to;

	if (!cs_insn_group(r->handle, r->insn, CS_GRP_JUMP) || !o || o->type != X86_OP_IMM)
		return;
	to = (uint64_t)o->imm;
	if (to >= r->begin && to < r->end)
		r->is_target[to - r->begin] = 1;
}

/** Calls for each instruction from the first on; false if one is not known. */
static bool each_instruction(struct reader *r, void (*visit)(struct reader *r))
{
	const uint8_t *code = object_bytes(r->space->object, r->begin, r->end - r->begin);
	size_t left = r->end - r->begin;
	uint64_t at = r->begin;
	cs_insn *insn = cs_malloc(r->handle);

	r->insn = insn;
	while (code && left && cs_disasm_iter(r->handle, &code, &left, &at, insn))
		visit(r);
	cs_free(insn, 1);
	return !left;
}

static bool open_reader(struct reader *r)
{
	return cs_open(CS_ARCH_X86, CS_MODE_64, &r->handle) == CS_ERR_OK &&
	       cs_option(r->handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK;
}

bool code_read(const struct code_space *space, const struct object_symbol *f,
	       struct code_deeds *deeds)
{
	struct reader r = {.space = space,
			   .deeds = deeds,
			   .begin = f->address,
			   .end = object_function_end(space->object, f)};
	bool good;

	if (!open_reader(&r))
		return false;
	r.is_target = mem_alloc(r.end - r.begin + 1);
	good = each_instruction(&r, note_branch) && each_instruction(&r, do_instruction);
	cs_close(&r.handle);
	return good;
}

/* ---- functions that do nothing ---- */

/** Does the instruction return? */
static bool returns(const struct reader *r)
{
	const cs_x86_op *o = operand(r, 0);

	if (r->insn->id == X86_INS_RET)
		return true;
	return r->insn->id == X86_INS_JMP && o && o->type == X86_OP_IMM &&
	       is_one_of(r->space, (uint64_t)o->imm, r->space->returners);
}

static bool is_any(const struct reader *r)
{
	(void)r;
	return true;
}

static bool is_of_frame(const struct reader *r)
{
	const cs_x86_op *o = operand(r, 0);

	return o->type == X86_OP_REG && o->reg == X86_REG_RBP;
}

static bool is_clear(const struct reader *r)
{
	const cs_x86_op *a = operand(r, 0), *b = operand(r, 1);

	return a->type == X86_OP_REG && b->type == X86_OP_REG && a->reg == b->reg;
}

static bool is_for_tracers(const struct reader *r)
{
	const cs_x86_op *o = operand(r, 0);

	return o->type == X86_OP_IMM && is_one_of(r->space, (uint64_t)o->imm, r->space->entries);
}

/* What a function may have before it returns and still do nothing. */
static const struct {
	unsigned int id;
	bool (*is)(const struct reader *r);
} idle[] = {
	{X86_INS_NOP, is_any},		{X86_INS_ENDBR64, is_any},  {X86_INS_PUSH, is_of_frame},
	{X86_INS_POP, is_of_frame},	{X86_INS_MOV, is_of_frame}, {X86_INS_XOR, is_clear},
	{X86_INS_CALL, is_for_tracers},
};

static bool does_nothing(const struct reader *r)
{
	for (size_t i = 0; i < NELEM(idle); i++)
		if (r->insn->id == idle[i].id)
			return idle[i].is(r);
	return false;
}

bool code_is_empty(const struct code_space *space, uint64_t address)
{
	struct reader r = {.space = space};
	const struct object_symbol *f = object_function(space->object, address);
	size_t left = f ? object_function_end(space->object, f) - address : 0;
	const uint8_t *code = object_bytes(space->object, address, left);
	uint64_t at = address;
	bool is_empty = false;
	cs_insn *insn;

	if (!code || !open_reader(&r))
		return false;
	r.insn = insn = cs_malloc(r.handle);
	while (!is_empty && cs_disasm_iter(r.handle, &code, &left, &at, insn)) {
		is_empty = returns(&r);
		if (!is_empty && !does_nothing(&r))
			break;
	}
	cs_free(insn, 1);
	cs_close(&r.handle);
	return is_empty;
}

#endif
