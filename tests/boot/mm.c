/* SPDX-License-Identifier: MIT */
/* Physical pages, and page tables of 4 KiB pages made of them. */
#include "kernel.h"
#include "pv_host.h"

#define ENTRIES	    512
#define POOL_PAGES  128
#define TABLE_FLAGS (PTE_P | PTE_W | PTE_U | PTE_A)
/* What one level 1 table maps. */
#define REGION	     (ENTRIES * PAGE_SIZE)
#define KERNEL_ENTRY 511

extern const char rodata_begin[], rodata_end[];

__attribute__((aligned(4096))) static uint8_t pool[POOL_PAGES][PAGE_SIZE];
static unsigned int pool_used;
static unsigned long kernel_root;

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
	if (pool_used == POOL_PAGES)
		panic("out of pages");
	return pv_host_pa(pool[pool_used++]);
}

static unsigned int index_of(unsigned long va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

/* Address of the entry for va in a table; the four levels differ in type only. */
static void *entry_of(unsigned long table, unsigned long va, unsigned int level)
{
	return (uint64_t *)pv_host_va(table) + index_of(va, level);
}

static void set_link(void *entry, uint64_t value, unsigned int level)
{
	if (level == 4)
		pv_set_pgd(entry, (pgd_t){value});
	else if (level == 3)
		pv_set_pud(entry, (pud_t){value});
	else
		pv_set_pmd(entry, (pmd_t){value});
}

/* The table below an entry, or 0. */
static unsigned long below(const uint64_t *entry)
{
	pteval_t value = pv_pte_val((pte_t){*entry});

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

	for (level = 4; level > 1; level--) {
		uint64_t *entry = entry_of(table, va, level);
		unsigned long next = below(entry);

		if (!next) {
			next = new_table(level - 1);
			set_link(entry, pv_make_pte(next | TABLE_FLAGS).pte, level);
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

	if (at >= (const char *)pv_text_begin && at < (const char *)pv_text_end)
		return PTE_P | PTE_A;
	if (at >= rodata_begin && at < rodata_end)
		return PTE_P | PTE_A | PTE_NX;
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

	kernel_root = new_table(4);
	for (pa = 0; pa < machine->memory_end; pa += REGION)
		level1_table(kernel_root, (unsigned long)pv_host_va(pa));
	level1_table(kernel_root, USER_BASE);
	level1_table(kernel_root, IO_BASE);
	map_image(machine->memory_end);
	pv_write_cr3(kernel_root);
	if (pv_read_cr3() != kernel_root)
		panic("the kernel's page tables are not in use");
}

unsigned long mm_new_space(void)
{
	unsigned long root = new_table(4);
	const pgd_t *kernel = pv_host_va(kernel_root);
	pgd_t *pgd = pv_host_va(root);

	pv_set_pgd(&pgd[KERNEL_ENTRY], kernel[KERNEL_ENTRY]);
	level1_table(root, USER_BASE);
	return root;
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

void pv_host_report(const char *what, long value)
{
	print("PV test backend.report fail %s %d\n", what, value);
	tests_failed++;
}
