/*
 * Backend native, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "native.h"

/**
 * cpu.cpuid: Leaf *eax, subleaf *ecx; the four results replace the arguments.
 */
PV_IMPLEMENTS(cpuid, 1);
void native_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
	(void)eax;
	(void)ebx;
	(void)ecx;
	(void)edx;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_idt_entry: Write one gate of an IDT, loaded or not.
 */
PV_IMPLEMENTS(write_idt_entry, 1);
void native_write_idt_entry(struct gate *idt, unsigned int vector, const struct gate *gate)
{
	(void)idt;
	(void)vector;
	(void)gate;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_tls: Write a thread's three TLS descriptors into the GDT from entry `first` on.
 * May wait for lazy_leave when lazy mode 'cpu' is on.
 */
PV_IMPLEMENTS(load_tls, 1);
void native_load_tls(uint64_t *gdt, unsigned int first, const struct tls *tls)
{
	(void)gdt;
	(void)first;
	(void)tls;
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds since some time before the first read.
 */
uint64_t native_tsc_read(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready; tick is what each interrupt calls.
 */
void native_apic_start(pv_tick_t *tick)
{
	(void)tick;
	__builtin_trap(); /* not written yet */
}

/**
 * One interrupt in `delta` nanoseconds; replaces an earlier one.
 */
void native_apic_program(uint64_t delta)
{
	(void)delta;
	__builtin_trap(); /* not written yet */
}

/**
 * To be called by the kernel's handler of VECTOR_TIMER, if the backend's
 * interrupts come through the IDT: acknowledges, then calls tick.
 */
void native_apic_interrupt(void)
{
	__builtin_trap(); /* not written yet */
}

void native_serial_write(const char *text, unsigned long length)
{
	(void)text;
	(void)length;
	__builtin_trap(); /* not written yet */
}

/**
 * Does not return.  Reason: SHUTDOWN_POWEROFF, SHUTDOWN_REBOOT or SHUTDOWN_CRASH.
 */
void native_stop(unsigned int reason)
{
	(void)reason;
	__builtin_trap(); /* not written yet */
}
