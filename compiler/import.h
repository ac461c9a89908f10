/* import*.c: from a built object back to a description. */
#ifndef PVGEN_IMPORT_H
#define PVGEN_IMPORT_H

#include "types.h"

/** A member of the structure: an op, data, or a group of them. */
struct found {
	const char *name;
	uint64_t offset, size, type;
	const struct ctype *function; /* of an op; NULL: its type is not said */
	bool is_op, is_narrow;	      /* by a structure that hides its function's type */
	uint64_t bits;		      /* of a bit-field, or 0 */
	const char *remark;	      /* where the type is from, or why there is none; or NULL */
	const struct ctype *names;    /* a function with names for the parameters; or NULL */
	VEC(struct found) inner;      /* of a group */
};

struct recovery {
	const char *path, *structure;
	const struct machine *machine;
	struct object object;
	struct types *types;
	struct found root;
	unsigned int n_members;
	const char *release; /* "Linux version ..." or NULL */
};

/** Is the file a built object, by what it begins with? */
bool is_image(const char *path);

/** The description of what is in the image; false and *fault. */
bool import_image(struct run *run, const char *path, struct out *text, const char **fault);

/** `pvgen import`: the status to exit with. */
int command_import(struct run *run);

/* ---- import_votes.c ---- */

/** Looks for functions that implement ops: they tell the types that slots hide, and names. */
void import_votes(struct recovery *im);

/* ---- import_words.c: types as the language has them ---- */

struct words_of_types {
	struct types *types;
	struct map by_name; /* declarations */
	VEC(struct said_type *) said;
	unsigned int n_steps; /* on the way to the type that is asked for */
};

bool is_c_name(const char *name);

/**
 * A type of the language's, with what has to be declared for it; NULL and *fault.  @hint names what
 * has no name.
 */
const char *type_in_words(struct words_of_types *w, uint64_t id, const char *hint,
			  const char **fault);

/** "type name, type name" of a function's parameters; names may be NULL. */
const char *params_in_words(struct words_of_types *w, const struct ctype *t,
			    const struct ctype *names, const char *hint, const char **fault);

/** A structure of so many bytes about which no more can be said; its tag. */
const char *blob_in_words(struct words_of_types *w, const char *name, uint64_t size,
			  uint64_t align);

/** All declarations, in the order of their names. */
void put_said_types(struct words_of_types *w, struct out *o);

/* ---- import_text.c ---- */

/** NULL, or why there is none. */
const char *import_text(struct recovery *im, struct out *o);

#endif
