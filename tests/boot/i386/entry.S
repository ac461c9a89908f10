/* SPDX-License-Identifier: MIT */
/* Entries from exceptions and interrupts, and every other change of stack. */
#include "layout.h"
#include "pv_asm.h"

#define VECTOR_PF 14
/* Exceptions that push an error code: SDM vol. 3, table 6-1 (8, 10-14, 17, 21, 29, 30). */
#define HAVE_ERROR_CODE 0x60227d00
#define FRAME_VECTOR (11 * 4)
#define FRAME_CS (14 * 4)
#define FLAGS_CF 0x1
#define FLAGS_RESERVED 0x2
#define FLAGS_IF 0x200

	.text

/* One stub per vector, 32 bytes apart; they make all frames look alike. */
	.balign	32
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	32
	endbr32
	.if	vector >= 32 || !((HAVE_ERROR_CODE >> (vector & 31)) & 1)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

/* User mode is on CPU 0 alone, so its per-CPU data are what a kernel needs that comes from there. */
trap_common:
	push	%ds
	push	%es
	push	%fs
	pusha
	cld
	mov	$SELECTOR(GDT_USER_DATA, 3), %eax
	mov	%eax, %ds
	mov	%eax, %es
	testb	$3, FRAME_CS(%esp)
	jz	1f
	mov	$SELECTOR(GDT_PERCPU, 0), %eax
	mov	%eax, %fs
1:
	/* Before anything else can fault. */
	xor	%eax, %eax
	cmpl	$VECTOR_PF, FRAME_VECTOR(%esp)
	jne	1f
	pv_read_cr2
1:	mov	%eax, %edx
	mov	%esp, %eax
	call	trap_dispatch
	popa
	pop	%fs
	pop	%es
	pop	%ds
	lea	8(%esp), %esp
	pv_iret
	ud2

	.macro save_callee
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	.endm

	.macro restore_callee
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	.endm

/* int run_caught(void (*function)(unsigned long), unsigned long argument); */
	.globl	run_caught
run_caught:
	save_callee
	mov	%esp, caught_stack
	mov	%eax, %ecx
	mov	%edx, %eax
	call	*%ecx
	mov	$-1, %eax
/* An exception comes back here with its number in EAX; it could not change the stack. */
	.globl	caught_return
caught_return:
	mov	caught_stack, %esp
	movl	$0, caught_stack
	restore_callee
	ret

/* unsigned long enter_user(unsigned long eip, unsigned long esp); with interrupts disabled */
	.globl	enter_user
enter_user:
	save_callee
	mov	%esp, user_return_stack
	push	$SELECTOR(GDT_USER_DATA, 3)
	push	%edx
	/* With CF, which only a way back that loads EFLAGS gives to user mode. */
	push	$FLAGS_CF | FLAGS_RESERVED | FLAGS_IF
	push	$SELECTOR(GDT_USER_CODE, 3)
	push	%eax
	pv_iret
	ud2

/* The same; EDI too holds the address. */
	.globl	enter_user_fast
enter_user_fast:
	save_callee
	mov	%esp, user_return_stack
	mov	%eax, %edi
	mov	%edx, %ecx
	mov	%eax, %edx
	pv_sysexit
	ud2

/* The handler of VECTOR_USER_EXIT comes back here. */
	.globl	user_return
user_return:
	mov	user_return_stack, %esp
	restore_callee
	ret

/* void switch_stack(unsigned long *save, unsigned long load); */
	.globl	switch_stack
switch_stack:
	save_callee
	mov	%esp, (%eax)
	mov	%edx, %esp
	restore_callee
	ret

/* First instructions of a new thread, behind switch_stack. */
	.globl	thread_begin
thread_begin:
	call	thread_main
	ud2

/* Copied to USER_CODE and run in ring 3. */
	.globl	user_program, user_exited, user_program_end
user_program:
	mov	%cs, %eax
	int	$VECTOR_USER_EXIT
user_exited:
	ud2
user_program_end:

/* Implementations of mutate.c. */
	.balign	16
	.globl	mutated_nop, mutated_trap, mutated_trap_op, mutated_leak, mutated_leak_op
mutated_nop:
	endbr32
	ret
mutated_trap:
	endbr32
	ud2
mutated_trap_op:
	.short	0
mutated_leak:
	endbr32
	call	*mutated_leak_op
	lea	1(%ecx), %ecx
	ret

	.bss
	.balign	8
	.globl	caught_stack, user_return_stack
caught_stack:
	.long	0
user_return_stack:
	.long	0
mutated_leak_op:
	.long	0

	.section .note.GNU-stack, "", @progbits
