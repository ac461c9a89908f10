/* SPDX-License-Identifier: MIT */
/* What the files of this backend share. */
#ifndef VMI_INTERNAL_H
#define VMI_INTERNAL_H

#include "vmi_guest.h"
#include "native.h"
#include "vmi.h"

/* Has the ROM this call?  A function that is bound to one call must ask for the others. */
#define HAS(call) (vmi_targets[VMI_HYPERCALL_##call] != 0)

/* A call's two halves of a number of 64 bits. */
#define LOW(value)  ((uint32_t)(value))
#define HIGH(value) ((uint32_t)((value) >> 32))

/* time.c: take the ROM's clock, or measure that of bare hardware. */
void vmi_clock_init(void);

/* console.c: ports by the ROM's calls. */
extern const struct ports vmi_ports;

#endif
