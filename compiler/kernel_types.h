/* kernel_types.c: what verify asks of the types that a kernel describes itself with. */
#ifndef PVGEN_KERNEL_TYPES_H
#define PVGEN_KERNEL_TYPES_H

#include "types.h"

struct record_field {
	const char *name; /* "" of an anonymous one */
	uint64_t offset, size;
	uint64_t type;
};

struct record {
	uint64_t size;
	VEC(struct record_field) fields;
};

/** The structure of a name, or that a type is, through typedefs; false if there is none. */
bool types_record(struct types *types, const char *name, struct record *r);
bool types_record_of(struct types *types, uint64_t type, struct record *r);

/** How a pointer to a function differs from the op; NULL if it does not, or points to anything. */
const char *types_pointer_fault(const struct run *run, struct types *types, uint64_t type,
				const struct op *op);

enum known { NOT_KNOWN, FITS, DIFFERS };

/** Does the function of a name fit the op?  If not, *fault says how. */
enum known types_function_fits(const struct run *run, struct types *types, const char *name,
			       const struct op *op, const char **fault);

#endif
