/* SPDX-License-Identifier: MIT */
/*
 * The way in: PVH (xen/include/public/arch-x86/hvm/start_info.h), which QEMU uses for its
 * bare machine too: protected mode without paging, EBX points to hvm_start_info.  It ends
 * in kernel_main().  Other CPUs end in ap_main().
 */
#include "layout.h"

/* Type of ELF note: xen/include/public/elfnote.h. */
#define ELFNOTE_PHYS32_ENTRY 18

/* SDM vol. 3, sections 2.5 and 2.2.1. */
#define CR0_START 0x80010033		/* PG WP NE ET MP PE */
#define CR0_PE 0x1
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_NXE 0x800

/* Present, writable, 2 MiB; a level 3 entry knows the first alone. */
#define PRESENT 0x1
#define LARGE 0x83

	.pushsection .note.Xen, "a", @note
	.balign	4
	.long	4, 4, ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	pvh_entry - KERNEL_BASE
	.popsection

/* From protected mode to paging, with the boot page tables, and to the high addresses. */
	.macro enable_paging
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$boot_level3 - KERNEL_BASE, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_NXE, %eax
	wrmsr
	mov	$CR0_START, %eax
	mov	%eax, %cr0
	lgdt	boot_gdt_pointer - KERNEL_BASE
	ljmp	$SELECTOR(GDT_KERNEL_CODE, 0), $1f
/* As Linux has it: what user mode may load too needs no change on the way in and out. */
1:	mov	$SELECTOR(GDT_USER_DATA, 3), %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	$SELECTOR(GDT_KERNEL_DATA, 0), %eax
	mov	%eax, %ss
	mov	%eax, %fs
	xor	%eax, %eax
	mov	%eax, %gs
	.endm

	.text
	.globl	pvh_entry
pvh_entry:
	cld
	enable_paging
	mov	%ebx, %eax
	xor	%edx, %edx
	mov	$boot_stack + STACK_SIZE, %esp
	call	kernel_main
	ud2

/* Another CPU, from the page below. */
ap_protected:
	mov	$SELECTOR(GDT_KERNEL_DATA, 0), %eax
	mov	%eax, %ds
	enable_paging
/* Only now, since the kernel's tables do not map the low addresses. */
	mov	ap_cr3, %eax
	mov	%eax, %cr3
	mov	ap_stack, %esp
	jmp	*ap_entry

/* Copied to REAL_MODE_PAGE, where another CPU starts with CS = address / 16, IP = 0. */
	.code16
	.globl	real_mode_begin, real_mode_end
real_mode_begin:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	real_mode_gdt - real_mode_begin
	mov	%cr0, %eax
	or	$CR0_PE, %eax
	mov	%eax, %cr0
	ljmpl	$SELECTOR(GDT_KERNEL_CODE, 0), $ap_protected - KERNEL_BASE
real_mode_gdt:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt - KERNEL_BASE
real_mode_end:

/* First instructions of another CPU; its number is on the stack. */
	.code32
	.globl	ap_begin
ap_begin:
	cld
	pop	%eax
	call	ap_main
	ud2

	.data
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* GDT_KERNEL_CODE */
	.quad	0x00cf93000000ffff	/* GDT_KERNEL_DATA */
	.quad	0x00cffb000000ffff	/* GDT_USER_CODE */
	.quad	0x00cff3000000ffff	/* GDT_USER_DATA */
boot_gdt_end:
boot_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt - KERNEL_BASE

/* The first gigabyte, at its own address and at KERNEL_BASE. */
	.balign	32
boot_level3:
	.long	boot_level2 - KERNEL_BASE + PRESENT, 0
	.quad	0
	.quad	0
	.long	boot_level2 - KERNEL_BASE + PRESENT, 0
	.balign	4096
boot_level2:
	.set	page, 0
	.rept	512
	.quad	page * 0x200000 + LARGE
	.set	page, page + 1
	.endr

	.bss
	.balign	16
/* What pv_host_real_mode() was told. */
	.globl	ap_cr3, ap_stack, ap_entry
ap_cr3:
	.long	0
ap_stack:
	.long	0
ap_entry:
	.long	0
	.balign	16
boot_stack:
	.skip	STACK_SIZE

	.section .note.GNU-stack, "", @progbits
