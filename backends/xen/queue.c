/* SPDX-License-Identifier: MIT */
/*
 * Calls that are put off until lazy_leave, then made by one multicall; each CPU
 * has its own queue.  Every
 * result is looked at: a batch must not hide what a single call would have told.
 */
#include "xen_internal.h"

#define QUEUE_LENGTH 32

static PERCPU struct queue {
	unsigned int mode;
	unsigned int used;
	struct xen_multicall_entry calls[QUEUE_LENGTH];
	/* What a queued mmu_update points to. */
	struct xen_mmu_update updates[QUEUE_LENGTH];
} queues;

/* An interrupt's own calls use the queue too; they must not meet one that is half changed. */
static uint8_t mask_events(void)
{
	uint8_t old = percpu_read(xen_vcpu_info.evtchn_upcall_mask);

	percpu_write(xen_vcpu_info.evtchn_upcall_mask, 1);
	return old;
}

static void restore_events(uint8_t old)
{
	percpu_write(xen_vcpu_info.evtchn_upcall_mask, old);
	if (!old && percpu_read(xen_vcpu_info.evtchn_upcall_pending))
		xen_pv_deliver();
}

static void report_failures(const struct queue *queue, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if ((long)queue->calls[i].result < 0)
			pv_host_report("xen: queued call failed", queue->calls[i].result);
}

void xen_pv_flush(void)
{
	struct queue *queue = percpu_this(queues);
	unsigned int count;
	uint8_t old;

	if (!queue->used)
		return;
	old = mask_events();
	count = queue->used;
	xen_checked("xen: multicall", xen_multicall(queue->calls, count));
	queue->used = 0;
	report_failures(queue, count);
	restore_events(old);
}

/* Copy the call, and the update that it is about, to the end of the queue. */
static bool enqueue(unsigned int mode, const struct xen_multicall_entry *call,
		    const struct xen_mmu_update *update)
{
	struct queue *queue = percpu_this(queues);
	uint8_t old;

	if (queue->mode != mode)
		return false;
	old = mask_events();
	if (queue->used == QUEUE_LENGTH)
		xen_pv_flush();
	queue->calls[queue->used] = *call;
	if (update) {
		queue->updates[queue->used] = *update;
		queue->calls[queue->used].args[0] = (unsigned long)&queue->updates[queue->used];
	}
	queue->used++;
	restore_events(old);
	return true;
}

/* Its data is a copy of CPU 0's, whose calls CPU 0 makes itself. */
void xen_queue_new_cpu(unsigned int cpu)
{
	struct queue *queue = percpu_of(queues, cpu);

	queue->mode = PV_LAZY_NONE;
	queue->used = 0;
}

bool xen_defer(unsigned int mode, const struct xen_multicall_entry *call)
{
	if (enqueue(mode, call, NULL))
		return true;
	xen_pv_flush();
	return false;
}

void xen_update_entry(void *entry, uint64_t value, unsigned int how)
{
	struct xen_multicall_entry call;
	struct xen_mmu_update update = {
		.ptr = xen_machine_address(entry) | how,
		.val = value,
	};

	xen_multicall_mmu_update(&call, &update, 1, NULL, XEN_DOMID_SELF);
	if (enqueue(PV_LAZY_MMU, &call, &update))
		return;
	xen_pv_flush();
	xen_checked("xen: mmu_update", xen_mmu_update(&update, 1, NULL, XEN_DOMID_SELF));
}

unsigned int xen_suspend_lazy(void)
{
	struct queue *queue = percpu_this(queues);
	unsigned int mode = queue->mode;

	xen_pv_flush();
	queue->mode = PV_LAZY_NONE;
	return mode;
}

void xen_resume_lazy(unsigned int mode)
{
	percpu_write(queues.mode, mode);
}

PV_IMPLEMENTS(lazy_enter, 1);
void xen_pv_lazy_enter(unsigned int mode)
{
	percpu_write(queues.mode, mode);
}

PV_IMPLEMENTS(lazy_leave, 1);
void xen_pv_lazy_leave(unsigned int mode)
{
	(void)mode;
	xen_pv_flush();
	percpu_write(queues.mode, PV_LAZY_NONE);
}

PV_IMPLEMENTS(context_begin, 1);
void xen_pv_context_begin(void)
{
	xen_pv_flush();
	xen_pv_lazy_enter(PV_LAZY_CPU);
}

PV_IMPLEMENTS(context_end, 1);
void xen_pv_context_end(void)
{
	xen_pv_lazy_leave(PV_LAZY_CPU);
}
