/* SPDX-License-Identifier: MIT */
/*
 * Each op is called with known values in all registers, and must change no more
 * than its contract says.  The table says how an op can be called and do no harm.
 * The same calls, repeated, are where the costs of ops are counted.
 */
#include "kernel.h"
#include "canary_check.h"
#include "pv_host.h"

#define FLAGS_IF    0x200ul
#define SOON	    NS_PER_MS
#define WELL_AFTER  (5 * NS_PER_MS)
#define DESC_BUSY   (2ull << 40)
#define VECTOR_FREE 0x91ul

struct trial {
	const char *op;
	/* Fills in the arguments and makes the machine ready; or NULL. */
	void (*prepare)(unsigned long *arguments);
	/* Takes back what the op did; or NULL. */
	void (*finish)(void);
	/* Why its instructions cannot be counted, or why it cannot be called at all. */
	const char *uncounted, *uncalled;
};

/* A number of 64 bits, in as many words as it takes. */
static void put_value(unsigned long *arguments, uint64_t value)
{
	arguments[0] = value;
	if (sizeof(value) > sizeof(*arguments))
		arguments[1] = value >> 32;
}

static unsigned long pt_page;

static unsigned long pt_frame(void)
{
	if (!pt_page)
		pt_page = mm_page();
	return pt_page >> PAGE_SHIFT;
}

/* Registers that hold what they are set to. */

static void same_cr0(unsigned long *arguments)
{
	arguments[0] = pv_read_cr0();
}

static void same_cr4(unsigned long *arguments)
{
	arguments[0] = pv_read_cr4();
}

static void same_cr3(unsigned long *arguments)
{
	arguments[0] = pv_read_cr3();
}

static void fs_base(unsigned long *arguments)
{
	arguments[0] = MSR_FREE;
	arguments[1] = 0;
}

static void fs_base_safe(unsigned long *arguments)
{
	static int error;

	arguments[0] = MSR_FREE;
	arguments[1] = (unsigned long)&error;
}

static void debug_status(unsigned long *arguments)
{
	arguments[0] = 6;
}

static void debug_address(unsigned long *arguments)
{
	arguments[0] = arguments[1] = 0;
}

static void cpuid(unsigned long *arguments)
{
	static uint32_t words[4];
	unsigned int i;

	words[0] = words[2] = 0;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		arguments[i] = (unsigned long)&words[i];
}

/* Descriptor tables: the same again, or entries that nothing uses. */

static void same_gdt(unsigned long *arguments)
{
	static struct desc_ptr pointer;

	pointer = (struct desc_ptr){GDT_ENTRIES * sizeof(uint64_t) - 1, (uintptr_t)kernel_gdt};
	arguments[0] = (unsigned long)&pointer;
}

static void same_idt(unsigned long *arguments)
{
	static struct desc_ptr pointer;

	pointer = (struct desc_ptr){PAGE_SIZE - 1, (uintptr_t)kernel_idt};
	arguments[0] = (unsigned long)&pointer;
}

/* A segment that is in use cannot be loaded again before its descriptor says otherwise. */
static void same_tr(unsigned long *arguments)
{
	pv_write_gdt_entry(kernel_gdt, GDT_TSS, kernel_gdt[GDT_TSS] & ~DESC_BUSY);
	arguments[0] = SELECTOR(GDT_TSS, 0);
}

static void gdt_entry(unsigned long *arguments)
{
	arguments[0] = (unsigned long)kernel_gdt;
	arguments[1] = GDT_TEST;
	arguments[2] = 0;
}

static void idt_entry(unsigned long *arguments)
{
	static struct gate gate;

	gate = traps_gate(VECTOR_FREE);
	arguments[0] = (unsigned long)kernel_idt;
	arguments[1] = VECTOR_FREE;
	arguments[2] = (unsigned long)&gate;
}

static void same_sp0(unsigned long *arguments)
{
	memcpy(&arguments[1], &kernel_tss.sp[0], sizeof(arguments[1]));
	arguments[0] = (unsigned long)&kernel_tss;
}

static void no_tls(unsigned long *arguments)
{
	static const struct tls tls;

	arguments[0] = (unsigned long)kernel_gdt;
	arguments[1] = GDT_TLS;
	arguments[2] = (unsigned long)&tls;
}

__attribute__((aligned(4096))) static uint64_t ldt[PAGE_SIZE / sizeof(uint64_t)];

static void no_ldt(unsigned long *arguments)
{
	arguments[0] = arguments[1] = 0;
}

static void ldt_entry(unsigned long *arguments)
{
	arguments[0] = (unsigned long)ldt;
	arguments[1] = arguments[2] = 0;
}

static void ldt_memory(unsigned long *arguments)
{
	arguments[0] = (unsigned long)ldt;
	arguments[1] = ARRAY_SIZE(ldt);
}

static void ldt_table(unsigned long *arguments)
{
	ldt_memory(arguments);
	pv_alloc_ldt(ldt, ARRAY_SIZE(ldt));
}

static void free_ldt(void)
{
	pv_free_ldt(ldt, ARRAY_SIZE(ldt));
}

/* Interrupts: disabled before and after each trial. */

static void disable(void)
{
	pv_irq_disable();
}

static void enabled(unsigned long *arguments)
{
	arguments[0] = FLAGS_IF | 2;
}

static void wake_soon(unsigned long *arguments)
{
	(void)arguments;
	pv_timer_program(WELL_AFTER);
}

static void again(void)
{
	pv_timer_program(SOON);
}

/* The tick could come before the sleep begins, so each one asks for another. */
static void wake_often(unsigned long *arguments)
{
	wake_soon(arguments);
	timer_on_tick(again);
	pv_irq_enable();
}

static void stop_waking(void)
{
	timer_on_tick(NULL);
	timer_spin(WELL_AFTER);
	pv_irq_disable();
}

/* Page tables: entries get the value that they have. */

static void same_entry(unsigned long *arguments, unsigned int wanted)
{
	const unsigned long va = USER_TEST;
	unsigned long table = pv_read_cr3();
	unsigned int level = LEVELS;
	uint64_t *entry;

	for (;; level--) {
		entry = (uint64_t *)pv_host_va(table) +
			(va >> (PAGE_SHIFT + 9 * (level - 1)) & 511);
		if (level == wanted)
			break;
		table = pv_pte_val((pte_t){*entry}) & PTE_FRAME;
	}
	arguments[0] = (unsigned long)entry;
	put_value(arguments + 1, *entry);
}

static void same_pte(unsigned long *arguments)
{
	same_entry(arguments, 1);
}

static void same_pmd(unsigned long *arguments)
{
	same_entry(arguments, 2);
}

static void same_pud(unsigned long *arguments)
{
	same_entry(arguments, 3);
}

static void begin_change(unsigned long *arguments)
{
	same_pte(arguments);
	put_value(arguments + 1, pv_prot_start((pte_t *)arguments[0]).pte);
}

static void same_fixmap(unsigned long *arguments)
{
	arguments[0] = arguments[1] = arguments[2] = 0;
}

static unsigned long space;

static void active_space(unsigned long *arguments)
{
	space = mm_new_space();
	arguments[0] = space;
}

static void inactive_space(unsigned long *arguments)
{
	active_space(arguments);
	pv_exit_mm(space);
}

static void free_space(void)
{
	mm_free_space(space);
}

static void activate_and_free_space(void)
{
	pv_activate_mm(space);
	mm_free_space(space);
}

static void test_address(unsigned long *arguments)
{
	arguments[0] = USER_TEST;
}

static pteval_t some_value(void)
{
	return (pt_frame() << PAGE_SHIFT) | PTE_DATA;
}

static void a_value(unsigned long *arguments)
{
	put_value(arguments, some_value());
}

static void an_entry(unsigned long *arguments)
{
	put_value(arguments, pv_make_pte(some_value()).pte);
}

static void memory_page(unsigned long *arguments)
{
	arguments[0] = pt_frame();
	arguments[1] = 1;
}

static void table_page(unsigned long *arguments)
{
	memory_page(arguments);
	pv_alloc_pt(arguments[0], 1);
}

static void release_page(void)
{
	pv_release_pt(pt_frame(), 1);
}

static void in_switch(unsigned long *arguments)
{
	(void)arguments;
	pv_context_begin();
}

static void end_switch(void)
{
	pv_context_end();
}

static void this_cpu(unsigned long *arguments)
{
	static const uint64_t cpus[1] = {1};

	arguments[0] = (unsigned long)cpus;
	arguments[1] = USER_TEST;
	arguments[2] = USER_TEST + PAGE_SIZE;
}

/* A lock that is free: nobody waits for it, and who would wait for it comes back. */
static void free_lock(unsigned long *arguments)
{
	static uint8_t lock;

	arguments[0] = (unsigned long)&lock;
	arguments[1] = 1;
}

static void lazy_mode(unsigned long *arguments)
{
	arguments[0] = PV_LAZY_MMU;
}

static void in_lazy_mode(unsigned long *arguments)
{
	lazy_mode(arguments);
	pv_lazy_enter(PV_LAZY_MMU);
}

static void leave(void)
{
	pv_lazy_leave(PV_LAZY_MMU);
}

#include "trials.h"

static const struct trial trials[] = {
	{.op = "cpu.read_cr0"},
	{.op = "cpu.write_cr0", .prepare = same_cr0},
	{.op = "cpu.read_cr4"},
	{.op = "cpu.write_cr4", .prepare = same_cr4},
	{.op = "cpu.read_msr", .prepare = fs_base},
	{.op = "cpu.write_msr", .prepare = fs_base},
	{.op = "cpu.read_msr_safe", .prepare = fs_base_safe},
	{.op = "cpu.write_msr_safe", .prepare = fs_base},
	{.op = "cpu.read_pmc", .uncalled = "raises an exception where there are no counters"},
	{.op = "cpu.get_debugreg", .prepare = debug_status},
	{.op = "cpu.set_debugreg", .prepare = debug_address},
	{.op = "cpu.wbinvd"},
	{.op = "cpu.cpuid", .prepare = cpuid},
	{.op = "cpu.load_gdt", .prepare = same_gdt},
	{.op = "cpu.load_idt", .prepare = same_idt},
	{.op = "cpu.load_tr", .prepare = same_tr},
	{.op = "cpu.store_tr"},
	{.op = "cpu.set_ldt", .prepare = no_ldt},
	{.op = "cpu.write_ldt_entry", .prepare = ldt_entry},
	{.op = "cpu.alloc_ldt", .prepare = ldt_memory, .finish = free_ldt},
	{.op = "cpu.free_ldt", .prepare = ldt_table},
	{.op = "cpu.context_begin", .finish = end_switch},
	{.op = "cpu.context_end", .prepare = in_switch},
	{.op = "cpu.write_gdt_entry", .prepare = gdt_entry},
	{.op = "cpu.write_idt_entry", .prepare = idt_entry},
	{.op = "cpu.load_sp0", .prepare = same_sp0},
	{.op = "cpu.load_tls", .prepare = no_tls},
	{.op = "cpu.io_delay"},
	{.op = "cpu.iret", .uncalled = "does not come back to its site"},
	{.op = "irq.save_fl"},
	{.op = "irq.restore_fl", .prepare = enabled, .finish = disable},
	{.op = "irq.irq_disable"},
	{.op = "irq.irq_enable", .finish = disable},
	{.op = "irq.safe_halt",
	 .prepare = wake_soon,
	 .finish = disable,
	 .uncounted = "sleeps until an interrupt"},
	{.op = "irq.halt",
	 .prepare = wake_often,
	 .finish = stop_waking,
	 .uncounted = "sleeps until an interrupt"},
	{.op = "mmu.read_cr2"},
	{.op = "mmu.write_cr2", .prepare = test_address},
	{.op = "mmu.read_cr3"},
	{.op = "mmu.write_cr3", .prepare = same_cr3},
	{.op = "mmu.flush_tlb_local"},
	{.op = "mmu.flush_tlb_global"},
	{.op = "mmu.flush_tlb_one", .prepare = test_address},
	{.op = "mmu.flush_tlb_multi", .prepare = this_cpu},
	{.op = "mmu.pte_val", .prepare = an_entry},
	{.op = "mmu.make_pte", .prepare = a_value},
	{.op = "mmu.pmd_val", .prepare = an_entry},
	{.op = "mmu.make_pmd", .prepare = a_value},
	{.op = "mmu.pud_val", .prepare = an_entry},
	{.op = "mmu.make_pud", .prepare = a_value},
	{.op = "mmu.prot_start", .prepare = same_pte},
	{.op = "mmu.prot_commit", .prepare = begin_change},
	{.op = "mmu.set_fixmap", .prepare = same_fixmap},
	{.op = "mmu.activate_mm", .prepare = inactive_space, .finish = free_space},
	{.op = "mmu.exit_mm", .prepare = active_space, .finish = activate_and_free_space},
	{.op = "mmu.set_pte", .prepare = same_pte},
	{.op = "mmu.set_pmd", .prepare = same_pmd},
	{.op = "mmu.set_pud", .prepare = same_pud},
	{.op = "mmu.alloc_pt", .prepare = memory_page, .finish = release_page},
	{.op = "mmu.release_pt", .prepare = table_page},
	{.op = "mmu.lazy_enter", .prepare = lazy_mode, .finish = leave},
	{.op = "mmu.lazy_leave", .prepare = in_lazy_mode},
	{.op = "lock.lock_unlock", .prepare = free_lock},
	{.op = "lock.lock_wait", .prepare = free_lock},
	{.op = "lock.lock_kick"},
	{.op = "lock.vcpu_is_preempted"},
	{.op = "time.sched_clock"},
	{.op = "time.steal_clock"},
#ifdef PV_HAVE_uptime
	/* Of the newer interfaces that test_versions.py makes. */
	{.op = "time.uptime"},
#endif
};

static bool same_text(const char *a, const char *b)
{
	return has_prefix(a, b) && has_prefix(b, a);
}

static const struct trial *find_trial(enum pv_op op)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(trials); i++)
		if (same_text(trials[i].op, pv_op_names[op]))
			return &trials[i];
	for (i = 0; i < ARRAY_SIZE(arch_trials); i++)
		if (same_text(arch_trials[i].op, pv_op_names[op]))
			return &arch_trials[i];
	return NULL;
}

static uint32_t run_trial(const struct trial *trial, enum pv_op op, unsigned int pattern)
{
	unsigned long arguments[PV_NR_ARGUMENTS + PV_NR_STACK_WORDS] = {0}, result;
	uint32_t changed;

	if (trial->prepare)
		trial->prepare(arguments);
	changed = canary_call(op, pattern, arguments, &result);
	if (trial->finish)
		trial->finish();
	return changed;
}

static void report_trial(enum pv_op op, const char *what, uint32_t changed)
{
	unsigned int i;

	print("PV test %s.%s %s", pv_op_names[op], what, changed ? "fail changed" : "pass");
	for (i = 0; i < PV_NR_REGISTERS; i++)
		if (changed >> i & 1)
			print(" %s", pv_register_names[i]);
	print("\n");
	count_test(!changed);
}

static void try_op(enum pv_op op, unsigned int times)
{
	const struct trial *trial = find_trial(op);
	uint32_t changed = 0;
	unsigned int i;

	if (!trial)
		panic("canaries: nothing says how to call %s", pv_op_names[op]);
	if (trial->uncounted || trial->uncalled)
		print("PV uncounted %s %s\n", pv_op_names[op],
		      trial->uncalled ? trial->uncalled : trial->uncounted);
	if (trial->uncalled)
		return;
	for (i = 0; i < times * CANARY_PATTERNS; i++)
		changed |= run_trial(trial, op, i % CANARY_PATTERNS);
	report_trial(op, "keeps_registers", changed);
}

void canaries_run(unsigned int times)
{
	unsigned int op;

	pv_irq_disable();
	for (op = 0; op < PV_NR_OPS; op++)
		if (pv_site_length[op])
			try_op(op, times);
}

/* With a timer interrupt pending these run its handler in between. */
static void test_pending(enum pv_op op)
{
	unsigned long arguments[PV_NR_ARGUMENTS + PV_NR_STACK_WORDS] = {FLAGS_IF}, result;

	pv_timer_program(SOON);
	timer_spin(2 * SOON);
	report_trial(op, "keeps_registers_when_pending", canary_call(op, 0, arguments, &result));
	pv_irq_disable();
}

void test_registers(void)
{
	canaries_run(1);
	test_pending(PV_OP_irq_enable);
	test_pending(PV_OP_restore_fl);
}
