/* SPDX-License-Identifier: MIT */
/* The backends' functions: results that no other op has. */
#include "other.h"

unsigned long stress_helper(unsigned long value);
PV_NARROW unsigned long stress_called_too(unsigned long value);

PV_IMPLEMENTS(probe, 1);
unsigned long stress_probe(void)
{
	return 0x33333333;
}

PV_IMPLEMENTS(prefixed, 1);
unsigned long stress_prefixed(unsigned long value)
{
	return value + 1;
}

/* What two templates call. */
unsigned long stress_helper(unsigned long value)
{
	return value * 3 + 2;
}

PV_IMPLEMENTS(called, 1);
PV_NARROW unsigned long stress_called(unsigned long value)
{
	return value ^ 0x0f0f;
}

PV_IMPLEMENTS(called_too, 1);
PV_NARROW unsigned long stress_called_too(unsigned long value)
{
	return value ^ 0xf0f0;
}

PV_IMPLEMENTS(nothing, 1);
void stress_nothing(void)
{
}

PV_IMPLEMENTS(leave, 1);
void stress_leave(void)
{
}
