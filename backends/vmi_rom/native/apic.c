/* SPDX-License-Identifier: MIT */
/*
 * The local APIC.  A call names a register by its linear address, as the specification has it, or
 * by its offset, as Linux does, and an alarm names none: then where the kernel has the APIC mapped
 * is looked up in its page tables (SDM vol. 3, chapter 4).
 */
#include "vmi_native.h"
#include "state.h"

#define PAGE_SHIFT  12
#define PAGE_SIZE   (1u << PAGE_SHIFT)
#define APIC_FRAME  0xfee00u
#define CR0_PG	    0x80000000u
#define CR4_PAE	    0x20u
#define ENTRY_USED  0x1u
#define ENTRY_LARGE 0x80u
#define NO_EXECUTE  0x80000000u
/* No frame: the tables map nothing there. */
#define NO_FRAME UINT32_MAX

/* The kernel's tables. */
struct tables {
	uint32_t root;
	/* An entry of the first is for 1 << shift; of a table below, for 1 << bits less. */
	unsigned int shift, bits;
	/* Entries have 8 bytes, else 4. */
	bool wide;
	/* Where tables are mapped: these frames, so much above their physical addresses. */
	uint32_t first, pages, distance;
};

/* What they say of an address, and for how much besides the entry is that says so. */
struct mapping {
	uint32_t frame;
	unsigned int shift;
};

/* A kernel that has not told where tables are has them where it has the first megabyte. */
static void find_mapping(struct tables *tables)
{
	const struct state *state = rom_state();

	tables->first = state->pages ? state->frame : 0;
	tables->pages = state->pages ? state->pages : UINT32_MAX;
	tables->distance =
		state->pages ? state->window - (state->frame << PAGE_SHIFT) : rom_distance();
}

static void find_tables(struct tables *tables)
{
	uint32_t cr3;

	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	tables->wide = rom_read_cr4() & CR4_PAE;
	tables->root = cr3 & (tables->wide ? ~0x1fu : ~0xfffu);
	tables->shift = tables->wide ? 30 : 22;
	tables->bits = tables->wide ? 9 : 10;
	find_mapping(tables);
}

/* 0, which is not in use, also for what nobody told of and for what lies above 4 GiB. */
static uint32_t entry_of(const struct tables *tables, uint32_t table, unsigned int shift,
			 uint32_t address)
{
	uint32_t index = address >> shift & ((1u << tables->bits) - 1);
	const volatile uint32_t *entries = (const volatile uint32_t *)(table + tables->distance);

	if ((table >> PAGE_SHIFT) - tables->first >= tables->pages)
		return 0;
	if (!tables->wide)
		return entries[index];
	return entries[2 * index + 1] & ~NO_EXECUTE ? 0 : entries[2 * index];
}

/* A large page's pages count one by one. */
static struct mapping look_up(const struct tables *tables, uint32_t address)
{
	unsigned int shift = tables->shift;
	uint32_t entry = entry_of(tables, tables->root, shift, address), inside;

	while ((entry & ENTRY_USED) && !(entry & ENTRY_LARGE) && shift > PAGE_SHIFT) {
		shift -= tables->bits;
		entry = entry_of(tables, entry & ~(PAGE_SIZE - 1), shift, address);
	}
	if (!(entry & ENTRY_USED))
		return (struct mapping){NO_FRAME, shift};
	inside = (1u << shift) - PAGE_SIZE;
	return (struct mapping){((entry & ~inside) | (address & inside)) >> PAGE_SHIFT, PAGE_SHIFT};
}

/*
 * From the top down, where kernels map devices, to where the first megabyte is mapped: below it
 * user mode is, whose tables need not be where the kernel's are.
 */
static uint32_t search(const struct tables *tables)
{
	uint32_t end = 0;
	struct mapping mapping;

	do {
		mapping = look_up(tables, end - PAGE_SIZE);
		if (mapping.frame == APIC_FRAME)
			return end - PAGE_SIZE;
		end = (end - PAGE_SIZE) >> mapping.shift << mapping.shift;
	} while (end > rom_distance());
	return 0;
}

uint32_t rom_find_apic(void)
{
	/* Another processor's tables may differ, and it writes there too. */
	volatile uint32_t *last = &rom_state()->apic;
	uint32_t apic = *last;
	struct tables tables;

	if (!(rom_read_cr0() & CR0_PG))
		return APIC_FRAME << PAGE_SHIFT;
	find_tables(&tables);
	if (!apic || look_up(&tables, apic).frame != APIC_FRAME)
		*last = apic = search(&tables);
	return apic;
}

/* An address, which is a better answer than a search for the next that is an offset; or an offset.
 */
volatile uint32_t *rom_apic_register(uint32_t reg)
{
	uint32_t apic;

	if (reg >= PAGE_SIZE) {
		rom_state()->apic = reg & ~(PAGE_SIZE - 1);
		return (volatile uint32_t *)reg;
	}
	apic = rom_find_apic();
	return apic ? (volatile uint32_t *)(apic + reg) : NULL;
}
