/* SPDX-License-Identifier: MIT */
/* Debug registers by a breakpoint on data; counters and caches as far as they can be seen. */
#include "kernel.h"

/* SDM vol. 3, figure 18-1: break when the word at the address in register 0 is written. */
#define DR7_OFF	    0x400ul
#define DR7_WRITE_0 (DR7_OFF | 0x1 | DR7_WRITE_WORD)
#define DR6_HIT_0   0x1ul
#define DR6_OFF	    0xffff0ff0ul

/* SDM vol. 3, section 20.2.3: counters are at most 48 bits wide, the poison is wider. */
#define COUNTER_BITS 48

static volatile unsigned long watched[2];
static volatile unsigned int hits;
static volatile unsigned long status;

static void on_debug(struct trap_frame *frame)
{
	(void)frame;
	hits++;
	status = pv_get_debugreg(6);
	pv_set_debugreg(6, DR6_OFF);
}

static unsigned long debugreg(int regno)
{
	POISON_RESULT();
	return pv_get_debugreg(regno);
}

/* Each number is its own register. */
static void test_addresses(void)
{
	int regno;
	unsigned int good = 0;

	for (regno = 0; regno < 4; regno++)
		pv_set_debugreg(regno, (unsigned long)watched + regno);
	for (regno = 0; regno < 4; regno++)
		good += debugreg(regno) == (unsigned long)watched + regno;
	check_equal("cpu.get_debugreg.four_addresses", good, 4);
}

static void test_watch(unsigned int i)
{
	hits = 0;
	pv_set_debugreg(0, (unsigned long)&watched[i]);
	check_equal("cpu.get_debugreg.address", debugreg(0), (unsigned long)&watched[i]);
	pv_set_debugreg(7, DR7_WRITE_0);
	check_equal("cpu.get_debugreg.control", debugreg(7), DR7_WRITE_0);
	watched[!i]++;
	check_equal("cpu.set_debugreg.not_this_one", hits, 0);
	watched[i]++;
	check_equal("cpu.set_debugreg.breaks", hits, 1);
	check_equal("cpu.get_debugreg.status", status & DR6_HIT_0, DR6_HIT_0);
	check_equal("cpu.set_debugreg.status_cleared", debugreg(6) & DR6_HIT_0, 0);
	pv_set_debugreg(7, DR7_OFF);
	watched[i]++;
	check_equal("cpu.set_debugreg.off", hits, 1);
}

static uint64_t counter;

static void read_counter(unsigned long number)
{
	POISON_RESULT();
	counter = pv_read_pmc(number);
}

/* Documented: a counter, or an exception; QEMU has no counters. */
static void test_counter(void)
{
	int trap = run_caught(read_counter, 0);

	check("cpu.read_pmc.value_or_exception",
	      trap == TRAP_UD || trap == TRAP_GP ||
		      (trap == TRAP_NONE && !(counter >> COUNTER_BITS)));
}

static void empty_caches(unsigned long unused)
{
	(void)unused;
	pv_wbinvd();
}

void test_debug(void)
{
	traps_handle(TRAP_DB, on_debug);
	test_addresses();
	test_watch(0);
	test_watch(1);
	traps_handle(TRAP_DB, NULL);
	test_counter();
	check_equal("cpu.wbinvd.is_allowed", run_caught(empty_caches, 0), TRAP_NONE);
}
