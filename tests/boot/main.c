/* SPDX-License-Identifier: MIT */
/* The guest kernel: it proves every op on the machine that it finds itself on. */
#include "kernel.h"

/* Calls of each op that are counted: enough to have some that no interrupt disturbs. */
#define MEASURED_CALLS 4

unsigned long tests_passed, tests_failed;

void count_test(bool passed)
{
	if (passed)
		tests_passed++;
	else
		tests_failed++;
}

void check(const char *test, bool passed)
{
	print("PV test %s %s\n", test, passed ? "pass" : "fail");
	count_test(passed);
}

void check_equal(const char *test, unsigned long got, unsigned long expected)
{
	if (got == expected)
		print("PV test %s pass\n", test);
	else
		print("PV test %s fail got %x expected %x\n", test, got, expected);
	count_test(got == expected);
}

/* Signature of the hypervisor's leaves, and Xen's version where there is one. */
static void report_backend(const struct pv_backend *backend)
{
	struct {
		uint32_t ebx, ecx, edx;
		char end;
	} signature = {0};
	uint32_t eax = 0x40000000, ebx, ecx = 0, edx;

	pv_cpuid(&eax, &signature.ebx, &signature.ecx, &signature.edx);
	print("PV backend %s hypervisor %s", backend->name,
	      signature.ebx ? (const char *)&signature : "none");
	if (has_prefix((const char *)&signature, "XenVMM")) {
		eax = 0x40000001, ecx = 0;
		pv_cpuid(&eax, &ebx, &ecx, &edx);
		print(" %u.%u", (unsigned long)eax >> 16, (unsigned long)eax & 0xffff);
	}
	print("\n");
}

/* With "patch=no" all sites stay calls through the slots. */
static bool patch(const struct pv_backend *backend, const struct pv_boot *boot)
{
	struct pv_patch_refusal refusal;

	if (early_option(boot->command_line, "patch"))
		return false;
	if (pv_patch_sites(__start_pv_sites, __stop_pv_sites, backend, &refusal))
		return true;
	print("PV patch refused site=%u address=%x op=", (unsigned long)refusal.index,
	      refusal.address);
	if (refusal.op < PV_NR_OPS)
		print("%s", pv_op_names[refusal.op]);
	else
		print("%u", (unsigned long)refusal.op);
	print(" reason=%s\n", refusal.reason);
	return false;
}

static const struct pv_site *first_site(unsigned int op)
{
	const struct pv_site *site;

	for (site = __start_pv_sites; site < __stop_pv_sites; site++)
		if (site->op == op)
			return site;
	return NULL;
}

static void report_forms(void)
{
	unsigned int op;

	for (op = 0; op < PV_NR_OPS; op++) {
		const struct pv_site *site = first_site(op);

		if (!pv_site_length[op])
			continue;
		if (site)
			print("PV op %s form=%s bytes=%u\n", pv_op_names[op],
			      pv_form_names[pv_site_form(site)], (unsigned long)site->length);
		else
			check("sites.every_op_has_one", false);
	}
}

/* Never called: a test corrupts it in the image, and the patcher must notice. */
__attribute__((used, noinline)) void pv_never_executed(void)
{
	pv_irq_disable();
	pv_flush_tlb_global();
	pv_irq_enable();
}

/* Order matters only where one test needs what an earlier one has shown to work. */
static void run_tests(const struct pv_backend *backend, bool patched)
{
	test_control();
	test_msr_safe();
	test_registers();
	test_descriptors();
	test_ldt();
	test_debug();
	test_page_tables();
	test_tlb();
	test_changes();
	test_fixmap();
	test_time();
	test_interrupts();
	map_user_pages();
	threads_run();
	test_address_spaces();
	test_user();
	smp_init();
	test_smp(backend);
	test_late(backend, patched);
}

static void measure(void)
{
	canaries_run(MEASURED_CALLS);
	workloads_run(MEASURED_CALLS);
}

void kernel_main(unsigned long pvh_info, const void *start_info)
{
	struct machine machine;
	const struct pv_backend *backend;
	bool patched;

	early_read(&machine, pvh_info, start_info);
	COUNT_BEGIN(COUNT_FIND);
	backend = find_backend(&machine);
	COUNT_END(COUNT_FIND);
	backend = mutate(backend, &machine.boot);
	COUNT_BEGIN(COUNT_INSTALL);
	pv_install(backend, &machine.boot);
	COUNT_END(COUNT_INSTALL);
	COUNT_BEGIN(COUNT_PATCH);
	patched = patch(backend, &machine.boot);
	COUNT_END(COUNT_PATCH);
	traps_init();
	report_found();
	report_backend(backend);
	report_forms();
	mm_init(&machine);
	timer_init();
	if (early_option(machine.boot.command_line, "measure"))
		measure();
	else
		run_tests(backend, patched);
	print("PV done passed=%u failed=%u\n", tests_passed, tests_failed);
	pv_stop(PV_SHUTDOWN_REBOOT);
}
