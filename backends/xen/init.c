/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"

/* It must not cross a page, and events stay masked from the first moment. */
PERCPU __attribute__((aligned(64))) struct xen_vcpu_info xen_vcpu_info = {
	.evtchn_upcall_mask = 1,
};

static void register_vcpu_info(void)
{
	uint64_t where = xen_machine_address(&xen_vcpu_info);
	struct xen_vcpu_register_vcpu_info info = {
		.mfn = where >> PAGE_SHIFT,
		.offset = where & PAGE_OFFSET_MASK,
	};

	xen_checked("xen: register_vcpu_info", xen_vcpu_op_register_vcpu_info(CPU0, &info));
	percpu_write(xen_vcpu_info.evtchn_upcall_mask, 1);
}

void xen_pv_init(const struct pv_boot *boot)
{
	xen_mmu_init(boot->start_info);
	register_vcpu_info();
	xen_events_init();
}
