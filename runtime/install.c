/* SPDX-License-Identifier: MIT */
#include "internal.h"

static const struct pv_timer *timer;
static const struct pv_console *console;
static const struct pv_shutdown *shutdown;
static const struct pv_wallclock *wallclock;
static const struct pv_steal *steal;

static void take_registrations(const struct pv_backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->nr_clocksource; i++)
		pv_clock_register(&backend->clocksource[i]);
	timer = backend->nr_timer ? backend->timer : NULL;
	console = backend->nr_console ? backend->console : NULL;
	shutdown = backend->nr_shutdown ? backend->shutdown : NULL;
	wallclock = backend->nr_wallclock ? backend->wallclock : NULL;
	steal = backend->nr_steal ? backend->steal : NULL;
	pv_smp_install(backend);
}

void pv_install(const struct pv_backend *backend, const struct pv_boot *boot)
{
	pv_ops = *backend->ops;
	take_registrations(backend);
	if (backend->init)
		backend->init(boot);
}

void pv_timer_start(pv_tick_t *tick)
{
	if (timer)
		timer->start(tick);
}

void pv_timer_program(uint64_t delta)
{
	if (timer)
		timer->program(delta);
}

void pv_timer_interrupt(void)
{
	if (timer)
		timer->interrupt();
}

bool pv_wallclock_read(struct pv_moment *now)
{
	if (wallclock)
		wallclock->read(now);
	return wallclock;
}

uint64_t pv_steal_read(unsigned int cpu)
{
	return steal ? steal->read(cpu) : 0;
}

void pv_console_write(const char *text, unsigned long length)
{
	if (console)
		console->write(text, length);
}

_Noreturn void pv_stop(unsigned int reason)
{
	if (shutdown)
		shutdown->stop(reason);
	for (;;)
		asm volatile("pause");
}
