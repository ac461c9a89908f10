/* SPDX-License-Identifier: MIT */
/* The interrupt flag is the mask byte of vcpu_info, the other way round. */
#include "xen_internal.h"

PV_IMPLEMENTS(restore_fl, 1);
PV_NARROW void xen_pv_restore_fl(unsigned long fl)
{
	percpu_write(xen_vcpu_info.evtchn_upcall_mask, !(fl & FLAGS_IF));
	/* Called by hand, since it preserves the registers that this function may not use up. */
	if ((fl & FLAGS_IF) && percpu_read(xen_vcpu_info.evtchn_upcall_pending))
		asm volatile("call xen_pv_deliver" : : : "cc", "memory");
}

/* sched_op.block unmasks, which would end a sleep that must be for ever. */
static void sleep_masked(void)
{
	const struct xen_sched_poll nothing = {0};

	for (;;)
		xen_sched_op_poll(&nothing);
}

PV_IMPLEMENTS(halt, 1);
void xen_pv_halt(void)
{
	xen_pv_flush();
	if (percpu_read(xen_vcpu_info.evtchn_upcall_mask))
		sleep_masked();
	xen_checked("xen: sched_op.block", xen_sched_op_block());
}
