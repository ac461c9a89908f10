/* SPDX-License-Identifier: MIT */
/* Bytes of code, as the patcher writes them and form.c finds them: SDM vol. 2. */
#ifndef X86_64_CODE_H
#define X86_64_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Longest no-op without prefixes: 0f 1f 84 with 32-bit displacement. */
#define NOP_BASE_MAX 8
/* What makes a longer one of it. */
#define NOP_PREFIX 0x66

/* NOP, then the forms of 0f 1f that vol. 2 recommends. */
static const uint8_t nops[NOP_BASE_MAX + 1][NOP_BASE_MAX] = {
	[1] = {0x90},
	[2] = {0x66, 0x90},
	[3] = {0x0f, 0x1f, 0x00},
	[4] = {0x0f, 0x1f, 0x40, 0x00},
	[5] = {0x0f, 0x1f, 0x44, 0x00, 0x00},
	[6] = {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	[7] = {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	[8] = {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
};

/* Where an indirect call or jump of this length finds its target, by its last word. */
static inline uintptr_t slot_of(const uint8_t *code, unsigned int length, uint32_t word)
{
	return (uintptr_t)code + length + (int32_t)word;
}

/* In front of a no-op, also of one that an assembler made. */
static inline bool is_nop_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x2e;
}

#endif
