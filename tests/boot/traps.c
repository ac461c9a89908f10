/* SPDX-License-Identifier: MIT */
/* Descriptor tables, exceptions and interrupts. */
#include "kernel.h"
#include "pv_host.h"

#define VECTORS	   256
#define EXCEPTIONS 32
#define STUB_SIZE  32
#define FLAGS_IF   0x200ul

/* Gate bits: SDM vol. 3, figure 6-8. */
#define GATE_INTERRUPT 0x8e00
#define GATE_RING3     0x6000

/* Descriptors: SDM vol. 3, figure 3-8. */
#define DESC_KERNEL_DATA 0x00cf93000000ffffull
#define DESC_USER_DATA	 0x00cff3000000ffffull

extern const char trap_stubs[], caught_return[], user_return[];
extern unsigned long caught_stack;

unsigned long enter_user(unsigned long ip, unsigned long sp);
unsigned long enter_user_fast(unsigned long ip, unsigned long sp);

/* Whole pages, since a hypervisor may make them read-only. */
__attribute__((aligned(4096))) static uint64_t gdt[PAGE_SIZE / sizeof(uint64_t)];
__attribute__((aligned(4096))) static struct gate idt[VECTORS];
static void (*handlers[VECTORS])(struct trap_frame *);

const uint16_t pv_host_ldt_selector = SELECTOR(GDT_LDT, 0);
uint64_t *const kernel_gdt = gdt;
struct gate *const kernel_idt = idt;
struct tss kernel_tss;
struct trap_record trap_last;
struct user_entry user_entry;

/* The bytes behind the instruction say which op it is, or that (R|E)AX points to a text: contracts
 * of PV_FORM_TRAP and PV_UNWRITTEN. */
static void name_trap(const struct trap_frame *frame)
{
	const uint8_t *code = (const uint8_t *)frame->ip;
	uint16_t op;

	if (frame->vector != TRAP_UD || code[0] != 0x0f || code[1] != 0x0b)
		return;
	memcpy(&op, code + 2, sizeof(op));
	if (op < PV_NR_OPS)
		panic("op %s is a trap at %x", pv_op_names[op], frame->ip);
	if (op == PV_NR_OPS)
		panic("not written yet: %s at %x", (const char *)frame->ax, frame->ip);
}

static bool catch (struct trap_frame *frame, unsigned long cr2)
{
	if (!caught_stack || frame->vector >= EXCEPTIONS)
		return false;
	trap_last.error = frame->error;
	trap_last.address = cr2;
	frame->ax = frame->vector;
	frame_catch(frame, (unsigned long)caught_return, caught_stack);
	return true;
}

/* Called by the stubs; cr2 is valid for page faults. */
void trap_dispatch(struct trap_frame *frame, unsigned long cr2)
{
	if (frame->vector < VECTORS && handlers[frame->vector]) {
		handlers[frame->vector](frame);
		return;
	}
	name_trap(frame);
	if ((frame->vector == TRAP_GP || frame->vector == TRAP_UD) && pv_fixup(&frame->ip))
		return;
	if (!catch (frame, cr2))
		panic("unexpected trap %u error %x at %x address %x", frame->vector, frame->error,
		      frame->ip, cr2);
}

void traps_handle(unsigned int vector, void (*handler)(struct trap_frame *))
{
	handlers[vector] = handler;
}

struct gate traps_gate(unsigned int stub)
{
	unsigned long offset = (unsigned long)trap_stubs + stub * STUB_SIZE;

	return tables_gate(offset, GATE_INTERRUPT | GATE_RING3);
}

static void user_exit(struct trap_frame *frame)
{
	user_entry = (struct user_entry){
		.stack = (unsigned long)(frame + 1),
		.ip = frame->ip,
		.cs = frame->cs & 0xffff,
		.flags = frame->flags,
		.sp = frame->sp,
		.di = frame->di,
	};
	frame_to_kernel(frame, (unsigned long)user_return);
	frame->flags &= ~FLAGS_IF;
}

static unsigned long run_user_by(unsigned long (*enter)(unsigned long, unsigned long),
				 unsigned long ip, unsigned long sp)
{
	unsigned long flags = pv_save_fl(), result;

	user_entry = (struct user_entry){0};
	pv_irq_disable();
	result = enter(ip, sp);
	pv_restore_fl(flags);
	return result;
}

unsigned long run_user(unsigned long ip, unsigned long sp)
{
	return run_user_by(enter_user, ip, sp);
}

unsigned long run_user_fast(unsigned long ip, unsigned long sp)
{
	return run_user_by(enter_user_fast, ip, sp);
}

static void load_gdt(void)
{
	struct desc_ptr pointer = {GDT_ENTRIES * sizeof(uint64_t) - 1, (uintptr_t)gdt};

	pv_load_gdt(&pointer);
}

static void load_idt(void)
{
	struct desc_ptr pointer = {sizeof(idt) - 1, (uintptr_t)idt};

	pv_load_idt(&pointer);
}

static void gdt_init(void)
{
	pv_write_gdt_entry(gdt, GDT_KERNEL_CODE, DESC_KERNEL_CODE);
	pv_write_gdt_entry(gdt, GDT_KERNEL_DATA, DESC_KERNEL_DATA);
	pv_write_gdt_entry(gdt, GDT_USER_DATA, DESC_USER_DATA);
	pv_write_gdt_entry(gdt, GDT_USER_CODE, DESC_USER_CODE);
	tables_describe(gdt);
	load_gdt();
	/* A processor starts with an LDT at address 0. */
	pv_set_ldt(NULL, 0);
	kernel_tss.iomap_base = sizeof(kernel_tss);
	pv_load_tr(SELECTOR(GDT_TSS, 0));
}

static void idt_init(void)
{
	unsigned int vector;

	for (vector = 0; vector < VECTORS; vector++) {
		struct gate gate = traps_gate(vector);

		if (vector < EXCEPTIONS)
			gate.bits &= ~GATE_RING3;
		pv_write_idt_entry(idt, vector, &gate);
	}
	load_idt();
}

/* No task state segment: nothing on the other CPUs changes the privilege level. */
void traps_load(void)
{
	load_idt();
	load_gdt();
}

/* Exceptions first, so that a failure of the rest can be told. */
void traps_init(void)
{
	idt_init();
	gdt_init();
	traps_handle(VECTOR_USER_EXIT, user_exit);
}
