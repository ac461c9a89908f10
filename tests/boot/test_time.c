/* SPDX-License-Identifier: MIT */
/* The clock that the backend provides. */
#include "kernel.h"

#define READS 10000

void test_time(void)
{
	uint64_t start = pv_clock_read(), last = start, now;
	unsigned int i, backwards = 0;

	for (i = 0; i < READS; i++) {
		now = pv_clock_read();
		backwards += now < last;
		last = now;
	}
	check_equal("time.clocksource.never_goes_back", backwards, 0);
	check("time.clocksource.advances", last > start);
	timer_spin(NS_PER_MS);
	now = pv_clock_read();
	check("time.clocksource.wait_is_bounded",
	      now - last >= NS_PER_MS && now - last < 30000 * NS_PER_MS);
}
