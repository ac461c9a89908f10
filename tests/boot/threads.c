/* SPDX-License-Identifier: MIT */
/*
 * Three threads that yield to each other.  Each has a stack, a stack for entries
 * from user mode and a thread-local word behind FREE_SEGMENT; a switch changes all three,
 * the latter two in one batch.
 */
#include "kernel.h"

#define THREADS		 3
#define ROUNDS		 3
#define TLS_SELECTOR	 SELECTOR(GDT_TLS, 3)
#define TLS_MAGIC	 ((unsigned long)0x7468726561640000ull)
#define TLS_SPACING	 64
#define ENTRY_STACK_SIZE 4096
/* Base in a data descriptor that user mode may load: SDM vol. 3, figure 3-8. */
#define DESC_TLS(base) (0x00c0f3000000ffffull | (uint64_t)(base) << 16)

struct thread {
	unsigned long sp;
	struct tls tls;
	bool finished;
	unsigned int rounds, good_tls, good_entries;
	uint8_t stack[STACK_SIZE];
	uint8_t entry_stack[ENTRY_STACK_SIZE];
};

/* The last one is the thread that started the others. */
__attribute__((aligned(16))) static struct thread threads[THREADS + 1];
static struct thread *current = &threads[THREADS];

extern const char thread_begin[];
void switch_stack(unsigned long *save, unsigned long load);

static unsigned int number_of(const struct thread *thread)
{
	return thread - threads;
}

static unsigned long entry_stack_top(const struct thread *thread)
{
	return (unsigned long)thread->entry_stack + ENTRY_STACK_SIZE;
}

static void switch_to(struct thread *next)
{
	struct thread *previous = current;

	current = next;
	pv_context_begin();
	pv_load_sp0(&kernel_tss, entry_stack_top(next));
	pv_load_tls(kernel_gdt, GDT_TLS, &next->tls);
	pv_context_end();
	asm volatile("mov %0, %%" FREE_SEGMENT : : "r"(TLS_SELECTOR));
	switch_stack(&previous->sp, next->sp);
}

static void yield(void)
{
	unsigned int i, from = number_of(current);

	for (i = 1; i <= THREADS + 1; i++) {
		struct thread *next = &threads[(from + i) % (THREADS + 1)];

		if (!next->finished && next != current) {
			switch_to(next);
			return;
		}
	}
}

static unsigned long thread_word(void)
{
	unsigned long word;

	asm volatile("mov %%" FREE_SEGMENT ":0, %0" : "=r"(word));
	return word;
}

static void one_round(struct thread *me)
{
	unsigned long result = run_user(USER_CODE, USER_STACK + PAGE_SIZE);

	me->rounds++;
	me->good_tls += thread_word() == TLS_MAGIC + number_of(me);
	me->good_entries += (result & 3) == 3 && user_entry.stack == entry_stack_top(me);
}

/* Called by thread_begin. */
void thread_main(void)
{
	struct thread *me = current;

	while (me->rounds < ROUNDS) {
		one_round(me);
		yield();
	}
	me->finished = true;
	for (;;)
		yield();
}

/* switch_stack pops some registers and returns to thread_begin, which needs an aligned stack. */
static void prepare(struct thread *thread)
{
	unsigned long *top = (unsigned long *)(thread->stack + STACK_SIZE);
	unsigned long base = USER_TLS + number_of(thread) * TLS_SPACING;

	*(volatile unsigned long *)base = TLS_MAGIC + number_of(thread);
	thread->tls.desc[0] = DESC_TLS(base);
	top[-1] = 0;
	top[-2] = (unsigned long)thread_begin;
	thread->sp = (unsigned long)&top[-2 - SWITCHED_WORDS];
}

static unsigned int unfinished(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < THREADS; i++)
		n += !threads[i].finished;
	return n;
}

void map_user_pages(void)
{
	extern const char user_program[], user_program_end[];

	mm_set(USER_TLS, mm_page() | PTE_DATA | PTE_U);
	mm_set(USER_STACK, mm_page() | PTE_DATA | PTE_U);
	mm_set(USER_CODE, mm_page() | (PTE_DATA & ~PTE_NX) | PTE_U);
	memcpy((void *)USER_CODE, user_program, user_program_end - user_program);
}

static void check_threads(void)
{
	unsigned int i, rounds = 0, tls = 0, entries = 0;

	for (i = 0; i < THREADS; i++) {
		rounds += threads[i].rounds;
		tls += threads[i].good_tls;
		entries += threads[i].good_entries;
	}
	check_equal("threads.rounds", rounds, THREADS * ROUNDS);
	check_equal("cpu.load_tls.each_thread_sees_its_own", tls, THREADS * ROUNDS);
	check_equal("cpu.load_sp0.entry_on_own_stack", entries, THREADS * ROUNDS);
}

void threads_run(void)
{
	unsigned int i, turns = 0;

	for (i = 0; i <= THREADS; i++)
		prepare(&threads[i]);
	while (unfinished() && turns++ < 2 * ROUNDS * THREADS)
		yield();
	check_threads();
}
