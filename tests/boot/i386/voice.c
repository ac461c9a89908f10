/* SPDX-License-Identifier: MIT */
/* How to speak where the machine's backend is not in the image. */
#include "kernel.h"
#include "native.h"
#include "../../../backends/native/port.h"

struct voice find_voice(const struct pv_boot *boot)
{
	(void)boot;
	native_serial_init();
	return (struct voice){native_serial_write, native_stop};
}
