/* SPDX-License-Identifier: MIT */
/* Cycles and nanoseconds, without what a compiler would call a library for. */
#ifndef SCALE_H
#define SCALE_H

#include <stdint.h>

#define NS_PER_S 1000000000ull

/*
 * value * mult >> 32, without a product of 128 bits, which not each machine has: what is above 64
 * bits is lost.  With mult = divide(2^32 * to, from) it makes units of the one from the other's.
 */
static inline uint64_t scale(uint64_t value, uint64_t mult)
{
	uint64_t low = (uint32_t)value;

	return (value >> 32) * mult + low * (mult >> 32) + (low * (uint32_t)mult >> 32);
}

/* Bit by bit: for what is done seldom. */
static inline uint64_t divide(uint64_t dividend, uint64_t divisor)
{
	uint64_t quotient = 0, rest = 0;
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		rest = rest << 1 | (dividend >> bit & 1);
		if (rest < divisor)
			continue;
		rest -= divisor;
		quotient |= 1ull << bit;
	}
	return quotient;
}

#endif
