/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data.  A variable is linked at a kernel address, in the template; the
 * base of a segment (%gs; on i386 %fs) is the distance from the template to a
 * CPU's own copy, so that "%gs:variable" needs one 32-bit address and no
 * calculation.  CPU 0 uses the template itself: its base is 0, which is what %gs
 * has after reset and in a new Xen domain, and what a flat segment has, so per-CPU
 * data works before any set-up.  A CPU's copy starts as
 * what CPU 0 has at the moment when pv_percpu_create() makes it.
 */
#ifndef PERCPU_H
#define PERCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "pv_host.h"

/* In front of a definition: each CPU has its own. */
#define PERCPU __attribute__((section(".data..percpu")))

/* Each of these is one instruction, so an interrupt or a move to another CPU cannot split it. */
#define percpu_read(variable)                                                                      \
	({                                                                                         \
		typeof(variable) value_;                                                           \
		asm volatile("mov %%" PERCPU_SEGMENT ":%1, %0" : "=r"(value_) : "m"(variable));    \
		value_;                                                                            \
	})
/* Changes are in the order of the source with all other memory: some mask events. */
#define percpu_write(variable, value)                                                              \
	({                                                                                         \
		typeof(variable) value_ = (value);                                                 \
		asm volatile("mov %1, %%" PERCPU_SEGMENT ":%0"                                     \
			     : "=m"(variable)                                                      \
			     : "r"(value_)                                                         \
			     : "memory");                                                          \
	})
#define percpu_exchange(variable, value)                                                           \
	({                                                                                         \
		typeof(variable) value_ = (value);                                                 \
		asm volatile("xchg %0, %%" PERCPU_SEGMENT ":%1"                                    \
			     : "+r"(value_), "+m"(variable)::"memory");                            \
		value_;                                                                            \
	})

/* This CPU's number, and the base of its segment. */
extern uint32_t pv_cpu_number;
extern unsigned long pv_cpu_base;

/*
 * Base of the segment of a CPU that has a copy; 0 for CPU 0.  Inline, because a function
 * that keeps all registers would have to save them all for a call.
 */
static inline unsigned long pv_percpu_base(unsigned int cpu)
{
	unsigned long size = pv_percpu_end - pv_percpu_begin;

	if (!cpu)
		return 0;
	return (uintptr_t)pv_percpu_copies + (cpu - 1) * size - (uintptr_t)pv_percpu_begin;
}

/* Make a CPU's copy; false if there is no room for it. */
bool pv_percpu_create(unsigned int cpu);

/* A CPU's own instance of a variable, as a pointer. */
#define percpu_pointer(variable, base) ((typeof(variable) *)((uintptr_t) & (variable) + (base)))
#define percpu_this(variable)	       percpu_pointer(variable, percpu_read(pv_cpu_base))
#define percpu_of(variable, cpu)       percpu_pointer(variable, pv_percpu_base(cpu))

#endif
