/* SPDX-License-Identifier: MIT */
#include "pv_exception.h"
#include "pv_runtime.h"

static unsigned long target(const int32_t *field)
{
	return (unsigned long)field + *field;
}

/* Read from front to end: faults on purpose are rare and their number is small. */
bool pv_fixup(unsigned long *rip)
{
	const struct pv_exception *entry;

	for (entry = __start_pv_exceptions; entry < __stop_pv_exceptions; entry++) {
		if (target(&entry->fault) != *rip)
			continue;
		*rip = target(&entry->fixup);
		return true;
	}
	return false;
}
