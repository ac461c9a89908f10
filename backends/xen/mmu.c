/* SPDX-License-Identifier: MIT */
/*
 * Page tables.  They hold machine frames; the kernel thinks in guest frames.  A
 * page that is a table (or a descriptor table) may not be mapped writable
 * anywhere, so a bit per frame remembers which these are, and set_pte takes the
 * write permission away from mappings of them.
 *
 * User mode gets its own level 4 table, which lacks the kernel's half: Xen runs
 * both kernel and user mode in ring 3, so nothing else would separate them.
 */
#include "xen_internal.h"

/* Frames that the kernel's gigabyte can map; Xen puts all tables into it. */
#define FRAMES		    (1ul << (30 - PAGE_SHIFT))
#define WORD_BITS	    64
#define ENTRIES		    512
#define KERNEL_ENTRIES_FROM 256
#define ADDRESS_SPACES	    8
#define NO_FRAME	    (~0ul)

/*
 * Xen's own marks in entries that it has checked (xen/arch/x86/include/asm/x86_64/page.h): bit 52
 * is set, and USER with it, in what the guest made for its kernel only; GLOBAL in the rest.
 */
#define PTE_XEN_KERNEL (1ul << 52)

#define DATA_PAGE (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_NX)

static unsigned long *frame_list;
static unsigned long nr_frames;
/* Where the page that Xen shares with the domain stands in the image. */
static unsigned long shared_pfn;
static uint64_t readonly[FRAMES / WORD_BITS];
static PERCPU unsigned long root;
static unsigned long boot_root, boot_frames;

/* Guest-physical addresses of the kernel's level 4 tables, 0 for none, and the user's tables. */
static unsigned long kernel_roots[ADDRESS_SPACES];
__attribute__((aligned(4096))) static pgd_t user_roots[ADDRESS_SPACES][ENTRIES];

unsigned long xen_pv_gpa_to_mfn(unsigned long gpa)
{
	unsigned long pfn = gpa >> PAGE_SHIFT;

	return pfn < nr_frames ? frame_list[pfn] : NO_FRAME;
}

uint64_t xen_machine_address(const void *va)
{
	unsigned long pa = pv_host_pa(va);

	return xen_pv_gpa_to_mfn(pa) << PAGE_SHIFT | (pa & PAGE_OFFSET_MASK);
}

void xen_mark_readonly(unsigned long pfn, bool mark)
{
	uint64_t bit = 1ull << pfn % WORD_BITS, *word;

	if (pfn >= FRAMES)
		return;
	/* Another CPU may mark another frame of the same word. */
	word = &readonly[pfn / WORD_BITS];
	if (mark)
		__atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL);
	else
		__atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
}

bool xen_is_readonly(unsigned long pfn)
{
	return pfn < FRAMES && (readonly[pfn / WORD_BITS] >> pfn % WORD_BITS & 1);
}

void xen_protect(unsigned long pfn, bool writable)
{
	uint64_t entry = frame_list[pfn] << PAGE_SHIFT | DATA_PAGE | (writable ? PTE_WRITE : 0);
	unsigned long va = (unsigned long)pv_host_va(pfn << PAGE_SHIFT);

	xen_pv_flush();
	xen_checked("xen: update_va_mapping", xen_update_va_mapping(va, entry, XEN_UVMF_INVLPG));
}

/*
 * The table that Xen offers is only a hint: the guest's own list has the last
 * word.  Calls nothing: its callers would have to save all registers for it.
 */
static inline unsigned long mfn_to_pfn(unsigned long mfn)
{
	unsigned long pfn = ((const uint64_t *)XEN_MACH2PHYS_VIRT_START)[mfn];

	if (pfn < nr_frames && frame_list[pfn] == mfn)
		return pfn;
	return mfn == frame_list[shared_pfn] ? shared_pfn : NO_FRAME;
}

/* An entry's frame and what Xen added, as the kernel thinks of them; flags that it sees. */
static inline uint64_t value_of(uint64_t entry, uint64_t flags)
{
	if (!(entry & PTE_PRESENT))
		return entry;
	return mfn_to_pfn((entry & PTE_FRAME) >> PAGE_SHIFT) << PAGE_SHIFT | flags;
}

/* A frame that the domain does not have becomes an entry that maps nothing. */
static inline uint64_t entry_of(uint64_t value)
{
	unsigned long mfn;

	if (!(value & PTE_PRESENT))
		return value;
	mfn = xen_pv_gpa_to_mfn(value & PTE_FRAME);
	return mfn == NO_FRAME ? 0 : mfn << PAGE_SHIFT | (value & ~PTE_FRAME);
}

PV_IMPLEMENTS(pte_val, 1);
PV_NARROW pteval_t xen_pv_pte_val(pte_t pte)
{
	uint64_t flags = pte.pte & ~PTE_FRAME;

	if (flags & PTE_XEN_KERNEL)
		flags &= ~(PTE_XEN_KERNEL | PTE_USER);
	else
		flags &= ~PTE_GLOBAL;
	return value_of(pte.pte, flags);
}

PV_IMPLEMENTS(make_pte, 1);
PV_NARROW pte_t xen_pv_make_pte(pteval_t val)
{
	return (pte_t){entry_of(val)};
}

/* Above level 1 Xen has no mark of its own; it sets USER, which the kernel then sees. */
PV_IMPLEMENTS(pmd_val, 1);
PV_NARROW pmdval_t xen_pv_pmd_val(pmd_t pmd)
{
	return value_of(pmd.pmd, pmd.pmd & ~PTE_FRAME);
}

PV_IMPLEMENTS(make_pmd, 1);
PV_NARROW pmd_t xen_pv_make_pmd(pmdval_t val)
{
	return (pmd_t){entry_of(val)};
}

PV_IMPLEMENTS(pud_val, 1);
PV_NARROW pudval_t xen_pv_pud_val(pud_t pud)
{
	return value_of(pud.pud, pud.pud & ~PTE_FRAME);
}

PV_IMPLEMENTS(make_pud, 1);
PV_NARROW pud_t xen_pv_make_pud(pudval_t val)
{
	return (pud_t){entry_of(val)};
}

PV_IMPLEMENTS(pgd_val, 1);
PV_NARROW pgdval_t xen_pv_pgd_val(pgd_t pgd)
{
	return value_of(pgd.pgd, pgd.pgd & ~PTE_FRAME);
}

PV_IMPLEMENTS(make_pgd, 1);
PV_NARROW pgd_t xen_pv_make_pgd(pgdval_t val)
{
	return (pgd_t){entry_of(val)};
}

/* A table that was not given to alloc_pt yet is still the kernel's own memory. */
static void set_entry(uint64_t *entry, uint64_t value)
{
	if (xen_is_readonly(pv_host_pa(entry) >> PAGE_SHIFT))
		xen_update_entry(entry, value, XEN_MMU_NORMAL_PT_UPDATE);
	else
		*entry = value;
}

/* Without the permission to write, if Xen would refuse it. */
static uint64_t permitted(uint64_t entry)
{
	if ((entry & PTE_PRESENT) && xen_is_readonly(mfn_to_pfn((entry & PTE_FRAME) >> PAGE_SHIFT)))
		entry &= ~PTE_WRITE;
	return entry;
}

PV_IMPLEMENTS(set_pte, 1);
void xen_pv_set_pte(pte_t *ptep, pte_t pte)
{
	set_entry(&ptep->pte, permitted(pte.pte));
}

/* prot_start left the entry as it was, so the processor may still set bits in it. */
PV_IMPLEMENTS(prot_commit, 1);
void xen_pv_prot_commit(pte_t *ptep, pte_t pte)
{
	xen_update_entry(ptep, permitted(pte.pte), XEN_MMU_PT_UPDATE_PRESERVE_AD);
}

PV_IMPLEMENTS(set_fixmap, 1);
void xen_pv_set_fixmap(unsigned int index, unsigned long gpa, uint64_t flags)
{
	const struct pv_fixmap *place = pv_host_fixmap(index);
	uint64_t entry = flags ? permitted(entry_of(gpa | flags)) : 0;

	if (!place) {
		pv_host_report("xen: no such fixmap", index);
		return;
	}
	xen_pv_flush();
	xen_checked("xen: set_fixmap", xen_update_va_mapping(place->va, entry, XEN_UVMF_INVLPG));
}

PV_IMPLEMENTS(set_pmd, 1);
void xen_pv_set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	set_entry(&pmdp->pmd, pmd.pmd);
}

PV_IMPLEMENTS(set_pud, 1);
void xen_pv_set_pud(pud_t *pudp, pud_t pud)
{
	set_entry(&pudp->pud, pud.pud);
}

/* Index of the address space with this level 4 table. */
static unsigned int find_space(unsigned long kernel_root)
{
	unsigned int i;

	for (i = 0; i < ADDRESS_SPACES; i++)
		if (__atomic_load_n(&kernel_roots[i], __ATOMIC_ACQUIRE) == kernel_root)
			break;
	return i;
}

/* A free place, which is this table's from now on: two CPUs may look for one at once. */
static unsigned int claim_space(unsigned long kernel_root)
{
	unsigned long none;
	unsigned int i;

	for (i = 0; i < ADDRESS_SPACES; i++) {
		none = 0;
		if (__atomic_compare_exchange_n(&kernel_roots[i], &none, kernel_root, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			break;
	}
	return i;
}

PV_IMPLEMENTS(set_pgd, 1);
void xen_pv_set_pgd(pgd_t *pgdp, pgd_t pgd)
{
	unsigned long pa = pv_host_pa(pgdp);
	unsigned int index = (pa & PAGE_OFFSET_MASK) / sizeof(*pgdp);
	unsigned int space = find_space(pa & ~PAGE_OFFSET_MASK);

	set_entry(&pgdp->pgd, pgd.pgd);
	if (index < KERNEL_ENTRIES_FROM && space < ADDRESS_SPACES)
		set_entry(&user_roots[space][index].pgd, pgd.pgd);
}

static void pin(unsigned long pfn, unsigned int level)
{
	static long (*const pins[])(unsigned long mfn) = {
		[1] = xen_mmuext_op_pin_l1_table,
		[2] = xen_mmuext_op_pin_l2_table,
		[3] = xen_mmuext_op_pin_l3_table,
		[4] = xen_mmuext_op_pin_l4_table,
	};

	xen_protect(pfn, false);
	xen_mark_readonly(pfn, true);
	xen_checked("xen: pin_table", pins[level](frame_list[pfn]));
}

static void unpin(unsigned long pfn)
{
	xen_pv_flush();
	xen_checked("xen: unpin_table", xen_mmuext_op_unpin_table(frame_list[pfn]));
	xen_mark_readonly(pfn, false);
	xen_protect(pfn, true);
}

static unsigned long user_root_pfn(unsigned int space)
{
	return pv_host_pa(user_roots[space]) >> PAGE_SHIFT;
}

/* Before it is pinned the user's table is memory, so its entries cost no calls. */
PV_IMPLEMENTS(activate_mm, 1);
void xen_pv_activate_mm(unsigned long kernel_root)
{
	unsigned int space;

	/* What is queued for the kernel's table must be in it when it is copied. */
	xen_pv_flush();
	space = claim_space(kernel_root);
	if (space == ADDRESS_SPACES) {
		pv_host_report("xen: too many address spaces", ADDRESS_SPACES);
		return;
	}
	__builtin_memset(user_roots[space], 0, sizeof(user_roots[space]));
	__builtin_memcpy(user_roots[space], pv_host_va(kernel_root),
			 KERNEL_ENTRIES_FROM * sizeof(pgd_t));
	pin(user_root_pfn(space), 4);
}

PV_IMPLEMENTS(exit_mm, 1);
void xen_pv_exit_mm(unsigned long kernel_root)
{
	unsigned int space = find_space(kernel_root);

	if (space == ADDRESS_SPACES) {
		pv_host_report("xen: exit_mm of what is not active", space);
		return;
	}
	/* Who claims the place next writes to its table, which must be memory again by then. */
	unpin(user_root_pfn(space));
	__atomic_store_n(&kernel_roots[space], 0, __ATOMIC_RELEASE);
}

PV_IMPLEMENTS(alloc_pt, 1);
void xen_pv_alloc_pt(unsigned long pfn, unsigned int level)
{
	pin(pfn, level);
}

PV_IMPLEMENTS(release_pt, 1);
void xen_pv_release_pt(unsigned long pfn, unsigned int level)
{
	(void)level;
	unpin(pfn);
}

PV_IMPLEMENTS(read_cr3, 1);
PV_NARROW unsigned long xen_pv_read_cr3(void)
{
	return percpu_read(root);
}

/*
 * The tables that Xen built map everything writable.  As long as they live, no
 * page that they map can become a table, so they are given up once unused.
 */
static void give_up_boot_tables(void)
{
	unsigned long pfn = boot_root >> PAGE_SHIFT, end = pfn + boot_frames;

	xen_checked("xen: unpin boot tables", xen_mmuext_op_unpin_table(frame_list[pfn]));
	for (; pfn < end; pfn++)
		xen_mark_readonly(pfn, false);
	boot_frames = 0;
}

PV_IMPLEMENTS(write_cr3, 1);
void xen_pv_write_cr3(unsigned long cr3)
{
	unsigned int space = find_space(cr3);
	unsigned long user = 0;

	if (space < ADDRESS_SPACES)
		user = frame_list[user_root_pfn(space)];
	xen_pv_flush();
	if (xen_checked("xen: new_baseptr", xen_mmuext_op_new_baseptr(xen_pv_gpa_to_mfn(cr3))) < 0)
		return;
	xen_checked("xen: new_user_baseptr", xen_mmuext_op_new_user_baseptr(user));
	percpu_write(root, cr3);
	if (boot_frames && cr3 != boot_root)
		give_up_boot_tables();
}

unsigned long xen_current_root(void)
{
	return percpu_read(root);
}

/* xen/include/public/arch-x86/xen.h, xen_pfn_to_cr3, for 64 bits. */
unsigned long xen_cr3(unsigned long cr3)
{
	return frame_list[cr3 >> PAGE_SHIFT] << PAGE_SHIFT;
}

/* Xen looks at no bit above the domain's CPUs. */
PV_IMPLEMENTS(flush_tlb_multi, 1);
void xen_pv_flush_tlb_multi(const uint64_t *cpus, unsigned long start, unsigned long end)
{
	xen_pv_flush();
	if (start >> PAGE_SHIFT == (end - 1) >> PAGE_SHIFT)
		xen_checked("xen: invlpg_multi", xen_mmuext_op_invlpg_multi(start, cpus));
	else
		xen_checked("xen: tlb_flush_multi", xen_mmuext_op_tlb_flush_multi(cpus));
}

static void map_shared_info(unsigned long machine_address)
{
	shared_pfn = pv_host_pa(&xen_shared) >> PAGE_SHIFT;
	frame_list[shared_pfn] = machine_address >> PAGE_SHIFT;
	xen_protect(shared_pfn, true);
}

void xen_mmu_init(const struct xen_start_info *info)
{
	unsigned long pfn;

	frame_list = (unsigned long *)info->mfn_list;
	nr_frames = info->nr_pages;
	boot_root = pv_host_pa((void *)info->pt_base);
	percpu_write(root, boot_root);
	boot_frames = info->nr_pt_frames;
	for (pfn = 0; pfn < boot_frames; pfn++)
		xen_mark_readonly((boot_root >> PAGE_SHIFT) + pfn, true);
	map_shared_info(info->shared_info);
}
