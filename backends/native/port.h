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

/* 115200 baud, 8 bits, no parity. */
void native_serial_init(void);

/* Measure the time-stamp counter. */
void native_clock_init(void);

#endif
