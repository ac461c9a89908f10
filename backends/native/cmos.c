/* SPDX-License-Identifier: MIT */
/* The battery-backed clock of a PC (Motorola MC146818, by its data sheet). */
#include "native.h"
#include "port.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

enum { SECOND = 0, MINUTE = 2, HOUR = 4, DAY = 7, MONTH = 8, YEAR = 9 };
#define STATUS_A 0xa
#define STATUS_B 0xb
/* Not in the data sheet: where a PC keeps the century. */
#define CENTURY 0x32

#define STATUS_A_UPDATING 0x80
#define STATUS_B_BINARY	  0x04
#define STATUS_B_24_HOURS 0x02
#define HOUR_PM		  0x80
/* An update takes 2 ms; a machine without the clock must not hang here. */
#define LOOKS 100000

struct fields {
	uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t cmos(uint8_t index)
{
	port_write(CMOS_INDEX, index);
	return port_read(CMOS_DATA);
}

static struct fields read_fields(void)
{
	unsigned int looks = LOOKS;

	while ((cmos(STATUS_A) & STATUS_A_UPDATING) && --looks)
		;
	return (struct fields){cmos(SECOND), cmos(MINUTE), cmos(HOUR),	 cmos(DAY),
			       cmos(MONTH),  cmos(YEAR),   cmos(CENTURY)};
}

/* An update may begin right after the look, so two readings must agree. */
static struct fields read_stable(void)
{
	struct fields old, new = read_fields();
	unsigned int tries = 10;

	do {
		old = new;
		new = read_fields();
	} while (__builtin_memcmp(&old, &new, sizeof(new)) && --tries);
	return new;
}

static unsigned int number(uint8_t field, uint8_t mode)
{
	return mode & STATUS_B_BINARY ? field : (field >> 4) * 10 + (field & 0xf);
}

static unsigned int hours(uint8_t field, uint8_t mode)
{
	unsigned int hour = number(field & ~HOUR_PM, mode);

	if (mode & STATUS_B_24_HOURS)
		return hour;
	return hour % 12 + (field & HOUR_PM ? 12 : 0);
}

/* Days from 1970-01-01 in the Gregorian calendar; the year is taken to begin in March. */
static uint64_t days(unsigned int year, unsigned int month, unsigned int day)
{
	unsigned int y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

void native_cmos_read(struct pv_moment *now)
{
	struct fields f = read_stable();
	uint8_t mode = cmos(STATUS_B);
	unsigned int year = number(f.century, mode) * 100 + number(f.year, mode);
	uint64_t day = days(year, number(f.month, mode), number(f.day, mode));

	now->seconds = ((day * 24 + hours(f.hour, mode)) * 60 + number(f.minute, mode)) * 60 +
		       number(f.second, mode);
	now->nanoseconds = 0;
}
