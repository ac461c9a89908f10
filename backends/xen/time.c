/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"

static pv_tick_t *timer_tick;

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t scale(uint64_t cycles, int8_t shift, uint32_t mult)
{
	cycles = shift < 0 ? cycles >> -shift : cycles << shift;
	return (unsigned __int128)cycles * mult >> 32;
}

/* Xen makes the version odd while it writes; both reads must give the same even number. */
uint64_t xen_clock_read(void)
{
	uint32_t version;
	uint64_t now;

	do {
		version = percpu_read(xen_vcpu_info.time.version);
		now = scale(read_tsc() - percpu_read(xen_vcpu_info.time.tsc_timestamp),
			    percpu_read(xen_vcpu_info.time.tsc_shift),
			    percpu_read(xen_vcpu_info.time.tsc_to_system_mul));
		now += percpu_read(xen_vcpu_info.time.system_time);
	} while ((version & 1) || version != percpu_read(xen_vcpu_info.time.version));
	return now;
}

void xen_timer_start(pv_tick_t *tick)
{
	timer_tick = tick;
	xen_checked("xen: stop_periodic_timer", xen_vcpu_op_stop_periodic_timer(CPU0));
	xen_bind_virq(XEN_VIRQ_TIMER, tick);
}

void xen_timer_program(uint64_t delta)
{
	const struct xen_vcpu_set_singleshot_timer timer = {
		.timeout_abs_ns = xen_clock_read() + delta,
	};

	/* No queued call has to do with it, so none is flushed. */
	xen_checked("xen: set_singleshot_timer", xen_vcpu_op_set_singleshot_timer(CPU0, &timer));
}

/* For a kernel that routes the timer through its IDT although Xen never raises that vector. */
void xen_timer_interrupt(void)
{
	timer_tick();
}
