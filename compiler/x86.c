/*
 * Lengths of x86 instructions, and what of them is relative to where they
 * stand.  Enough for templates, sites and compiled kernel code; what is not
 * decoded is said to be unknown, never guessed.  Source: Intel SDM vol. 2,
 * chapter 2 and appendix A (opcode maps).
 */
#include <string.h>

#include "object.h"

/* What follows an opcode. */
enum {
	MODRM = 1 << 0,
	IMM8 = 1 << 1,
	IMM16 = 1 << 2,
	IMMZ = 1 << 3,	 /* 4 bytes, or 2 with an operand-size prefix */
	IMMV = 1 << 4,	 /* like IMMZ, 8 with REX.W */
	OFFSET = 1 << 5, /* an address: 8 bytes, or 4 with an address-size prefix */
	REL8 = 1 << 6,
	REL32 = 1 << 7,
	GROUP3 = 1 << 8, /* an immediate if the ModRM byte says TEST */
	BAD = 1 << 9,
	FAR = 1 << 10, /* an address and a selector */
};

/** Opcodes from @first on, up to the next row, that have the same shape. */
struct range {
	uint8_t first;
	uint16_t shape;
};

/* Opcodes of one byte.  00 to 3f repeat every eight. */
static const struct range one_byte_64[] = {
	{0x40, BAD},
	{0x50, 0},
	{0x60, BAD},
	{0x63, MODRM},
	{0x64, BAD},
	{0x68, IMMZ},
	{0x69, MODRM | IMMZ},
	{0x6a, IMM8},
	{0x6b, MODRM | IMM8},
	{0x6c, 0},
	{0x70, REL8},
	{0x80, MODRM | IMM8},
	{0x81, MODRM | IMMZ},
	{0x82, BAD},
	{0x83, MODRM | IMM8},
	{0x84, MODRM},
	{0x90, 0},
	{0x9a, BAD},
	{0x9b, 0},
	{0xa0, OFFSET},
	{0xa4, 0},
	{0xa8, IMM8},
	{0xa9, IMMZ},
	{0xaa, 0},
	{0xb0, IMM8},
	{0xb8, IMMV},
	{0xc0, MODRM | IMM8},
	{0xc2, IMM16},
	{0xc3, 0},
	{0xc4, BAD},
	{0xc6, MODRM | IMM8},
	{0xc7, MODRM | IMMZ},
	{0xc8, IMM16 | IMM8},
	{0xc9, 0},
	{0xca, IMM16},
	{0xcb, 0},
	{0xcd, IMM8},
	{0xce, BAD},
	{0xcf, 0},
	{0xd0, MODRM},
	{0xd4, BAD},
	{0xd7, 0},
	{0xd8, MODRM},
	{0xe0, REL8},
	{0xe4, IMM8},
	{0xe8, REL32},
	{0xea, BAD},
	{0xeb, REL8},
	{0xec, 0},
	{0xf0, BAD},
	{0xf1, 0},
	{0xf2, BAD},
	{0xf4, 0},
	{0xf6, MODRM | GROUP3 | IMM8},
	{0xf7, MODRM | GROUP3 | IMMZ},
	{0xf8, 0},
	{0xfe, MODRM},
};

/* Those that 32-bit code has beside them, or as something else, up to where they end. */
static const struct range one_byte_32[] = {
	{0x40, 0},   {0x62, BAD}, {0x63, MODRM}, {0x64, BAD},	{0x82, MODRM | IMM8},
	{0x83, BAD}, {0x9a, FAR}, {0x9b, BAD},	 {0xc4, MODRM}, {0xc6, BAD},
	{0xce, 0},   {0xcf, BAD}, {0xd4, IMM8},	 {0xd6, BAD},	{0xea, FAR},
	{0xeb, BAD},
};

/* Behind those with an operand: of 64-bit code nothing, else segment registers and BCD. */
static const uint16_t arithmetic_64[8] = {MODRM, MODRM, MODRM, MODRM, IMM8, IMMZ, BAD, BAD};
static const uint16_t arithmetic_32[8] = {MODRM, MODRM, MODRM, MODRM, IMM8, IMMZ, 0, 0};

/* Opcodes behind 0f. */
static const struct range two_byte[] = {
	{0x00, MODRM},
	{0x04, BAD},
	{0x05, 0},
	{0x0a, BAD},
	{0x0b, 0},
	{0x0c, BAD},
	{0x0d, MODRM},
	{0x0e, BAD},
	{0x10, MODRM},
	{0x24, BAD},
	{0x28, MODRM},
	{0x30, 0},
	{0x36, BAD},
	{0x37, 0},
	{0x38, BAD},
	{0x40, MODRM},
	{0x70, MODRM | IMM8},
	{0x74, MODRM},
	{0x77, 0},
	{0x78, MODRM},
	{0x7a, BAD},
	{0x7c, MODRM},
	{0x80, REL32},
	{0x90, MODRM},
	{0xa0, 0},
	{0xa3, MODRM},
	{0xa4, MODRM | IMM8},
	{0xa5, MODRM},
	{0xa6, BAD},
	{0xa8, 0},
	{0xab, MODRM},
	{0xac, MODRM | IMM8},
	{0xad, MODRM},
	{0xba, MODRM | IMM8},
	{0xbb, MODRM},
	{0xc2, MODRM | IMM8},
	{0xc3, MODRM},
	{0xc4, MODRM | IMM8},
	{0xc7, MODRM},
	{0xc8, 0},
	{0xd0, MODRM},
};

static uint16_t shape_in(const struct range *ranges, size_t n, uint8_t opcode)
{
	while (n > 1 && ranges[n - 1].first > opcode)
		n--;
	return ranges[n - 1].shape;
}

/** Where decoding stands. */
struct decoder {
	const uint8_t *code;
	size_t left;
	unsigned int at;
	bool is_64, has_operand_size, has_address_size, has_wide;
	struct insn_form *form;
};

static int next(struct decoder *d)
{
	return d->at < d->left ? d->code[d->at++] : -1;
}

static int32_t word_at(const uint8_t *code, unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint32_t)code[i] << (8 * i);
	return size == 1 ? (int8_t)value : (int32_t)value;
}

/** Legacy prefixes in any order, then, in 64-bit code, REX; the first byte of the opcode, or -1. */
static int skip_prefixes(struct decoder *d)
{
	static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
					   0x66, 0x67, 0xf0, 0xf2, 0xf3};
	int byte;

	while ((byte = next(d)) >= 0 && memchr(prefixes, byte, sizeof(prefixes))) {
		d->has_operand_size |= byte == 0x66;
		d->has_address_size |= byte == 0x67;
	}
	if (d->is_64 && byte >= 0x40 && byte <= 0x4f) {
		d->has_wide = byte & 8;
		byte = next(d);
	}
	return byte;
}

static unsigned int displacement_size(struct decoder *d, int modrm)
{
	int mode = modrm >> 6, rm = modrm & 7;

	if (mode == 3)
		return 0;
	if (rm == 4) {
		int sib = next(d);

		if (mode == 0)
			return sib >= 0 && (sib & 7) == 5 ? 4 : 0;
	}
	if (mode == 0)
		return rm == 5 ? 4 : 0;
	return mode == 1 ? 1 : 4;
}

/** The ModRM byte, or -1; 16-bit addresses, which nobody writes, are not known. */
static int take_modrm(struct decoder *d)
{
	int modrm = next(d);
	unsigned int size;

	if (modrm < 0 || (!d->is_64 && d->has_address_size))
		return -1;
	size = displacement_size(d, modrm);
	if (d->is_64 && (modrm & 0xc7) == 0x05) {
		d->form->relative = FIELD_DATA;
		d->form->field = d->at;
		d->form->field_size = 4;
	}
	d->at += size;
	return modrm;
}

static unsigned int immediate_size(const struct decoder *d, uint16_t shape, int modrm)
{
	unsigned int z = d->has_operand_size ? 2 : 4;

	if ((shape & GROUP3) && (modrm >> 3 & 7) > 1)
		return 0;
	return (shape & IMM8 ? 1 : 0) + (shape & IMM16 ? 2 : 0) + (shape & IMMZ ? z : 0) +
	       (shape & IMMV ? (d->has_wide ? 8 : z) : 0) + (shape & FAR ? z + 2 : 0) +
	       (shape & OFFSET ? (d->is_64 ? 8 : 4) >> d->has_address_size : 0);
}

static void take_branch(struct decoder *d, uint16_t shape, bool is_call)
{
	if (!(shape & (REL8 | REL32)))
		return;
	d->form->relative = is_call ? FIELD_CALL : FIELD_JUMP;
	d->form->field = d->at;
	d->form->field_size = shape & REL8 ? 1 : 4;
	d->at += d->form->field_size;
}

static uint16_t shape_of_one(const struct decoder *d, uint8_t byte)
{
	uint16_t shape;

	if (byte < 0x40)
		return (d->is_64 ? arithmetic_64 : arithmetic_32)[byte & 7];
	shape = d->is_64 ? BAD : shape_in(one_byte_32, NELEM(one_byte_32), byte);
	return shape != BAD ? shape : shape_in(one_byte_64, NELEM(one_byte_64), byte);
}

/** Shape of the opcode that starts with @byte. */
static uint16_t shape_of(struct decoder *d, int byte)
{
	int second;

	if (byte < 0)
		return BAD;
	if (byte != 0x0f)
		return shape_of_one(d, (uint8_t)byte);
	second = next(d);
	if (second == 0x38 || second == 0x3a)
		return next(d) < 0 ? BAD : second == 0x38 ? MODRM : MODRM | IMM8;
	return second < 0 ? BAD : shape_in(two_byte, NELEM(two_byte), (uint8_t)second);
}

/* Group 5: 2 and 3 call, 4 and 5 jump to what memory or a register holds. */
static bool is_indirect(int opcode, int modrm)
{
	int extension = modrm >> 3 & 7;

	return opcode == 0xff && extension >= 2 && extension <= 5;
}

/* In 32-bit code c4 and c5 are LES and LDS only with memory; else a vector instruction begins. */
static bool is_vector(const struct decoder *d, int opcode, int modrm)
{
	return !d->is_64 && (opcode == 0xc4 || opcode == 0xc5) && modrm >> 6 == 3;
}

static bool decode(const uint8_t *code, size_t left, struct insn_form *form, bool is_64)
{
	enum { LONGEST = 15 };
	struct decoder d = {.code = code,
			    .left = left < LONGEST ? left : LONGEST,
			    .is_64 = is_64,
			    .form = form};
	int opcode, modrm = 0;
	uint16_t shape;

	*form = (struct insn_form){0};
	opcode = skip_prefixes(&d);
	shape = shape_of(&d, opcode);
	if (shape & BAD)
		return false;
	if (shape & MODRM)
		modrm = take_modrm(&d);
	if (modrm < 0 || is_vector(&d, opcode, modrm))
		return false;
	d.at += immediate_size(&d, shape, modrm);
	take_branch(&d, shape, opcode == 0xe8);
	if (d.at > d.left)
		return false;
	form->length = d.at;
	form->is_indirect = is_indirect(opcode, modrm);
	if (form->relative)
		form->target = (int64_t)d.at + word_at(code + form->field, form->field_size);
	return true;
}

/* call and jmp through memory, relative to what follows and not: SDM vol. 2. */
struct through {
	uint8_t code[3];
	unsigned int n;
	bool is_relative;
};

static const struct through through_64[] = {
	{{0xff, 0x15}, 2, true},
	{{0xff, 0x14, 0x25}, 3, false},
	{{0xff, 0x25}, 2, true},
	{{0xff, 0x24, 0x25}, 3, false},
};

static const struct through through_32[] = {
	{{0xff, 0x15}, 2, false},
	{{0xff, 0x25}, 2, false},
};

static bool follow(const struct through *ways, size_t n, const uint8_t *code, size_t left,
		   uint64_t address, uint64_t *memory)
{
	for (size_t i = 0; i < n; i++) {
		const struct through *w = &ways[i];

		if (left < w->n + 4 || memcmp(code, w->code, w->n) != 0)
			continue;
		*memory = (uint64_t)word_at(code + w->n, 4);
		if (w->is_relative)
			*memory += address + w->n + 4;
		return true;
	}
	return false;
}

static bool x86_64_through(const uint8_t *code, size_t left, uint64_t address, uint64_t *memory)
{
	return follow(through_64, NELEM(through_64), code, left, address, memory);
}

/* Addresses of 32 bits have no sign. */
static bool i386_through(const uint8_t *code, size_t left, uint64_t address, uint64_t *memory)
{
	if (!follow(through_32, NELEM(through_32), code, left, address, memory))
		return false;
	*memory = (uint32_t)*memory;
	return true;
}

bool x86_64_decode(const uint8_t *code, size_t left, struct insn_form *form)
{
	return decode(code, left, form, true);
}

bool i386_decode(const uint8_t *code, size_t left, struct insn_form *form)
{
	return decode(code, left, form, false);
}

/* call and jmp through memory, nop, endbr32: SDM vol. 2. */
const struct machine machine_i386 = {
	.elf_machine = 3, /* EM_386 */
	.call_slot = {0xff, 0x15},
	.jump_slot = {0xff, 0x25},
	.is_slot_absolute = true,
	.filler = 0x90,
	.landing_pad = {0xf3, 0x0f, 0x1e, 0xfb},
	.decode = i386_decode,
	.through = i386_through,
};

/* The same, and endbr64. */
const struct machine machine_x86_64 = {
	.elf_machine = 62, /* EM_X86_64 */
	.call_slot = {0xff, 0x15},
	.jump_slot = {0xff, 0x25},
	.filler = 0x90,
	.landing_pad = {0xf3, 0x0f, 0x1e, 0xfa},
	.decode = x86_64_decode,
	.through = x86_64_through,
};
