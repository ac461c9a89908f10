/* SPDX-License-Identifier: MIT */
/* What the files of the runtime share. */
#ifndef RUNTIME_INTERNAL_H
#define RUNTIME_INTERNAL_H

#include "pv_runtime.h"

/* patch.c: the longest site; the bytes that a backend puts at a site, or the reason why it cannot.
 */
#define PV_SITE_MAX 255
const char *pv_site_bytes(uint8_t bytes[PV_SITE_MAX], const struct pv_site *site,
			  const struct pv_backend *backend);

/* machine.c: is it the machine that this tells?  Has the kernel the highest privilege? */
bool pv_is_machine(const struct pv_known *known, const struct pv_boot *boot);
bool pv_is_privileged(void);

/*
 * rom.c: is there a ROM of this form that may be used?  Begin with it: the backend as the ROM's
 * answers make it, or NULL if it will not, and then it is not there any more.
 */
bool pv_rom_find(const struct pv_rom *rom);
const struct pv_backend *pv_rom_bind(const struct pv_backend *backend);

/* fixup.c: one more table of instructions that may fault, beside the linked one. */
struct pv_exception;
void pv_fixup_add(const struct pv_exception *begin, const struct pv_exception *end);

/* smp.c: take what the backend offers for CPUs. */
void pv_smp_install(const struct pv_backend *backend);

/* late.c: execute a serialising instruction, if one is asked for, and say so. */
void pv_late_sync(void);

/* What was written before is what is executed after: SDM vol. 3, sections 9.1.3 and 9.3. */
static inline void pv_serialise(void)
{
	uint32_t leaf = 0, sub = 0;

	asm volatile("cpuid" : "+a"(leaf), "+c"(sub) : : "ebx", "edx", "memory");
}

#endif
