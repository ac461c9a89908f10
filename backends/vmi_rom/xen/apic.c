/* SPDX-License-Identifier: MIT */
/* The local APIC, which Xen emulates; but its timer's entry is the alarm's too. */
#include "vmi_xen.h"
#include "apic.h"
#include "layer.h"

#define REGISTER(reg) ((reg)&0xfff)

void vmi_xen_apic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *address = rom_apic_register(reg);
	uint32_t interrupts;

	if (!address)
		return;
	interrupts = rom_irq_save();
	if (REGISTER(reg) == APIC_EOI)
		layer_take_alarm();
	asm volatile("call *%2"
		     :
		     : "a"(address), "d"(value), "r"(piece(PIECE_WRITE_APIC))
		     : "memory");
	if (REGISTER(reg) == APIC_LVT_TIMER)
		layer_route_alarm(value);
	rom_irq_restore(interrupts);
}

uint32_t vmi_xen_apic_read(uint32_t reg)
{
	volatile uint32_t *address = rom_apic_register(reg);
	uint32_t value = (uintptr_t)address;

	if (address)
		asm volatile("call *%1" : "+a"(value) : "r"(piece(PIECE_READ_APIC)) : "memory");
	return value;
}
