/*
 * Backend guest, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "guest.h"

/**
 * cpu.pointers: Pointers of each direction.
 */
MACHINE_IMPLEMENTS(pointers, 1);
void guest_pointers(const struct machine_unseen *in, uint64_t *out, machine_entry_t *both)
{
	(void)in;
	(void)out;
	(void)both;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.read_table:
 */
MACHINE_IMPLEMENTS(read_table, 1);
unsigned long guest_read_table(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Called by the template of mmu.pending.
 */
void guest_slow(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds.
 */
uint64_t guest_read(void)
{
	__builtin_trap(); /* not written yet */
}

void guest_start(machine_tick_t *tick, const char *why)
{
	(void)tick;
	(void)why;
	__builtin_trap(); /* not written yet */
}

/**
 * Called once, when the slots hold this backend's functions.
 */
void guest_init(const struct machine_boot *boot)
{
	(void)boot;
	__builtin_trap(); /* not written yet */
}

/**
 * Makes the hypercalls that ops have queued.
 */
void guest_flush(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Address of kind gpa to mfn.
 */
unsigned long guest_frame(unsigned long gpa)
{
	(void)gpa;
	__builtin_trap(); /* not written yet */
}
