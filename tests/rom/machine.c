/* SPDX-License-Identifier: MIT */
/*
 * The machine that QEMU calls pc: serial line, interrupt controllers, clocks; and the page tables.
 * Xen takes the serial line, the old interrupt controllers and timers away from its first domain.
 */
#include <stdarg.h>
#include "judge.h"

bool on_xen;

/* ---- words ---- */

/* The serial line, or QEMU's debugging console. */
static void put(char c)
{
	outb(on_xen ? 0xe8 : 0x3f8, (u8)c);
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_number(u32 value, u32 base)
{
	char digits[12];
	u32 n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		put(digits[--n]);
}

static void say_list(const char *format, va_list *args)
{
	for (; *format; format++) {
		if (*format != '%')
			put(*format);
		else if (*++format == 's')
			put_text(va_arg(*args, const char *));
		else
			put_number(va_arg(*args, u32), *format == 'x' ? 16 : 10);
	}
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, &args);
	va_end(args);
}

/* isa-debug-exit; without it the machine stands still. */
_Noreturn void leave(u32 status)
{
	outl(0xf4, status);
	for (;;)
		asm volatile("cli; hlt");
}

_Noreturn void stop(const char *format, ...)
{
	va_list args;

	put_text("\nROM stop ");
	va_start(args, format);
	say_list(format, &args);
	va_end(args);
	put('\n');
	leave(1);
}

/* ---- interrupts: 8259A ---- */

void pic_mask(u8 mask)
{
	outb(0x21, mask);
}

static void pic_init(void)
{
	static const u8 words[][2] = {
		{0x20, 0x11}, {0x21, VECTOR_IRQ0}, {0x21, 4}, {0x21, 1},    {0xa0, 0x11},
		{0xa1, 0x28}, {0xa1, 2},	   {0xa1, 1}, {0xa1, 0xff},
	};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		outb(words[i][0], words[i][1]);
	pic_mask(0xff);
}

/* ---- clocks: 8254, MC146818 ---- */

static void pit_set(u8 mode, u16 ticks)
{
	outb(0x43, mode);
	outb(0x40, (u8)ticks);
	outb(0x40, (u8)(ticks >> 8));
}

void pit_again(u16 ticks)
{
	pit_set(0x34, ticks);
}

/* Waits for a count that never comes. */
void pit_quiet(void)
{
	outb(0x43, 0x30);
}

#define PIT_HZ 1193182

/* By counter 2, up to 50 ms at a time. */
static void wait_ticks(u16 ticks)
{
	outb(0x61, (inb(0x61) & ~3) | 1);
	outb(0x43, 0xb0);
	outb(0x42, (u8)ticks);
	outb(0x42, (u8)(ticks >> 8));
	while (!(inb(0x61) & 0x20))
		for (volatile u32 idle = 0; idle < 50; idle++)
			; /* an emulated port costs more than this */
}

static void wait_pit(u32 us)
{
	for (; us > 50000; us -= 50000)
		wait_ticks(50000ull * PIT_HZ / 1000000);
	wait_ticks((u16)(us * (PIT_HZ / 1000) / 1000 + 1));
}

static u32 rtc(u8 index)
{
	u8 value;

	outb(0x70, index);
	value = inb(0x71);
	return (value >> 4) * 10u + (value & 15);
}

static u32 days(u32 year, u32 month, u32 day)
{
	static const u16 before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	u32 leap = year % 4 == 0 && month > 2;

	return (year - 1970) * 365 + (year - 1969) / 4 + before[month - 1] + leap + day - 1;
}

/* Seconds since 1970, in the years 2000 to 2099. */
u32 rtc_seconds(void)
{
	u32 seconds, again = rtc(0);

	do {
		seconds = again;
		seconds +=
			days(2000 + rtc(9), rtc(8), rtc(7)) * 86400 + rtc(4) * 3600 + rtc(2) * 60;
		again = rtc(0);
	} while (seconds % 60 != again);
	return seconds;
}

/* Where Xen has the timers, the time-stamp counter, whose speed the clock tells: to the next
 * second. */
static u32 tsc_mhz;

static u64 next_second(void)
{
	u32 now = rtc(0);

	while (rtc(0) == now)
		;
	return rdtsc();
}

static void measure_tsc(void)
{
	u64 start = next_second();

	tsc_mhz = (u32)(next_second() - start) / 1000000;
}

static u32 wait_tsc(u32 us)
{
	u64 start = rdtsc(), end = start + (u64)us * tsc_mhz;

	while (rdtsc() < end)
		;
	return (u32)(rdtsc() - start) / tsc_mhz;
}

/* What it was in truth: whoever has the processor besides takes his time. */
u32 wait_us(u32 us)
{
	if (on_xen)
		return wait_tsc(us);
	wait_pit(us);
	return us;
}

void machine_init(bool xen)
{
	on_xen = xen;
	if (xen)
		measure_tsc();
	else
		pic_init();
}

/* QEMU's ib700: the machine goes off in four seconds if it is not written again. */
void watchdog(void)
{
	outb(0x443, 13);
}

void no_watchdog(void)
{
	outb(0x441, 0);
}

/* ---- page tables ---- */

extern pte directory[];
static pte spare_tables[8][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u32 nr_spare;

u32 physical(const void *address)
{
	return (u32)address - KERNEL_BASE;
}

pte *directory_of(u32 address)
{
	return &directory[address >> TABLE_SHIFT];
}

pte *pte_of(u32 address)
{
	pte *entry = directory_of(address);
	pte *table;

	if (!(*entry & PTE_PRESENT))
		*entry = physical(spare_tables[nr_spare++]) | PTE_PRESENT | PTE_WRITE | PTE_USER;
	table = (pte *)((u32)(*entry & ~0xfffu) + KERNEL_BASE);
	return &table[(address >> 12) % TABLE_ENTRIES];
}

void map(u32 address, u32 frame, u32 flags)
{
	*pte_of(address) = frame | flags | PTE_PRESENT;
	invlpg(address);
}

void apic_map(void)
{
	map(APIC_BASE, 0xfee00000, PTE_WRITE | PTE_UNCACHED);
	apic_write(0xf0, 0x1ff);
}
