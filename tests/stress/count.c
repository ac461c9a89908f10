/* SPDX-License-Identifier: MIT */
/*
 * Executes the patcher one instruction at a time and counts: all of them, to see
 * that its work grows as its input does, and those that serialise, of which a
 * batch of any size has one.  For this nothing is added to the patcher.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "host.h"
#include "original.h"

#define TRAP_FLAG 0x100l /* SDM vol. 1, section 3.4.3.3 */

static volatile unsigned long executed, serialising;

/* Of the serialising instructions (SDM vol. 3, section 9.3) those that a process may execute. */
static bool is_serialising(const uint8_t *code)
{
	static const struct {
		const char *code;
		unsigned int length;
	} rows[] = {
		{"\x0f\xa2", 2},     /* cpuid */
		{"\x0f\x01\xe8", 3}, /* serialize */
		{"\xcf", 1},	     /* iret */
		{"\x48\xcf", 2},     /* iretq */
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!memcmp(code, rows[i].code, rows[i].length))
			return true;
	return false;
}

static void step(int number, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;

	(void)number, (void)info;
	executed++;
	serialising += is_serialising((const uint8_t *)at->uc_mcontext.gregs[REG_RIP]);
}

static void trap_each(bool on)
{
	asm volatile("pushfq\n\t"
		     "andq %0, (%%rsp)\n\t"
		     "orq %1, (%%rsp)\n\t"
		     "popfq"
		     :
		     : "r"(~TRAP_FLAG), "r"(on ? TRAP_FLAG : 0)
		     : "memory", "cc");
}

static struct pv_site table[ORIGINAL_MAX];

static void count(const struct pv_backend *backend, unsigned int sites)
{
	struct pv_patch_refusal refusal;
	bool patched;

	original_restore(table);
	executed = serialising = 0;
	trap_each(true);
	patched = pv_patch_sites(table, table + sites, backend, &refusal);
	trap_each(false);
	printf("sites %u backend %s executed %lu serialising %lu %s\n", sites, backend->name,
	       executed, serialising, patched ? "patched" : refusal.reason);
}

int main(void)
{
	static const unsigned int sizes[] = {0, 1, 26, 52, 104};
	struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};

	original_keep();
	sigaction(SIGTRAP, &action, NULL);
	for (unsigned int backend = 0; backend < ORIGINAL_BACKENDS; backend++)
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			count(original_backend[backend], sizes[i]);
	return 0;
}
