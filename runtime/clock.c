/* SPDX-License-Identifier: MIT */
#include "pv_runtime.h"

static const struct pv_clocksource *clock;
static uint64_t latest;

void pv_clock_register(const struct pv_clocksource *source)
{
	if (!clock || source->rating > clock->rating)
		clock = source;
}

/*
 * Sources start at different times, some step back a little when adjusted, and
 * those of two CPUs need not agree.  Whoever is behind what any CPU was told
 * gets that; whoever is ahead says so before it returns.  No lock: a CPU that is
 * stopped in here stops nobody.
 */
uint64_t pv_clock_read(void)
{
	uint64_t now = clock ? clock->read() : 0;
	uint64_t last = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);

	while (now > last)
		if (__atomic_compare_exchange_n(&latest, &last, now, true, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return now;
	return last;
}
