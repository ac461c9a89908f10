/* SPDX-License-Identifier: MIT */
/*
 * How the code of a ROM finds the ROM and its memory.  It runs wherever the kernel has the first
 * megabyte mapped, linearly, and the ROM is read-only: what changes lies in memory that the BIOS
 * gave when it started.  A ROM's code has no data of its own; the sealed file is refused if it had.
 */
#ifndef ROM_MEMORY_H
#define ROM_MEMORY_H

/* Reserved from the BIOS; whoever uses it checks that its own structure fits. */
#define ROM_MEMORY_SIZE 4096

/* Member of the header: units of 512 bytes. */
#define ROM_LENGTH 2

/* Of struct rom_post, for bios.S. */
#define ROM_POST_PHYSICAL 0
#define ROM_POST_MEMORY	  4
#define ROM_POST_TSC_HZ	  8
#define ROM_POST_MEND	  16
#define ROM_POST_SIZE	  24

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* Written once, by bios.S. */
struct rom_post {
	/* Where this is. */
	uint32_t physical;
	/* Where its memory is; 0: none. */
	uint32_t memory;
	/* Of the time-stamp counter; 0: unknown. */
	uint64_t tsc_hz;
	/* Makes the sum of the ROM 0. */
	uint8_t mend;
};

_Static_assert(offsetof(struct rom_post, physical) == ROM_POST_PHYSICAL, "bios.S");
_Static_assert(offsetof(struct rom_post, memory) == ROM_POST_MEMORY, "bios.S");
_Static_assert(offsetof(struct rom_post, tsc_hz) == ROM_POST_TSC_HZ, "bios.S");
_Static_assert(offsetof(struct rom_post, mend) == ROM_POST_MEND, "bios.S");
_Static_assert(sizeof(struct rom_post) <= ROM_POST_SIZE, "bios.S");

/* In bios.S.  Hidden: code finds it by the distance, not through a table of addresses. */
extern const struct rom_post rom_post __attribute__((visibility("hidden")));

/* Linear address minus physical address, in the first megabyte. */
static inline uintptr_t rom_distance(void)
{
	return (uintptr_t)&rom_post - rom_post.physical;
}

/* The ROM's memory; only if rom_post says that there is any. */
static inline void *rom_memory(void)
{
	return (void *)(rom_distance() + rom_post.memory);
}
#endif

#endif
