/* SPDX-License-Identifier: MIT */
#include "vmi_internal.h"
#include "../native/port.h"
#include "pv_host.h"

#define PAGE_SHIFT 12

/* The first of four windows: where tables lie that are named by virtual addresses. */
static void tell_mapping(void)
{
	uint32_t base = (uintptr_t)pv_host_va(0);

	if (HAS(SetLinearMapping))
		vmi_SetLinearMapping(0, base, (pv_host_pa(pv_percpu_copies_end) >> PAGE_SHIFT) + 1,
				     0);
}

void vmi_guest_init(const struct pv_boot *boot)
{
	(void)boot;
	tell_mapping();
	native_devices_init(&vmi_ports);
	vmi_clock_init();
}
