/* seal.c: a linked image as a file that a machine supplies, checked; a row for each format. */
#ifndef PVGEN_SEAL_H
#define PVGEN_SEAL_H

#include "object.h"

/** Writes a number of so many bytes, little endian: the opposite of object_number(). */
void seal_number(uint8_t *bytes, uint64_t value, uint64_t size);

/* ---- seal_rom.c ---- */

/** The abi in whose ROM's header the image begins; NULL: it is no ROM. */
const struct abi *sealed_abi(const struct run *run, const struct object *image);

/** Makes an output of it; false after a report. */
bool seal_rom(struct run *run, const struct object *image, const struct abi *abi);

#endif
