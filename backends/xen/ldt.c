/* SPDX-License-Identifier: MIT */
/* Local descriptor tables: pages that only Xen writes, like those of the GDT. */
#include "xen_internal.h"

PV_IMPLEMENTS(set_ldt, 1);
void xen_pv_set_ldt(const uint64_t *ldt, unsigned int entries)
{
	xen_pv_flush();
	xen_checked("xen: set_ldt", xen_mmuext_op_set_ldt((unsigned long)ldt, entries));
}

PV_IMPLEMENTS(write_ldt_entry, 1);
void xen_pv_write_ldt_entry(uint64_t *ldt, unsigned int entry, uint64_t desc)
{
	xen_write_descriptor(&ldt[entry], desc);
}

static void protect(const uint64_t *ldt, unsigned int entries, bool writable)
{
	unsigned long pfn = pv_host_pa(ldt) >> PAGE_SHIFT;
	unsigned long end = (pv_host_pa(&ldt[entries]) + PAGE_OFFSET_MASK) >> PAGE_SHIFT;

	for (; pfn < end; pfn++) {
		xen_protect(pfn, writable);
		xen_mark_readonly(pfn, !writable);
	}
}

PV_IMPLEMENTS(alloc_ldt, 1);
void xen_pv_alloc_ldt(uint64_t *ldt, unsigned int entries)
{
	protect(ldt, entries, false);
}

PV_IMPLEMENTS(free_ldt, 1);
void xen_pv_free_ldt(uint64_t *ldt, unsigned int entries)
{
	protect(ldt, entries, true);
}
