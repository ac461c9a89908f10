/* SPDX-License-Identifier: MIT */
/* Of hypervisors this architecture has none yet. */
#include "kernel.h"

const char *early_read_start_info(struct machine *machine, const void *start_info)
{
	(void)machine, (void)start_info;
	return "";
}
