/* SPDX-License-Identifier: MIT */
/* ELF notes that a loader of Xen's reads, for assembly. */
#ifndef NOTE_H
#define NOTE_H

/* This is assembly. */
/* clang-format off */
/* Types: xen/include/public/elfnote.h. */
#define ELFNOTE_ENTRY 1
#define ELFNOTE_HYPERCALL_PAGE 2
#define ELFNOTE_VIRT_BASE 3
#define ELFNOTE_XEN_VERSION 5
#define ELFNOTE_GUEST_OS 6
#define ELFNOTE_LOADER 8
#define ELFNOTE_PHYS32_ENTRY 18

	.macro note type:req, directive:req, value:vararg
	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\directive \value
2:	.balign	4
	.popsection
	.endm

#endif
