/* SPDX-License-Identifier: MIT */
/*
 * Takes a blob: all of it is checked before anything is written.  What the
 * tables say is read from the file, never from the copy that relocations change.
 * There is no disassembler here: that templates keep to their contracts is
 * what sealing has checked (`pvgen seal`).
 */
#include "internal.h"
#include "percpu.h"
#include "pv_blob.h"
#include "pv_exception.h"

#define PAGE		4096u
#define PERCPU_ALIGN	64
#define INSTRUCTION_MAX 15
#define NO_RELOC	0xff
#define FEATURES	(PV_FEATURE_PERCPU | PV_FEATURE_EXCEPTIONS)

struct pv_blob_bounds pv_blob_bounds;

static PERCPU __attribute__((aligned(PERCPU_ALIGN))) uint8_t percpu_room[PV_BLOB_PERCPU];

/* What is being taken. */
struct blob {
	const uint8_t *file;
	unsigned long size;
	const struct pv_blob_header *header;
	struct pv_blob_refusal *refusal;
};

/* The result, of which there is one. */
static struct pv_ops ops;
static struct pv_patch patches[PV_NR_OPS];
static struct pv_binary_room room;
static struct pv_backend backend;

static bool refuse(const struct blob *b, const char *reason, const char *name, unsigned long number)
{
	*b->refusal = (struct pv_blob_refusal){reason, name, number};
	return false;
}

/* ---- the file ---- */

static bool sums_are_right(const struct blob *b, unsigned long size)
{
	unsigned long at = offsetof(struct pv_blob_header, sums) + sizeof(b->header->sums);
	uint32_t sum = 0, sum_of_sums = 0;

	for (; at < size; at += sizeof(uint32_t)) {
		sum += *(const uint32_t *)(b->file + at);
		sum_of_sums += sum;
	}
	return sum == b->header->sums[0] && sum_of_sums == b->header->sums[1];
}

static bool is_text(const char *text, unsigned int size)
{
	return *text && !text[size - 1];
}

static bool check_file(const struct blob *b)
{
	const struct pv_blob_header *h = b->header;

	if ((uintptr_t)b->file % sizeof(uint64_t))
		return refuse(b, "does not begin at a multiple of 8", NULL, (uintptr_t)b->file);
	if (b->size < sizeof(*h))
		return refuse(b, "ends before its header does", NULL, b->size);
	if (__builtin_memcmp(h->magic, PV_BLOB_MAGIC, sizeof(h->magic)))
		return refuse(b, "is no blob", NULL, 0);
	if (h->format != PV_BLOB_FORMAT || h->header_size < sizeof(*h))
		return refuse(b, "has another format", NULL, h->format);
	if (h->file_size > b->size || h->file_size < h->header_size || h->file_size % 4)
		return refuse(b, "is cut off", NULL, h->file_size);
	if (!sums_are_right(b, h->file_size))
		return refuse(b, "is damaged: wrong sums", NULL, 0);
	if (!is_text(h->interface, sizeof(h->interface)) || !is_text(h->name, sizeof(h->name)))
		return refuse(b, "has no name", NULL, 0);
	return true;
}

/* ---- areas ---- */

struct area {
	uint32_t place, count, size, align, begin, end;
};

static bool is_inside(const struct area *a)
{
	return a->place >= a->begin && a->place <= a->end && a->place % a->align == 0 &&
	       (uint64_t)a->count * a->size <= a->end - a->place;
}

static bool overlap(const struct area *a, const struct area *b)
{
	return a->place < b->place + (uint64_t)b->count * b->size &&
	       b->place < a->place + (uint64_t)a->count * a->size;
}

static bool check_ends(const struct blob *b)
{
	const struct pv_blob_header *h = b->header;

	if (h->rodata_end % PAGE || h->text_end % PAGE || h->memory_size % PAGE || h->data_end % 8)
		return refuse(b, "has an end that is not aligned", NULL, h->rodata_end);
	if (h->header_size > h->rodata_end || h->rodata_end > h->text_end ||
	    h->text_end > h->data_end || h->data_end > h->memory_size || h->data_end > h->file_size)
		return refuse(b, "has ends in a wrong order", NULL, h->data_end);
	if (h->memory_size > pv_blob_window_size)
		return refuse(b, "is larger than the kernel's room", NULL, h->memory_size);
	return true;
}

static bool check_areas(const struct blob *b)
{
	const struct pv_blob_header *h = b->header;
	const struct area areas[] = {
		{0, 1, h->header_size, 1, 0, h->rodata_end},
		{h->entries, h->nr_entries, sizeof(struct pv_blob_entry), 4, 0, h->rodata_end},
		{h->members, h->nr_members, sizeof(struct pv_blob_member), 8, 0, h->rodata_end},
		{h->exceptions, h->nr_exceptions, sizeof(struct pv_exception), 4, 0, h->rodata_end},
		{h->percpu, 1, h->percpu_size, 8, h->text_end, h->data_end},
		{h->relocations, h->nr_relocations, sizeof(struct pv_blob_relocation), 4,
		 h->data_end, h->file_size},
	};
	unsigned int i, k;

	for (i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		if (!is_inside(&areas[i]))
			return refuse(b, "has a table outside of it", NULL, areas[i].place);
		for (k = 0; k < i; k++)
			if (overlap(&areas[i], &areas[k]))
				return refuse(b, "has tables that overlap", NULL, areas[i].place);
	}
	if (h->percpu_size > sizeof(percpu_room) || h->percpu_align > PERCPU_ALIGN)
		return refuse(b, "needs more per-CPU data than there is room for", NULL,
			      h->percpu_size);
	return true;
}

/* ---- agreement ---- */

/* The first registration whose bit is set. */
static const char *missing_registration(uint64_t bits)
{
	unsigned int number = __builtin_ctzll(bits);

	return number < PV_NR_REGISTRATIONS ? pv_binary_registrations[number].name : NULL;
}

static bool check_agreement(const struct blob *b, uint64_t needs)
{
	const struct pv_blob_header *h = b->header;
	uint64_t lacks = h->required & ~(uint64_t)FEATURES;

	if (__builtin_memcmp(h->interface, PV_BINARY_NAME, sizeof(PV_BINARY_NAME)))
		return refuse(b, "is for another interface", NULL, 0);
	if (h->major != PV_BINARY_MAJOR)
		return refuse(b, "is for another major version of the interface", NULL, h->major);
	if (lacks)
		return refuse(b, "requires a feature that the kernel lacks", NULL,
			      __builtin_ctzll(lacks));
	if (h->nr_services > PV_NR_SERVICES)
		return refuse(b, "requires a service that the kernel lacks", NULL,
			      h->nr_services - 1);
	if (needs & ~h->offered)
		return refuse(b, "lacks what the kernel needs",
			      missing_registration(needs & ~h->offered),
			      __builtin_ctzll(needs & ~h->offered));
	return true;
}

static bool check_machine(const struct blob *b, const struct pv_boot *boot)
{
	const struct pv_blob_header *h = b->header;
	const struct pv_known known = {.detect = h->detect, .signature = h->signature};

	if (h->detect > PV_DETECT_CPUID)
		return refuse(b, "is for a machine that is found in an unknown way", NULL,
			      h->detect);
	if (!h->deprivileged && !pv_is_privileged())
		return refuse(b, "needs a privilege that the kernel does not have", NULL, 0);
	if (!pv_is_machine(&known, boot))
		return refuse(b, "is for another machine", NULL, 0);
	return true;
}

/* ---- entries ---- */

static bool is_function(const struct blob *b, uint64_t place)
{
	static const uint8_t landing_pad[] = {0xf3, 0x0f, 0x1e, 0xfa};
	const struct pv_blob_header *h = b->header;

	return place >= h->rodata_end && place <= h->text_end - sizeof(landing_pad) &&
	       !__builtin_memcmp(b->file + place, landing_pad, sizeof(landing_pad));
}

static bool is_template(const struct blob *b, const struct pv_blob_entry *e)
{
	const struct pv_blob_header *h = b->header;

	return e->code >= h->rodata_end && e->code <= h->text_end &&
	       e->length <= h->text_end - e->code && e->first && e->first <= e->length &&
	       e->first <= INSTRUCTION_MAX &&
	       (e->reloc == NO_RELOC || e->reloc + sizeof(int32_t) <= e->length);
}

/* The op's entry, or NULL if the blob has none. */
static const struct pv_blob_entry *entry_of(const struct blob *b, unsigned int op)
{
	const struct pv_blob_entry *e;

	if (op >= b->header->nr_entries || pv_binary_ops[op].dead)
		return NULL;
	e = (const struct pv_blob_entry *)(b->file + b->header->entries) + op;
	return e->form == PV_BLOB_ABSENT ? NULL : e;
}

static bool check_entry(const struct blob *b, unsigned int op, const struct pv_blob_entry *e)
{
	if (!e && !pv_binary_ops[op].dead && !pv_binary_ops[op].has_default)
		return refuse(b, "lacks an op", pv_op_names[op], op);
	if (!e)
		return true;
	if (e->revision != pv_binary_ops[op].revision)
		return refuse(b, "does another revision of an op", pv_op_names[op], e->revision);
	if (e->form > PV_FORM_TRAP)
		return refuse(b, "has an unknown form of an op", pv_op_names[op], e->form);
	if (!is_function(b, e->function))
		return refuse(b, "has no function for an op", pv_op_names[op], e->function);
	if (e->form == PV_FORM_INLINE && !is_template(b, e))
		return refuse(b, "has a template that is none", pv_op_names[op], e->code);
	return true;
}

static bool check_entries(const struct blob *b)
{
	unsigned int op;

	for (op = 0; op < PV_NR_OPS; op++)
		if (!check_entry(b, op, entry_of(b, op)))
			return false;
	return true;
}

/* ---- registrations ---- */

static const struct pv_blob_member *member_row(const struct blob *b, uint32_t index)
{
	return (const struct pv_blob_member *)(b->file + b->header->members) + index;
}

/* The member that a row is about, or NULL: the kernel does not know it, or it is the name. */
static const struct pv_binary_member *known_member(const struct pv_blob_member *row)
{
	const struct pv_binary_registration *r = &pv_binary_registrations[row->registration];

	return row->member < r->nr_members ? &pv_binary_members[r->first_member + row->member]
					   : NULL;
}

static bool is_name(const struct blob *b, uint64_t place)
{
	uint64_t end = b->header->rodata_end;

	while (place < end && b->file[place])
		place++;
	return place < end;
}

static bool check_member(const struct blob *b, const struct pv_blob_member *row)
{
	const char *name;
	const struct pv_binary_member *m;

	if (row->registration >= PV_NR_REGISTRATIONS)
		return true;
	name = pv_binary_registrations[row->registration].name;
	m = known_member(row);
	if (row->instance >= PV_BLOB_INSTANCES)
		return refuse(b, "registers too many", name, row->instance);
	if (row->member == PV_BLOB_NAME ? row->kind != 1 : m && row->kind != m->is_place)
		return refuse(b, "registers a wrong kind of value", name, row->kind);
	if (row->member == PV_BLOB_NAME && !is_name(b, row->value))
		return refuse(b, "registers something without a name", name, row->value);
	if (m && m->is_place && !is_function(b, row->value))
		return refuse(b, "registers what is no function", name, row->value);
	return true;
}

/* Bit for each member of one instance that the blob has. */
static uint64_t members_of(const struct blob *b, unsigned int registration, unsigned int instance)
{
	uint64_t bits = 0;
	uint32_t i;

	for (i = 0; i < b->header->nr_members; i++) {
		const struct pv_blob_member *row = member_row(b, i);

		if (row->registration == registration && row->instance == instance &&
		    row->member < 64)
			bits |= 1ull << row->member;
	}
	return bits;
}

static unsigned int instances_of(const struct blob *b, unsigned int registration)
{
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < b->header->nr_members; i++)
		if (member_row(b, i)->registration == registration &&
		    member_row(b, i)->instance >= n)
			n = member_row(b, i)->instance + 1;
	return n;
}

/* Each instance has all members but those that are optional. */
static bool check_registration(const struct blob *b, unsigned int number)
{
	const struct pv_binary_registration *r = &pv_binary_registrations[number];
	unsigned int instances = instances_of(b, number), i, m;

	if (!instances && number < 64 && b->header->offered >> number & 1)
		return refuse(b, "does not register what it offers", r->name, number);
	for (i = 0; i < instances; i++)
		for (m = 0; m < r->nr_members; m++)
			if (!(members_of(b, number, i) >> m & 1) &&
			    !pv_binary_members[r->first_member + m].is_optional)
				return refuse(b, "registers something without a member", r->name,
					      m);
	return true;
}

static bool check_members(const struct blob *b)
{
	unsigned int number;
	uint32_t i;

	for (i = 0; i < b->header->nr_members; i++)
		if (!check_member(b, member_row(b, i)))
			return false;
	for (number = 0; number < PV_NR_REGISTRATIONS; number++)
		if (!check_registration(b, number))
			return false;
	return !b->header->init || is_function(b, b->header->init) ||
	       refuse(b, "begins with what is no function", NULL, b->header->init);
}

/* ---- relocations ---- */

static const struct pv_blob_relocation *relocation(const struct blob *b, uint32_t index)
{
	return (const struct pv_blob_relocation *)(b->file + b->header->relocations) + index;
}

static unsigned int field_size(const struct pv_blob_relocation *r)
{
	return r->form == PV_BLOB_FIELD_64 ? sizeof(uint64_t) : sizeof(uint32_t);
}

/* What the field will be, given what it is in the file. */
static uint64_t relocated(const struct blob *b, const struct pv_blob_relocation *r,
			  const uint8_t *field)
{
	uintptr_t base = (uintptr_t)pv_blob_window;
	uint64_t value = 0;

	__builtin_memcpy(&value, field, field_size(r));
	if (r->form != PV_BLOB_FIELD_64)
		value = (int32_t)value;
	if (r->form == PV_BLOB_FIELD_PC32)
		value -= base;
	if (r->target == PV_BLOB_TARGET_IMAGE)
		return value + base;
	if (r->target == PV_BLOB_TARGET_PERCPU)
		return value + (uintptr_t)percpu_room - b->header->percpu;
	return value + pv_binary_services[r->service];
}

static bool check_relocation(const struct blob *b, const struct pv_blob_relocation *r,
			     uint32_t after)
{
	uint64_t value;

	if (r->form >= PV_NR_BLOB_FIELDS || r->target >= PV_NR_BLOB_TARGETS ||
	    (r->target == PV_BLOB_TARGET_HOST && r->service >= b->header->nr_services))
		return refuse(b, "has an unknown relocation", NULL, r->place);
	if (r->place < after || r->place > b->header->data_end ||
	    field_size(r) > b->header->data_end - r->place)
		return refuse(b, "has a relocation out of range", NULL, r->place);
	value = relocated(b, r, b->file + r->place);
	if (r->form != PV_BLOB_FIELD_64 && value != (uint64_t)(int32_t)value)
		return refuse(b, "has a relocation out of reach", NULL, r->place);
	return true;
}

static bool check_relocations(const struct blob *b)
{
	uint32_t after = b->header->header_size, i;

	for (i = 0; i < b->header->nr_relocations; i++) {
		const struct pv_blob_relocation *r = relocation(b, i);

		if (!check_relocation(b, r, after))
			return false;
		after = r->place + field_size(r);
	}
	return true;
}

/* ---- nothing is refused from here on ---- */

static void place(const struct blob *b)
{
	const struct pv_blob_header *h = b->header;
	uint8_t *to = pv_blob_window;
	uint32_t i;

	__builtin_memcpy(to, b->file, h->data_end);
	__builtin_memset(to + h->data_end, 0, h->memory_size - h->data_end);
	for (i = 0; i < h->nr_relocations; i++) {
		const struct pv_blob_relocation *r = relocation(b, i);
		uint64_t value = relocated(b, r, to + r->place);

		__builtin_memcpy(to + r->place, &value, field_size(r));
	}
	__builtin_memset(percpu_room, 0, sizeof(percpu_room));
	__builtin_memcpy(percpu_room, to + h->percpu, h->percpu_size);
	pv_blob_bounds = (struct pv_blob_bounds){to, to + h->rodata_end, to + h->text_end,
						 to + h->memory_size};
	pv_fixup_add((const struct pv_exception *)(to + h->exceptions),
		     (const struct pv_exception *)(to + h->exceptions) + h->nr_exceptions);
	pv_serialise();
}

/* A template that is longer than this kernel's sites is called instead. */
static struct pv_patch patch_of(const struct pv_blob_entry *e, unsigned int op)
{
	if (e->form != PV_FORM_INLINE)
		return (struct pv_patch){.form = e->form, .reloc = NO_RELOC};
	if (e->length > pv_site_length[op])
		return (struct pv_patch){.form = PV_FORM_CALL, .reloc = NO_RELOC};
	return (struct pv_patch){
		.code = pv_blob_window + e->code,
		.form = PV_FORM_INLINE,
		.length = e->length,
		.first = e->first,
		.reloc = e->reloc,
	};
}

static void take_entries(const struct blob *b)
{
	unsigned int op;

	ops = pv_default_ops;
	__builtin_memcpy(patches, pv_default_patches, sizeof(patches));
	for (op = 0; op < PV_NR_OPS; op++) {
		const struct pv_blob_entry *e = entry_of(b, op);

		if (!e)
			continue;
		((uintptr_t *)&ops)[op] = (uintptr_t)pv_blob_window + e->function;
		patches[op] = patch_of(e, op);
	}
}

static void take_member(const struct pv_blob_member *row)
{
	const struct pv_binary_registration *r = &pv_binary_registrations[row->registration];
	const struct pv_binary_member *m = known_member(row);
	uint8_t *to = (uint8_t *)&room + r->room + row->instance * r->size;
	uint64_t value = row->value + (row->kind ? (uintptr_t)pv_blob_window : 0);

	if (row->member == PV_BLOB_NAME)
		*(const char **)to = (const char *)value;
	else if (m)
		__builtin_memcpy(to + m->offset, &value, m->size);
}

static void take_registrations(const struct blob *b)
{
	unsigned int number;
	uint32_t i;

	room = (struct pv_binary_room){0};
	for (i = 0; i < b->header->nr_members; i++)
		if (member_row(b, i)->registration < PV_NR_REGISTRATIONS)
			take_member(member_row(b, i));
	for (number = 0; number < PV_NR_REGISTRATIONS; number++) {
		const struct pv_binary_registration *r = &pv_binary_registrations[number];
		const void *records = (uint8_t *)&room + r->room;
		unsigned int count = instances_of(b, number);

		__builtin_memcpy((uint8_t *)&backend + r->pointer, &records, sizeof(records));
		__builtin_memcpy((uint8_t *)&backend + r->count, &count, sizeof(count));
	}
}

static void take_backend(const struct blob *b)
{
	const struct pv_blob_header *copy = (const struct pv_blob_header *)pv_blob_window;

	backend = (struct pv_backend){
		.name = copy->name,
		.bare = copy->bare,
		.deprivileged = copy->deprivileged,
		.priority = copy->priority,
		.detect = copy->detect,
		.signature = copy->signature,
		.ops = &ops,
		.patches = patches,
	};
	if (copy->init)
		backend.init = (void (*)(const struct pv_boot *))(pv_blob_window + copy->init);
	take_entries(b);
	take_registrations(b);
}

const struct pv_backend *pv_blob_load(const void *file, unsigned long size,
				      const struct pv_boot *boot, uint64_t needs,
				      struct pv_blob_refusal *refusal)
{
	const struct blob b = {file, size, file, refusal};

	if (!check_file(&b) || !check_ends(&b) || !check_areas(&b) || !check_agreement(&b, needs) ||
	    !check_entries(&b) || !check_members(&b) || !check_relocations(&b) ||
	    !check_machine(&b, boot))
		return NULL;
	place(&b);
	take_backend(&b);
	return &backend;
}
