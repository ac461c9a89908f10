/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"

#define NS_PER_S 1000000000ull

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

PV_IMPLEMENTS(sched_clock, 1);
uint64_t xen_pv_sched_clock(void)
{
	return xen_clock_read();
}

/* Xen marks the time of entry while it writes, and changes it whenever it has written. */
uint64_t xen_steal_read(unsigned int cpu)
{
	const volatile struct xen_vcpu_runstate_info *info = percpu_of(xen_runstate, cpu);
	uint64_t entry, stolen;

	do {
		entry = info->state_entry_time;
		asm volatile("lfence" : : : "memory");
		stolen = info->time[XEN_RUNSTATE_runnable] + info->time[XEN_RUNSTATE_offline];
		asm volatile("lfence" : : : "memory");
	} while ((entry & XEN_RUNSTATE_UPDATE) || entry != info->state_entry_time);
	return stolen;
}

PV_IMPLEMENTS(steal_clock, 1);
uint64_t xen_pv_steal_clock(unsigned int cpu)
{
	return xen_steal_read(cpu);
}

/* What Xen tells is the time of day at system time 0. */
void xen_wallclock_read(struct pv_moment *now)
{
	const volatile struct xen_shared_info *info = &xen_shared.info;
	uint64_t seconds, ns;
	uint32_t version;

	do {
		version = info->wc_version;
		asm volatile("lfence" : : : "memory");
		seconds = (uint64_t)info->wc_sec_hi << 32 | info->wc_sec;
		ns = info->wc_nsec;
		asm volatile("lfence" : : : "memory");
	} while ((version & 1) || version != info->wc_version);
	ns += xen_clock_read();
	now->seconds = seconds + ns / NS_PER_S;
	now->nanoseconds = ns % NS_PER_S;
}

void xen_timer_start(pv_tick_t *tick)
{
	timer_tick = tick;
	xen_checked("xen: stop_periodic_timer", xen_vcpu_op_stop_periodic_timer(pv_cpu_this()));
	xen_bind_virq(XEN_VIRQ_TIMER, tick);
}

void xen_timer_program(uint64_t delta)
{
	const struct xen_vcpu_set_singleshot_timer timer = {
		.timeout_abs_ns = xen_clock_read() + delta,
	};

	/* No queued call has to do with it, so none is flushed. */
	xen_checked("xen: set_singleshot_timer",
		    xen_vcpu_op_set_singleshot_timer(pv_cpu_this(), &timer));
}

/* For a kernel that routes the timer through its IDT although Xen never raises that vector. */
void xen_timer_interrupt(void)
{
	timer_tick();
}
