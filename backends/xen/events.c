/* SPDX-License-Identifier: MIT */
/* Event channels: two levels of bit maps in the shared page, one way to tell for all. */
#include "xen_internal.h"

#define WORD_BITS 64
#define PORTS	  (WORD_BITS * WORD_BITS)

static void (*handlers[PORTS])(void);

static void run_handler(unsigned int port)
{
	asm volatile("lock btr %1, %0"
		     : "+m"(xen_shared.info.evtchn_pending[port / WORD_BITS])
		     : "r"((unsigned long)port % WORD_BITS)
		     : "cc");
	if (handlers[port])
		handlers[port]();
}

static void run_word(unsigned int word)
{
	unsigned long bits =
		xen_shared.info.evtchn_pending[word] & ~xen_shared.info.evtchn_mask[word];

	for (; bits; bits &= bits - 1)
		run_handler(word * WORD_BITS + __builtin_ctzl(bits));
}

void xen_run_events(void)
{
	unsigned long words;

	/* Cleared before the look, so that what comes during it raises the flag again. */
	while (percpu_exchange(xen_vcpu_info.evtchn_upcall_pending, 0)) {
		words = percpu_exchange(xen_vcpu_info.evtchn_pending_sel, 0);
		for (; words; words &= words - 1)
			run_word(__builtin_ctzl(words));
	}
}

void xen_bind_virq(unsigned int virq, void (*handler)(void))
{
	struct xen_evtchn_bind_virq bind = {.virq = virq, .vcpu = CPU0};
	struct xen_evtchn_unmask unmask;

	if (xen_checked("xen: bind_virq", xen_event_channel_op_bind_virq(&bind)) < 0)
		return;
	handlers[bind.port] = handler;
	unmask.port = bind.port;
	xen_checked("xen: unmask", xen_event_channel_op_unmask(&unmask));
}

void xen_events_init(void)
{
	unsigned int i;

	for (i = 0; i < WORD_BITS; i++)
		xen_shared.info.evtchn_mask[i] = ~0ul;
}
