/* How a backend is found: `detect WAY OPERAND OPTION...;`. */
#include <string.h>

#include "backend.h"

enum { CPUID_SIGNATURE = 12, MAX_PRIORITY = 1000000, MAX_LEAVES = 0x10000 };

/* ---- ways ---- */

static void take_signature(struct run *run, struct detection *d, const struct operand *o)
{
	bool is_text = o->kind == OPERAND_STRING;

	d->text = is_text ? o->string : "";
	if (!*d->text || strlen(d->text) > CPUID_SIGNATURE)
		diag(run, bad_signature, o->loc);
}

static void take_text(struct run *run, struct detection *d, const struct operand *o)
{
	(void)run;
	d->text = o->string;
}

static void take_function(struct run *run, struct detection *d, const struct operand *o)
{
	(void)run;
	d->text = o->path.v[0].s;
}

static void take_number(struct run *run, struct detection *d, const struct operand *o)
{
	(void)run;
	d->number = o->value;
}

static const struct detection_way {
	const char *name;
	enum detect kind;
	const char *shape; /* of its operand */
	void (*take)(struct run *run, struct detection *d, const struct operand *o);
	const char *usage;
} ways[] = {
	{"always", DETECT_ALWAYS, "", NULL, "detect always;"},
	{"start_info", DETECT_START_INFO, "", NULL, "detect start_info;"},
	{"cpuid", DETECT_CPUID, "a", take_signature, "detect cpuid \"SIGNATURE\";"},
	{"dmi", DETECT_DMI, "s", take_text, "detect dmi \"TEXT\";"},
	{"probe", DETECT_PROBE, "w", take_function, "detect probe FUNCTION;"},
	{"setup_data", DETECT_SETUP_DATA, "i", take_number, "detect setup_data NUMBER;"},
	{"rom", DETECT_ROM, "", NULL, "detect rom;"},
};

static const struct detection_way *find_way(const struct operand *o)
{
	for (size_t i = 0; i < NELEM(ways); i++)
		if (operand_is(o, ways[i].name))
			return &ways[i];
	return NULL;
}

const char *detect_name(enum detect detect)
{
	return ways[detect].name;
}

/* ---- options ---- */

static bool take_priority(struct run *run, struct detection *d, const struct operand *o)
{
	d->has_priority = true;
	d->is_by_leaf = operand_is(o, "leaf");
	if (d->is_by_leaf)
		return d->kind == DETECT_CPUID;
	if (o->kind != OPERAND_INT)
		return false;
	d->priority = (unsigned int)in_range(run, "priority", o, 0, MAX_PRIORITY);
	return true;
}

static bool take_leaves(struct run *run, struct detection *d, const struct operand *o)
{
	if (o->kind != OPERAND_INT || d->kind != DETECT_CPUID)
		return false;
	d->leaves = (unsigned int)in_range(run, "leaves", o, 1, MAX_LEAVES);
	return true;
}

static const struct option {
	const char *name;
	bool (*take)(struct run *run, struct detection *d, const struct operand *o);
} options[] = {{"priority", take_priority}, {"leaves", take_leaves}};

static const struct option *find_option(const struct operand *o)
{
	for (size_t i = 0; i < NELEM(options); i++)
		if (operand_is(o, options[i].name))
			return &options[i];
	return NULL;
}

/* ---- the statement ---- */

static const char *all_ways(void)
{
	struct out o = {0};

	for (size_t i = 0; i < NELEM(ways); i++)
		put(&o, "%s%s", i ? " " : "", ways[i].name);
	return text_of(&o);
}

/** Operand and options of a way; the number of the one that is not written so, or 0. */
static size_t take_operands(const struct attributed *a, const struct detection_way *way,
			    struct detection *d)
{
	size_t at = 1 + strlen(way->shape), n = a->s->operands.n;
	const struct operand *v = a->s->operands.v;
	operands own = {.v = (struct operand *)v + 1, .n = at - 1};

	if (n < at || !shape_fits(way->shape, &own))
		return 1;
	if (way->take)
		way->take(a->run, d, &v[1]);
	for (; at < n; at += 2) {
		const struct option *option = find_option(&v[at]);

		if (!option || at + 1 == n || !option->take(a->run, d, &v[at + 1]))
			return option ? at + 1 : at;
	}
	return 0;
}

/** A backend is found by what its abi says that it is found by, if that is said. */
static void check_signature(struct run *run, const struct abi *abi, const struct detection *d,
			    struct loc loc)
{
	const char *source = detect_name(d->kind), *other = NULL;

	vec_each(s, &abi->signatures)
	{
		if (!is_word(s->source, source))
			continue;
		if (!strcmp(s->text, d->text))
			return;
		other = s->text;
	}
	if (other)
		diag(run, other_signature, loc, abi->name.s, other, d->text, abi->name.s);
}

/** A backend is found by a ROM only if its abi says all that is asked of one. */
static void check_detecting_rom(struct run *run, const struct backend *b, struct loc loc)
{
	const struct rom *rom = b->abi ? b->abi->rom : NULL;
	const struct {
		bool is_said;
		const char *statement;
	} needs[] = {
		{rom && rom->step, "scan"},
		{rom && rom->length.s, "length"},
		{rom && rom->find, "find"},
		{rom && rom->address && rom->kind, "answer"},
		{rom && rom->kinds[ANSWER_NONE], "relocation none"},
		{rom && rom->kinds[ANSWER_CALL], "relocation call"},
	};

	if (!b->abi)
		diag(run, no_abi, loc, b->name.s, b->name.s, b->interface->name.s);
	else if (!rom)
		diag(run, no_rom, loc, b->abi->name.s, "no backend is found by one");
	for (size_t i = 0; rom && i < NELEM(needs); i++)
		if (!needs[i].is_said)
			diag(run, rom_incomplete, loc, b->abi->name.s, needs[i].statement,
			     "no backend is found by it");
}

void backend_detect(const struct attributed *a)
{
	struct backend *b = a->thing;
	const struct operand *first = &a->s->operands.v[0];
	const struct detection_way *way = find_way(first);
	size_t misfit;
	struct detection d = {.loc = a->s->rest, .when = a->s->when};

	if (!way) {
		diag(a->run, unknown_word, first->loc, operand_text(first), "way to detect",
		     all_ways());
	} else {
		d.kind = way->kind;
		misfit = take_operands(a, way, &d);
		if (misfit)
			report_operand(a, misfit,
				       mem_printf("%s with 'priority NUMBER' behind it%s",
						  way->usage,
						  way->kind == DETECT_CPUID
							  ? ", 'priority leaf' or 'leaves NUMBER'"
							  : ""));
		else if (d.kind == DETECT_ROM)
			check_detecting_rom(a->run, b, first->loc);
		else if (b->abi && d.text)
			check_signature(a->run, b->abi, &d, first[1].loc);
	}
	*vec_push(&b->detections) = d;
}
