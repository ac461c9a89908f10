/* SPDX-License-Identifier: MIT */
/* How to speak where the machine's backend is not in the image. */
#include "kernel.h"
#include "native.h"
#include "xen.h"
#include "xen_pv.h"
#include "../../../backends/native/port.h"
#include "../../../backends/xen/hypercall_page.h"

/* On Xen the serial port may be Xen's own, and what is written to it lost. */
struct voice find_voice(const struct pv_boot *boot)
{
	/* A paravirtualised domain starts with the page filled. */
	if (boot->start_info || xen_fill_hypercall_page())
		return (struct voice){xen_console_write, xen_stop};
	native_serial_init();
	return (struct voice){native_serial_write, native_stop};
}
