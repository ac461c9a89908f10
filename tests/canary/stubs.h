/* SPDX-License-Identifier: MIT */
/* More values than there are registers, alive across a call whose clobbers must be right. */
#ifndef STUBS_H
#define STUBS_H

#include <stdbool.h>
#include "pv_ops.h"

extern bool (*const stubs[PV_NR_OPS])(void);

/* The compiler cannot know the value, so it must keep it. */
static inline unsigned long opaque(unsigned long value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

#define LIVE_VALUES()                                                                              \
	unsigned long v0 = opaque(100), v1 = opaque(101), v2 = opaque(102), v3 = opaque(103),      \
		      v4 = opaque(104), v5 = opaque(105), v6 = opaque(106), v7 = opaque(107),      \
		      v8 = opaque(108), v9 = opaque(109), v10 = opaque(110), v11 = opaque(111),    \
		      v12 = opaque(112), v13 = opaque(113), v14 = opaque(114)

#define VALUES_LIVE()                                                                              \
	(v0 == 100 && v1 == 101 && v2 == 102 && v3 == 103 && v4 == 104 && v5 == 105 &&             \
	 v6 == 106 && v7 == 107 && v8 == 108 && v9 == 109 && v10 == 110 && v11 == 111 &&           \
	 v12 == 112 && v13 == 113 && v14 == 114)

#endif
