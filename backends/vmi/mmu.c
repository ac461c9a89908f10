/* SPDX-License-Identifier: MIT */
/* Page tables: of 8-byte entries, three levels. */
#include "vmi_internal.h"
#include "pv_host.h"

/* Of a table of this level, 1 to 3, in pte_flags and page_flags. */
static uint32_t level_flag(unsigned int level)
{
	static const uint32_t flags[] = {
		[1] = VMI_PTE_FLAGS_PT_MASK,
		[2] = VMI_PTE_FLAGS_PD_MASK,
		[3] = VMI_PTE_FLAGS_PDP_MASK,
	};

	return flags[level];
}

PV_IMPLEMENTS(set_pte, 1);
void vmi_guest_set_pte(pte_t *ptep, pte_t pte)
{
	vmi_SetPxELong(pte.pte, (uintptr_t)ptep, level_flag(1));
}

PV_IMPLEMENTS(set_pmd, 1);
void vmi_guest_set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	vmi_SetPxELong(pmd.pmd, (uintptr_t)pmdp, level_flag(2));
}

/* The processor reads the entries of this level when CR3 is loaded: SDM vol. 3, section 4.4.1. */
static void load_root_again(void)
{
	unsigned long cr3;

	if (HAS(FlushTLB))
		vmi_FlushTLB(VMI_FLUSH_FLAGS_TLB_MASK);
	else
		asm volatile("mov %%cr3, %0; mov %0, %%cr3" : "=&r"(cr3) : : "memory");
}

PV_IMPLEMENTS(set_pud, 1);
void vmi_guest_set_pud(pud_t *pudp, pud_t pud)
{
	vmi_SetPxELong(pud.pud, (uintptr_t)pudp, level_flag(3));
	load_root_again();
}

PV_IMPLEMENTS(set_fixmap, 1);
void vmi_guest_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	const struct pv_fixmap *place = pv_host_fixmap(index);

	if (!place) {
		pv_host_report("vmi: no such fixmap", index);
		return;
	}
	vmi_SetPxELong(flags ? gpa | flags : 0, (uintptr_t)place->entry, level_flag(1));
	if (HAS(InvalPage))
		vmi_InvalPage(place->va);
	else
		asm volatile("invlpg (%0)" : : "r"(place->va) : "memory");
}

/* The present entry comes last, so no walk sees half of each. */
PV_IMPLEMENTS(prot_commit, 1);
void vmi_guest_prot_commit(pte_t *ptep, pte_t pte)
{
	volatile uint32_t *half = (volatile uint32_t *)ptep;

	half[1] = HIGH(pte.pte);
	half[0] = LOW(pte.pte);
	vmi_UpdatePxELong((uintptr_t)ptep, level_flag(1));
}

PV_IMPLEMENTS(alloc_pt, 1);
void vmi_guest_alloc_pt(unsigned long pfn, unsigned int level)
{
	vmi_AllocatePage(pfn,
			 level_flag(level) | VMI_PAGE_FLAGS_PAE_MASK | VMI_PAGE_FLAGS_ZEROED_MASK,
			 0, 0, 0);
}

PV_IMPLEMENTS(release_pt, 1);
void vmi_guest_release_pt(unsigned long pfn, unsigned int level)
{
	vmi_ReleasePage(pfn, level_flag(level) | VMI_PAGE_FLAGS_PAE_MASK);
}
