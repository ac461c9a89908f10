/* SPDX-License-Identifier: MIT */
/* The ops of bare hardware that are more than a few instructions. */
#include "native.h"

PV_IMPLEMENTS(cpuid, 1);
void native_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
	asm volatile("cpuid" : "+a"(*eax), "=b"(*ebx), "+c"(*ecx), "=d"(*edx));
}

PV_IMPLEMENTS(write_idt_entry, 1);
void native_write_idt_entry(struct gate *idt, unsigned int vector, const struct gate *gate)
{
	idt[vector] = *gate;
}

PV_IMPLEMENTS(load_tls, 1);
void native_load_tls(uint64_t *gdt, unsigned int first, const struct tls *tls)
{
	unsigned int i;

	for (i = 0; i < sizeof(tls->desc) / sizeof(tls->desc[0]); i++)
		gdt[first + i] = tls->desc[i];
}
