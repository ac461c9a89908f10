/* SPDX-License-Identifier: MIT */
/* Descriptor tables, and what traps change in frames. */
#include "kernel.h"
#include "percpu.h"
#include "pv_host.h"

/* SDM vol. 3, figures 7-3 and 3-8. */
#define DESC_TSS  0x0000890000000000ull
#define DESC_DATA 0x00cf93000000ffffull

static uint64_t desc_base(uintptr_t base)
{
	return (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(base >> 24) << 56;
}

struct gate tables_gate(unsigned long offset, uint16_t bits)
{
	return (struct gate){
		.offset_low = offset,
		.selector = SELECTOR(GDT_KERNEL_CODE, 0),
		.bits = bits,
		.offset_high = offset >> 16,
	};
}

void tables_describe(uint64_t *gdt)
{
	unsigned int cpu;

	kernel_tss.sp[0].ss = SELECTOR(GDT_KERNEL_DATA, 0);
	pv_write_gdt_entry(gdt, GDT_TSS,
			   DESC_TSS | (sizeof(kernel_tss) - 1) | desc_base((uintptr_t)&kernel_tss));
	for (cpu = 0; cpu < CPUS; cpu++)
		pv_write_gdt_entry(gdt, GDT_PERCPU + cpu,
				   DESC_DATA | desc_base(pv_percpu_base(cpu)));
}

void tables_percpu(unsigned int cpu)
{
	traps_load();
	asm volatile("mov %0, %%fs" : : "r"(SELECTOR(GDT_PERCPU + cpu, 0)));
}

/* An exception in the kernel leaves the stack alone: caught_return finds it by itself. */
void frame_catch(struct trap_frame *frame, unsigned long ip, unsigned long sp)
{
	(void)sp;
	frame->ip = ip;
}

/* As does user_return. */
void frame_to_kernel(struct trap_frame *frame, unsigned long ip)
{
	frame->ip = ip;
	frame->cs = SELECTOR(GDT_KERNEL_CODE, 0);
	frame->fs = SELECTOR(GDT_PERCPU, 0);
}
