/* Built objects, as verify*.c see them: object.c reads them, x86.c their instructions. */
#ifndef PVGEN_OBJECT_H
#define PVGEN_OBJECT_H

#include "pvgen.h"

/* ---- x86.c: instructions ---------------------------------------------------- */

/** What of an instruction is relative to its place. */
enum field { FIELD_NONE, FIELD_DATA, FIELD_CALL, FIELD_JUMP };

struct insn_form {
	unsigned int length;
	enum field relative;
	unsigned int field, field_size; /* where it is, in bytes */
	int64_t target;			/* minus the address of the instruction */
	bool is_indirect;		/* calls or jumps to what a register or memory holds */
};

/** False: not an instruction that is known, or more than @left bytes of one. */
bool x86_64_decode(const uint8_t *code, size_t left, struct insn_form *form);
bool i386_decode(const uint8_t *code, size_t left, struct insn_form *form);

/** The bytes that the compiler and the assembler write for an architecture. */
struct machine {
	uint16_t elf_machine;
	uint8_t call_slot[2], jump_slot[2]; /* opcode; a word follows: */
	bool is_slot_absolute;		    /* the slot's address, else pc-relative */
	uint8_t filler;
	uint8_t landing_pad[4];
	bool (*decode)(const uint8_t *code, size_t left, struct insn_form *form);

	/** Does the code at an address call or jump where memory says?  Then *memory is where. */
	bool (*through)(const uint8_t *code, size_t left, uint64_t address, uint64_t *memory);
};

extern const struct machine machine_x86_64, machine_i386;

/* ---- object.c: ELF files ------------------------------------------------------ */

struct object_section {
	const char *name;
	uint64_t address, size;
	uint8_t *bytes; /* NULL: not in the file */
	bool is_loaded, is_code, is_writable;
	size_t file;
};

struct object_symbol {
	const char *name;
	uint64_t address, size;
	size_t file;
	bool is_function, is_defined, is_weak, is_global;
};

struct object_file {
	const char *path;
	uint8_t *bytes;
	size_t size;
	const struct elf *elf;
	bool is_linked;
	size_t first_section, first_symbol; /* in the object's vectors */
	size_t n_sections, n_symbols;
	uint64_t claimed; /* bytes of all its sections */
};

/**
 * A linked image, or relocatable files that are linked here: each section gets
 * an address of its own and relocations are applied.
 */
struct object {
	VEC(struct object_file) files;
	VEC(struct object_section) sections;
	VEC(struct object_symbol) symbols;
	VEC(const struct object_section *) loaded;   /* by address */
	VEC(const struct object_symbol *) functions; /* by address; they do not overlap */
	struct map names;
	uint64_t end; /* of the addresses given so far */
};

/** Reads a file whole and looks at its header; NULL, or why it cannot be read. */
const char *object_open(struct object_file *f, const struct machine *m, const char *path);

/** Adds an open file: its sections and symbols; NULL, or why it cannot be read. */
const char *object_add(struct object *o, struct object_file f);

/** Once all files are read. */
void object_link(struct object *o);

/** @n bytes at an address, or NULL. */
const uint8_t *object_bytes(const struct object *o, uint64_t address, uint64_t n);
const struct object_section *object_section_at(const struct object *o, uint64_t address);

/** The section of a name, with bytes, or NULL. */
const struct object_section *object_section(const struct object *o, const char *name);

/** The symbol of a name that is defined, global before local; or NULL. */
const struct object_symbol *object_symbol(const struct object *o, const char *name);

/** The same, but it may be defined elsewhere; its address then serves to compare. */
const struct object_symbol *object_mention(const struct object *o, const char *name);

/** A place in what is loaded that refers to a symbol, or so many bytes behind it. */
struct object_reference {
	uint64_t at, behind;
};

typedef VEC(struct object_reference) references;

/** All that relocations say; of a linked image there are none. */
references object_references(const struct object *o, const struct object_symbol *s);

/** The function around an address, or NULL. */
const struct object_symbol *object_function(const struct object *o, uint64_t address);

/** Where a function ends: by its size, else where the next begins. */
uint64_t object_function_end(const struct object *o, const struct object_symbol *f);

/** "0x1234 (function+0x12)" */
const char *object_place(const struct object *o, uint64_t address);

/** What the linker was told to keep of a linked image (ld -q). */
struct object_relocation {
	uint64_t place;
	unsigned int type; /* of the architecture's supplement */
	const struct object_symbol *symbol;
	int64_t addend;
};

typedef VEC(struct object_relocation) object_relocations;

/** All of them, of sections that are loaded; NULL, or why they cannot be read. */
const char *object_kept(const struct object *o, object_relocations *list);

/** Little-endian numbers. */
uint64_t object_number(const uint8_t *bytes, unsigned int size);

#endif
