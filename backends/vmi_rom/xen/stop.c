/* SPDX-License-Identifier: MIT */
/* The end, of the domain or of a CPU. */
#include "vmi_xen.h"
#include "layer.h"

static void __attribute__((noreturn)) shut_down(uint32_t reason)
{
	const struct xen_sched_shutdown shutdown = {.reason = reason};

	for (;;)
		hypercall(XEN_SCHED_OP, XEN_SCHED_SHUTDOWN, (uintptr_t)&shutdown, 0);
}

void vmi_xen_reboot(uint32_t how)
{
	(void)how;
	shut_down(XEN_SHUTDOWN_REBOOT);
}

/* "Stop this processor": with the first, all is over. */
void vmi_xen_shutdown(void)
{
	uint32_t cpu = layer_vcpu();

	while (cpu)
		hypercall(XEN_VCPU_OP, XEN_VCPU_DOWN, cpu, 0);
	shut_down(XEN_SHUTDOWN_POWEROFF);
}
