/* SPDX-License-Identifier: MIT */
/* Apart from the ops, which other backends inherit without this start. */
#include "native.h"
#include "port.h"

void native_init(const struct pv_boot *boot)
{
	(void)boot;
	native_devices_init(&native_ports);
	native_clock_init();
}
