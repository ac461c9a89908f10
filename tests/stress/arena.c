/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "host.h"
#include "arena.h"

struct pv_site arena_table[ARENA_SITES];

void arena_write_site(const struct pv_site *site)
{
	const uint8_t opcode[] = {0xff, site->kind == PV_SITE_TAIL ? 0x25 : 0x15};
	uint8_t *at = pv_site_address(site);
	int32_t displacement = (uint8_t *)&pv_ops + site->op * sizeof(void *) - (at + 6);

	memcpy(at, opcode, sizeof(opcode));
	memcpy(at + sizeof(opcode), &displacement, sizeof(displacement));
	memset(at + 6, 0x90, site->length - 6);
}

static bool is_tail(enum pv_op op)
{
	return op == PV_OP_leave || op == PV_OP_leave_far;
}

void arena_add_site(struct pv_site *site, uint8_t *at, enum pv_op op)
{
	*site = (struct pv_site){
		.offset = at - (uint8_t *)&site->offset,
		.op = op,
		.length = pv_site_length[op],
		.kind = is_tail(op) ? PV_SITE_TAIL : PV_SITE_CALL,
	};
	arena_write_site(site);
}
