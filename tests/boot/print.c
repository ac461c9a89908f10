/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include "kernel.h"

/* A line goes out in one piece, or the hypervisor's own messages would come between. */
static char line[256];
static unsigned int used;

static void put(char c)
{
	if (used < sizeof(line))
		line[used++] = c;
	if (c != '\n')
		return;
	line[used - 1] = '\n';
	pv_console_write(line, used);
	used = 0;
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_number(unsigned long value, unsigned int base)
{
	char digits[24];
	unsigned int n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		put(digits[--n]);
}

static void put_signed(long value)
{
	if (value < 0)
		put('-');
	put_number(value < 0 ? -(unsigned long)value : (unsigned long)value, 10);
}

static void convert(char kind, va_list *args)
{
	if (kind == 's')
		put_text(va_arg(*args, const char *));
	else if (kind == 'u')
		put_number(va_arg(*args, unsigned long), 10);
	else if (kind == 'x')
		put_number(va_arg(*args, unsigned long), 16);
	else if (kind == 'd')
		put_signed(va_arg(*args, long));
}

static void print_list(const char *format, va_list *args)
{
	for (; *format; format++) {
		if (*format == '%')
			convert(*++format, args);
		else
			put(*format);
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_list(format, &args);
	va_end(args);
}

_Noreturn void panic(const char *format, ...)
{
	static bool again;
	va_list args;

	if (!again) {
		again = true;
		print("\nPV panic ");
		va_start(args, format);
		print_list(format, &args);
		va_end(args);
		print("\n");
	}
	pv_stop(PV_SHUTDOWN_REBOOT);
}
