/* SPDX-License-Identifier: MIT */
/*
 * An image that holds backends, and a machine whose own is not among them.  Of
 * the backends only single functions are used here, those that need nothing to
 * be installed.
 */
#include "kernel.h"
#include "native.h"
#include "xen_pv.h"
#include "../../backends/native/port.h"
#include "../../backends/xen/hypercall_page.h"

struct voice {
	void (*write)(const char *text, unsigned long length);
	void (*stop)(unsigned int reason);
};

/* On Xen the serial port may be Xen's own, and what is written to it lost. */
static struct voice find_voice(const struct pv_boot *boot)
{
	/* A paravirtualised domain starts with the page filled. */
	if (boot->start_info || xen_fill_hypercall_page())
		return (struct voice){xen_console_write, xen_stop};
	native_serial_init();
	return (struct voice){native_serial_write, native_stop};
}

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
