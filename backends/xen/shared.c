/* SPDX-License-Identifier: MIT */
/* Memory that Xen and the domain both write, whatever the kind of domain. */
#include "xen_internal.h"

/* Xen's page takes the place of this one; the domain does not use the frame under it any more. */
__attribute__((aligned(4096))) union xen_shared_page xen_shared;

/* It must not cross a page, and events stay masked from the first moment. */
PERCPU __attribute__((aligned(64))) struct xen_vcpu_info xen_vcpu_info = {
	.evtchn_upcall_mask = 1,
};

PERCPU struct xen_vcpu_runstate_info xen_runstate;

static void register_vcpu_info(unsigned int cpu, uint64_t where)
{
	struct xen_vcpu_register_vcpu_info info = {
		.mfn = where >> PAGE_SHIFT,
		.offset = where & PAGE_OFFSET_MASK,
	};

	xen_checked("xen: register_vcpu_info", xen_vcpu_op_register_vcpu_info(cpu, &info));
	percpu_of(xen_vcpu_info, cpu)->evtchn_upcall_mask = 1;
}

static void register_runstate(unsigned int cpu)
{
	struct xen_vcpu_register_runstate_memory_area area = {
		.addr.v = percpu_of(xen_runstate, cpu),
	};

	xen_checked("xen: register_runstate_memory_area",
		    xen_vcpu_op_register_runstate_memory_area(cpu, &area));
}

void xen_register_cpu(unsigned int cpu, uint64_t where)
{
	xen_checked("xen: vm_assist", xen_vm_assist_enable(XEN_VMASST_TYPE_runstate_update_flag));
	register_vcpu_info(cpu, where);
	register_runstate(cpu);
}
