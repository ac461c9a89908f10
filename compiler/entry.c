/* How the calls of an abi are made: the entries of each architecture, and which of them holds. */
#include <string.h>

#include "convention.h"
#include "expr.h"

static void entry_number(const struct attributed *a)
{
	struct entry *e = a->thing;

	e->number.registers = registers_from(&a->s->operands.v[0]);
	bits_from(a, 1, "number REGISTER; or number REGISTER bits HIGH:LOW;", &e->number.bits);
}

static void entry_args(const struct attributed *a)
{
	vec_each(o, &a->s->operands) * vec_push(&((struct entry *)a->thing)->args) =
		registers_from(o);
}

static void entry_stack(const struct attributed *a)
{
	((struct entry *)a->thing)->takes_stack = true;
}

static void entry_result(const struct attributed *a)
{
	((struct entry *)a->thing)->result = registers_from(&a->s->operands.v[0]);
}

static void entry_preset(const struct attributed *a)
{
	struct entry *e = a->thing;
	struct preset p = {.carrier = {.registers = registers_from(&a->s->operands.v[0])},
			   .value = a->s->operands.v[1]};

	if (bits_from(a, 2, "fixed REGISTER VALUE; or fixed REGISTER VALUE bits HIGH:LOW;",
		      &p.carrier.bits))
		*vec_push(&e->presets) = p;
}

static void entry_clobbers(const struct attributed *a)
{
	((struct entry *)a->thing)->clobbers = clobbers_from(a);
}

static void entry_errors(const struct attributed *a)
{
	((struct entry *)a->thing)->errors = errors_from(a);
}

static void entry_flat(const struct attributed *a)
{
	words_from(a->s, &((struct entry *)a->thing)->flat);
}

/* ---- when an entry holds ---- */

static const char *const vendors[] = {"intel", "amd", "hygon", "centaur", "zhaoxin", NULL};
static const char *const guests[] = {"sev", "sev_es", "sev_snp", "tdx", NULL};

static enum expr_type one_of(const struct asker *a, const struct expr *e, const char *what,
			     const char *const *known)
{
	struct name word = e->operands.v[0].path.v[0];

	for (const char *const *k = known; *k; k++)
		if (is_word(word, *k))
			return TYPE_TRUTH;
	diag(a->run, unknown_word, word.loc, word.s, what, list_text(known));
	return TYPE_BROKEN;
}

enum expr_type resolve_cpu(const struct asker *a, struct expr *e)
{
	return one_of(a, e, "maker of processors", vendors);
}

enum expr_type resolve_guest(const struct asker *a, struct expr *e)
{
	return one_of(a, e, "kind of guest", guests);
}

static enum expr_type resolve_feature_atom(const struct asker *a, struct expr *e)
{
	const struct abi *abi = a->module;

	e->feature = e->path.n == 1 ? map_get(&abi->feature_map, e->path.v[0].s) : NULL;
	if (e->feature)
		return TYPE_TRUTH;
	diag(a->run, unknown_feature, e->loc, abi->name.s, path_text(&e->path, 0),
	     suggest(a->run, &abi->feature_map, e->path.v[0].s));
	return TYPE_BROKEN;
}

static const struct atom entry_atoms[] = {
	MACHINE_ATOMS,
	{NULL, NULL, "features of the abi", TYPE_TRUTH, resolve_feature_atom, NULL},
};

static void entry_when(const struct attributed *a)
{
	const struct asker asker = {a->run, "the choice of an entry", entry_atoms,
				    NELEM(entry_atoms), a->module};

	((struct entry *)a->thing)->condition = a->s->condition;
	expr_resolve(&asker, a->s->condition);
}

static const struct attribute_row entry_rows[] = {
	{"number", "rw?b?", "number REGISTER; or number REGISTER bits HIGH:LOW;", entry_number,
	 ONCE},
	{"args", "r+", "args REGISTER...;", entry_args, ONCE},
	{"stack", "", "stack;", entry_stack, ONCE},
	{"result", "r", "result REGISTER;", entry_result, ONCE},
	{"fixed", "rcw?b?", "fixed REGISTER VALUE; or fixed REGISTER VALUE bits HIGH:LOW;",
	 entry_preset, REPEAT},
	{"clobbers", "w+", "clobbers none|args|memory|REGISTER...;", entry_clobbers, ONCE},
	{"errors", "ww?b?", ERRORS_USAGE, entry_errors, ONCE},
	{"flat", "w+", "flat SEGMENT...;", entry_flat, ONCE},
	{"when", "", "when CONDITION;", entry_when, ONCE},
};

static const struct table entry_table = {"an entry", entry_rows, NELEM(entry_rows), NULL};

/** Marks it with its braces, or up to the end where the second one lacks. */
static void report_placeholder(struct run *run, const struct operand *insn, const char *s)
{
	size_t begin = (size_t)(s - insn->string), n = strcspn(s, "}");

	n += s[n] == '}';
	diag(run, entry_placeholder, source_in_string(run, insn->loc, begin, begin + n));
}

/** What an entry's instruction can leave open: the number, or the address that belongs to it. */
static void check_entry_insn(struct run *run, struct entry *e, const struct operand *insn)
{
	for (const char *s = insn->string; (s = strchr(s, '{')); s++) {
		bool is_target = !strncmp(s, "{target}", strlen("{target}"));

		e->takes_target |= is_target;
		if (!is_target && strncmp(s, "{number}", strlen("{number}")) != 0)
			report_placeholder(run, insn, s);
	}
}

static void check_bits_of(struct run *run, const struct arch *arch, const struct carrier *at)
{
	unsigned int width = arch ? arch->word * 8 * (at->registers.high.s ? 2 : 1) : 64;

	check_carrier(run, arch, &at->registers);
	if (at->bits.is_said)
		check_bits(run, at->bits.loc, at->bits.high, at->bits.low, width < 64 ? width : 64);
}

static void check_preset(struct run *run, const struct abi *abi, const struct entry *e,
			 const struct preset *p)
{
	const struct bits *bits = &p->carrier.bits;
	uint64_t most = bits->is_said ? bits_mask(bits->high - bits->low, 0) : UINT64_MAX;

	check_bits_of(run, e->arch, &p->carrier);
	if (p->value.kind == OPERAND_PATH)
		find_const(run, &abi->scope, p->value.path.v[0]);
	else if (most && (uint64_t)p->value.value > most)
		diag(run, out_of_range, p->value.loc, "fixed", "0",
		     mem_printf("%llu", (unsigned long long)most));
}

static void check_entry(struct run *run, const struct abi *abi, struct entry *e)
{
	vec_each(insn, &e->code.insns) check_entry_insn(run, e, insn);
	if (e->arch && !(abi->arches & arch_bit(e->arch)))
		diag(run, not_here, e->code.arch.loc, abi->name.s, e->arch->name);
	check_bits_of(run, e->arch, &e->number);
	vec_each(r, &e->args) check_carrier(run, e->arch, r);
	check_carrier(run, e->arch, &e->result);
	vec_each(p, &e->presets) check_preset(run, abi, e, p);
	check_clobbers(run, e, &e->clobbers);
	check_errors(run, e->arch, &e->errors);
	check_segments(run, e->arch, &e->flat);
}

void abi_entry(const struct attributed *a)
{
	struct abi *abi = a->thing;
	struct entry *e = mem_alloc(sizeof(*e));
	const operands *o = &a->s->operands;
	bool is_named = o->v[1].kind == OPERAND_PATH;

	e->code = *template_from(a->run, a->s, 0, is_named ? 2 : 1);
	e->arch = arch_find(e->code.arch.s);
	if (is_named)
		e->name = o->v[1].path.v[0];
	apply_all(a->run, &entry_table, a->module, e, &a->s->block);
	check_entry(a->run, abi, e);
	*vec_push(&abi->entries) = e;
}

/* ---- which entry ---- */

static bool entry_fits(const struct entry *e, const struct arch *arch, const char *name)
{
	return e->arch == arch && e->name.s == name;
}

const struct entry *abi_entry_of(const struct abi *abi, const struct call *call,
				 const struct arch *arch)
{
	vec_each(e, &abi->entries)
	{
		if (entry_fits(*e, arch, call->traits.entry.s))
			return *e;
	}
	return NULL;
}

const struct clobbers *call_clobbers(const struct entry *e, const struct call *call)
{
	return call->traits.clobbers.is_said ? &call->traits.clobbers : &e->clobbers;
}

const struct errors *call_errors(const struct abi *abi, const struct call *call)
{
	const struct entry *e = abi_entry_of(abi, call, abi->scope.arch);

	return call->traits.errors.domain || !e ? &call->traits.errors : &e->errors;
}

/** The next entry of the same set. */
static const struct entry *next_entry(const struct abi *abi, struct entry *const *e)
{
	for (struct entry *const *next = e + 1; next < abi->entries.v + abi->entries.n; next++)
		if (entry_fits(*next, (*e)->arch, (*e)->name.s))
			return *next;
	return NULL;
}

void check_entries(struct run *run, const struct abi *abi)
{
	vec_each(it, &abi->entries)
	{
		const struct entry *e = *it, *next = e->arch ? next_entry(abi, it) : NULL;

		if (!e->arch)
			continue;
		if (next && !e->condition) {
			diag(run, entry_unreachable, next->code.arch.loc);
			diag_note(run, e->code.arch.loc, "this one has no condition");
		}
		if (!next && e->condition)
			diag(run, entry_open, e->condition->loc, e->arch->name);
	}
}

/* ---- what no function is written for ---- */

static bool is_plain(const struct carrier *at)
{
	return at->registers.low.s && !at->registers.high.s && !at->bits.is_said && !at->is_stack;
}

static bool has_plain_values(const struct call *call)
{
	vec_each(p, &call->params)
	{
		if (!is_plain(&p->way->at) || is_output(p))
			return false;
	}
	return type_is_void(&call->result.type) || is_plain(&call->result.way->at);
}

static bool has_outputs(const struct call *call)
{
	vec_each(p, &call->params)
	{
		if (is_output(p))
			return true;
	}
	return false;
}

/** Do some of the values share a register with others? */
static bool has_bits(const struct call *call)
{
	vec_each(p, &call->params)
	{
		if (p->way->at.bits.is_said)
			return true;
	}
	return !type_is_void(&call->result.type) && call->result.way->at.bits.is_said;
}

const char *target_gap(const struct arch *arch, const struct call *call)
{
	const struct entry *e = abi_entry_of(call->abi, call, arch);

	if (has_bits(call))
		return "calls of a ROM with values in bits of a register";
	if (e->number.registers.low.s || e->number.is_stack || e->presets.n)
		return "calls of a ROM that take more than their arguments";
	return NULL;
}

const char *call_gap(const struct call *call)
{
	const struct abi *abi = call->abi;
	const struct entry *e = abi_entry_of(abi, call, abi->scope.arch);

	if (!e)
		return "no entry for this architecture is described";
	if (call->is_fixed || (e->takes_target && !abi->rom))
		return "its address is found at boot";
	if (e->condition)
		return "its instruction is chosen at boot";
	if (call->traits.kind == KIND_JUMP || call->traits.kind == KIND_ASM_ONLY)
		return "it cannot be called from C";
	if (e->takes_target)
		return has_outputs(call) ? "its values come back in registers"
		       : target_gap(abi->scope.arch, call)
			       ? "its values travel in bits, or beside others than its arguments"
			       : NULL;
	if (e->presets.n || e->number.bits.is_said || e->number.registers.high.s ||
	    !has_plain_values(call))
		return "its values travel in pairs, in bits, on the stack or in registers that "
		       "come back";
	return NULL;
}
