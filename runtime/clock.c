/* SPDX-License-Identifier: MIT */
#include "atomic64.h"
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
	uint64_t last = atomic64_load(&latest);

	while (now > last)
		if (atomic64_exchange_if(&latest, &last, now))
			return now;
	return last;
}
