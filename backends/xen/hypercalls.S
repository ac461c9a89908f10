/* SPDX-License-Identifier: MIT */
/*
 * The page of hypercall entries as Xen fills it for a paravirtualised domain
 * (xen/arch/x86/pv/hypercall.c), where no kernel's ELF note asks for one.
 */
#include "xen.h"

#define ENTRIES 128

	.section .text, "ax", @progbits
	.balign	4096
	.globl	pv_hypercall_page
	.type	pv_hypercall_page, @object
pv_hypercall_page:
	.set	number, 0
	.rept	ENTRIES
	.balign	32, 0xcc
	push	%rcx
	push	%r11
	.if	number == XEN_HYPERCALL_iret
	push	%rax
	.endif
	mov	$number, %eax
	syscall
	.if	number != XEN_HYPERCALL_iret
	pop	%r11
	pop	%rcx
	ret
	.endif
	.set	number, number + 1
	.endr
	.balign	4096, 0xcc
	.size	pv_hypercall_page, . - pv_hypercall_page

	.section .note.GNU-stack, "", @progbits
