/*
 * A linked image as a file that a machine supplies.  Here: as a blob: its loaded bytes from address
 * 0 on, what depends on the place of the blob as a table, and the fields of the header that no
 * linker knows.
 */
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "seal.h"
#include "verify.h"

struct sealing {
	struct run *run;
	const struct verify *v;
	const char *path;
	uint8_t *bytes; /* the image, then relocations */
	uint64_t n;
	uint64_t frame_end; /* places in the frame are relative already */
	object_relocations kept;
	VEC(struct fixed_up {
		uint64_t place;
		enum blob_form form;
		enum blob_target target;
		size_t service;
	})
	list;
	size_t nr_services;
};

/* The types of the AMD64 supplement that a blob may have. */
static const struct {
	unsigned int type;
	enum blob_form form;
	unsigned int size;
} forms[] = {
	{1, BLOB_FIELD_64, 8},	 /* R_X86_64_64 */
	{2, BLOB_FIELD_PC32, 4}, /* R_X86_64_PC32 */
	{4, BLOB_FIELD_PC32, 4}, /* R_X86_64_PLT32 */
	{11, BLOB_FIELD_32S, 4}, /* R_X86_64_32S */
};

static bool seal_failed(const struct sealing *s, const char *fault)
{
	return run_failed(s->run, "'%s' %s", s->path, fault);
}

/* ---- the header ---- */

static uint8_t *header_field(const struct sealing *s, const char *name)
{
	return s->bytes + blob_offset(&blob_header, name);
}

static uint32_t header_get(const struct sealing *s, const char *name)
{
	return (uint32_t)object_number(header_field(s, name), 4);
}

void seal_number(uint8_t *bytes, uint64_t value, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

/* ---- the image ---- */

static bool take_section(struct sealing *s, const struct object_section *section, uint64_t end)
{
	if (!section->bytes)
		return true;
	if (section->address > end || section->size > end - section->address)
		return seal_failed(s, mem_printf("has section %s, for which a blob has no place; "
						 "link it by runtime/blob.lds, and compile "
						 "without -fpic",
						 section->name));
	memcpy(s->bytes + section->address, section->bytes, section->size);
	if (!section->address)
		s->frame_end = section->size;
	return true;
}

/** What begins at 0 must be the frame. */
static bool take_image(struct sealing *s)
{
	const struct object *o = s->v->object;
	unsigned int size = blob_size(&blob_header);
	const uint8_t *header = object_bytes(o, 0, size);

	if (!header || memcmp(header, blob_magic, sizeof(blob_magic) - 1) != 0)
		return seal_failed(s, "does not begin with the frame of a blob; link it of "
				      "NAME_blob.S by runtime/blob.lds");
	s->n = object_number(header + blob_offset(&blob_header, "data_end"), 4);
	/* Between sections there is less than a page. */
	if (s->n > o->files.v[0].size + o->loaded.n * BLOB_PAGE)
		return seal_failed(s, "says that it is larger than the file it is in");
	s->bytes = mem_alloc(s->n + size);
	vec_each(section, &o->loaded)
	{
		if (!take_section(s, *section, s->n))
			return false;
	}
	return true;
}

/* ---- the entries, which a kernel reads in place of the tables that were checked ---- */

static uint64_t entry_get(const uint8_t *entry, const char *name, unsigned int size)
{
	return object_number(entry + blob_offset(&blob_entry, name), size);
}

static bool is_absent(const uint8_t *entry)
{
	return entry[blob_offset(&blob_entry, "form")] == BLOB_ABSENT;
}

/** Do the entry's bytes from the form on say what the patch's do, and do both mean one template? */
static bool is_patch(const uint8_t *entry, const struct cell *e)
{
	const uint8_t *numbers = entry + blob_offset(&blob_entry, "form");
	bool is_inline = e->patch[PATCH_FORM] == FORM_INLINE;

	if (entry_get(entry, "code", 4) != (is_inline ? e->code : 0) ||
	    numbers[PATCH_FORM] != e->patch[PATCH_FORM])
		return false;
	return !is_inline || !memcmp(numbers, e->patch, PATCH_NUMBERS);
}

static const char *check_entry(const struct sealing *s, const struct cell *e, const uint8_t *entry)
{
	const struct verify *v = s->v;
	uint64_t slot = e->linked->ops + (uint64_t)e->op->slot * v->run->arch->word;

	if (op_is_dead(e->op))
		return is_absent(entry) ? NULL : "the blob's entry is not absent";
	if (entry_get(entry, "function", 4) != read_word(v, slot))
		return "the blob's entry has another function";
	if (!is_patch(entry, e))
		return "the blob's entry has another template or form";
	return entry_get(entry, "revision", 2) == e->op->revision
		       ? NULL
		       : "the blob's entry has another revision";
}

static bool check_entries(const struct sealing *s)
{
	const struct linked *l = s->v->linked.v;
	unsigned int size = blob_size(&blob_entry);
	uint64_t place = header_get(s, "entries");

	if (header_get(s, "nr_entries") != s->v->interface->ops.n || place > s->n ||
	    s->v->interface->ops.n * (uint64_t)size > s->n - place)
		return seal_failed(s, "has not as many entries as there are ops");
	vec_each(op, &s->v->interface->ops)
	{
		struct cell e = cell_of(l, *op);
		const char *fault = "the table ends before it";

		if (take_patch(s->v, &e))
			fault = check_entry(s, &e, s->bytes + place + (*op)->slot * size);
		if (fault)
			report_entry(s->v, D_patch_form, &e, l->backend->name.s, fault);
	}
	return !s->run->errors;
}

/* ---- relocations ---- */

static size_t find_service(const struct sealing *s, const char *name)
{
	size_t n = 0;

	while (n < blob_service_count &&
	       strcmp(arch_expand(blob_services[n], s->v->interface->name.s, NULL), name) != 0)
		n++;
	return n;
}

static enum blob_target find_target(const struct sealing *s, const struct object_symbol *symbol)
{
	uint32_t begin = header_get(s, "percpu"), size = header_get(s, "percpu_size");

	if (!symbol->is_defined)
		return BLOB_TARGET_HOST;
	return symbol->address - begin < size ? BLOB_TARGET_PERCPU : BLOB_TARGET_IMAGE;
}

static bool take_relocation(struct sealing *s, const struct object_relocation *r)
{
	struct fixed_up *f;
	enum blob_target target = find_target(s, r->symbol);
	size_t i = 0, service = 0;

	while (i < NELEM(forms) && forms[i].type != r->type)
		i++;
	if (i == NELEM(forms))
		return seal_failed(s, mem_printf("has a relocation of type %u, at %s, that a blob "
						 "cannot have; compile without -fpic",
						 r->type, object_place(s->v->object, r->place)));
	if (target == BLOB_TARGET_HOST &&
	    (service = find_service(s, r->symbol->name)) == blob_service_count)
		return seal_failed(s, mem_printf("refers to %s, at %s, which is neither in it nor "
						 "a service of the kernel's",
						 r->symbol->name,
						 object_place(s->v->object, r->place)));
	/* What moves together stays at the same distance. */
	if (target == BLOB_TARGET_IMAGE && forms[i].form == BLOB_FIELD_PC32)
		return true;
	if (r->place > s->n || forms[i].size > s->n - r->place)
		return seal_failed(s, "has a relocation outside of what is in the file");
	f = vec_push(&s->list);
	*f = (struct fixed_up){r->place, forms[i].form, target, service};
	if (target == BLOB_TARGET_HOST) {
		seal_number(s->bytes + r->place,
			    (uint64_t)r->addend - (f->form == BLOB_FIELD_PC32 ? r->place : 0),
			    forms[i].size);
		if (service >= s->nr_services)
			s->nr_services = service + 1;
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = ((const struct fixed_up *)a)->place, y = ((const struct fixed_up *)b)->place;

	return x < y ? -1 : x > y;
}

static bool take_relocations(struct sealing *s)
{
	const char *fault = object_kept(s->v->object, &s->kept);

	if (fault)
		return seal_failed(s, fault);
	vec_each(r, &s->kept)
	{
		if (r->place >= s->frame_end && r->type && !take_relocation(s, r))
			return false;
	}
	if (s->list.n)
		qsort(s->list.v, s->list.n, sizeof(*s->list.v), by_place);
	return true;
}

/* ---- the file ---- */

static void put_relocation(struct out *o, const struct fixed_up *f)
{
	uint8_t row[16] = {0};

	seal_number(row + blob_offset(&blob_relocation, "place"), f->place, 4);
	row[blob_offset(&blob_relocation, "form")] = (uint8_t)f->form;
	row[blob_offset(&blob_relocation, "target")] = (uint8_t)f->target;
	seal_number(row + blob_offset(&blob_relocation, "service"), f->service, 2);
	put_n(o, (const char *)row, blob_size(&blob_relocation));
}

static void fill_header(struct sealing *s)
{
	uint64_t size = s->n + s->list.n * blob_size(&blob_relocation);
	uint64_t required = (header_get(s, "percpu_size") ? 1ull << BLOB_NEEDS_PERCPU : 0) |
			    (header_get(s, "nr_exceptions") ? 1ull << BLOB_NEEDS_EXCEPTIONS : 0);

	seal_number(header_field(s, "file_size"), size, 4);
	seal_number(header_field(s, "relocations"), s->n, 4);
	seal_number(header_field(s, "nr_relocations"), s->list.n, 4);
	seal_number(header_field(s, "nr_services"), s->nr_services, 4);
	seal_number(header_field(s, "required"), required, 8);
}

static void write_blob(struct sealing *s)
{
	struct output *out = vec_push(&s->run->outputs);
	uint32_t sums[2];
	uint8_t *field;

	fill_header(s);
	*out = (struct output){.path = s->run->output_path};
	put_n(&out->text, (const char *)s->bytes, s->n);
	vec_each(f, &s->list) put_relocation(&out->text, f);
	blob_sums((const uint8_t *)out->text.v, out->text.n, sums);
	field = (uint8_t *)out->text.v + blob_offset(&blob_header, "sums");
	seal_number(field, sums[0], 4);
	seal_number(field + 4, sums[1], 4);
}

/* ---- the pass ---- */

/** The interface of the backend that is linked in. */
static bool find_linked(struct verify *v, struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		v->interface = *i;
		vec_each(s, &v->object->sections)
		{
			if (strcmp(s->name, in_interface(v, "backends")) != 0)
				continue;
			take_backends(v);
			return v->linked.n == 1;
		}
	}
	return false;
}

static bool seal_blob(struct run *run, const struct object *image, const struct object *parts)
{
	struct verify v = {
		.run = run, .machine = run->arch->machine, .object = image, .parts = parts};
	struct sealing s = {.run = run, .v = &v, .path = run->objects.v[0]};

	if (!find_linked(&v, run))
		return seal_failed(&s, "does not hold one described backend");
	check_patches(&v);
	check_slots(&v);
	if (run->errors || run->evidence_missing || !take_image(&s) || !check_entries(&s) ||
	    !take_relocations(&s))
		return false;
	write_blob(&s);
	return true;
}

bool seal(struct run *run)
{
	struct object image = {0}, parts = {0};
	const char *path = run->objects.v[0];
	const struct abi *abi;

	if (!read_objects(run, &image, &parts))
		return false;
	abi = sealed_abi(run, &image);
	if (!image.files.n)
		return run_failed(run, "'%s' is not linked; link it with ld -q by runtime/%s.lds",
				  path, run->roms.n ? "rom" : "blob");
	if (abi)
		return seal_rom(run, &image, abi);
	if (run->roms.n || !run->arch->has_blobs)
		return run_failed(run,
				  "'%s' does not begin with the header of a ROM; link it of "
				  "NAME.S by runtime/rom.lds",
				  path);
	return seal_blob(run, &image, &parts);
}
