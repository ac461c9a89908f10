/* SPDX-License-Identifier: MIT */
/* Sites at addresses of one's own choice. */
#ifndef ARENA_H
#define ARENA_H

#define ARENA_SITES  1000000
#define ARENA_STRIDE 256
#define ARENA_SIZE   (ARENA_SITES * ARENA_STRIDE)

#ifndef __ASSEMBLER__
#include "pv_runtime.h"

extern struct pv_site arena_table[ARENA_SITES];

/* The address at this offset of the arena. */
static inline uint8_t *arena_at(unsigned long offset)
{
	return (uint8_t *)pv_text_begin + offset;
}

/* Fill in a record for a site at this address, and write the site. */
void arena_add_site(struct pv_site *site, uint8_t *at, enum pv_op op);
#endif

#endif
