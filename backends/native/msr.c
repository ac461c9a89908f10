/* SPDX-License-Identifier: MIT */
/* Accesses that may fault, and the user's GS, which is reached through such registers. */
#include "native.h"
#include "pv_exception.h"

/* SDM vol. 4, table 2-2. */
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

/* A selector with this index is the null selector, whatever its ring. */
#define SELECTOR_INDEX 0xfffcu

PV_IMPLEMENTS(read_msr_safe, 1);
uint64_t native_read_msr_safe(uint32_t msr, int *error)
{
	uint32_t low = 0, high = 0;
	int result = -PV_EIO;

	asm volatile("1: rdmsr\n"
		     "xor %0, %0\n"
		     "2:\n" PV_EXCEPTION("1b", "2b")
		     : "+r"(result), "+a"(low), "+d"(high)
		     : "c"(msr)
		     : "cc");
	*error = result;
	return (uint64_t)high << 32 | low;
}

PV_IMPLEMENTS(write_msr_safe, 1);
int native_write_msr_safe(uint32_t msr, uint64_t value)
{
	int result = -PV_EIO;

	asm volatile("1: wrmsr\n"
		     "xor %0, %0\n"
		     "2:\n" PV_EXCEPTION("1b", "2b")
		     : "+r"(result)
		     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "cc", "memory");
	return result;
}

static uint64_t read_base(uint32_t msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void write_base(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

/*
 * Not by SWAPGS: a fault of the load would then find the kernel without its base.
 * A load that faults changes nothing; the fixup goes back to it with 0.
 */
PV_IMPLEMENTS(load_gs_index, 1);
void native_load_gs_index(unsigned int selector)
{
	uint64_t kernel_base = read_base(MSR_GS_BASE), user_base = 0;
	unsigned long flags;

	asm volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	asm volatile("jmp 2f\n"
		     "1: xor %0, %0\n"
		     "2: mov %0, %%gs\n" PV_EXCEPTION("2b", "1b")
		     : "+r"(selector)
		     :
		     : "cc");
	/* A null selector has no base, but the processor may leave the old one. */
	if (selector & SELECTOR_INDEX)
		user_base = read_base(MSR_GS_BASE);
	write_base(MSR_GS_BASE, kernel_base);
	write_base(MSR_KERNEL_GS_BASE, user_base);
	asm volatile("push %0; popf" : : "r"(flags) : "cc", "memory");
}
