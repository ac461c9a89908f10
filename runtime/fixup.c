/* SPDX-License-Identifier: MIT */
#include "internal.h"
#include "pv_exception.h"

struct pv_exceptions pv_exceptions[PV_EXCEPTION_TABLES] = {
	{__start_pv_exceptions, __stop_pv_exceptions},
};

void pv_fixup_add(const struct pv_exception *begin, const struct pv_exception *end)
{
	pv_exceptions[1] = (struct pv_exceptions){begin, end};
}

static unsigned long target(const int32_t *field)
{
	return (unsigned long)field + *field;
}

/* Read from front to end: faults on purpose are rare and their number is small. */
static bool fixup_in(const struct pv_exceptions *table, unsigned long *rip)
{
	const struct pv_exception *entry;

	for (entry = table->begin; entry < table->end; entry++) {
		if (target(&entry->fault) != *rip)
			continue;
		*rip = target(&entry->fixup);
		return true;
	}
	return false;
}

bool pv_fixup(unsigned long *rip)
{
	unsigned int i;

	for (i = 0; i < PV_EXCEPTION_TABLES; i++)
		if (fixup_in(&pv_exceptions[i], rip))
			return true;
	return false;
}
