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

/* As many as there is room for in what this backend keeps per CPU for all to see. */
#define CPUS 32

extern struct xen_vcpu_info xen_vcpu_info;
/* Where the time of each CPU went; Xen writes it whenever that CPU starts or stops running. */
extern struct xen_vcpu_runstate_info xen_runstate;

/* The page that Xen shares with the domain. */
extern union xen_shared_page {
	struct xen_shared_info info;
	uint8_t page[PAGE_SIZE];
} xen_shared;

/*
 * shared.c: Xen's view of a CPU is in that CPU's own data from now on, its
 * xen_vcpu_info at this machine address.  Events stay masked.
 */
void xen_register_cpu(unsigned int cpu, uint64_t where);

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

/* A CPU that is about to be started has put nothing off yet. */
void xen_queue_new_cpu(unsigned int cpu);

/* An interrupt's ops take effect at once, whatever the interrupted code was doing. */
unsigned int xen_suspend_lazy(void);
void xen_resume_lazy(unsigned int mode);

/* An update of a page table, at once or deferred; how is one of MMU_ in xen.h. */
void xen_update_entry(void *entry, uint64_t value, unsigned int how);

/* events.c: no port is open yet. */
void xen_events_init(void);

/* A CPU that is about to be started has no port of its own yet. */
void xen_events_new_cpu(unsigned int cpu);

/* Call the handlers of all events that are pending, with events masked. */
void xen_run_events(void);

/* Call this function, with events masked, when the virtual interrupt comes to this CPU. */
void xen_bind_virq(unsigned int virq, void (*handler)(void));

/* A port on which other CPUs can send to this one, or 0; without a handler it stays masked. */
unsigned int xen_bind_ipi(void (*handler)(void));

/* Send to a port; make a port that is polled, not handled, fit for the next poll. */
static inline long xen_event_send(unsigned int port)
{
	const struct xen_evtchn_send send = {.port = port};

	return xen_event_channel_op_send(&send);
}

static inline void xen_event_clear(unsigned int port)
{
	__atomic_fetch_and(&xen_shared.info.evtchn_pending[port / 64], ~(1ul << port % 64),
			   __ATOMIC_SEQ_CST);
}

/* init.c: the same for a paravirtualised domain, whose machine addresses differ from its own. */
void xen_pv_register_cpu(unsigned int cpu);

/* lock.c: this CPU can sleep in lock_wait from now on. */
void xen_lock_start(void);

/* mmu.c: contents of CR3 for a level 4 table; the tables of this CPU. */
unsigned long xen_cr3(unsigned long root);
unsigned long xen_current_root(void);

#endif
