/* SPDX-License-Identifier: MIT */
/* The instructions that Xen reads, and the calls that are such an instruction. */
#include "low_page.h"
#include "memory.h"

	.text

/* Copied to LOW_PAGE_CODE, in the order of their numbers. */
	.balign	LOW_PIECE_SIZE
	.globl	low_pieces
low_pieces:
	.macro	piece number, code:vararg
	.org	low_pieces + \number * LOW_PIECE_SIZE, 0xcc
	\code
	ret
	.endm

/* On Intel's processors the last byte of its first instruction is another: init.c. */
	piece	PIECE_HYPERCALL, vmmcall
	piece	PIECE_CPUID, cpuid
	piece	PIECE_WRMSR, wrmsr
	piece	PIECE_RDMSR, rdmsr
	piece	PIECE_SET_CR0, mov %eax, %cr0
	piece	PIECE_SET_CR4, mov %eax, %cr4
	piece	PIECE_GET_CR0, mov %cr0, %eax
	piece	PIECE_GET_CR4, mov %cr4, %eax
	piece	PIECE_WBINVD, wbinvd
	piece	PIECE_RDPMC, rdpmc
	piece	PIECE_RDTSC, rdtsc
	piece	PIECE_CLTS, clts
/*
 * Not sched_op.block: behind sti, Xen sees no interrupt that could be taken yet, and would let the
 * processor sleep over one that has come.  For hlt it looks behind the instruction.
 */
	.org	low_pieces + PIECE_HALT * LOW_PIECE_SIZE, 0xcc
	sti
	hlt
	ret
	piece	PIECE_INSL, rep insl
	piece	PIECE_INSB, rep insb
	piece	PIECE_INSW, rep insw
	piece	PIECE_OUTSL, rep outsl
	piece	PIECE_OUTSB, rep outsb
	piece	PIECE_OUTSW, rep outsw
	piece	PIECE_READ_APIC, mov (%eax), %eax
	piece	PIECE_WRITE_APIC, mov %edx, (%eax)
	.org	low_pieces + PIECES * LOW_PIECE_SIZE, 0xcc

/* A call that is one of them: no register changes on the way, and no flag. */
	.macro	forward name, number
	.globl	vmi_xen_\name
vmi_xen_\name:
	push	$LOW_PAGE_CODE + \number * LOW_PIECE_SIZE
	jmp	go
	.endm

	forward	cpuid, PIECE_CPUID
	forward	wrmsr, PIECE_WRMSR
	forward	rdmsr, PIECE_RDMSR
	forward	set_cr0, PIECE_SET_CR0
	forward	set_cr4, PIECE_SET_CR4
	forward	get_cr0, PIECE_GET_CR0
	forward	get_cr4, PIECE_GET_CR4
	forward	wbinvd, PIECE_WBINVD
	forward	rdpmc, PIECE_RDPMC
	forward	rdtsc, PIECE_RDTSC
	forward	clts, PIECE_CLTS
	forward	halt, PIECE_HALT
	forward	insl, PIECE_INSL
	forward	insb, PIECE_INSB
	forward	insw, PIECE_INSW
	forward	outsl, PIECE_OUTSL
	forward	outsb, PIECE_OUTSB
	forward	outsw, PIECE_OUTSW

	.globl	rom_read_cr0, rom_read_cr4
	.set	rom_read_cr0, vmi_xen_get_cr0
	.set	rom_read_cr4, vmi_xen_get_cr4

/* The word on the stack is a physical address: make it a linear one, and go there. */
go:
	pushf
	push	%eax
	call	1f
1:	pop	%eax
	add	$rom_post - 1b, %eax
	sub	ROM_POST_PHYSICAL(%eax), %eax
	add	%eax, 8(%esp)
	pop	%eax
	popf
	ret

	.section .note.GNU-stack, "", @progbits
