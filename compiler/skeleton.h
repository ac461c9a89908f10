/*
 * What the author of a backend writes: written.c lists it, stub.c and skeleton.c write its
 * first form.
 */
#ifndef PVGEN_SKELETON_H
#define PVGEN_SKELETON_H

#include "pvgen.h"

/* ---- written.c: the half of a backend that people write ------------------------ */

/** A function, or what a pointer of a registration points to. */
struct written {
	const char *symbol;
	const char *role;	 /* "cpu.read_msr", "init", "clocksource tsc.read" */
	const char *topic;	 /* what its file is about: a group, START or PROVIDE */
	const char *doc;	 /* or NULL */
	const char *declaration; /* as in C, without an end; NULL: written in assembly */
	const char *types;	 /* of a declaration, without names; or NULL */
	names params;		 /* names alone */
	const params *contract;	 /* the same as described, or NULL */
	const struct registration *registration; /* or NULL */
	size_t member;				 /* of the registration */
	const struct type *object;		 /* its type, or NULL: a function */
	struct loc loc;				 /* what asks for it */
	VEC(const struct op *) ops;		 /* that it implements */
};

typedef VEC(struct written) writtens;

/** Topics beside the groups, which are also names of files. */
#define TOPIC_START   "init"
#define TOPIC_PROVIDE "provide"

/** All of a backend, each symbol once: ops by slot, then what stands beside them. */
writtens written_by(const struct backend *b);

/* ---- stub.c: what the author finds in C ---------------------------------------- */

/** A way to do an op that says all: "nop", "constant 3". */
const char *plain_way(const struct impl *impl);

/** How a backend does an op, in the words of its description. */
const char *way_text(const struct run *run, const struct impl *impl);

/** A function that its author has not written yet, with all that is known of it. */
void put_stub(const struct run *run, const struct backend *b, const struct written *w,
	      struct out *o);

/** Its body alone, with these names of its parameters. */
void put_body(const struct backend *b, const struct written *w, const names *params, struct out *o);

/** What stands above the functions of the file for @w and its like. */
void put_head(const struct backend *b, const struct written *w, struct out *o);

/* ---- skeleton.c: `pvgen backend new` --------------------------------------------- */

/**
 * Pass: describes a new backend and makes @run a run of its own again, with that description
 * among its inputs.
 */
bool draft_backend(struct run *run, const char *name);

/** Pass: the draft and its backend's C as outputs that must not exist yet. */
bool skeleton(struct run *run, const char *name);

#endif
