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

/* Guest-physical address of kernel memory. */
unsigned long pv_host_pa(const void *va);

/* Virtual address of guest-physical memory that the kernel keeps mapped. */
void *pv_host_va(unsigned long pa);

/* Map the page of device registers at this address, uncached, for good. */
volatile void *pv_host_map_io(unsigned long pa);

/* Tell a person that something failed which must not: what, and a number (an error, say). */
void pv_host_report(const char *what, long value);

#endif
