/* SPDX-License-Identifier: MIT */
#include "native.h"
#include "pv_host.h"

/* System descriptor of an LDT: SDM vol. 3, figure 7-4 and table 3-2. */
#define DESC_LDT 0x0000820000000000ull

static void load_ldt(uint16_t selector)
{
	asm volatile("lldt %0" : : "r"(selector) : "memory");
}

PV_IMPLEMENTS(set_ldt, 1);
void native_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	uint64_t base = (uintptr_t)ldt, limit = entries * sizeof(*ldt) - 1;
	struct desc_ptr gdt;
	uint64_t *desc;

	if (!entries) {
		load_ldt(0);
		return;
	}
	asm volatile("sgdt %0" : "=m"(gdt));
	desc = (uint64_t *)(uintptr_t)(gdt.base + pv_host_ldt_selector);
	desc[0] = DESC_LDT | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	desc[1] = base >> 32;
	load_ldt(pv_host_ldt_selector);
}
