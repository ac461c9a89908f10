/* verify_linux*.c: Linux kernels with hand-written ops. */
#ifndef PVGEN_VERIFY_LINUX_H
#define PVGEN_VERIFY_LINUX_H

#include "call_sites.h"
#include "kernel_code.h"
#include "kernel_types.h"
#include "verify.h"

/** How a generation of Linux says where its sites are. */
struct generation {
	const char *name;
	const char *section, *record; /* of a site, a structure of the kernel's */
	const char *place;	      /* its member: address of the site, or how far it is */
	bool is_relative;
	const char *length;
	const char *slot; /* its member; NULL: only the site's code tells */
};

/** A function or a table that puts something into slots. */
struct putter {
	const char *name;
	const struct object_symbol *function; /* NULL: a table */
	uint64_t backends;		      /* of the interface, a bit each */
	VEC(struct put_in {
		unsigned int slot;
		uint64_t address;
		bool is_known;
	})
	puts;
};

struct kernel {
	struct verify *v;
	const struct generation *generation;
	struct types *types;
	struct code_space space;
	VEC(struct putter) sources;
	VEC(struct site) strays; /* calls through slots that no record tells the patcher of */
};

/* What every generation has. */
extern const char *const linux_patchers[];
extern const char *const linux_nops[];	   /* functions whose calls the patcher removes */
extern const char *const linux_generics[]; /* that stand in slots of any signature */
extern const char linux_thunk[];	   /* prefix of what saves registers around a function */

/** Is a function of the list at the address? */
bool is_listed(const struct kernel *k, uint64_t address, const char *const *list);

/** The function behind a thunk's name, or the name. */
const char *behind_thunk(const char *name);

/* ---- verify_linux_targets.c: what slots may hold -------------------------------- */

/** Finds tables and stores of functions, and which backends they belong to. */
void find_targets(struct kernel *k);

/* ---- verify_linux_owners.c: whose a table or a function is ------------------------ */

/** The backends of the interface whose descriptions name the source, or most of what it puts. */
void find_owners(struct kernel *k);

/** Does the backend's description of the op name the function? */
bool names_function(const struct backend *b, const struct op *op, const char *function);

/* ---- verify_linux_checks.c -------------------------------------------------------- */

void check_targets(struct kernel *k);
void check_strays(struct kernel *k);

/** Bytes of the records that no member describes. */
void check_records(struct kernel *k);

#endif
