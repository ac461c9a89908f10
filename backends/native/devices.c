/* SPDX-License-Identifier: MIT */
/* Devices that are made ready at the start, also by backends that reach ports in another way. */
#include "port.h"

/* Mask registers of the two 8259 interrupt controllers of a PC. */
#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK	0xa1

void native_devices_init(const struct ports *ports)
{
	/* They would raise vectors that belong to exceptions; the local APIC is all we use. */
	ports->write(PIC_MASTER_MASK, 0xff);
	ports->write(PIC_SLAVE_MASK, 0xff);
	native_uart_init(ports);
}
