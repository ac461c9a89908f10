/* SPDX-License-Identifier: MIT */
/* A kernel that takes a VMI ROM as kernels of 2007 to 2009 did, and then judges each of its calls.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "layout.h"
#include "site.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#ifdef PAE
typedef u64 pte;
#else
typedef u32 pte;
#endif

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define HIGH(value)	  ((u32)((u64)(value) >> 32))

/* SDM vol. 1, section 3.4.3. */
#define FLAG_ARITHMETIC 0x8d5
#define FLAG_ALWAYS	0x2
#define FLAG_TF		0x100
#define FLAG_IF		0x200
#define FLAG_IOPL	0x3000
#define FLAG_RF		0x10000
#define FLAG_VM		0x20000

/* SDM vol. 3, section 4.3. */
#define PTE_PRESENT  0x1
#define PTE_WRITE    0x2
#define PTE_USER     0x4
#define PTE_UNCACHED 0x18
#define PTE_GLOBAL   0x100

/* ---- the calls ---- */

enum {
	EAX = 1,
	ECX = 2,
	EDX = 4,
	EBX = 8,
	ESI = 16,
	EDI = 32,
	EBP = 64,
	FLAGS = 128,
	C_CALL = EAX | ECX | EDX | FLAGS,
};

enum vmi_call {
#define CALL(number, name, changes, empty) CALL_##name = number,
#include "calls.def"
#undef CALL
};

enum relocation { RELOC_NONE, RELOC_CALL, RELOC_JUMP, RELOC_NOP };

struct answer {
	u32 address;
	u32 kind; /* enum relocation, if it is one */
	u32 reserved;
};

/* ---- one call with all registers known: trial.S ---- */

struct registers {
	u32 eax, ecx, edx, ebx, esi, edi, ebp;
};

struct trial {
	u32 target;
	u32 jump;
	struct registers in;
	u32 flags;
	u32 data; /* DS and ES */
	u32 nr_words;
	u32 words[9]; /* on the stack, the first lowest */
};

struct outcome {
	struct registers out;
	u32 flags;
	u32 ds, es, fs, gs;
	u32 esp;
	u32 above[2]; /* what the caller had on its stack */
};

extern struct outcome after;
extern u32 trial_esp;
extern char trial_landed[], trial_back[];
u32 __attribute__((regparm(3))) trial_run(const struct trial *trial);

/* ---- traps ---- */

struct frame {
	u32 gs, fs, es, ds;
	u32 edi, esi, ebp, unused, ebx, edx, ecx, eax;
	u32 vector, error;
	u32 eip, cs, eflags;
	u32 esp, ss;		    /* from user mode, */
	u32 v_es, v_ds, v_fs, v_gs; /* from virtual-8086 mode */
};

extern struct frame last;    /* what ended the trial */
extern u32 last_address;     /* where that frame was */
extern u32 last_fault;	     /* CR2 then */
extern u32 last_interrupted; /* what the last interrupt came after */
extern volatile u32 interrupts[256];
extern void (*on_step)(void);

void traps_init(void);
void set_gate(u64 *table, u32 vector, u32 address, u32 dpl);
extern u64 idt[256], gdt[32];
extern struct tss {
	u32 link, sp0, ss0, rest[22];
	u16 trap, io_map;
} tss, other_tss;

struct __attribute__((packed)) pointer {
	u16 limit;
	u32 base;
};
extern struct pointer gdt_pointer, idt_pointer;

/* ---- the ROM: rom.c ---- */

extern u32 rom_base, rom_size;
extern struct answer answers[NR_CALLS];
extern const char *const call_names[NR_CALLS];
extern u32 counts[NR_COUNTED], bound[NR_COUNTED];

bool rom_find(void);
void rom_native(void);
bool rom_activate(void);
struct answer rom_ask(u32 number);
u32 rom_hash(void);
u8 rom_sum(void);

/* What the kernel does through pointers; the machine's own until a ROM fills them. */
#define FN __attribute__((regparm(3)))
struct ops {
	void FN (*load_gdt)(const struct pointer *);
	void FN (*load_idt)(const struct pointer *);
	void FN (*clts)(void);
	void FN (*halt)(void);
	void FN (*write_cr0)(u32);
	u32 FN (*read_cr0)(void);
	u64 FN (*read_tsc)(void);
	void FN (*flush_one)(u32);
	void FN (*io_delay)(void);
	void FN (*cpuid)(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);
	void FN (*write_idt_entry)(u64 *table, u32 vector, u32 low, u32 high);
	void FN (*load_tr)(void);
	void FN (*load_sp0)(u32);
	void FN (*set_pte)(pte *entry, pte value);
	void FN (*flush_user)(void);
	void FN (*apic_write)(u32 offset, u32 value);
};
extern struct ops ops;
extern bool vmi_timer;

/* An op, counted if the ROM does it itself; what is wrapped counts its own calls. */
#define DO(call, op, ...) (counts[CALL_##call] += bound[CALL_##call], ops.op(__VA_ARGS__))

/* ---- the machine ---- */

void say(const char *format, ...);
_Noreturn void stop(const char *format, ...);
_Noreturn void leave(u32 status);

extern bool on_xen;
void machine_init(bool xen);
void pic_mask(u8 mask);
void pit_again(u16 ticks);
void pit_quiet(void);
u32 wait_us(u32 us);
void watchdog(void);
void no_watchdog(void);
u32 rtc_seconds(void);

void map(u32 address, u32 physical, u32 flags);
pte *pte_of(u32 address);
pte *directory_of(u32 address);
u32 physical(const void *address);
void apic_map(void);
extern u32 fixmap_top; /* below what is the hypervisor's; the local APIC is there */
#define APIC_BASE (fixmap_top - 0x4000)
#define ARENA	  0xe0000000

/* ---- boot.c ---- */

void boot(const char *options);
bool has_word(const char *options, const char *word);

/* ---- judge.c ---- */

struct trial *begin(enum vmi_call number);
void invoke(void);
bool attempt(void);
bool returns(void);
void compare_trapped(void);
void expect(bool good, const char *what);
void about(const char *what);
void note(const char *text);
void judge(void);
void judge_the_end(const char *options);
extern struct trial trial;
extern bool trial_runs;

/* What the next call must leave, if it is not what it was given. */
extern u32 flags_after;	  /* those that are not arithmetic */
extern u32 words_taken;	  /* of the stack */
extern bool ends_in_user; /* it is not heard of again but by a trap */

/* How often an interrupt comes in so many microseconds. */
u32 heard(u32 vector, u32 us);

#define CALL(number, name, changes, empty) void judge_##name(void);
#include "calls.def"
#undef CALL

/* ---- instructions ---- */

#define READ_REGISTER(name)                                                                        \
	static inline u32 read_##name(void)                                                        \
	{                                                                                          \
		u32 value;                                                                         \
		asm volatile("mov %%" #name ", %0" : "=r"(value) : : "memory");                    \
		return value;                                                                      \
	}
#define WRITE_REGISTER(name)                                                                       \
	static inline void write_##name(u32 value)                                                 \
	{                                                                                          \
		asm volatile("mov %0, %%" #name : : "r"(value) : "memory");                        \
	}
READ_REGISTER(cr0)
READ_REGISTER(cr2)
READ_REGISTER(cr3)
READ_REGISTER(cr4)
WRITE_REGISTER(cr0)
WRITE_REGISTER(cr2)
WRITE_REGISTER(cr3)
WRITE_REGISTER(cr4)

static inline void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u64 rdtsc(void)
{
	u64 value;

	asm volatile("rdtsc" : "=A"(value) : : "memory");
	return value;
}

static inline u64 rdmsr(u32 msr)
{
	u64 value;

	asm volatile("rdmsr" : "=A"(value) : "c"(msr) : "memory");
	return value;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "A"(value), "c"(msr) : "memory");
}

static inline void cpuid(u32 leaf, u32 subleaf, u32 *words)
{
	asm volatile("cpuid"
		     : "=a"(words[0]), "=b"(words[1]), "=c"(words[2]), "=d"(words[3])
		     : "0"(leaf), "2"(subleaf));
}

static inline void invlpg(u32 address)
{
	asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Interrupts on for a moment: what is pending comes. */
static inline void native_window(void)
{
	asm volatile("sti\nnop\ncli" : : : "memory");
}

static inline volatile u32 *word_at(u32 address)
{
	return (volatile u32 *)address;
}

static inline u32 apic_read(u32 offset)
{
	return *word_at(APIC_BASE + offset);
}

static inline void apic_write(u32 offset, u32 value)
{
	*word_at(APIC_BASE + offset) = value;
}

/* ---- sites; they must change nothing but flags (and EAX, for a result) ---- */

static inline void irq_enable(void)
{
	counts[SITE_ENABLE] += bound[SITE_ENABLE];
	asm volatile(SITE(SITE_ENABLE, "slot_irq_enable", 1) : : : "memory", "cc");
}

static inline void irq_disable(void)
{
	asm volatile(SITE(SITE_DISABLE, "slot_irq_disable", 0) : : : "memory", "cc");
	counts[SITE_DISABLE] += bound[SITE_DISABLE];
}

static inline u32 save_fl(void)
{
	u32 flags;

	counts[SITE_SAVE] += bound[SITE_SAVE];
	asm volatile(SITE(SITE_SAVE, "slot_save_fl", 3) : "=a"(flags) : : "memory", "cc");
	return flags;
}

static inline void restore_fl(u32 flags)
{
	counts[SITE_RESTORE] += bound[SITE_RESTORE];
	asm volatile(SITE(SITE_RESTORE, "slot_restore_fl", 2) : : "a"(flags) : "memory", "cc");
}
