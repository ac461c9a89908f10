/*
 * Call sites, as a kernel and its modules tell the patcher of them, and uses of slots beside these.
 *
 * Until Linux 6.7 a section holds nothing but sites, and each says its slot; later they are among
 * all that may be replaced, and only their code tells, of one site perhaps several times.  A kernel
 * has both for the ops that it may also replace, so all is read and counted once an address.
 */
#include <stdlib.h>
#include <string.h>

#include "call_sites.h"

const char linux_table[] = "pv_ops", linux_table_record[] = "paravirt_patch_template";

/* Forms of records; of one section the first whose places are all in code. */
static const struct record_form forms[] = {
	{".parainstructions", 16, {0, 8}, {9, 1}, {8, 1}, false},
	{".altinstructions", 14, {0, 4}, {12, 1}, {0, 0}, true}, /* since Linux 6.3 */
	{".altinstructions", 12, {0, 4}, {10, 1}, {0, 0}, true},
	{".altinstructions", 13, {0, 4}, {10, 1}, {0, 0}, true}, /* until Linux 5.12 */
};

uint64_t record_number(const uint8_t *record, const struct record_part *part)
{
	return object_number(record + part->offset, (unsigned int)part->size);
}

uint64_t record_place(const struct record_form *form, const uint8_t *record, uint64_t address)
{
	uint64_t value = record_number(record, &form->place);

	if (!form->is_relative)
		return value;
	return address + form->place.offset + (uint64_t)(int64_t)(int32_t)value;
}

static unsigned int slot_at(const struct slot_array *slots, uint64_t address)
{
	uint64_t distance = address - slots->address;

	return distance / slots->word < slots->n && !(distance % slots->word)
		       ? (unsigned int)(distance / slots->word)
		       : slots->n;
}

unsigned int called_slot(const struct object *o, const struct machine *m,
			 const struct slot_array *slots, uint64_t address)
{
	const struct object_section *s = object_section_at(o, address);
	uint64_t memory;

	if (!s || !s->bytes ||
	    !m->through(s->bytes + (address - s->address), s->size - (address - s->address),
			address, &memory))
		return slots->n;
	return slot_at(slots, memory);
}

/* ---- sites ---- */

struct call_site {
	uint64_t address;
	unsigned int length, slot;
};

typedef VEC(struct call_site) call_sites;

/** The records of one section that an object has. */
struct records {
	const struct object *object;
	const struct object_section *section;
	const struct record_form *form;
};

/** What of a record must be there; the last of them may lack its padding. */
static uint64_t size_needed(const struct record_form *f)
{
	const struct record_part *parts[] = {&f->place, &f->length, &f->slot};
	uint64_t size = 0;

	for (size_t i = 0; i < NELEM(parts); i++)
		if (parts[i]->offset + parts[i]->size > size)
			size = parts[i]->offset + parts[i]->size;
	return size;
}

static uint64_t place_at(const struct records *r, uint64_t at)
{
	return record_place(r->form, r->section->bytes + at, r->section->address + at);
}

/** Does the section end where a record does, and does each name a place in code? */
static bool is_of_form(const struct records *r)
{
	uint64_t rest = r->section->size % r->form->size;

	if (rest && rest < size_needed(r->form))
		return false;
	for (uint64_t at = 0; at < r->section->size; at += r->form->size) {
		const struct object_section *s = object_section_at(r->object, place_at(r, at));

		if (!s || !s->is_code)
			return false;
	}
	return true;
}

static bool find_form(struct records *r)
{
	for (size_t i = 0; i < NELEM(forms); i++) {
		r->form = &forms[i];
		if (!strcmp(r->form->section, r->section->name) && is_of_form(r))
			return true;
	}
	return false;
}

static void take_sites(const struct records *r, const struct machine *m,
		       const struct slot_array *slots, call_sites *sites)
{
	const struct record_form *f = r->form;

	for (uint64_t at = 0; at < r->section->size; at += f->size) {
		const uint8_t *record = r->section->bytes + at;
		struct call_site site = {place_at(r, at),
					 (unsigned int)record_number(record, &f->length),
					 (unsigned int)record_number(record, &f->slot)};

		if (!f->slot.size)
			site.slot = called_slot(r->object, m, slots, site.address);
		if (f->slot.size || site.slot < slots->n)
			*vec_push(sites) = site;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct call_site *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void drop_repeated(call_sites *sites)
{
	uint32_t kept = 0;

	if (sites->n)
		qsort(sites->v, sites->n, sizeof(*sites->v), by_address);
	for (uint32_t i = 0; i < sites->n; i++)
		if (!kept || sites->v[i].address != sites->v[kept - 1].address)
			sites->v[kept++] = sites->v[i];
	sites->n = kept;
}

static const char *read_sites(const struct object *o, const struct machine *m,
			      const struct slot_array *slots, call_sites *sites)
{
	static const char *const sections[] = {".parainstructions", ".altinstructions"};

	for (size_t i = 0; i < NELEM(sections); i++) {
		struct records r = {o, object_section(o, sections[i]), NULL};

		if (!r.section)
			continue;
		if (!find_form(&r))
			return mem_printf("has records in %s whose form is not known", sections[i]);
		take_sites(&r, m, slots, sites);
	}
	drop_repeated(sites);
	vec_each(s, sites)
	{
		if (s->slot >= slots->n)
			return mem_printf("has a site of slot %u, but the table has %u", s->slot,
					  slots->n);
	}
	return NULL;
}

/* ---- uses beside the sites ---- */

/** Is it inside of a site? */
static bool is_recorded(const call_sites *sites, uint64_t address)
{
	uint32_t low = 0, high = sites->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (sites->v[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address - sites->v[low - 1].address < sites->v[low - 1].length;
}

/** Calls and jumps in a section of an image. */
static void count_calls(const struct object_section *s, const struct machine *m,
			const struct slot_array *slots, const call_sites *sites,
			struct slot_use *uses)
{
	for (uint64_t at = 0; at < s->size; at++) {
		unsigned int slot;
		uint64_t memory;

		if (!m->through(s->bytes + at, s->size - at, s->address + at, &memory))
			continue;
		slot = slot_at(slots, memory);
		if (slot < slots->n && !is_recorded(sites, s->address + at))
			uses[slot].direct++;
	}
}

/** A number at the end of the instruction is not seen: it is shorter than a slot. */
static void count_references(const struct object *o, const struct slot_array *slots,
			     const struct object_symbol *table, const call_sites *sites,
			     struct slot_use *uses)
{
	references all = object_references(o, table);

	vec_each(r, &all)
	{
		uint64_t slot = (r->behind + slots->word - 1) / slots->word;

		if (slot < slots->n && !is_recorded(sites, r->at))
			uses[slot].direct++;
	}
}

const char *count_call_sites(const struct object *o, const struct machine *m,
			     const struct slot_array *slots, const struct object_symbol *table,
			     struct slot_use *uses)
{
	call_sites sites = {0};
	const char *fault = read_sites(o, m, slots, &sites);

	if (fault)
		return fault;
	vec_each(site, &sites) uses[site->slot].sites++;
	if (!o->files.v[0].is_linked)
		count_references(o, slots, table, &sites, uses);
	vec_each(s, &o->sections)
	{
		if (s->is_code && s->bytes && o->files.v[s->file].is_linked)
			count_calls(s, m, slots, &sites, uses);
	}
	return NULL;
}
