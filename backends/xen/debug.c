/* SPDX-License-Identifier: MIT */
/* Debug registers, counters and caches. */
#include "xen_internal.h"
#include "pv_exception.h"

/* The result is not looked at: the kernel's addresses are numbers that errors also are. */
PV_IMPLEMENTS(get_debugreg, 1);
unsigned long xen_pv_get_debugreg(int regno)
{
	xen_pv_flush();
	return xen_get_debugreg(regno);
}

/* Xen passes counters on only if it was told to; without, the instruction faults. */
PV_IMPLEMENTS(read_pmc, 1);
uint64_t xen_pv_read_pmc(int counter)
{
	uint32_t low = 0, high = 0;

	asm volatile("1: rdpmc\n"
		     "2:\n" PV_EXCEPTION("1b", "2b")
		     : "+a"(low), "+d"(high)
		     : "c"(counter));
	return (uint64_t)high << 32 | low;
}

/* A domain without devices may not, and need not: nobody looks past its caches. */
PV_IMPLEMENTS(wbinvd, 1);
void xen_pv_wbinvd(void)
{
	long result;

	xen_pv_flush();
	result = xen_mmuext_op_flush_cache();
	if (result != -XEN_EACCES)
		xen_checked("xen: flush_cache", result);
}
