/* SPDX-License-Identifier: MIT */
/* The sites of sites.S as the assembler wrote them, and as each backend leaves them. */
#ifndef ORIGINAL_H
#define ORIGINAL_H

#include "pv_runtime.h"

#define ORIGINAL_MAX	  4096
#define ORIGINAL_TEXT_MAX (256 * 1024)
#define ORIGINAL_BACKENDS 2

/* Number of sites and of bytes of text. */
extern unsigned int original_count;
extern size_t original_size;

/* In the order of the numbers below. */
extern const struct pv_backend *original_backend[ORIGINAL_BACKENDS];

/*
 * Keep the text; patch it for each backend, find out that each site does what
 * the backend's function does, keep that too; restore.  Exits if one does not.
 */
void original_keep(void);

/* The text as it was, and a copy of the table. */
void original_restore(struct pv_site table[ORIGINAL_MAX]);

/* The record is that of a site, and the site is as it was. */
bool original_has(const struct pv_site *site);

/* Write to a copy of the text what a backend leaves at an address. */
void original_patched(uint8_t *text, const uint8_t *at, unsigned int length, unsigned int backend);

#endif
