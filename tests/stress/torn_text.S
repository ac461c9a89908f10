/* SPDX-License-Identifier: MIT */
/* A few pages of breakpoints: a jump that goes astray near a site ends at once. */
	.section pv_text,"ax",@progbits
	.balign 4096
	.globl pv_text_begin
pv_text_begin:
	.skip 4 * 4096, 0xcc
	.globl pv_text_end
pv_text_end:

	.section .note.GNU-stack,"",@progbits
