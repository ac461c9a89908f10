/* SPDX-License-Identifier: MIT */
/*
 * Thousands of sites as the compiler writes them, each in a function of its own
 * that can be called.  The first starts where the text starts and the last ends
 * where it ends, inside of pages, so that there can be sites outside the text.
 */
#include "pv_asm.h"

#define PAGE 4096
#define MARGIN 64
#define ROUNDS 300

	.macro entry op
	.pushsection stress_entries,"a",@progbits
	.quad 770f
	.popsection
770:	sub $8, %rsp
	pv_\op
	add $8, %rsp
	ret
	.balign 16, 0xcc
	.endm

	/* What is behind a tail jump is never reached. */
	.macro entry_tail op
	.pushsection stress_entries,"a",@progbits
	.quad 770f
	.popsection
770:	pv_\op
	.endm

	.section pv_text,"ax",@progbits
	.balign PAGE
	.skip MARGIN, 0xcc
	.globl pv_text_begin
pv_text_begin:
	entry_tail leave
	.rept ROUNDS
	entry probe
	entry prefixed
	entry wide
	entry helped
	entry helped_first
	entry sum
	entry same
	entry none
	entry nothing
	entry called
	entry called_too
	entry_tail leave
	entry_tail leave_far
	.endr
	entry_tail leave
	.globl pv_text_end
pv_text_end:
	.skip MARGIN, 0xcc

	.section .note.GNU-stack,"",@progbits
