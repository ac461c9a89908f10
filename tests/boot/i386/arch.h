/* SPDX-License-Identifier: MIT */
/* What the guest has to know of its architecture; kernel.h includes it where it needs it. */
#ifndef ARCH_H
#define ARCH_H

/* ---- traps ---- */

/* What trap stubs push, from the lowest address up. */
struct trap_frame {
	unsigned long di, si, bp, unused, bx, dx, cx, ax;
	unsigned long fs, es, ds;
	unsigned long vector, error;
	/* Hardware's part; the last two only if user mode was interrupted. */
	unsigned long ip, cs, flags, sp, ss;
};

/* Descriptors: SDM vol. 3, figure 3-8. */
#define DESC_KERNEL_CODE 0x00cf9b000000ffffull
#define DESC_USER_CODE	 0x00cffb000000ffffull

/* ---- segments ---- */

/* The data segment register that the kernel has no use for. */
#define FREE_SEGMENT "gs"

/* ---- page tables: SDM vol. 3, section 4.4 (PAE) ---- */

#define LEVELS 3
/* Entry of the root that all address spaces share. */
#define KERNEL_ENTRY 3
/* Flags that an entry of this level may have when it points to a table. */
#define LINK_FLAGS(level) ((level) == LEVELS ? PTE_P : PTE_P | PTE_W | PTE_U | PTE_A)
/* An address that another entry of the root maps, and the op that writes those. */
#define OTHER_BRANCH (USER_BASE + (1ul << 30))
#define ROOT_OP	     "mmu.set_pud"

static inline void set_root(void *entry, uint64_t value)
{
	pv_set_pud(entry, pv_make_pud(value));
}

static inline uint64_t root_value(uint64_t entry)
{
	return pv_pud_val((pud_t){entry});
}

/* As it stands in the table. */
static inline void copy_root(void *to, const void *from)
{
	pv_set_pud(to, *(const pud_t *)from);
}

/* ---- registers ---- */

/* So that an op that forgets to set its result cannot return the right one by luck. */
#define POISON_RESULT() asm volatile("" : : "a"(0x5a5a5a5aul), "d"(0x5a5a5a5aul))

/* Of a register of which the processor defines less than all. */
#define IS_POISON(value) ((value) == 0x5a5a5a5aul)

/* Condition of breakpoint 0, in DR7: a write of a word.  SDM vol. 3, figure 18-1. */
#define DR7_WRITE_WORD 0xd0000ul

/* A register that holds an address and nobody uses, and whether it does hold it. */
#define MSR_FREE 0x176u /* where SYSENTER would lead: SDM vol. 4, table 2-2 */

static inline unsigned long free_msr_word(void)
{
	unsigned long address, high;

	asm volatile("rdmsr" : "=a"(address), "=d"(high) : "c"(MSR_FREE));
	return address ? *(const unsigned long *)address : 0;
}

/* Late template that answers 0x50000000 + its argument, in the lower word. */
#define LATE_TEMPLATE "lea 0x50000000(%eax), %eax\n"

/* Switch_stack keeps so many registers on a stack. */
#define SWITCHED_WORDS 4

#endif
