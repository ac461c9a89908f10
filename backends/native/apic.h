/* SPDX-License-Identifier: MIT */
/* The local APIC, one a CPU, all at the same address: SDM vol. 3, table 11-1. */
#ifndef APIC_H
#define APIC_H

#include <stdint.h>

#define APIC_EOI	  0xb0
#define APIC_SPURIOUS	  0xf0
#define APIC_COMMAND_LOW  0x300
#define APIC_COMMAND_HIGH 0x310
#define APIC_LVT_TIMER	  0x320
#define APIC_TIMER_START  0x380
#define APIC_TIMER_NOW	  0x390
#define APIC_TIMER_DIVIDE 0x3e0

/* Registers of this CPU's; NULL before the first native_apic_map(). */
extern volatile uint8_t *native_apic;

/* What the register of spurious interrupts holds where the APIC passes interrupts on. */
#define APIC_SPURIOUS_ENABLE 0x1ff

/* Map it if that was not done. */
void native_apic_map(void);

/* The same, and let this CPU's pass interrupts on. */
void native_apic_enable(void);

static inline void apic_write(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(native_apic + offset) = value;
}

static inline uint32_t apic_read(unsigned int offset)
{
	return *(volatile uint32_t *)(native_apic + offset);
}

/* The fence keeps earlier loads earlier, so that time cannot seem to step back. */
static inline uint64_t native_read_tsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Wait. */
void native_delay(uint64_t ns);

#endif
