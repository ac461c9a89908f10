/* SPDX-License-Identifier: MIT */
/* Bytes of code, as the patcher writes them and form.c finds them: SDM vol. 2. */
#ifndef I386_CODE_H
#define I386_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define NOP_BASE_MAX 7
#define NOP_PREFIX   0x3e

/* LEA of a register to itself, since not each processor that has 32-bit code has 0f 1f. */
static const uint8_t nops[NOP_BASE_MAX + 1][NOP_BASE_MAX] = {
	[1] = {0x90},
	[2] = {0x89, 0xf6},
	[3] = {0x8d, 0x76, 0x00},
	[4] = {0x8d, 0x74, 0x26, 0x00},
	[5] = {0x3e, 0x8d, 0x74, 0x26, 0x00},
	[6] = {0x8d, 0xb6, 0x00, 0x00, 0x00, 0x00},
	[7] = {0x8d, 0xb4, 0x26, 0x00, 0x00, 0x00, 0x00},
};

/* Where an indirect call or jump finds its target, by its last word: an address. */
static inline uintptr_t slot_of(const uint8_t *code, unsigned int length, uint32_t word)
{
	(void)code, (void)length;
	return word;
}

static inline bool is_nop_prefix(uint8_t byte)
{
	return byte == NOP_PREFIX;
}

#endif
