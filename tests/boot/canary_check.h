/* SPDX-License-Identifier: MIT */
/* Call an op with known values in all registers; what did it change beyond its contract? */
#ifndef CANARY_CHECK_H
#define CANARY_CHECK_H

#include "pv_canaries.h"

/* Sets of values that look different in every register, each with other flags. */
#define CANARY_PATTERNS 2

/*
 * The registers that the op changed and may not, a bit each.  The op must have a
 * canary.  Its result is left in *result.
 */
uint32_t canary_call(enum pv_op op, unsigned int pattern, const unsigned long *arguments,
		     unsigned long *result);

#endif
