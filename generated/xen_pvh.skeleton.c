/*
 * Backend xen_pvh, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "xen_pvh.h"

/**
 * time.sched_clock: Nanoseconds of the clock source, for differences on one CPU.
 */
PV_IMPLEMENTS(sched_clock, 1);
uint64_t xen_pv_sched_clock(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * time.steal_clock: Nanoseconds for which this CPU was ready to run and did not.
 */
PV_IMPLEMENTS(steal_clock, 1);
uint64_t xen_pv_steal_clock(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds since some time before the first read.
 */
uint64_t xen_clock_read(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready on this CPU; tick is what each interrupt on it calls.
 */
void xen_timer_start(pv_tick_t *tick)
{
	(void)tick;
	__builtin_trap(); /* not written yet */
}

/**
 * One interrupt on this CPU in `delta` nanoseconds; replaces an earlier one.
 */
void xen_timer_program(uint64_t delta)
{
	(void)delta;
	__builtin_trap(); /* not written yet */
}

/**
 * To be called by the kernel's handler of VECTOR_TIMER, if the backend's
 * interrupts come through the IDT: acknowledges, then calls tick.
 */
void xen_pvh_interrupt(void)
{
	__builtin_trap(); /* not written yet */
}

void xen_console_write(const char *text, unsigned long length)
{
	(void)text;
	(void)length;
	__builtin_trap(); /* not written yet */
}

/**
 * Does not return.  Reason: SHUTDOWN_POWEROFF, SHUTDOWN_REBOOT or SHUTDOWN_CRASH.
 */
void xen_stop(unsigned int reason)
{
	(void)reason;
	__builtin_trap(); /* not written yet */
}

void xen_wallclock_read(struct pv_moment *now)
{
	(void)now;
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds stolen from a CPU so far.
 */
uint64_t xen_steal_read(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * Called once, when the slots hold this backend's functions.
 */
void xen_pvh_init(const struct pv_boot *boot)
{
	(void)boot;
	__builtin_trap(); /* not written yet */
}
