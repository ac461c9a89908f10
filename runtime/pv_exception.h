/* SPDX-License-Identifier: MIT */
/*
 * Instructions that may fault and are expected to.  The code around such an
 * instruction says where to go on if it does:
 *
 *	asm("1: rdmsr\n2:\n" PV_EXCEPTION("1b", "3f") ...);
 *
 * and the kernel's handler of the exception asks pv_fixup() (pv_runtime.h).
 * Never in a template: its copies at the sites would have no entries.
 */
#ifndef PV_EXCEPTION_H
#define PV_EXCEPTION_H

#include <stdint.h>

/* Distances from the fields themselves, so that the table needs no relocation. */
struct pv_exception {
	int32_t fault;
	int32_t fixup;
};

#define PV_EXCEPTION(fault, fixup)                                                                 \
	".pushsection pv_exceptions, \"a\", @progbits\n"                                           \
	".balign 4\n"                                                                              \
	".long (" fault ") - ., (" fixup ") - .\n"                                                 \
	".popsection\n"

/* Bounds of the table; both NULL if nothing that is linked in has an entry. */
extern const struct pv_exception __start_pv_exceptions[] __attribute__((weak));
extern const struct pv_exception __stop_pv_exceptions[] __attribute__((weak));

/* All tables: what is linked in, and what came with a blob. */
#define PV_EXCEPTION_TABLES 2
extern struct pv_exceptions {
	const struct pv_exception *begin, *end;
} pv_exceptions[PV_EXCEPTION_TABLES];

#endif
