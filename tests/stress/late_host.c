/* SPDX-License-Identifier: MIT */
/*
 * What the late patcher needs of a kernel with several CPUs.  All threads count
 * as one CPU, so that it waits for nobody; when it asks who else there is, the
 * others have just been made to serialise.
 */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"
#include "percpu.h"

uint32_t pv_cpu_number;
unsigned long pv_cpu_base;

/* CPU 0 has the template itself, so there are no copies. */
uint8_t pv_percpu_begin[1], pv_percpu_end[1], pv_percpu_copies[1];

unsigned int pv_cpu_this(void)
{
	return 0;
}

uint64_t pv_cpus_online(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		pv_host_report("membarrier", -1);
	return 1;
}

void pv_ipi_send_others(unsigned int kind)
{
	pv_host_report("nobody to interrupt", kind);
}

uint8_t *pv_host_alias(const uint8_t *text)
{
	return (uint8_t *)text;
}

void pv_host_unalias(void)
{
}
