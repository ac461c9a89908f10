/* SPDX-License-Identifier: MIT */
#include "pv_runtime.h"

static const struct pv_clocksource *clock;
static uint64_t latest;

void pv_clock_register(const struct pv_clocksource *source)
{
	if (!clock || source->rating > clock->rating)
		clock = source;
}

uint64_t pv_clock_read(void)
{
	uint64_t now = clock ? clock->read() : 0;

	/* Sources start at different times, and some step back a little when adjusted. */
	if (now > latest)
		latest = now;
	return latest;
}
