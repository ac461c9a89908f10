/* SPDX-License-Identifier: MIT */
/* Numbers that C and assembly share. */
#pragma once

#define KERNEL_BASE 0xc0000000
#define FRAMES	    4096 /* of memory that is mapped linearly: 16 MiB */

#ifdef PAE
#define ENTRY_SIZE  8
#define TABLE_SHIFT 21
#else
#define ENTRY_SIZE  4
#define TABLE_SHIFT 22
#endif
#define TABLE_ENTRIES (4096 / ENTRY_SIZE)

/* Selectors, at the places that Linux 2.6 gave them (SYSENTER wants the four together). */
#define KERNEL_CS 0x60
#define KERNEL_DS 0x68
#define USER_CS	  0x73
#define USER_DS	  0x7b
#define TSS	  0x80
#define LDT	  0x88
#define SPARE	  0x90
#define OTHER_TSS 0x98
#define NOWHERE	  0xa3 /* data that is not where a flat segment has it */

#define USER_CODE  0x00400000
#define USER_STACK 0x00402000

#define VECTOR_IRQ0  0x20
#define VECTOR_ALARM 0x40
#define VECTOR_SELF  0x41 /* what the processor sends itself */
#define VECTOR_OTHER 0x50
#define VECTOR_USER  0x80

/* Numbers of the calls that the kernel's own sites are patched with, and of the two fixed ones. */
#define SITE_ENABLE  29
#define SITE_DISABLE 30
#define SITE_SAVE    31
#define SITE_RESTORE 32
#define SITE_IRET    33
#define SITE_SYSEXIT 34
#define NR_CALLS     74
#define FIXED_INIT   74
#define FIXED_RELOC  75
#define NR_COUNTED   76

/* struct trial and struct outcome, for assembly. */
#define TRIAL_TARGET 0
#define TRIAL_JUMP   4
#define TRIAL_EAX    8
#define TRIAL_ECX    12
#define TRIAL_EDX    16
#define TRIAL_EBX    20
#define TRIAL_ESI    24
#define TRIAL_EDI    28
#define TRIAL_EBP    32
#define TRIAL_FLAGS  36
#define TRIAL_DATA   40
#define TRIAL_NR     44
#define TRIAL_WORDS  48

#define AFTER_EAX   0
#define AFTER_ECX   4
#define AFTER_EDX   8
#define AFTER_EBX   12
#define AFTER_ESI   16
#define AFTER_EDI   20
#define AFTER_EBP   24
#define AFTER_FLAGS 28
#define AFTER_DS    32
#define AFTER_ES    36
#define AFTER_FS    40
#define AFTER_GS    44
#define AFTER_ESP   48
#define AFTER_ABOVE 52

#define ABOVE_FIRST  0x5ca1ab1e
#define ABOVE_SECOND 0x0ddba115
