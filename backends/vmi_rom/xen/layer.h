/* SPDX-License-Identifier: MIT */
/* What this ROM remembers, and what its files share. */
#ifndef LAYER_H
#define LAYER_H

#include "../native/state.h"
#include "low_page.h"
#include "xen32.h"

/* What is to come: an interrupt of a CPU when a counter gets there. */
struct alarm {
	bool armed;
	uint32_t counter;
	/* The counter's; a period of 0: once. */
	uint64_t expiry, period;
};

struct vcpu {
	/* Of the timer's event; 0: not bound yet. */
	uint32_t port;
	/* What the event comes as; 0: not said yet. */
	uint8_t vector;
	struct alarm alarm;
};

struct layer {
	/* The calls that are as on bare hardware use it. */
	struct state native;
	uint32_t cpus;
	/* First CPUID leaf that is Xen's. */
	uint32_t leaf;
	/* Of the wall clock, when the kernel asked last. */
	uint32_t wc_version;
	/* The line control register of a serial port that is not there. */
	uint8_t line_control;
	struct vcpu vcpu[XEN_CPUS];
};

_Static_assert(sizeof(struct layer) <= ROM_MEMORY_SIZE, "memory that the BIOS gave");
_Static_assert(sizeof(struct xen_shared_info) <= LOW_PAGE_CODE, "the low page");

static inline struct layer *layer(void)
{
	return rom_memory();
}

/* Xen's shared page is where physical address 0 is mapped. */
static inline volatile struct xen_shared_info *shared_info(void)
{
	return (volatile struct xen_shared_info *)rom_distance();
}

/* Linear address of an instruction that Xen reads. */
static inline uintptr_t piece(unsigned int number)
{
	return rom_distance() + LOW_PAGE_CODE + number * LOW_PIECE_SIZE;
}

static inline int32_t hypercall_at(uintptr_t code, uint32_t number, uint32_t a, uint32_t b,
				   uint32_t c)
{
	int32_t result;

	asm volatile("call *%4"
		     : "=a"(result), "+b"(a), "+c"(b), "+d"(c)
		     : "D"(code), "0"(number)
		     : "memory", "cc");
	return result;
}

static inline int32_t hypercall(uint32_t number, uint32_t a, uint32_t b, uint32_t c)
{
	return hypercall_at(piece(PIECE_HYPERCALL), number, a, b, c);
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

struct cpuid layer_cpuid(uint32_t leaf);

/* The number of the CPU that asks. */
uint32_t layer_vcpu(void);

/* time.c: nanoseconds since Xen began to count, REAL; how many of them others had. */
uint64_t layer_now(void);
uint64_t layer_available(void);

/* apic.c: the local APIC off, and as it was. */
#define LAYER_ENTRIES 6
struct apic_saved {
	uint32_t spurious, entries[LAYER_ENTRIES];
};

void layer_apic_off(struct apic_saved *saved);
void layer_apic_on(const struct apic_saved *saved);

/* alarm.c: this CPU's alarm comes as this entry of its local APIC says, SDM vol. 3, figure 11-8. */
void layer_route_alarm(uint32_t entry);

/* alarm.c: if this CPU's alarm was due, its interrupt has come: what it says of what comes next. */
void layer_take_alarm(void);

#endif
