/* SPDX-License-Identifier: MIT */
/* Ways in that a hypervisor has. */
#include "kernel.h"
#include "pv_host.h"
#include "xen.h"

/* The page tables are the last thing in Xen's image of the domain that is needed later. */
const char *early_read_start_info(struct machine *machine, const void *start_info)
{
	const struct xen_start_info *info = start_info;

	machine->module = (const void *)info->mod_start;
	machine->module_size = info->mod_len;
	machine->memory_end = pv_host_pa((void *)info->pt_base) + info->nr_pt_frames * PAGE_SIZE;
	return (const char *)info->cmd_line;
}
