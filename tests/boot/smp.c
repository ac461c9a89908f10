/* SPDX-License-Identifier: MIT */
/* The other CPUs of the guest: how they begin, and how work gets to them. */
#include "kernel.h"
#include "percpu.h"
#include "pv_host.h"

#define LIMIT (3000 * NS_PER_MS)

typedef void job_t(unsigned int cpu);

volatile unsigned long smp_calls[CPUS];

static job_t *volatile jobs[CPUS];
__attribute__((aligned(16))) static uint8_t stacks[CPUS][STACK_SIZE];

/* ARCH/head.S */
extern const char real_mode_begin[], real_mode_end[], ap_begin[];
extern unsigned long ap_cr3, ap_stack, ap_entry;

unsigned long pv_host_real_mode(unsigned long entry, unsigned long stack)
{
	ap_cr3 = pv_read_cr3();
	ap_stack = stack;
	ap_entry = entry;
	memcpy(pv_host_va(REAL_MODE_PAGE), real_mode_begin, real_mode_end - real_mode_begin);
	return REAL_MODE_PAGE;
}

static void handle_ipi(unsigned int kind)
{
	if (kind == PV_IPI_CALL)
		smp_calls[pv_cpu_this()]++;
}

static void ipi_trap(struct trap_frame *frame)
{
	pv_ipi_interrupt(frame->vector - PV_VECTOR_IPI);
}

static void work(unsigned int cpu)
{
	job_t *job = __atomic_load_n(&jobs[cpu], __ATOMIC_ACQUIRE);

	if (!job) {
		asm volatile("pause");
		return;
	}
	job(cpu);
	__atomic_store_n(&jobs[cpu], NULL, __ATOMIC_RELEASE);
}

/* Called by ap_begin. */
_Noreturn void ap_main(unsigned int cpu)
{
	tables_percpu(cpu);
	traps_load();
	pv_ipi_start(handle_ipi);
	timer_start();
	pv_cpu_online();
	pv_irq_enable();
	for (;;)
		work(cpu);
}

bool smp_wait(const volatile unsigned long *word, unsigned long value)
{
	uint64_t end = pv_clock_read() + LIMIT;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
		if (pv_clock_read() >= end)
			return false;
		asm volatile("pause");
	}
	return true;
}

/* One after the other: they use the same page, and some tables are shared. */
static void start(unsigned int cpu)
{
	unsigned long *stack = (unsigned long *)(stacks[cpu] + STACK_SIZE) - 2;
	uint64_t end = pv_clock_read() + LIMIT;

	*stack = cpu;
	if (!pv_cpu_start(cpu, (unsigned long)ap_begin, (unsigned long)stack))
		return;
	while (!(pv_cpus_online() >> cpu & 1) && pv_clock_read() < end)
		asm volatile("pause");
}

void smp_init(void)
{
	unsigned int cpu, kind, count = pv_cpu_count();

	for (kind = 0; kind < PV_NR_IPIS; kind++)
		traps_handle(PV_VECTOR_IPI + kind, ipi_trap);
	pv_ipi_start(handle_ipi);
	for (cpu = 1; cpu < count && cpu < CPUS; cpu++)
		start(cpu);
	print("PV cpus found=%u up=%u\n", (unsigned long)count,
	      (unsigned long)smp_number(pv_cpus_online()));
}

void smp_begin(uint64_t cpus, job_t *function)
{
	unsigned int cpu;

	for (cpu = 1; cpu < CPUS; cpu++)
		if (cpus >> cpu & 1)
			__atomic_store_n(&jobs[cpu], function, __ATOMIC_RELEASE);
}

/* One that does not come back is not waited for again: tests are to fail soon. */
bool smp_end(void)
{
	static bool lost;
	unsigned int cpu;

	for (cpu = 1; cpu < CPUS && !lost; cpu++)
		lost = !smp_wait((const volatile unsigned long *)&jobs[cpu], 0);
	return !lost;
}

bool smp_run(uint64_t cpus, job_t *function)
{
	smp_begin(cpus, function);
	if (cpus & 1)
		function(0);
	return smp_end();
}
