/* SPDX-License-Identifier: MIT */
/*
 * A process in place of a kernel for blobs.  Nothing of a blob is executed, so
 * its services only have addresses.
 */
#include "services.h"

bool services_privileged = true, services_machine = true;

bool pv_is_privileged(void)
{
	return services_privileged;
}

bool pv_is_machine(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)known, (void)boot;
	return services_machine;
}

#define SERVICE(name)                                                                              \
	void name(void);                                                                           \
	void name(void)                                                                            \
	{                                                                                          \
	}

SERVICE(pv_host_pa)
SERVICE(pv_host_va)
SERVICE(pv_host_map_io)
SERVICE(pv_host_fixmap)
SERVICE(pv_host_report)
SERVICE(pv_host_real_mode)
SERVICE(pv_host_ldt_selector)
SERVICE(pv_percpu_begin)
SERVICE(pv_percpu_end)
SERVICE(pv_percpu_copies)
SERVICE(pv_percpu_copies_end)
SERVICE(pv_cpu_number)
SERVICE(pv_cpu_base)
SERVICE(pv_cpu_this)
SERVICE(pv_cpus_online)
SERVICE(pv_cpuid_leaf)
