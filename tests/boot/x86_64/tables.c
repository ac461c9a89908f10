/* SPDX-License-Identifier: MIT */
/* Descriptor tables, and what traps change in frames. */
#include "kernel.h"
#include "percpu.h"

/* SDM vol. 4, table 2-2. */
#define MSR_GS_BASE 0xc0000101u
/* SDM vol. 3, figure 7-4: the descriptor takes two entries. */
#define DESC_TSS 0x0000890000000000ull

extern unsigned long user_return_stack;

static uint16_t kernel_cs, kernel_ss;

struct gate tables_gate(unsigned long offset, uint16_t bits)
{
	return (struct gate){
		.offset_low = offset,
		.selector = SELECTOR(GDT_KERNEL_CODE, 0),
		.bits = bits,
		.offset_mid = offset >> 16,
		.offset_high = offset >> 32,
	};
}

void tables_describe(uint64_t *gdt)
{
	uint64_t base = (uint64_t)&kernel_tss, limit = sizeof(kernel_tss) - 1;

	asm volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(kernel_cs), "=r"(kernel_ss));
	/* A hypervisor may run the kernel outside ring 0, but frames call its ring 0. */
	kernel_cs &= ~3;
	pv_write_gdt_entry(gdt, GDT_TSS,
			   DESC_TSS | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56);
	pv_write_gdt_entry(gdt, GDT_TSS + 1, base >> 32);
}

void tables_percpu(unsigned int cpu)
{
	pv_write_msr(MSR_GS_BASE, pv_percpu_base(cpu));
}

void frame_catch(struct trap_frame *frame, unsigned long ip, unsigned long sp)
{
	frame->ip = ip;
	frame->sp = sp;
}

void frame_to_kernel(struct trap_frame *frame, unsigned long ip)
{
	frame->ip = ip;
	frame->cs = kernel_cs;
	frame->ss = kernel_ss;
	frame->sp = user_return_stack;
}
