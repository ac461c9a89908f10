/*
 * Backend xen_pvh, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "xen_pvh.h"

/**
 * Nanoseconds since some time before the first read.
 */
uint64_t xen_clock_read(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready; tick is what each interrupt calls.
 */
void xen_timer_start(pv_tick_t *tick)
{
	(void)tick;
	__builtin_trap(); /* not written yet */
}

/**
 * One interrupt in `delta` nanoseconds; replaces an earlier one.
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
