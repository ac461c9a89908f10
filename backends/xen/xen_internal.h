/* SPDX-License-Identifier: MIT */
/* What the files of this backend share. */
#ifndef XEN_INTERNAL_H
#define XEN_INTERNAL_H

#include "xen_pv.h"
#include "xen_pvh.h"
#include "pv_runtime.h"
#include "pv_host.h"
#include "percpu.h"

#define PAGE_SHIFT	 12
#define PAGE_SIZE	 (1ul << PAGE_SHIFT)
#define PAGE_OFFSET_MASK (PAGE_SIZE - 1)

/* Bits of a page-table entry: SDM vol. 3, table 4-20. */
#define PTE_PRESENT  0x1ul
#define PTE_WRITE    0x2ul
#define PTE_USER     0x4ul
#define PTE_ACCESSED 0x20ul
#define PTE_DIRTY    0x40ul
#define PTE_GLOBAL   0x100ul
#define PTE_NX	     (1ul << 63)
#define PTE_FRAME    0x000ffffffffff000ul

#define FLAGS_IF 0x200ul

/* The only virtual CPU that this backend runs on. */
#define CPU0 0

extern struct xen_vcpu_info xen_vcpu_info;

/* The page that Xen shares with the domain. */
extern union xen_shared_page {
	struct xen_shared_info info;
	uint8_t page[PAGE_SIZE];
} xen_shared;

/* shared.c: use xen_vcpu_info at this machine address; events stay masked. */
void xen_register_vcpu_info(uint64_t where);

/* Asm entry points: on events, and on a fault in Xen's own return to the guest. */
extern const char xen_upcall_entry[], xen_failsafe_entry[];

/* Report a failed call; the result goes through. */
static inline long xen_checked(const char *what, long result)
{
	if (result < 0)
		pv_host_report(what, result);
	return result;
}

/* mmu.c: take over what Xen built; afterwards frames can be translated. */
void xen_mmu_init(const struct xen_start_info *info);

/* Machine address of kernel memory. */
uint64_t xen_machine_address(const void *va);

/* Make a page of the kernel read-only or writable in the current address space. */
void xen_protect(unsigned long pfn, bool writable);

/* Xen refuses writable mappings of this frame, so none may be made: say so, ask. */
void xen_mark_readonly(unsigned long pfn, bool readonly);
bool xen_is_readonly(unsigned long pfn);

/* desc.c: write a descriptor of a table that may be Xen's by now. */
void xen_write_descriptor(uint64_t *where, uint64_t desc);

/*
 * queue.c: put the call off, if ops of this mode are being put off.  If not, what
 * was queued before has happened and the caller makes the call.
 */
bool xen_defer(unsigned int mode, const struct xen_multicall_entry *call);

/* An interrupt's ops take effect at once, whatever the interrupted code was doing. */
unsigned int xen_suspend_lazy(void);
void xen_resume_lazy(unsigned int mode);

/* An update of a page table, at once or deferred; how is one of MMU_ in xen.h. */
void xen_update_entry(void *entry, uint64_t value, unsigned int how);

/* events.c: no port is open yet. */
void xen_events_init(void);

/* Call the handlers of all events that are pending, with events masked. */
void xen_run_events(void);

/* Call this function, with events masked, when the virtual interrupt comes. */
void xen_bind_virq(unsigned int virq, void (*handler)(void));

#endif
