/* verify*.c: a built object against the description. */
#ifndef PVGEN_VERIFY_H
#define PVGEN_VERIFY_H

#include <stdio.h>

#include "object.h"

/** A place in the table that callers go through. */
struct slot {
	const char *path;    /* of the op, as people name it */
	const struct op *op; /* NULL: it is not described */
};

struct site {
	uint64_t record, address;
	unsigned int op, length, kind; /* op: number of its slot */
	unsigned int inlined;	       /* bytes that may stand there instead of the call */
};

/** What a slot may hold. */
struct target {
	unsigned int slot;
	uint64_t address;
	const struct backend *backend; /* NULL: not known whose it is */
	const char *source;	       /* table or function that puts it there */
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
	VEC(struct slot) slot_table;
	VEC(struct site) sites; /* by address, once sorted */
	VEC(struct target) targets;
	VEC(struct linked) linked;
	uint64_t slots;		/* address of the ops that callers go through */
	const uint8_t *lengths; /* of sites, by op; NULL: not in the object */
	unsigned int n_patches, n_slots, n_functions, n_revisions, n_unfollowed, n_undecoded;
};

typedef VEC(struct verify) verifications;

/** One entry of a table that a backend has by op. */
struct cell {
	const struct linked *linked;
	const struct backend *backend;
	const struct op *op;
	const struct lowered *lowered;
	uint64_t code; /* of a record of the patch table: its address, the rest */
	const uint8_t *patch;
	uint64_t target; /* what the slot holds */
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

/** Reads run->objects, a linked image and relocatable files; false after a report. */
bool read_objects(struct run *run, struct object *image, struct object *parts);

/* ---- verify_sites.c ------------------------------------------------------------- */

/** The op of a site, or NULL. */
const struct op *site_op(const struct verify *v, const struct site *s);

/** By address. */
void sort_sites(struct verify *v);

/** Of sites that are sorted: index of the first at an address or behind it, and one there or NULL.
 */
size_t first_site(const struct verify *v, uint64_t address);
struct site *site_at(const struct verify *v, uint64_t address);

void check_sites(struct verify *v);
void report_site(const struct verify *v, enum diag_id id, const struct site *s, const char *fault);

/* ---- verify_patches.c ----------------------------------------------------------- */

/** Behind the address of the code. */
enum { PATCH_FORM, PATCH_LENGTH, PATCH_FIRST, PATCH_RELOCATION, PATCH_NUMBERS };

/** Reads the op's record of the table; false if the table ends before it. */
bool take_patch(const struct verify *v, struct cell *e);

void check_patches(struct verify *v);

/** Sites have room for the longest template and no more, if all of them are here. */
void check_lengths(struct verify *v);

/* ---- verify_slots.c ------------------------------------------------------------- */

/** Each backend's table, and that which holds until one is installed. */
void check_slots(struct verify *v);

/** The place that the slot holds if no landing pad is there; else NULL. */
const char *check_landing_pad(const struct verify *v, const struct cell *e);

/* ---- verify_patcher.c ----------------------------------------------------------- */

/** No site that is being patched is in what the patcher runs. */
void check_patcher(struct verify *v, bool is_late);

/**
 * The same where the patcher is these functions (NULL-terminated), and runs while all sites still
 * work: of each op the site that is nearest to it.
 */
void check_patcher_of(struct verify *v, const char *const *functions);

/* ---- verify_revisions.c --------------------------------------------------------- */

void check_revisions(struct verify *v);

/* ---- verify_report.c: what was seen ------------------------------------------------ */

/** Name of the function that begins at an address, else the place. */
const char *name_at(const struct verify *v, uint64_t address);

/** Where the line of counts goes: not where a report goes. */
FILE *summary_stream(const struct run *run);

/** Writes the reports that were asked for. */
bool write_reports(struct run *run, const verifications *all);

/* ---- verify_own.c: images of pvgen's own ------------------------------------------ */

void verify_own(struct verify *v);

/** Fills v->linked. */
void take_backends(struct verify *v);

/* ---- verify_linux.c: Linux kernels ------------------------------------------------- */

/** Is it a Linux kernel with the sites of ops? */
bool is_linux(const struct object *o);
void verify_linux(struct verify *v);

#endif
