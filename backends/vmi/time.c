/* SPDX-License-Identifier: MIT */
/* Cycles as the ROM counts them, and its alarm; without a frequency, bare hardware's. */
#include "vmi_internal.h"
#include "../native/apic.h"
#include "../native/port.h"
#include "atomic64.h"
#include "pv_host.h"
#include "pv_runtime.h"
#include "scale.h"

/* Nanoseconds from cycles and back, as scale() wants them; 0: the ROM has no time. */
static uint64_t to_ns, to_cycles;
static uint64_t started;
static pv_tick_t *timer_tick;
/* What each CPU saw stolen when it looked last: a CPU's count is for itself. */
static uint64_t stolen[PV_CPUS_MAX];

/* A frequency that scale() cannot work with is none. */
void vmi_clock_init(void)
{
	uint64_t hz = HAS(GetCycleFrequency) && HAS(GetCycleCounter) ? vmi_GetCycleFrequency() : 0;

	if (!hz || hz > UINT32_MAX) {
		native_clock_init();
		return;
	}
	to_ns = divide(NS_PER_S << 32, hz);
	to_cycles = divide(hz << 32, NS_PER_S);
	started = vmi_GetCycleCounter(VMI_CYCLES_REAL);
}

uint64_t vmi_guest_clock_read(void)
{
	if (!to_ns)
		return native_tsc_read();
	return scale(vmi_GetCycleCounter(VMI_CYCLES_REAL) - started, to_ns);
}

PV_IMPLEMENTS(sched_clock, 1);
uint64_t vmi_guest_sched_clock(void)
{
	if (!to_ns)
		return native_tsc_read();
	return scale(vmi_GetCycleCounter(VMI_CYCLES_AVAILABLE), to_ns);
}

uint64_t vmi_guest_steal_read(unsigned int cpu)
{
	if (cpu >= PV_CPUS_MAX)
		return 0;
	if (cpu == pv_cpu_this())
		atomic64_store(&stolen[cpu], scale(vmi_GetCycleCounter(VMI_CYCLES_STOLEN), to_ns));
	return atomic64_load(&stolen[cpu]);
}

PV_IMPLEMENTS(steal_clock, 1);
uint64_t vmi_guest_steal_clock(unsigned int cpu)
{
	return vmi_guest_steal_read(cpu);
}

/* ---- the timer ---- */

static void write_apic(unsigned int offset, uint32_t value)
{
	if (HAS(APICWrite))
		vmi_APICWrite((uintptr_t)native_apic + offset, value);
	else
		apic_write(offset, value);
}

void vmi_guest_timer_start(pv_tick_t *tick)
{
	timer_tick = tick;
	if (!to_ns) {
		native_apic_start(tick);
		return;
	}
	native_apic_map();
	write_apic(APIC_SPURIOUS, APIC_SPURIOUS_ENABLE);
	write_apic(APIC_LVT_TIMER, PV_VECTOR_TIMER);
}

void vmi_guest_timer_program(uint64_t delta)
{
	uint64_t now;

	if (!to_ns) {
		native_apic_program(delta);
		return;
	}
	now = vmi_GetCycleCounter(VMI_CYCLES_REAL);
	vmi_SetAlarm(VMI_CYCLES_REAL | VMI_ALARM_FLAGS_WIRED_LVTT_MASK,
		     now + scale(delta, to_cycles), 0);
}

void vmi_guest_timer_interrupt(void)
{
	write_apic(APIC_EOI, 0);
	timer_tick();
}

void vmi_guest_wallclock_read(struct pv_moment *now)
{
	uint64_t ns = vmi_GetWallclockTime(), seconds = divide(ns, NS_PER_S);

	*now = (struct pv_moment){seconds, ns - seconds * NS_PER_S};
}
