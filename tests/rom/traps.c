/* SPDX-License-Identifier: MIT */
#include "judge.h"

#define CODE(dpl) (0x00cf9b000000ffffull | (u64)(dpl) << 45)
#define DATA(dpl) (0x00cf93000000ffffull | (u64)(dpl) << 45)

u64 gdt[32] __attribute__((aligned(4096))) = {
	[KERNEL_CS / 8] = CODE(0),
	[KERNEL_DS / 8] = DATA(0),
	[USER_CS / 8] = CODE(3),
	[USER_DS / 8] = DATA(3),
	[NOWHERE / 8] = DATA(3) | 0x10ull << 56,
};
u64 idt[256] __attribute__((aligned(4096)));
struct pointer gdt_pointer = {sizeof(gdt) - 1, (u32)gdt};
struct pointer idt_pointer = {sizeof(idt) - 1, (u32)idt};
struct tss tss = {.ss0 = KERNEL_DS, .io_map = sizeof(tss)};
struct tss other_tss = {.ss0 = KERNEL_DS, .io_map = sizeof(tss)};

struct frame last;
u32 last_address, last_fault, last_interrupted;
volatile u32 interrupts[256];
void (*on_step)(void);
extern char trap_stubs[];
static u8 entry_stack[4096] __attribute__((aligned(16)));

void set_gate(u64 *table, u32 vector, u32 address, u32 dpl)
{
	u32 high = (address & 0xffff0000) | 0x8e00 | dpl << 13;

	table[vector] = (u64)high << 32 | KERNEL_CS << 16 | (address & 0xffff);
}

static u64 system_segment(u32 base, u32 limit, u32 type)
{
	return (u64)(base >> 24) << 56 | (u64)(type | 0x80) << 40 | (u64)(base & 0xffffff) << 16 |
	       limit;
}

void traps_init(void)
{
	for (u32 i = 0; i < 256; i++)
		set_gate(idt, i, (u32)trap_stubs + i * 16, i == VECTOR_USER ? 3 : 0);
	tss.sp0 = other_tss.sp0 = (u32)entry_stack + sizeof(entry_stack);
	gdt[TSS / 8] = system_segment((u32)&tss, sizeof(tss) - 1, 9);
	gdt[OTHER_TSS / 8] = system_segment((u32)&other_tss, sizeof(tss) - 1, 9);
	asm volatile("lidt %0" : : "m"(idt_pointer));
	asm volatile("ltr %w0" : : "r"(TSS));
}

/* An interrupt of a device, or of the local APIC. */
static void interrupt(const struct frame *frame)
{
	last_interrupted = frame->eip;
	if (frame->vector >= VECTOR_ALARM) {
		DO(APICWrite, apic_write, 0xb0, 0);
		return;
	}
	outb(0x20, 0x20);
}

/* What ends a trial is remembered, and the kernel goes on behind it. */
static _Noreturn void end_trial(const struct frame *frame)
{
	const u32 *from = (const u32 *)frame;
	u32 *to = (u32 *)&last;
	u32 words = frame->eflags & FLAG_VM ? sizeof(last) / 4
		    : frame->cs & 3	    ? offsetof(struct frame, v_es) / 4
					    : offsetof(struct frame, esp) / 4;

	last_address = (u32)frame;
	last_fault = read_cr2();
	for (u32 i = 0; i < words; i++)
		to[i] = from[i];
	asm volatile("jmp *%0" : : "r"(trial_back));
	__builtin_unreachable();
}

bool trial_runs; /* then what the kernel does not know ends it */

void FN trap(struct frame *frame);

void FN trap(struct frame *frame)
{
	interrupts[frame->vector]++;
	if (frame->vector >= VECTOR_IRQ0 && frame->vector < VECTOR_OTHER)
		interrupt(frame);
	else if (frame->vector == 1 && on_step)
		on_step();
	else if (frame->vector == VECTOR_USER && frame->eax == 1)
		say("ROM user hello\n");
	else if (trial_runs && frame->vector != VECTOR_OTHER)
		end_trial(frame);
	else if (frame->vector != VECTOR_OTHER)
		stop("trap vector=%u error=%x eip=%x address=%x", frame->vector, frame->error,
		     frame->eip, read_cr2());
}
