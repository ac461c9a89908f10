/* SPDX-License-Identifier: MIT */
#ifndef SERVICES_H
#define SERVICES_H

#include "pv_ops.h"

/* What the machine answers when a blob is checked. */
extern bool services_privileged, services_machine;

bool pv_is_privileged(void);
bool pv_is_machine(const struct pv_known *known, const struct pv_boot *boot);

#endif
