/* SPDX-License-Identifier: MIT */
/*
 * How fast the patcher is, beside what a loop of memcpy needs for the same
 * sites, and beside what memory alone needs: one read of each record, one
 * read and one write in each site.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "arena.h"

#define SEED	  1
#define RUNS	  15
#define FIT	  15 /* ops with longer sites are left out */
#define IMAGE_MAX 16

static const struct pv_backend *backend;

/* What the memcpy loop copies. */
static uint8_t images[PV_NR_OPS][IMAGE_MAX];

static bool touch(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		++*(volatile uint8_t *)pv_site_address(&arena_table[i]);
	return true;
}

static bool copy(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct pv_site *site = &arena_table[i];

		memcpy(pv_site_address(site), images[site->op], site->length);
	}
	return true;
}

static bool patch(unsigned int count)
{
	struct pv_patch_refusal refusal;

	return pv_patch_sites(arena_table, arena_table + count, backend, &refusal);
}

/* A wrong record at the end, so that all is looked at and nothing written. */
static bool refuse(unsigned int count)
{
	struct pv_site *last = &arena_table[count - 1];
	bool patched;

	last->kind ^= 0x80;
	patched = patch(count);
	last->kind ^= 0x80;
	return !patched;
}

enum { TOUCH, COPY, REFUSE, PATCH, METHODS };
static bool (*const methods[METHODS])(unsigned int) = {touch, copy, refuse, patch};

/* A page that is not there yet would be charged to whoever comes first. */
static void write_sites(unsigned int count, unsigned int stride)
{
	uint64_t random = SEED;

	for (unsigned int i = 0; i < count; i++) {
		enum pv_op op;

		do
			op = host_random(&random) % PV_NR_OPS;
		while (pv_site_length[op] > FIT);
		arena_add_site(&arena_table[i], arena_at((unsigned long)i * stride), op);
	}
}

static void restore_sites(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		host_write_site(&arena_table[i]);
}

/* The patcher itself says what belongs to an op: there is one site of each now. */
static void take_images(void)
{
	for (unsigned int op = 0; op < PV_NR_OPS; op++)
		arena_add_site(&arena_table[op], arena_at(op * ARENA_STRIDE), op);
	if (!patch(PV_NR_OPS))
		exit(1);
	for (unsigned int op = 0; op < PV_NR_OPS; op++)
		memcpy(images[op], arena_at(op * ARENA_STRIDE), IMAGE_MAX);
}

static double time_once(unsigned int method, unsigned int count)
{
	double start = host_seconds();

	if (!methods[method](count)) {
		fprintf(stderr, "not as it should be\n");
		exit(1);
	}
	return host_seconds() - start;
}

static void measure(unsigned int count, unsigned int stride)
{
	double times[METHODS][RUNS], median[METHODS];

	write_sites(count, stride);
	for (unsigned int run = 0; run < RUNS; run++)
		for (unsigned int method = 0; method < METHODS; method++) {
			restore_sites(count);
			times[method][run] = time_once(method, count);
		}
	for (unsigned int method = 0; method < METHODS; method++)
		median[method] = host_median(times[method], RUNS) / count * 1e9;
	printf("%8u %7u %9.2f %9.2f %9.2f %9.2f %14.2f %13.2f\n", count, stride, median[TOUCH],
	       median[COPY], median[REFUSE], median[PATCH], median[PATCH] / median[COPY],
	       median[PATCH] / median[TOUCH]);
}

int main(void)
{
	static const unsigned int strides[] = {16, 64, 256};
	static const unsigned int counts[] = {10000, 100000, 1000000};

	backend = host_backend("plain");
	host_open_text();
	take_images();
	printf("patcher, %s, nanoseconds a site, median of %d\n", host_cpu(), RUNS);
	printf("%8s %7s %9s %9s %9s %9s %14s %13s\n", "sites", "stride", "touch", "memcpy", "check",
	       "patch", "patch/memcpy", "patch/touch");
	for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (unsigned int j = 0; j < sizeof(strides) / sizeof(strides[0]); j++)
			measure(counts[i], strides[j]);
	return 0;
}
