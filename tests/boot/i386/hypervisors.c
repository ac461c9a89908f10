/* SPDX-License-Identifier: MIT */
/* Of hypervisors this architecture has none yet. */
#include "kernel.h"
#include "native.h"
#include "../../../backends/native/port.h"

const char *early_read_start_info(struct machine *machine, const void *start_info)
{
	(void)machine, (void)start_info;
	return "";
}

struct voice find_voice(const struct pv_boot *boot)
{
	(void)boot;
	native_serial_init();
	return (struct voice){native_serial_write, native_stop};
}
