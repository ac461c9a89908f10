/* SPDX-License-Identifier: MIT */
/*
 * A call through a slot that a ROM's answer may be written over, and its record: address, number of
 * the ROM's call, length.  In assembly it is a macro of traps.S.
 */
#pragma once

#define TEXT(x)	 #x
#define VALUE(x) TEXT(x)
#define SITE(number, slot, filler)                                                                 \
	"1: call *" slot "\n.fill " #filler ", 1, 0x90\n2:\n"                                      \
	".pushsection .sites, \"a\"\n.balign 4\n.long 1b\n"                                        \
	".byte " VALUE(number) ", 2b - 1b, 0, 0\n.popsection\n"
