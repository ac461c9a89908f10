/* SPDX-License-Identifier: MIT */
/* Model-specific registers, for backends; a hypervisor may carry the instructions out. */
#ifndef MSR_H
#define MSR_H

#include "pv_exception.h"
#include "pv_ops.h"

/* SDM vol. 4, table 2-2. */
#define MSR_FS_BASE	   0xc0000100u
#define MSR_GS_BASE	   0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

static inline uint64_t msr_read_safe(uint32_t msr, int *error)
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

static inline int msr_write_safe(uint32_t msr, uint64_t value)
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

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
		     : "memory");
}

#endif
