/* kallsyms.c: names that a kernel has for itself. */
#ifndef PVGEN_KALLSYMS_H
#define PVGEN_KALLSYMS_H

#include "object.h"

/** Adds the symbols of the tables that the kernel prints its traces with; how many. */
uint32_t kallsyms_add(struct object *o);

/** Adds the symbols that it exports to modules. */
uint32_t exports_add(struct object *o);

#endif
