/* SPDX-License-Identifier: MIT */
/*
 * The local APIC.  A call names a register by its linear address, as the specification has it, or
 * by its offset, as Linux does, and an alarm names none: then where the kernel has the APIC mapped
 * is looked up in its page tables (SDM vol. 3, chapter 4).
 */
#include "vmi_native.h"
#include "state.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1u << PAGE_SHIFT)
#define APIC_FRAME 0xfee00u
/* No frame: the tables map nothing there. */
#define NO_FRAME     UINT32_MAX
#define CR0_PG	     0x80000000u
#define CR4_PAE	     0x20u
#define ENTRY_USED   0x1u
#define ENTRY_LARGE  0x80u
#define NO_EXECUTE   0x80000000u
#define LARGE_LEVEL  2
#define LEVELS_PAE   3
#define LEVELS_PLAIN 2

/* The kernel's tables; those with entries of 8 bytes have one level more. */
struct tables {
	uint32_t root;
	unsigned int levels;
};

/* What they say of an address, and at which level they end. */
struct mapping {
	uint32_t frame;
	unsigned int level;
};

static uint32_t read_cr0(void)
{
	uint32_t value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static struct tables tables(void)
{
	uint32_t cr3, cr4;

	asm volatile("mov %%cr3, %0\n\tmov %%cr4, %1" : "=r"(cr3), "=r"(cr4));
	if (cr4 & CR4_PAE)
		return (struct tables){cr3 & ~0x1fu, LEVELS_PAE};
	return (struct tables){cr3 & ~(PAGE_SIZE - 1), LEVELS_PLAIN};
}

static unsigned int index_bits(const struct tables *tables)
{
	return tables->levels == LEVELS_PAE ? 9 : 10;
}

/* An entry of a table of this level maps 1 << shift(). */
static unsigned int shift(const struct tables *tables, unsigned int level)
{
	return PAGE_SHIFT + (level - 1) * index_bits(tables);
}

/* Linear address of a table; 0 if it is not where the kernel has told that tables are. */
static uint32_t table_address(uint32_t physical)
{
	const struct state *state = rom_state();
	uint32_t page = (physical >> PAGE_SHIFT) - state->frame;

	if (!state->pages)
		return physical + rom_distance();
	if (page >= state->pages)
		return 0;
	return state->window + (page << PAGE_SHIFT) + physical % PAGE_SIZE;
}

/* 0, which is not in use, also for what lies above 4 GiB. */
static uint32_t read_entry(const struct tables *tables, uint32_t table, uint32_t index)
{
	const volatile uint32_t *entries = (const volatile uint32_t *)table_address(table);

	if (!entries)
		return 0;
	if (tables->levels == LEVELS_PLAIN)
		return entries[index];
	if (entries[2 * index + 1] & ~NO_EXECUTE)
		return 0;
	return entries[2 * index];
}

/* The third level's four entries are all that the top bits of an address can tell apart. */
static uint32_t entry_of(const struct tables *tables, uint32_t table, unsigned int level,
			 uint32_t address)
{
	uint32_t index = address >> shift(tables, level);

	return read_entry(tables, table, index & ((1u << index_bits(tables)) - 1));
}

static bool is_last(unsigned int level, uint32_t entry)
{
	return level == 1 || (level == LARGE_LEVEL && (entry & ENTRY_LARGE));
}

/* A large page's pages count one by one. */
static struct mapping look_up(const struct tables *tables, uint32_t address)
{
	unsigned int level = tables->levels;
	uint32_t entry = entry_of(tables, tables->root, level, address), inside;

	while ((entry & ENTRY_USED) && !is_last(level, entry)) {
		level--;
		entry = entry_of(tables, entry & ~(PAGE_SIZE - 1), level, address);
	}
	if (!(entry & ENTRY_USED))
		return (struct mapping){NO_FRAME, level};
	inside = (1u << shift(tables, level)) - PAGE_SIZE;
	return (struct mapping){((entry & ~inside) | (address & inside)) >> PAGE_SHIFT, 1};
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
		end = (end - PAGE_SIZE) >> shift(tables, mapping.level)
						   << shift(tables, mapping.level);
	} while (end > rom_distance());
	return 0;
}

uint32_t rom_find_apic(void)
{
	struct state *state = rom_state();
	struct tables now;

	if (!(read_cr0() & CR0_PG))
		return APIC_FRAME << PAGE_SHIFT;
	now = tables();
	if (!state->apic || look_up(&now, state->apic).frame != APIC_FRAME)
		state->apic = search(&now);
	return state->apic;
}

/* An address, which is a better answer than a search for the next that is an offset; or an offset.
 */
static volatile uint32_t *register_of(uint32_t reg)
{
	uint32_t apic;

	if (reg >= PAGE_SIZE) {
		rom_state()->apic = reg & ~(PAGE_SIZE - 1);
		return (volatile uint32_t *)reg;
	}
	apic = rom_find_apic();
	return apic ? (volatile uint32_t *)(apic + reg) : NULL;
}

void vmi_native_apic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *address = register_of(reg);

	if (address)
		*address = value;
}

uint32_t vmi_native_apic_read(uint32_t reg)
{
	const volatile uint32_t *address = register_of(reg);

	return address ? *address : 0;
}
