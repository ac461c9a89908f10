/* SPDX-License-Identifier: MIT */
/* The local APIC, which Xen emulates; but its timer's entry is the alarm's too. */
#include "vmi_xen.h"
#include "apic.h"
#include "layer.h"

#define REGISTER(reg)	 ((reg)&0xfff)
#define REGISTER_SPACING 0x10
#define APIC_ENABLED	 0x100u

static uint32_t read_at(volatile uint32_t *address)
{
	uint32_t value = (uintptr_t)address;

	asm volatile("call *%1" : "+a"(value) : "r"(piece(PIECE_READ_APIC)) : "memory");
	return value;
}

static void write_at(volatile uint32_t *address, uint32_t value)
{
	asm volatile("call *%2"
		     :
		     : "a"(address), "d"(value), "r"(piece(PIECE_WRITE_APIC))
		     : "memory");
}

static volatile uint32_t *entry(unsigned int i)
{
	return rom_apic_register(APIC_LVT_TIMER + i * REGISTER_SPACING);
}

void layer_apic_off(struct apic_saved *saved)
{
	volatile uint32_t *spurious = rom_apic_register(APIC_SPURIOUS);
	unsigned int i;

	saved->spurious = read_at(spurious);
	for (i = 0; i < LAYER_ENTRIES; i++)
		saved->entries[i] = read_at(entry(i));
	write_at(spurious, saved->spurious & ~APIC_ENABLED);
}

/* While it is off all entries get masked. */
void layer_apic_on(const struct apic_saved *saved)
{
	unsigned int i;

	write_at(rom_apic_register(APIC_SPURIOUS), saved->spurious);
	for (i = 0; i < LAYER_ENTRIES; i++)
		write_at(entry(i), saved->entries[i]);
}

void vmi_xen_apic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *address = rom_apic_register(reg);
	uint32_t interrupts;

	if (!address)
		return;
	interrupts = rom_irq_save();
	if (REGISTER(reg) == APIC_EOI)
		layer_take_alarm();
	write_at(address, value);
	if (REGISTER(reg) == APIC_LVT_TIMER)
		layer_route_alarm(value);
	rom_irq_restore(interrupts);
}

uint32_t vmi_xen_apic_read(uint32_t reg)
{
	volatile uint32_t *address = rom_apic_register(reg);

	return address ? read_at(address) : 0;
}
