/* SPDX-License-Identifier: MIT */
/* The timer's ticks, and bounded ways to wait. */
#include "kernel.h"

volatile unsigned long timer_ticks, timer_ticks_of[CPUS];

static void (*on_tick)(void);

static void tick(void)
{
	if (pv_cpu_this()) {
		__atomic_add_fetch(&timer_ticks_of[pv_cpu_this()], 1, __ATOMIC_RELAXED);
		return;
	}
	timer_ticks++;
	if (on_tick)
		on_tick();
}

void timer_on_tick(void (*function)(void))
{
	on_tick = function;
}

static void timer_trap(struct trap_frame *frame)
{
	(void)frame;
	pv_timer_interrupt();
}

void timer_init(void)
{
	traps_handle(PV_VECTOR_TIMER, timer_trap);
	timer_start();
}

void timer_start(void)
{
	pv_timer_start(tick);
}

bool timer_wait(unsigned long ticks, uint64_t limit_ns)
{
	uint64_t end = pv_clock_read() + limit_ns;

	while (timer_ticks < ticks)
		if (pv_clock_read() >= end)
			return false;
		else
			asm volatile("pause");
	return true;
}

void timer_spin(uint64_t ns)
{
	timer_wait(~0ul, ns);
}
