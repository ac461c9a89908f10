/* SPDX-License-Identifier: MIT */
/*
 * The two ways in.  PVH (xen/include/public/arch-x86/hvm/start_info.h), which QEMU
 * uses for its bare machine too: 32-bit protected mode without paging, EBX points
 * to hvm_start_info.  Xen PV: 64-bit, paging on, RSI points to start_info.  Both
 * end in kernel_main().  Other CPUs end in ap_main().
 */
#include "layout.h"
#include "note.h"


/* SDM vol. 3, sections 2.5 and 2.2.1. */
#define CR0_START 0x80010033		/* PG WP NE ET MP PE */
#define CR0_PE 0x1
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

/* On the way from real mode to 64-bit mode. */
#define BOOT_GDT_CODE32 3

/* Present, writable; with PS for 2 MiB pages. */
#define TABLE 0x3
#define LARGE 0x83

	note	ELFNOTE_PHYS32_ENTRY, .long, pvh_entry - KERNEL_BASE
	note	ELFNOTE_ENTRY, .quad, xen_entry
	note	ELFNOTE_VIRT_BASE, .quad, KERNEL_BASE
	note	ELFNOTE_XEN_VERSION, .asciz, "xen-3.0"
	note	ELFNOTE_GUEST_OS, .asciz, "pvgen-boot"
	note	ELFNOTE_LOADER, .asciz, "generic"

/* From protected mode to 64-bit code behind this, with the boot page tables. */
	.macro enter_long_mode
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$boot_level4 - KERNEL_BASE, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME_NXE, %eax
	wrmsr
	mov	$CR0_START, %eax
	mov	%eax, %cr0
	lgdt	boot_gdt_pointer - KERNEL_BASE
	ljmp	$SELECTOR(GDT_KERNEL_CODE, 0), $1f - KERNEL_BASE
	.code64
1:	mov	$SELECTOR(GDT_KERNEL_DATA, 0), %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	.endm

	.text
	.code32
	.globl	pvh_entry
pvh_entry:
	cld
	enter_long_mode
	mov	%ebx, %edi
	xor	%esi, %esi
	mov	$boot_stack + STACK_SIZE, %rsp
	mov	$kernel_main, %rax
	call	*%rax			/* from the low addresses to the high ones */
	ud2

/* Another CPU, from the page below. */
	.code32
ap_protected:
	mov	$SELECTOR(GDT_KERNEL_DATA, 0), %eax
	mov	%eax, %ds
	enter_long_mode
	mov	$1f, %rax
	jmp	*%rax
/* Only now, since the kernel's tables do not map the low addresses. */
1:	mov	ap_cr3, %rax
	mov	%rax, %cr3
	mov	ap_stack, %rsp
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
	ljmpl	$SELECTOR(BOOT_GDT_CODE32, 0), $ap_protected - KERNEL_BASE
real_mode_gdt:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt - KERNEL_BASE
real_mode_end:

/* First instructions of another CPU, whichever way it came; its number is on the stack. */
	.code64
	.globl	ap_begin
ap_begin:
	cld
	pop	%rdi
	call	ap_main
	ud2

	.globl	xen_entry
xen_entry:
	cld
	xor	%edi, %edi
	mov	$boot_stack + STACK_SIZE, %rsp
	call	kernel_main
	ud2

	.data
	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* GDT_KERNEL_CODE: 64-bit code, ring 0 */
	.quad	0x00cf93000000ffff	/* GDT_KERNEL_DATA */
	.quad	0x00cf9b000000ffff	/* BOOT_GDT_CODE32 */
boot_gdt_end:
boot_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt - KERNEL_BASE

/* The first gigabyte, at its own address and at KERNEL_BASE. */
	.balign	4096
boot_level4:
	.quad	boot_level3 - KERNEL_BASE + TABLE
	.skip	8 * 510
	.quad	boot_level3 - KERNEL_BASE + TABLE
boot_level3:
	.quad	boot_level2 - KERNEL_BASE + TABLE
	.skip	8 * 509
	.quad	boot_level2 - KERNEL_BASE + TABLE
	.quad	0
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
	.quad	0
ap_stack:
	.quad	0
ap_entry:
	.quad	0
	.balign	16
boot_stack:
	.skip	STACK_SIZE

	.section .note.GNU-stack, "", @progbits
