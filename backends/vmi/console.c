/* SPDX-License-Identifier: MIT */
/* Devices behind the ROM's calls of ports, which may be all that there is of them; the end. */
#include "vmi_internal.h"
#include "../native/port.h"

/* What Reboot takes. */
#define REBOOT_HARD 1

static void write_port(uint16_t port, uint8_t value)
{
	if (HAS(OUTB))
		vmi_OUTB(value, port);
	else
		native_ports.write(port, value);
}

static uint8_t read_port(uint16_t port)
{
	return HAS(INB) ? vmi_INB(port) : native_ports.read(port);
}

const struct ports vmi_ports = {write_port, read_port};

void vmi_guest_console_write(const char *text, unsigned long length)
{
	native_uart_write(&vmi_ports, text, length);
}

/* What the ROM has no call for ends as on bare hardware, which can only be reset. */
void vmi_guest_stop(unsigned int reason)
{
	if (reason == PV_SHUTDOWN_POWEROFF && HAS(Shutdown))
		vmi_Shutdown();
	if (reason != PV_SHUTDOWN_POWEROFF && HAS(Reboot))
		vmi_Reboot(REBOOT_HARD);
	native_stop(reason);
}
