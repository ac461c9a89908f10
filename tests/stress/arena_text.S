/* SPDX-License-Identifier: MIT */
/* Room for sites that a program writes itself; see arena.c. */
#include "arena.h"

	.section pv_text,"aw",@nobits
	.balign 4096
	.globl pv_text_begin
pv_text_begin:
	.skip ARENA_SIZE
	.globl pv_text_end
pv_text_end:

	.section .note.GNU-stack,"",@progbits
