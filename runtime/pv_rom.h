/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor's half that lies in the guest's memory as a ROM: what pvgen knows of its form, and
 * which ops its calls do.  rom.c finds such a ROM, checks it, asks it for the place of each call,
 * and makes a backend of the answers.  All that is here is generated, but for the code.
 */
#ifndef PV_ROM_H
#define PV_ROM_H

#include <stdbool.h>
#include <stdint.h>

struct pv_backend;

/* What a ROM says of a call: it has none, call it, jump to it, there is nothing to do. */
enum pv_rom_answer { PV_ROM_NONE, PV_ROM_CALL, PV_ROM_JUMP, PV_ROM_NOP, PV_NR_ROM_ANSWERS };

/* A member of the header: 1, 2 or 4 bytes, little endian; no bytes if there is none. */
struct pv_rom_member {
	uint16_t offset, size;
};

/*
 * A member has this value, or at least this one.  What must be equal and has more than one byte is
 * a signature: without it this is another thing, and nobody is told.
 */
struct pv_rom_rule {
	const char *name;
	struct pv_rom_member member;
	bool least;
	uint32_t value;
};

/* A member is the offset of one of these texts, of which NULL is the end. */
struct pv_rom_text {
	const char *name;
	struct pv_rom_member member;
	const char *const *texts;
};

struct pv_rom_call {
	const char *name;
	uint16_t number;
	/* Bit per enum pv_rom_answer that it may have. */
	uint8_t answers;
	/* NONE will not do. */
	bool mandatory;
};

/* Bits of an answer: the mask is applied to the whole, then it is shifted. */
struct pv_rom_field {
	uint8_t shift;
	uint64_t mask;
};

struct pv_rom {
	/* The abi's. */
	const char *name;
	/* Guest-physical addresses at which one may begin: from .. before to. */
	uint32_t from, to, step;
	uint32_t header_size;
	/* Its length, in so many bytes each; the bytes' sum is 0 if `sum`. */
	struct pv_rom_member length;
	uint32_t unit;
	bool sum;
	/*
	 * The first address that it keeps for itself, unless 0; no bytes: it cannot say so.  Calls
	 * may be there too.
	 */
	struct pv_rom_member top;
	const struct pv_rom_rule *rules;
	unsigned int nr_rules;
	const struct pv_rom_text *texts;
	unsigned int nr_texts;
	/* Offset of the code that answers: uint64_t find(uint32_t number). */
	uint32_t find;
	/* Offset of the code that begins: int enter(void), negative if it will not; 0: none. */
	uint32_t enter;
	/* What an answer means. */
	struct pv_rom_field address, kind;
	uint32_t kinds[PV_NR_ROM_ANSWERS];
	const struct pv_rom_call *calls;
	unsigned int nr_calls;
	/* By number: where each call is once a ROM is bound; 0 if it has none. */
	uintptr_t *targets;
	unsigned int nr_targets;
};

/* An op that is done by a call if the ROM has it. */
struct pv_rom_binding {
	/* enum pv_op; number of the call. */
	uint16_t op, call;
	/* It is the call and nothing else: where there is nothing to do, its sites are empty. */
	bool whole;
	/* What stands between the op and the call; 0: the call itself. */
	uintptr_t function;
};

/* What a backend has beside its ops of bare hardware. */
struct pv_rom_backend {
	const struct pv_rom *rom;
	const struct pv_rom_binding *bindings;
	unsigned int nr_bindings;
	/* Takes away what the ROM has no call for; or NULL. */
	void (*provide)(struct pv_backend *backend);
};

#endif
