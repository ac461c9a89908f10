/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"

/* It must not cross a page, and events stay masked from the first moment. */
PERCPU __attribute__((aligned(64))) struct xen_vcpu_info xen_vcpu_info = {
	.evtchn_upcall_mask = 1,
};

PERCPU struct xen_vcpu_runstate_info xen_runstate;

static void register_vcpu_info(unsigned int cpu)
{
	struct xen_vcpu_info *own = percpu_of(xen_vcpu_info, cpu);
	uint64_t where = xen_machine_address(own);
	struct xen_vcpu_register_vcpu_info info = {
		.mfn = where >> PAGE_SHIFT,
		.offset = where & PAGE_OFFSET_MASK,
	};

	xen_checked("xen: register_vcpu_info", xen_vcpu_op_register_vcpu_info(cpu, &info));
	own->evtchn_upcall_mask = 1;
}

static void register_runstate(unsigned int cpu)
{
	struct xen_vcpu_register_runstate_memory_area area = {
		.addr.v = percpu_of(xen_runstate, cpu),
	};

	xen_checked("xen: register_runstate_memory_area",
		    xen_vcpu_op_register_runstate_memory_area(cpu, &area));
}

void xen_register_cpu(unsigned int cpu)
{
	register_vcpu_info(cpu);
	register_runstate(cpu);
}

void xen_pv_init(const struct pv_boot *boot)
{
	xen_mmu_init(boot->start_info);
	xen_checked("xen: vm_assist", xen_vm_assist_enable(XEN_VMASST_TYPE_runstate_update_flag));
	xen_register_cpu(0);
	xen_events_init();
}
