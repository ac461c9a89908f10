/* SPDX-License-Identifier: MIT */
/* Time-stamp counter and local APIC timer; the PIT is what both are measured with. */
#include "native.h"
#include "port.h"
#include "pv_host.h"

#define NS_PER_S 1000000000ull

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

/* Local APIC: SDM vol. 3, table 11-1 and figures 11-8, 11-10. */
#define APIC_BASE	     0xfee00000ul
#define APIC_EOI	     0xb0
#define APIC_SPURIOUS	     0xf0
#define APIC_SPURIOUS_ENABLE 0x1ff
#define APIC_LVT_TIMER	     0x320
#define APIC_TIMER_START     0x380
#define APIC_TIMER_NOW	     0x390
#define APIC_TIMER_DIVIDE    0x3e0
#define APIC_DIVIDE_BY_16    0x3
#define APIC_LVT_MASKED	     0x10000

/* Multiply by mult, shift right by 32: nanoseconds from cycles without a division. */
static uint64_t tsc_mult;
static uint64_t tsc_hz;
static uint64_t tsc_start;
/* The same for the timer's counts from nanoseconds. */
static uint64_t apic_mult;
static volatile uint8_t *apic;
static pv_tick_t *timer_tick;

/* The fence keeps earlier loads earlier, so that time cannot seem to step back. */
static uint64_t read_tsc(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

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
	begin = read_tsc();
	if (!pit_wait())
		return FALLBACK_HZ;
	return (read_tsc() - begin) * PIT_HZ / CALIBRATION_COUNT;
}

void native_clock_init(void)
{
	tsc_start = read_tsc();
	tsc_hz = measure_tsc();
	tsc_mult = (NS_PER_S << 32) / tsc_hz;
}

uint64_t native_tsc_read(void)
{
	return (unsigned __int128)(read_tsc() - tsc_start) * tsc_mult >> 32;
}

static void apic_write(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(apic + offset) = value;
}

static uint32_t apic_read(unsigned int offset)
{
	return *(volatile uint32_t *)(apic + offset);
}

/* Let it run down from the top for a hundredth of a second. */
static uint64_t measure_apic(void)
{
	uint64_t end;

	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_TIMER_START, UINT32_MAX);
	end = read_tsc() + tsc_hz / 100;
	while (read_tsc() < end)
		;
	return (uint64_t)(UINT32_MAX - apic_read(APIC_TIMER_NOW)) * 100;
}

void native_apic_start(pv_tick_t *tick)
{
	timer_tick = tick;
	apic = pv_host_map_io(APIC_BASE);
	apic_write(APIC_SPURIOUS, APIC_SPURIOUS_ENABLE);
	apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	apic_mult = (measure_apic() << 32) / NS_PER_S;
	apic_write(APIC_TIMER_START, 0);
	apic_write(APIC_LVT_TIMER, PV_VECTOR_TIMER);
}

/* A count of 0 would stop the timer; a longer time than it can count must not wrap. */
void native_apic_program(uint64_t delta)
{
	unsigned __int128 count = (unsigned __int128)delta * apic_mult >> 32;

	if (count > UINT32_MAX)
		count = UINT32_MAX;
	apic_write(APIC_TIMER_START, count ? count : 1);
}

void native_apic_interrupt(void)
{
	apic_write(APIC_EOI, 0);
	timer_tick();
}
