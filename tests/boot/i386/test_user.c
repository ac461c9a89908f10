/* SPDX-License-Identifier: MIT */
/* The way to user mode by SYSEXIT. */
#include "kernel.h"

/* SYSEXIT takes CS and SS from the third and fourth entry from here on: SDM vol. 3, 5.8.7. */
#define MSR_SYSENTER_CS 0x174u
#define FLAGS_IF	0x200ul

#define STACK (USER_STACK + PAGE_SIZE - 64)

extern const char user_program[], user_exited[];

void test_user(void)
{
	unsigned long cs;

	pv_write_msr(MSR_SYSENTER_CS, SELECTOR(GDT_KERNEL_CODE, 0));
	cs = run_user_fast(USER_CODE, STACK);
	check_equal("cpu.sysexit.in_ring_3", cs & 3, 3);
	check_equal("cpu.sysexit.eip", user_entry.ip, USER_CODE + (user_exited - user_program));
	check_equal("cpu.sysexit.esp", user_entry.sp, STACK);
	check_equal("cpu.sysexit.enables_interrupts", user_entry.flags & FLAGS_IF, FLAGS_IF);
	check_equal("cpu.sysexit.other_registers", user_entry.di, USER_CODE);
	check_equal("cpu.sysexit.back_by_iret", run_user(USER_CODE, STACK) & 3, 3);
	pv_write_msr(MSR_SYSENTER_CS, 0);
}
