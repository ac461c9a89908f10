/* kernel_types.c: the types that a kernel describes itself with (BTF). */
#ifndef PVGEN_KERNEL_TYPES_H
#define PVGEN_KERNEL_TYPES_H

#include "object.h"

struct btf;

struct record_field {
	const char *name; /* "" of an anonymous one */
	uint64_t offset, size;
	uint32_t type;
};

struct record {
	uint64_t size;
	VEC(struct record_field) fields;
};

/** NULL and a reason if there are none, or nothing to read them with. */
const struct btf *types_read(const struct object *o, const char **fault);

/** The structure of a name, or that a type is, through typedefs; false if there is none. */
bool types_record(const struct btf *types, const char *name, struct record *r);
bool types_record_of(const struct btf *types, uint32_t type, struct record *r);

/** Is the type a pointer to anything? */
bool types_is_untyped_pointer(const struct btf *types, uint32_t type);

/** How a pointer to a function differs from the op; NULL if it does not, or points to anything. */
const char *types_pointer_fault(const struct run *run, const struct btf *types, uint32_t type,
				const struct op *op);

enum known { NOT_KNOWN, FITS, DIFFERS };

/** Does the function of a name fit the op?  If not, *fault says how. */
enum known types_function_fits(const struct run *run, const struct btf *types, const char *name,
			       const struct op *op, const char **fault);

#endif
