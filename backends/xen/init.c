/* SPDX-License-Identifier: MIT */
/* Start of a paravirtualised domain, and its upcall. */
#include "xen_internal.h"

/* Called by xen_upcall_entry with events masked. */
void xen_upcall(void)
{
	unsigned int mode = xen_suspend_lazy();

	xen_run_events();
	xen_resume_lazy(mode);
}

void xen_pv_init(const struct pv_boot *boot)
{
	xen_mmu_init(boot->start_info);
	xen_register_vcpu_info(xen_machine_address(&xen_vcpu_info));
	xen_events_init();
	xen_checked("xen: set_callbacks", xen_set_callbacks((unsigned long)xen_upcall_entry,
							    (unsigned long)xen_failsafe_entry, 0));
}
