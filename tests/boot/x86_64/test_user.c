/* SPDX-License-Identifier: MIT */
/* The way to user mode by SYSRET, and the GS that is there. */
#include "kernel.h"

/* SDM vol. 4, table 2-2; STAR: vol. 3, figure 5-14. */
#define MSR_EFER	   0xc0000080u
#define MSR_STAR	   0xc0000081u
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define EFER_SCE	   0x1ul
/* SYSRET takes SS from the entry behind this one, CS from the second behind it. */
#define STAR_USER (GDT_USER_DATA - 1)
#define FLAGS_CF  0x1ul
#define FLAGS_IF  0x200ul

#define STACK	      (USER_STACK + PAGE_SIZE - 64)
#define TEST_SELECTOR SELECTOR(GDT_TEST, 3)
/* Data segment for ring 3 with a base below 16 MiB: SDM vol. 3, figure 3-8. */
#define DESC_DATA(base) (0x00c0f3000000ffffull | (uint64_t)(base) << 16)

extern const char user_program[], user_exited[], user_gs_selector[], user_gs_word[];

static unsigned long in_user(const char *code)
{
	return USER_CODE + (code - user_program);
}

static unsigned long run(const char *code)
{
	return run_user(in_user(code), STACK);
}

/* A machine that refuses has set them itself. */
static void allow_sysret(void)
{
	const uint64_t star = (uint64_t)SELECTOR(STAR_USER, 3) << 48 |
			      (uint64_t)SELECTOR(GDT_KERNEL_CODE, 0) << 32;

	pv_write_msr_safe(MSR_STAR, star);
	pv_write_msr_safe(MSR_EFER, pv_read_msr(MSR_EFER) | EFER_SCE);
}

static void test_sysret(void)
{
	const unsigned long flags = FLAGS_CF | FLAGS_IF;
	unsigned long cs;

	allow_sysret();
	cs = run_user_fast(USER_CODE, STACK);
	check_equal("cpu.sysret.in_ring_3", cs & 3, 3);
	check_equal("cpu.sysret.rip", user_entry.ip, in_user(user_exited));
	check_equal("cpu.sysret.rsp", user_entry.sp, STACK);
	check_equal("cpu.sysret.rflags", user_entry.flags & flags, flags);
	check_equal("cpu.sysret.other_registers", user_entry.di, USER_CODE);
	check_equal("cpu.sysret.back_by_iret", run_user(USER_CODE, STACK) & 3, 3);
}

/* Through the base alone: nothing was loaded into the selector. */
static void test_base(void)
{
	const uint64_t kernel = pv_read_msr(MSR_GS_BASE);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		pv_write_msr(MSR_KERNEL_GS_BASE, USER_TEST + 8 * i);
		check_equal("cpu.swapgs.user_has_its_base", run(user_gs_word), 0x9990 + i);
		check_equal("cpu.swapgs.kernel_has_its_own", pv_read_msr(MSR_GS_BASE), kernel);
	}
	pv_write_msr(MSR_KERNEL_GS_BASE, 0);
}

static void load_gs(unsigned long selector)
{
	pv_load_gs_index(selector);
}

static void test_selector(void)
{
	const uint64_t kernel = pv_read_msr(MSR_GS_BASE);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		pv_write_gdt_entry(kernel_gdt, GDT_TEST, DESC_DATA(USER_TEST + 8 * i));
		pv_load_gs_index(TEST_SELECTOR);
		check_equal("cpu.load_gs_index.user_has_its_base", run(user_gs_word), 0x9990 + i);
		check_equal("cpu.load_gs_index.user_has_the_selector", run(user_gs_selector),
			    TEST_SELECTOR);
		check_equal("cpu.load_gs_index.kernel_has_its_own", pv_read_msr(MSR_GS_BASE),
			    kernel);
	}
	pv_write_gdt_entry(kernel_gdt, GDT_TEST, 0);
	check_equal("cpu.load_gs_index.survives_a_bad_one", run_caught(load_gs, TEST_SELECTOR),
		    TRAP_NONE);
	check_equal("cpu.load_gs_index.bad_is_null", run(user_gs_selector) & ~3ul, 0);
	check_equal("cpu.load_gs_index.kernel_still_has_its_own", pv_read_msr(MSR_GS_BASE), kernel);
}

void test_user(void)
{
	volatile unsigned long *words = (unsigned long *)USER_TEST;

	test_sysret();
	mm_set(USER_TEST, mm_page() | PTE_DATA | PTE_U);
	words[0] = 0x9990;
	words[1] = 0x9991;
	test_base();
	test_selector();
	mm_set(USER_TEST, 0);
}
