/* SPDX-License-Identifier: MIT */
/* Debug registers: their numbers are part of the instruction. */
#include "native.h"

#define ACCESSORS(number)                                                                          \
	static unsigned long get_##number(void)                                                    \
	{                                                                                          \
		unsigned long value;                                                               \
                                                                                                   \
		asm volatile("mov %%db" #number ", %0" : "=r"(value));                             \
		return value;                                                                      \
	}                                                                                          \
	static void set_##number(unsigned long value)                                              \
	{                                                                                          \
		asm volatile("mov %0, %%db" #number : : "r"(value) : "memory");                    \
	}

ACCESSORS(0)
ACCESSORS(1)
ACCESSORS(2)
ACCESSORS(3)
ACCESSORS(6)
ACCESSORS(7)

static const struct {
	unsigned long (*get)(void);
	void (*set)(unsigned long value);
} registers[] = {
	[0] = {get_0, set_0}, [1] = {get_1, set_1}, [2] = {get_2, set_2},
	[3] = {get_3, set_3}, [6] = {get_6, set_6}, [7] = {get_7, set_7},
};

static bool exists(unsigned int regno)
{
	return regno < sizeof(registers) / sizeof(registers[0]) && registers[regno].get;
}

PV_IMPLEMENTS(get_debugreg, 1);
unsigned long native_get_debugreg(int regno)
{
	return exists(regno) ? registers[regno].get() : 0;
}

PV_IMPLEMENTS(set_debugreg, 1);
void native_set_debugreg(int regno, unsigned long value)
{
	if (exists(regno))
		registers[regno].set(value);
}
