/* SPDX-License-Identifier: MIT */
/* The ops of bare hardware that are more than a few instructions. */
#include "native.h"
#include "port.h"

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

/* Mask registers of the two 8259 interrupt controllers of a PC. */
#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK	0xa1

void native_init(const struct pv_boot *boot)
{
	(void)boot;
	/* They would raise vectors that belong to exceptions; the local APIC is all we use. */
	port_write(PIC_MASTER_MASK, 0xff);
	port_write(PIC_SLAVE_MASK, 0xff);
	native_serial_init();
	native_clock_init();
}
