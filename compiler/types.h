/*
 * types.c, btf.c, dwarf.c: the C types that a built object describes itself with.  A type is a
 * number that its reader gave it; 0 is void.
 */
#ifndef PVGEN_TYPES_H
#define PVGEN_TYPES_H

#include "object.h"

enum ctype_kind {
	CTYPE_BROKEN, /* not there, or nothing that is known */
	CTYPE_VOID,
	CTYPE_NUMBER,
	CTYPE_FLOAT,
	CTYPE_POINTER,
	CTYPE_CONST,
	CTYPE_QUALIFIED, /* volatile, restrict, a tag */
	CTYPE_TYPEDEF,
	CTYPE_STRUCT,
	CTYPE_UNION,
	CTYPE_OPAQUE, /* a structure without members; a union if is_union */
	CTYPE_ENUM,
	CTYPE_ARRAY,
	CTYPE_FUNCTION,
};

/** Of a structure, or a parameter of a function. */
struct cmember {
	const char *name; /* "" of an anonymous one */
	uint64_t type;
	uint64_t bit;	/* where it begins */
	uint64_t width; /* bits of a bit-field, or 0 */
};

struct ctype {
	enum ctype_kind kind;
	const char *name; /* "" of an anonymous one */
	uint64_t size;	  /* bytes; of an array its elements */
	uint64_t target;  /* what it points to, stands for, has elements of, returns */
	bool is_signed, is_bool, is_union, is_variadic;
	VEC(struct cmember) members;
};

/** A reader of types, by what it does. */
struct types {
	const char *source;	  /* "BTF" or "DWARF" */
	const char *summary;	  /* what was read, for people */
	const char *remark;	  /* what of it was not; or NULL */
	bool is_merged;		  /* a type is written once, not for each file */
	bool leaves_out_assembly; /* a function that takes and gives nothing is one */
	const struct ctype *(*at)(struct types *types, uint64_t id);
	/* Number of the nth structure of a name that has members, from 0 on; 0 if there is none. */
	uint64_t (*find)(struct types *types, const char *name, unsigned int nth);
	/* Calls for each function, with its type. */
	void (*each_function)(struct types *types,
			      void (*see)(void *context, const char *name, uint64_t type),
			      void *context);
};

/** NULL and a reason if there are none, or nothing to read them with. */
struct types *btf_read(const struct object *o, const char **fault);
struct types *dwarf_read(const struct object *o, const char **fault);

/** A broken type and void, which look the same whoever reads them. */
extern const struct ctype ctype_broken, ctype_void;

/** What a type is without qualifiers and typedefs, or without qualifiers alone. */
const struct ctype *ctype_bare(struct types *types, uint64_t id);
const struct ctype *ctype_unqualified(struct types *types, uint64_t id);

/** In bytes; 0 if it has none. */
uint64_t ctype_size(struct types *types, uint64_t id);

bool ctype_is_record(const struct ctype *t);

/** Is it a pointer to anything? */
bool ctype_is_untyped_pointer(struct types *types, uint64_t id);

/** The type of the function that it points to; NULL if it does not. */
const struct ctype *ctype_called(struct types *types, uint64_t id);

/** Is it what assemblers write for their labels: takes nothing, gives nothing, means nothing? */
bool ctype_may_be_assembly(struct types *types, const struct ctype *function);

/** As C declares something of this type; the name may be "". */
const char *ctype_declare(struct types *types, uint64_t id, const char *name);

/** The same for types that are the same in C, whatever typedefs call them. */
const char *ctype_canonical(struct types *types, uint64_t id);

#endif
