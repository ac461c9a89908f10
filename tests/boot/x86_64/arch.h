/* SPDX-License-Identifier: MIT */
/* What the guest has to know of its architecture; kernel.h includes it where it needs it. */
#ifndef ARCH_H
#define ARCH_H

/* ---- traps ---- */

/* What trap stubs push, from the lowest address up. */
struct trap_frame {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, di, si, dx, cx, ax;
	unsigned long vector, error;
	/* Hardware's part.  A hypervisor may use the upper half of the word with CS. */
	unsigned long ip, cs, flags, sp, ss;
};

/* Descriptors: SDM vol. 3, figure 3-8. */
#define DESC_KERNEL_CODE 0x00af9b000000ffffull
#define DESC_USER_CODE	 0x00affb000000ffffull

/* ---- segments ---- */

/* The data segment register that the kernel has no use for. */
#define FREE_SEGMENT "fs"

/* ---- page tables ---- */

#define LEVELS 4
/* Entry of the root that all address spaces share. */
#define KERNEL_ENTRY 511
/* Flags that an entry of this level may have when it points to a table. */
#define LINK_FLAGS(level) (PTE_P | PTE_W | PTE_U | PTE_A)
/* An address that another entry of the root maps, and the op that writes those. */
#define OTHER_BRANCH (USER_BASE + (1ul << 39))
#define ROOT_OP	     "mmu.set_pgd"

static inline void set_root(void *entry, uint64_t value)
{
	pv_set_pgd(entry, pv_make_pgd(value));
}

static inline uint64_t root_value(uint64_t entry)
{
	return pv_pgd_val((pgd_t){entry});
}

/* As it stands in the table. */
static inline void copy_root(void *to, const void *from)
{
	pv_set_pgd(to, *(const pgd_t *)from);
}

/* ---- registers ---- */

/* So that an op that forgets to set its result cannot return the right one by luck. */
#define POISON_RESULT() asm volatile("" : : "a"(0x5a5a5a5a5a5a5a5aul))

/* Of a register of which the upper half is 0. */
#define IS_POISON(value) ((value) >> 32)

/* Condition of breakpoint 0, in DR7: a write of a word.  SDM vol. 3, figure 18-1. */
#define DR7_WRITE_WORD 0x90000ul

/* A register that holds an address and nobody uses, and whether it does hold it. */
#define MSR_FREE 0xc0000100u /* base of FS: SDM vol. 4, table 2-2 */

static inline unsigned long free_msr_word(void)
{
	unsigned long word;

	asm volatile("mov %%fs:0, %0" : "=r"(word));
	return word;
}

/* Late template that answers 0x50000000 + its argument. */
#define LATE_TEMPLATE "lea 0x50000000(%rdi), %eax\n"

/* Switch_stack keeps so many registers on a stack. */
#define SWITCHED_WORDS 6

#endif
