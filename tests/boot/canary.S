/* SPDX-License-Identifier: MIT */
/*
 * unsigned long canary_<op>(unsigned long argument): run an op with a known value
 * in every register, and return a bit for each that it changed (bit 0 RCX, then
 * in the order below), or 0.  RAX holds the result, RDI the argument; these two
 * an op may change.
 */
#include "pv_asm.h"

#define VALUE 0x1357

	.macro for_each_canary action:req
	\action	%rcx, 0
	\action	%rdx, 1
	\action	%rsi, 2
	\action	%r8, 3
	\action	%r9, 4
	\action	%r10, 5
	\action	%r11, 6
	\action	%rbx, 7
	\action	%rbp, 8
	\action	%r12, 9
	\action	%r13, 10
	\action	%r14, 11
	\action	%r15, 12
	.endm

	.macro set_canary register:req, bit:req
	mov	$VALUE + \bit, \register
	.endm

	.macro look_at_canary register:req, bit:req
	cmp	$VALUE + \bit, \register
	je	77f
	or	$1 << \bit, %eax
77:
	.endm

	.macro canary op:req
	.globl	canary_\op
canary_\op:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	for_each_canary set_canary
	pv_\op
	xor	%eax, %eax
	for_each_canary look_at_canary
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.endm

	.text
	canary	read_cr0
	canary	read_cr4
	canary	io_delay
	canary	save_fl
	canary	restore_fl
	canary	irq_disable
	canary	irq_enable
	canary	read_cr2
	canary	read_cr3
	canary	pte_val
	canary	make_pte

	.section .note.GNU-stack, "", @progbits
