/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "host.h"

#define PAGE 4096ul

void pv_host_report(const char *what, long value)
{
	fprintf(stderr, "%s: %ld\n", what, value);
	exit(1);
}

void host_open_text(void)
{
	uintptr_t begin = (uintptr_t)pv_text_begin & -PAGE, end = (uintptr_t)pv_text_end;

	if (mprotect((void *)begin, end - begin, PROT_READ | PROT_WRITE | PROT_EXEC)) {
		perror("text cannot be made writable");
		exit(2);
	}
}

void host_write_site(const struct pv_site *site)
{
	const uint8_t opcode[] = {0xff, site->kind == PV_SITE_TAIL ? 0x25 : 0x15};
	uint8_t *at = pv_site_address(site);
	int32_t displacement = (uint8_t *)&pv_ops + site->op * sizeof(void *) - (at + 6);

	memcpy(at, opcode, sizeof(opcode));
	memcpy(at + sizeof(opcode), &displacement, sizeof(displacement));
	memset(at + 6, 0x90, site->length - 6);
}

const struct pv_backend *host_backend(const char *name)
{
	const struct pv_backend *const *entry = __start_pv_backends;

	while (strcmp((*entry)->name, name))
		entry++;
	return *entry;
}

/* A linear congruence for the period, a multiplication for the high bits' spread. */
uint64_t host_random(uint64_t *state)
{
	uint64_t x = *state = *state * 6364136223846793005u + 1442695040888963407u;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	return x ^ x >> 33;
}

double host_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double host_median(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

const char *host_cpu(void)
{
	static char line[256];
	FILE *f = fopen("/proc/cpuinfo", "r");
	char *name = NULL;

	while (f && !name && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", strlen("model name")))
			name = strchr(line, ':');
	if (f)
		fclose(f);
	if (!name)
		return "unknown";
	name[strcspn(name, "\n")] = 0;
	return name + 2;
}
