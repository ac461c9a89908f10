/*
 * thunk.c: how an op is done by a call whose code a ROM has.  The code may be what the op's slot
 * holds, if both find the same values in the same places; else a thunk stands between the two.
 */
#ifndef PVGEN_THUNK_H
#define PVGEN_THUNK_H

#include "pvgen.h"

/** Where a word of the call's comes from when the op's implementation is entered. */
struct origin {
	enum { ORIGIN_REGISTER, ORIGIN_STACK, ORIGIN_NUMBER } kind;
	const char *reg;
	unsigned int slot; /* of the op's arguments on the stack */
	int32_t number;
};

struct move {
	const char *to; /* register */
	struct origin from;
};

struct thunk {
	VEC(struct move) moves;
	VEC(struct origin) stack; /* by the call's slots */
	uint32_t keeps;		  /* registers that the call changes and the op does not */
	VEC(const char *) ending; /* instructions that make the op's result of the call's */
	bool is_fill;		  /* the call's code does the op as it is */
};

/** Why there is none, or NULL. */
const char *thunk_gap(const struct run *run, const struct op *op, const struct impl *impl);

struct thunk thunk_of(const struct run *run, const struct op *op, const struct impl *impl);

/** What the linker calls it. */
const char *thunk_symbol(const struct backend *b, const struct op *op);

/** Its text. */
void emit_thunk(const struct run *run, const struct backend *b, const struct op *op, struct out *o);

/** What a call changes: a bit for each of arch->registers. */
uint32_t call_changes(const struct arch *arch, const struct call *call);

/** The instruction that makes it, through the table of what a ROM has answered. */
const char *target_call(const struct arch *arch, const struct call *call);

#endif
