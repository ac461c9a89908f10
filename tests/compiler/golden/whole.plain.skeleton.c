/*
 * Backend plain, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "plain.h"

void plain_stop(void)
{
	__builtin_trap(); /* not written yet */
}
