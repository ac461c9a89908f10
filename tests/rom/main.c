/* SPDX-License-Identifier: MIT */
#include "judge.h"

/* hvm_start_info: where the address of the command line is. */
#define START_CMDLINE 24

void FN kernel_main(u32 start_info);

/* As Linux drops them: what is low belongs to user mode. */
static void drop_low_mapping(void)
{
	for (u32 i = 0; i < FRAMES / TABLE_ENTRIES; i++)
		*directory_of(i << TABLE_SHIFT) = 0;
	write_cr3(read_cr3());
}

void FN kernel_main(u32 start_info)
{
	const char *options =
		(const char *)(*word_at(start_info + KERNEL_BASE + START_CMDLINE) + KERNEL_BASE);
	bool taken;

	drop_low_mapping();
	rom_native();
	pic_init();
	traps_init();
	watchdog();
	taken = rom_find();
	apic_map();
	if (!taken)
		say("ROM none\n");
	taken = taken && rom_activate();
	boot(options);
	if (taken && has_word(options, "judge"))
		judge(options);
	leave(0);
}
