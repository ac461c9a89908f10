/* SPDX-License-Identifier: MIT */
/* Addresses and selectors that C and assembly share. */
#ifndef LAYOUT_H
#define LAYOUT_H

/* What depends on the architecture: where things are, and the order of the segments. */
#include "arch_layout.h"

/* Two megabytes for user mode and for the tests of page tables. */
#define USER_BASE  0x400000
#define USER_CODE  USER_BASE
#define USER_STACK (USER_BASE + 0x1000)
#define USER_TLS   (USER_BASE + 0x2000)
#define USER_TEST  (USER_BASE + 0x10000)

/* Entries of the GDT, beside those of the user. */
#define GDT_KERNEL_CODE 1
#define GDT_KERNEL_DATA 2
#define GDT_TSS		5
#define GDT_TLS		7
#define GDT_TEST	10
#define GDT_LDT		12

#define SELECTOR(entry, ring) ((entry)*8 | (ring))
/* Of the local descriptor table: SDM vol. 3, figure 3-6. */
#define SELECTOR_LDT(entry, ring) (SELECTOR(entry, ring) | 4)

/* Software interrupt by which user mode gives up. */
#define VECTOR_USER_EXIT 0x80

#define STACK_SIZE 16384

/* The most that this kernel runs; sections.lds has room for their data. */
#define CPUS 8

/* Page below 1 MiB where other CPUs of a bare machine begin, in real mode. */
#define REAL_MODE_PAGE 0x8000

#endif
