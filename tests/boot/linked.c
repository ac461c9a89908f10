/* SPDX-License-Identifier: MIT */
/*
 * An image that holds backends, and a machine whose own is not among them.  Of
 * the backends only single functions are used here, those that need nothing to
 * be installed.
 */
#include "kernel.h"

static void say(const struct voice *voice, const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	voice->write(text, end - text);
}

/* Say so, whatever it takes; then, if no other backend stands in, stop the machine. */
static void report_missing(const struct pv_boot *boot, const struct pv_known *missing,
			   const struct pv_backend *instead)
{
	struct voice voice = find_voice(boot);

	say(&voice, "PV missing ");
	say(&voice, missing->name);
	say(&voice, " instead ");
	say(&voice, instead ? instead->name : "none");
	say(&voice, "\n");
	if (!instead)
		voice.stop(PV_SHUTDOWN_REBOOT);
}

const struct pv_backend *find_backend(const struct machine *machine)
{
	const struct pv_known *missing;
	const struct pv_backend *backend = pv_detect(&machine->boot, &missing);

	if (missing)
		report_missing(&machine->boot, missing, backend);
	return backend;
}

void report_found(void)
{
}

/* All that is linked in lies where the rest of the image does. */
bool backend_has_text(const void *va)
{
	(void)va;
	return false;
}

bool backend_has_rodata(const void *va)
{
	(void)va;
	return false;
}
