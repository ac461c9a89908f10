/* Statements of an abi, and its calls by name and number. */
#include <limits.h>
#include <string.h>

#include "convention.h"
#include "device.h"

/* ---- statements ---- */

static void abi_multicall(const struct attributed *a)
{
	struct abi *abi = a->thing;
	struct name record = word_at(a->s, 0);

	abi->multicall = scope_find(a->run, &abi->scope, record);
	if (!abi->multicall || abi->multicall->kind != DECL_STRUCT) {
		diag(a->run, unknown_type, record.loc, record.s,
		     suggest_type(a->run, &abi->scope, "struct", record.s));
		abi->multicall = NULL;
		return;
	}
	for (size_t i = 1; i < 3; i++)
		if (!record_member(abi->multicall, word_at(a->s, i).s))
			diag(a->run, unknown_member, word_at(a->s, i).loc, record.s,
			     word_at(a->s, i).s, "");
	abi->multicall_op = word_at(a->s, 1).s;
	abi->multicall_args = word_at(a->s, 2).s;
}

static void abi_reserved(const struct attributed *a)
{
	struct abi *abi = a->thing;
	const operands *o = &a->s->operands;
	const struct operand *first = &o->v[1], *last = &o->v[o->n - 2];

	if (!is_word(word_at(a->s, 0), "number"))
		diag(a->run, unknown_word, word_at(a->s, 0).loc, word_at(a->s, 0).s,
		     "thing to reserve", "number");
	if (last->value < first->value)
		diag(a->run, bad_order, last->loc, "range");
	*vec_push(&abi->reservations) =
		(struct reservation){loc_from_to(first->loc, last->loc), first->value, last->value,
				     o->v[o->n - 1].string};
}

/* Its words were taken before anything was laid out. */
static void abi_arch(const struct attributed *a)
{
	arches_from(a);
}

static const struct attribute_row abi_rows[] = {
	{"entry", "ww?s+", "entry ARCH \"INSTRUCTION\"... { ... }", abi_entry, BLOCK | REPEAT},
	{"arch", "w+", "arch ARCH...;", abi_arch, ONCE},
	{"multicall", "www", "multicall STRUCTURE MEMBER_OF_NUMBER MEMBER_OF_ARGUMENTS;",
	 abi_multicall, ONCE},
	{"reserved", "wii?s",
	 "reserved number NUMBER \"REASON\"; or reserved number FIRST LAST \"REASON\";",
	 abi_reserved, REPEAT},
	{"signature", "wsi?i?i?",
	 "signature cpuid \"TEXT\" LEAF; signature cpuid \"TEXT\" FIRST LAST STEP; or signature "
	 "dmi \"TEXT\";",
	 abi_signature, REPEAT},
	{"rom", "w", "rom STRUCTURE { ... }", abi_rom, BLOCK},
	{"plane", "ws?", "plane NAME \"WHAT\" { ... }", abi_plane, BLOCK | REPEAT},
};

static const struct table abi_table = {"an abi", abi_rows, NELEM(abi_rows), NULL};

void choose_arch(struct run *run, struct abi *abi)
{
	const struct arch *first = NULL;

	vec_each(it, &abi->stmts)
	{
		const struct stmt *s = *it;

		if (s->path.n != 1 || !is_word(s->path.v[0], "arch"))
			continue;
		vec_each(o, &s->operands)
		{
			const struct arch *arch =
				o->kind == OPERAND_PATH ? arch_find(o->path.v[0].s) : NULL;

			abi->arches |= arch ? arch_bit(arch) : 0;
			first = first ? first : arch;
		}
	}
	abi->says_arch = abi->arches != 0;
	abi->arches = abi->says_arch ? abi->arches : UINT_MAX;
	abi->scope.arch = abi->arches & arch_bit(run->arch) ? run->arch : first;
}

/* ---- calls ---- */

/** A name may be said again for other architectures. */
static void name_call(struct run *run, struct abi *abi, struct call *call)
{
	struct call *old = map_add(&abi->call_map, call->name.s, call);

	for (; old; old = old->variant) {
		if (old->traits.arches & call->traits.arches) {
			diag(run, duplicate, call->name.loc, "call", call->name.s);
			diag_note(run, old->name.loc, "the first definition is here");
			return;
		}
		if (!old->variant) {
			old->variant = call;
			return;
		}
	}
}

/** Two calls with one number on one architecture are one too many. */
static void number_call(struct run *run, struct map *numbers, struct call *call)
{
	const char *number =
		intern(mem_printf("%s%lld", call->is_fixed ? "at " : "", (long long)call->number));
	const struct call *old = map_add(numbers, number, call);

	if (!old || old->name.s == call->name.s || !(old->traits.arches & call->traits.arches))
		return;
	diag(run, duplicate, call->number_loc, "number of call", call->name.s);
	diag_note(run, old->number_loc, "'%s' has this number", old->name.s);
}

static void check_reserved(struct run *run, const struct abi *abi, const struct call *call)
{
	vec_each(r, &abi->reservations)
	{
		if (call->is_fixed || call->number < r->first || call->number > r->last)
			continue;
		diag(run, reserved_number, call->number_loc, call->name.s);
		diag_note(run, r->loc, "reserved here: %s", r->reason);
	}
}

static void check_entry_name(struct run *run, const struct abi *abi, const struct call *call)
{
	const struct name *name = &call->traits.entry;
	struct nearest n;

	if (!name->s)
		return;
	n = suggest_begin(run, name->s);
	vec_each(e, &abi->entries)
	{
		if ((*e)->name.s == name->s)
			return;
		if ((*e)->name.s)
			suggest_try(run, &n, (*e)->name.s);
	}
	diag(run, unknown_entry, name->loc, abi->name.s, name->s, suggest_end(run, n));
}

const struct call *abi_call(const struct abi *abi, const char *name)
{
	const struct call *call = map_get(&abi->call_map, name);

	for (const struct call *c = call; c; c = c->variant)
		if (c->traits.arches & arch_bit(abi->scope.arch))
			return c;
	return call;
}

void resolve_abi(struct run *run, struct abi *abi)
{
	struct map numbers = {0};

	vec_each(c, &abi->calls)
	{
		resolve_result(run, &abi->scope, &(*c)->result.type, (*c)->name);
		resolve_call(run, abi, *c);
		name_call(run, abi, *c);
		number_call(run, &numbers, *c);
	}
	apply_all(run, &abi_table, abi, abi, &abi->stmts);
	check_entries(run, abi);
	vec_each(c, &abi->calls)
	{
		check_reserved(run, abi, *c);
		check_entry_name(run, abi, *c);
		check_relocations(run, abi, *c);
		place_call(run, abi, *c);
	}
	resolve_devices(run, abi);
	resolve_elements(run, abi);
}
