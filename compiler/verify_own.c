/* What an image of pvgen's own holds. */
#include <stdio.h>
#include <string.h>

#include "verify.h"

static void take_site(struct verify *v, uint64_t address, const uint8_t *record)
{
	*vec_push(&v->sites) = (struct site){
		.record = address,
		.address = address + (uint64_t)(int64_t)(int32_t)object_number(record, 4),
		.op = (unsigned int)object_number(record + 4, 2),
		.length = record[6],
		.kind = record[7],
	};
}

static void take_sites(struct verify *v)
{
	const char *name = in_interface(v, "sites");
	bool is_found = false;

	vec_each(s, &v->object->sections)
	{
		if (strcmp(s->name, name) != 0 || !s->bytes)
			continue;
		is_found = true;
		for (uint64_t at = 0; at + SITE_SIZE <= s->size; at += SITE_SIZE)
			take_site(v, s->address + at, s->bytes + at);
		if (s->size % SITE_SIZE)
			no_verdict(v, "sites", mem_printf("%s ends inside of a record", name));
	}
	if (!is_found)
		no_verdict(v, "sites", mem_printf("there is no section %s", name));
}

static const struct backend *find_backend(const struct verify *v, const uint8_t *name, size_t room)
{
	vec_each(b, &v->run->backends)
	{
		size_t n = strlen((*b)->name.s) + 1;

		if ((*b)->interface == v->interface && n <= room && !memcmp((*b)->name.s, name, n))
			return *b;
	}
	return NULL;
}

static void take_backend(struct verify *v, uint64_t record)
{
	uint64_t name = read_word(v, record + BACKEND_NAME);
	const struct object_section *s = object_section_at(v->object, name);
	const uint8_t *text = object_bytes(v->object, name, 1);
	const struct backend *b =
		text ? find_backend(v, text, s->size - (name - s->address)) : NULL;

	if (b)
		*vec_push(&v->linked) =
			(struct linked){b, read_word(v, record + backend_ops(v->run->arch)),
					read_word(v, record + backend_patches(v->run->arch))};
	else
		no_verdict(v, "a backend",
			   mem_printf("the one at %s is not described", hex(record)));
}

void take_backends(struct verify *v)
{
	const char *name = in_interface(v, "backends");
	unsigned int word = v->run->arch->word;

	vec_each(s, &v->object->sections)
	{
		if (strcmp(s->name, name) != 0 || !s->bytes)
			continue;
		for (uint64_t at = 0; at + word <= s->size; at += word)
			take_backend(v, object_number(s->bytes + at, word));
	}
	if (!v->linked.n)
		no_verdict(v, "slots and templates",
			   mem_printf("there is no backend in section %s", name));
}

static void take_tables(struct verify *v)
{
	const struct object_symbol *slots = object_symbol(v->object, in_interface(v, "ops"));
	const struct object_symbol *lengths =
		object_symbol(v->object, in_interface(v, "site_length"));

	vec_each(op, &v->interface->ops) * vec_push(&v->slot_table) =
		(struct slot){op_path(*op), *op};

	if (slots)
		v->slots = slots->address;
	else
		no_verdict(v, "slots of sites",
			   mem_printf("there is no symbol %s", in_interface(v, "ops")));
	if (lengths)
		v->lengths = object_bytes(v->object, lengths->address, v->interface->ops.n);
	if (!v->lengths)
		no_verdict(v, "lengths of sites",
			   mem_printf("there is no table %s", in_interface(v, "site_length")));
}

/** Are all backends that are described linked in too? */
static bool is_complete(const struct verify *v)
{
	size_t n = 0;

	vec_each(b, &v->run->backends) n += (*b)->interface == v->interface;
	return n == v->linked.n;
}

static void print_summary(const struct verify *v)
{
	FILE *f = summary_stream(v->run);

	fprintf(f, "%s: %s, %s, %s of %s, %s of the patcher (%s not followed), %s\n",
		v->object->files.v[0].path, counted(v->sites.n, "site"),
		counted(v->n_patches, "patch record"), counted(v->n_slots, "slot"),
		counted(v->linked.n, "backend"), counted(v->n_functions, "function"),
		counted(v->n_unfollowed, "indirect call"),
		counted(v->n_revisions, "stated revision"));
}

void verify_own(struct verify *v)
{
	take_tables(v);
	take_backends(v);
	take_sites(v);
	check_sites(v);
	check_patches(v);
	if (v->lengths && is_complete(v))
		check_lengths(v);
	check_slots(v);
	check_patcher(v, false);
	check_patcher(v, true);
	check_revisions(v);
	print_summary(v);
}
