/* SPDX-License-Identifier: MIT */
/* Descriptor tables in use: what is written must work, not just be stored. */
#include "kernel.h"

/*
 * Breakpoint, since INT n is no good here: QEMU 7.2 gives the exception that it
 * causes on Xen an error code with the wrong vector (n * 16 + 2, not n * 8 + 2).
 */
#define VECTOR_BP 3
/* A vector that nothing raises. */
#define VECTOR_OTHER 0x90

#define TEST_SELECTOR SELECTOR(GDT_TEST, 3)
/* Data segment for ring 3 with a base below 16 MiB: SDM vol. 3, figure 3-8. */
#define DESC_DATA(base) (0x00c0f3000000ffffull | (uint64_t)(uintptr_t)(base) << 16)

static volatile unsigned int interrupts[2];

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

static void test_gdt(void)
{
	volatile unsigned long *words = (unsigned long *)USER_TEST;
	unsigned int i;

	check_equal("cpu.load_gdt.empty_entry_faults", run_caught(load_free, TEST_SELECTOR),
		    TRAP_GP);
	check_equal("cpu.load_gdt.kernel_entries_are_there",
		    run_caught(load_free, SELECTOR(GDT_USER_DATA, 3)), TRAP_NONE);
	mm_set(USER_TEST, mm_page() | PTE_DATA);
	for (i = 0; i < 2; i++) {
		words[i] = 0x3333 + i;
		pv_write_gdt_entry(kernel_gdt, GDT_TEST, DESC_DATA(&words[i]));
		check_equal("cpu.write_gdt_entry.loads", run_caught(load_free, TEST_SELECTOR),
			    TRAP_NONE);
		check_equal("cpu.write_gdt_entry.base_is_used", free_word(), 0x3333 + i);
	}
	load_free(0);
	pv_write_gdt_entry(kernel_gdt, GDT_TEST, 0);
	check_equal("cpu.write_gdt_entry.removed", run_caught(load_free, TEST_SELECTOR), TRAP_GP);
	mm_set(USER_TEST, 0);
}

static void first_handler(struct trap_frame *frame)
{
	(void)frame;
	interrupts[0]++;
}

static void second_handler(struct trap_frame *frame)
{
	(void)frame;
	interrupts[1]++;
}

static void raise(unsigned long unused)
{
	(void)unused;
	asm volatile("int3");
}

/* The breakpoint's gate leads to its own stub first, then to another vector's, then back. */
static void test_idt(void)
{
	struct gate own = traps_gate(VECTOR_BP), other = traps_gate(VECTOR_OTHER);

	traps_handle(VECTOR_BP, first_handler);
	traps_handle(VECTOR_OTHER, second_handler);
	check_equal("cpu.load_idt.trap_arrives", run_caught(raise, 0), TRAP_NONE);
	check_equal("cpu.load_idt.handler_ran", interrupts[0], 1);
	pv_write_idt_entry(kernel_idt, VECTOR_BP, &other);
	check_equal("cpu.write_idt_entry.trap_arrives", run_caught(raise, 0), TRAP_NONE);
	check_equal("cpu.write_idt_entry.old_handler_did_not_run", interrupts[0], 1);
	check_equal("cpu.write_idt_entry.new_handler_ran", interrupts[1], 1);
	pv_write_idt_entry(kernel_idt, VECTOR_BP, &own);
	check_equal("cpu.write_idt_entry.back_again", (run_caught(raise, 0), interrupts[0]), 2);
}

void test_descriptors(void)
{
	test_gdt();
	test_idt();
}
