/* SPDX-License-Identifier: MIT */
/* Break one op on purpose, to see that the tests notice. */
#include "kernel.h"

/*
 * ARCH/entry.S: an op that does nothing, one that traps, and where the latter wants the
 * op's number; one that does its work and changes a register more, and what it calls.
 */
extern const char mutated_nop[], mutated_trap[], mutated_leak[];
extern uint16_t mutated_trap_op;
extern uintptr_t mutated_leak_op;

static struct pv_ops ops;
static struct pv_patch patches[PV_NR_OPS];
static struct pv_backend mutant;

static int find_op(const char *text)
{
	unsigned int op;

	for (op = 0; op < PV_NR_OPS; op++) {
		const char *name = pv_op_names[op], *t = text;

		while (*name && *name == *t)
			name++, t++;
		if (!*name && *t == ':')
			return op;
	}
	return -1;
}

static const char *after_colon(const char *text)
{
	while (*text != ':')
		text++;
	return text + 1;
}

static void replace(unsigned int op, const char *implementation, enum pv_form form)
{
	((uintptr_t *)&ops)[op] = (uintptr_t)implementation;
	patches[op] = (struct pv_patch){.form = form, .reloc = 0xff};
}

const struct pv_backend *mutate(const struct pv_backend *backend, const struct pv_boot *boot)
{
	const char *option = early_option(boot->command_line, "mutate");
	int op = option ? find_op(option) : -1;

	if (!option)
		return backend;
	if (op < 0) {
		pv_install(backend, boot);
		panic("mutate: no such op");
	}
	ops = *backend->ops;
	memcpy(patches, backend->patches, sizeof(patches));
	mutated_trap_op = op;
	mutated_leak_op = ((const uintptr_t *)backend->ops)[op];
	if (has_prefix(after_colon(option), "leak"))
		replace(op, mutated_leak, PV_FORM_CALL);
	else if (has_prefix(after_colon(option), "trap"))
		replace(op, mutated_trap, PV_FORM_TRAP);
	else
		replace(op, mutated_nop, PV_FORM_NOP);
	mutant = *backend;
	mutant.ops = &ops;
	mutant.patches = patches;
	return &mutant;
}
