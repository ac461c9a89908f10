/* SPDX-License-Identifier: MIT */
/* Time-stamp counter and local APIC timer; the PIT is what both are measured with. */
#include "native.h"
#include "apic.h"
#include "port.h"
#include "pv_runtime.h"
#include "scale.h"

/* Intel 8254 timer: channel 2 can be started by software and watched through port 61. */
#define PIT_HZ		       1193182u
#define PIT_CHANNEL2	       0x42
#define PIT_COMMAND	       0x43
#define PIT_CHANNEL2_ONESHOT   0xb0
#define SYSTEM_CONTROL	       0x61
#define SYSTEM_CONTROL_GATE    0x01
#define SYSTEM_CONTROL_SPEAKER 0x02
#define SYSTEM_CONTROL_OUT     0x20
#define CALIBRATION_COUNT      (PIT_HZ / 100)
/* Each look takes about a microsecond; a machine without a PIT must not hang here. */
#define CALIBRATION_LOOKS 10000000u
/* Assumed where there is nothing to measure with. */
#define FALLBACK_HZ NS_PER_S

#define APIC_DIVIDE_BY_16 0x3
#define APIC_LVT_MASKED	  0x10000

/* Multiply by mult, shift right by 32: nanoseconds from cycles without a division. */
static uint64_t tsc_mult;
static uint64_t tsc_hz;
static uint64_t tsc_start;
/* The same for the timer's counts from nanoseconds. */
static uint64_t apic_mult;
static pv_tick_t *timer_tick;

static void pit_start(unsigned int count)
{
	uint8_t control = port_read(SYSTEM_CONTROL) & ~SYSTEM_CONTROL_SPEAKER;

	port_write(SYSTEM_CONTROL, control | SYSTEM_CONTROL_GATE);
	port_write(PIT_COMMAND, PIT_CHANNEL2_ONESHOT);
	port_write(PIT_CHANNEL2, count & 0xff);
	port_write(PIT_CHANNEL2, count >> 8);
}

/* Time that is up at once is no PIT: ports that nobody answers read as all ones. */
static bool pit_wait(void)
{
	unsigned int looks = CALIBRATION_LOOKS;

	if (port_read(SYSTEM_CONTROL) & SYSTEM_CONTROL_OUT)
		return false;
	while (!(port_read(SYSTEM_CONTROL) & SYSTEM_CONTROL_OUT))
		if (!--looks)
			return false;
	return true;
}

static uint64_t measure_tsc(void)
{
	uint64_t begin;

	pit_start(CALIBRATION_COUNT);
	begin = native_read_tsc();
	if (!pit_wait())
		return FALLBACK_HZ;
	return divide((native_read_tsc() - begin) * PIT_HZ, CALIBRATION_COUNT);
}

void native_clock_init(void)
{
	tsc_start = native_read_tsc();
	tsc_hz = measure_tsc();
	tsc_mult = divide(NS_PER_S << 32, tsc_hz);
}

uint64_t native_tsc_read(void)
{
	return scale(native_read_tsc() - tsc_start, tsc_mult);
}

/* A backend with a clock of its own had no need to measure this one. */
static void need_clock(void)
{
	if (!tsc_mult)
		native_clock_init();
}

void native_delay(uint64_t ns)
{
	uint64_t end;

	need_clock();
	end = native_tsc_read() + ns;
	while (native_tsc_read() < end)
		asm volatile("pause");
}

/* Let it run down from the top for a hundredth of a second. */
static uint64_t measure_apic(void)
{
	uint64_t end;

	need_clock();
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_START, UINT32_MAX);
	end = native_read_tsc() + divide(tsc_hz, 100);
	while (native_read_tsc() < end)
		;
	return (uint64_t)(UINT32_MAX - apic_read(APIC_TIMER_NOW)) * 100;
}

/* The timers of all CPUs run at the same speed, so the first one is measured for all. */
void native_apic_start(pv_tick_t *tick)
{
	timer_tick = tick;
	native_apic_enable();
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	if (!apic_mult)
		apic_mult = divide(measure_apic() << 32, NS_PER_S);
	apic_write(APIC_TIMER_START, 0);
	apic_write(APIC_LVT_TIMER, PV_VECTOR_TIMER);
}

/* A count of 0 would stop the timer; a longer time than it can count must not wrap. */
void native_apic_program(uint64_t delta)
{
	uint64_t count = scale(delta, apic_mult);

	if (count > UINT32_MAX)
		count = UINT32_MAX;
	apic_write(APIC_TIMER_START, count ? count : 1);
}

PV_IMPLEMENTS(sched_clock, 1);
uint64_t native_sched_clock(void)
{
	return native_tsc_read();
}

void native_apic_interrupt(void)
{
	apic_write(APIC_EOI, 0);
	timer_tick();
}
