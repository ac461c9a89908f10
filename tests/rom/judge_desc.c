/* SPDX-License-Identifier: MIT */
/* Descriptor tables and the kernel's stack. */
#include "judge.h"

static u64 other_gdt[32] __attribute__((aligned(4096)));
static u64 other_idt[256] __attribute__((aligned(4096)));
static u64 ldt[16] __attribute__((aligned(4096)));
static u32 magic = 0x600dda7a;

static u64 data_segment(const void *base)
{
	u32 address = (u32)base;

	return 0x00cf93000000ffffull | (u64)(address >> 24) << 56 | (u64)(address & 0xffffff) << 16;
}

/* The first word of a segment. */
static u32 read_through(u32 selector)
{
	u32 value;

	asm volatile("mov %1, %%gs\n"
		     "mov %%gs:0, %0\n"
		     "mov %2, %%gs"
		     : "=&r"(value)
		     : "r"(selector), "r"(KERNEL_DS));
	return value;
}

static void restore_tables(void)
{
	asm volatile("lgdt %0" : : "m"(gdt_pointer));
	asm volatile("lidt %0" : : "m"(idt_pointer));
}

static bool loaded(const struct pointer *wanted, const struct pointer *is)
{
	return wanted->limit == is->limit && wanted->base == is->base;
}

/* ---- tables ---- */

void judge_SetGDT(void)
{
	struct pointer wanted = {sizeof(gdt) - 1, (u32)other_gdt}, is;

	for (u32 i = 0; i < ARRAY_SIZE(gdt); i++)
		other_gdt[i] = gdt[i];
	other_gdt[SPARE / 8] = data_segment(&magic);
	begin(CALL_SetGDT);
	trial.in.eax = (u32)&wanted;
	invoke();
	asm volatile("sgdt %0" : "=m"(is));
	expect(loaded(&wanted, &is), "another table");
	if (loaded(&wanted, &is))
		expect(read_through(SPARE) == magic, "its segments are others");
	restore_tables();
}

void judge_SetIDT(void)
{
	struct pointer wanted = {sizeof(idt) - 1, (u32)other_idt}, is;
	u32 before = interrupts[VECTOR_OTHER];

	for (u32 i = 0; i < ARRAY_SIZE(idt); i++)
		other_idt[i] = idt[i];
	other_idt[VECTOR_OTHER + 1] = idt[VECTOR_OTHER];
	begin(CALL_SetIDT);
	trial.in.eax = (u32)&wanted;
	invoke();
	asm volatile("sidt %0" : "=m"(is));
	expect(loaded(&wanted, &is), "another table");
	if (loaded(&wanted, &is))
		asm volatile("int %0" : : "i"(VECTOR_OTHER + 1));
	expect(interrupts[VECTOR_OTHER] == before + 1, "its gates are others");
	restore_tables();
}

static u32 read_ldtr(void)
{
	u32 selector;

	asm volatile("sldt %0" : "=r"(selector));
	return selector & 0xffff;
}

static u32 read_tr(void)
{
	u32 selector;

	asm volatile("str %0" : "=r"(selector));
	return selector & 0xffff;
}

static void prepare_ldt(void)
{
	ldt[1] = data_segment(&magic);
	gdt[LDT / 8] =
		(data_segment(ldt) & 0xff0000ffffff0000) | 0x820000000000 | (sizeof(ldt) - 1);
}

static void native_ldt(u32 selector)
{
	asm volatile("lldt %w0" : : "r"(selector));
}

void judge_SetLDT(void)
{
	prepare_ldt();
	begin(CALL_SetLDT);
	trial.in.eax = LDT;
	invoke();
	expect(read_ldtr() == LDT, "another selector");
	if (read_ldtr() == LDT)
		expect(read_through(0x0c) == magic, "its segments are others");
	begin(CALL_SetLDT);
	trial.in.eax = 0;
	invoke();
	expect(read_ldtr() == 0, "it stays");
	native_ldt(0);
}

void judge_GetLDT(void)
{
	prepare_ldt();
	native_ldt(LDT);
	begin(CALL_GetLDT);
	invoke();
	expect((after.out.eax & 0xffff) == LDT, "another selector");
	native_ldt(0);
}

static void native_tr(u32 selector)
{
	gdt[selector / 8] &= ~(2ull << 40);
	asm volatile("ltr %w0" : : "r"(selector));
}

void judge_SetTR(void)
{
	begin(CALL_SetTR);
	trial.in.eax = OTHER_TSS;
	invoke();
	expect(read_tr() == OTHER_TSS, "another selector");
	native_tr(TSS);
	gdt[OTHER_TSS / 8] &= ~(2ull << 40);
}

void judge_GetTR(void)
{
	native_tr(OTHER_TSS);
	begin(CALL_GetTR);
	invoke();
	expect((after.out.eax & 0xffff) == OTHER_TSS, "another selector");
	native_tr(TSS);
	gdt[OTHER_TSS / 8] &= ~(2ull << 40);
}

/* Six bytes and no more. */
static void judge_store(enum vmi_call call, const struct pointer *own)
{
	union {
		struct pointer pointer;
		u8 bytes[8];
	} buffer = {.bytes = {0, 0, 0, 0, 0, 0, 0xc7, 0xc7}};

	begin(call);
	trial.in.eax = (u32)&buffer;
	invoke();
	expect(loaded(&buffer.pointer, own), "another table");
	expect(buffer.bytes[6] == 0xc7 && buffer.bytes[7] == 0xc7, "more than six bytes");
}

void judge_GetGDT(void)
{
	judge_store(CALL_GetGDT, &gdt_pointer);
}

void judge_GetIDT(void)
{
	judge_store(CALL_GetIDT, &idt_pointer);
}

/* ---- entries ---- */

static void write_entry(enum vmi_call call, u64 *table, u32 index, u64 value)
{
	u64 before = table[index - 1], behind = table[index + 1];

	begin(call);
	trial.in.eax = (u32)table;
	trial.in.edx = index;
	trial.in.ecx = (u32)value;
	trial.words[0] = HIGH(value);
	trial.nr_words = 1;
	invoke();
	expect(table[index] == value, "the entry has another value");
	expect(table[index - 1] == before && table[index + 1] == behind, "another entry changed");
}

void judge_WriteGDTEntry(void)
{
	gdt[SPARE / 8] = 0;
	write_entry(CALL_WriteGDTEntry, gdt, SPARE / 8, data_segment(&magic));
	if (gdt[SPARE / 8])
		expect(read_through(SPARE) == magic, "the segment is another");
	gdt[SPARE / 8] = 0;
}

void judge_WriteLDTEntry(void)
{
	prepare_ldt();
	native_ldt(LDT);
	ldt[2] = 0;
	write_entry(CALL_WriteLDTEntry, ldt, 2, data_segment(&magic));
	if (ldt[2])
		expect(read_through(0x14) == magic, "the segment is another");
	native_ldt(0);
}

void judge_WriteIDTEntry(void)
{
	u32 before = interrupts[VECTOR_OTHER];

	idt[VECTOR_OTHER + 2] = 0;
	write_entry(CALL_WriteIDTEntry, idt, VECTOR_OTHER + 2, idt[VECTOR_OTHER]);
	if (idt[VECTOR_OTHER + 2])
		asm volatile("int %0" : : "i"(VECTOR_OTHER + 2));
	expect(interrupts[VECTOR_OTHER] == before + 1, "the gate is another");
}

/* ---- the stack for traps from user mode ---- */

extern char native_iret[];

/* Linux writes its task-state segment as well; the call must do without. */
void judge_UpdateKernelStack(void)
{
	static u8 stack[2048] __attribute__((aligned(16)));
	u32 old = tss.sp0, top = (u32)stack + sizeof(stack);
	struct trial trip = {
		.target = (u32)native_iret,
		.jump = 1,
		.flags = FLAG_ALWAYS,
		.data = USER_DS,
		.nr_words = 5,
		.words = {USER_CODE, USER_CS, FLAG_ALWAYS, USER_STACK, USER_DS},
	};

	begin(CALL_UpdateKernelStack);
	trial.in.eax = KERNEL_DS;
	trial.in.edx = top;
	invoke();
	expect(tss.ss0 == KERNEL_DS, "another segment");
	trial_runs = true;
	trial_run(&trip);
	trial_runs = false;
	expect(last.vector == VECTOR_USER, "user mode was not reached");
	expect(last_address + offsetof(struct frame, v_es) == top, "another stack");
	tss.sp0 = old;
}
