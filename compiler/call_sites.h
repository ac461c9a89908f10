/* call_sites.c: from where a kernel or a module goes through the slots of a table. */
#ifndef PVGEN_CALL_SITES_H
#define PVGEN_CALL_SITES_H

#include "object.h"

/** Linux's table of ops, and the structure that it is. */
extern const char linux_table[], linux_table_record[];

/** How a kernel writes down what is to be patched: an array of records in a section. */
struct record_form {
	const char *section;
	uint64_t size;
	struct record_part {
		uint64_t offset, size;
	} place, length, slot; /* slot.size 0: only the code tells */
	bool is_relative;      /* the place: how far it is from where the number stands */
};

uint64_t record_number(const uint8_t *record, const struct record_part *part);

/** The address in the record that stands at an address. */
uint64_t record_place(const struct record_form *form, const uint8_t *record, uint64_t address);

/** A table of slots. */
struct slot_array {
	uint64_t address, word; /* of a slot: bytes */
	unsigned int n;
};

/** The slot that the code at an address calls through; the number of slots if there is none. */
unsigned int called_slot(const struct object *o, const struct machine *m,
			 const struct slot_array *slots, uint64_t address);

/** What goes through one slot. */
struct slot_use {
	unsigned int sites;  /* that the patcher is told of */
	unsigned int direct; /* that it is not: these stay what they are, whatever moves */
};

/**
 * Adds to each slot how often the object goes through it.  In a linked image only calls and jumps
 * are direct uses, since it is built anew with its table; in a relocatable file all that refers to
 * the table.  NULL, or why not all of it can be seen.
 */
const char *count_call_sites(const struct object *o, const struct machine *m,
			     const struct slot_array *slots, const struct object_symbol *table,
			     struct slot_use *uses);

#endif
