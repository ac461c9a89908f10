/* SPDX-License-Identifier: MIT */
#include "canary_check.h"

/* CF PF AF ZF SF OF: SDM vol. 1, section 3.4.3.  The others are not for an op to keep. */
#define STATUS_FLAGS 0x8d5ul
#define STEP	     ((unsigned long)0x0101010101010101ull)

static const unsigned long bases[CANARY_PATTERNS] = {(unsigned long)0x1357246813572468ull,
						     (unsigned long)0xeca8db97eca8db97ull};
static const unsigned long status[CANARY_PATTERNS] = {0, STATUS_FLAGS};

static unsigned long current_flags(void)
{
	unsigned long flags;

	asm volatile("pushf; pop %0" : "=r"(flags));
	return flags;
}

static void poison(struct pv_canary *canary, unsigned int pattern)
{
	unsigned int i;

	for (i = 0; i < PV_NR_REGISTERS; i++)
		canary->before[i] = bases[pattern] + i * STEP;
	canary->before[PV_REGISTER_flags] = (current_flags() & ~STATUS_FLAGS) | status[pattern];
}

static uint32_t changed(const struct pv_canary *canary)
{
	unsigned long flags = canary->before[PV_REGISTER_flags] ^ canary->after[PV_REGISTER_flags];
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < PV_NR_REGISTERS; i++)
		if (i != PV_REGISTER_flags && canary->before[i] != canary->after[i])
			bits |= UINT32_C(1) << i;
	if (flags & STATUS_FLAGS)
		bits |= UINT32_C(1) << PV_REGISTER_flags;
	return bits;
}

uint32_t canary_call(enum pv_op op, unsigned int pattern, const unsigned long *arguments,
		     unsigned long *result)
{
	const struct pv_canary_row *row = &pv_canary_rows[op];
	struct pv_canary canary;
	unsigned int i;

	poison(&canary, pattern);
	for (i = 0; i < row->arguments; i++)
		canary.before[pv_argument_registers[i]] = arguments[i];
	/* As many as there can be: the op looks at its own. */
	__builtin_memcpy(canary.stack, arguments + row->arguments, sizeof(canary.stack));
	row->run(&canary);
	*result = canary.after[PV_RESULT_REGISTER];
	return changed(&canary) & ~row->may_change;
}
