/* SPDX-License-Identifier: MIT */
#include "native.h"
#include "pv_host.h"

PV_IMPLEMENTS(set_fixmap, 1);
void native_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	const struct pv_fixmap *place = pv_host_fixmap(index);

	if (!place) {
		pv_host_report("native: no such fixmap", index);
		return;
	}
	*(volatile uint64_t *)place->entry = flags ? gpa | flags : 0;
	asm volatile("invlpg (%0)" : : "r"(place->va) : "memory");
}
