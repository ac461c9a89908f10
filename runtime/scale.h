/* SPDX-License-Identifier: MIT */
/* Arithmetic of clocks, without a compiler's library and without products of 128 bits. */
#ifndef SCALE_H
#define SCALE_H

#include <stdint.h>

/* value * mult >> 32; what is above 64 bits is lost. */
static inline uint64_t scale(uint64_t value, uint64_t mult)
{
	uint64_t low = (uint32_t)value;

	return (value >> 32) * mult + low * (mult >> 32) + (low * (uint32_t)mult >> 32);
}

/* By hand, since a compiler may call a library for it; not for where time matters. */
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
