/*
 * User space of the kernels that are booted: says where it runs, then powers off.
 * No library, so that the file is small and needs nothing.
 */

#include <asm/unistd.h>
#include <linux/reboot.h>
#include <stddef.h>
#include <sys/utsname.h>

enum { O_RDONLY = 0, STDOUT = 1 };

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return number;
}

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

/* A line is one write, so that the kernel's own lines do not get into it. */
static char line[512];
static size_t used;

static void add(const char *text)
{
	for (size_t i = 0, n = length(text); i < n && used < sizeof line; i++)
		line[used++] = text[i];
}

static void end_line(void)
{
	add("\n");
	call(__NR_write, STDOUT, (long)line, (long)used, 0, 0);
	used = 0;
}

static void add_number(unsigned long n)
{
	char digits[24];
	char *p = digits + sizeof digits - 1;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	add(p);
}

static void say_name(void)
{
	struct utsname name;

	call(__NR_uname, (long)&name, 0, 0, 0, 0);
	add("LINUX uname ");
	add(name.sysname);
	add(" ");
	add(name.release);
	add(" ");
	add(name.version);
	end_line();
}

static void say_cpus(void)
{
	unsigned long mask[16] = {0};
	unsigned long count = 0;

	call(__NR_sched_getaffinity, 0, sizeof mask, (long)mask, 0, 0);
	for (size_t i = 0; i < sizeof mask * 8; i++)
		count += mask[i / 64] >> i % 64 & 1;
	add("LINUX cpus ");
	add_number(count);
	end_line();
}

/* The first line of a file. */
static void say_file(const char *what, const char *path)
{
	static char text[256];
	long file = call(__NR_open, (long)path, O_RDONLY, 0, 0, 0);
	long size = file < 0 ? 0 : call(__NR_read, file, (long)text, sizeof text - 1, 0, 0);

	text[size < 0 ? 0 : size] = '\0';
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = '\0';
	add("LINUX ");
	add(what);
	add(" ");
	add(*text ? text : "none");
	end_line();
}

/* A child that touches pages of its own: address spaces are made, switched to and torn down. */
static void say_fork(void)
{
	static volatile char pages[64][4096];
	int status = -1;
	long child = call(__NR_fork, 0, 0, 0, 0, 0);

	for (size_t i = 0; i < 64; i++)
		pages[i][0] = child ? 1 : 2;
	if (!child)
		call(__NR_exit, pages[63][0] == 2 ? 42 : 1, 0, 0, 0, 0);
	call(__NR_wait4, child, (long)&status, 0, 0, 0);
	add("LINUX fork ");
	add(status == 42 << 8 && pages[0][0] == 1 ? "works" : "fails");
	end_line();
}

__attribute__((noreturn, used)) void _start(void)
{
	call(__NR_mount, (long)"sysfs", (long)"/sys", (long)"sysfs", 0, 0);
	say_name();
	say_cpus();
	say_file("hypervisor", "/sys/hypervisor/type");
	say_file("clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	say_fork();
	add("LINUX done");
	end_line();
	call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0,
	     0);
	for (;;)
		call(__NR_pause, 0, 0, 0, 0, 0);
}
