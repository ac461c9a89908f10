/* SPDX-License-Identifier: MIT */
/*
 * Where Xen enters the kernel, and how the kernel goes back.  Compared with the
 * processor, Xen puts two words more on the stack, RCX and R11 of the
 * interrupted code, and leaves garbage in these registers.
 */
#include "xen.h"

	.text

/* 16 bytes each: TRAMPOLINE_SIZE in desc.c.  Handlers find the frame of bare hardware. */
	.balign	16
	.globl	xen_trampolines
xen_trampolines:
	.set	vector, 0
	.rept	256
	.balign	16
	pop	%rcx
	pop	%r11
	jmp	*xen_trap_handlers + 8 * vector(%rip)
	.set	vector, vector + 1
	.endr

/*
 * An event came.  The handlers are C, so the registers that C may use up are
 * saved; the frame is left as for xen_pv_iret.
 */
	.balign	16
	.globl	xen_upcall_entry
xen_upcall_entry:
	pop	%rcx
	pop	%r11
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	cld
	call	xen_upcall
	mov	%rbp, %rsp
	pop	%rbp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	jmp	xen_pv_iret

/*
 * Xen could not load a segment register of the state that it was to return to.
 * This kernel never asks for a bad one, so something is badly wrong.
 */
	.balign	16
	.globl	xen_failsafe_entry
xen_failsafe_entry:
	ud2

/*
 * Return through Xen, which unmasks events and returns in one step.  The entry
 * in the hypercall page pushes RCX, R11 and RAX itself.
 */
	.pushsection .pv.implements, "", @progbits
	.asciz	"iret=1"		/* PV_IMPLEMENTS(iret, 1) */
	.popsection
	.balign	16
	.globl	xen_pv_iret
xen_pv_iret:
	endbr64
	push	$0			/* iret_context.flags: not by SYSRET */
	jmp	pv_hypercall_page + XEN_HYPERCALL_iret * 32

/* The same with the flag that lets Xen go by SYSRET, which costs RCX and R11. */
	.pushsection .pv.implements, "", @progbits
	.asciz	"sysret=1"		/* PV_IMPLEMENTS(sysret, 1) */
	.popsection
	.balign	16
	.globl	xen_pv_sysret
xen_pv_sysret:
	endbr64
	push	$XEN_VGCF_in_syscall
	jmp	pv_hypercall_page + XEN_HYPERCALL_iret * 32

/*
 * Events were unmasked while one was pending.  Any call makes Xen look and enter
 * the kernel before the call returns; this one does nothing else.
 */
	.balign	16
	.globl	xen_pv_deliver
xen_pv_deliver:
	endbr64
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	xor	%edi, %edi		/* sub-command version */
	xor	%esi, %esi
	call	pv_hypercall_page + XEN_HYPERCALL_xen_version * 32
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	ret

	.section .note.GNU-stack, "", @progbits
