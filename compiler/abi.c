/* Statements of an abi, of its entries and of its calls. */
#include <string.h>

#include "attributes.h"

/* ---- entry and abi ---- */

static void entry_number(const struct attributed *a)
{
	words_from(a->s, &((struct entry *)a->thing)->number);
	check_registers(a->run, &((struct entry *)a->thing)->number);
}

static void entry_args(const struct attributed *a)
{
	words_from(a->s, &((struct entry *)a->thing)->args);
	check_registers(a->run, &((struct entry *)a->thing)->args);
}

static void entry_result(const struct attributed *a)
{
	words_from(a->s, &((struct entry *)a->thing)->result);
	check_registers(a->run, &((struct entry *)a->thing)->result);
}

/* Beside registers: `args`, the registers of the arguments, and `memory`. */
static void entry_clobbers(const struct attributed *a)
{
	struct entry *e = a->thing;

	vec_each(o, &a->s->operands)
	{
		if (is_word(o->path.v[0], "args"))
			e->clobbers_args = true;
		else if (is_word(o->path.v[0], "memory"))
			e->clobbers_memory = true;
		else
			*vec_push(&e->clobbers) = o->path.v[0];
	}
	check_registers(a->run, &e->clobbers);
}

static void entry_errors(const struct attributed *a)
{
	struct name word = word_at(a->s, 0);

	((struct entry *)a->thing)->errors_negative = true;
	if (!is_word(word, "negative"))
		diag(a->run, unknown_word, word.loc, word.s, "error domain", "negative");
}

static const struct attribute_row entry_rows[] = {
	{"number", "w", "number REGISTER;", entry_number, ONCE},
	{"args", "w+", "args REGISTER...;", entry_args, ONCE},
	{"result", "w", "result REGISTER;", entry_result, ONCE},
	{"clobbers", "w+", "clobbers args|memory|REGISTER...;", entry_clobbers, ONCE},
	{"errors", "w", "errors negative;", entry_errors, ONCE},
};

static const struct table entry_table = {"an entry", entry_rows, NELEM(entry_rows)};

/** {number} is the only thing that an entry's instruction can leave open. */
static void check_entry_insn(struct run *run, const struct operand *insn)
{
	for (const char *s = insn->string; (s = strchr(s, '{')); s++)
		if (strncmp(s, "{number}", strlen("{number}")) != 0)
			diag(run, entry_placeholder, insn->loc);
}

static void check_entry(struct run *run, const struct entry *e)
{
	vec_each(insn, &e->code.insns) check_entry_insn(run, insn);
	if (!e->args.n)
		diag(run, entry_incomplete, e->code.arch.loc, e->code.arch.s, "args");
	if (!e->result.n)
		diag(run, entry_incomplete, e->code.arch.loc, e->code.arch.s, "result");
}

static void abi_entry(const struct attributed *a)
{
	struct abi *abi = a->thing;
	struct entry *e = mem_alloc(sizeof(*e));

	e->code = *template_from(a->run, a->s, 0);
	apply_all(a->run, &entry_table, a->module, e, &a->s->block);
	if (a->run->arch != arch_find(e->code.arch.s))
		return;
	if (abi->entry)
		diag(a->run, repeated, a->s->loc, "entry");
	check_entry(a->run, e);
	abi->entry = e;
}

static void abi_multicall(const struct attributed *a)
{
	struct abi *abi = a->thing;
	struct name record = word_at(a->s, 0);

	abi->multicall = scope_find(&abi->scope, record.s);
	if (!abi->multicall || abi->multicall->kind != DECL_STRUCT) {
		diag(a->run, unknown_type, record.loc, record.s,
		     suggest(a->run, &abi->scope.map, record.s));
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
	const struct call *call;

	call = map_get(&abi->number_map,
		       intern(mem_printf("%lld", (long long)a->s->operands.v[1].value)));
	if (!call)
		return;
	diag(a->run, reserved_number, call->name.loc, call->name.s);
	diag_note(a->run, a->s->loc, "reserved here: %s", a->s->operands.v[2].string);
}

static const struct attribute_row abi_rows[] = {
	{"entry", "ws+", "entry ARCH \"INSTRUCTION\"... { ... }", abi_entry, BLOCK | REPEAT},
	{"multicall", "www", "multicall STRUCTURE MEMBER_OF_NUMBER MEMBER_OF_ARGUMENTS;",
	 abi_multicall, ONCE},
	{"reserved", "wis", "reserved number NUMBER \"REASON\";", abi_reserved, REPEAT},
};

static const struct table abi_table = {"an abi", abi_rows, NELEM(abi_rows)};

void resolve_abi(struct run *run, struct abi *abi)
{
	apply_all(run, &abi_table, abi, abi, &abi->stmts);
	if (abi->calls.n && !abi->entry)
		diag(run, no_entry, abi->name.loc, abi->name.s, run->arch->name);
}

/* ---- call ---- */

static const struct param *call_param(struct run *run, const struct call *call, struct name name)
{
	vec_each(p, &call->params)
	{
		if (p->name.s == name.s)
			return p;
	}
	diag(run, unknown_param, name.loc, call->name.s, name.s,
	     suggest_param(run, &call->params, name.s));
	return NULL;
}

/** The member of an argument's element that a path names, or NULL and a report. */
static const struct member *element_member(struct run *run, const struct param *element,
					   const names *path, size_t first)
{
	const struct decl *d = element->type.decl;
	const struct member *m = NULL;

	for (size_t i = first; i < path->n; i++) {
		m = d ? record_member(d, path->v[i].s) : NULL;
		if (!m) {
			diag(run, unknown_member, path->v[i].loc,
			     i ? path->v[i - 1].s : element->name.s, path->v[i].s,
			     suggest_member(run, d, path->v[i].s));
			return NULL;
		}
		if (m->is_array && i + 1 < path->n) {
			diag(run, array_path, path->v[i].loc, m->name.s);
			return NULL;
		}
		d = m->nested ? m->nested : type_record(&m->type);
	}
	return m;
}

static void call_subs(const struct attributed *a)
{
	struct call *call = a->thing;
	const struct param *p;

	call->selector = a->s->operands.v[1].path;
	p = call_param(a->run, call, call->selector.v[0]);
	if (!p || call->selector.n == 1)
		return;
	call->element = p;
	element_member(a->run, p, &call->selector, 1);
}

static void call_fix(const struct attributed *a)
{
	struct abi *abi = a->module;
	struct call *call = a->thing;
	const struct operand *value = &a->s->operands.v[1];
	const struct param *p = call_param(a->run, call, word_at(a->s, 0));
	const struct decl *d = NULL;

	if (value->kind == OPERAND_PATH) {
		d = scope_find(&abi->scope, value->path.v[0].s);
		if (!d || d->kind != DECL_CONST) {
			diag(a->run, unknown_const, value->loc, value->path.v[0].s,
			     suggest(a->run, &abi->scope.map, value->path.v[0].s));
			return;
		}
	}
	*vec_push(&call->fixed) =
		(struct fixed){p, d ? mem_printf("%s%s", d->scope->upper_prefix, d->name.s)
				    : mem_printf("%lld", (long long)value->value)};
}

static void call_noreturn(const struct attributed *a)
{
	((struct call *)a->thing)->noreturn = true;
}

static const struct attribute_row call_rows[] = {
	{"subs", "wd", "subs in PARAMETER; or subs in PARAMETER.MEMBER;", call_subs, ONCE},
	{"fix", "wc", "fix PARAMETER VALUE;", call_fix, REPEAT},
	{"noreturn", "", "noreturn;", call_noreturn, ONCE},
};

static const struct table call_table = {"a call", call_rows, NELEM(call_rows)};

/** Each parameter of a sub-command has a place: a parameter of the call, or in the element. */
static void check_sub_params(struct run *run, const struct call *call, const struct subcall *sub)
{
	vec_each(p, &sub->params)
	{
		bool found = false;

		vec_each(q, &call->params) found |= q->name.s == p->name.s;
		if (p->at.n && call->element)
			element_member(run, call->element, &p->at, 0);
		else if (!found)
			diag(run, no_place, p->name.loc, p->name.s);
	}
}

void resolve_call(struct run *run, struct abi *abi, struct call *call)
{
	apply_all(run, &call_table, abi, call, &call->stmts);
	if (abi->entry && abi->entry->args.n && call->params.n > abi->entry->args.n)
		diag(run, too_many_args, call->name.loc, call->name.s);
	if (call->subs.n && !call->selector.n)
		diag(run, no_selector, call->name.loc, call->name.s);
	vec_each(sub, &call->subs) check_sub_params(run, call, *sub);
}
