/* SPDX-License-Identifier: MIT */
/* The first serial port of a PC, and the end of the machine. */
#include "native.h"
#include "port.h"

/* Registers and bits of the 16550 UART, by its data sheet. */
#define COM1		      0x3f8
#define UART_DATA	      0
#define UART_INTERRUPT_ENABLE 1
#define UART_DIVISOR_LOW      0
#define UART_DIVISOR_HIGH     1
#define UART_FIFO_CONTROL     2
#define UART_LINE_CONTROL     3
#define UART_LINE_STATUS      5
#define LINE_CONTROL_8N1      0x03
#define LINE_CONTROL_DIVISOR  0x80
#define LINE_STATUS_EMPTY     0x20
/* A port that is not there reads as all ones or never gets empty; text is not worth a hang. */
#define SEND_TRIES 100000

const struct ports native_ports = {port_write, port_read};

void native_uart_init(const struct ports *ports)
{
	ports->write(COM1 + UART_INTERRUPT_ENABLE, 0);
	ports->write(COM1 + UART_LINE_CONTROL, LINE_CONTROL_DIVISOR);
	ports->write(COM1 + UART_DIVISOR_LOW, 1);
	ports->write(COM1 + UART_DIVISOR_HIGH, 0);
	ports->write(COM1 + UART_LINE_CONTROL, LINE_CONTROL_8N1);
	ports->write(COM1 + UART_FIFO_CONTROL, 1);
}

static void send(const struct ports *ports, char c)
{
	unsigned int tries = SEND_TRIES;

	while (!(ports->read(COM1 + UART_LINE_STATUS) & LINE_STATUS_EMPTY) && --tries)
		;
	ports->write(COM1 + UART_DATA, c);
}

void native_uart_write(const struct ports *ports, const char *text, unsigned long length)
{
	while (length--)
		send(ports, *text++);
}

void native_serial_init(void)
{
	native_uart_init(&native_ports);
}

void native_serial_write(const char *text, unsigned long length)
{
	native_uart_write(&native_ports, text, length);
}

/* Keyboard controller: command port, and the command that pulses the reset line. */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET	 0xfe

/* Without ACPI a PC can be reset but not switched off, so every reason means the same. */
void native_stop(unsigned int reason)
{
	(void)reason;
	port_write(KEYBOARD_COMMAND, KEYBOARD_RESET);
	for (;;)
		asm volatile("cli; hlt");
}
