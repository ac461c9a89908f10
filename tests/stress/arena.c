/* SPDX-License-Identifier: MIT */
#include "host.h"
#include "arena.h"

struct pv_site arena_table[ARENA_SITES];

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
	host_write_site(site);
}
