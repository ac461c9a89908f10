/* rom.c: a hypervisor's code in the guest's memory; emit_rom.c: how backends are bound to it. */
#ifndef PVGEN_ROM_H
#define PVGEN_ROM_H

#include "pvgen.h"

/** The abi of a backend that is found by a ROM, or NULL. */
const struct abi *rom_abi(const struct backend *b);

/** The call of which the whole condition is that a ROM has it; NULL if the condition is another. */
const struct call *probed_call(const struct backend *b, const struct when *when);

/** What a guest cannot do with the calls at fixed places that it makes first; or NULL. */
const char *rom_fixed_gap(const struct arch *arch, const struct rom *rom);

/** For the interface's tables: what is known of the ROMs by which its backends are found. */
void emit_roms(const struct interface *i, struct out *o);

/** For a backend's tables: which ops are bound to which calls. */
void emit_rom_backend(const struct run *run, const struct backend *b, struct out *o);
void emit_thunks(const struct run *run, const struct backend *b, struct out *o);

#endif
