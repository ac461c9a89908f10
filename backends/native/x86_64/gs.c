/* SPDX-License-Identifier: MIT */
/* The user's GS, whose base is in model-specific registers. */
#include "native.h"
#include "x86/msr.h"

/* A selector without these bits is the null selector, whatever its ring. */
#define SELECTOR_INDEX 0xfffcu

/*
 * Not by SWAPGS: a fault of the load would then find the kernel without its base.
 * A load that faults changes nothing; the fixup goes back to it with 0.
 */
PV_IMPLEMENTS(load_gs_index, 1);
void native_load_gs_index(unsigned int selector)
{
	uint64_t kernel_base, user_base = 0;
	unsigned long flags;

	asm volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	/* Not before: on another CPU it would be another one's. */
	kernel_base = msr_read(MSR_GS_BASE);
	asm volatile("jmp 2f\n"
		     "1: xor %0, %0\n"
		     "2: mov %0, %%gs\n" PV_EXCEPTION("2b", "1b")
		     : "+r"(selector)
		     :
		     : "cc");
	/* A null selector has no base, but the processor may leave the old one. */
	if (selector & SELECTOR_INDEX)
		user_base = msr_read(MSR_GS_BASE);
	msr_write(MSR_GS_BASE, kernel_base);
	msr_write(MSR_KERNEL_GS_BASE, user_base);
	asm volatile("push %0; popf" : : "r"(flags) : "cc", "memory");
}
