/* SPDX-License-Identifier: MIT */
/* Counters of nanoseconds, and the wall clock, out of the shared page. */
#include "vmi_xen.h"
#include "layer.h"
#include "scale.h"

#define NS_PER_S 1000000000ull

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("call *%2" : "=a"(low), "=d"(high) : "r"(piece(PIECE_RDTSC)) : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t since(const struct xen_time *time)
{
	uint64_t cycles = read_tsc() - time->tsc_timestamp;
	int shift = time->tsc_shift;

	return scale(shift < 0 ? cycles >> -shift : cycles << shift, time->tsc_to_system_mul);
}

/* Xen makes the version odd while it writes; both looks must find the same even number. */
static uint64_t system_time(const volatile struct xen_time *time)
{
	struct xen_time copy;
	uint64_t now;

	do {
		copy = *time;
		now = copy.system_time + since(&copy);
	} while ((copy.version & 1) || copy.version != time->version);
	return now;
}

uint64_t layer_now(void)
{
	return system_time(&shared_info()->vcpu_info[layer_vcpu()].time);
}

/*
 * What others had until `now`, which is set: this CPU has run without a break since before that
 * moment.  By a call, since Xen writes it to RAM alone, and the ROM's memory is none.
 */
static uint64_t stolen(uint64_t *now)
{
	struct xen_runstate_info info;

	do {
		*now = layer_now();
		info.state_entry_time = UINT64_MAX;
		hypercall(XEN_VCPU_OP, XEN_VCPU_GET_RUNSTATE_INFO, layer_vcpu(), (uintptr_t)&info);
	} while (info.state_entry_time > *now);
	return info.time[XEN_RUNSTATE_RUNNABLE] + info.time[XEN_RUNSTATE_OFFLINE];
}

uint64_t layer_available(void)
{
	uint64_t now, others = stolen(&now);

	return now - others;
}

uint64_t vmi_xen_cycle_frequency(void)
{
	return NS_PER_S;
}

uint64_t vmi_xen_cycle_counter(uint32_t counter)
{
	uint64_t now;

	switch (counter) {
	case VMI_CYCLES_REAL:
		return layer_now();
	case VMI_CYCLES_AVAILABLE:
		return layer_available();
	case VMI_CYCLES_STOLEN:
		return stolen(&now);
	default:
		return 0;
	}
}

/* What Xen tells is the time of day at system time 0. */
uint64_t vmi_xen_wallclock_time(void)
{
	const volatile struct xen_shared_info *info = shared_info();
	uint32_t version;
	uint64_t ns;

	do {
		version = info->wc_version;
		ns = ((uint64_t)info->wc_sec_hi << 32 | info->wc_sec) * NS_PER_S + info->wc_nsec;
	} while ((version & 1) || version != info->wc_version);
	return ns + layer_now();
}

uint32_t vmi_xen_wallclock_updated(void)
{
	uint32_t old = layer()->wc_version;

	layer()->wc_version = shared_info()->wc_version;
	return layer()->wc_version != old;
}
