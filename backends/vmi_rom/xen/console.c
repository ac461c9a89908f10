/* SPDX-License-Identifier: MIT */
/* The first serial port of a PC (16550, by its data sheet), played: what is sent goes to Xen. */
#include "vmi_xen.h"
#include "layer.h"

#define UART_DATA	     0
#define UART_LINE_CONTROL    3
#define UART_LINE_STATUS     5
#define LINE_CONTROL_DIVISOR 0x80
/* All that was sent has gone. */
#define LINE_STATUS_EMPTY 0x60

void vmi_xen_uart_write(uint8_t value, uint32_t reg)
{
	if (reg == UART_LINE_CONTROL)
		layer()->line_control = value;
	else if (reg == UART_DATA && !(layer()->line_control & LINE_CONTROL_DIVISOR))
		hypercall(XEN_CONSOLE_IO, XEN_CONSOLEIO_WRITE, sizeof(value), (uintptr_t)&value);
}

uint8_t vmi_xen_uart_read(uint32_t reg)
{
	if (reg == UART_LINE_CONTROL)
		return layer()->line_control;
	return reg == UART_LINE_STATUS ? LINE_STATUS_EMPTY : 0;
}
