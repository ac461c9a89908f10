/* Call sites: their records, and the code that stands there. */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

const struct op *site_op(const struct verify *v, const struct site *s)
{
	return s->op < v->slot_table.n ? v->slot_table.v[s->op].op : NULL;
}

static const char *check_site_op(const struct verify *v, const struct site *s)
{
	if (s->op < v->slot_table.n)
		return NULL;
	return mem_printf("the interface has %s", counted(v->slot_table.n, "op"));
}

static const char *check_site_length(const struct verify *v, const struct site *s)
{
	if (!v->lengths || v->lengths[s->op] == s->length)
		return NULL;
	return mem_printf("%s, but sites of this op have %u", counted(s->length, "byte"),
			  v->lengths[s->op]);
}

static const char *check_site_kind(const struct verify *v, const struct site *s)
{
	if (s->kind == (site_op(v, s)->tail ? 1u : 0u))
		return NULL;
	return mem_printf("kind %u", s->kind);
}

static const char *check_site_place(const struct verify *v, const struct site *s)
{
	if (s->length >= v->run->arch->slot_site && is_code(v, s->address) &&
	    object_bytes(v->object, s->address, s->length))
		return NULL;
	return "not inside of one executable section";
}

static const char *check_site_slot(const struct verify *v, const struct site *s)
{
	const struct op *op = site_op(v, s);
	const uint8_t *code = object_bytes(v->object, s->address, s->length);
	const uint8_t *opcode = op->tail ? v->machine->jump_slot : v->machine->call_slot;
	uint64_t slot = v->slots + (uint64_t)s->op * v->run->arch->word, target;

	if (memcmp(code, opcode, 2) != 0)
		return mem_printf("the bytes %02x %02x are no indirect %s", code[0], code[1],
				  op->tail ? "jump" : "call");
	target = v->machine->is_slot_absolute ? object_number(code + 2, 4)
					      : relative_target(code + 2, s->address + 2);
	if (!v->slots || target == slot)
		return NULL;
	return mem_printf("it goes through %s, but the op's slot is %s", hex(target), hex(slot));
}

static const char *check_site_filler(const struct verify *v, const struct site *s)
{
	const uint8_t *code = object_bytes(v->object, s->address, s->length);

	for (unsigned int i = v->run->arch->slot_site; i < s->length; i++)
		if (code[i] != v->machine->filler)
			return mem_printf("byte %u is %02x", i, code[i]);
	return NULL;
}

static const char *check_site_line(const struct verify *v, const struct site *s)
{
	unsigned int line = v->run->arch->line;

	if (!(site_op(v, s)->context & CONTEXT_LATE) ||
	    s->address / line == (s->address + s->length - 1) / line)
		return NULL;
	return mem_printf("%s across a boundary of %u", counted(s->length, "byte"), line);
}

/** In this order; the first that fails is reported, those behind it rely on it. */
static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct site *s);
} site_checks[] = {
	{D_site_op, check_site_op},	{D_site_length, check_site_length},
	{D_site_kind, check_site_kind}, {D_site_place, check_site_place},
	{D_site_slot, check_site_slot}, {D_site_filler, check_site_filler},
	{D_site_line, check_site_line},
};

void report_site(const struct verify *v, enum diag_id id, const struct site *s, const char *fault)
{
	const struct op *op = site_op(v, s);

	diag_report(v->run, id, op ? op->name.loc : v->interface->name.loc,
		    (const char *[]){op ? op_path(op) : number(s->op),
				     object_place(v->object, s->address), fault, NULL});
}

static void check_site(struct verify *v, const struct site *s)
{
	/* That an op is not described is said once, of its slot. */
	if (s->op < v->slot_table.n && !site_op(v, s))
		return;
	for (size_t i = 0; i < NELEM(site_checks); i++) {
		const char *fault = site_checks[i].check(v, s);

		if (fault) {
			report_site(v, site_checks[i].id, s, fault);
			return;
		}
	}
}

static int by_address(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

void sort_sites(struct verify *v)
{
	if (v->sites.n)
		qsort(v->sites.v, v->sites.n, sizeof(*v->sites.v), by_address);
}

size_t first_site(const struct verify *v, uint64_t address)
{
	size_t low = 0, high = v->sites.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->sites.v[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct site *site_at(const struct verify *v, uint64_t address)
{
	size_t i = first_site(v, address);

	return i < v->sites.n && v->sites.v[i].address == address ? &v->sites.v[i] : NULL;
}

/** Of sites that are sorted. */
static void check_overlap(struct verify *v)
{
	for (size_t i = 1; i < v->sites.n; i++) {
		const struct site *s = &v->sites.v[i];

		if (s->address - s[-1].address < s[-1].length)
			report_site(v, D_site_overlap, s,
				    mem_printf("it begins inside of the site at %s",
					       hex(s[-1].address)));
	}
}

void check_sites(struct verify *v)
{
	sort_sites(v);
	vec_each(s, &v->sites) check_site(v, s);
	check_overlap(v);
}
