/* SPDX-License-Identifier: MIT */
#include "xen_internal.h"
#include "x86/msr.h"

#define CR0_TS 0x8ul

/*
 * Xen emulates these reads.  A copy of our own would be faster but wrong: Xen
 * clears CR0.TS by itself when it passes on the exception that TS causes.
 */
PV_IMPLEMENTS(read_cr0, 1);
PV_NARROW unsigned long xen_pv_read_cr0(void)
{
	unsigned long value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

PV_IMPLEMENTS(read_cr4, 1);
PV_NARROW unsigned long xen_pv_read_cr4(void)
{
	unsigned long value;

	asm volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

PV_IMPLEMENTS(write_cr0, 1);
void xen_pv_write_cr0(unsigned long value)
{
	xen_pv_flush();
	xen_checked("xen: fpu_taskswitch", xen_fpu_taskswitch(!!(value & CR0_TS)));
}

/* Xen emulates it and keeps the bits that are its own. */
PV_IMPLEMENTS(write_cr4, 1);
void xen_pv_write_cr4(unsigned long value)
{
	asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* Xen carries the instruction out, or passes on the fault. */
PV_IMPLEMENTS(read_msr_safe, 1);
uint64_t xen_pv_read_msr_safe(uint32_t msr, int *error)
{
	return msr_read_safe(msr, error);
}

PV_IMPLEMENTS(read_msr, 1);
uint64_t xen_pv_read_msr(uint32_t msr)
{
	int error;
	uint64_t value = msr_read_safe(msr, &error);

	xen_checked("xen: read_msr", error);
	return value;
}

/* Segment bases have a call; Xen emulates the other registers that it lets a guest have. */
PV_IMPLEMENTS(write_msr_safe, 1);
int xen_pv_write_msr_safe(uint32_t msr, uint64_t value)
{
	static const struct {
		uint32_t msr;
		unsigned int which;
	} bases[] = {
		{MSR_FS_BASE, XEN_set_segment_base_fs},
		{MSR_GS_BASE, XEN_set_segment_base_gs_kernel},
		{MSR_KERNEL_GS_BASE, XEN_set_segment_base_gs_user},
	};
	unsigned int i;

	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (bases[i].msr == msr)
			return xen_set_segment_base(bases[i].which, value) < 0 ? -PV_EIO : 0;
	return msr_write_safe(msr, value);
}

PV_IMPLEMENTS(write_msr, 1);
void xen_pv_write_msr(uint32_t msr, uint64_t value)
{
	xen_checked("xen: write_msr", xen_pv_write_msr_safe(msr, value));
}

/* The prefix (xen/include/public/arch-x86/xen.h, XEN_EMULATE_PREFIX) makes Xen answer, not the
 * processor. */
PV_IMPLEMENTS(cpuid, 1);
void xen_pv_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
	asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
		     : "+a"(*eax), "=b"(*ebx), "+c"(*ecx), "=d"(*edx));
}
