/* SPDX-License-Identifier: MIT */
/* The guest kernel's own interfaces. */
#ifndef KERNEL_H
#define KERNEL_H

#include "pv.h"
#include "pv_runtime.h"
#include "layout.h"
#include "arch.h"

#define PAGE_SHIFT	  12
#define PAGE_SIZE	  4096ul
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_MS	  1000000ull

/*
 * What stands between two marks with the same number is counted as the instructions of an op are
 * (tests/cost).  No op has these numbers; cost.py has the names.
 */
#define COUNT_MARK 0x50000000
/* nopl MARK + number(%rax), and (%rcx): 32-bit code has the same bytes. */
#define COUNT_AT(modrm, number)                                                                    \
	asm volatile(".byte 0x0f, 0x1f, " modrm "; .long %c0"                                      \
		     :                                                                             \
		     : "i"(COUNT_MARK + (number))                                                  \
		     : "memory")
#define COUNT_BEGIN(number) COUNT_AT("0x80", number)
#define COUNT_END(number)   COUNT_AT("0x81", number)
enum { COUNT_WORKLOADS = 4000, COUNT_FIND = 4090, COUNT_INSTALL, COUNT_PATCH };

/* ---- early.c: what the boot loader left ---- */

struct machine {
	struct pv_boot boot;
	/* A file that the loader put into memory beside the kernel, or NULL. */
	const void *module;
	unsigned long module_size;
	/* End of the guest-physical memory that is in use from the start. */
	unsigned long memory_end;
};

/* One argument is 0, the other PVH's structure (guest-physical) or Xen's page (virtual). */
void early_read(struct machine *machine, unsigned long pvh_info, const void *start_info);

/* ARCH/hypervisors.c: of Xen's page, the end of memory, and the command line as result. */
const char *early_read_start_info(struct machine *machine, const void *start_info);

/* The value of "key=value" on the command line, or NULL. */
const char *early_option(const char *command_line, const char *key);

/* ---- linked.c: backends in the image; or supplied.c: a blob beside it ---- */

/* The backend for this machine; without one the machine is told why, and stops. */
const struct pv_backend *find_backend(const struct machine *machine);

/* What there is to say about it, once there is a console. */
void report_found(void);

/* Is this address in code, or in what is only read, that came with the backend? */
bool backend_has_text(const void *va);
bool backend_has_rodata(const void *va);

/* Is it in memory that is the backend's to write and to execute? */
bool backend_owns(const void *va);

/* How to be heard before a backend is installed, for linked.c: ARCH/hypervisors.c. */
struct voice {
	void (*write)(const char *text, unsigned long length);
	void (*stop)(unsigned int reason);
};
struct voice find_voice(const struct pv_boot *boot);

/* ARCH/shim.c: say without any backend, if the machine lets it, why there is none, and stop. */
_Noreturn void shim_give_up(const struct machine *machine, const char *name, const char *reason);

/* ---- print.c, string.c ---- */

/* Conversions: %s string, %u and %x unsigned long, %d long.  A line goes out when it ends. */
void print(const char *format, ...);

/* Print the reason and stop the machine. */
_Noreturn void panic(const char *format, ...);

bool has_prefix(const char *text, const char *prefix);
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);

/* ---- mutate.c ---- */

/* For "mutate=<op>:<nop|trap|leak>" a copy of the backend with this op broken; else the backend. */
const struct pv_backend *mutate(const struct pv_backend *backend, const struct pv_boot *boot);

/* ---- traps.c, ARCH/entry.S, ARCH/tables.c ---- */

enum { TRAP_NONE = -1, TRAP_DB = 1, TRAP_UD = 6, TRAP_NM = 7, TRAP_GP = 13, TRAP_PF = 14 };

/* The exception that run_caught() caught last. */
struct trap_record {
	unsigned long error;
	unsigned long address;
};
extern struct trap_record trap_last;

/* Build GDT, IDT and TSS, and use them. */
void traps_init(void);

/* Use the tables on another CPU. */
void traps_load(void);

/* Handler of a vector, instead of a panic. */
void traps_handle(unsigned int vector, void (*handler)(struct trap_frame *frame));

/* Gate to the kernel's stub of a vector that an INT instruction may also use. */
struct gate traps_gate(unsigned int stub);

/* Gate to an address; descriptors that not each architecture has alike; this CPU's data. */
struct gate tables_gate(unsigned long offset, uint16_t bits);
void tables_describe(uint64_t *gdt);
void tables_percpu(unsigned int cpu);

/* Let a trap go on somewhere else: in the kernel, on this stack; there, from user mode. */
void frame_catch(struct trap_frame *frame, unsigned long ip, unsigned long sp);
void frame_to_kernel(struct trap_frame *frame, unsigned long ip);

extern uint64_t *const kernel_gdt;
extern struct gate *const kernel_idt;
extern struct tss kernel_tss;

/* Call the function; the number of the exception that ended it, or TRAP_NONE. */
int run_caught(void (*function)(unsigned long), unsigned long argument);

/*
 * Run user code at an address until it executes INT VECTOR_USER_EXIT; its (R|E)AX.  The
 * frame of that entry is then in user_entry.
 */
unsigned long run_user(unsigned long ip, unsigned long sp);

/* The same, entered by SYSRET or SYSEXIT. */
unsigned long run_user_fast(unsigned long ip, unsigned long sp);

struct user_entry {
	/* Where on the kernel stack the entry put the hardware's frame's end. */
	unsigned long stack;
	unsigned long ip, cs, flags, sp, di;
};
extern struct user_entry user_entry;

/* ---- mm.c ---- */

/* SDM vol. 3, table 4-20. */
#define PTE_P	  0x1ull
#define PTE_W	  0x2ull
#define PTE_U	  0x4ull
#define PTE_PCD	  0x10ull
#define PTE_A	  0x20ull
#define PTE_D	  0x40ull
#define PTE_G	  0x100ull
#define PTE_NX	  (1ull << 63)
#define PTE_FRAME 0x000ffffffffff000ull
#define PTE_DATA  (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)

/* Build the kernel's page tables and use them; afterwards the text is read-only. */
void mm_init(const struct machine *machine);

/* Guest-physical address of a zeroed page that is never given back. */
unsigned long mm_page(void);

/* Level 1 entry of an address in the windows USER_BASE, IO_BASE or in the image. */
pte_t *mm_entry(unsigned long root, unsigned long va);

/* A new address space: shares the kernel's half, has an empty user window. */
unsigned long mm_new_space(void);

/* The end of an address space that no CPU uses: its tables become pages again. */
void mm_free_space(unsigned long root);

/* Map or unmap (value 0) a page of the current address space; flushes the TLB entry. */
void mm_set(unsigned long va, pteval_t value);

/* ---- threads.c ---- */

/* User mode's code, stack and data. */
void map_user_pages(void);

/* Run the threads to their end; the number of things that were not as they must be. */
void threads_run(void);

/* ---- timer.c ---- */

/* Ticks of CPU 0, and of the others. */
extern volatile unsigned long timer_ticks, timer_ticks_of[CPUS];
void timer_init(void);

/* The timer of another CPU. */
void timer_start(void);

/* What each tick also does; NULL: nothing. */
void timer_on_tick(void (*function)(void));

/* Wait till the number of ticks is reached; false if it takes longer than limit_ns. */
bool timer_wait(unsigned long ticks, uint64_t limit_ns);

/* Burn time, whether or not interrupts come. */
void timer_spin(uint64_t ns);

/* ---- smp.c ---- */

/* Start the other CPUs; they wait for work, with interrupts enabled. */
void smp_init(void);

/*
 * Run the function on all CPUs of this set (bit per CPU), the calling one last;
 * it gets the CPU's number.  False if one of them does not come back in time.
 */
bool smp_run(uint64_t cpus, void (*function)(unsigned int cpu));

/* Let the others begin, and wait for the end of those that have begun. */
void smp_begin(uint64_t cpus, void (*function)(unsigned int cpu));
bool smp_end(void);

/* Wait until the word has the value; false if it takes too long. */
bool smp_wait(const volatile unsigned long *word, unsigned long value);

/* CPUs in a set. */
static inline unsigned int smp_number(uint64_t cpus)
{
	unsigned int n = 0;

	for (; cpus; cpus &= cpus - 1)
		n++;
	return n;
}

/* Interrupts of the kernel's own kind that a CPU got. */
extern volatile unsigned long smp_calls[CPUS];

/* ---- tests ---- */

/* Print a result and count it. */
void check(const char *test, bool passed);
void check_equal(const char *test, unsigned long got, unsigned long expected);

/* Count a test whose result has been printed. */
void count_test(bool passed);

/* Counts so far. */
extern unsigned long tests_passed, tests_failed;

/* canaries.c: call each op so many times with each set of values in all registers. */
void canaries_run(unsigned int times);

/* workloads.c: do each of them so many times. */
void workloads_run(unsigned int times);

void test_control(void);
void test_registers(void);
void test_descriptors(void);
void test_page_tables(void);
void test_tlb(void);
void test_time(void);
void test_interrupts(void);
void test_smp(const struct pv_backend *backend);
void test_late(const struct pv_backend *backend, bool patched);
void test_msr_safe(void);
void test_debug(void);
void test_ldt(void);
void test_changes(void);
void test_fixmap(void);
void test_address_spaces(void);
void test_user(void);

#endif
