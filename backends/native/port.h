/* SPDX-License-Identifier: MIT */
/* What the files of this backend share: ports, and the parts of its init. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

static inline void port_write(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* How a port is reached, for what other backends drive too. */
struct ports {
	void (*write)(uint16_t port, uint8_t value);
	uint8_t (*read)(uint16_t port);
};

/* By the instructions. */
extern const struct ports native_ports;

/* First serial port: 115200 baud, 8 bits, no parity. */
void native_uart_init(const struct ports *ports);
void native_uart_write(const struct ports *ports, const char *text, unsigned long length);
void native_serial_init(void);

/* The interrupt controllers silent, the serial port ready. */
void native_devices_init(const struct ports *ports);

/* Measure the time-stamp counter. */
void native_clock_init(void);

#endif
