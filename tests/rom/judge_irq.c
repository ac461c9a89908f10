/* SPDX-License-Identifier: MIT */
/* The interrupt flag, the ways out of a trap, and sleep. */
#include "judge.h"

#define SELF interrupts[VECTOR_SELF]

/* The processor asks itself, and does not listen yet. */
static void make_pending(void)
{
	apic_write(0x300, 0x40000 | VECTOR_SELF);
	while (!(apic_read(0x200 + VECTOR_SELF / 32 * 16) & 1u << VECTOR_SELF % 32))
		;
}

/* How often it comes in so many microseconds. */
u32 heard(u32 vector, u32 us)
{
	u32 before = interrupts[vector];

	asm volatile("sti" : : : "memory");
	wait_us(us);
	asm volatile("cli" : : : "memory");
	return interrupts[vector] - before;
}

/* One of the four that must do without data segments: whoever uses them finds nothing there. */
static void begin_flat(enum vmi_call call, u32 flag)
{
	begin(call);
	trial.data = NOWHERE;
	trial.flags |= flag;
}

/* Interrupts must come on, and what waits for that must not wait for the call's end. */
static void expect_delivery(u32 before)
{
	flags_after = FLAG_ALWAYS | FLAG_IF;
	invoke();
	expect(SELF == before + 1, "what was pending did not come");
	expect(last_interrupted == (u32)trial_landed ||
		       (last_interrupted >= rom_base && last_interrupted < rom_base + rom_size),
	       "it came after the return");
	native_window();
}

void judge_EnableInterrupts(void)
{
	u32 before = SELF;

	make_pending();
	begin_flat(CALL_EnableInterrupts, 0);
	expect_delivery(before);
	for (u32 flag = 0; flag <= FLAG_IF; flag += FLAG_IF) {
		begin_flat(CALL_EnableInterrupts, flag);
		flags_after = FLAG_ALWAYS | FLAG_IF;
		invoke();
	}
}

void judge_DisableInterrupts(void)
{
	for (u32 flag = 0; flag <= FLAG_IF; flag += FLAG_IF) {
		begin_flat(CALL_DisableInterrupts, flag);
		flags_after = FLAG_ALWAYS;
		invoke();
		expect(!(after.flags & FLAG_IF), "interrupts are on");
	}
}

void judge_GetInterruptMask(void)
{
	for (u32 flag = 0; flag <= FLAG_IF; flag += FLAG_IF) {
		begin_flat(CALL_GetInterruptMask, flag);
		invoke();
		expect((after.out.eax & FLAG_IF) == flag, "another answer");
	}
}

/* What the kernel gives is what it was given, or the flag alone. */
void judge_SetInterruptMask(void)
{
	static const u32 masks[] = {FLAG_IF, FLAG_IF | 0x46, 0, 0x46};
	u32 before;

	for (u32 i = 0; i < 2 * ARRAY_SIZE(masks); i++) {
		begin_flat(CALL_SetInterruptMask, i & 1 ? FLAG_IF : 0);
		trial.in.eax = masks[i / 2];
		flags_after = FLAG_ALWAYS | (masks[i / 2] & FLAG_IF);
		invoke();
		expect((after.flags & FLAG_IF) == (masks[i / 2] & FLAG_IF), "not the mask");
	}
	make_pending();
	before = SELF;
	begin_flat(CALL_SetInterruptMask, 0);
	trial.in.eax = FLAG_IF;
	expect_delivery(before);
}

/* ---- out of a trap ---- */

/* Reached by a jump; a ROM may have it reached by a call, and knows of the word above the frame. */
static void begin_jump(enum vmi_call call)
{
	begin(call);
	trial.jump = answers[call].kind == RELOC_JUMP;
	trial.data = USER_DS;
}

static void push(u32 word)
{
	trial.words[trial.nr_words++] = word;
}

static void iret_to_kernel(u32 flags)
{
	begin_jump(CALL_IRET);
	trial.data = NOWHERE;
	push((u32)trial_landed);
	push(KERNEL_CS);
	push(flags);
	words_taken = 3;
	flags_after = flags;
	invoke();
}

static void iret_to_user(void)
{
	begin_jump(CALL_IRET);
	push(USER_CODE);
	push(USER_CS);
	push(FLAG_ALWAYS | FLAG_IF | FLAG_ARITHMETIC);
	push(USER_STACK - 16);
	push(USER_DS);
	ends_in_user = true;
	invoke();
	expect(last.vector == VECTOR_USER && last.eip == USER_CODE + 2 && last.cs == USER_CS,
	       "user mode is elsewhere");
	expect(last.esp == USER_STACK - 16 && last.ss == USER_DS, "another user stack");
	expect(last.eflags == (FLAG_ALWAYS | FLAG_IF | FLAG_ARITHMETIC),
	       "other flags in user mode");
	expect(last.ds == USER_DS && last.es == USER_DS, "other segments in user mode");
}

#define V86_PAGE 0x1000

/* HLT, which nobody but the kernel may. */
static void iret_to_v86(void)
{
	static u8 page[4096] __attribute__((aligned(4096))) = {0xf4};

	map(V86_PAGE, physical(page), PTE_USER | PTE_WRITE);
	begin_jump(CALL_IRET);
	trial.data = NOWHERE;
	push(0);
	push(V86_PAGE >> 4);
	push(FLAG_ALWAYS | FLAG_IF | FLAG_VM);
	push(0xff0);
	push(V86_PAGE >> 4);
	for (u32 i = 0; i < 4; i++)
		push(0x1111 * (i + 1));
	ends_in_user = true;
	invoke();
	expect(last.vector == 13 && last.eip == 0 && last.cs == V86_PAGE >> 4,
	       "8086 mode is elsewhere");
	expect((last.eflags & ~FLAG_RF) == (FLAG_ALWAYS | FLAG_IF | FLAG_VM),
	       "other flags in 8086 mode");
	expect(last.esp == 0xff0 && last.ss == V86_PAGE >> 4, "another stack in 8086 mode");
	expect(last.v_es == 0x1111 && last.v_ds == 0x2222 && last.v_fs == 0x3333 &&
		       last.v_gs == 0x4444,
	       "other segments in 8086 mode");
}

void judge_IRET(void)
{
	iret_to_kernel(FLAG_ALWAYS);
	iret_to_kernel(FLAG_ALWAYS | FLAG_ARITHMETIC);
	iret_to_kernel(FLAG_ALWAYS | FLAG_IF);
	iret_to_user();
	iret_to_v86();
}

/* STI holds interrupts off until SYSEXIT is through, so what is pending comes in user mode. */
void judge_SYSEXIT(void)
{
	u32 before = SELF;

	wrmsr(0x174, KERNEL_CS);
	make_pending();
	begin_jump(CALL_SYSEXIT);
	trial.data = NOWHERE;
	trial.in.edx = USER_CODE;
	trial.in.ecx = USER_STACK - 32;
	ends_in_user = true;
	invoke();
	expect(last.vector == VECTOR_USER && last.eip == USER_CODE + 2 && last.cs == USER_CS,
	       "user mode is elsewhere");
	expect(last.esp == USER_STACK - 32 && last.ss == USER_DS, "another user stack");
	expect(last.eflags & FLAG_IF, "interrupts are off in user mode");
	expect(SELF == before + 1 && last_interrupted == USER_CODE,
	       "what was pending did not come");
}

/* ---- sleep ---- */

static void halt(u32 before)
{
	begin(CALL_Halt);
	flags_after = FLAG_ALWAYS | FLAG_IF;
	invoke();
	expect(SELF == before + 1, "it came back without an interrupt");
	native_window();
}

/* The local APIC's timer wakes it, or what is pending already. */
void judge_Halt(void)
{
	u32 before = SELF;

	apic_write(0x3e0, 3);
	apic_write(0x320, VECTOR_SELF);
	apic_write(0x380, 100000);
	halt(before);
	apic_write(0x320, 0x10000);
	make_pending();
	halt(before + 1);
}

/* ---- what does not come back is for the end ---- */

void judge_Reboot(void)
{
}

void judge_Shutdown(void)
{
}
