/* SPDX-License-Identifier: MIT */
#include "hypercall_page.h"
#include "xen_internal.h"

/*
 * Leaf 2 above that of the signature: EBX is the MSR that takes the page's address
 * (xen/include/public/arch-x86/cpuid.h).
 */
#define LEAF_HYPERCALL_PAGE 2

bool xen_fill_hypercall_page(void)
{
	extern const uint8_t pv_hypercall_page[];
	unsigned long page = pv_host_pa(pv_hypercall_page);
	uint32_t leaf = pv_cpuid_leaf("XenVMMXenVMM"), msr, sub = 0;

	if (!leaf)
		return false;
	leaf += LEAF_HYPERCALL_PAGE;
	asm volatile("cpuid" : "+a"(leaf), "=b"(msr), "+c"(sub) : : "rdx");
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)page), "d"((uint32_t)(page >> 32))
		     : "memory");
	return true;
}
