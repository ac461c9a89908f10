/* SPDX-License-Identifier: MIT */
/*
 * What the BIOS calls while it initialises ROMs (POST), far and in real mode, when the ROM's memory
 * can still be written: get memory that stays ours, measure the time-stamp counter, and write both
 * down in the ROM, with the address of where they are.  Later the ROM is read-only.
 *
 * The BIOS gives memory by its POST Memory Manager (specification of that name, 1.01: entry in a
 * structure $PMM, C calling convention, 16-bit; function 0 allocates).
 */
#include "memory.h"

#define PMM_FIRST_SEGMENT 0xe000
#define PMM_LENGTH 5			/* members of $PMM */
#define PMM_ENTRY 7
#define PMM_ALLOCATE 0
#define PMM_CONVENTIONAL 0x1
#define PMM_PERMANENT 0x8		/* not in the specification; SeaBIOS knows it */
#define PMM_ANONYMOUS 0xffffffff
/* What is below, a kernel takes for its own: a BIOS that does not know the flag may give such. */
#define LEAST_ADDRESS 0xc0000

/* Intel 8254: channel 2 can be started by software and watched through port 61. */
#define PIT_HZ 1193182
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_ONESHOT 0xb0
#define SYSTEM_CONTROL 0x61
#define SYSTEM_CONTROL_GATE 0x01
#define SYSTEM_CONTROL_SPEAKER 0x02
#define SYSTEM_CONTROL_OUT 0x20
#define COUNT (PIT_HZ / 100)
/* Each look takes about a microsecond; a machine without a PIT must not hang here. */
#define LOOKS 10000000

/* Flag that can be changed where there is CPUID, and what its leaf 1 says in EDX: SDM vol. 2. */
#define FLAGS_ID 0x200000
#define FEATURES 1
#define FEATURE_TSC 0x10

/* A word of rom_post, from where SI points to; DS is the ROM's segment. */
#define POST(member) (rom_post - here + (member))(%si)

	.text
	.code16
	.globl	vmi_rom_post
vmi_rom_post:
	pushfl
	pushal
	push	%ds
	push	%es
	cli
	cld
	call	here
here:	pop	%si
	mov	%cs, %ax
	mov	%ax, %ds
	movzwl	%ax, %eax
	shl	$4, %eax
	movzwl	%si, %ebx
	lea	rom_post - here(%eax, %ebx), %eax
	mov	%eax, POST(ROM_POST_PHYSICAL)
	call	allocate
	mov	%eax, POST(ROM_POST_MEMORY)
	in	$SYSTEM_CONTROL, %al
	push	%ax
	call	measure
	mov	%eax, POST(ROM_POST_TSC_HZ)
	mov	%edx, POST(ROM_POST_TSC_HZ + 4)
	pop	%ax
	out	%al, $SYSTEM_CONTROL
	call	mend
	pop	%es
	pop	%ds
	popal
/* The devices that this is for (Plug and Play BIOS Specification 1.0A, initialisation): none. */
	xor	%ax, %ax
	popfl
	lretw

/* EAX: physical address of ROM_MEMORY_SIZE bytes that stay ours, or 0. */
allocate:
	call	find_pmm
	jc	1f
	pushw	$PMM_CONVENTIONAL | PMM_PERMANENT
	pushl	$PMM_ANONYMOUS
	pushl	$ROM_MEMORY_SIZE / 16
	pushw	$PMM_ALLOCATE
	lcallw	*%es:PMM_ENTRY
	add	$12, %sp
	shl	$16, %edx
	movzwl	%ax, %eax
	or	%edx, %eax
	cmp	$LEAST_ADDRESS, %eax
	jb	1f
	ret
1:	xor	%eax, %eax
	ret

/* ES:0 is the structure; carry if there is none.  The sum of its bytes is 0. */
find_pmm:
	mov	$PMM_FIRST_SEGMENT, %ax
1:	mov	%ax, %es
	cmpl	$0x4d4d5024, %es:0		/* $PMM */
	je	3f
2:	inc	%ax
	jnz	1b
	stc
	ret
3:	movzbw	%es:PMM_LENGTH, %cx
	xor	%bx, %bx
	xor	%dl, %dl
4:	add	%es:(%bx), %dl
	inc	%bx
	loop	4b
	test	%dl, %dl
	jnz	2b
	ret

/* EDX:EAX: cycles a second, or 0.  Time that is up at once is no PIT: such ports read as ones. */
measure:
	call	find_tsc
	jz	2f
	in	$SYSTEM_CONTROL, %al
	and	$~SYSTEM_CONTROL_SPEAKER, %al
	or	$SYSTEM_CONTROL_GATE, %al
	out	%al, $SYSTEM_CONTROL
	mov	$PIT_CHANNEL2_ONESHOT, %al
	out	%al, $PIT_COMMAND
	mov	$COUNT & 0xff, %al
	out	%al, $PIT_CHANNEL2
	mov	$COUNT >> 8, %al
	out	%al, $PIT_CHANNEL2
	rdtsc
	mov	%eax, %ebx
	in	$SYSTEM_CONTROL, %al
	test	$SYSTEM_CONTROL_OUT, %al
	jnz	2f
	mov	$LOOKS, %ecx
1:	in	$SYSTEM_CONTROL, %al
	test	$SYSTEM_CONTROL_OUT, %al
	jnz	3f
	dec	%ecx
	jnz	1b
2:	xor	%eax, %eax
	xor	%edx, %edx
	ret
3:	rdtsc
	sub	%ebx, %eax
/* times PIT_HZ / COUNT, in two divisions, as the quotient may have more than 32 bits. */
	mov	$PIT_HZ, %ecx
	mul	%ecx
	mov	%eax, %ebx
	mov	%edx, %eax
	xor	%edx, %edx
	mov	$COUNT, %ecx
	div	%ecx
	xchg	%eax, %ebx
	div	%ecx
	mov	%ebx, %edx
	ret

/* ZF: there is no time-stamp counter. */
find_tsc:
	pushfl
	pop	%eax
	mov	%eax, %ecx
	xor	$FLAGS_ID, %eax
	push	%eax
	popfl
	pushfl
	pop	%eax
	xor	%ecx, %eax
	test	$FLAGS_ID, %eax
	jz	1f
	mov	$FEATURES, %eax
	cpuid
	test	$FEATURE_TSC, %edx
1:	ret

/* The sum of all bytes is 0 again. */
mend:
	movzbl	ROM_LENGTH, %ecx
	shl	$9, %ecx
	xor	%ebx, %ebx
	xor	%al, %al
1:	add	(%ebx), %al
	inc	%ebx
	dec	%ecx
	jnz	1b
	sub	%al, POST(ROM_POST_MEND)
	ret

/* struct rom_post. */
	.balign	8
	.globl	rom_post
rom_post:
	.fill	ROM_POST_SIZE
