/* SPDX-License-Identifier: MIT */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

/* Guest-physical 0 is mapped here; kernel.lds links the image accordingly. */
#define KERNEL_BASE 0xffffffff80000000

/* Two megabytes for device registers. */
#define IO_BASE 0xffffffffbfe00000

/* In the order that SYSRET wants. */
#define GDT_USER_DATA 3
#define GDT_USER_CODE 4
#define GDT_ENTRIES   16

#endif
