/*
 * A linked image as a ROM: its bytes from the header on, padded to whole units, with their length
 * and sum.  Guests run it where they find it and cannot write to it.
 */
#include <string.h>

#include "seal.h"

enum { MAX_ROM = 64 << 10 };

/* Fields of the PCI data structure, see emit_rom_image.c. */
enum { PCI_POINTER = 0x18, PCI_LENGTH = 0x10, PCI_SIZE = 24, PCI_UNIT = 512 };

struct rom_sealing {
	struct run *run;
	const char *path;
	const struct object *image;
	const struct abi *abi;
	uint8_t *bytes;
	uint64_t n; /* with padding, once that is known */
};

/* The types of the i386 supplement whose fields are the same wherever the image is. */
static const unsigned int steady_types[] = {
	0,  /* R_386_NONE */
	2,  /* R_386_PC32 */
	4,  /* R_386_PLT32: of what is in the image, as PC32 */
	9,  /* R_386_GOTOFF */
	10, /* R_386_GOTPC */
	20, /* R_386_16: in 16-bit code the segment begins where the image does */
	21, /* R_386_PC16 */
	23, /* R_386_PC8 */
};

static bool rom_failed(const struct rom_sealing *s, const char *fault)
{
	return run_failed(s->run, "'%s' %s", s->path, fault);
}

/* ---- the header ---- */

static const struct member *header_member(const struct abi *abi, struct name name)
{
	return record_member(abi->rom->header, name.s);
}

static bool follows_rule(const struct abi *abi, const uint8_t *header, const struct rule *rule)
{
	const struct member *m = header_member(abi, rule->member);

	return rule->texts.n || rule->is_least || m->size > 8 ||
	       object_number(header + m->offset, (unsigned int)m->size) == (uint64_t)rule->value;
}

/** Does the image begin with all that the abi's guests look for? */
static bool begins_with(const struct object *image, const struct abi *abi)
{
	const uint8_t *header = object_bytes(image, 0, abi->rom->header->size);
	bool has_rule = false;

	vec_each(r, &abi->rom->rules)
	{
		has_rule |= !r->texts.n && !r->is_least;
		if (!header || !follows_rule(abi, header, r))
			return false;
	}
	return has_rule;
}

const struct abi *sealed_abi(const struct run *run, const struct object *image)
{
	vec_each(a, &run->abis)
	{
		if ((*a)->rom && (*a)->scope.arch == run->arch && begins_with(image, *a))
			return *a;
	}
	return NULL;
}

/* ---- sections ---- */

/** The first thing with a name in a section, for its reader to find. */
static const char *first_in(const struct object *o, const struct object_section *section)
{
	const struct object_symbol *first = NULL;

	vec_each(s, &o->symbols)
	{
		if (s->is_defined && *s->name && s->size &&
		    s->address - section->address < section->size &&
		    (!first || s->address < first->address))
			first = s;
	}
	return first ? mem_printf(" with '%s'", first->name) : "";
}

/** The table of the linker's own has no entries: those would need relocations, which are refused.
 */
static bool is_readable(const struct object_section *section)
{
	return section->bytes &&
	       (!section->is_writable || !strncmp(section->name, ".got", strlen(".got")));
}

static bool take_sections(struct rom_sealing *s)
{
	vec_each(it, &s->image->loaded)
	{
		const struct object_section *section = *it;
		uint64_t end = section->address + section->size;

		if (!is_readable(section))
			return rom_failed(
				s, mem_printf("has section %s%s, to which nobody can write when a "
					      "guest runs; make it const",
					      section->name, first_in(s->image, section)));
		if (end > MAX_ROM || end < section->address)
			return rom_failed(s, mem_printf("is larger than 64 KiB, up to section %s",
							section->name));
		memcpy(s->bytes + section->address, section->bytes, section->size);
		s->n = end > s->n ? end : s->n;
	}
	return true;
}

/* ---- relocations ---- */

static bool is_steady(unsigned int type)
{
	for (size_t i = 0; i < NELEM(steady_types); i++)
		if (steady_types[i] == type)
			return true;
	return false;
}

static bool check_addresses(struct rom_sealing *s)
{
	object_relocations kept = {0};
	const char *fault = object_kept(s->image, &kept);

	if (fault)
		return rom_failed(s, fault);
	if (!kept.n)
		return rom_failed(s, "has no relocations, so nothing shows whether it can move; "
				     "link it with ld -q by runtime/rom.lds");
	vec_each(r, &kept)
	{
		if (is_steady(r->type))
			continue;
		return rom_failed(
			s, mem_printf("has the address of '%s' at %s, but a guest may find the ROM "
				      "anywhere; compile with -fpie and hidden visibility, and use "
				      "distances in tables and assembly",
				      *r->symbol->name ? r->symbol->name
						       : object_place(s->image, r->symbol->address),
				      object_place(s->image, r->place)));
	}
	return true;
}

/* ---- the file ---- */

static void fill_pci_length(struct rom_sealing *s)
{
	uint64_t place = object_number(s->bytes + PCI_POINTER, 2);

	if (place && place + PCI_SIZE <= s->n && !memcmp(s->bytes + place, "PCIR", 4))
		seal_number(s->bytes + place + PCI_LENGTH, s->n / PCI_UNIT, 2);
}

/** In units; false and a report if the member is too small to say it. */
static bool fill_length(struct rom_sealing *s, uint64_t unit)
{
	const struct rom *rom = s->abi->rom;
	const struct member *m = rom->length.s ? header_member(s->abi, rom->length) : NULL;
	uint64_t most = m ? bits_mask((int64_t)m->size * 8 - 1, 0) : 0;

	if (!m)
		return true;
	if (s->n / unit > most)
		return rom_failed(s, mem_printf("has %llu bytes, %llu units of %llu, and '%s' of "
						"its header goes up to %llu",
						(unsigned long long)s->n,
						(unsigned long long)(s->n / unit),
						(unsigned long long)unit, m->name.s,
						(unsigned long long)most));
	seal_number(s->bytes + m->offset, s->n / unit, m->size);
	return true;
}

/** The last byte is free for the sum. */
static bool fill_header(struct rom_sealing *s)
{
	const struct rom *rom = s->abi->rom;
	uint64_t unit = rom->unit > 0 ? (uint64_t)rom->unit : PCI_UNIT;
	uint8_t sum = 0;

	s->n = (s->n / unit + 1) * unit;
	if (s->n > MAX_ROM)
		return rom_failed(s, mem_printf("is larger than 64 KiB: %llu bytes",
						(unsigned long long)s->n));
	if (!fill_length(s, unit))
		return false;
	fill_pci_length(s);
	for (uint64_t i = 0; rom->has_sum && i < s->n; i++)
		sum = (uint8_t)(sum + s->bytes[i]);
	s->bytes[s->n - 1] = (uint8_t)-sum;
	return true;
}

bool seal_rom(struct run *run, const struct object *image, const struct abi *abi)
{
	struct rom_sealing s = {.run = run, .path = run->objects.v[0], .image = image, .abi = abi};
	struct output *out;

	s.bytes = mem_alloc(MAX_ROM + PCI_UNIT);
	/* What is const but holds addresses is in a section that a loader would write to. */
	if (!check_addresses(&s) || !take_sections(&s) || !fill_header(&s))
		return false;
	out = vec_push(&run->outputs);
	*out = (struct output){.path = run->output_path};
	put_n(&out->text, (const char *)s.bytes, s.n);
	return true;
}
