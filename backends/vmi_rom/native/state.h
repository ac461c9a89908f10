/* SPDX-License-Identifier: MIT */
/* What this ROM remembers, and what its files share. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include "memory.h"

/* Intel 8254 timer, counts a second. */
#define PIT_HZ 1193182u

/* The number of a local APIC has eight bits. */
#define NR_APICS 256

/* One for all processors; `lock` is for what they change of the alarms of interrupt line 0. */
struct state {
	uint32_t lock;
	/* Pages from this linear address on are these frames; none if nobody said so. */
	uint32_t window, pages, frame;
	/* Linear address of the local APIC, where it was last; 0: not yet known. */
	uint32_t apic;
	/* Counts of a timer from cycles: multiply, shift right by 32; 0: not measured. */
	uint64_t pit_mult, apic_mult;
	/*
	 * Interrupt line 0 has an alarm of this processor's counter; if it is no periodic one,
	 * until this time.
	 */
	bool armed, periodic;
	uint8_t processor, counter;
	uint64_t end;
	/* By number of a local APIC: 1 more than the counter whose alarm it has; 0: none. */
	uint8_t apic_alarm[NR_APICS];
};

_Static_assert(sizeof(struct state) <= ROM_MEMORY_SIZE, "memory that the BIOS gave");

static inline struct state *rom_state(void)
{
	return rom_memory();
}

/* Linear address of the local APIC's registers; 0 if the kernel has them mapped nowhere. */
uint32_t rom_find_apic(void);

/* One of them, by its linear address or its offset; NULL if it cannot be reached. */
volatile uint32_t *rom_apic_register(uint32_t reg);

/* registers.c, and of another ROM its own. */
uint32_t rom_read_cr0(void);
uint32_t rom_read_cr4(void);

static inline uint64_t rom_cycles(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* Interrupts off; what rom_irq_restore() takes. */
static inline uint32_t rom_irq_save(void)
{
	uint32_t flags;

	asm volatile("pushf\n\tpop %0\n\tcli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void rom_irq_restore(uint32_t flags)
{
	asm volatile("push %0\n\tpopf" : : "r"(flags) : "cc", "memory");
}

#endif
