/* SPDX-License-Identifier: MIT */
/* Calls that are a few instructions with a branch, or that C cannot express. */
#define INTERRUPTS_ENABLED 0x200
#define CR4_PGE 0x80
/* FlushTLB's flags. */
#define FLUSH_TLB 0x1
#define FLUSH_GLOBAL 0x2
#define CYCLES_AVAILABLE 1
/* Members of a 32-bit task-state segment, SDM vol. 3, figure 8-2. */
#define TSS_ESP0 4
#define TSS_SS0 8

	.text

/* void SetGDT(table): CS is reloaded by the way back, which is a far one. */
	.globl	vmi_native_set_gdt
vmi_native_set_gdt:
	lgdt	(%eax)
	.irp	segment, ds, es, ss, fs, gs
	mov	%\segment, %edx
	mov	%edx, %\segment
	.endr
	pop	%edx
	push	%cs
	push	%edx
	lret

/*
 * void UpdateKernelStack(selector, esp0).  Of old it was the segment's address in place of the
 * selector, which has 16 bits.  With a selector it is for the segment that TR knows, if any.
 */
	.globl	vmi_native_update_kernel_stack
vmi_native_update_kernel_stack:
	cmp	$0x10000, %eax
	jae	2f
	str	%cx
	and	$0xfff8, %ecx
	jz	1f
	push	%ebx
	sub	$8, %esp
	sgdt	(%esp)
	add	2(%esp), %ecx
	add	$8, %esp
/* The base is in bytes 2, 3, 4 and 7 of the descriptor. */
	mov	4(%ecx), %ebx
	movzwl	2(%ecx), %ecx
	rol	$8, %ebx
	xchg	%bl, %bh
	shl	$16, %ebx
	or	%ecx, %ebx
	mov	%edx, TSS_ESP0(%ebx)
	mov	%ax, TSS_SS0(%ebx)
	pop	%ebx
1:	ret
2:	mov	%edx, TSS_ESP0(%eax)
	ret

/* void SetDR(number, value), u32 GetDR(number): each of the eight pieces has 4 bytes. */
	.macro	debug_registers name, from, to
	.globl	\name
\name:
	and	$7, %eax
	call	1f
1:	pop	%ecx
	lea	2f - 1b(%ecx, %eax, 4), %ecx
	jmp	*%ecx
2:	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	mov	\from, \to
	ret
	.endr
	.endm

	debug_registers vmi_native_set_dr, %edx, %dr\number
	debug_registers vmi_native_get_dr, %dr\number, %eax

/* void SetInterruptMask(mask): no register changes, and of the flags in force IF alone. */
	.globl	vmi_native_set_interrupt_mask
vmi_native_set_interrupt_mask:
	test	$INTERRUPTS_ENABLED, %eax
	jz	1f
	sti
	nop
	ret
1:	cli
	ret

	.globl	vmi_native_shutdown
vmi_native_shutdown:
	cli
	hlt
	jmp	vmi_native_shutdown

/*
 * void SetPxELong(value in EDX:EAX, entry).  One that is present is replaced in one step; of one
 * that is not, the half that says present comes last.
 */
	.globl	vmi_native_set_pxe_long
vmi_native_set_pxe_long:
	testb	$1, (%ecx)
	jnz	1f
	mov	%edx, 4(%ecx)
	mov	%eax, (%ecx)
	ret
1:	push	%ebx
	push	%edi
	mov	%ecx, %edi
	mov	%eax, %ebx
	mov	%edx, %ecx
	mov	(%edi), %eax
	mov	4(%edi), %edx
2:	lock cmpxchg8b (%edi)
	jnz	2b
	pop	%edi
	pop	%ebx
	ret

/* void FlushTLB(flags): CR4.PGE off drops what is global too, if there is any. */
	.globl	vmi_native_flush_tlb
vmi_native_flush_tlb:
	test	$FLUSH_GLOBAL, %al
	jz	1f
	mov	%cr4, %edx
	mov	%edx, %ecx
	and	$~CR4_PGE, %ecx
	cmp	%edx, %ecx
	je	2f
	mov	%ecx, %cr4
	mov	%edx, %cr4
	ret
1:	test	$FLUSH_TLB, %al
	jz	3f
2:	mov	%cr3, %eax
	mov	%eax, %cr3
3:	ret

/* u64 GetCycleCounter(counter): all time is available, none stolen. */
	.globl	vmi_native_cycle_counter
vmi_native_cycle_counter:
	cmp	$CYCLES_AVAILABLE, %eax
	ja	1f
	rdtsc
	ret
1:	xor	%eax, %eax
	xor	%edx, %edx
	ret
