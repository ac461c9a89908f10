/* SPDX-License-Identifier: MIT */
/*
 * The way in: PVH (xen/include/public/arch-x86/hvm/start_info.h), protected mode without paging,
 * EBX points to hvm_start_info.  The first 16 MiB are mapped at the beginning and at KERNEL_BASE.
 */
#include "layout.h"

/* Where its address is in hvm_start_info; it may lie above what will be mapped. */
#define START_CMDLINE 24
#define OPTIONS_SIZE 256

/* SDM vol. 3, section 2.5. */
#define CR0_START 0x80010033		/* PG WP NE ET MP PE */
#define CR4_PAE 0x20

	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start - KERNEL_BASE
	.popsection

	.text
	.globl	start
start:
	cld
	mov	START_CMDLINE(%ebx), %esi
	mov	$options - KERNEL_BASE, %edi
	mov	$OPTIONS_SIZE - 1, %ecx
	rep movsb
	mov	$tables - KERNEL_BASE, %edi
	xor	%esi, %esi
1:	mov	%esi, %eax
	shl	$12, %eax
	or	$3, %eax		/* present, writable */
	mov	%eax, (%edi)
	add	$ENTRY_SIZE, %edi
	inc	%esi
	cmp	$FRAMES, %esi
	jb	1b

	mov	$tables - KERNEL_BASE + 3, %eax
	mov	$directory - KERNEL_BASE, %edi
	mov	$FRAMES / TABLE_ENTRIES, %ecx
3:	mov	%eax, (%edi)
	mov	%eax, (KERNEL_BASE >> TABLE_SHIFT) * ENTRY_SIZE(%edi)
	add	$4096, %eax
	add	$ENTRY_SIZE, %edi
	loop	3b

#ifdef PAE
	mov	$directory - KERNEL_BASE + 1, %eax
	mov	$root - KERNEL_BASE, %edi
	mov	$4, %ecx
4:	mov	%eax, (%edi)
	add	$4096, %eax
	add	$8, %edi
	loop	4b
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
#endif
	mov	$root - KERNEL_BASE, %eax
	mov	%eax, %cr3
	mov	$CR0_START, %eax
	mov	%eax, %cr0
	mov	$5f, %eax
	jmp	*%eax
5:	lgdt	gdt_pointer
	ljmp	$KERNEL_CS, $6f
6:	mov	$KERNEL_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$stack_top, %esp
	xor	%ebp, %ebp
	push	$2
	popf
	call	kernel_main
7:	cli
	hlt
	jmp	7b

	.bss
	.globl	options
options:
	.skip	OPTIONS_SIZE
	.balign	4096
tables:
	.skip	FRAMES * ENTRY_SIZE
	.globl	directory, root
directory:
	.skip	1024 * 4
#ifdef PAE
	.skip	2048 * 8 - 1024 * 4
	.balign	32
root:	.skip	32
	.balign	4096
#else
	.set	root, directory
#endif
	.skip	16384
	.globl	stack_top
stack_top:
	.section .note.GNU-stack, "", @progbits
