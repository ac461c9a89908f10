/* SPDX-License-Identifier: MIT */
/* The CPUs of the machine: their data, their start, interrupts between them. */
#include "atomic64.h"
#include "internal.h"
#include "pv_host.h"
#include "percpu.h"

PERCPU uint32_t pv_cpu_number;
PERCPU unsigned long pv_cpu_base;

/* Bit per CPU that has called pv_cpu_online(). */
static uint64_t online;
/* Bit per CPU that was told to run, whether or not it is online yet. */
static uint64_t started;
static const struct pv_smp *smp;
static const struct pv_ipi *ipi;
static pv_ipi_t *kernel_handler;

void pv_smp_install(const struct pv_backend *backend)
{
	smp = backend->nr_smp ? backend->smp : NULL;
	ipi = backend->nr_ipi ? backend->ipi : NULL;
	atomic64_store(&online, 1);
}

static unsigned long percpu_size(void)
{
	return pv_percpu_end - pv_percpu_begin;
}

bool pv_percpu_create(unsigned int cpu)
{
	unsigned long base = pv_percpu_base(cpu);
	uint8_t *copy = (uint8_t *)pv_percpu_begin + base;

	if (!cpu || copy + percpu_size() > pv_percpu_copies_end)
		return false;
	__builtin_memcpy(copy, pv_percpu_begin, percpu_size());
	*percpu_pointer(pv_cpu_number, base) = cpu;
	*percpu_pointer(pv_cpu_base, base) = base;
	return true;
}

unsigned int pv_cpu_count(void)
{
	return smp ? smp->count() : 1;
}

unsigned int pv_cpu_this(void)
{
	return percpu_read(pv_cpu_number);
}

uint64_t pv_cpus_online(void)
{
	return atomic64_load(&online);
}

bool pv_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack)
{
	uint64_t bit;

	if (!smp || cpu >= PV_CPUS_MAX)
		return false;
	bit = 1ull << cpu;
	/* Its data is in use, and must not be written over. */
	if ((atomic64_or(&started, bit) | pv_cpus_online()) & bit)
		return false;
	if (pv_percpu_create(cpu) && smp->start(cpu, entry, stack) >= 0)
		return true;
	atomic64_and(&started, ~bit);
	return false;
}

void pv_cpu_online(void)
{
	atomic64_or(&online, 1ull << pv_cpu_this());
}

static void dispatch(unsigned int kind)
{
	if (kind == PV_IPI_SYNC)
		pv_late_sync();
	else
		kernel_handler(kind);
}

void pv_ipi_start(pv_ipi_t *handler)
{
	kernel_handler = handler;
	if (ipi)
		ipi->start(dispatch);
}

void pv_ipi_send(unsigned int cpu, unsigned int kind)
{
	if (ipi)
		ipi->send(cpu, kind);
}

void pv_ipi_send_others(unsigned int kind)
{
	if (ipi)
		ipi->send_others(kind);
}

void pv_ipi_interrupt(unsigned int kind)
{
	if (ipi)
		ipi->interrupt(kind);
}
