/* SPDX-License-Identifier: MIT */
/* Descriptor tables: Xen keeps the real ones and checks every entry of ours. */
#include "xen_internal.h"

#define VECTORS		256
#define GDT_PAGES_MAX	XEN_FIRST_RESERVED_GDT_PAGE
#define TRAMPOLINE_SIZE 16

/* Gates: SDM vol. 3, figure 6-8; descriptors: figure 3-8 and table 3-2. */
#define GATE_PRESENT	0x8000u
#define GATE_DPL(bits)	((bits) >> 13 & 3)
#define GATE_TYPE(bits) ((bits) >> 8 & 0xf)
#define GATE_INTERRUPT	0xe
#define DESC_PRESENT	(1ull << 47)
#define DESC_NOT_SYSTEM (1ull << 44)

/* Flag of trap_info: mask events on entry. */
#define TRAP_MASKS_EVENTS 4

/* One per vector, TRAMPOLINE_SIZE apart; each removes what Xen adds and goes on to the handler. */
extern const char xen_trampolines[];
/* Where the trampolines go on to. */
unsigned long xen_trap_handlers[VECTORS];

static struct gate *loaded_idt;

static unsigned long gate_offset(const struct gate *gate)
{
	return (unsigned long)gate->offset_high << 32 | (unsigned long)gate->offset_mid << 16 |
	       gate->offset_low;
}

static struct xen_trap_info to_trap(unsigned int vector, const struct gate *gate)
{
	return (struct xen_trap_info){
		.vector = vector,
		.flags = GATE_DPL(gate->bits) |
			 (GATE_TYPE(gate->bits) == GATE_INTERRUPT ? TRAP_MASKS_EVENTS : 0),
		.cs = XEN_FLAT_KERNEL_CS64,
		.address = (unsigned long)xen_trampolines + vector * TRAMPOLINE_SIZE,
	};
}

static void set_traps(const struct xen_trap_info *traps)
{
	xen_pv_flush();
	xen_checked("xen: set_trap_table", xen_set_trap_table(traps));
}

/* The list ends with an entry whose address is 0, so a gate cannot be taken back alone. */
static void set_all_traps(const struct gate *idt)
{
	static struct xen_trap_info traps[VECTORS + 1];
	unsigned int vector, used = 0;

	for (vector = 0; vector < VECTORS; vector++) {
		if (!(idt[vector].bits & GATE_PRESENT))
			continue;
		xen_trap_handlers[vector] = gate_offset(&idt[vector]);
		traps[used++] = to_trap(vector, &idt[vector]);
	}
	traps[used] = (struct xen_trap_info){0};
	set_traps(NULL);
	set_traps(traps);
}

PV_IMPLEMENTS(load_idt, 1);
void xen_pv_load_idt(const struct desc_ptr *idt)
{
	loaded_idt = (struct gate *)idt->base;
	set_all_traps(loaded_idt);
}

PV_IMPLEMENTS(write_idt_entry, 1);
void xen_pv_write_idt_entry(struct gate *idt, unsigned int vector, const struct gate *gate)
{
	struct xen_trap_info traps[2] = {to_trap(vector, gate)};

	idt[vector] = *gate;
	if (idt != loaded_idt)
		return;
	if (!(gate->bits & GATE_PRESENT)) {
		set_all_traps(idt);
		return;
	}
	xen_trap_handlers[vector] = gate_offset(gate);
	set_traps(traps);
}

/* Xen's tables hold the only task state segment, and a system descriptor in ours is an error. */
static bool is_forbidden(uint64_t desc)
{
	return (desc & DESC_PRESENT) && !(desc & DESC_NOT_SYSTEM);
}

void xen_write_descriptor(uint64_t *where, uint64_t desc)
{
	if (!xen_is_readonly(pv_host_pa(where) >> PAGE_SHIFT)) {
		*where = desc;
		return;
	}
	xen_pv_flush();
	xen_checked("xen: update_descriptor",
		    xen_update_descriptor(xen_machine_address(where), desc));
}

PV_IMPLEMENTS(write_gdt_entry, 1);
void xen_pv_write_gdt_entry(uint64_t *gdt, unsigned int entry, uint64_t desc)
{
	if (!is_forbidden(desc))
		xen_write_descriptor(&gdt[entry], desc);
}

/* The table starts at the beginning of a page, since Xen takes whole pages. */
PV_IMPLEMENTS(load_gdt, 1);
void xen_pv_load_gdt(const struct desc_ptr *gdt)
{
	unsigned long frames[GDT_PAGES_MAX], pa = pv_host_pa((void *)gdt->base);
	unsigned long bytes = gdt->limit + 1ul, offset;
	unsigned int used = 0;

	for (offset = 0; offset < bytes && used < GDT_PAGES_MAX; offset += PAGE_SIZE) {
		unsigned long pfn = (pa + offset) >> PAGE_SHIFT;

		xen_protect(pfn, false);
		xen_mark_readonly(pfn, true);
		frames[used++] = xen_pv_gpa_to_mfn(pa + offset);
	}
	xen_pv_flush();
	xen_checked("xen: set_gdt", xen_set_gdt(frames, bytes / sizeof(uint64_t)));
}

PV_IMPLEMENTS(load_sp0, 1);
void xen_pv_load_sp0(struct tss *tss, unsigned long sp0)
{
	struct xen_multicall_entry call;

	(void)tss;
	xen_multicall_stack_switch(&call, XEN_FLAT_KERNEL_SS64, sp0);
	if (!xen_defer(PV_LAZY_CPU, &call))
		xen_checked("xen: stack_switch", xen_stack_switch(XEN_FLAT_KERNEL_SS64, sp0));
}

static void load_tls_entry(uint64_t *where, uint64_t desc)
{
	struct xen_multicall_entry call;
	uint64_t address = xen_machine_address(where);

	xen_multicall_update_descriptor(&call, address, desc);
	if (!xen_defer(PV_LAZY_CPU, &call))
		xen_checked("xen: update_descriptor", xen_update_descriptor(address, desc));
}

PV_IMPLEMENTS(load_tls, 1);
void xen_pv_load_tls(uint64_t *gdt, unsigned int first, const struct tls *tls)
{
	unsigned int i;

	for (i = 0; i < sizeof(tls->desc) / sizeof(tls->desc[0]); i++)
		load_tls_entry(&gdt[first + i], tls->desc[i]);
}
