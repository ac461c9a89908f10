/* SPDX-License-Identifier: MIT */
#include "native.h"
#include "pv_host.h"

/* Where it takes two stores the entry is not present in between: no walk sees half of each. */
static void set_entry(uint64_t *entry, uint64_t value)
{
	volatile uint32_t *half = (volatile uint32_t *)entry;

	if (sizeof(long) == sizeof(value)) {
		*(volatile uint64_t *)entry = value;
		return;
	}
	half[0] = 0;
	half[1] = value >> 32;
	half[0] = value;
}

PV_IMPLEMENTS(set_fixmap, 1);
void native_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	const struct pv_fixmap *place = pv_host_fixmap(index);

	if (!place) {
		pv_host_report("native: no such fixmap", index);
		return;
	}
	set_entry(place->entry, flags ? gpa | flags : 0);
	asm volatile("invlpg (%0)" : : "r"(place->va) : "memory");
}
