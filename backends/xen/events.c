/* SPDX-License-Identifier: MIT */
/* Event channels: two levels of bit maps in the shared page, one way to tell for all. */
#include "xen_internal.h"

#define WORD_BITS 64
#define PORTS	  (WORD_BITS * WORD_BITS)

static void (*handlers[PORTS])(void);
/* Bit per port that is bound to this CPU: the pending bits of all CPUs stand together. */
static PERCPU unsigned long own_ports[WORD_BITS];

/* Only who clears the bit has the event: it may have been taken since the caller looked. */
static void run_handler(unsigned int port)
{
	bool pending;

	asm volatile("lock btr %2, %0"
		     : "+m"(xen_shared.info.evtchn_pending[port / WORD_BITS]), "=@ccc"(pending)
		     : "r"((unsigned long)port % WORD_BITS));
	if (pending && handlers[port])
		handlers[port]();
}

static void run_word(unsigned int word)
{
	unsigned long bits = xen_shared.info.evtchn_pending[word] &
			     ~xen_shared.info.evtchn_mask[word] & (*percpu_this(own_ports))[word];

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

/* A port that is bound to this CPU. */
static void use_port(unsigned int port, void (*handler)(void))
{
	const struct xen_evtchn_unmask unmask = {.port = port};

	(*percpu_this(own_ports))[port / WORD_BITS] |= 1ul << port % WORD_BITS;
	handlers[port] = handler;
	xen_checked("xen: unmask", xen_event_channel_op_unmask(&unmask));
}

void xen_bind_virq(unsigned int virq, void (*handler)(void))
{
	struct xen_evtchn_bind_virq bind = {.virq = virq, .vcpu = pv_cpu_this()};

	if (xen_checked("xen: bind_virq", xen_event_channel_op_bind_virq(&bind)) >= 0)
		use_port(bind.port, handler);
}

unsigned int xen_bind_ipi(void (*handler)(void))
{
	struct xen_evtchn_bind_ipi bind = {.vcpu = pv_cpu_this()};

	if (xen_checked("xen: bind_ipi", xen_event_channel_op_bind_ipi(&bind)) < 0)
		return 0;
	if (handler)
		use_port(bind.port, handler);
	return bind.port;
}

/* Its data is a copy of CPU 0's, whose ports it would take for its own. */
void xen_events_new_cpu(unsigned int cpu)
{
	__builtin_memset(percpu_of(own_ports, cpu), 0, sizeof(own_ports));
}

void xen_events_init(void)
{
	unsigned int i;

	for (i = 0; i < WORD_BITS; i++)
		xen_shared.info.evtchn_mask[i] = ~0ul;
}
