/* SPDX-License-Identifier: MIT */
/* Entries from exceptions and interrupts, and every other change of stack. */
#include "layout.h"
#include "pv_asm.h"

#define VECTOR_PF 14
/* Exceptions that push an error code: SDM vol. 3, table 6-1 (8, 10-14, 17, 21, 29, 30). */
#define HAVE_ERROR_CODE 0x60227d00
#define FRAME_VECTOR (15 * 8)
#define FRAME_CS (18 * 8)
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
	endbr64
	.if	vector >= 32 || !((HAVE_ERROR_CODE >> (vector & 31)) & 1)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	testb	$3, FRAME_CS(%rsp)
	jz	1f
	pv_swapgs
1:
	/* Before anything else can fault. */
	xor	%eax, %eax
	cmpq	$VECTOR_PF, FRAME_VECTOR(%rsp)
	jne	1f
	pv_read_cr2
1:	mov	%rsp, %rdi
	mov	%rax, %rsi
	mov	%rsp, %rbp
	and	$-16, %rsp
	call	trap_dispatch
	mov	%rbp, %rsp
	testb	$3, FRAME_CS(%rsp)
	jz	1f
	pv_swapgs
1:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	pv_iret
	ud2

	.macro save_callee
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm

	.macro restore_callee
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	.endm

/* int run_caught(void (*function)(unsigned long), unsigned long argument); */
	.globl	run_caught
run_caught:
	save_callee
	mov	%rsp, caught_stack
	mov	%rdi, %rax
	mov	%rsi, %rdi
	sub	$8, %rsp
	call	*%rax
	add	$8, %rsp
	mov	$-1, %eax
/* An exception comes back here with its number in RAX and RSP from caught_stack. */
	.globl	caught_return
caught_return:
	movq	$0, caught_stack
	restore_callee
	ret

/* With CF, which only a way back that loads RFLAGS gives to user mode. */
	.macro enter_user_by op:req
	save_callee
	mov	%rsp, user_return_stack
	push	$SELECTOR(GDT_USER_DATA, 3)
	push	%rsi
	push	$FLAGS_CF | FLAGS_RESERVED | FLAGS_IF
	push	$SELECTOR(GDT_USER_CODE, 3)
	push	%rdi
	pv_swapgs
	\op
	ud2
	.endm

/* unsigned long enter_user(unsigned long rip, unsigned long rsp); with interrupts disabled */
	.globl	enter_user
enter_user:
	enter_user_by pv_iret
	.globl	enter_user_fast
enter_user_fast:
	enter_user_by pv_sysret
/* The handler of VECTOR_USER_EXIT comes back here with RSP from user_return_stack. */
	.globl	user_return
user_return:
	restore_callee
	ret

/* void switch_stack(unsigned long *save, unsigned long load); */
	.globl	switch_stack
switch_stack:
	save_callee
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	restore_callee
	ret

/* First instructions of a new thread, behind switch_stack. */
	.globl	thread_begin
thread_begin:
	call	thread_main
	ud2

/* Copied to USER_CODE and run in ring 3. */
	.globl	user_program, user_exited, user_gs_selector, user_gs_word, user_program_end
user_program:
	mov	%cs, %eax
	int	$VECTOR_USER_EXIT
user_exited:
	ud2
user_gs_selector:
	mov	%gs, %eax
	int	$VECTOR_USER_EXIT
	ud2
user_gs_word:
	mov	%gs:0, %rax
	int	$VECTOR_USER_EXIT
	ud2
user_program_end:

/* Implementations of mutate.c. */
	.balign	16
	.globl	mutated_nop, mutated_trap, mutated_trap_op, mutated_leak, mutated_leak_op
mutated_nop:
	endbr64
	ret
mutated_trap:
	endbr64
	ud2
mutated_trap_op:
	.short	0
mutated_leak:
	endbr64
	call	*mutated_leak_op(%rip)
	lea	1(%r11), %r11
	ret

	.bss
	.balign	8
	.globl	caught_stack, user_return_stack
caught_stack:
	.quad	0
user_return_stack:
	.quad	0
mutated_leak_op:
	.quad	0

	.section .note.GNU-stack, "", @progbits
