/* SPDX-License-Identifier: MIT */
#include "pv_runtime.h"

/* Leaves that hypervisors use: SDM vol. 2, CPUID, "40000000H - 4FFFFFFFH". */
#define HYPERVISOR_LEAF_FIRST 0x40000000u
#define HYPERVISOR_LEAF_LAST  0x40010000u
#define HYPERVISOR_LEAF_STEP  0x100u
#define SIGNATURE_LENGTH      12

static bool same_bytes(const char *a, const char *b, unsigned int length)
{
	while (length && *a == *b)
		a++, b++, length--;
	return !length;
}

static bool found_always(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)known, (void)boot;
	return true;
}

/* The page starts with "xen-<version>-<platform>": xen/include/public/xen.h, start_info. */
static bool found_start_info(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)known;
	return boot->start_info && same_bytes(boot->start_info, "xen-", 4);
}

static bool leaf_has_signature(uint32_t leaf, const char *signature)
{
	uint32_t max, sub = 0, text[3];

	asm volatile("cpuid" : "=a"(max), "=b"(text[0]), "+c"(sub), "=d"(text[2]) : "0"(leaf));
	text[1] = sub;
	return same_bytes((const char *)text, signature, SIGNATURE_LENGTH);
}

/* A hypervisor that imitates another one puts its own leaves at a higher base. */
uint32_t pv_cpuid_leaf(const char *signature)
{
	uint32_t leaf;

	for (leaf = HYPERVISOR_LEAF_FIRST; leaf <= HYPERVISOR_LEAF_LAST;
	     leaf += HYPERVISOR_LEAF_STEP)
		if (leaf_has_signature(leaf, signature))
			return leaf;
	return 0;
}

static bool found_cpuid(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)boot;
	return pv_cpuid_leaf(known->signature);
}

static bool (*const found_by[])(const struct pv_known *, const struct pv_boot *) = {
	[PV_DETECT_ALWAYS] = found_always,
	[PV_DETECT_START_INFO] = found_start_info,
	[PV_DETECT_CPUID] = found_cpuid,
};

static bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The backend of this name, if the image holds it. */
static const struct pv_backend *linked(const char *name)
{
	const struct pv_backend *const *entry;

	for (entry = __start_pv_backends; entry < __stop_pv_backends; entry++)
		if (same_text((*entry)->name, name))
			return *entry;
	return NULL;
}

const struct pv_backend *pv_detect(const struct pv_boot *boot, const struct pv_known **missing)
{
	const struct pv_backend *best = NULL;
	const struct pv_known *known, *wanted = NULL;

	for (known = pv_known; known < pv_known + pv_nr_known; known++) {
		const struct pv_backend *backend = linked(known->name);

		if (!found_by[known->detect](known, boot))
			continue;
		if (!wanted || known->priority > wanted->priority)
			wanted = known;
		if (backend && (!best || backend->priority > best->priority))
			best = backend;
	}
	*missing = best && same_text(best->name, wanted->name) ? NULL : wanted;
	/* Nothing can stand in where the kernel lacks the privilege that others count on. */
	return *missing && (*missing)->deprivileged ? NULL : best;
}
