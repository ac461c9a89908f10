/* SPDX-License-Identifier: MIT */
/*
 * With head.S, hypervisors.c and early.c the one object of a kernel for blobs that
 * knows how a machine loads kernels.  Where no blob can be used, it is also the only
 * one that can still say so.
 */
#include "kernel.h"
#include "xen.h"

/* As in the page of hypercall entries, of which this kernel has none. */
static long hypercall(unsigned long number, unsigned long a, unsigned long b, unsigned long c)
{
	long result;

	asm volatile("syscall"
		     : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
		     : "0"(number)
		     : "rcx", "r8", "r9", "r10", "r11", "memory");
	return result;
}

static void say(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	hypercall(XEN_HYPERCALL_console_io, XEN_console_io_write, end - text, (unsigned long)text);
}

static void xen_give_up(const char *name, const char *text)
{
	const struct xen_sched_shutdown shutdown = {.reason = XEN_SHUTDOWN_reboot};

	say("PV blob missing op=");
	say(name ? name : "none");
	say(" reason=");
	say(text);
	say("\n");
	hypercall(XEN_HYPERCALL_sched_op, XEN_sched_op_shutdown, (unsigned long)&shutdown, 0);
}

/* Bare hardware needs no blob but the kernel's own, so nobody else comes here. */
void shim_give_up(const struct machine *machine, const char *name, const char *reason)
{
	if (machine->boot.start_info)
		xen_give_up(name, reason);
	for (;;)
		asm volatile("pause");
}
