/* SPDX-License-Identifier: MIT */
/* Memory that Xen and the domain both write, whatever the kind of domain. */
#include "xen_internal.h"

/* Xen's page takes the place of this one; the domain does not use the frame under it any more. */
__attribute__((aligned(4096))) union xen_shared_page xen_shared;

/* It must not cross a page, and events stay masked from the first moment. */
PERCPU __attribute__((aligned(64))) struct xen_vcpu_info xen_vcpu_info = {
	.evtchn_upcall_mask = 1,
};

void xen_register_vcpu_info(uint64_t where)
{
	struct xen_vcpu_register_vcpu_info info = {
		.mfn = where >> PAGE_SHIFT,
		.offset = where & PAGE_OFFSET_MASK,
	};

	xen_checked("xen: register_vcpu_info", xen_vcpu_op_register_vcpu_info(CPU0, &info));
	percpu_write(xen_vcpu_info.evtchn_upcall_mask, 1);
}
