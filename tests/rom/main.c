/* SPDX-License-Identifier: MIT */
#include "judge.h"

extern const char options[];

void kernel_main(void);

/* As Linux drops them: what is low belongs to user mode. */
static void drop_low_mapping(void)
{
	for (u32 i = 0; i < FRAMES / TABLE_ENTRIES; i++)
		*directory_of(i << TABLE_SHIFT) = 0;
	write_cr3(read_cr3());
}

void kernel_main(void)
{
	bool taken;

	drop_low_mapping();
	rom_native();
	machine_init(has_word(options, "xen"));
	traps_init();
	watchdog();
	taken = rom_find();
	apic_map();
	if (!taken)
		say("ROM none\n");
	taken = taken && rom_activate();
	boot(options);
	if (taken && has_word(options, "judge"))
		judge();
	if (taken)
		judge_the_end(options);
	leave(0);
}
