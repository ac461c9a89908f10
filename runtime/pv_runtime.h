/* SPDX-License-Identifier: MIT */
/*
 * What a kernel calls to run on whatever machine it finds itself on: detect the
 * hypervisor, install its backend, patch the call sites, then use its clock,
 * timer, console and shutdown.  In this order, on the boot processor, before any
 * other runs:
 *
 *	backend = pv_detect(&boot, &missing);
 *	if (!backend)
 *		give_up(missing);
 *	pv_install(backend, &boot);
 *	if (!pv_patch_sites(__start_pv_sites, __stop_pv_sites, backend, &refusal))
 *		complain(&refusal);		(the kernel works unpatched, only slower)
 *
 * Nothing here is itself a call site of an op.
 */
#ifndef PV_RUNTIME_H
#define PV_RUNTIME_H

#include "pv_ops.h"
#include "pv_rom.h"

/* What the kernel's entry code found out before any C ran. */
struct pv_boot {
	/* Xen's start-of-day page (virtual address), or NULL if not entered that way. */
	const void *start_info;
	/* Zero-terminated, never NULL. */
	const char *command_line;
};

/* Bounds of the tables that the linker collects. */
extern const struct pv_site __start_pv_sites[], __stop_pv_sites[];
extern const struct pv_backend *const __start_pv_backends[], *const __stop_pv_backends[];

/*
 * The backend for this machine: of those in the image whose detection succeeds,
 * the one with the highest priority.  *missing is NULL, or the backend of the
 * description that would be better but is not in the image.  Another one stands in
 * for it, if there is one and the kernel has the privilege; else the result is NULL.
 */
const struct pv_backend *pv_detect(const struct pv_boot *boot, const struct pv_known **missing);

/*
 * Of ROMs (pv_rom.h), which pv_detect() looks for, runs and asks, with interrupts disabled: what
 * is worth a line of the kernel's log.  A ROM that was refused, or an answer of the one in use
 * that could not be used; a call, a member of the header, or the part of it that is wrong.
 */
struct pv_rom_note {
	const void *address;
	const char *what, *reason;
	bool refused;
};
const struct pv_rom_note *pv_rom_notes(unsigned int *count);

/*
 * Is any of these bytes in the ROM in use?  The kernel keeps it mapped where pv_host_va() has it,
 * executable, and the rest of the first MiB so that the ROM can write and execute there what is in
 * its own memory: the page at 0, which is the BIOS's, and what the BIOS gave it.
 */
bool pv_rom_has(const void *va, unsigned long size);

/* What the ROM in use has for a call: PV_ROM_NONE, PV_ROM_CALL or PV_ROM_NOP. */
enum pv_rom_answer pv_rom_answered(const struct pv_rom *rom, unsigned int call);

/* First CPUID leaf of the hypervisor with this signature of 12 bytes; 0: it is not there. */
uint32_t pv_cpuid_leaf(const char *signature);

/*
 * Point every slot of pv_ops to the backend's implementation, take its clock,
 * timer, console and shutdown, then call its init.  From here on ops may be used.
 */
void pv_install(const struct pv_backend *backend, const struct pv_boot *boot);

/* Why pv_patch_sites() left everything as it was. */
struct pv_patch_refusal {
	/* Index of the offending site. */
	unsigned int index;
	/* Virtual address of its first byte. */
	unsigned long address;
	/* The op that its record names; not below PV_NR_OPS if the record is bad. */
	unsigned int op;
	const char *reason;
};

/*
 * Replace the indirect call at each site by what the backend has for the op:
 * all sites or, if a single one is not what the compiler must have put there,
 * none.  The text must be writable, interrupts disabled, no other processor
 * running.  On false
 * *refusal says which site it was; on true it is unchanged.
 */
bool pv_patch_sites(const struct pv_site *begin, const struct pv_site *end,
		    const struct pv_backend *backend, struct pv_patch_refusal *refusal);

/* What a site is now, decoded from its own bytes. */
enum pv_form pv_site_form(const struct pv_site *site);

/* The first byte of a site. */
static inline uint8_t *pv_site_address(const struct pv_site *site)
{
	return (uint8_t *)((uintptr_t)&site->offset + site->offset);
}

/*
 * For the kernel's handlers of #GP and #UD, before they look any further: if *rip is
 * an instruction that a backend expects to fault (pv_exception.h), make it the
 * address to go on at and return true.  Without this the ops *_safe, read_pmc and
 * load_gs_index are not safe.  A hypervisor passes the same exceptions on.
 */
bool pv_fixup(unsigned long *rip);

/* Offer a clock; the one with the highest rating so far is used. */
void pv_clock_register(const struct pv_clocksource *source);

/* Nanoseconds, never less than an earlier call returned, on whichever CPU. */
uint64_t pv_clock_read(void);

/* The backend's one-shot timer, one a CPU; see struct pv_timer.  Times in nanoseconds. */
void pv_timer_start(pv_tick_t *tick);
void pv_timer_program(uint64_t delta);
void pv_timer_interrupt(void);

/* The time of day; false if the backend does not know. */
bool pv_wallclock_read(struct pv_moment *now);

/* Nanoseconds that a hypervisor took from a CPU. */
uint64_t pv_steal_read(unsigned int cpu);

/* ---- several CPUs ---- */

/* Number of the machine's CPUs, and of this one; the boot CPU is 0. */
unsigned int pv_cpu_count(void);
unsigned int pv_cpu_this(void);

/*
 * Let a CPU run, with its own copy of the per-CPU data, at this address and with
 * this stack.  False if it cannot, or was started before.  Its first steps: set the
 * base of %gs to pv_percpu_base(cpu) by write_msr, load the descriptor tables,
 * pv_ipi_start(), then pv_cpu_online().
 */
bool pv_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack);

/* This CPU takes part: it can be interrupted and waited for. */
void pv_cpu_online(void);

/* Bit per CPU that does. */
uint64_t pv_cpus_online(void);

/* Interrupts between CPUs; see struct pv_ipi.  handler gets the kinds that are the kernel's. */
void pv_ipi_start(pv_ipi_t *handler);
void pv_ipi_send(unsigned int cpu, unsigned int kind);
void pv_ipi_send_others(unsigned int kind);
void pv_ipi_interrupt(unsigned int kind);

/* ---- patching while all CPUs run ---- */

/*
 * Change every site of an op with `context late` from what one backend has for
 * it to what another one has, while other CPUs may execute it: nobody executes
 * anything but the old or the new.  False, and nothing is changed, if a site is
 * not what `from` puts there.  Interrupts are enabled, and one CPU at a time
 * does this.  The kernel's handler of breakpoints asks pv_late_trap() first.
 */
bool pv_patch_late(unsigned int op, const struct pv_backend *from, const struct pv_backend *to,
		   struct pv_patch_refusal *refusal);

/*
 * A breakpoint at this address: if it was a site in the middle of a change, wait
 * for its end and return true; the instruction must then be executed again.
 */
bool pv_late_trap(unsigned long address);

/* Write text to the backend's console; before pv_install() it is lost. */
void pv_console_write(const char *text, unsigned long length);

/* Stop the machine: PV_SHUTDOWN_POWEROFF, PV_SHUTDOWN_REBOOT or PV_SHUTDOWN_CRASH. */
_Noreturn void pv_stop(unsigned int reason);

#endif
