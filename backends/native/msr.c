/* SPDX-License-Identifier: MIT */
/* Accesses that may fault. */
#include "native.h"
#include "x86/msr.h"

PV_IMPLEMENTS(read_msr_safe, 1);
uint64_t native_read_msr_safe(uint32_t msr, int *error)
{
	return msr_read_safe(msr, error);
}

PV_IMPLEMENTS(write_msr_safe, 1);
int native_write_msr_safe(uint32_t msr, uint64_t value)
{
	return msr_write_safe(msr, value);
}
