/* SPDX-License-Identifier: MIT */
/*
 * Xen's interface as a domain sees it that runs in 32-bit mode: numbers and layouts of Xen 4.17's
 * public headers, each with its own; where a layout depends on the mode, arch-x86/xen-x86_32.h.
 * tests/abi compares them with the headers.  A u64 is aligned as two words there, as here.
 */
#ifndef XEN32_H
#define XEN32_H

#include <stdint.h>

#define XEN_DOMID_SELF 0x7ff0

/* xen.h: __HYPERVISOR_ */
#define XEN_MEMORY_OP	     12
#define XEN_CONSOLE_IO	     18
#define XEN_VCPU_OP	     24
#define XEN_SCHED_OP	     29
#define XEN_EVENT_CHANNEL_OP 32
#define XEN_HVM_OP	     34

/* xen.h */
#define XEN_CONSOLEIO_WRITE 0
#define XEN_VIRQ_TIMER	    0

/* vcpu.h: VCPUOP_ */
#define XEN_VCPU_DOWN		       2
#define XEN_VCPU_IS_UP		       3
#define XEN_VCPU_GET_RUNSTATE_INFO     4
#define XEN_VCPU_STOP_PERIODIC_TIMER   7
#define XEN_VCPU_SET_SINGLESHOT_TIMER  8
#define XEN_VCPU_STOP_SINGLESHOT_TIMER 9

/* vcpu.h: RUNSTATE_ */
#define XEN_RUNSTATE_RUNNABLE 1
#define XEN_RUNSTATE_OFFLINE  3
#define XEN_RUNSTATES	      4

/* sched.h */
#define XEN_SCHED_SHUTDOWN    2
#define XEN_SHUTDOWN_POWEROFF 0
#define XEN_SHUTDOWN_REBOOT   1

/* event_channel.h: EVTCHNOP_ */
#define XEN_EVTCHN_BIND_VIRQ 1
#define XEN_EVTCHN_UNMASK    9

/* memory.h */
#define XEN_ADD_TO_PHYSMAP	 7
#define XEN_MAPSPACE_SHARED_INFO 0

/* hvm/hvm_op.h, hvm/params.h */
#define XEN_HVM_SET_PARAM		 0
#define XEN_HVM_SET_EVTCHN_UPCALL_VECTOR 23
#define XEN_HVM_PARAM_CALLBACK_IRQ	 0

/* arch-x86/cpuid.h: leaves above that of the signature. */
#define XEN_LEAF_HVM	4
#define XEN_HVM_VCPU_ID (1u << 3)

/* Most virtual CPUs whose entry is in the shared page: xen.h, XEN_LEGACY_MAX_VCPUS. */
#define XEN_CPUS 32

/* xen.h: struct vcpu_time_info, struct vcpu_info */
struct xen_time {
	uint32_t version, pad0;
	uint64_t tsc_timestamp, system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags, pad1[2];
};

struct xen_vcpu_info {
	uint8_t evtchn_upcall_pending, evtchn_upcall_mask;
	uint32_t evtchn_pending_sel;
	uint32_t arch[6];
	struct xen_time time;
};

/* xen.h: struct shared_info, whose arch part is struct arch_shared_info */
struct xen_shared_info {
	struct xen_vcpu_info vcpu_info[XEN_CPUS];
	uint32_t evtchn_pending[32], evtchn_mask[32];
	uint32_t wc_version, wc_sec, wc_nsec;
	uint32_t arch[6], wc_sec_hi;
};

/* vcpu.h */
struct xen_runstate_info {
	int32_t state;
	uint64_t state_entry_time, time[XEN_RUNSTATES];
};

struct xen_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags;
};

/* event_channel.h */
struct xen_bind_virq {
	uint32_t virq, vcpu, port;
};

struct xen_unmask {
	uint32_t port;
};

/* sched.h */
struct xen_sched_shutdown {
	uint32_t reason;
};

/* memory.h */
struct xen_add_to_physmap {
	uint16_t domid, size;
	uint32_t space, idx, gpfn;
};

/* hvm/hvm_op.h */
struct xen_hvm_param {
	uint16_t domid, pad;
	uint32_t index;
	uint64_t value;
};

struct xen_evtchn_upcall_vector {
	uint32_t vcpu;
	uint8_t vector;
};

#endif
