/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "original.h"

extern op_function *const __start_stress_entries[];

unsigned int original_count;
size_t original_size;
const struct pv_backend *original_backend[ORIGINAL_BACKENDS];

static uint8_t text[ORIGINAL_TEXT_MAX];
static uint8_t patched[ORIGINAL_BACKENDS][ORIGINAL_TEXT_MAX];

/* Index of the site that starts at an offset of the text, plus 1. */
static uint16_t site_at[ORIGINAL_TEXT_MAX];

static const bool has_no_result[PV_NR_OPS] = {
	[PV_OP_nothing] = true,
	[PV_OP_leave] = true,
	[PV_OP_leave_far] = true,
};

static void fail(const struct pv_site *site, const char *what)
{
	fprintf(stderr, "site %u, %s: %s\n", (unsigned int)(site - __start_pv_sites),
		pv_op_names[site->op], what);
	exit(1);
}

static void check_result(const struct pv_site *site, const struct pv_backend *backend)
{
	op_function *entry = __start_stress_entries[site - __start_pv_sites];
	op_function *slot = ((op_function *const *)backend->ops)[site->op];
	unsigned long got, want;

	if (backend->patches[site->op].form == PV_FORM_TRAP)
		return;
	got = entry(0x123456, 0x9abcde);
	want = slot(0x123456, 0x9abcde);
	if (got != want && !has_no_result[site->op])
		fail(site, "wrong result");
}

static void check_results(const struct pv_backend *backend)
{
	for (unsigned int i = 0; i < original_count; i++)
		check_result(&__start_pv_sites[i], backend);
}

/* A function works as well from its second byte on, so its result is no proof. */
static void check_target(const struct pv_site *site, const struct pv_backend *backend)
{
	const uint8_t *code = pv_site_address(site);
	int32_t distance;

	while (*code == 0x3e)
		code++;
	memcpy(&distance, code + 1, sizeof(distance));
	if ((uintptr_t)code + 5 + distance != ((const uintptr_t *)backend->ops)[site->op])
		fail(site, "wrong target");
}

static void check_forms(const struct pv_backend *backend)
{
	for (const struct pv_site *site = __start_pv_sites; site < __stop_pv_sites; site++) {
		if (pv_site_form(site) != (enum pv_form)backend->patches[site->op].form)
			fail(site, "wrong form");
		if (pv_site_form(site) == PV_FORM_CALL)
			check_target(site, backend);
	}
}

static void keep_patched(unsigned int number, const char *name)
{
	const struct pv_backend *backend = host_backend(name);
	struct pv_patch_refusal refusal;

	original_backend[number] = backend;
	pv_ops = *backend->ops;
	check_results(backend);
	if (!pv_patch_sites(__start_pv_sites, __stop_pv_sites, backend, &refusal))
		fail(&__start_pv_sites[refusal.index], refusal.reason);
	check_forms(backend);
	check_results(backend);
	memcpy(patched[number], pv_text_begin, original_size);
	memcpy((void *)pv_text_begin, text, original_size);
}

void original_keep(void)
{
	original_count = __stop_pv_sites - __start_pv_sites;
	original_size = pv_text_end - pv_text_begin;
	if (original_count > ORIGINAL_MAX || original_size > ORIGINAL_TEXT_MAX)
		fail(__start_pv_sites, "more than there is room for");
	host_open_text();
	memcpy(text, pv_text_begin, original_size);
	for (unsigned int i = 0; i < original_count; i++)
		site_at[pv_site_address(&__start_pv_sites[i]) - pv_text_begin] = i + 1;
	keep_patched(0, "plain");
	keep_patched(1, "other");
}

void original_restore(struct pv_site table[ORIGINAL_MAX])
{
	intptr_t moved = (uintptr_t)__start_pv_sites - (uintptr_t)table;

	memcpy((void *)pv_text_begin, text, original_size);
	memcpy(table, __start_pv_sites, original_count * sizeof(*table));
	for (unsigned int i = 0; i < original_count; i++)
		table[i].offset += moved;
}

bool original_has(const struct pv_site *site)
{
	uintptr_t offset = (uintptr_t)pv_site_address(site) - (uintptr_t)pv_text_begin;
	const struct pv_site *was;

	if (offset >= original_size || !site_at[offset])
		return false;
	was = &__start_pv_sites[site_at[offset] - 1];
	return site->op == was->op && site->length == was->length && site->kind == was->kind &&
	       !memcmp(pv_site_address(site), text + offset, site->length);
}

void original_patched(uint8_t *copy, const uint8_t *at, unsigned int length, unsigned int backend)
{
	size_t offset = at - pv_text_begin;

	memcpy(copy + offset, patched[backend] + offset, length);
}
