/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"

/* No report on failure: it would end up here. */
void xen_console_write(const char *text, unsigned long length)
{
	xen_console_io_write(length, text);
}

void xen_stop(unsigned int reason)
{
	static const unsigned int reasons[] = {
		[PV_SHUTDOWN_POWEROFF] = XEN_SHUTDOWN_poweroff,
		[PV_SHUTDOWN_REBOOT] = XEN_SHUTDOWN_reboot,
		[PV_SHUTDOWN_CRASH] = XEN_SHUTDOWN_crash,
	};
	const struct xen_sched_shutdown shutdown = {
		.reason = reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason]
									: XEN_SHUTDOWN_crash,
	};

	for (;;)
		xen_sched_op_shutdown(&shutdown);
}
