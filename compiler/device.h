/* device.c: registers and bits by which a hypervisor tells what it is; rom.c: where its code is
 * found. */
#ifndef PVGEN_DEVICE_H
#define PVGEN_DEVICE_H

#include "attributes.h"

/** A statement `signature cpuid|dmi "TEXT"...;`. */
void abi_signature(const struct attributed *a);

/** A statement `rom STRUCTURE { }`. */
void abi_rom(const struct attributed *a);

/** Checks the msrs and features of an abi. */
void resolve_devices(struct run *run, struct abi *abi);

/** Checks the fixed entries against the rom, once structures are laid out. */
void check_rom(struct run *run, const struct abi *abi);

#endif
