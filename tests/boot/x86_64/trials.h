/* SPDX-License-Identifier: MIT */
/* How ops of this architecture alone can be called: a part of canaries.c. */

static void swap_back(void)
{
	pv_swapgs();
}

static void same_pgd(unsigned long *arguments)
{
	same_entry(arguments, 4);
}

static const struct trial arch_trials[] = {
	{.op = "cpu.load_gs_index"},
	{.op = "cpu.swapgs", .finish = swap_back},
	{.op = "cpu.sysret", .uncalled = "does not come back to its site"},
	{.op = "mmu.pgd_val", .prepare = an_entry},
	{.op = "mmu.make_pgd", .prepare = a_value},
	{.op = "mmu.set_pgd", .prepare = same_pgd},
};
