/* seal.c: a linked image as a file that a machine supplies, checked; a row for each format. */
#ifndef PVGEN_SEAL_H
#define PVGEN_SEAL_H

#include "object.h"

/* ---- seal_rom.c ---- */

/** The abi in whose ROM's header the image begins; NULL: it is no ROM. */
const struct abi *sealed_abi(const struct run *run, const struct object *image);

/** Makes an output of it; false after a report. */
bool seal_rom(struct run *run, const struct object *image, const struct abi *abi);

#endif
