/* SPDX-License-Identifier: MIT */
/* Ops that promise to keep all registers but their result do so, on every path. */
#include "kernel.h"

#define FLAGS_IF 0x202ul
#define SOON	 NS_PER_MS

unsigned long canary_read_cr0(unsigned long);
unsigned long canary_read_cr4(unsigned long);
unsigned long canary_io_delay(unsigned long);
unsigned long canary_save_fl(unsigned long);
unsigned long canary_restore_fl(unsigned long);
unsigned long canary_irq_disable(unsigned long);
unsigned long canary_irq_enable(unsigned long);
unsigned long canary_read_cr2(unsigned long);
unsigned long canary_read_cr3(unsigned long);
unsigned long canary_pte_val(unsigned long);
unsigned long canary_make_pte(unsigned long);

/* With a timer interrupt pending these two run its handler in between. */
static void test_delivery(void)
{
	pv_irq_disable();
	pv_timer_program(SOON);
	timer_spin(2 * SOON);
	check_equal("irq.irq_enable.keeps_registers", canary_irq_enable(0), 0);
	check_equal("irq.irq_disable.keeps_registers", canary_irq_disable(0), 0);
	pv_timer_program(SOON);
	timer_spin(2 * SOON);
	check_equal("irq.restore_fl.keeps_registers", canary_restore_fl(FLAGS_IF), 0);
	check_equal("irq.save_fl.keeps_registers", canary_save_fl(0), 0);
	pv_irq_disable();
}

void test_registers(void)
{
	const pteval_t entry = mm_page() | PTE_DATA;

	check_equal("cpu.read_cr0.keeps_registers", canary_read_cr0(0), 0);
	check_equal("cpu.read_cr4.keeps_registers", canary_read_cr4(0), 0);
	check_equal("cpu.io_delay.keeps_registers", canary_io_delay(0), 0);
	check_equal("mmu.read_cr2.keeps_registers", canary_read_cr2(0), 0);
	check_equal("mmu.read_cr3.keeps_registers", canary_read_cr3(0), 0);
	check_equal("mmu.make_pte.keeps_registers", canary_make_pte(entry), 0);
	check_equal("mmu.pte_val.keeps_registers", canary_pte_val(pv_make_pte(entry).pte), 0);
	test_delivery();
}
