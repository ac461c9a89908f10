/*
 * Backend metal, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "metal.h"

/**
 * mmu.queue:
 */
MACHINE_IMPLEMENTS(queue, 1);
long metal_queue(unsigned long table, unsigned long frame)
{
	(void)table;
	(void)frame;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.quiet:
 */
MACHINE_IMPLEMENTS(quiet, 1);
void metal_quiet(void)
{
	__builtin_trap(); /* not written yet */
}
