/* kernel_code.c: what functions of a kernel do to its ops. */
#ifndef PVGEN_KERNEL_CODE_H
#define PVGEN_KERNEL_CODE_H

#include "object.h"

/** Where the ops are, and names of code that is known. */
struct code_space {
	const struct object *object;
	uint64_t low, high;	      /* of the slots */
	const char *const *copiers;   /* functions like memcpy(); NULL-terminated */
	const char *const *returners; /* what functions jump to instead of returning */
	const char *const *entries;   /* what functions call when they begin, for tracers */
	const char *indirect;	      /* prefix of functions that jump to what a register holds */
};

struct code_store {
	uint64_t at, to, value;
	uint64_t from; /* where it was loaded, or 0 */
	bool is_known;
};

struct code_copy {
	uint64_t at, to, from, size;
};

/** A call, through a register, of what was loaded from a slot. */
struct code_call {
	uint64_t at, slot;
};

/** What a function does, in its order. */
struct code_deeds {
	VEC(struct code_store) stores;
	VEC(struct code_copy) copies;
	VEC(struct code_call) calls;
};

/** NULL, or why there is nothing to do it with. */
const char *code_fault(void);

/** False if an instruction is not known; what comes before it is there. */
bool code_read(const struct code_space *space, const struct object_symbol *f,
	       struct code_deeds *deeds);

/** Does the function at an address do nothing but return? */
bool code_is_empty(const struct code_space *space, uint64_t address);

#endif
