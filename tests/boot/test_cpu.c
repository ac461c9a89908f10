/* SPDX-License-Identifier: MIT */
/* Control registers, model-specific registers, CPUID. */
#include "kernel.h"

/* SDM vol. 3, section 2.5. */
#define CR0_PE	0x1ul
#define CR0_TS	0x8ul
#define CR0_PG	0x80000000ul
#define CR4_DE	0x8ul
#define CR4_PAE 0x20ul

static void use_fpu(unsigned long unused)
{
	(void)unused;
	asm volatile("fnop");
}

static unsigned long cr0(void)
{
	POISON_RESULT();
	return pv_read_cr0();
}

static unsigned long cr4(void)
{
	POISON_RESULT();
	return pv_read_cr4();
}

/* A hypervisor may clear TS when it passes on the exception, so it is read before. */
static void test_cr0(void)
{
	const unsigned long paging = CR0_PE | CR0_PG;
	unsigned long start = cr0();

	check_equal("cpu.read_cr0.paging_is_on", start & paging, paging);
	check("cpu.read_cr0.no_poison", !IS_POISON(start));
	if (IS_POISON(start))
		return;
	pv_write_cr0(start | CR0_TS);
	check_equal("cpu.write_cr0.ts_reads_back", cr0() & CR0_TS, CR0_TS);
	check_equal("cpu.write_cr0.ts_traps_fpu", run_caught(use_fpu, 0), TRAP_NM);
	pv_write_cr0(cr0() & ~CR0_TS);
	check_equal("cpu.write_cr0.ts_cleared", cr0() & CR0_TS, 0);
	check_equal("cpu.write_cr0.fpu_works", run_caught(use_fpu, 0), TRAP_NONE);
}

/* DE only changes what two debug registers mean, so that any kernel may flip it. */
static void test_cr4(void)
{
	unsigned long start = cr4();

	check_equal("cpu.read_cr4.pae_is_on", start & CR4_PAE, CR4_PAE);
	check("cpu.read_cr4.no_poison", !IS_POISON(start));
	if (IS_POISON(start))
		return;
	pv_write_cr4(start | CR4_DE);
	check_equal("cpu.write_cr4.set", cr4() & CR4_DE, CR4_DE);
	pv_write_cr4(start & ~CR4_DE);
	check_equal("cpu.write_cr4.cleared", cr4() & CR4_DE, 0);
	pv_write_cr4(start);
}

static void test_msr(void)
{
	static volatile unsigned long words[2] = {0x1111, 0x2222};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		pv_write_msr(MSR_FREE, (uintptr_t)&words[i]);
		check_equal("cpu.write_msr.base_is_used", free_msr_word(), words[i]);
		POISON_RESULT();
		check_equal("cpu.read_msr.reads_back", pv_read_msr(MSR_FREE), (uintptr_t)&words[i]);
	}
	pv_write_msr(MSR_FREE, 0);
}

static bool printable(uint32_t four)
{
	for (; four; four >>= 8)
		if ((four & 0xff) < ' ' || (four & 0xff) > '~')
			return false;
	return true;
}

/* Leaf 0: number of leaves and the maker's name (SDM vol. 2, CPUID). */
static void test_cpuid(void)
{
	const uint32_t poison = 0xdeadbeef;
	uint32_t eax = 0, ebx = poison, ecx = 0, edx = poison;

	pv_cpuid(&eax, &ebx, &ecx, &edx);
	check("cpu.cpuid.has_leaf_1", eax >= 1 && eax < 0x1000);
	check("cpu.cpuid.vendor_is_text",
	      ebx && ecx && edx && printable(ebx) && printable(ecx) && printable(edx));
	eax = 1, ecx = 0;
	pv_cpuid(&eax, &ebx, &ecx, &edx);
	check("cpu.cpuid.has_msrs", edx & 1 << 5);
}

void test_control(void)
{
	test_cr0();
	test_cr4();
	test_msr();
	test_cpuid();
}
