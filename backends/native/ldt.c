/* SPDX-License-Identifier: MIT */
#include "native.h"
#include "ldt.h"
#include "pv_host.h"

static void load_ldt(uint16_t selector)
{
	asm volatile("lldt %0" : : "r"(selector) : "memory");
}

PV_IMPLEMENTS(set_ldt, 1);
void native_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	uint64_t base = (uintptr_t)ldt;
	struct desc_ptr gdt;
	uint64_t *desc;

	if (!entries) {
		load_ldt(0);
		return;
	}
	asm volatile("sgdt %0" : "=m"(gdt));
	desc = (uint64_t *)(uintptr_t)(gdt.base + pv_host_ldt_selector);
	desc[0] = ldt_descriptor(ldt, entries);
	desc[1] = base >> 32;
	load_ldt(pv_host_ldt_selector);
}
