/* SPDX-License-Identifier: MIT */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

/* Guest-physical 0 is mapped here; kernel.lds links the image accordingly. */
#define KERNEL_BASE 0xc0000000

/* Two megabytes for device registers; hypervisors below a kernel have kept what is above. */
#define IO_BASE 0xf7e00000

/* In the order that SYSEXIT wants. */
#define GDT_USER_CODE 3
#define GDT_USER_DATA 4
/* A segment for each CPU's data; CPU 0's is flat. */
#define GDT_PERCPU  16
#define GDT_ENTRIES 24

#endif
