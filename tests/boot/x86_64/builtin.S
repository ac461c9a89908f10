/* SPDX-License-Identifier: MIT */
/* The blob of bare hardware, as data. */
	.section .rodata
	.balign	8
	.globl	builtin_blob, builtin_blob_end
builtin_blob:
	.incbin	"native.blob"
builtin_blob_end:

	.section .note.GNU-stack, "", @progbits
