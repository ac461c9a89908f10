/* SPDX-License-Identifier: MIT */
/* Calls that C cannot express. */
#define COM1 0x3f8
#define COM1_REGISTERS 8
#define FLUSH_TLB 0x1
#define FLUSH_GLOBAL 0x2
#define CR4_PGE 0x80

	.text

/* ZF: DX is one of the serial port's; flags are the caller's to keep. */
	.macro	is_com1
	push	%edx
	and	$~(COM1_REGISTERS - 1), %edx
	cmp	$COM1, %dx
	pop	%edx
	.endm

/* void OUTB(value, port): no register changes, and no flag. */
	.globl	vmi_xen_outb
vmi_xen_outb:
	pushf
	is_com1
	je	1f
	popf
	out	%al, %dx
	ret
1:	pusha
	sub	$COM1, %edx
	movzwl	%dx, %edx
	call	vmi_xen_uart_write
	popa
	popf
	ret

/* u8 INB(port) */
	.globl	vmi_xen_inb
vmi_xen_inb:
	pushf
	is_com1
	je	1f
	popf
	in	%dx, %al
	ret
1:	push	%ecx
	push	%edx
	sub	$COM1, %edx
	movzwl	%dx, %eax
	call	vmi_xen_uart_read
	pop	%edx
	pop	%ecx
	popf
	ret

/* void FlushTLB(flags): CR4.PGE off drops what is global too, if there is any. */
	.globl	vmi_xen_flush_tlb
vmi_xen_flush_tlb:
	test	$FLUSH_GLOBAL, %al
	jz	1f
	call	vmi_xen_get_cr4
	test	$CR4_PGE, %al
	jz	2f
	xor	$CR4_PGE, %al
	call	vmi_xen_set_cr4
	xor	$CR4_PGE, %al
	jmp	vmi_xen_set_cr4
1:	test	$FLUSH_TLB, %al
	jz	3f
2:	mov	%cr3, %eax
	mov	%eax, %cr3
3:	ret

	.section .note.GNU-stack, "", @progbits
