/* SPDX-License-Identifier: MIT */
/* What time it is: the counter's speed, and the clock that a battery keeps. */
#include "native.h"
#include "vmi_native.h"
#include "state.h"
#include "scale.h"

uint64_t vmi_native_cycle_frequency(void)
{
	return rom_post.tsc_hz;
}

/* The clock is read in several steps, between which no interrupt's handler may use it. */
uint64_t vmi_native_wallclock_time(void)
{
	uint32_t flags = rom_irq_save();
	struct pv_moment now;

	native_cmos_read(&now);
	rom_irq_restore(flags);
	return now.seconds * NS_PER_S + now.nanoseconds;
}
