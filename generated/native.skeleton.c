/*
 * Backend native, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "native.h"

/**
 * cpu.read_msr_safe: Value of a model-specific register that may not exist; *error is 0 or,
 * if the machine refuses, -EIO, and the value is then 0.
 */
PV_IMPLEMENTS(read_msr_safe, 1);
uint64_t native_read_msr_safe(uint32_t msr, int *error)
{
	(void)msr;
	(void)error;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_msr_safe: Set a model-specific register that may not exist, or may not take this
 * value: 0, or -EIO if the machine refuses.
 */
PV_IMPLEMENTS(write_msr_safe, 1);
int native_write_msr_safe(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.get_debugreg: Debug register 0 to 3, 6 or 7.
 */
PV_IMPLEMENTS(get_debugreg, 1);
unsigned long native_get_debugreg(int regno)
{
	(void)regno;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.set_debugreg: Set debug register 0 to 3, 6 or 7.
 */
PV_IMPLEMENTS(set_debugreg, 1);
void native_set_debugreg(int regno, unsigned long value)
{
	(void)regno;
	(void)value;
	__builtin_trap(); /* not written yet */
}

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
 * May wait for mmu.lazy_leave, see batch 'cpu'.
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
 * cpu.set_ldt: Use a local descriptor table, which starts at a page; none if it has no
 * entries.
 */
PV_IMPLEMENTS(set_ldt, 1);
void native_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	(void)ldt;
	(void)entries;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_gs_index: Load the GS that user mode will see: selector, and base from its
 * descriptor.  A selector that cannot be loaded becomes the null selector.
 */
PV_IMPLEMENTS(load_gs_index, 1);
void native_load_gs_index(unsigned int selector)
{
	(void)selector;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.flush_tlb_multi: Drop the TLB entries of the pages from `start` to before `end` on each
 * CPU whose bit is set in *cpus; more may be dropped.  They are gone when
 * this returns.  Interrupts are enabled, or no other CPU does the same.
 */
PV_IMPLEMENTS(flush_tlb_multi, 1);
void native_flush_tlb_multi(const uint64_t *cpus, unsigned long start, unsigned long end)
{
	(void)cpus;
	(void)start;
	(void)end;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_fixmap: Make a place of the kernel's choice (pv_host_fixmap) show this page of
 * memory, and drop its TLB entry; with flags 0 it shows nothing.
 */
PV_IMPLEMENTS(set_fixmap, 1);
void native_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	(void)index;
	(void)gpa;
	(void)flags;
	__builtin_trap(); /* not written yet */
}

/**
 * time.sched_clock: Nanoseconds of the clock source, for differences on one CPU.
 */
PV_IMPLEMENTS(sched_clock, 1);
uint64_t native_sched_clock(void)
{
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
 * Make ready on this CPU; tick is what each interrupt on it calls.
 */
void native_apic_start(pv_tick_t *tick)
{
	(void)tick;
	__builtin_trap(); /* not written yet */
}

/**
 * One interrupt on this CPU in `delta` nanoseconds; replaces an earlier one.
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

/**
 * How many there are.
 */
unsigned int native_cpu_count(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Let a CPU run: at this address, with this stack, on the caller's page
 * tables, with interrupts disabled and %gs based on its copy of the per-CPU
 * data, or on CPU 0's.  Comes back before it runs.  Negative: it will not.
 */
int native_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack)
{
	(void)cpu;
	(void)entry;
	(void)stack;
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready on this CPU; handler is what each interrupt on it calls.
 */
void native_ipi_start(pv_ipi_t *handler)
{
	(void)handler;
	__builtin_trap(); /* not written yet */
}

/**
 * Interrupt one other CPU.
 */
void native_ipi_send(unsigned int cpu, unsigned int kind)
{
	(void)cpu;
	(void)kind;
	__builtin_trap(); /* not written yet */
}

/**
 * Interrupt all other CPUs that are ready.
 */
void native_ipi_send_others(unsigned int kind)
{
	(void)kind;
	__builtin_trap(); /* not written yet */
}

/**
 * To be called by the kernel's handler of VECTOR_IPI + kind.
 */
void native_ipi_interrupt(unsigned int kind)
{
	(void)kind;
	__builtin_trap(); /* not written yet */
}

void native_cmos_read(struct pv_moment *now)
{
	(void)now;
	__builtin_trap(); /* not written yet */
}

/**
 * Called once, when the slots hold this backend's functions.
 */
void native_init(const struct pv_boot *boot)
{
	(void)boot;
	__builtin_trap(); /* not written yet */
}
