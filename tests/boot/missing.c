/* SPDX-License-Identifier: MIT */
/*
 * A machine whose backend is not in the image.  Of the backends only single
 * functions are used here, those that need nothing to be installed.
 */
#include "kernel.h"

static void say(const struct voice *voice, const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	voice->write(text, end - text);
}

void report_missing(const struct pv_boot *boot, const struct pv_known *missing,
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
