/*
 * What the slots of a Linux kernel may hold: what stands in them when it
 * starts, and what functions put there, alone or by copying tables.
 */
#include <string.h>

#include "verify_linux.h"

static unsigned int slot_at(const struct kernel *k, uint64_t address)
{
	return (unsigned int)((address - k->space.low) / k->v->run->arch->word);
}

static void put_in(const struct kernel *k, struct putter *s, uint64_t to, uint64_t value,
		   bool is_known)
{
	if (to >= k->space.low && to < k->space.high)
		*vec_push(&s->puts) = (struct put_in){slot_at(k, to), value, is_known};
}

/** The name of what begins at an address and is no function; hex if it has none. */
static const char *data_name(const struct kernel *k, uint64_t address)
{
	vec_each(s, &k->v->object->symbols)
	{
		if (s->address == address && s->is_defined && !s->is_function && *s->name)
			return s->name;
	}
	return hex(address);
}

/* ---- tables ---- */

static bool has_code(const struct kernel *k, uint64_t table)
{
	unsigned int word = k->v->run->arch->word;

	for (uint64_t at = 0; at < k->space.high - k->space.low; at += word)
		if (is_code(k->v, read_word(k->v, table + at)))
			return true;
	return false;
}

/** Like the slots: each word is 0 or points to code, and not all are 0. */
static bool is_table(const struct kernel *k, uint64_t table)
{
	uint64_t size = k->space.high - k->space.low;

	if (!object_bytes(k->v->object, table, size) || !has_code(k, table))
		return false;
	for (uint64_t at = 0; at < size; at += k->v->run->arch->word) {
		uint64_t value = read_word(k->v, table + at);

		if (value && !is_code(k->v, value))
			return false;
	}
	return true;
}

static void take_start(struct kernel *k)
{
	struct putter *s = vec_push(&k->sources);

	*s = (struct putter){.name = "what the slots start with"};
	vec_each(slot, &k->v->slot_table)
	{
		uint64_t to = k->space.low +
			      (uint64_t)(slot - k->v->slot_table.v) * k->v->run->arch->word;

		put_in(k, s, to, read_word(k->v, to), true);
	}
}

/** Bytes of a path up to its first dot. */
static size_t group_length(const char *path)
{
	return strcspn(path, ".");
}

static bool same_group(const char *a, const char *b)
{
	return group_length(a) == group_length(b) && !strncmp(a, b, group_length(a));
}

/** Does the table have anything in the group of this slot? */
static bool is_group_filled(const struct kernel *k, uint64_t table, unsigned int slot)
{
	const char *path = k->v->slot_table.v[slot].path;

	for (unsigned int i = 0; i < k->v->slot_table.n; i++)
		if (same_group(path, k->v->slot_table.v[i].path) &&
		    read_word(k->v, table + (uint64_t)i * k->v->run->arch->word))
			return true;
	return false;
}

static bool is_copied(const struct kernel *k, const char *table)
{
	vec_each(s, &k->sources)
	{
		if (strstr(s->name, table))
			return true;
	}
	return false;
}

/** Tables that no function is seen to copy: those groups that have anything in them count. */
static void take_tables(struct kernel *k)
{
	vec_each(t, &k->v->object->symbols)
	{
		struct putter s = {.name = t->name};

		if (t->is_function || !t->is_defined || t->size != k->space.high - k->space.low ||
		    t->address == k->space.low || !is_table(k, t->address) || is_copied(k, t->name))
			continue;
		for (unsigned int i = 0; i < k->v->slot_table.n; i++) {
			uint64_t at = (uint64_t)i * k->v->run->arch->word;

			if (is_group_filled(k, t->address, i))
				put_in(k, &s, k->space.low + at, read_word(k->v, t->address + at),
				       true);
		}
		*vec_push(&k->sources) = s;
	}
}

/* ---- functions ---- */

/** A copy is of a table if that is one in the places of its slots. */
static uint64_t table_of(const struct kernel *k, uint64_t to, uint64_t from)
{
	return from - (to - k->space.low);
}

static void take_store(const struct kernel *k, struct putter *s, const struct code_store *store)
{
	uint64_t value = store->value;
	bool is_known = store->is_known && is_code(k->v, value);

	/* Nothing is a value too, if it comes out of a table. */
	if (store->is_known && !value)
		is_known = !store->from || is_table(k, table_of(k, store->to, store->from));
	put_in(k, s, store->to, value, is_known);
}

static void take_copy(struct kernel *k, const struct object_symbol *f, const struct code_copy *c)
{
	struct putter s = {.function = f};
	uint64_t table = table_of(k, c->to, c->from);

	s.name = mem_printf("%s copying %s", f->name, data_name(k, table));
	for (uint64_t at = 0; at < c->size; at += k->v->run->arch->word)
		put_in(k, &s, c->to + at, read_word(k->v, c->from + at),
		       object_bytes(k->v->object, c->from + at, 8) != NULL);
	*vec_push(&k->sources) = s;
}

static void add_stray(struct kernel *k, uint64_t address, uint64_t slot)
{
	*vec_push(&k->strays) = (struct site){.address = address, .op = slot_at(k, slot)};
}

static void take_function(struct kernel *k, const struct object_symbol *f)
{
	struct code_deeds deeds = {0};
	struct putter s = {.name = f->name, .function = f};

	if (!code_read(&k->space, f, &deeds))
		k->v->n_undecoded++;
	vec_each(store, &deeds.stores) take_store(k, &s, store);
	vec_each(copy, &deeds.copies) take_copy(k, f, copy);
	vec_each(call, &deeds.calls) add_stray(k, call->at, call->slot);
	if (s.puts.n)
		*vec_push(&k->sources) = s;
}

/* ---- code that refers to slots ---- */

static bool is_slot(const struct kernel *k, uint64_t address)
{
	return address >= k->space.low && address < k->space.high;
}

/**
 * May four bytes of code be a reference to a slot: itself the address, or how far it is from the
 * end of the instruction, which is there or behind an immediate?
 */
static uint64_t referred_slot(const struct kernel *k, const uint8_t *field, uint64_t address)
{
	static const unsigned int immediates[] = {0, 4, 1};
	uint64_t value = (uint64_t)(int64_t)(int32_t)object_number(field, 4);

	if (is_slot(k, value))
		return value;
	for (size_t i = 0; i < NELEM(immediates); i++)
		if (is_slot(k, address + 4 + immediates[i] + value))
			return address + 4 + immediates[i] + value;
	return 0;
}

/** Is the field that of a call or jump through memory? */
static bool is_through_memory(const struct verify *v, const uint8_t *field)
{
	return !memcmp(field - 2, v->machine->call_slot, 2) ||
	       !memcmp(field - 2, v->machine->jump_slot, 2);
}

/** Functions whose code refers to slots, each once, and calls that no record tells of. */
static void scan_section(struct kernel *k, const struct object_section *s, struct map *seen)
{
	for (uint64_t at = 2; at + 4 <= s->size; at++) {
		uint64_t address = s->address + at;
		uint64_t slot = referred_slot(k, s->bytes + at, address);
		const struct object_symbol *f;

		if (!slot || site_at(k->v, address - 2))
			continue;
		if (is_through_memory(k->v, s->bytes + at)) {
			add_stray(k, address - 2, slot);
			continue;
		}
		f = object_function(k->v->object, address);
		if (f && !map_add(seen, intern(hex(f->address)), (void *)f))
			take_function(k, f);
	}
}

void find_targets(struct kernel *k)
{
	struct map seen = {0};
	const char *fault = code_fault();

	take_start(k);
	if (fault)
		no_verdict(k->v, "what functions put into slots", fault);
	else if (!k->v->object->functions.n)
		no_verdict(k->v, "what functions put into slots",
			   "the kernel has no symbols, nor names for its traces");
	vec_each(s, &k->v->object->sections)
	{
		/* Code of alternatives runs at sites, if at all. */
		if (s->is_code && s->bytes && strcmp(s->name, ".altinstr_replacement") != 0)
			scan_section(k, s, &seen);
	}
	take_tables(k);
}
