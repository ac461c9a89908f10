/*
 * Backend xen_pv, to be filled in: copy this file to backends/ and write the bodies.
 * Functions that preserve all registers are built with -mgeneral-regs-only.
 */
#include "xen_pv.h"

/**
 * cpu.read_cr0: CR0 as this kernel may see it.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(read_cr0, 1);
PV_NARROW unsigned long xen_pv_read_cr0(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_cr0: Set CR0.  A hypervisor may honour only TS.
 */
PV_IMPLEMENTS(write_cr0, 1);
void xen_pv_write_cr0(unsigned long value)
{
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.read_cr4: CR4 as this kernel may see it.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(read_cr4, 1);
PV_NARROW unsigned long xen_pv_read_cr4(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_cr4: Set CR4.  A hypervisor may refuse to change some bits.
 */
PV_IMPLEMENTS(write_cr4, 1);
void xen_pv_write_cr4(unsigned long value)
{
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.read_msr: Value of a model-specific register that exists.
 */
PV_IMPLEMENTS(read_msr, 1);
uint64_t xen_pv_read_msr(uint32_t msr)
{
	(void)msr;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_msr: Set a model-specific register that exists.
 */
PV_IMPLEMENTS(write_msr, 1);
void xen_pv_write_msr(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.read_msr_safe: Value of a model-specific register that may not exist; *error is 0 or,
 * if the machine refuses, -EIO, and the value is then 0.
 */
PV_IMPLEMENTS(read_msr_safe, 1);
uint64_t xen_pv_read_msr_safe(uint32_t msr, int *error)
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
int xen_pv_write_msr_safe(uint32_t msr, uint64_t value)
{
	(void)msr;
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.read_pmc: A performance counter.  Without one the processor raises an exception;
 * a hypervisor that keeps them to itself may return 0 instead.
 */
PV_IMPLEMENTS(read_pmc, 1);
uint64_t xen_pv_read_pmc(int counter)
{
	(void)counter;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.get_debugreg: Debug register 0 to 3, 6 or 7.
 */
PV_IMPLEMENTS(get_debugreg, 1);
unsigned long xen_pv_get_debugreg(int regno)
{
	(void)regno;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.wbinvd: Write caches back to memory and empty them.
 */
PV_IMPLEMENTS(wbinvd, 1);
void xen_pv_wbinvd(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.cpuid: Leaf *eax, subleaf *ecx; the four results replace the arguments.
 */
PV_IMPLEMENTS(cpuid, 1);
void xen_pv_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
	(void)eax;
	(void)ebx;
	(void)ecx;
	(void)edx;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_gdt: Use a global descriptor table.  Its pages must not be written but by
 * write_gdt_entry and load_tls from now on.
 */
PV_IMPLEMENTS(load_gdt, 1);
void xen_pv_load_gdt(const struct desc_ptr *gdt)
{
	(void)gdt;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_idt: Use an interrupt descriptor table.
 */
PV_IMPLEMENTS(load_idt, 1);
void xen_pv_load_idt(const struct desc_ptr *idt)
{
	(void)idt;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_gdt_entry: Write one 8-byte descriptor of a GDT, loaded or not.
 */
PV_IMPLEMENTS(write_gdt_entry, 1);
void xen_pv_write_gdt_entry(uint64_t *gdt, unsigned int entry, uint64_t desc)
{
	(void)gdt;
	(void)entry;
	(void)desc;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_idt_entry: Write one gate of an IDT, loaded or not.
 */
PV_IMPLEMENTS(write_idt_entry, 1);
void xen_pv_write_idt_entry(struct gate *idt, unsigned int vector, const struct gate *gate)
{
	(void)idt;
	(void)vector;
	(void)gate;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_sp0: The stack that the next entry from user mode starts with.
 * May wait for mmu.lazy_leave, see batch 'cpu'.
 */
PV_IMPLEMENTS(load_sp0, 1);
void xen_pv_load_sp0(struct tss *tss, unsigned long sp0)
{
	(void)tss;
	(void)sp0;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.load_tls: Write a thread's three TLS descriptors into the GDT from entry `first` on.
 * May wait for mmu.lazy_leave, see batch 'cpu'.
 */
PV_IMPLEMENTS(load_tls, 1);
void xen_pv_load_tls(uint64_t *gdt, unsigned int first, const struct tls *tls)
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
void xen_pv_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	(void)ldt;
	(void)entries;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.write_ldt_entry: Write one 8-byte descriptor of an LDT, in use or not.
 */
PV_IMPLEMENTS(write_ldt_entry, 1);
void xen_pv_write_ldt_entry(uint64_t *ldt, unsigned int entry, uint64_t desc)
{
	(void)ldt;
	(void)entry;
	(void)desc;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.alloc_ldt: These pages become an LDT: from now on only write_ldt_entry writes them.
 */
PV_IMPLEMENTS(alloc_ldt, 1);
void xen_pv_alloc_ldt(uint64_t *ldt, unsigned int entries)
{
	(void)ldt;
	(void)entries;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.free_ldt: These pages are no LDT any more, and not in use as one.
 */
PV_IMPLEMENTS(free_ldt, 1);
void xen_pv_free_ldt(uint64_t *ldt, unsigned int entries)
{
	(void)ldt;
	(void)entries;
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.context_begin: A switch to another thread begins.  What lazy_enter(LAZY_MMU) put off has
 * taken effect and that mode is over: batches belong to a thread.  From here
 * to context_end ops with `defer cpu` may be put off, as behind
 * lazy_enter(LAZY_CPU).
 */
PV_IMPLEMENTS(context_begin, 1);
void xen_pv_context_begin(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.context_end: The switch is done: all that was put off has taken effect.
 */
PV_IMPLEMENTS(context_end, 1);
void xen_pv_context_end(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.iret: Return from an exception or interrupt: the stack holds RIP, CS, RFLAGS,
 * RSP, SS, all registers hold what the interrupted code had in them.
 */
PV_IMPLEMENTS(iret, 1);
void xen_pv_iret(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * cpu.sysret: Return to user mode after SYSCALL: the stack holds the same as for iret.
 * User mode finds RCX and R11 changed.  RIP is below 2^47, CS and SS are
 * those that the machine's SYSRET loads, interrupts are disabled.
 */
PV_IMPLEMENTS(sysret, 1);
void xen_pv_sysret(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * irq.restore_fl: Set IF as the word from save_fl says.
 * Preserves all registers but its arguments and result.
 * May not be instrumented or traced.
 * Runs often.
 */
PV_IMPLEMENTS(restore_fl, 1);
PV_NARROW void xen_pv_restore_fl(unsigned long fl)
{
	(void)fl;
	__builtin_trap(); /* not written yet */
}

/**
 * Called by the template of irq.irq_enable.
 */
PV_NARROW void xen_pv_deliver(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * irq.halt: Sleep until an interrupt comes; for ever if they are disabled.
 */
PV_IMPLEMENTS(halt, 1);
void xen_pv_halt(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.read_cr3: Guest-physical address of the level 4 table in use.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(read_cr3, 1);
PV_NARROW unsigned long xen_pv_read_cr3(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.write_cr3: Use the address space of the level 4 table at this guest-physical
 * address.  TLB entries of the old one are dropped.
 */
PV_IMPLEMENTS(write_cr3, 1);
void xen_pv_write_cr3(unsigned long cr3)
{
	(void)cr3;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.flush_tlb_multi: Drop the TLB entries of the pages from `start` to before `end` on each
 * CPU whose bit is set in *cpus; more may be dropped.  They are gone when
 * this returns.  Interrupts are enabled, or no other CPU does the same.
 */
PV_IMPLEMENTS(flush_tlb_multi, 1);
void xen_pv_flush_tlb_multi(const uint64_t *cpus, unsigned long start, unsigned long end)
{
	(void)cpus;
	(void)start;
	(void)end;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.pte_val: The kernel's value of a level 1 entry that a page table holds.
 * Preserves all registers but its arguments and result.
 * Runs often.
 */
PV_IMPLEMENTS(pte_val, 1);
PV_NARROW pteval_t xen_pv_pte_val(pte_t pte)
{
	(void)pte;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.make_pte: The level 1 entry that a page table must hold for this value.
 * Preserves all registers but its arguments and result.
 * Runs often.
 */
PV_IMPLEMENTS(make_pte, 1);
PV_NARROW pte_t xen_pv_make_pte(pteval_t val)
{
	(void)val;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.pmd_val: The kernel's value of a level 2 entry that a page table holds.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(pmd_val, 1);
PV_NARROW pmdval_t xen_pv_pmd_val(pmd_t pmd)
{
	(void)pmd;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.make_pmd: The level 2 entry that a page table must hold for this value.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(make_pmd, 1);
PV_NARROW pmd_t xen_pv_make_pmd(pmdval_t val)
{
	(void)val;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.pud_val: The kernel's value of a level 3 entry that a page table holds.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(pud_val, 1);
PV_NARROW pudval_t xen_pv_pud_val(pud_t pud)
{
	(void)pud;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.make_pud: The level 3 entry that a page table must hold for this value.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(make_pud, 1);
PV_NARROW pud_t xen_pv_make_pud(pudval_t val)
{
	(void)val;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.pgd_val: The kernel's value of a level 4 entry that a page table holds.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(pgd_val, 1);
PV_NARROW pgdval_t xen_pv_pgd_val(pgd_t pgd)
{
	(void)pgd;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.make_pgd: The level 4 entry that a page table must hold for this value.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(make_pgd, 1);
PV_NARROW pgd_t xen_pv_make_pgd(pgdval_t val)
{
	(void)val;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_pte: Write a level 1 entry.
 * Runs often.
 * May wait for mmu.lazy_leave, see batch 'mmu'.
 */
PV_IMPLEMENTS(set_pte, 1);
void xen_pv_set_pte(pte_t *ptep, pte_t pte)
{
	(void)ptep;
	(void)pte;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_pmd: Write a level 2 entry.
 * May wait for mmu.lazy_leave, see batch 'mmu'.
 */
PV_IMPLEMENTS(set_pmd, 1);
void xen_pv_set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	(void)pmdp;
	(void)pmd;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_pud: Write a level 3 entry.
 * May wait for mmu.lazy_leave, see batch 'mmu'.
 */
PV_IMPLEMENTS(set_pud, 1);
void xen_pv_set_pud(pud_t *pudp, pud_t pud)
{
	(void)pudp;
	(void)pud;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_pgd: Write a level 4 entry.
 * May wait for mmu.lazy_leave, see batch 'mmu'.
 */
PV_IMPLEMENTS(set_pgd, 1);
void xen_pv_set_pgd(pgd_t *pgdp, pgd_t pgd)
{
	(void)pgdp;
	(void)pgd;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.prot_commit: Write what prot_start returned, with the same frame and other flags.
 * Accessed and dirty bits that the processor set meanwhile are kept.
 * May wait for mmu.lazy_leave, see batch 'mmu'.
 */
PV_IMPLEMENTS(prot_commit, 1);
void xen_pv_prot_commit(pte_t *ptep, pte_t pte)
{
	(void)ptep;
	(void)pte;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.alloc_pt: The page at this frame becomes a page table of this level (1 to 4).  It
 * is all zeros; from now on only set_pte .. set_pgd may write it.
 */
PV_IMPLEMENTS(alloc_pt, 1);
void xen_pv_alloc_pt(unsigned long pfn, unsigned int level)
{
	(void)pfn;
	(void)level;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.release_pt: The page is no page table any more and may be written again.  No table
 * points to it.
 */
PV_IMPLEMENTS(release_pt, 1);
void xen_pv_release_pt(unsigned long pfn, unsigned int level)
{
	(void)pfn;
	(void)level;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.set_fixmap: Make a place of the kernel's choice (pv_host_fixmap) show this page of
 * memory, and drop its TLB entry; with flags 0 it shows nothing.
 */
PV_IMPLEMENTS(set_fixmap, 1);
void xen_pv_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	(void)index;
	(void)gpa;
	(void)flags;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.activate_mm: User mode is going to run in the address space of this level 4 table, but
 * write_cr3 has not made it the current one yet.
 */
PV_IMPLEMENTS(activate_mm, 1);
void xen_pv_activate_mm(unsigned long root)
{
	(void)root;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.exit_mm: User mode will never run in it again, no CPU uses it; release_pt of its
 * tables comes next.
 */
PV_IMPLEMENTS(exit_mm, 1);
void xen_pv_exit_mm(unsigned long root)
{
	(void)root;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.lazy_enter: From here to lazy_leave, ops with `defer` of this mode (LAZY_MMU,
 * LAZY_CPU) may take effect as late as lazy_leave.  Modes do not nest;
 * context_begin ends either.
 */
PV_IMPLEMENTS(lazy_enter, 1);
void xen_pv_lazy_enter(unsigned int mode)
{
	(void)mode;
	__builtin_trap(); /* not written yet */
}

/**
 * mmu.lazy_leave: All that was deferred has taken effect when this returns.
 */
PV_IMPLEMENTS(lazy_leave, 1);
void xen_pv_lazy_leave(unsigned int mode)
{
	(void)mode;
	__builtin_trap(); /* not written yet */
}

/**
 * lock.lock_unlock: Give back a lock: *lock becomes 0, and who sleeps in lock_wait for it wakes up.
 * Preserves all registers but its arguments and result.
 * Runs often.
 */
PV_IMPLEMENTS(lock_unlock, 1);
PV_NARROW void xen_pv_lock_unlock(uint8_t *lock)
{
	(void)lock;
	__builtin_trap(); /* not written yet */
}

/**
 * lock.lock_wait: Sleep as long as *byte is `value`.  May come back early; a CPU that
 * changes the byte by other means than lock_unlock calls lock_kick.
 */
PV_IMPLEMENTS(lock_wait, 1);
void xen_pv_lock_wait(uint8_t *byte, uint8_t value)
{
	(void)byte;
	(void)value;
	__builtin_trap(); /* not written yet */
}

/**
 * lock.lock_kick: Let this CPU, if it sleeps in lock_wait, look again.
 */
PV_IMPLEMENTS(lock_kick, 1);
void xen_pv_lock_kick(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * lock.vcpu_is_preempted: This CPU is not executing at the moment: it sleeps, or the hypervisor
 * runs something else in its place.
 * Preserves all registers but its arguments and result.
 */
PV_IMPLEMENTS(vcpu_is_preempted, 1);
PV_NARROW bool xen_pv_vcpu_is_preempted(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * time.sched_clock: Nanoseconds of the clock source, for differences on one CPU.
 */
PV_IMPLEMENTS(sched_clock, 1);
uint64_t xen_pv_sched_clock(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * time.steal_clock: Nanoseconds for which this CPU was ready to run and did not.
 */
PV_IMPLEMENTS(steal_clock, 1);
uint64_t xen_pv_steal_clock(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds since some time before the first read.
 */
uint64_t xen_clock_read(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready on this CPU; tick is what each interrupt on it calls.
 */
void xen_timer_start(pv_tick_t *tick)
{
	(void)tick;
	__builtin_trap(); /* not written yet */
}

/**
 * One interrupt on this CPU in `delta` nanoseconds; replaces an earlier one.
 */
void xen_timer_program(uint64_t delta)
{
	(void)delta;
	__builtin_trap(); /* not written yet */
}

/**
 * To be called by the kernel's handler of VECTOR_TIMER, if the backend's
 * interrupts come through the IDT: acknowledges, then calls tick.
 */
void xen_timer_interrupt(void)
{
	__builtin_trap(); /* not written yet */
}

void xen_console_write(const char *text, unsigned long length)
{
	(void)text;
	(void)length;
	__builtin_trap(); /* not written yet */
}

/**
 * Does not return.  Reason: SHUTDOWN_POWEROFF, SHUTDOWN_REBOOT or SHUTDOWN_CRASH.
 */
void xen_stop(unsigned int reason)
{
	(void)reason;
	__builtin_trap(); /* not written yet */
}

/**
 * How many there are.
 */
unsigned int xen_cpu_count(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Let a CPU run: at this address, with this stack, on the caller's page
 * tables, with interrupts disabled and %gs based on its copy of the per-CPU
 * data, or on CPU 0's.  Comes back before it runs.  Negative: it will not.
 */
int xen_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack)
{
	(void)cpu;
	(void)entry;
	(void)stack;
	__builtin_trap(); /* not written yet */
}

/**
 * Make ready on this CPU; handler is what each interrupt on it calls.
 */
void xen_ipi_start(pv_ipi_t *handler)
{
	(void)handler;
	__builtin_trap(); /* not written yet */
}

/**
 * Interrupt one other CPU.
 */
void xen_ipi_send(unsigned int cpu, unsigned int kind)
{
	(void)cpu;
	(void)kind;
	__builtin_trap(); /* not written yet */
}

/**
 * Interrupt all other CPUs that are ready.
 */
void xen_ipi_send_others(unsigned int kind)
{
	(void)kind;
	__builtin_trap(); /* not written yet */
}

/**
 * To be called by the kernel's handler of VECTOR_IPI + kind.
 */
void xen_ipi_interrupt(unsigned int kind)
{
	(void)kind;
	__builtin_trap(); /* not written yet */
}

void xen_wallclock_read(struct pv_moment *now)
{
	(void)now;
	__builtin_trap(); /* not written yet */
}

/**
 * Nanoseconds stolen from a CPU so far.
 */
uint64_t xen_steal_read(unsigned int cpu)
{
	(void)cpu;
	__builtin_trap(); /* not written yet */
}

/**
 * Called once, when the slots hold this backend's functions.
 */
void xen_pv_init(const struct pv_boot *boot)
{
	(void)boot;
	__builtin_trap(); /* not written yet */
}

/**
 * Makes the hypercalls that ops have queued.
 */
void xen_pv_flush(void)
{
	__builtin_trap(); /* not written yet */
}

/**
 * Address of kind gpa to mfn.
 */
unsigned long xen_pv_gpa_to_mfn(unsigned long gpa)
{
	(void)gpa;
	__builtin_trap(); /* not written yet */
}
