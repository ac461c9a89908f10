/* SPDX-License-Identifier: MIT */
/* Information, model-specific and control registers. */
#include "judge.h"

/* ---- CPUID ---- */

static void compare_leaf(u32 leaf, u32 subleaf)
{
	u32 own[4];

	cpuid(leaf, subleaf, own);
	begin(CALL_CPUID);
	trial.in.eax = leaf;
	trial.in.ecx = subleaf;
	invoke();
	expect(after.out.eax == own[0], "eax is not the processor's");
	expect(leaf == 1 || after.out.ebx == own[1], "ebx is not the processor's");
	expect(!(after.out.ecx & ~own[2]), "ecx has what the processor has not");
	expect(!(after.out.edx & ~own[3]), "edx has what the processor has not");
	expect(leaf || (after.out.ecx == own[2] && after.out.edx == own[3]), "another maker");
}

void judge_CPUID(void)
{
	compare_leaf(0, 0);
	compare_leaf(1, 0);
	compare_leaf(4, 0);
	compare_leaf(4, 1);
}

/* ---- MSRs ---- */

#define MSR_MTRR_BASE1 0x202

void judge_WRMSR(void)
{
	begin(CALL_WRMSR);
	trial.in.eax = 0x12345006;
	trial.in.edx = 0xf;
	trial.in.ecx = MSR_MTRR_BASE1;
	invoke();
	expect(rdmsr(MSR_MTRR_BASE1) == 0xf12345006, "the register has another value");
	wrmsr(MSR_MTRR_BASE1, 0);
}

void judge_RDMSR(void)
{
	wrmsr(MSR_MTRR_BASE1, 0xe54321006);
	begin(CALL_RDMSR);
	trial.in.ecx = MSR_MTRR_BASE1;
	invoke();
	expect(after.out.eax == 0x54321006 && after.out.edx == 0xe, "another value");
	wrmsr(MSR_MTRR_BASE1, 0);
}

/* Reads a counter as the kernel would. */
static bool native_rdpmc(void)
{
	static const u8 code[] = {0x0f, 0x33, 0xc3};

	begin(CALL_RDPMC);
	trial.in.ecx = 0;
	trial.target = (u32)code;
	return returns();
}

/* Where the processor has none, as QEMU's, the ROM's instruction traps as the kernel's own does. */
void judge_RDPMC(void)
{
	bool has_counters = native_rdpmc();

	begin(CALL_RDPMC);
	trial.in.ecx = 0;
	expect(attempt() == has_counters, "not as the instruction");
	if (has_counters)
		return;
	note("traps");
	expect(last.vector == 6 || last.vector == 13, "another trap");
	expect(*(u16 *)last.eip == 0x330f, "another instruction trapped");
	compare_trapped();
}

static u64 result(void)
{
	return (u64)after.out.edx << 32 | after.out.eax;
}

void judge_RDTSC(void)
{
	u64 first = rdtsc();

	begin(CALL_RDTSC);
	invoke();
	expect(result() > first && result() < rdtsc(), "not between before and after");
}

/* ---- CR0 ---- */

#define CR0_TS 0x8
#define CR0_AM 0x40000

void judge_SetCR0(void)
{
	u32 old = read_cr0();

	for (u32 i = 0; i < 2; i++) {
		u32 value = i ? old | CR0_AM : old | CR0_TS;

		begin(CALL_SetCR0);
		trial.in.eax = value;
		invoke();
		expect(read_cr0() == value, "cr0 has another value");
	}
	write_cr0(old);
}

void judge_GetCR0(void)
{
	u32 old = read_cr0();

	write_cr0(old | CR0_TS | CR0_AM);
	begin(CALL_GetCR0);
	invoke();
	expect(after.out.eax == (old | CR0_TS | CR0_AM), "another value");
	write_cr0(old);
}

void judge_CLTS(void)
{
	u32 old = read_cr0();

	write_cr0(old | CR0_TS | CR0_AM);
	begin(CALL_CLTS);
	invoke();
	expect(read_cr0() == (old | CR0_AM), "cr0 has another value");
	write_cr0(old);
}

/* ---- CR2 and CR4; CR3 is with the page tables ---- */

void judge_SetCR2(void)
{
	begin(CALL_SetCR2);
	trial.in.eax = 0x12345678;
	invoke();
	expect(read_cr2() == 0x12345678, "cr2 has another value");
}

void judge_GetCR2(void)
{
	write_cr2(0x87654321);
	begin(CALL_GetCR2);
	invoke();
	expect(after.out.eax == 0x87654321, "another value");
}

#define CR4_DE	0x8
#define CR4_PGE 0x80

void judge_SetCR4(void)
{
	u32 old = read_cr4();

	begin(CALL_SetCR4);
	trial.in.eax = old | CR4_PGE | CR4_DE;
	invoke();
	expect(read_cr4() == (old | CR4_PGE | CR4_DE), "cr4 has another value");
	write_cr4(old);
}

void judge_GetCR4(void)
{
	u32 old = read_cr4();

	write_cr4(old | CR4_DE);
	begin(CALL_GetCR4);
	invoke();
	expect(after.out.eax == (old | CR4_DE), "another value");
	write_cr4(old);
}

void judge_WBINVD(void)
{
	begin(CALL_WBINVD);
	invoke();
}

/* ---- debug registers ---- */

#define DEBUG_CASE(n)                                                                              \
	case n:                                                                                    \
		if (write)                                                                         \
			asm volatile("mov %0, %%dr" #n : : "r"(value));                            \
		else                                                                               \
			asm volatile("mov %%dr" #n ", %0" : "=r"(value));                          \
		break;

static u32 debug_register(u32 index, bool write, u32 value)
{
	switch (index) {
		DEBUG_CASE(0)
		DEBUG_CASE(1)
		DEBUG_CASE(2)
		DEBUG_CASE(3)
		DEBUG_CASE(6)
		DEBUG_CASE(7)
	}
	return value;
}

/* Addresses that nobody reads, no breakpoint that is on, conditions as after a reset. */
static const struct {
	u32 index, value, reset;
} debug_values[] = {
	{0, 0x12340000, 0}, {1, 0x12340100, 0},		 {2, 0x12340200, 0},
	{3, 0x12340300, 0}, {6, 0xffff0ff1, 0xffff0ff0}, {7, 0x00330400, 0x400},
};

void judge_SetDR(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(debug_values); i++) {
		u32 index = debug_values[i].index;

		begin(CALL_SetDR);
		trial.in.eax = index;
		trial.in.edx = debug_values[i].value;
		invoke();
		expect(debug_register(index, false, 0) == debug_values[i].value,
		       "a register has another value");
	}
	for (u32 i = 0; i < ARRAY_SIZE(debug_values); i++)
		debug_register(debug_values[i].index, true, debug_values[i].reset);
}

void judge_GetDR(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(debug_values); i++) {
		u32 index = debug_values[i].index;

		debug_register(index, true, debug_values[i].value);
		begin(CALL_GetDR);
		trial.in.eax = index;
		invoke();
		expect(after.out.eax == debug_values[i].value, "another value");
		debug_register(index, true, debug_values[i].reset);
	}
}
