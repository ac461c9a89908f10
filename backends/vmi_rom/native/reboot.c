/* SPDX-License-Identifier: MIT */
/* Reset of the machine, by the keyboard controller or, without one, by a fault that has no handler.
 */
#include <stdbool.h>
#include "vmi_native.h"
#include "memory.h"
#include "port.h"

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_FULL	 0x02
#define KEYBOARD_RESET	 0xfe
#define LOOKS		 0x10000u
/* A word below the first 2 KiB; 0x1234 tells the BIOS to leave its tests out. */
#define BIOS_RESET_FLAG 0x472
#define BIOS_SOFT	0x1234

static void wait_for_keyboard(void)
{
	unsigned int looks = LOOKS;

	while ((port_read(KEYBOARD_COMMAND) & KEYBOARD_FULL) && --looks)
		;
}

void vmi_native_reboot(uint32_t how)
{
	const struct vmi_dtr none = {0};

	*(volatile uint16_t *)(rom_distance() + BIOS_RESET_FLAG) = how ? 0 : BIOS_SOFT;
	wait_for_keyboard();
	port_write(KEYBOARD_COMMAND, KEYBOARD_RESET);
	wait_for_keyboard();
	asm volatile("cli\n\tlidt %0\n\tint3" : : "m"(none));
	__builtin_unreachable();
}
