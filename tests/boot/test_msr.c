/* SPDX-License-Identifier: MIT */
/* Model-specific registers that may not exist, and the table that makes it safe to ask. */
#include "kernel.h"
#include "pv_exception.h"
#include "pv_host.h"

/* Must be the address of a page, where it exists at all: APM vol. 2, section 15.30.4. */
#define MSR_VM_HSAVE_PA 0xc0010117u
/* No processor has it. */
#define MSR_NOWHERE 0x12345678u

#define POISON_ERROR 77

static void test_access(void)
{
	static volatile unsigned long words[2] = {0x5555, 0x6666};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		int error = POISON_ERROR;

		POISON_RESULT();
		check_equal("cpu.write_msr_safe.no_error",
			    pv_write_msr_safe(MSR_FREE, (uintptr_t)&words[i]), 0);
		check_equal("cpu.write_msr_safe.base_is_used", free_msr_word(), words[i]);
		POISON_RESULT();
		check_equal("cpu.read_msr_safe.reads_back", pv_read_msr_safe(MSR_FREE, &error),
			    (uintptr_t)&words[i]);
		check_equal("cpu.read_msr_safe.no_error", error, 0);
	}
	pv_write_msr(MSR_FREE, 0);
}

/* Not every machine refuses to read a register that does not exist: QEMU returns 0. */
static void test_refusal(void)
{
	int error = POISON_ERROR;
	uint64_t value;

	POISON_RESULT();
	check_equal("cpu.write_msr_safe.refusal_is_survived", pv_write_msr_safe(MSR_VM_HSAVE_PA, 1),
		    -PV_EIO);
	value = pv_read_msr_safe(MSR_NOWHERE, &error);
	check("cpu.read_msr_safe.says_if_refused", !error || error == -PV_EIO);
	if (error)
		check_equal("cpu.read_msr_safe.refusal_is_survived", value, 0);
}

static bool is_code(unsigned long address)
{
	return (address >= (unsigned long)pv_text_begin && address < (unsigned long)pv_text_end) ||
	       backend_has_text((const void *)address);
}

static unsigned int good_entries(const struct pv_exceptions *table)
{
	const struct pv_exception *entry;
	unsigned int good = 0;

	for (entry = table->begin; entry < table->end; entry++) {
		unsigned long fault = (unsigned long)&entry->fault + entry->fault, rip = fault;

		good += is_code(fault) && pv_fixup(&rip) && rip != fault && is_code(rip);
	}
	return good;
}

/* Each entry leads from inside the text to elsewhere in it; nothing else leads anywhere. */
static void test_table(void)
{
	const struct pv_exceptions *table = pv_exceptions;
	const unsigned long begin = (unsigned long)pv_text_begin;
	unsigned int good = 0, all = 0;
	unsigned long rip;

	for (; table < pv_exceptions + PV_EXCEPTION_TABLES; table++) {
		all += table->end - table->begin;
		good += good_entries(table);
	}
	check("runtime.fixup.has_entries", good > 0);
	check_equal("runtime.fixup.finds_each", good, all);
	rip = begin;
	check("runtime.fixup.finds_nothing_else", !pv_fixup(&rip) && rip == begin);
}

void test_msr_safe(void)
{
	test_access();
	test_refusal();
	test_table();
}
