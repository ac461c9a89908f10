/* SPDX-License-Identifier: MIT */
/* Physical pages, and page tables of 4 KiB pages made of them. */
#include "kernel.h"
#include "pv_host.h"

#define ENTRIES	   512
#define POOL_PAGES 128
/* What one level 1 table maps. */
#define REGION (ENTRIES * PAGE_SIZE)
/* In the window for devices, which come from its beginning. */
#define FIXMAPS	    2
#define FIXMAP_BASE (IO_BASE + REGION / 2)

extern const char rodata_begin[], rodata_end[];

__attribute__((aligned(4096))) static uint8_t pool[POOL_PAGES][PAGE_SIZE];
static unsigned int pool_used;
static unsigned long kernel_root;
/* Pages that were given back, each holding the address of the next. */
static unsigned long free_pages;
static struct pv_fixmap fixmaps[FIXMAPS];

/* Nothing of the kernel is above its devices. */
const uintptr_t pv_host_top = IO_BASE + REGION;

unsigned long pv_host_pa(const void *va)
{
	return (unsigned long)va - KERNEL_BASE;
}

void *pv_host_va(unsigned long pa)
{
	return (void *)(pa + KERNEL_BASE);
}

unsigned long mm_page(void)
{
	unsigned long page = free_pages;

	if (page) {
		free_pages = *(unsigned long *)pv_host_va(page);
		*(unsigned long *)pv_host_va(page) = 0;
		return page;
	}
	if (pool_used == POOL_PAGES)
		panic("out of pages");
	return pv_host_pa(pool[pool_used++]);
}

static unsigned int index_of(unsigned long va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

/* Address of the entry for va in a table; the levels differ in type only. */
static void *entry_of(unsigned long table, unsigned long va, unsigned int level)
{
	return (uint64_t *)pv_host_va(table) + index_of(va, level);
}

static void set_link(void *entry, uint64_t value, unsigned int level)
{
	if (level == LEVELS)
		set_root(entry, value);
	else if (level == 3)
		pv_set_pud(entry, pv_make_pud(value));
	else
		pv_set_pmd(entry, pv_make_pmd(value));
}

static uint64_t link_value(uint64_t entry, unsigned int level)
{
	POISON_RESULT();
	if (level == LEVELS)
		return root_value(entry);
	if (level == 3)
		return pv_pud_val((pud_t){entry});
	return pv_pmd_val((pmd_t){entry});
}

/* The table below an entry, or 0. */
static unsigned long below(const uint64_t *entry, unsigned int level)
{
	uint64_t value = link_value(*entry, level);

	return value & PTE_P ? value & PTE_FRAME : 0;
}

static unsigned long new_table(unsigned int level)
{
	unsigned long pa = mm_page();

	pv_alloc_pt(pa >> PAGE_SHIFT, level);
	return pa;
}

/* The level 1 table for va, made if need be with those above it. */
static unsigned long level1_table(unsigned long root, unsigned long va)
{
	unsigned long table = root;
	unsigned int level;

	for (level = LEVELS; level > 1; level--) {
		uint64_t *entry = entry_of(table, va, level);
		unsigned long next = below(entry, level);

		if (!next) {
			next = new_table(level - 1);
			set_link(entry, next | LINK_FLAGS(level), level);
		}
		table = next;
	}
	return table;
}

pte_t *mm_entry(unsigned long root, unsigned long va)
{
	return entry_of(level1_table(root, va), va, 1);
}

static pteval_t flags_of(const void *va)
{
	const char *at = va;

	if ((at >= (const char *)pv_text_begin && at < (const char *)pv_text_end) ||
	    backend_has_text(va))
		return PTE_P | PTE_A;
	if ((at >= rodata_begin && at < rodata_end) || backend_has_rodata(va))
		return PTE_P | PTE_A | PTE_NX;
	if (backend_owns(va))
		return PTE_DATA & ~PTE_NX;
	return PTE_DATA;
}

static void map_image(unsigned long end)
{
	unsigned long pa;

	pv_lazy_enter(PV_LAZY_MMU);
	for (pa = 0; pa < end; pa += PAGE_SIZE) {
		void *va = pv_host_va(pa);

		pv_set_pte(mm_entry(kernel_root, (unsigned long)va),
			   pv_make_pte(pa | flags_of(va)));
	}
	pv_lazy_leave(PV_LAZY_MMU);
}

/* All tables exist before the first page is mapped: only then is it known which are read-only. */
void mm_init(const struct machine *machine)
{
	unsigned long pa;

	kernel_root = new_table(LEVELS);
	for (pa = 0; pa < machine->memory_end; pa += REGION)
		level1_table(kernel_root, (unsigned long)pv_host_va(pa));
	level1_table(kernel_root, USER_BASE);
	level1_table(kernel_root, IO_BASE);
	pv_activate_mm(kernel_root);
	map_image(machine->memory_end);
	pv_write_cr3(kernel_root);
	if (pv_read_cr3() != kernel_root)
		panic("the kernel's page tables are not in use");
}

unsigned long mm_new_space(void)
{
	unsigned long root = new_table(LEVELS);
	const uint64_t *kernel = pv_host_va(kernel_root);
	uint64_t *own = pv_host_va(root);

	copy_root(&own[KERNEL_ENTRY], &kernel[KERNEL_ENTRY]);
	level1_table(root, USER_BASE);
	pv_activate_mm(root);
	return root;
}

static void free_table(unsigned long table, unsigned int level)
{
	pv_release_pt(table >> PAGE_SHIFT, level);
	memset(pv_host_va(table), 0, PAGE_SIZE);
	*(unsigned long *)pv_host_va(table) = free_pages;
	free_pages = table;
}

/* From the top, since a table that another one points to cannot be released. */
void mm_free_space(unsigned long root)
{
	unsigned long table = root;
	unsigned int level;

	pv_exit_mm(root);
	for (level = LEVELS; level; level--) {
		unsigned long next =
			level > 1 ? below(entry_of(table, USER_BASE, level), level) : 0;

		free_table(table, level);
		table = next;
	}
}

void mm_set(unsigned long va, pteval_t value)
{
	pv_set_pte(mm_entry(pv_read_cr3(), va), pv_make_pte(value));
	pv_flush_tlb_one(va);
}

volatile void *pv_host_map_io(unsigned long pa)
{
	static unsigned long next = IO_BASE;
	unsigned long va = next;

	next += PAGE_SIZE;
	mm_set(va, (pa & PTE_FRAME) | PTE_DATA | PTE_PCD);
	return (volatile void *)va;
}

/* The last page of the window for device registers. */
#define ALIAS_BASE (IO_BASE + REGION - PAGE_SIZE)

uint8_t *pv_host_alias(const uint8_t *text)
{
	mm_set(ALIAS_BASE, (pv_host_pa(text) & PTE_FRAME) | PTE_DATA);
	return (uint8_t *)ALIAS_BASE + ((unsigned long)text & (PAGE_SIZE - 1));
}

void pv_host_unalias(void)
{
	mm_set(ALIAS_BASE, 0);
}

const struct pv_fixmap *pv_host_fixmap(unsigned int index)
{
	struct pv_fixmap *place = &fixmaps[index];

	if (index >= FIXMAPS)
		return NULL;
	place->va = FIXMAP_BASE + index * PAGE_SIZE;
	place->entry = &mm_entry(kernel_root, place->va)->pte;
	return place;
}

void pv_host_report(const char *what, long value)
{
	print("PV test backend.report fail %s %d\n", what, value);
	tests_failed++;
}
