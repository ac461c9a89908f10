/* SPDX-License-Identifier: MIT */
/*
 * What the runtime and the backends need from the kernel that links them.  The
 * kernel also supplies memcpy, memmove, memset and memcmp, which a freestanding compiler
 * may call at any time.
 */
#ifndef PV_HOST_H
#define PV_HOST_H

#include <stdint.h>

/* The kernel's instructions, hypercall page included; set by its linker script. */
extern const uint8_t pv_text_begin[], pv_text_end[];

/*
 * The per-CPU data of CPU 0, which is also the template; room for the copies of
 * the other CPUs, as many as the kernel wants to run.  Set by the linker script.
 * The template starts at a multiple of 64 and its size is one.
 */
extern uint8_t pv_percpu_begin[], pv_percpu_end[];
extern uint8_t pv_percpu_copies[], pv_percpu_copies_end[];

/*
 * Guest-physical address, below 1 MiB, of a page of real-mode code that takes a
 * CPU to the kernel's mode, the current page tables and this stack, and jumps to the
 * address; 0 if there is none.  For machines that start CPUs in real mode; the
 * next call may come when this CPU has arrived.
 */
unsigned long pv_host_real_mode(unsigned long entry, unsigned long stack);

/*
 * Map the page of sealed text around this address writable somewhere else, for
 * this CPU; the second takes the mapping away again.
 */
uint8_t *pv_host_alias(const uint8_t *text);
void pv_host_unalias(void);

/* Guest-physical address of kernel memory. */
unsigned long pv_host_pa(const void *va);

/* Virtual address of guest-physical memory that the kernel keeps mapped. */
void *pv_host_va(unsigned long pa);

/* The first address that the kernel leaves to a hypervisor below it; 0: it leaves none. */
extern const uintptr_t pv_host_top;

/* Map the page of device registers at this address, uncached, for good. */
volatile void *pv_host_map_io(unsigned long pa);

/*
 * Places of the kernel's address space that op set_fixmap can make show any page:
 * the address, and the level 1 entry that maps it.  NULL if there is no such place.
 */
struct pv_fixmap {
	unsigned long va;
	uint64_t *entry;
};
const struct pv_fixmap *pv_host_fixmap(unsigned int index);

/* Selector of two entries of every GDT that op set_ldt may use for the LDT's descriptor. */
extern const uint16_t pv_host_ldt_selector;

/* Tell a person that something failed which must not: what, and a number (an error, say). */
void pv_host_report(const char *what, long value);

#endif
