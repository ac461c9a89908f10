/* SPDX-License-Identifier: MIT */
/*
 * What the halves of a mix say to the judge.  program.py writes the halves: callers compiled
 * against one version of an interface, and those who are called against another.
 */
#ifndef JUDGE_H
#define JUDGE_H

/* The macros compare values with constants for types of which compilers know the answer. */
#pragma GCC system_header

#include <stddef.h>

enum judge_way { JUDGE_STUB, JUDGE_SLOT, JUDGE_ASM, JUDGE_CALL, JUDGE_MEMORY };

/* What a caller does, once in each of its ways. */
struct judge_use {
	const char *name;
	enum judge_way way;
	void (*run)(enum judge_way way);
};

struct judge_number {
	const char *name;
	unsigned long value;
};

/* Who looks at memory that callers and called share. */
struct judge_reader {
	const char *name;
	void (*read)(const void *memory);
};

/* Of callers, then of those who are called; each ends in a row without a name. */
extern const struct judge_use judge_uses[];
extern const struct judge_number judge_said_numbers[];
extern const struct judge_number judge_known_numbers[];
extern const struct judge_reader judge_readers[];

/* Bits that the name decides; the highest of each size is set. */
unsigned long judge_sentinel(const char *name, const char *member);
/* Room that nobody else uses, full of junk, for the nth pointer. */
void *judge_room(unsigned int nth);
void judge_check_room(const char *name, unsigned int nth, size_t size);

void judge_event(const char *kind, const char *name, const char *member, unsigned long value,
		 int is_signed, size_t size);
void judge_heard(const char *name);
void judge_share(const char *name, const void *memory);
/* What spare and retired slots hold, and what lies behind the table. */
void judge_trap(void);
void judge_stray(void);

/* Calls from assembly: junk in all registers and in upper halves of arguments; the result. */
unsigned long judge_call_from_assembly(void (*run)(void *), unsigned long may_change,
				       const unsigned long *arguments, unsigned int number);

/* Registers of a caller that entered the other side, in the order of their encodings. */
enum judge_instruction { JUDGE_VMCALL, JUDGE_VMMCALL };
extern unsigned long judge_registers[16];
extern unsigned long judge_instruction;
void judge_serve(void);
void judge_unknown_call(unsigned long number);
extern unsigned long judge_result;

#define JUDGE_JUNK 0xbad1bad2bad3bad4ul

#define IS_SIGNED(x) ((__typeof__(x))-1 < (__typeof__(x))1)
#define EVENT(kind, name, member, x)                                                               \
	judge_event(kind, name, member, (unsigned long)(x), IS_SIGNED(x), sizeof(x))
#define SENTINEL(name, member, x) ((__typeof__(x))judge_sentinel(name, member))

/* Whoever is called may rely on the value's own bits alone; those of int are always there. */
#define WITH_JUNK(x)                                                                               \
	(sizeof(x) == 8 ? (unsigned long)(x)                                                       \
			: (JUDGE_JUNK << 32 | (unsigned int)(unsigned long)(x)))
#define RESULT_WITH_JUNK(x)                                                                        \
	(sizeof(x) == 8 ? (unsigned long)(x)                                                       \
			: (JUDGE_JUNK << 8 * (sizeof(x) & 7)) |                                    \
				  ((unsigned long)(x) & ((1ul << 8 * (sizeof(x) & 7)) - 1)))

/* A call while more values are alive than there are registers. */
#define JUDGE_ALIVE(call)                                                                          \
	do {                                                                                       \
		unsigned long v0 = judge_sentinel("v", "0"), v1 = judge_sentinel("v", "1"),        \
			      v2 = judge_sentinel("v", "2"), v3 = judge_sentinel("v", "3"),        \
			      v4 = judge_sentinel("v", "4"), v5 = judge_sentinel("v", "5"),        \
			      v6 = judge_sentinel("v", "6"), v7 = judge_sentinel("v", "7"),        \
			      v8 = judge_sentinel("v", "8"), v9 = judge_sentinel("v", "9"),        \
			      v10 = judge_sentinel("v", "10"), v11 = judge_sentinel("v", "11");    \
		call;                                                                              \
		judge_check_alive((const unsigned long[]){v0, v1, v2, v3, v4, v5, v6, v7, v8, v9,  \
							  v10, v11});                              \
	} while (0)
#define JUDGE_ALIVE_VALUES 12
void judge_check_alive(const unsigned long *values);

#endif
