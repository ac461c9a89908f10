/* What a ROM does of each call of its abi, and what stands in its header. */
#include "diff.h"

FACT(get_way, rom_line, fact_text(rom_way_name(x->way)))
FACT(get_code, rom_line, fact_text(rom_words(x->stmt, 1)))

static const struct property line_rows[] = {
	{"way", R_ROM_CALL, R_ROM_CALL, R_ROM_CALL, get_way},
	{"code", R_ROM_CALL, R_ROM_CALL, R_ROM_CALL, get_code},
};

FACT(get_value, rom_value, x->text ? fact_text(x->text) : fact_number(x->number))

static const struct property value_rows[] = {
	{"member", R_ROM_HEADER, R_ROM_HEADER, R_ROM_HEADER, get_value},
};

FACT(get_abi, rom_image, fact_text(x->abi->name.s))
FACT(get_pci, rom_image, fact_text(rom_words(x->pci, 0)))
FACT(get_pnp, rom_image, fact_text(rom_words(x->pnp, 0)))
FACT(get_bios, rom_image, fact_text(rom_words(x->bios, 0)))

static const struct property image_rows[] = {
	{"abi of the rom", R_ROM_HEADER, R_ROM_HEADER, R_ROM_HEADER, get_abi},
	{"pci", R_ROM_HEADER, R_ROM_HEADER, R_ROM_HEADER, get_pci},
	{"pnp", R_ROM_HEADER, R_ROM_HEADER, R_ROM_HEADER, get_pnp},
	{"bios", R_ROM_HEADER, R_ROM_HEADER, R_ROM_HEADER, get_bios},
};

void diff_rom(struct diff *d, const struct at *at, const struct rom_image *old,
	      const struct rom_image *new)
{
	pairs lines = pair_pointers(&old->lines, &new->lines);
	pairs values = pair_values(&old->values, &new->values);

	diff_facts(d, at, image_rows, old, new);
	diff_things(d, at, &values, value_rows, NELEM(value_rows), R_ROM_HEADER, "member: ");
	diff_things(d, at, &lines, line_rows, NELEM(line_rows), R_ROM_CALL, "call: ");
}
