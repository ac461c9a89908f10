/* SPDX-License-Identifier: MIT */
/*
 * Start of a domain of kind PVH, and its interrupt.  Addresses are the guest's
 * own, so that what Xen calls a machine frame is a guest frame here.
 */
#include "hypercall_page.h"
#include "xen_internal.h"

#define CALLBACK_TYPE_SHIFT 56

static void map_shared_info(void)
{
	const struct xen_add_to_physmap where = {
		.domid = XEN_DOMID_SELF,
		.space = XEN_XENMAPSPACE_shared_info,
		.gpfn = pv_host_pa(&xen_shared) >> PAGE_SHIFT,
	};

	xen_checked("xen: add_to_physmap", xen_memory_op_add_to_physmap(&where));
}

static void set_callback(void)
{
	const struct xen_hvm_param callback = {
		.domid = XEN_DOMID_SELF,
		.index = XEN_HVM_PARAM_CALLBACK_IRQ,
		.value = (uint64_t)XEN_HVM_PARAM_CALLBACK_TYPE_VECTOR << CALLBACK_TYPE_SHIFT |
			 PV_VECTOR_TIMER,
	};

	xen_checked("xen: set_param", xen_hvm_op_set_param(&callback));
}

void xen_pvh_init(const struct pv_boot *boot)
{
	(void)boot;
	xen_fill_hypercall_page();
	map_shared_info();
	xen_register_vcpu_info(pv_host_pa(&xen_vcpu_info));
	xen_events_init();
	/* Registration marks all as pending: an interrupt before the kernel has a handler. */
	xen_run_events();
	set_callback();
}

/* Any event comes as this interrupt; Xen asks for no end of it. */
void xen_pvh_interrupt(void)
{
	xen_run_events();
}
