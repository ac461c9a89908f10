/* SPDX-License-Identifier: MIT */
/* Ways into the kernel, and the patched ways out of it. */
#include "layout.h"

/* A site, as in site.h. */
	.macro	SITE number, filler, instruction:vararg
771:	\instruction
	.fill	\filler, 1, 0x90
772:
	.pushsection .sites, "a"
	.balign	4
	.long	771b
	.byte	\number, 772b - 771b, 0, 0
	.popsection
	.endm

/* Changes EAX and flags. */
	.macro	COUNT_SITE number
	mov	bound + 4 * (\number), %eax
	add	%eax, counts + 4 * (\number)
	.endm

	.text
/* A stub of 16 bytes for each vector; what has no error code of the processor gets 0. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	(vector == 8) | ((vector >= 10) & (vector <= 14)) | (vector == 17)
	.else
	push	$0
	.endif
	push	$vector
	jmp	into_trap
	.set	vector, vector + 1
	.endr

into_trap:
	cld
	pusha
	push	%ds
	push	%es
	push	%fs
	push	%gs
	mov	$KERNEL_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%esp, %eax
	call	trap
	COUNT_SITE SITE_IRET
	pop	%gs
	pop	%fs
	pop	%es
	pop	%ds
	popa
	add	$8, %esp
leave_by_iret:
	SITE	SITE_IRET, 2, jmp *slot_iret

/* The frame of the first way to user mode is on the stack already. */
	.globl	enter_user
enter_user:
	push	%eax
	COUNT_SITE SITE_IRET
	pop	%eax
	jmp	leave_by_iret

/* SYSENTER: the user's way back is in EDX and ECX. */
	.globl	sysenter_entry
sysenter_entry:
	mov	$KERNEL_DS, %eax
	mov	%eax, %ds
	COUNT_SITE SITE_SYSEXIT
	mov	$USER_DS, %eax
	mov	%eax, %ds
	SITE	SITE_SYSEXIT, 0, jmp *slot_sysexit

/* What the flags' slots hold until a ROM fills them: they change no other register. */
	.globl	native_irq_enable, native_irq_disable, native_save_fl, native_restore_fl, native_iret
native_irq_enable:
	sti
	ret
native_irq_disable:
	cli
	ret
native_save_fl:
	pushf
	pop	%eax
	ret
native_restore_fl:
	push	%eax
	popf
	ret
native_iret:
	iret
	.globl	native_sysexit
native_sysexit:
	sti
	sysexit

/* What user mode runs; it is copied to a page at USER_CODE. */
	.globl	user_begin, user_int80, user_hello, user_sysenter, user_end
user_begin:
user_int80:
	int	$VECTOR_USER
user_hello:
	mov	$1, %eax
	int	$VECTOR_USER
	mov	$2, %eax
	int	$VECTOR_USER
user_sysenter:
	mov	$USER_CODE + 1f - user_begin, %edx
	mov	%esp, %ecx
	sysenter
1:	mov	$3, %eax
	int	$VECTOR_USER
user_end:
	.section .note.GNU-stack, "", @progbits
