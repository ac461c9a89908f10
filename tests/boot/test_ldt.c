/* SPDX-License-Identifier: MIT */
/* The local descriptor table, and the task register. */
#include "kernel.h"
#include "pv_host.h"

#define ENTRIES	 8
#define ENTRY	 3
#define SELECTED SELECTOR_LDT(ENTRY, 3)
/* Data segment for ring 3 with a base below 16 MiB: SDM vol. 3, figure 3-8. */
#define DESC_DATA(base) (0x00c0f3000000ffffull | (uint64_t)(uintptr_t)(base) << 16)

static void load_free(unsigned long selector)
{
	asm volatile("mov %0, %%" FREE_SEGMENT : : "r"(selector));
}

static unsigned long free_word(void)
{
	unsigned long word;

	asm volatile("mov %%" FREE_SEGMENT ":0, %0" : "=r"(word));
	return word;
}

static void write_plainly(unsigned long va)
{
	*(volatile uint64_t *)va = 0x7777;
}

/* While it is in use: an entry that is not there, one that is, the same one changed. */
static void test_entries(uint64_t *ldt)
{
	volatile unsigned long *words = (unsigned long *)USER_TEST;
	unsigned int i;

	check_equal("cpu.set_ldt.empty_entry_faults", run_caught(load_free, SELECTED), TRAP_GP);
	for (i = 0; i < 2; i++) {
		words[i] = 0x8888 + i;
		pv_write_ldt_entry(ldt, ENTRY, DESC_DATA(&words[i]));
		check_equal("cpu.write_ldt_entry.loads", run_caught(load_free, SELECTED),
			    TRAP_NONE);
		check_equal("cpu.write_ldt_entry.base_is_used", free_word(), 0x8888 + i);
	}
	load_free(0);
	check_equal("cpu.set_ldt.has_a_limit", run_caught(load_free, SELECTOR_LDT(ENTRIES, 3)),
		    TRAP_GP);
}

static void test_table(void)
{
	uint64_t *ldt = pv_host_va(mm_page());

	mm_set(USER_TEST, mm_page() | PTE_DATA);
	check_equal("cpu.set_ldt.none_at_first", run_caught(load_free, SELECTED), TRAP_GP);
	/* Behind the end: must not be reached. */
	ldt[ENTRIES] = DESC_DATA(USER_TEST);
	pv_alloc_ldt(ldt, ENTRIES);
	pv_set_ldt(ldt, ENTRIES);
	test_entries(ldt);
	pv_set_ldt(NULL, 0);
	check_equal("cpu.set_ldt.none_again", run_caught(load_free, SELECTED), TRAP_GP);
	pv_free_ldt(ldt, ENTRIES);
	check_equal("cpu.free_ldt.memory_again", run_caught(write_plainly, (unsigned long)ldt),
		    TRAP_NONE);
	mm_set(USER_TEST, 0);
}

static void test_task_register(void)
{
	unsigned long selector;

	POISON_RESULT();
	selector = pv_store_tr();
	check("cpu.store_tr.kernels_or_none", selector == SELECTOR(GDT_TSS, 0) || !selector);
}

void test_ldt(void)
{
	test_task_register();
	test_table();
}
