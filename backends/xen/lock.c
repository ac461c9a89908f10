/* SPDX-License-Identifier: MIT */
/*
 * Locks: who waits long gives its processor back to Xen and polls a port of its
 * own, on which the owner sends an event.  A waiter says what it waits for before
 * it looks at the byte for the last time; an owner clears the byte before it
 * looks who waits.  So one of the two sees the other.
 */
#include "xen_internal.h"

/* Port on which each CPU is kicked (0: none yet), and the byte that it sleeps for, or NULL. */
static unsigned int kick_ports[CPUS];
static uint8_t *waits_for[CPUS];
/* Bit per CPU that sleeps or is about to. */
static uint64_t sleepers;

void xen_lock_start(void)
{
	kick_ports[pv_cpu_this()] = xen_bind_ipi(NULL);
}

PV_IMPLEMENTS(lock_kick, 1);
void xen_pv_lock_kick(unsigned int cpu)
{
	if (cpu < CPUS && kick_ports[cpu])
		xen_event_send(kick_ports[cpu]);
}

/* Out of the way of the fast path below, which then needs few registers. */
__attribute__((noinline)) PV_NARROW static void kick_sleepers(const uint8_t *lock)
{
	uint64_t left = __atomic_load_n(&sleepers, __ATOMIC_ACQUIRE);
	unsigned int cpu;

	for (; left; left &= left - 1) {
		cpu = __builtin_ctzll(left);
		if (__atomic_load_n(&waits_for[cpu], __ATOMIC_ACQUIRE) == lock)
			xen_event_send(kick_ports[cpu]);
	}
}

/* The exchange is a full barrier, which a plain store is not. */
PV_IMPLEMENTS(lock_unlock, 1);
PV_NARROW void xen_pv_lock_unlock(uint8_t *lock)
{
	__atomic_exchange_n(lock, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&sleepers, __ATOMIC_RELAXED))
		kick_sleepers(lock);
}

/* An event that came too early only makes the next sleep short. */
static void poll_port(xen_evtchn_port_t port)
{
	const struct xen_sched_poll poll = {.ports = &port, .nr_ports = 1};

	xen_checked("xen: poll", xen_sched_op_poll(&poll));
	xen_event_clear(port);
}

/*
 * An interrupt's wait may have come in the middle of another one, which missed
 * all kicks meanwhile: it must not sleep before it has looked at its byte again.
 */
static void leave_wait(unsigned int cpu, uint8_t *outer)
{
	__atomic_store_n(&waits_for[cpu], outer, __ATOMIC_SEQ_CST);
	if (outer)
		xen_event_send(kick_ports[cpu]);
	else
		__atomic_fetch_and(&sleepers, ~(1ull << cpu), __ATOMIC_SEQ_CST);
}

PV_IMPLEMENTS(lock_wait, 1);
void xen_pv_lock_wait(uint8_t *byte, uint8_t value)
{
	unsigned int cpu = pv_cpu_this();
	uint8_t *outer;

	if (cpu >= CPUS || !kick_ports[cpu])
		return;
	xen_pv_flush();
	outer = __atomic_load_n(&waits_for[cpu], __ATOMIC_RELAXED);
	__atomic_store_n(&waits_for[cpu], byte, __ATOMIC_RELEASE);
	__atomic_fetch_or(&sleepers, 1ull << cpu, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(byte, __ATOMIC_SEQ_CST) == value)
		poll_port(kick_ports[cpu]);
	leave_wait(cpu, outer);
}

PV_IMPLEMENTS(vcpu_is_preempted, 1);
PV_NARROW bool xen_pv_vcpu_is_preempted(unsigned int cpu)
{
	const volatile struct xen_vcpu_runstate_info *info = percpu_of(xen_runstate, cpu);

	return info->state != XEN_RUNSTATE_running;
}
