/* SPDX-License-Identifier: MIT */
/* Accesses to registers; a ROM for where a hypervisor carries them out has its own. */
#include "vmi_native.h"
#include "state.h"

uint32_t rom_read_cr0(void)
{
	uint32_t value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

uint32_t rom_read_cr4(void)
{
	uint32_t value;

	asm volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

void vmi_native_apic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *address = rom_apic_register(reg);

	if (address)
		*address = value;
}

uint32_t vmi_native_apic_read(uint32_t reg)
{
	const volatile uint32_t *address = rom_apic_register(reg);

	return address ? *address : 0;
}
