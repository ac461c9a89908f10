/* SPDX-License-Identifier: MIT */
/* Page tables: each change must be seen by an access, each protection must bite. */
#include "kernel.h"
#include "pv_host.h"

#define WORD_A 0xaaaa1111ul
#define WORD_B 0xbbbb2222ul
/* Error code of a page fault: SDM vol. 3, figure 4-12. */
#define PF_PRESENT 1
#define PF_WRITE   2
#define PF_FETCH   16
/* SDM vol. 3, section 2.5. */
#define CR4_PGE 0x80ul

static unsigned long page_a, page_b;

static volatile unsigned long *test_word(void)
{
	return (unsigned long *)USER_TEST;
}

static unsigned long *word_of(unsigned long pa)
{
	return pv_host_va(pa);
}

static void read_at(unsigned long va)
{
	(void)*(volatile unsigned long *)va;
}

static void write_at(unsigned long va)
{
	*(volatile unsigned long *)va = WORD_B;
}

/* As a table entry this maps a frame that no machine has: no hypervisor would emulate it. */
static void fill_at(unsigned long va)
{
	*(volatile unsigned long *)va = ~0ul;
}

static void execute_at(unsigned long va)
{
	((void (*)(void))va)();
}

static int caught_read(unsigned long va)
{
	return run_caught(read_at, va);
}

/* Only bits that every machine keeps; others it sets by itself. */
static bool same_entry(pteval_t a, pteval_t b)
{
	const pteval_t kept = PTE_P | PTE_W | PTE_U | PTE_NX | PTE_FRAME;

	return (a & kept) == (b & kept);
}

static void test_conversion(void)
{
	const pteval_t values[] = {page_a | PTE_DATA, page_b | PTE_P | PTE_U, 0, page_a | PTE_W};
	pte_t entries[ARRAY_SIZE(values)];
	unsigned int i, good = 0, stored = 0;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		POISON_RESULT();
		entries[i] = pv_make_pte(values[i]);
	}
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		POISON_RESULT();
		good += pv_pte_val(entries[i]) == values[i];
		pv_set_pte(mm_entry(pv_read_cr3(), USER_TEST), entries[i]);
		POISON_RESULT();
		stored += same_entry(pv_pte_val(*mm_entry(pv_read_cr3(), USER_TEST)), values[i]);
	}
	check_equal("mmu.make_pte.survives_pte_val", good, ARRAY_SIZE(values));
	check_equal("mmu.pte_val.of_what_the_table_holds", stored, ARRAY_SIZE(values));
	mm_set(USER_TEST, 0);
}

static void test_map(void)
{
	check_equal("mmu.set_pte.nothing_there_yet", caught_read(USER_TEST), TRAP_PF);
	mm_set(USER_TEST, page_a | PTE_DATA);
	check_equal("mmu.set_pte.maps", caught_read(USER_TEST), TRAP_NONE);
	check_equal("mmu.set_pte.right_page", *test_word(), WORD_A);
	mm_set(USER_TEST, page_b | PTE_DATA);
	check_equal("mmu.set_pte.remaps", *test_word(), WORD_B);
	mm_set(USER_TEST, 0);
	check_equal("mmu.set_pte.unmaps", caught_read(USER_TEST), TRAP_PF);
}

/* The address is taken from another register than the one that faulted last. */
static void test_fault_address(void)
{
	check_equal("mmu.read_cr2.first", (caught_read(USER_TEST + 0x10), trap_last.address),
		    USER_TEST + 0x10);
	check_equal("mmu.read_cr2.second", (caught_read(USER_TEST + 0x1238), trap_last.address),
		    USER_TEST + 0x1238);
	pv_irq_disable();
	POISON_RESULT();
	check_equal("mmu.read_cr2.c_stub", pv_read_cr2(), USER_TEST + 0x1238);
	pv_write_cr2(USER_TEST + 0x2468);
	POISON_RESULT();
	check_equal("mmu.write_cr2.reads_back", pv_read_cr2(), USER_TEST + 0x2468);
}

static void test_protection(void)
{
	mm_set(USER_TEST, page_a | (PTE_DATA & ~PTE_W));
	check_equal("mmu.set_pte.read_only_reads", caught_read(USER_TEST), TRAP_NONE);
	check_equal("mmu.set_pte.read_only_faults", run_caught(write_at, USER_TEST), TRAP_PF);
	check_equal("mmu.set_pte.fault_says_write", trap_last.error & (PF_PRESENT | PF_WRITE),
		    PF_PRESENT | PF_WRITE);
	check_equal("mmu.set_pte.unchanged", *word_of(page_a), WORD_A);
	mm_set(USER_TEST, page_a | PTE_DATA);
	check_equal("mmu.set_pte.no_execute_faults", run_caught(execute_at, USER_TEST), TRAP_PF);
	check_equal("mmu.set_pte.fault_says_fetch", trap_last.error & PF_FETCH, PF_FETCH);
	mm_set(USER_TEST, 0);
	check_equal("mmu.write_cr3.text_is_sealed",
		    run_caught(write_at, (unsigned long)pv_text_begin), TRAP_PF);
}

/* A whole new branch below the root, taken down again afterwards. */
static void test_levels(void)
{
	const unsigned long va = OTHER_BRANCH;

	check_equal(ROOT_OP ".nothing_there_yet", caught_read(va), TRAP_PF);
	mm_set(va, page_a | PTE_DATA);
	check_equal(ROOT_OP ".branch_works", caught_read(va), TRAP_NONE);
	check_equal("mmu.set_pud.right_page", *(volatile unsigned long *)va, WORD_A);
	mm_set(va, 0);
}

/* Level 2 entry of the test window, found with the kernel's eyes. */
static pmd_t *test_pmd(unsigned long va)
{
	unsigned long table = pv_read_cr3();
	unsigned int shift;
	uint64_t *entry;

	for (shift = PAGE_SHIFT + 9 * (LEVELS - 1); shift > 21; shift -= 9) {
		entry = pv_host_va(table);
		table = pv_pte_val((pte_t){entry[va >> shift & 511]}) & PTE_FRAME;
	}
	return (pmd_t *)word_of(table) + (va >> 21 & 511);
}

/* A page becomes a table, works as one, and is memory again. */
static void test_table_life(void)
{
	const unsigned long va = USER_BASE + 0x200000;
	unsigned long table = mm_page();
	pmd_t *pmd = test_pmd(va);
	pte_t *pte = pv_host_va(table);

	pv_alloc_pt(table >> PAGE_SHIFT, 1);
	pv_set_pmd(pmd, pv_make_pmd(table | PTE_P | PTE_W | PTE_U | PTE_A));
	pv_set_pte(pte, pv_make_pte(page_b | PTE_DATA));
	check_equal("mmu.alloc_pt.usable_as_table", caught_read(va), TRAP_NONE);
	check_equal("mmu.set_pmd.right_page",
		    caught_read(va) == TRAP_NONE ? *(volatile unsigned long *)va : 0, WORD_B);
	pv_set_pte(pte, (pte_t){0});
	pv_set_pmd(pmd, (pmd_t){0});
	pv_flush_tlb_local();
	check_equal("mmu.set_pmd.taken_down", caught_read(va), TRAP_PF);
	pv_release_pt(table >> PAGE_SHIFT, 1);
	check_equal("mmu.release_pt.memory_again", run_caught(fill_at, (unsigned long)pte),
		    TRAP_NONE);
	check_equal("mmu.release_pt.written", *word_of(table), ~0ul);
}

static void test_lazy(void)
{
	pte_t *entry = mm_entry(pv_read_cr3(), USER_TEST);
	pte_t a = pv_make_pte(page_a | PTE_DATA), b = pv_make_pte(page_b | PTE_DATA);

	pv_lazy_enter(PV_LAZY_MMU);
	pv_set_pte(&entry[0], a);
	pv_set_pte(&entry[1], b);
	pv_lazy_leave(PV_LAZY_MMU);
	check_equal("mmu.lazy_leave.first_is_in_effect", caught_read(USER_TEST), TRAP_NONE);
	check_equal("mmu.lazy_leave.second_is_in_effect", caught_read(USER_TEST + PAGE_SIZE),
		    TRAP_NONE);
	mm_set(USER_TEST, 0);
	mm_set(USER_TEST + PAGE_SIZE, 0);
}

static void test_spaces(void)
{
	unsigned long old, new = mm_new_space();

	POISON_RESULT();
	old = pv_read_cr3();
	mm_set(USER_TEST, page_a | PTE_DATA);
	pv_set_pte(mm_entry(new, USER_TEST), pv_make_pte(page_b | PTE_DATA));
	check_equal("mmu.write_cr3.old_space", *test_word(), WORD_A);
	pv_write_cr3(new);
	check_equal("mmu.write_cr3.new_space", *test_word(), WORD_B);
	POISON_RESULT();
	check_equal("mmu.read_cr3.new_space", pv_read_cr3(), new);
	pv_write_cr3(old);
	check_equal("mmu.write_cr3.old_space_again", *test_word(), WORD_A);
	mm_set(USER_TEST, 0);
}

void test_page_tables(void)
{
	page_a = mm_page();
	page_b = mm_page();
	*word_of(page_a) = WORD_A;
	*word_of(page_b) = WORD_B;
	test_map();
	test_conversion();
	test_fault_address();
	test_protection();
	test_levels();
	test_table_life();
	test_lazy();
	test_spaces();
}

/* Read through an old translation, change the entry, flush, read again. */
static void flush_shows_new_page(const char *test, void (*flush)(void), pteval_t flags)
{
	pte_t *entry = mm_entry(pv_read_cr3(), USER_TEST);
	pte_t b = pv_make_pte(page_b | flags);
	unsigned long before;

	mm_set(USER_TEST, page_a | flags);
	before = *test_word();
	pv_set_pte(entry, b);
	flush();
	check(test, before == WORD_A && *test_word() == WORD_B);
	mm_set(USER_TEST, 0);
}

static void flush_local(void)
{
	pv_flush_tlb_local();
}

static void flush_one(void)
{
	pv_flush_tlb_one(USER_TEST);
}

static void flush_global(void)
{
	pv_flush_tlb_global();
}

static void flush_multi(void)
{
	const uint64_t cpus = 1;

	pv_flush_tlb_multi(&cpus, USER_TEST, USER_TEST + PAGE_SIZE);
}

static void flush_by_switch(void)
{
	pv_write_cr3(pv_read_cr3());
}

/* Without PGE no entry is global; with it the other flushes need not drop this one. */
static void test_global(void)
{
	unsigned long cr4 = pv_read_cr4(), before;

	pv_write_cr4(cr4 | CR4_PGE);
	before = pv_read_cr4();
	flush_shows_new_page("mmu.flush_tlb_global.new_page_seen", flush_global, PTE_DATA | PTE_G);
	check_equal("mmu.flush_tlb_global.keeps_cr4", pv_read_cr4(), before);
	pv_write_cr4(cr4);
}

void test_tlb(void)
{
	flush_shows_new_page("mmu.flush_tlb_local.new_page_seen", flush_local, PTE_DATA);
	flush_shows_new_page("mmu.flush_tlb_one.new_page_seen", flush_one, PTE_DATA);
	flush_shows_new_page("mmu.flush_tlb_multi.new_page_seen", flush_multi, PTE_DATA);
	flush_shows_new_page("mmu.write_cr3.drops_old_entries", flush_by_switch, PTE_DATA);
	test_global();
}
