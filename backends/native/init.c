/* SPDX-License-Identifier: MIT */
/* Apart from the ops, which other backends inherit without this start. */
#include "native.h"
#include "port.h"

/* Mask registers of the two 8259 interrupt controllers of a PC. */
#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK	0xa1

void native_init(const struct pv_boot *boot)
{
	(void)boot;
	/* They would raise vectors that belong to exceptions; the local APIC is all we use. */
	port_write(PIC_MASTER_MASK, 0xff);
	port_write(PIC_SLAVE_MASK, 0xff);
	native_serial_init();
	native_clock_init();
}
