/* SPDX-License-Identifier: MIT */
/* How ops of this architecture alone can be called: a part of canaries.c. */

static const struct trial arch_trials[] = {
	{.op = "cpu.sysexit", .uncalled = "does not come back to its site"},
};
