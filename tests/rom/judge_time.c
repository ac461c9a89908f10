/* SPDX-License-Identifier: MIT */
/* Counters, alarms, and the wall clock. */
#include "judge.h"

enum { REAL, AVAILABLE, STOLEN, COUNTERS };
enum { PERIODIC = 0x100, WIRED_LVTT = 0x10000 };

/* Where a call costs a millisecond, all is given ten times as much. */
static u32 slowness(void)
{
	return on_xen ? 10 : 1;
}

static u64 result(void)
{
	return (u64)after.out.edx << 32 | after.out.eax;
}

static u64 counter(u32 which)
{
	begin(CALL_GetCycleCounter);
	trial.in.eax = which;
	invoke();
	return result();
}

static u64 frequency(void)
{
	begin(CALL_GetCycleFrequency);
	invoke();
	return result();
}

static bool near(u64 value, u64 wanted, u64 tolerance)
{
	return value + tolerance >= wanted && value <= wanted + tolerance;
}

/* REAL's, measured by the machine's own clock. */
void judge_GetCycleFrequency(void)
{
	u64 said = frequency(), start, cycles, waited;

	if (answers[CALL_GetCycleCounter].kind != RELOC_CALL)
		return expect(false, "no counter to compare with");
	start = counter(REAL);
	waited = wait_us(40000 * slowness());
	cycles = counter(REAL) - start;
	expect(near(cycles * 1000000, said * waited, said * waited >> 6),
	       "the counter runs at another speed");
}

void judge_GetCycleCounter(void)
{
	static const u32 others[] = {COUNTERS, 0x100, 0x10000, 0xffffffff};

	for (u32 i = 0; i < 3; i++) {
		u64 first = counter(REAL), available = counter(AVAILABLE), stolen = counter(STOLEN);
		u64 second = counter(REAL);

		expect(second > first, "it stands still");
		expect(available + stolen >= first && available + stolen <= second,
		       "real is not available and stolen");
		wait_us(1000);
	}
	for (u32 i = 0; i < ARRAY_SIZE(others); i++)
		expect(counter(others[i]) == 0, "a counter that is not");
}

/* ---- alarms ---- */

/* Cycles of milliseconds. */
#define MS(n) ((u64)(hz / 1000) * (n)*slowness())
static u32 hz;

/* Xen's domains have no interrupt line 0. */
#define FIRST_LVTT 2
static const struct {
	u32 flags;
	const char *name;
} wires[] = {
	{REAL, "real, irq0"},
	{AVAILABLE, "available, irq0"},
	{REAL | WIRED_LVTT, "real, lvtt"},
	{AVAILABLE | WIRED_LVTT, "available, lvtt"},
};

static u32 wire_of(u32 flags)
{
	return flags & WIRED_LVTT ? VECTOR_ALARM : VECTOR_IRQ0;
}

static void set_alarm(u32 flags, u64 expiry, u64 period)
{
	begin(CALL_SetAlarm);
	trial.in.eax = flags;
	trial.in.edx = (u32)expiry;
	trial.in.ecx = HIGH(expiry);
	trial.words[0] = (u32)period;
	trial.words[1] = HIGH(period);
	trial.nr_words = 2;
	invoke();
}

static u32 cancel(u32 flags)
{
	begin(CALL_CancelAlarm);
	trial.in.eax = flags;
	invoke();
	return after.out.eax;
}

/* The kernel's own part: where the interrupt is heard; an old one is none. */
static void listen(u32 flags)
{
	if (flags & WIRED_LVTT)
		DO(APICWrite, apic_write, 0x320, VECTOR_ALARM);
	if (on_xen)
		return;
	pic_mask(flags & WIRED_LVTT ? 0xff : 0xfe);
	pit_quiet();
	native_window();
}

static void deafen(void)
{
	if (!on_xen) {
		pit_quiet();
		native_window();
		pic_mask(0xff);
	}
	DO(APICWrite, apic_write, 0x320, 0x10000 | VECTOR_ALARM);
	apic_write(0x380, 0);
}

static u64 now(u32 flags)
{
	return counter(flags & 0xff);
}

static u32 heard_ms(u32 vector, u32 ms)
{
	return heard(vector, ms * 1000 * slowness());
}

/* Interrupts until a millisecond before then; the call itself may have taken some of the time. */
static u32 heard_before(u32 flags, u64 expiry)
{
	u64 end = expiry - MS(1), start = now(flags);

	return start < end ? heard(wire_of(flags), (u32)(end - start) / (hz / 1000000)) : 0;
}

static void once(u32 flags)
{
	u32 vector = wire_of(flags);
	u64 expiry = now(flags) + MS(6);

	set_alarm(flags, expiry, 0);
	expect(heard_before(flags, expiry) == 0, "it came early");
	expect(heard_ms(vector, 2) == 1, "no alarm came");
	expect(heard_ms(vector, 20) == 0, "it came again");
	set_alarm(flags, now(flags) - 1, 0);
	expect(heard_ms(vector, 2) == 1, "what was due did not come");
}

static void many(u32 flags)
{
	u32 vector = wire_of(flags), seen;

	set_alarm(flags | PERIODIC, now(flags) + MS(5), MS(5));
	seen = heard_ms(vector, 27);
	expect(seen >= 4 && seen <= 6, "another number of alarms");
	set_alarm(flags, now(flags) + MS(30), 0);
	expect(heard_ms(vector, 20) == 0, "the old alarm came");
	expect(heard_ms(vector, 15) == 1, "the new alarm did not come");
}

/* What came while nobody listened is one alarm, and the next comes when it is due. */
static void missed(u32 flags)
{
	u32 vector = wire_of(flags);

	set_alarm(flags | PERIODIC, now(flags) + MS(5), MS(5));
	wait_us(22000 * slowness());
	expect(heard_ms(vector, 1) == 1, "what was missed was not one");
	expect(heard_ms(vector, 10) == 2, "what was missed came later");
}

/* The high half of an expiry counts. */
static void distant(u32 flags)
{
	set_alarm(flags, now(flags) + (4ull << 32), 0);
	expect(heard_ms(wire_of(flags), 20) == 0, "a distant alarm came");
	set_alarm(flags, ~0ull, 0);
	expect(heard_ms(wire_of(flags), 5) == 0, "the most distant alarm came");
	set_alarm(flags, now(flags) + MS(5), 0);
	expect(heard_ms(wire_of(flags), 8) == 1, "no alarm came");
}

/*
 * The first is due when it is said, and the others a period apart.  Linux asked for a first that is
 * a period away, and timers that nobody serves can do no more.
 */
static bool in_phase(u32 flags)
{
	u32 vector = wire_of(flags), early, first;

	set_alarm(flags | PERIODIC, now(flags) + MS(9), MS(4));
	early = heard_ms(vector, 7);
	first = heard_ms(vector, 4);
	expect(heard_ms(vector, 10) >= 2, "no more alarms came");
	return early == 0 && first == 1;
}

/* One of each counter by two wires, */
static void both_wires(void)
{
	u32 alarms = interrupts[VECTOR_ALARM];

	listen(AVAILABLE | WIRED_LVTT);
	listen(REAL);
	set_alarm(REAL, now(REAL) + MS(4), 0);
	set_alarm(AVAILABLE | WIRED_LVTT, now(AVAILABLE) + MS(8), 0);
	expect(heard_ms(VECTOR_IRQ0, 12) == 1, "the first of two did not come");
	expect(interrupts[VECTOR_ALARM] == alarms + 1, "the second of two did not come");
	deafen();
}

/* A counter has one alarm: by another wire it replaces the first, */
static void by_another_wire(u32 old)
{
	u32 new = old ^ WIRED_LVTT;

	listen(REAL | WIRED_LVTT);
	listen(REAL);
	set_alarm(old, now(old) + MS(4), 0);
	set_alarm(new, now(new) + MS(8), 0);
	expect(heard_ms(wire_of(old), 6) == 0, "the old alarm came by its wire");
	expect(heard_ms(wire_of(new), 6) == 1, "the new alarm did not come by its wire");
	deafen();
}

/* and of two by one, where a timer alone cannot do it. */
static void both_by(u32 wire)
{
	listen(wire);
	set_alarm(REAL | wire, now(REAL) + MS(4), 0);
	set_alarm(AVAILABLE | wire, now(AVAILABLE) + MS(8), 0);
	if (heard_ms(wire_of(wire), 12) != 2)
		note("one-alarm-a-wire");
	deafen();
}

static void set_all(u32 flags)
{
	listen(flags);
	once(flags);
	many(flags);
	missed(flags);
	distant(flags);
	if (!in_phase(flags))
		note(flags & WIRED_LVTT ? "lvtt-without-phase" : "irq0-without-phase");
	deafen();
}

void judge_SetAlarm(void)
{
	if (answers[CALL_GetCycleFrequency].kind != RELOC_CALL ||
	    answers[CALL_GetCycleCounter].kind != RELOC_CALL)
		return expect(false, "no counter to compare with");
	hz = (u32)frequency();
	for (u32 i = on_xen ? FIRST_LVTT : 0; i < ARRAY_SIZE(wires); i++) {
		about(wires[i].name);
		set_all(wires[i].flags);
	}
	about("two at once");
	if (!on_xen) {
		by_another_wire(REAL);
		by_another_wire(REAL | WIRED_LVTT);
		both_wires();
		both_by(0);
	}
	both_by(WIRED_LVTT);
}

/* Each counter has its own. */
static void cancel_other(u32 flags)
{
	u32 other = flags ^ REAL ^ AVAILABLE;

	set_alarm(flags, now(flags) + MS(5), 0);
	expect(cancel(other) == 0, "another counter had its alarm");
	expect(heard_ms(wire_of(flags), 8) == 1, "another counter's alarm was cancelled");
}

/* Whichever wire it has. */
static void cancel_by_counter(u32 flags)
{
	listen(flags);
	set_alarm(flags, now(flags) + MS(5), 0);
	expect(cancel(flags ^ WIRED_LVTT) == 1, "a counter's alarm was not known");
	expect(heard_ms(wire_of(flags), 12) == 0, "a counter's alarm came none the less");
	deafen();
}

/* The timer is the kernel's as long as there is no alarm of the ROM's. */
static void leave_alone(void)
{
	listen(REAL);
	pit_again(6000);
	expect(cancel(REAL) + cancel(AVAILABLE) == 0, "there was none to cancel by then");
	expect(heard_ms(VECTOR_IRQ0, 12) >= 1, "the kernel's own timer was stopped");
	deafen();
}

static void cancel_one(u32 flags)
{
	u32 vector = wire_of(flags);

	listen(flags);
	cancel_other(flags);
	set_alarm(flags, now(flags) + MS(5), 0);
	expect(cancel(flags) == 1, "an alarm was not known");
	expect(heard_ms(vector, 12) == 0, "it came none the less");
	expect(cancel(flags) == 0, "there was none to cancel");
	set_alarm(flags | PERIODIC, now(flags) + MS(5), MS(5));
	expect(heard_ms(vector, 12) >= 1, "no alarm came");
	expect(cancel(flags | PERIODIC) == 1, "an alarm was not known");
	expect(heard_ms(vector, 12) == 0, "it came none the less");
	set_alarm(flags, now(flags) + MS(5), 0);
	expect(heard_ms(vector, 8) == 1, "no alarm came");
	expect(cancel(flags) == 0, "what had come was still to come");
	deafen();
}

void judge_CancelAlarm(void)
{
	if (answers[CALL_SetAlarm].kind != RELOC_CALL)
		return expect(false, "nothing to cancel");
	hz = (u32)frequency();
	for (u32 i = on_xen ? FIRST_LVTT : 0; i < ARRAY_SIZE(wires); i++) {
		about(wires[i].name);
		cancel_one(wires[i].flags);
		cancel_by_counter(wires[i].flags);
	}
	about("none at all");
	if (!on_xen)
		leave_alone();
}

/* ---- the wall clock ---- */

#define SECOND 1000000000ull

static u64 wallclock(void)
{
	begin(CALL_GetWallclockTime);
	invoke();
	return result();
}

void judge_GetWallclockTime(void)
{
	u64 first = wallclock(), second;

	expect(near(first, rtc_seconds() * SECOND, 2 * SECOND), "not the machine's time");
	wait_us(1500000);
	second = wallclock();
	expect(second > first, "it stands still");
	expect(near(second, rtc_seconds() * SECOND, 2 * SECOND), "not the machine's time");
}

void judge_WallclockUpdated(void)
{
	begin(CALL_WallclockUpdated);
	invoke();
	expect(after.out.eax <= 1, "neither yes nor no");
	begin(CALL_WallclockUpdated);
	invoke();
	expect(after.out.eax == 0, "the answer was not cleared");
}
