/* SPDX-License-Identifier: MIT */
/* The descriptor of an LDT, for whoever writes it in another way too. */
#ifndef LDT_H
#define LDT_H

#include <stdint.h>

/* System descriptor of an LDT: SDM vol. 3, figure 7-4 and table 3-2. */
#define DESC_LDT 0x0000820000000000ull

/* The first 8 bytes; on x86_64 the upper half of the base comes behind. */
static inline uint64_t ldt_descriptor(const uint64_t *ldt, unsigned int entries)
{
	uint64_t base = (uintptr_t)ldt, limit = entries * sizeof(*ldt) - 1;

	return DESC_LDT | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
}

#endif
