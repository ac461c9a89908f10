/* SPDX-License-Identifier: MIT */
/*
 * Alarms: interrupt line 0 is channel 0 of the 8254 (by its data sheet), LVTT the timer of the
 * local APIC (SDM vol. 3, section 11.5.4), whose vector the kernel has put there.  Each has one
 * alarm, which is this or that counter's: both count the same cycles.  A processor's counter has
 * one alarm too, by either wire, and a timer without an alarm of ours is left alone.
 *
 * Modes of the 8254 are such that its output is high while nothing is to come, since the rise of
 * the output is the interrupt: 4 strobes low once, 2 again and again, and 5 waits for a gate that
 * is always open to be opened.
 */
#include "vmi_native.h"
#include "apic.h"
#include "port.h"
#include "scale.h"
#include "state.h"

#define PIT_CHANNEL0   0x40
#define PIT_COMMAND    0x43
#define PIT_ONCE       0x38
#define PIT_PERIODIC   0x34
#define PIT_NEVER      0x3a
#define PIT_LONGEST    0x10000u
#define PIT_SHORTEST   2u
#define SYSTEM_CONTROL 0x61

#define APIC_DIVIDE_BY_16 0x3
#define APIC_LVT_MASKED	  0x10000u
#define APIC_LVT_MODE	  0x60000u
#define APIC_LVT_PERIODIC 0x20000u

/* When the first interrupt is due and cycles from one to the next; 0: there is one alone. */
struct alarm {
	uint64_t expiry, period;
	uint8_t counter;
};

/*
 * Cycles until the first interrupt.  What is due already comes at once, or with the next that is
 * not, if there is one.
 */
static uint64_t wait_of(const struct alarm *alarm)
{
	uint64_t now = rom_cycles(), late = now - alarm->expiry;

	if (alarm->expiry > now)
		return alarm->expiry - now;
	if (!alarm->period)
		return 0;
	return alarm->period - (late - divide(late, alarm->period) * alarm->period);
}

/* Counts that a timer needs for so many cycles, rather more than less, as it may not come early. */
static uint32_t counts(uint64_t cycles, uint64_t mult, uint32_t least, uint32_t most)
{
	uint64_t count = scale(cycles, mult) + 1;

	if (count < least)
		return least;
	return count < most ? count : most;
}

/* The number of its local APIC, which need not be mapped for that: SDM vol. 2, CPUID, leaf 1. */
static uint8_t this_processor(void)
{
	uint32_t leaf = 1, numbers;

	asm volatile("cpuid" : "+a"(leaf), "=b"(numbers) : : "ecx", "edx");
	return numbers >> 24;
}

/* ---- interrupt line 0 ---- */

static void pit_load(uint32_t count)
{
	port_write(PIT_CHANNEL0, count & 0xff);
	port_write(PIT_CHANNEL0, count >> 8 & 0xff);
}

/* A count is taken over by the next tick of the timer's clock, a microsecond later at most. */
static void pit_taken_over(void)
{
	port_read(SYSTEM_CONTROL);
	port_read(SYSTEM_CONTROL);
}

static uint32_t pit_counts(uint64_t cycles)
{
	return counts(cycles, rom_state()->pit_mult, PIT_SHORTEST, PIT_LONGEST);
}

/* In mode 2 the second count is used when the first is over. */
static void pit_set(const struct alarm *alarm)
{
	struct state *state = rom_state();

	port_write(PIT_COMMAND, alarm->period ? PIT_PERIODIC : PIT_ONCE);
	pit_load(pit_counts(wait_of(alarm)));
	if (alarm->period) {
		pit_taken_over();
		pit_load(pit_counts(alarm->period));
	}
	state->armed = true;
	state->periodic = alarm->period != 0;
	state->processor = this_processor();
	state->counter = alarm->counter;
	state->end = alarm->expiry;
}

/*
 * In mode 5 a count is never begun.  An emulation that counts in each mode makes an interrupt of
 * it, and so it is as long as can be.
 */
static bool pit_cancel(uint8_t counter)
{
	struct state *state = rom_state();
	bool armed = state->armed && (state->periodic || rom_cycles() < state->end);

	if (!armed || state->counter != counter || state->processor != this_processor())
		return false;
	state->armed = false;
	port_write(PIT_COMMAND, PIT_NEVER);
	pit_load(PIT_LONGEST);
	return true;
}

/* ---- the local APIC's timer ---- */

static uint32_t lapic_read(uint32_t apic, unsigned int offset)
{
	return *(volatile uint32_t *)(apic + offset);
}

static void lapic_write(uint32_t apic, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(apic + offset) = value;
}

/* Let it run down from the top for a 256th of a second; all processors' have the same speed. */
static void lapic_measure(uint32_t apic)
{
	uint64_t begin = rom_cycles(), cycles = rom_post.tsc_hz >> 8;

	lapic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED);
	lapic_write(apic, APIC_TIMER_START, UINT32_MAX);
	while (rom_cycles() - begin < cycles)
		;
	cycles = UINT32_MAX - lapic_read(apic, APIC_TIMER_NOW);
	rom_state()->apic_mult = divide(cycles << 32, rom_cycles() - begin);
}

static uint8_t *lapic_alarm(void)
{
	return &rom_state()->apic_alarm[this_processor()];
}

/* The kernel's vector and whether it is masked stay. */
static void lapic_set(uint32_t apic, const struct alarm *alarm)
{
	uint32_t timer = lapic_read(apic, APIC_LVT_TIMER) & ~APIC_LVT_MODE;
	uint64_t cycles;

	*lapic_alarm() = alarm->counter + 1;
	lapic_write(apic, APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_16);
	if (!rom_state()->apic_mult)
		lapic_measure(apic);
	lapic_write(apic, APIC_TIMER_START, 0);
	lapic_write(apic, APIC_LVT_TIMER, timer | (alarm->period ? APIC_LVT_PERIODIC : 0));
	cycles = alarm->period ? alarm->period : wait_of(alarm);
	lapic_write(apic, APIC_TIMER_START, counts(cycles, rom_state()->apic_mult, 1, UINT32_MAX));
}

/* A periodic one may be between two periods. */
static bool lapic_cancel(uint8_t counter)
{
	uint8_t *alarm = lapic_alarm();
	uint32_t apic;
	bool periodic, armed;

	if (*alarm != counter + 1)
		return false;
	*alarm = 0;
	apic = rom_find_apic();
	if (!apic)
		return false;
	periodic = lapic_read(apic, APIC_LVT_TIMER) & APIC_LVT_PERIODIC;
	armed = lapic_read(apic, periodic ? APIC_TIMER_START : APIC_TIMER_NOW);
	lapic_write(apic, APIC_TIMER_START, 0);
	return armed;
}

/* ---- the calls ---- */

/* Interrupts off, and no other processor is between two writes to the 8254; for end(). */
static uint32_t begin(void)
{
	uint32_t interrupts = rom_irq_save();

	while (__atomic_exchange_n(&rom_state()->lock, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	return interrupts;
}

static void end(uint32_t interrupts)
{
	__atomic_store_n(&rom_state()->lock, 0, __ATOMIC_RELEASE);
	rom_irq_restore(interrupts);
}

/* On its wire the new one replaces the old. */
static void set(vmi_alarm_flags flags, const struct alarm *alarm)
{
	uint32_t apic;

	if (!(flags & VMI_ALARM_FLAGS_WIRED_LVTT_MASK)) {
		lapic_cancel(alarm->counter);
		pit_set(alarm);
		return;
	}
	pit_cancel(alarm->counter);
	apic = rom_find_apic();
	if (apic)
		lapic_set(apic, alarm);
}

static uint8_t counter_of(vmi_alarm_flags flags)
{
	return flags & VMI_ALARM_FLAGS_COUNTER_MASK;
}

/* Of the third counter, which stands still, there is no alarm. */
void vmi_native_set_alarm(vmi_alarm_flags flags, uint64_t expiry, uint64_t period)
{
	struct alarm alarm = {expiry, flags & VMI_ALARM_FLAGS_PERIODIC_MASK ? period : 0,
			      counter_of(flags)};
	uint32_t interrupts;

	if (alarm.counter > VMI_CYCLES_AVAILABLE)
		return;
	interrupts = begin();
	set(flags, &alarm);
	end(interrupts);
}

/* It is the counter that tells which one, not the wire. */
uint32_t vmi_native_cancel_alarm(vmi_alarm_flags flags)
{
	uint8_t counter = counter_of(flags);
	uint32_t interrupts = begin();
	bool armed = pit_cancel(counter) || lapic_cancel(counter);

	end(interrupts);
	return armed;
}
