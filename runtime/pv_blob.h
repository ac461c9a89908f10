/* SPDX-License-Identifier: MIT */
/*
 * A backend that the hypervisor's side supplies as one file, a blob: for a
 * kernel that knows the binary interface and no hypervisor (docs/binary-abi.md).
 * In place of pv_detect(), before pv_install():
 *
 *	backend = pv_blob_load(module, size, &boot, needs, &refusal);
 */
#ifndef PV_BLOB_H
#define PV_BLOB_H

#include "pv_binary.h"
#include "pv_runtime.h"

/*
 * Where the kernel has room for a blob: whole pages that can be executed, with
 * all sites and services no farther than 2 GiB away.  The kernel defines them.
 */
extern uint8_t pv_blob_window[];
extern const unsigned long pv_blob_window_size;

/* Bytes in each CPU's data that are a blob's. */
#define PV_BLOB_PERCPU 4096

/* Why a blob was not taken; nothing has changed then. */
struct pv_blob_refusal {
	const char *reason;
	/* Op or registration that it is about, or NULL; else a number. */
	const char *name;
	unsigned long number;
};

/*
 * Check a file that begins at a multiple of 8, agree with it about the
 * interface, put it into the window: the backend, or NULL and *refusal.
 * `needs` has a bit for each registration that the kernel cannot do without.
 */
const struct pv_backend *pv_blob_load(const void *file, unsigned long size,
				      const struct pv_boot *boot, uint64_t needs,
				      struct pv_blob_refusal *refusal);

/*
 * What lies in the window when a blob was taken: read only up to rodata_end, executed up to
 * text_end, written up to the end.
 */
struct pv_blob_bounds {
	const uint8_t *begin, *rodata_end, *text_end, *end;
};
extern struct pv_blob_bounds pv_blob_bounds;

#endif
