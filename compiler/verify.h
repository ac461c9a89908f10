/* verify*.c: a built object against the description. */
#ifndef PVGEN_VERIFY_H
#define PVGEN_VERIFY_H

#include "object.h"

struct site {
	uint64_t record, address;
	unsigned int op, length, kind;
};

/** A backend that is linked in. */
struct linked {
	const struct backend *backend;
	uint64_t ops, patches; /* addresses */
};

struct verify {
	struct run *run;
	const struct interface *interface;
	const struct machine *machine;
	const struct object *object; /* that runs */
	const struct object *parts;  /* relocatable files: the same, or what it was linked of */
	VEC(struct site) sites;	     /* by address, once sorted */
	VEC(struct linked) linked;
	uint64_t slots;		/* address of the ops that callers go through */
	const uint8_t *lengths; /* of sites, by op; NULL: not in the object */
	unsigned int n_patches, n_slots, n_functions, n_revisions, n_unfollowed;
};

/** One entry of a table that a backend has by op. */
struct cell {
	const struct linked *linked;
	const struct backend *backend;
	const struct op *op;
	const struct lowered *lowered;
	const uint8_t *patch; /* a record of the patch table */
	uint64_t target;      /* what the slot holds */
};

/* ---- verify.c: what the others share ------------------------------------------ */

/** "0x1f", "31" */
const char *hex(uint64_t value);
const char *number(uint64_t value);

/** The name that pvgen gives something of the interface: "pv_sites". */
const char *in_interface(const struct verify *v, const char *suffix);

/** Says on what there is no verdict, and that the run ends without one. */
void no_verdict(struct verify *v, const char *what, const char *why);

/** The word at an address; 0 if there is none. */
uint64_t read_word(const struct verify *v, uint64_t address);
bool is_code(const struct verify *v, uint64_t address);

/** The pc-relative word at an address, as the address that it means. */
uint64_t relative_target(const uint8_t *field, uint64_t address);

struct cell cell_of(const struct linked *l, const struct op *op);

/** Reports what is wrong with an op of a backend, at its line of the description. */
void report_entry(const struct verify *v, enum diag_id id, const struct cell *e,
		  const char *backend, const char *fault);

/* ---- verify_sites.c ------------------------------------------------------------- */

void check_sites(struct verify *v);
void report_site(const struct verify *v, enum diag_id id, const struct site *s, const char *fault);

/* ---- verify_patches.c ----------------------------------------------------------- */

void check_patches(struct verify *v);

/** Sites have room for the longest template and no more, if all of them are here. */
void check_lengths(struct verify *v);

/* ---- verify_slots.c ------------------------------------------------------------- */

/** Each backend's table, and that which holds until one is installed. */
void check_slots(struct verify *v);

/* ---- verify_patcher.c ----------------------------------------------------------- */

/** No site that is being patched is in what the patcher runs. */
void check_patcher(struct verify *v, bool is_late);

/* ---- verify_revisions.c --------------------------------------------------------- */

void check_revisions(struct verify *v);

/* ---- verify_own.c: images of pvgen's own ------------------------------------------ */

void verify_own(struct verify *v);

#endif
