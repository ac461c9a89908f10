/* SPDX-License-Identifier: MIT */
/* Several CPUs: locks, waiting, TLBs, interrupts, clocks.  With one CPU, what one can do alone. */
#include "kernel.h"
#include "atomic64.h"
#include "pv_host.h"
#include "pv_lock.h"

#define FLAGS_IF  0x200ul
#define ROUNDS	  1000
#define COUNT_FOR (50 * NS_PER_MS)
/* A wait that sleeps comes back a few times in this time; one that does not, always. */
#define ASLEEP	    (20 * NS_PER_MS)
#define FEW	    100
#define WORD_OLD    0x0123ul
#define WORD_NEW    0x4567ul
#define DEAF_FOR    1000
#define CLOCK_READS 5000

static uint64_t all, others;
/* The backend lets waiters sleep, and so has something to do to wake them. */
static bool sleeps;

static unsigned int first_other(void)
{
	return first_bit(others);
}

/* ---- the CPUs themselves ---- */

static uint64_t right_numbers;

static void tell_number(unsigned int cpu)
{
	if (pv_cpu_this() == cpu)
		atomic64_or(&right_numbers, 1ull << cpu);
}

static void test_start(void)
{
	unsigned int count = pv_cpu_count();

	check_equal("smp.start.all_cpus_come_up", smp_number(all), count);
	check("smp.start.they_work", smp_run(all, tell_number));
	check_equal("smp.start.own_data", right_numbers, all);
}

/* ---- locks ---- */

static unsigned long sum(const volatile unsigned long *numbers)
{
	unsigned long total = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		total += numbers[cpu];
	return total;
}

static struct pv_spinlock lock;
static volatile unsigned long counter;

static volatile unsigned long rounds[CPUS];
static uint64_t rounds_end;

/* The pause lets the others run between the load and the store. */
static void count_up_once(unsigned int cpu)
{
	unsigned long value;

	pv_spin_lock(&lock);
	value = counter;
	if (++rounds[cpu] % 16 == 0)
		asm volatile("pause");
	counter = value + 1;
	pv_spin_unlock(&lock);
}

/* For a time, and not a number of rounds: CPUs that share the host's must meet. */
static void count_up(unsigned int cpu)
{
	while (rounds[cpu] < ROUNDS || pv_clock_read() < rounds_end)
		count_up_once(cpu);
}

static void test_counter(void)
{
	pv_spin_lock(&lock);
	check_equal("lock.spin_lock.takes", lock.taken, 1);
	pv_lock_unlock(&lock.taken);
	check_equal("lock.lock_unlock.gives_back", lock.taken, 0);
	if (lock.taken)
		return;
	rounds_end = pv_clock_read() + COUNT_FOR;
	check("lock.spin_lock.all_get_it", smp_run(all, count_up));
	check_equal("lock.spin_lock.counter_is_exact", counter, sum(rounds));
}

/* ---- waiting ---- */

static uint8_t gate;
static volatile unsigned long waits, waiting;

static void wait_at_gate(unsigned int cpu)
{
	(void)cpu;
	waits = 0;
	waiting = 1;
	while (__atomic_load_n(&gate, __ATOMIC_ACQUIRE) == 1) {
		waits++;
		pv_lock_wait(&gate, 1);
	}
	waiting = 0;
}

static bool preempted(unsigned int cpu)
{
	POISON_RESULT();
	return pv_vcpu_is_preempted(cpu);
}

/* The other CPU is in lock_wait, or goes round it, when this returns. */
static bool send_to_gate(void)
{
	unsigned int tries = 50;

	gate = 1;
	smp_begin(1ull << first_other(), wait_at_gate);
	if (!smp_wait(&waiting, 1))
		return false;
	do
		timer_spin(ASLEEP);
	while (preempted(first_other()) != sleeps && --tries);
	return true;
}

/* So that one lost wake-up does not make all later tests fail. */
static void wake_by_force(void)
{
	gate = 2;
	pv_ipi_send(first_other(), PV_IPI_CALL);
	smp_wait(&waiting, 0);
}

static void open_gate(const char *test, void (*open)(void))
{
	bool came;

	if (!send_to_gate()) {
		check(test, false);
		return;
	}
	check_equal("lock.vcpu_is_preempted.tells_who_sleeps", preempted(first_other()), sleeps);
	if (sleeps)
		check("lock.lock_wait.sleeps", waits < FEW);
	open();
	came = smp_wait(&waiting, 0);
	check(test, came);
	if (!came)
		wake_by_force();
	smp_end();
}

static void open_by_kick(void)
{
	__atomic_store_n(&gate, 2, __ATOMIC_RELEASE);
	pv_lock_kick(first_other());
}

static void open_by_unlock(void)
{
	pv_lock_unlock(&gate);
}

/* How long a wait for this value takes which else a timer would end. */
static uint64_t wait_alone(uint8_t value, bool kick)
{
	uint64_t begin = pv_clock_read();

	gate = 1;
	pv_timer_program(ASLEEP);
	if (kick)
		pv_lock_kick(pv_cpu_this());
	pv_lock_wait(&gate, value);
	return pv_clock_read() - begin;
}

/* A busy host may stop this CPU at any moment, so several tries. */
static bool comes_back(uint8_t value, bool kick)
{
	unsigned int tries = 5;

	while (tries--)
		if (wait_alone(value, kick) < ASLEEP / 2)
			return true;
	return false;
}

static void test_waiting_alone(void)
{
	check("lock.vcpu_is_preempted.not_this_one", !preempted(pv_cpu_this()));
	check("lock.lock_wait.not_for_another_value", comes_back(2, false));
	check("lock.lock_kick.is_not_lost", comes_back(1, true));
	if (sleeps)
		check("lock.lock_wait.sleeps_until_interrupt", wait_alone(1, false) > ASLEEP / 2);
	timer_spin(2 * ASLEEP);
	pv_irq_enable();
	pv_irq_disable();
}

static void test_waiting(void)
{
	test_waiting_alone();
	if (!others)
		return;
	open_gate("lock.lock_kick.wakes", open_by_kick);
	open_gate("lock.lock_unlock.wakes", open_by_unlock);
}

/* ---- TLBs ---- */

static volatile unsigned long seen[CPUS][2];

static void read_pages(unsigned int cpu)
{
	seen[cpu][0] = *(volatile unsigned long *)USER_TEST;
	seen[cpu][1] = *(volatile unsigned long *)(USER_TEST + PAGE_SIZE);
}

static bool all_saw(unsigned int page, unsigned long value)
{
	unsigned int cpu, good = 0;

	for (cpu = 0; cpu < CPUS; cpu++)
		good += (all >> cpu & 1) && seen[cpu][page] == value;
	return good == (unsigned int)smp_number(all);
}

static unsigned long page_with(unsigned long value)
{
	unsigned long page = mm_page();

	*(unsigned long *)pv_host_va(page) = value;
	return page;
}

static void shoot_down(unsigned long pages, const char *stale, const char *fresh)
{
	unsigned long old = page_with(WORD_OLD), new = page_with(WORD_NEW), i;
	bool was_stale, is_fresh;

	for (i = 0; i < 2; i++)
		mm_set(USER_TEST + i * PAGE_SIZE, old | PTE_DATA);
	smp_run(all, read_pages);
	for (i = 0; i < pages; i++)
		pv_set_pte(mm_entry(pv_read_cr3(), USER_TEST + i * PAGE_SIZE),
			   pv_make_pte(new | PTE_DATA));
	smp_run(all, read_pages);
	was_stale = all_saw(pages - 1, WORD_OLD);
	pv_flush_tlb_multi(&all, USER_TEST, USER_TEST + pages * PAGE_SIZE);
	smp_run(all, read_pages);
	is_fresh = all_saw(0, WORD_NEW) && all_saw(1, pages > 1 ? WORD_NEW : WORD_OLD);
	/*
	 * Only now, since printing may enter a hypervisor that drops the TLB on the way.  So
	 * may other things, on this CPU; another one that only waits must still have it.
	 */
	if (others)
		check(stale, was_stale);
	check(fresh, is_fresh);
	for (i = 0; i < 2; i++)
		mm_set(USER_TEST + i * PAGE_SIZE, 0);
	pv_flush_tlb_multi(&all, USER_TEST, USER_TEST + 2 * PAGE_SIZE);
}

static volatile unsigned long deaf, returned, stale_after;

/* Interrupts come only after some time; who was told that the entry is gone must not see it. */
static void read_late(unsigned int cpu)
{
	unsigned int tries = DEAF_FOR;
	unsigned long over;

	(void)cpu;
	(void)*(volatile unsigned long *)USER_TEST;
	pv_irq_disable();
	deaf = 1;
	while (!returned && --tries)
		asm volatile("pause");
	over = returned;
	stale_after = over && *(volatile unsigned long *)USER_TEST == WORD_OLD;
	pv_irq_enable();
}

static void test_waits_for_others(void)
{
	uint64_t mask = 1ull << first_other();

	mm_set(USER_TEST, page_with(WORD_OLD) | PTE_DATA);
	smp_begin(mask, read_late);
	smp_wait(&deaf, 1);
	pv_set_pte(mm_entry(pv_read_cr3(), USER_TEST), pv_make_pte(page_with(WORD_NEW) | PTE_DATA));
	pv_flush_tlb_multi(&mask, USER_TEST, USER_TEST + PAGE_SIZE);
	returned = 1;
	check("mmu.flush_tlb_multi.waits_for_others", smp_end() && !stale_after);
	mm_set(USER_TEST, 0);
	pv_flush_tlb_multi(&all, USER_TEST, USER_TEST + PAGE_SIZE);
}

static void test_shootdown(void)
{
	shoot_down(1, "mmu.flush_tlb_multi.page_is_stale_before",
		   "mmu.flush_tlb_multi.page_is_new_after");
	shoot_down(2, "mmu.flush_tlb_multi.range_is_stale_before",
		   "mmu.flush_tlb_multi.range_is_new_after");
	if (others)
		test_waits_for_others();
}

/* ---- interrupts ---- */

static bool others_got(unsigned long calls)
{
	unsigned int cpu;

	for (cpu = 1; cpu < CPUS; cpu++)
		if ((others >> cpu & 1) && !smp_wait(&smp_calls[cpu], calls))
			return false;
	return true;
}

static volatile unsigned long holding, release;

static void hold_back(unsigned int cpu)
{
	(void)cpu;
	pv_irq_disable();
	holding = 1;
	smp_wait(&release, 1);
	pv_irq_enable();
	holding = 0;
}

/* An interrupt that waits for another CPU is not this one's, even if this one gets one too. */
static void test_held_back(void)
{
	unsigned long before = smp_calls[first_other()], ticks = timer_ticks;

	smp_begin(1ull << first_other(), hold_back);
	smp_wait(&holding, 1);
	pv_ipi_send(first_other(), PV_IPI_CALL);
	pv_timer_program(NS_PER_MS);
	pv_irq_enable();
	timer_wait(ticks + 1, 100 * NS_PER_MS);
	pv_irq_disable();
	check_equal("smp.ipi.held_back", smp_calls[first_other()], before);
	release = 1;
	smp_end();
	check_equal("smp.ipi.held_back_arrives", smp_calls[first_other()], before + 1);
}

static volatile unsigned long ticked[CPUS];

static void wait_for_tick(unsigned int cpu)
{
	unsigned long before = timer_ticks_of[cpu];

	pv_timer_program(NS_PER_MS);
	ticked[cpu] = smp_wait(&timer_ticks_of[cpu], before + 1);
}

static void send_and_tick(unsigned int cpu)
{
	pv_ipi_send(0, PV_IPI_CALL);
	wait_for_tick(cpu);
}

/* The other way round: the other CPU's own interrupt must not take the one that waits here. */
static void test_not_stolen(void)
{
	unsigned int other = first_other();
	unsigned long here = smp_calls[0], there = smp_calls[other];

	smp_run(1ull << other, send_and_tick);
	check("smp.ipi.other_ticks_meanwhile", ticked[other]);
	check_equal("smp.ipi.held_back_here", smp_calls[0], here);
	pv_irq_enable();
	smp_wait(&smp_calls[0], here + 1);
	pv_irq_disable();
	check_equal("smp.ipi.held_back_here_arrives", smp_calls[0], here + 1);
	check_equal("smp.ipi.not_taken_by_another", smp_calls[other], there);
}

static void test_ipi(void)
{
	unsigned int cpu;

	if (!others)
		return;
	memset((void *)smp_calls, 0, sizeof(smp_calls));
	for (cpu = 1; cpu < CPUS; cpu++)
		if (others >> cpu & 1)
			pv_ipi_send(cpu, PV_IPI_CALL);
	check("smp.ipi.each_gets_its_own", others_got(1));
	pv_ipi_send_others(PV_IPI_CALL);
	check("smp.ipi.all_others_get_it", others_got(2));
	timer_spin(NS_PER_MS);
	check("smp.ipi.once", others_got(2));
	test_held_back();
	check_equal("smp.ipi.not_this_one", smp_calls[0], 0);
	test_not_stolen();
}

/* ---- time ---- */

static uint64_t latest;
static unsigned long backwards;

/* What one CPU was told before, no other may be told less later. */
static void compare_clocks(unsigned int cpu)
{
	unsigned int i;

	(void)cpu;
	for (i = 0; i < CLOCK_READS; i++) {
		uint64_t before = atomic64_load(&latest);
		uint64_t now = pv_clock_read();

		if (now < before)
			__atomic_fetch_add(&backwards, 1, __ATOMIC_RELAXED);
		while (now > before && !atomic64_exchange_if(&latest, &before, now))
			;
		if (i % 8 == 0)
			asm volatile("pause");
	}
}

static void test_clocks(void)
{
	check("time.clocksource.read_by_all", smp_run(all, compare_clocks));
	check_equal("time.clocksource.never_goes_back_across_cpus", backwards, 0);
	if (!others)
		return;
	check("time.timer.each_cpu_waits", smp_run(others, wait_for_tick));
	check_equal("time.timer.each_cpu_has_its_own", sum(ticked), smp_number(others));
}

static void test_sched_clock(void)
{
	uint64_t begin, end;

	POISON_RESULT();
	begin = pv_sched_clock();
	timer_spin(NS_PER_MS);
	POISON_RESULT();
	end = pv_sched_clock();
	check("time.sched_clock.advances_with_the_clock",
	      end - begin >= NS_PER_MS && end - begin < 30000 * NS_PER_MS);
}

static void test_steal_clock(void)
{
	uint64_t before = pv_steal_read(0), now, after;

	POISON_RESULT();
	now = pv_steal_clock(0);
	after = pv_steal_read(0);
	check("time.steal_clock.is_what_the_backend_tells", before <= now && now <= after);
	check("time.steal_clock.less_than_all", now <= pv_sched_clock());
}

static void test_wallclock(void)
{
	struct pv_moment now = {0};
	bool known = pv_wallclock_read(&now);

	check("time.wallclock.known", known && now.nanoseconds < 1000000000u);
	print("PV wallclock seconds=%u\n", (unsigned long)now.seconds);
}

void test_smp(const struct pv_backend *backend)
{
	all = pv_cpus_online();
	others = all & ~1ull;
	sleeps = backend->patches[PV_OP_lock_kick].form != PV_FORM_NOP;
	test_start();
	test_counter();
	test_waiting();
	test_shootdown();
	test_ipi();
	test_clocks();
	test_sched_clock();
	test_steal_clock();
	test_wallclock();
}
