/* SPDX-License-Identifier: MIT */
/*
 * What a kernel does all the time, each in one piece between two marks, where
 * its instructions are counted as those of ops are (tests/cost).  Interrupts
 * are disabled.
 */
#include "kernel.h"

#define ENTRIES	      16
#define BEGIN(number) COUNT_BEGIN(COUNT_WORKLOADS + (number))
#define END(number)   COUNT_END(COUNT_WORKLOADS + (number))

static void toggle_interrupts(void)
{
	unsigned long flags;

	BEGIN(0);
	flags = pv_save_fl();
	pv_irq_disable();
	pv_restore_fl(flags);
	END(0);
}

static pte_t *test_entries(void)
{
	return mm_entry(pv_read_cr3(), USER_TEST);
}

static void set_one_entry(void)
{
	pte_t *ptep = test_entries();

	BEGIN(1);
	pv_set_pte(ptep, pv_make_pte(0));
	END(1);
}

static void set_entries_together(void)
{
	pte_t *ptep = test_entries();
	unsigned int i;

	BEGIN(2);
	pv_lazy_enter(PV_LAZY_MMU);
	for (i = 0; i < ENTRIES; i++)
		pv_set_pte(&ptep[i], pv_make_pte(0));
	pv_lazy_leave(PV_LAZY_MMU);
	END(2);
}

static void switch_context(void)
{
	static const struct tls tls;
	unsigned long sp0;

	memcpy(&sp0, &kernel_tss.sp[0], sizeof(sp0));
	BEGIN(3);
	pv_context_begin();
	pv_load_sp0(&kernel_tss, sp0);
	pv_load_tls(kernel_gdt, GDT_TLS, &tls);
	pv_write_cr3(pv_read_cr3());
	pv_context_end();
	END(3);
}

static void read_clock(void)
{
	BEGIN(4);
	pv_clock_read();
	END(4);
}

static void map_test_page(struct trap_frame *frame)
{
	static unsigned long page;

	(void)frame;
	if (!page)
		page = mm_page();
	pv_set_pte(test_entries(), pv_make_pte(page | PTE_DATA));
}

/* The page comes when it is touched, and goes behind the marks. */
static void fault_in_page(void)
{
	traps_handle(TRAP_PF, map_test_page);
	BEGIN(5);
	*(volatile uint8_t *)USER_TEST;
	END(5);
	traps_handle(TRAP_PF, NULL);
	mm_set(USER_TEST, 0);
}

/* Asleep, nobody executes an instruction: no time is counted, only work. */
static void sleep_until_tick(void)
{
	BEGIN(6);
	pv_timer_program(NS_PER_MS);
	pv_safe_halt();
	END(6);
	pv_irq_disable();
}

void workloads_run(unsigned int times)
{
	static void (*const workloads[])(void) = {
		toggle_interrupts, set_one_entry, set_entries_together, switch_context,
		read_clock,	   fault_in_page, sleep_until_tick,
	};
	unsigned int i, n;

	pv_irq_disable();
	for (i = 0; i < ARRAY_SIZE(workloads); i++)
		for (n = 0; n < times; n++)
			workloads[i]();
}
