/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data.  A variable is linked at a kernel address, in the template; the
 * base of %gs is the distance from the template to a CPU's own copy, so that
 * "%gs:variable" needs one 32-bit address and no calculation.  CPU 0 uses the
 * template itself: its base is 0, which is what %gs has after reset and in a new
 * Xen domain, so per-CPU data works before any set-up.
 */
#ifndef PERCPU_H
#define PERCPU_H

/* In front of a definition: each CPU has its own. */
#define PERCPU __attribute__((section(".data..percpu")))

/* Each of these is one instruction, so an interrupt or a move to another CPU cannot split it. */
#define percpu_read(variable)                                                                      \
	({                                                                                         \
		typeof(variable) value_;                                                           \
		asm volatile("mov %%gs:%1, %0" : "=r"(value_) : "m"(variable));                    \
		value_;                                                                            \
	})
#define percpu_write(variable, value)                                                              \
	asm volatile("mov %1, %%gs:%0" : "=m"(variable) : "r"((typeof(variable))(value)))
#define percpu_exchange(variable, value)                                                           \
	({                                                                                         \
		typeof(variable) value_ = (value);                                                 \
		asm volatile("xchg %0, %%gs:%1" : "+r"(value_), "+m"(variable));                   \
		value_;                                                                            \
	})

#endif
