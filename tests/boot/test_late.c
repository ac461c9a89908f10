/* SPDX-License-Identifier: MIT */
/* An op is switched between two implementations while all CPUs execute it. */
#include "kernel.h"

/* As many as this, or as the time is enough for where the CPUs share the host's. */
#define SWITCHES 200
#define LIMIT	 (3000 * NS_PER_MS)
/* What the two answer, beside the argument. */
#define ANSWER_A  0x20000000ul
#define ANSWER_B  0x50000000ul
#define VECTOR_BP 3

static struct pv_ops ops[2];
static struct pv_patch patches[2][PV_NR_OPS];
static struct pv_backend variants[2];

static volatile bool stop;
static volatile unsigned long executed[CPUS], wrong[CPUS], early[CPUS];
static volatile unsigned long breakpoints;
/* Which of the two is in force; 2 while it changes. */
static volatile unsigned int in_force;

static uint64_t answer_a(unsigned int cpu)
{
	return ANSWER_A + cpu;
}

static uint64_t answer_b(unsigned int cpu)
{
	return ANSWER_B + cpu;
}

/* The second one is a template: its sites get instructions, not a call. */
extern const uint8_t late_template[], late_template_end[];
asm(".pushsection .rodata\n"
    ".globl late_template, late_template_end\n"
    "late_template:\n"
    "	" LATE_TEMPLATE "late_template_end:\n"
    ".popsection\n");

static void make_variant(unsigned int i, const struct pv_backend *backend,
			 uint64_t (*function)(unsigned int), struct pv_patch patch)
{
	ops[i] = *backend->ops;
	ops[i].time.steal_clock = function;
	memcpy(patches[i], backend->patches, sizeof(patches[i]));
	patches[i][PV_OP_steal_clock] = patch;
	variants[i] = *backend;
	variants[i].ops = &ops[i];
	variants[i].patches = patches[i];
}

static void breakpoint(struct trap_frame *frame)
{
	__atomic_fetch_add(&breakpoints, 1, __ATOMIC_RELAXED);
	if (!pv_late_trap(frame->ip - 1))
		panic("breakpoint at %x", frame->ip - 1);
	frame->ip--;
}

/* What was in force before and after must be what was executed in between. */
static void execute_once(unsigned int cpu)
{
	unsigned int before = in_force;
	unsigned long answer = pv_steal_clock(cpu);
	unsigned int after = in_force;
	unsigned long expected[2] = {ANSWER_A + cpu, ANSWER_B + cpu};

	executed[cpu]++;
	if (answer != expected[0] && answer != expected[1])
		wrong[cpu]++;
	if (before == after && before < 2 && answer != expected[before])
		early[cpu]++;
}

static void execute(unsigned int cpu)
{
	while (!stop) {
		execute_once(cpu);
		if (executed[cpu] % 32 == 0)
			asm volatile("pause");
	}
}

static bool switch_to(unsigned int from, unsigned int to, struct pv_patch_refusal *refusal)
{
	bool good;

	in_force = 2;
	good = pv_patch_late(PV_OP_steal_clock, &variants[from], &variants[to], refusal);
	if (good)
		in_force = to;
	return good;
}

/* Executions on this CPU between two switches: a different number each time. */
static void execute_some(unsigned int i)
{
	unsigned int left;

	for (left = i * 37 % 64; left; left--) {
		execute_once(0);
		asm volatile("pause");
	}
}

/* There and back, so that the first one is in force at the end; the number of switches. */
static unsigned int switch_often(void)
{
	uint64_t end = pv_clock_read() + LIMIT;
	struct pv_patch_refusal refusal;
	unsigned int i = 0;

	do {
		if (!switch_to(0, 1, &refusal))
			return i;
		execute_some(i++);
		if (!switch_to(1, 0, &refusal))
			return i;
		execute_some(i++);
	} while (i < SWITCHES && pv_clock_read() < end);
	return i;
}

static unsigned long sum(const volatile unsigned long *counts)
{
	unsigned long total = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		total += counts[cpu];
	return total;
}

static void test_switching(uint64_t others)
{
	unsigned int switches;

	stop = false;
	smp_begin(others, execute);
	switches = switch_often();
	stop = true;
	check("time.steal_clock.late_all_come_back", smp_end());
	check("time.steal_clock.late_switched", switches && switches % 2 == 0);
	check_equal("time.steal_clock.late_old_or_new", sum(wrong), 0);
	check_equal("time.steal_clock.late_only_new_afterwards", sum(early), 0);
	check("time.steal_clock.late_was_executed", sum(executed) > switches);
	print("PV late switches=%u executed=%u breakpoints=%u\n", (unsigned long)switches,
	      sum(executed), breakpoints);
}

/* A wrong idea of what is there changes nothing. */
static void test_refusal(void)
{
	struct pv_patch_refusal refusal = {.op = PV_NR_OPS};

	check("time.steal_clock.late_refuses",
	      !pv_patch_late(PV_OP_steal_clock, &variants[1], &variants[0], &refusal));
	check_equal("time.steal_clock.late_names_the_op", refusal.op, PV_OP_steal_clock);
	check_equal("time.steal_clock.late_is_unchanged", pv_steal_clock(5), ANSWER_A + 5);
}

void test_late(const struct pv_backend *backend, bool patched)
{
	const struct pv_patch call = {.form = PV_FORM_CALL, .reloc = 0xff};
	const struct pv_patch inlined = {
		.code = late_template,
		.form = PV_FORM_INLINE,
		.length = late_template_end - late_template,
		.first = late_template_end - late_template,
		.reloc = 0xff,
	};
	struct pv_patch_refusal refusal;

	make_variant(0, backend, answer_a, call);
	make_variant(1, backend, answer_b, inlined);
	traps_handle(VECTOR_BP, breakpoint);
	/* Sites that were never patched are not what any backend puts there. */
	check_equal("time.steal_clock.late_begins",
		    pv_patch_late(PV_OP_steal_clock, backend, &variants[0], &refusal), patched);
	if (!patched)
		return;
	in_force = 0;
	test_switching(pv_cpus_online() & ~1ull);
	test_refusal();
	check("time.steal_clock.late_ends",
	      pv_patch_late(PV_OP_steal_clock, &variants[0], backend, &refusal));
}
