/* SPDX-License-Identifier: MIT */
/*
 * The page at physical address 0, which is the BIOS's and no kernel uses.  It is RAM, and nothing
 * else in the first megabyte is that the kernel leaves to others: a ROM, and what the BIOS gave it,
 * lie where Xen shows a domain the machine's own memory.  There Xen neither puts a page, nor copies
 * from or to, nor reads the instructions that it does for the domain.  So here are
 *
 *	0	Xen's shared page; what its entries for CPUs that the domain has not got hide of the
 *		BIOS's data is there again
 *	0xc00	the instructions that Xen reads, pieces of 16 bytes
 */
#ifndef LOW_PAGE_H
#define LOW_PAGE_H

#define LOW_PAGE_CODE  0xc00
#define LOW_PIECE_SIZE 16

/* Which is which: pieces.S. */
#define PIECE_HYPERCALL	 0
#define PIECE_CPUID	 1
#define PIECE_WRMSR	 2
#define PIECE_RDMSR	 3
#define PIECE_SET_CR0	 4
#define PIECE_SET_CR4	 5
#define PIECE_GET_CR0	 6
#define PIECE_GET_CR4	 7
#define PIECE_WBINVD	 8
#define PIECE_RDPMC	 9
#define PIECE_RDTSC	 10
#define PIECE_CLTS	 11
#define PIECE_HALT	 12
#define PIECE_INSL	 13
#define PIECE_INSB	 14
#define PIECE_INSW	 15
#define PIECE_OUTSL	 16
#define PIECE_OUTSB	 17
#define PIECE_OUTSW	 18
#define PIECE_READ_APIC	 19
#define PIECE_WRITE_APIC 20
#define PIECES		 21

#endif
