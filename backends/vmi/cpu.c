/* SPDX-License-Identifier: MIT */
/* Descriptor tables, and what no C function can call. */
#include "vmi_internal.h"
#include "../native/ldt.h"
#include "pv_host.h"

PV_IMPLEMENTS(cpuid, 1);
void vmi_guest_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
	asm volatile("call *%4"
		     : "+a"(*eax), "=b"(*ebx), "+c"(*ecx), "=d"(*edx)
		     : "m"(vmi_targets[VMI_HYPERCALL_CPUID])
		     : "cc");
}

PV_IMPLEMENTS(write_gdt_entry, 1);
void vmi_guest_write_gdt_entry(uint64_t *gdt, unsigned int entry, uint64_t desc)
{
	vmi_WriteGDTEntry(gdt, entry, LOW(desc), HIGH(desc));
}

PV_IMPLEMENTS(write_ldt_entry, 1);
void vmi_guest_write_ldt_entry(uint64_t *ldt, unsigned int entry, uint64_t desc)
{
	vmi_WriteLDTEntry(ldt, entry, LOW(desc), HIGH(desc));
}

PV_IMPLEMENTS(write_idt_entry, 1);
void vmi_guest_write_idt_entry(struct gate *idt, unsigned int vector, const struct gate *gate)
{
	vmi_WriteIDTEntry(idt, vector, gate->offset_low | (uint32_t)gate->selector << 16,
			  gate->bits | (uint32_t)gate->offset_high << 16);
}

PV_IMPLEMENTS(load_tls, 1);
void vmi_guest_load_tls(uint64_t *gdt, unsigned int first, const struct tls *tls)
{
	unsigned int i;

	for (i = 0; i < sizeof(tls->desc) / sizeof(tls->desc[0]); i++)
		vmi_WriteGDTEntry(gdt, first + i, LOW(tls->desc[i]), HIGH(tls->desc[i]));
}

/* Hardware reads the table by itself, whatever a hypervisor does. */
PV_IMPLEMENTS(load_sp0, 1);
void vmi_guest_load_sp0(struct tss *tss, unsigned long sp0)
{
	tss->sp[0].sp = sp0;
	vmi_UpdateKernelStack(tss->sp[0].ss, sp0);
}

static uint64_t *current_gdt(void)
{
	struct vmi_dtr gdt;

	if (HAS(GetGDT))
		vmi_GetGDT(&gdt);
	else
		asm volatile("sgdt %0" : "=m"(gdt));
	return (uint64_t *)(uintptr_t)gdt.base;
}

/* Where the descriptor is written plainly, SetLDT finds it in the table. */
PV_IMPLEMENTS(set_ldt, 1);
void vmi_guest_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	unsigned int entry = pv_host_ldt_selector / sizeof(*ldt);
	uint64_t desc = ldt_descriptor(ldt, entries);

	if (entries && HAS(WriteGDTEntry))
		vmi_WriteGDTEntry(current_gdt(), entry, LOW(desc), HIGH(desc));
	else if (entries)
		current_gdt()[entry] = desc;
	vmi_SetLDT(entries ? pv_host_ldt_selector : 0);
}

/* A batch of the page tables' ends here; a ROM may count on modes that do not follow each other. */
PV_IMPLEMENTS(context_begin, 1);
void vmi_guest_context_begin(void)
{
	vmi_SetLazyMode(VMI_LAZY_NONE);
	vmi_SetLazyMode(VMI_LAZY_CPU);
}
