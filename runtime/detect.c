/* SPDX-License-Identifier: MIT */
#include "internal.h"

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

/* The best that is in the image; *wanted is the best of the description. */
static const struct pv_backend *choose(const struct pv_boot *boot, const struct pv_known **wanted)
{
	const struct pv_backend *best = NULL;
	const struct pv_known *known;

	*wanted = NULL;
	for (known = pv_known; known < pv_known + pv_nr_known; known++) {
		const struct pv_backend *backend = linked(known->name);

		if (!pv_is_machine(known, boot))
			continue;
		if (!*wanted || known->priority > (*wanted)->priority)
			*wanted = known;
		if (backend && (!best || backend->priority > best->priority))
			best = backend;
	}
	return best;
}

const struct pv_backend *pv_detect(const struct pv_boot *boot, const struct pv_known **missing)
{
	const struct pv_known *wanted;
	const struct pv_backend *best = choose(boot, &wanted);

	if (best && best->rom) {
		best = pv_rom_bind(best);
		/* Where a ROM refuses, the machine is another one. */
		if (!best)
			best = choose(boot, &wanted);
	}
	*missing = best && same_text(best->name, wanted->name) ? NULL : wanted;
	/* Nothing can stand in where the kernel lacks the privilege that others count on. */
	return *missing && (*missing)->deprivileged ? NULL : best;
}
