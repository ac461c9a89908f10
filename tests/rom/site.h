/* SPDX-License-Identifier: MIT */
/*
 * A call through a slot that a ROM's answer may be written over, and its record: address, number of
 * the ROM's call, length.  In C the site is text, in assembly a macro.
 */
#pragma once

#ifdef __ASSEMBLER__
.macro SITE number, filler, instruction : vararg 771 :	\instruction.fill	\filler, 1,
	0x90 772 :.pushsection.sites, "a".balign 4.long 771b.byte	\number, 772b - 771b, 0,
	0.popsection.endm

			/* Changes EAX and flags. */
			.macro COUNT_SITE number mov bound +
		4 * (\number),
	% eax add % eax, counts + 4 * (\number).endm
#else
#define TEXT(x)	 #x
#define VALUE(x) TEXT(x)
#define SITE(number, slot, filler)                                                                 \
	"1: call *" slot "\n.fill " #filler ", 1, 0x90\n2:\n"                                      \
	".pushsection .sites, \"a\"\n.balign 4\n.long 1b\n"                                        \
	".byte " VALUE(number) ", 2b - 1b, 0, 0\n.popsection\n"
#endif
