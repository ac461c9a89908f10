/* SPDX-License-Identifier: MIT */
/* The interrupt flag, the timer that it holds back, and sleeping. */
#include "kernel.h"

#define FLAGS_IF   0x200ul
#define SOON	   NS_PER_MS
#define WELL_AFTER (5 * NS_PER_MS)
#define LIMIT	   (2000 * NS_PER_MS)

static unsigned long flag(void)
{
	POISON_RESULT();
	return pv_save_fl() & FLAGS_IF;
}

static void test_flag(void)
{
	pv_irq_enable();
	check_equal("irq.save_fl.enabled", flag(), FLAGS_IF);
	pv_irq_disable();
	check_equal("irq.save_fl.disabled", flag(), 0);
	pv_restore_fl(FLAGS_IF | 2);
	check_equal("irq.restore_fl.enables", flag(), FLAGS_IF);
	pv_restore_fl(2);
	check_equal("irq.restore_fl.disables", flag(), 0);
}

static void test_arrives(void)
{
	unsigned long before = timer_ticks;

	pv_irq_enable();
	pv_timer_program(SOON);
	check("irq.irq_enable.interrupt_arrives", timer_wait(before + 1, LIMIT));
	pv_irq_disable();
}

struct held {
	/* Ticks that came although interrupts were disabled, and those that came right after. */
	unsigned long early, at_once;
};

static struct held hold_back(uint64_t hold_ns, void (*enable)(void))
{
	unsigned long before = timer_ticks;
	struct held held;

	pv_irq_disable();
	pv_timer_program(SOON);
	timer_spin(hold_ns);
	held.early = timer_ticks - before;
	enable();
	asm volatile("nop; nop; nop; nop" : : : "memory");
	held.at_once = timer_ticks - before - held.early;
	pv_irq_disable();
	return held;
}

/*
 * Nothing but the op itself may deliver: no hypercall, no wait in between.  On a
 * busy machine the timer itself may be late, so each try holds back for longer.
 */
static void test_delivery(const char *held_back, const char *delivered, void (*enable)(void))
{
	struct held held;
	uint64_t hold = WELL_AFTER;

	do {
		held = hold_back(hold, enable);
		hold *= 8;
	} while (!held.early && !held.at_once && hold < LIMIT);
	check_equal(held_back, held.early, 0);
	check_equal(delivered, held.at_once, 1);
}

static void enable(void)
{
	pv_irq_enable();
}

static void restore(void)
{
	pv_restore_fl(FLAGS_IF | 2);
}

/* Without interrupts a sleep is for ever, which would be a hang and not a result. */
static bool may_sleep(const char *test)
{
	if (flag())
		return true;
	check(test, false);
	return false;
}

static void again(void)
{
	pv_timer_program(SOON);
}

/* The tick could come before the sleep begins, so each one asks for another. */
static void test_halt(void)
{
	unsigned long before;

	pv_irq_enable();
	if (!may_sleep("irq.halt.interrupts_enabled"))
		return;
	timer_on_tick(again);
	pv_timer_program(4 * SOON);
	before = timer_ticks;
	pv_halt();
	check("irq.halt.sleeps_until_interrupt", timer_ticks > before);
	timer_on_tick(NULL);
	pv_irq_disable();
	timer_spin(WELL_AFTER);
	pv_irq_enable();
	pv_irq_disable();
}

static void test_safe_halt(void)
{
	unsigned long before = timer_ticks;

	pv_irq_disable();
	pv_timer_program(WELL_AFTER);
	check_equal("irq.safe_halt.not_yet", timer_ticks, before);
	pv_safe_halt();
	check_equal("irq.safe_halt.wakes", timer_ticks, before + 1);
	check_equal("irq.safe_halt.leaves_enabled", flag(), FLAGS_IF);
	pv_irq_disable();
}

/* What is pending before the sleep begins must not be slept through. */
static void test_pending_halt(void)
{
	unsigned long before = timer_ticks;

	pv_irq_disable();
	pv_timer_program(SOON);
	timer_spin(WELL_AFTER);
	if (timer_ticks == before)
		pv_safe_halt();
	check_equal("irq.safe_halt.pending_wakes", timer_ticks, before + 1);
	check_equal("irq.safe_halt.pending_leaves_enabled", flag(), FLAGS_IF);
	pv_irq_disable();
}

void test_interrupts(void)
{
	test_flag();
	test_arrives();
	test_delivery("irq.irq_disable.holds_back", "irq.irq_enable.delivers_at_once", enable);
	test_delivery("irq.irq_disable.holds_back_again", "irq.restore_fl.delivers_at_once",
		      restore);
	test_safe_halt();
	test_pending_halt();
	test_halt();
}
