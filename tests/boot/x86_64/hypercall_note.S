/* SPDX-License-Identifier: MIT */
/* Has Xen fill the page of hypercall entries: for an image that holds Xen's backends. */
#include "note.h"

	note	ELFNOTE_HYPERCALL_PAGE, .quad, pv_hypercall_page

	.section .note.GNU-stack, "", @progbits
