/* SPDX-License-Identifier: MIT */
/*
 * One call with a value in each register, and what they hold afterwards.  It ends by a return, by a
 * jump to trial_landed, or (trial_back) by a trap that the kernel takes for the end.
 */
#include "layout.h"

	.text
	.globl	trial_run
trial_run:
	push	%ebx
	push	%esi
	push	%edi
	push	%ebp
	mov	%eax, %ebp
	mov	%esp, trial_home
	push	$ABOVE_FIRST
	push	$ABOVE_SECOND
	mov	TRIAL_NR(%ebp), %ecx
1:	jecxz	2f
	push	TRIAL_WORDS - 4(%ebp, %ecx, 4)
	dec	%ecx
	jmp	1b
2:	mov	%esp, trial_esp
	mov	TRIAL_TARGET(%ebp), %eax
	mov	%eax, trial_target
	push	TRIAL_FLAGS(%ebp)
	mov	TRIAL_ECX(%ebp), %ecx
	mov	TRIAL_EDX(%ebp), %edx
	mov	TRIAL_EBX(%ebp), %ebx
	mov	TRIAL_ESI(%ebp), %esi
	mov	TRIAL_EDI(%ebp), %edi
	mov	$USER_DS, %eax
	mov	%eax, %gs
	mov	TRIAL_DATA(%ebp), %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	TRIAL_EAX(%ebp), %eax
	cmpl	$0, TRIAL_JUMP(%ebp)
	mov	TRIAL_EBP(%ebp), %ebp
	jne	3f
	popf
	call	*%ss:trial_target
	.globl	trial_landed
trial_landed:
	mov	%esp, %ss:after + AFTER_ESP
	mov	$scratch_top, %esp
	pushf
	cli
	pop	%ss:after + AFTER_FLAGS
	mov	%eax, %ss:after + AFTER_EAX
	mov	%ecx, %ss:after + AFTER_ECX
	mov	%edx, %ss:after + AFTER_EDX
	mov	%ebx, %ss:after + AFTER_EBX
	mov	%esi, %ss:after + AFTER_ESI
	mov	%edi, %ss:after + AFTER_EDI
	mov	%ebp, %ss:after + AFTER_EBP
	mov	%ds, %ss:after + AFTER_DS
	mov	%es, %ss:after + AFTER_ES
	mov	%fs, %ss:after + AFTER_FS
	mov	%gs, %ss:after + AFTER_GS
	xor	%ebx, %ebx
	jmp	4f
3:	popf
	jmp	*%ss:trial_target

	.globl	trial_back
trial_back:
	mov	$1, %ebx
4:	mov	$scratch_top, %esp
	push	$2
	popf
	mov	$KERNEL_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	trial_home, %esp
	mov	-4(%esp), %eax
	mov	%eax, after + AFTER_ABOVE
	mov	-8(%esp), %eax
	mov	%eax, after + AFTER_ABOVE + 4
	mov	%ebx, %eax
	pop	%ebp
	pop	%edi
	pop	%esi
	pop	%ebx
	ret

	.bss
	.balign	4
trial_home:
	.skip	4
	.globl	trial_esp
trial_esp:
	.skip	4
trial_target:
	.skip	4
	.balign	16
	.skip	4096
scratch_top:
	.section .note.GNU-stack, "", @progbits
