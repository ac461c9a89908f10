/* SPDX-License-Identifier: MIT */
/* A process in place of a kernel: what the programs of this folder share. */
#ifndef HOST_H
#define HOST_H

#include "pv_runtime.h"
#include "pv_host.h"

/* An op as it is called here: all fit, because arguments and results are in registers. */
typedef unsigned long op_function(unsigned long a, unsigned long b);

/* Make the text writable.  Does not return if that is refused. */
void host_open_text(void);

/* Write the indirect call or jump that stands at a site before it is patched. */
void host_write_site(const struct pv_site *site);

/* The backend of this name; it is linked in. */
const struct pv_backend *host_backend(const char *name);

/* Next of a sequence that its start determines. */
uint64_t host_random(uint64_t *state);

/* Seconds since some time in the past. */
double host_seconds(void);

/* The median; sorts the values. */
double host_median(double *values, unsigned int count);

/* Name of the processor, as the kernel has it. */
const char *host_cpu(void);

#endif
