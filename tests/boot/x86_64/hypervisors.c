/* SPDX-License-Identifier: MIT */
/* Ways in that a hypervisor has, and how to speak where its backend is not in the image. */
#include "kernel.h"
#include "native.h"
#include "pv_host.h"
#include "xen.h"
#include "xen_pv.h"
#include "../../../backends/native/port.h"
#include "../../../backends/xen/hypercall_page.h"

/* The page tables are the last thing in Xen's image of the domain that is needed later. */
const char *early_read_start_info(struct machine *machine, const void *start_info)
{
	const struct xen_start_info *info = start_info;

	machine->memory_end = pv_host_pa((void *)info->pt_base) + info->nr_pt_frames * PAGE_SIZE;
	return (const char *)info->cmd_line;
}

/* On Xen the serial port may be Xen's own, and what is written to it lost. */
struct voice find_voice(const struct pv_boot *boot)
{
	/* A paravirtualised domain starts with the page filled. */
	if (boot->start_info || xen_fill_hypercall_page())
		return (struct voice){xen_console_write, xen_stop};
	native_serial_init();
	return (struct voice){native_serial_write, native_stop};
}
