/* SPDX-License-Identifier: MIT */
/*
 * Alarms: Xen's timer of a virtual CPU, whose event comes through the emulated local APIC as the
 * vector that the kernel has put into the entry of the local APIC's timer.  So it has the priority
 * of that vector, and wants the same end as any other interrupt.
 */
#include "vmi_xen.h"
#include "layer.h"
#include "scale.h"

#define APIC_VECTOR	  0xffu
#define APIC_VECTOR_LEAST 16
#define APIC_MASKED	  0x10000u

/* Centuries from now; to Xen, whose times have a sign, much later ones are past. */
#define LAST_TIME (UINT64_MAX >> 2)

static struct vcpu *this_vcpu(void)
{
	return &layer()->vcpu[layer_vcpu()];
}

static void timer_op(uint32_t op, const struct xen_set_singleshot_timer *timer)
{
	hypercall(XEN_VCPU_OP, op, layer_vcpu(), (uintptr_t)timer);
}

/* ---- the event ---- */

static void bind(struct vcpu *vcpu)
{
	struct xen_bind_virq timer = {.virq = XEN_VIRQ_TIMER, .vcpu = layer_vcpu()};

	if (vcpu->port)
		return;
	timer_op(XEN_VCPU_STOP_PERIODIC_TIMER, NULL);
	if (hypercall(XEN_EVENT_CHANNEL_OP, XEN_EVTCHN_BIND_VIRQ, (uintptr_t)&timer, 0) >= 0)
		vcpu->port = timer.port;
}

/* Xen raises a vector when it is told of it, though nothing has come, unless the APIC is off. */
static void choose_vector(struct vcpu *vcpu, uint8_t number)
{
	const struct xen_evtchn_upcall_vector vector = {.vcpu = layer_vcpu(), .vector = number};
	struct apic_saved saved;

	if (number < APIC_VECTOR_LEAST || number == vcpu->vector)
		return;
	vcpu->vector = number;
	layer_apic_off(&saved);
	hypercall(XEN_HVM_OP, XEN_HVM_SET_EVTCHN_UPCALL_VECTOR, (uintptr_t)&vector, 0);
	layer_apic_on(&saved);
}

/* What came while it was masked comes when it is no longer. */
static void mask(const struct vcpu *vcpu, bool masked)
{
	volatile uint32_t *words = shared_info()->evtchn_mask;
	const struct xen_unmask unmask = {.port = vcpu->port};

	if (masked)
		asm volatile("lock btsl %1, %0" : "+m"(*words) : "r"(vcpu->port) : "memory", "cc");
	else
		hypercall(XEN_EVENT_CHANNEL_OP, XEN_EVTCHN_UNMASK, (uintptr_t)&unmask, 0);
}

void layer_route_alarm(uint32_t entry)
{
	struct vcpu *vcpu = this_vcpu();

	bind(vcpu);
	choose_vector(vcpu, entry & APIC_VECTOR);
	mask(vcpu, entry & APIC_MASKED);
}

static bool clear_pending(uint32_t port)
{
	volatile uint32_t *words = shared_info()->evtchn_pending;
	bool pending;

	asm volatile("lock btrl %2, %0" : "+m"(*words), "=@ccc"(pending) : "r"(port) : "memory");
	return pending;
}

/*
 * The event of this CPU, if it has come.  It may come meanwhile, and what Xen then sets must not
 * stay set: of the next event it would tell nobody.
 */
static bool take_event(const struct vcpu *vcpu)
{
	volatile struct xen_vcpu_info *info = &shared_info()->vcpu_info[layer_vcpu()];
	bool pending = false;

	do {
		info->evtchn_upcall_pending = 0;
		info->evtchn_pending_sel = 0;
		pending |= clear_pending(vcpu->port);
	} while (info->evtchn_upcall_pending);
	return pending;
}

/* ---- the alarm ---- */

static uint64_t count(const struct alarm *alarm)
{
	return alarm->counter == VMI_CYCLES_REAL ? layer_now() : layer_available();
}

/* Xen knows REAL alone: an alarm of AVAILABLE is set to where it would be if nothing got stolen. */
static void arm(const struct alarm *alarm)
{
	struct xen_set_singleshot_timer timer = {.timeout_abs_ns = alarm->expiry};
	uint64_t now;

	if (alarm->expiry > LAST_TIME) {
		timer.timeout_abs_ns = LAST_TIME;
	} else if (alarm->counter == VMI_CYCLES_AVAILABLE) {
		now = layer_available();
		timer.timeout_abs_ns =
			layer_now() + (alarm->expiry > now ? alarm->expiry - now : 0);
	}
	timer_op(XEN_VCPU_SET_SINGLESHOT_TIMER, &timer);
}

/* Periods that were missed are one, with the interrupt that has come. */
static void next_period(struct alarm *alarm)
{
	uint64_t late = count(alarm) - alarm->expiry;

	alarm->expiry += (divide(late, alarm->period) + 1) * alarm->period;
}

/* One of AVAILABLE that came too early goes on: there will be another interrupt. */
static void go_on(struct alarm *alarm)
{
	if (alarm->counter == VMI_CYCLES_AVAILABLE && count(alarm) < alarm->expiry) {
		arm(alarm);
	} else if (alarm->period) {
		next_period(alarm);
		arm(alarm);
	} else {
		alarm->armed = false;
	}
}

void layer_take_alarm(void)
{
	struct vcpu *vcpu = this_vcpu();

	if (vcpu->port && take_event(vcpu) && vcpu->alarm.armed)
		go_on(&vcpu->alarm);
}

/* There is no interrupt line 0, and of the third counter, which nobody waits for, no alarm. */
void vmi_xen_set_alarm(uint32_t flags, uint64_t expiry, uint64_t period)
{
	uint32_t counter = flags & VMI_ALARM_FLAGS_COUNTER_MASK, interrupts;
	struct alarm *alarm;

	if (counter > VMI_CYCLES_AVAILABLE || !(flags & VMI_ALARM_FLAGS_WIRED_LVTT_MASK))
		return;
	interrupts = rom_irq_save();
	alarm = &this_vcpu()->alarm;
	/* No event comes that is not taken: the next would be none. */
	if (alarm->armed)
		timer_op(XEN_VCPU_STOP_SINGLESHOT_TIMER, NULL);
	alarm->armed = false;
	layer_take_alarm();
	*alarm = (struct alarm){
		.armed = true,
		.counter = counter,
		.expiry = expiry,
		.period = flags & VMI_ALARM_FLAGS_PERIODIC_MASK ? period : 0,
	};
	arm(alarm);
	rom_irq_restore(interrupts);
}

/* There is one, this or that counter's, and it is the counter that tells which, not the wire. */
static bool disarm(struct alarm *alarm, uint32_t counter)
{
	if (!alarm->armed || alarm->counter != counter)
		return false;
	timer_op(XEN_VCPU_STOP_SINGLESHOT_TIMER, NULL);
	/* What has come is none to cancel; of a periodic one, the next is. */
	layer_take_alarm();
	if (!alarm->armed)
		return false;
	alarm->armed = false;
	timer_op(XEN_VCPU_STOP_SINGLESHOT_TIMER, NULL);
	return true;
}

uint32_t vmi_xen_cancel_alarm(uint32_t flags)
{
	uint32_t interrupts = rom_irq_save();
	bool armed = disarm(&this_vcpu()->alarm, flags & VMI_ALARM_FLAGS_COUNTER_MASK);

	rom_irq_restore(interrupts);
	return armed;
}
