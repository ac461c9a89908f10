/* SPDX-License-Identifier: MIT */
/*
 * A kernel in user mode: installs the backend that its argument names, calls each
 * op with known values in all registers, patches its own text, calls them again.
 * A line for each call: PHASE OP changed=REGISTERS result=good|bad stub=good|bad
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "canary_check.h"
#include "pv_host.h"
#include "pv_runtime.h"
#include "stubs.h"

static const unsigned long arguments[PV_NR_ARGUMENTS] = {0x10002, 0x2000000003, 5, 7, 11, 0x13};

static const struct pv_backend *backend;

static bool is_backend(const char *name)
{
	return !strcmp(backend->name, name);
}

/* product.py makes results from these multiples, and what pvgen writes by itself of nothing. */
static unsigned long expected(const struct pv_canary_row *row)
{
	static const unsigned long scales[PV_NR_ARGUMENTS] = {1, 2, 4, 8, 1, 2};
	unsigned long sum = 1;
	unsigned int i;

	if (is_backend("simple"))
		return row->arguments == 1 && row->result == 8 ? arguments[0] : 0;
	for (i = 0; i < row->arguments; i++)
		sum += scales[i] * arguments[i];
	return sum;
}

/* In the low byte a bool says only whether it is 0. */
static bool result_is_good(enum pv_op op, unsigned long result)
{
	const struct pv_canary_row *row = &pv_canary_rows[op];
	unsigned long mask = row->result == 8 ? ~0ul : (1ul << 8 * row->result) - 1;
	unsigned long wanted = expected(row) & mask;

	if (strstr(pv_op_names[op], "bool"))
		return !(result & mask) == !wanted;
	return (result & mask) == wanted;
}

static void report(const char *phase, enum pv_op op, uint32_t changed, bool good)
{
	const char *comma = "";
	unsigned int i;

	printf("%s %s changed=", phase, pv_op_names[op]);
	for (i = 0; i < PV_NR_REGISTERS; i++)
		if (changed >> i & 1) {
			printf("%s%s", comma, pv_register_names[i]);
			comma = ",";
		}
	printf(" result=%s", good ? "good" : "bad");
}

static void call_op(const char *phase, enum pv_op op, bool with_stub)
{
	uint32_t changed = 0;
	unsigned long result;
	bool good = true;
	unsigned int i;

	for (i = 0; i < CANARY_PATTERNS; i++) {
		changed |= canary_call(op, i, arguments, &result);
		good &= result_is_good(op, result);
	}
	report(phase, op, changed, good);
	/* C code cannot be asked to survive a broken contract, nor to expect other results. */
	printf(" stub=%s\n", !with_stub ? "none" : stubs[op]() ? "good" : "bad");
}

static const struct pv_backend *find_backend(const char *name)
{
	const struct pv_backend *const *entry;

	for (entry = __start_pv_backends; entry < __stop_pv_backends; entry++)
		if (!strcmp((*entry)->name, name))
			return *entry;
	return NULL;
}

static bool make_text_writable(void)
{
	uintptr_t page = sysconf(_SC_PAGESIZE), begin = (uintptr_t)pv_text_begin & -page;

	return !mprotect((void *)begin, (uintptr_t)pv_text_end - begin,
			 PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void call_all(const char *phase, bool with_stubs)
{
	unsigned int op;

	for (op = 0; op < PV_NR_OPS; op++)
		call_op(phase, op, with_stubs);
}

int main(int argc, char **argv)
{
	struct pv_patch_refusal refusal;
	bool with_stubs;

	backend = argc == 2 ? find_backend(argv[1]) : NULL;
	if (!backend || !make_text_writable())
		return 2;
	with_stubs = is_backend("templates") || is_backend("calls");
	pv_ops = *backend->ops;
	call_all("unpatched", with_stubs);
	if (!pv_patch_sites(__start_pv_sites, __stop_pv_sites, backend, &refusal)) {
		printf("refused %s %s\n", pv_op_names[refusal.op], refusal.reason);
		return 1;
	}
	call_all("patched", with_stubs);
	return 0;
}
