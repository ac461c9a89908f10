/* SPDX-License-Identifier: MIT */
/*
 * One page of 32-byte entries that the hypervisor fills; the kernel's ELF notes
 * or an MSR tell it where.  Until then (and on bare hardware for ever) a call
 * into it traps.
 */
	.section .text, "ax", @progbits
	.balign 4096
	.globl	pv_hypercall_page
	.type	pv_hypercall_page, @object
pv_hypercall_page:
	.skip	4096, 0xcc
	.size	pv_hypercall_page, 4096

	.section .note.GNU-stack, "", @progbits
