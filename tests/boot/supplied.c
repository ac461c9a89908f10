/* SPDX-License-Identifier: MIT */
/*
 * An image without a backend: the machine supplies one as a blob, which the
 * loader put into memory.  The kernel has the blob of bare hardware with it, for
 * a machine that supplies none, or none that can be used.
 */
#include "kernel.h"
#include "pv_blob.h"

/* Without these there would be nothing to see. */
#define NEEDS                                                                                      \
	(1ull << PV_REGISTRATION_clocksource | 1ull << PV_REGISTRATION_timer |                     \
	 1ull << PV_REGISTRATION_console | 1ull << PV_REGISTRATION_shutdown)

#define WINDOW_SIZE 0x40000ul

__attribute__((aligned(4096))) uint8_t pv_blob_window[WINDOW_SIZE];
const unsigned long pv_blob_window_size = WINDOW_SIZE;

/* x86_64/builtin.S */
extern const uint8_t builtin_blob[], builtin_blob_end[];

/* Of the blob that was supplied, and of the one that stands in. */
static struct pv_blob_refusal refusal, second;

const struct pv_backend *find_backend(const struct machine *machine)
{
	const struct pv_backend *backend = NULL;

	refusal.reason = "is not there";
	if (machine->module)
		backend = pv_blob_load(machine->module, machine->module_size, &machine->boot, NEEDS,
				       &refusal);
	if (backend) {
		refusal.reason = NULL;
		return backend;
	}
	backend = pv_blob_load(builtin_blob, builtin_blob_end - builtin_blob, &machine->boot, NEEDS,
			       &second);
	if (!backend)
		shim_give_up(machine, refusal.name, refusal.reason);
	return backend;
}

void report_found(void)
{
	if (refusal.reason)
		print("PV blob refused op=%s number=%u reason=%s\n",
		      refusal.name ? refusal.name : "none", refusal.number, refusal.reason);
}

bool backend_has_text(const void *va)
{
	const uint8_t *at = va;

	return at >= pv_blob_bounds.rodata_end && at < pv_blob_bounds.text_end;
}

bool backend_owns(const void *va)
{
	(void)va;
	return false;
}

bool backend_has_rodata(const void *va)
{
	const uint8_t *at = va;

	return at >= pv_blob_bounds.begin && at < pv_blob_bounds.rodata_end;
}
