/* users.c, modules.c: who calls the ops of a kernel, from its image and its modules. */
#ifndef PVGEN_USERS_H
#define PVGEN_USERS_H

#include "call_sites.h"

/** A module that uses the table: of each slot how often. */
struct module_use {
	const char *name; /* "kvm-intel" */
	const struct slot_use *slots;
};

/** An old module that was not read, and why. */
struct unread {
	const char *path, *fault;
};

/** Who uses a table of ops; nothing is known of what was not asked for. */
struct users {
	const char *image;	 /* a kernel, or NULL */
	const char *image_fault; /* why its call sites are not known; or NULL */
	const char *directory;	 /* of its modules, or NULL */
	uint64_t word;		 /* bytes of a slot */
	unsigned int n_slots;
	struct slot_use *in_image;
	unsigned int n_modules; /* with those that do not use it */
	VEC(struct module_use) modules;
	VEC(struct unread) unread;
};

/** What uses one op. */
struct op_users {
	unsigned int slot;
	bool is_renamed; /* and nothing else */
	bool has_moved;	 /* what is compiled for it finds something else there, or nothing */
	struct slot_use in_image;
	VEC(struct op_user {
		const char *module;
		struct slot_use use;
	})
	modules; /* that use it most come first */
};

/**
 * Reads the image (that was asked for, else @image), and the modules, and puts what uses it at each
 * op of the run.  False after a report.
 */
bool find_users(struct run *run, const char *image, struct users *u);

/** Is it known of all that was asked for what it uses? */
bool users_are_known(const struct users *u);

/* ---- modules.c ---- */

/** Reads all modules below the directory; false after a report. */
bool read_modules(struct run *run, struct users *u);

#endif
