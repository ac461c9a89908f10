/* SPDX-License-Identifier: MIT */
/* Addresses and selectors that C and assembly share. */
#ifndef LAYOUT_H
#define LAYOUT_H

/* Guest-physical 0 is mapped here; kernel.lds links the image accordingly. */
#define KERNEL_BASE 0xffffffff80000000

/* Two megabytes for user mode and for the tests of page tables. */
#define USER_BASE  0x400000
#define USER_CODE  USER_BASE
#define USER_STACK (USER_BASE + 0x1000)
#define USER_TLS   (USER_BASE + 0x2000)
#define USER_TEST  (USER_BASE + 0x10000)

/* Two megabytes for device registers. */
#define IO_BASE 0xffffffffbfe00000

/* Entries of the GDT. */
#define GDT_KERNEL_CODE 1
#define GDT_KERNEL_DATA 2
#define GDT_USER_DATA	3
#define GDT_USER_CODE	4
#define GDT_TSS		5
#define GDT_TLS		7
#define GDT_TEST	10
#define GDT_LDT		12
#define GDT_ENTRIES	16

#define SELECTOR(entry, ring) ((entry)*8 | (ring))
/* Of the local descriptor table: SDM vol. 3, figure 3-6. */
#define SELECTOR_LDT(entry, ring) (SELECTOR(entry, ring) | 4)

/* Software interrupt by which user mode gives up. */
#define VECTOR_USER_EXIT 0x80

#define STACK_SIZE 16384

#endif
