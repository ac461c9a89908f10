/* SPDX-License-Identifier: MIT */
/* Other virtual CPUs, and interrupts between them: one port per CPU and kind. */
#include "xen_internal.h"

static unsigned int ipi_ports[CPUS][PV_NR_IPIS];
static pv_ipi_t *ipi_handler;

/* Xen knows no such CPU: a negative result. */
unsigned int xen_cpu_count(void)
{
	unsigned int cpu = 0;

	while (cpu < CPUS && xen_vcpu_op_is_up(cpu) >= 0)
		cpu++;
	return cpu;
}

/* Too large for a stack; CPUs are started one at a time. */
static struct xen_vcpu_guest_context context;

int xen_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack)
{
	if (cpu >= CPUS)
		return -XEN_ENOENT;
	xen_pv_flush();
	xen_events_new_cpu(cpu);
	xen_queue_new_cpu(cpu);
	xen_pv_register_cpu(cpu);
	context = (struct xen_vcpu_guest_context){
		.flags = XEN_VGCF_in_kernel,
		.user_regs.rip = entry,
		.user_regs.rsp = stack,
		.user_regs.cs = XEN_FLAT_KERNEL_CS64,
		.user_regs.ss = XEN_FLAT_KERNEL_SS64,
		.user_regs.rflags = FLAGS_IF,
		.kernel_ss = XEN_FLAT_KERNEL_SS64,
		.kernel_sp = stack,
		.ctrlreg[3] = xen_cr3(xen_current_root()),
		.event_callback_eip = (unsigned long)xen_upcall_entry,
		.failsafe_callback_eip = (unsigned long)xen_failsafe_entry,
		.gs_base_kernel = pv_percpu_base(cpu),
	};
	if (xen_checked("xen: initialise", xen_vcpu_op_initialise(cpu, &context)) < 0)
		return -XEN_EINVAL;
	return xen_checked("xen: up", xen_vcpu_op_up(cpu));
}

/* A handler of ports is not told which port it was. */
static void call_flush(void)
{
	ipi_handler(PV_IPI_FLUSH);
}

static void call_sync(void)
{
	ipi_handler(PV_IPI_SYNC);
}

static void call_kernel(void)
{
	ipi_handler(PV_IPI_CALL);
}

void xen_ipi_start(pv_ipi_t *handler)
{
	static void (*const handlers[PV_NR_IPIS])(void) = {
		[PV_IPI_FLUSH] = call_flush,
		[PV_IPI_SYNC] = call_sync,
		[PV_IPI_CALL] = call_kernel,
	};
	unsigned int cpu = pv_cpu_this(), kind;

	ipi_handler = handler;
	for (kind = 0; kind < PV_NR_IPIS && cpu < CPUS; kind++)
		ipi_ports[cpu][kind] = xen_bind_ipi(handlers[kind]);
	xen_lock_start();
}

void xen_ipi_send(unsigned int cpu, unsigned int kind)
{
	xen_pv_flush();
	if (cpu < CPUS && ipi_ports[cpu][kind])
		xen_checked("xen: send", xen_event_send(ipi_ports[cpu][kind]));
}

void xen_ipi_send_others(unsigned int kind)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (cpu != pv_cpu_this())
			xen_ipi_send(cpu, kind);
}

/* For a kernel that routes these through its IDT although Xen never raises the vectors. */
void xen_ipi_interrupt(unsigned int kind)
{
	ipi_handler(kind);
}
