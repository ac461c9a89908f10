/* SPDX-License-Identifier: MIT */
/* Changes of protection that lose nothing, fixed places, and the life of address spaces. */
#include "kernel.h"
#include "pv_host.h"

#define WORD_A 0xaaaa3333ul
#define WORD_B 0xbbbb4444ul
#define KEPT   (PTE_P | PTE_W | PTE_FRAME)
/* No backend has room for as many at a time. */
#define SPACES 20

static unsigned long pages[2];

static unsigned long read_word(unsigned long va)
{
	return *(volatile unsigned long *)va;
}

static void write_at(unsigned long va)
{
	*(volatile unsigned long *)va = WORD_B;
}

static void read_at(unsigned long va)
{
	read_word(va);
}

static pte_t *entry(void)
{
	return mm_entry(pv_read_cr3(), USER_TEST);
}

static pteval_t begin(void)
{
	pte_t old;

	POISON_RESULT();
	old = pv_prot_start(entry());
	pv_flush_tlb_one(USER_TEST);
	return pv_pte_val(old);
}

static void commit(pteval_t value)
{
	pv_prot_commit(entry(), pv_make_pte(value));
	pv_flush_tlb_one(USER_TEST);
}

static void fresh_page(void)
{
	mm_set(USER_TEST, pages[0] | (PTE_DATA & ~(PTE_A | PTE_D)));
}

static void test_change(void)
{
	pteval_t old;

	fresh_page();
	old = begin();
	check_equal("mmu.prot_start.returns_entry", old & KEPT, pages[0] | PTE_P | PTE_W);
	commit(old & ~PTE_W);
	check_equal("mmu.prot_commit.reads", run_caught(read_at, USER_TEST), TRAP_NONE);
	check_equal("mmu.prot_commit.no_writes", run_caught(write_at, USER_TEST), TRAP_PF);
	commit(begin() | PTE_W);
	check_equal("mmu.prot_commit.writes_again", run_caught(write_at, USER_TEST), TRAP_NONE);
	check_equal("mmu.prot_commit.same_page", *(unsigned long *)pv_host_va(pages[0]), WORD_B);
}

static void test_dirty(void)
{
	pteval_t old;

	fresh_page();
	write_at(USER_TEST);
	old = begin();
	check_equal("mmu.prot_start.returns_dirty", old & PTE_D, PTE_D);
	commit(old & ~PTE_W);
	check_equal("mmu.prot_commit.keeps_dirty", pv_pte_val(*entry()) & PTE_D, PTE_D);
}

/* Meanwhile the page may be accessible or not; a write that succeeds must leave its mark. */
static void test_meanwhile(void)
{
	pteval_t old, expected;

	fresh_page();
	old = begin();
	expected = run_caught(write_at, USER_TEST) == TRAP_NONE ? PTE_D : 0;
	commit(old & ~PTE_W);
	check_equal("mmu.prot_commit.keeps_what_came_meanwhile", pv_pte_val(*entry()) & PTE_D,
		    expected);
}

static void test_deferred(void)
{
	pteval_t old;

	fresh_page();
	old = begin();
	pv_lazy_enter(PV_LAZY_MMU);
	pv_prot_commit(entry(), pv_make_pte(old & ~PTE_W));
	pv_lazy_leave(PV_LAZY_MMU);
	pv_flush_tlb_one(USER_TEST);
	check_equal("mmu.prot_commit.deferred_is_in_effect", run_caught(write_at, USER_TEST),
		    TRAP_PF);
}

/* A thread is switched away from in the middle of its batch. */
static void test_context(void)
{
	mm_set(USER_TEST, 0);
	pv_lazy_enter(PV_LAZY_MMU);
	pv_set_pte(entry(), pv_make_pte(pages[0] | PTE_DATA));
	pv_context_begin();
	check_equal("cpu.context_begin.ends_batches", run_caught(read_at, USER_TEST), TRAP_NONE);
	pv_context_end();
	mm_set(USER_TEST, 0);
}

void test_changes(void)
{
	pages[0] = mm_page();
	pages[1] = mm_page();
	test_change();
	test_dirty();
	test_meanwhile();
	test_deferred();
	test_context();
	mm_set(USER_TEST, 0);
}

void test_fixmap(void)
{
	const unsigned long first = pv_host_fixmap(0)->va, second = pv_host_fixmap(1)->va;

	*(unsigned long *)pv_host_va(pages[0]) = WORD_A;
	*(unsigned long *)pv_host_va(pages[1]) = WORD_B;
	check_equal("mmu.set_fixmap.nothing_there_yet", run_caught(read_at, first), TRAP_PF);
	pv_set_fixmap(0, pages[0], PTE_DATA);
	pv_set_fixmap(1, pages[1], PTE_DATA);
	check_equal("mmu.set_fixmap.maps", run_caught(read_at, first), TRAP_NONE);
	check_equal("mmu.set_fixmap.first", read_word(first), WORD_A);
	check_equal("mmu.set_fixmap.second", read_word(second), WORD_B);
	pv_set_fixmap(0, pages[1], PTE_DATA & ~PTE_W);
	check_equal("mmu.set_fixmap.remaps", read_word(first), WORD_B);
	check_equal("mmu.set_fixmap.flags_are_used", run_caught(write_at, first), TRAP_PF);
	pv_set_fixmap(0, 0, 0);
	pv_set_fixmap(1, 0, 0);
	check_equal("mmu.set_fixmap.unmaps", run_caught(read_at, first), TRAP_PF);
}

static void share(unsigned long from, unsigned long to, unsigned long va)
{
	pv_set_pte(mm_entry(to, va), pv_make_pte(pv_pte_val(*mm_entry(from, va))));
}

/* User mode runs in it, then it is taken down. */
static bool one_space(unsigned long home)
{
	unsigned long root = mm_new_space(), result;

	share(home, root, USER_CODE);
	share(home, root, USER_STACK);
	pv_write_cr3(root);
	result = run_user(USER_CODE, USER_STACK + PAGE_SIZE);
	pv_write_cr3(home);
	mm_free_space(root);
	return (result & 3) == 3;
}

void test_address_spaces(void)
{
	unsigned long home = pv_read_cr3();
	unsigned int i, good = 0;

	for (i = 0; i < SPACES; i++)
		good += one_space(home);
	check_equal("mmu.activate_mm.user_mode_runs", good, SPACES);
}
