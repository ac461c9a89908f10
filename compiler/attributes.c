/*
 * Statements of ops, abis, calls, entries and backends: a table for each
 * place.  A new attribute is a row, a function that applies it, and a field.
 */
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

/* ---- rows ---- */

/** A statement and what it is about. */
struct attributed {
	struct run *run;
	void *module; /* interface or abi around the thing */
	void *thing;
	const struct stmt *s;
};

/** Operands by letter: w word, d dotted path, i integer, c integer or constant, s string; +
 * repeats, ? may be left out. */
struct attribute_row {
	const char *name;
	const char *shape;
	const char *usage;
	void (*apply)(const struct attributed *a);
	enum { ONCE = 0, REPEAT = 1, BLOCK = 2 } flags;
};

static bool operand_fits(char letter, const struct operand *o)
{
	switch (letter) {
	case 'w':
		return o->kind == OPERAND_PATH && o->path.n == 1;
	case 'd':
		return o->kind == OPERAND_PATH;
	case 'i':
		return o->kind == OPERAND_INT;
	case 'c':
		return o->kind == OPERAND_INT || (o->kind == OPERAND_PATH && o->path.n == 1);
	case 's':
		return o->kind == OPERAND_STRING;
	default:
		return false;
	}
}

static bool shape_fits(const char *shape, const operands *operands)
{
	vec_each(o, operands)
	{
		if (!*shape || !operand_fits(*shape, o))
			return false;
		if (shape[1] != '+')
			shape++;
		else if (o == operands->v + operands->n - 1)
			shape += 2;
		else if (shape[2] && !operand_fits(*shape, o + 1))
			shape += 2;
	}
	return !*shape || *shape == '?' || shape[1] == '?';
}

static const char *row_names(const struct attribute_row *rows, size_t n)
{
	struct out o = {0};

	for (size_t i = 0; i < n; i++)
		put(&o, "%s%s", i ? " " : "; known: ", rows[i].name);
	return text_of(&o);
}

/** Where statements stand, and the rows that it knows. */
struct table {
	const char *place;
	const struct attribute_row *rows;
	size_t n;
};

static const struct attribute_row *find_row(const struct table *t, const char *word)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->rows[i].name, word))
			return &t->rows[i];
	return NULL;
}

static void apply(const struct table *t, const struct attributed *a, struct map *seen)
{
	const struct name *word = &a->s->path.v[0];
	const struct attribute_row *row = find_row(t, word->s);
	const struct name *first;

	if (!row) {
		diag(a->run, unknown_attribute, word->loc, t->place, word->s,
		     row_names(t->rows, t->n));
		return;
	}
	first = map_add(seen, word->s, (void *)word);
	if (first && !(row->flags & REPEAT)) {
		diag(a->run, repeated, word->loc, word->s);
		diag_note(a->run, first->loc, "it was said here first");
	} else if (a->s->has_block && !(row->flags & BLOCK)) {
		diag(a->run, no_block, word->loc, word->s);
	} else if (!shape_fits(row->shape, &a->s->operands)) {
		diag(a->run, bad_operands, a->s->loc, word->s, row->usage);
	} else {
		row->apply(a);
	}
}

/** Applies the statements that are attributes, not bindings. */
static void apply_all(struct run *run, const struct table *t, void *module, void *thing,
		      const stmts *stmts)
{
	struct map seen = {0};

	vec_each(s, stmts)
	{
		if (s->path.n == 1)
			apply(t, &(struct attributed){run, module, thing, s}, &seen);
	}
}

static struct name word_at(const struct stmt *s, size_t i)
{
	return s->operands.v[i].path.v[0];
}

static void words_from(const struct stmt *s, names *words)
{
	vec_each(o, &s->operands) * vec_push(words) = o->path.v[0];
}

static unsigned int bounded(struct run *run, const struct stmt *s, int64_t low, int64_t high)
{
	const struct operand *o = &s->operands.v[0];

	if (o->value >= low && o->value <= high)
		return (unsigned int)o->value;
	diag(run, out_of_range, o->loc, s->path.v[0].s, mem_printf("%lld", (long long)low),
	     mem_printf("%lld", (long long)high));
	return (unsigned int)low;
}

static bool is_word(struct name name, const char *word)
{
	return !strcmp(name.s, word);
}

static const char *arch_names(void)
{
	struct out o = {0};

	for (size_t i = 0; i < arch_count; i++)
		put(&o, "%s%s", i ? " " : "", arch_table[i].name);
	return text_of(&o);
}

static bool check_arch(struct run *run, struct name name)
{
	if (arch_find(name.s))
		return true;
	diag(run, unknown_arch, name.loc, name.s, arch_names());
	return false;
}

void template_check(struct run *run, const struct operand *insn)
{
	const char *s = insn->string;

	if (!s[strspn(s, " \t\n")])
		diag(run, empty_template, insn->loc);
	for (; *s; s++)
		if (*s == ';' || ((unsigned char)*s < ' ' && *s != '\t')) {
			diag(run, one_instruction, insn->loc);
			return;
		}
}

/** ARCH "instruction" ... as a template. */
static struct template *template_from(struct run *run, const struct stmt *s, size_t first)
{
	struct template *t = mem_alloc(sizeof(*t));

	t->arch = word_at(s, first);
	check_arch(run, t->arch);
	for (size_t i = first + 1; i < s->operands.n; i++)
		*vec_push(&t->insns) = s->operands.v[i];
	vec_each(insn, &t->insns) template_check(run, insn);
	return t;
}

static void check_registers(struct run *run, const names *registers)
{
	struct out known = {0};

	for (const char *const *r = run->arch->registers; *r; r++)
		put(&known, " %s", *r);
	vec_each(name, registers)
	{
		const char *const *r = run->arch->registers;

		while (*r && strcmp(*r, name->s) != 0)
			r++;
		if (!*r)
			diag(run, unknown_register, name->loc, name->s, text_of(&known) + 1);
	}
}

/* ---- op ---- */

static void op_clobbers(const struct attributed *a)
{
	struct op *op = a->thing;
	struct name first = word_at(a->s, 0);

	if (a->s->operands.n == 1 && is_word(first, "normal"))
		op->clobber = CLOBBER_NORMAL;
	else if (a->s->operands.n == 1 && is_word(first, "none"))
		op->clobber = CLOBBER_NONE;
	else if (a->s->operands.n == 1 && is_word(first, "flags"))
		op->clobber = CLOBBER_FLAGS;
	else {
		op->clobber = CLOBBER_SET;
		words_from(a->s, &op->registers);
		check_registers(a->run, &op->registers);
	}
}

static const struct {
	const char *name;
	enum context context;
} contexts[] = {
	{"noinstr", CONTEXT_NOINSTR}, {"hot", CONTEXT_HOT},
	{"early", CONTEXT_EARLY},     {"late", CONTEXT_LATE},
	{"pure", CONTEXT_PURE},	      {"unprivileged", CONTEXT_UNPRIVILEGED},
};

static void op_context(const struct attributed *a)
{
	struct op *op = a->thing;

	vec_each(o, &a->s->operands)
	{
		size_t i = 0;

		while (i < NELEM(contexts) && !is_word(o->path.v[0], contexts[i].name))
			i++;
		if (i < NELEM(contexts))
			op->context |= contexts[i].context;
		else
			diag(a->run, unknown_word, o->loc, o->path.v[0].s, "context",
			     "noinstr hot early late pure unprivileged");
	}
}

static void op_native(const struct attributed *a)
{
	struct op *op = a->thing;
	struct template *t = template_from(a->run, a->s, 0);

	vec_each(old, &op->natives)
	{
		if ((*old)->arch.s != t->arch.s)
			continue;
		diag(a->run, duplicate, t->arch.loc, "native template for", t->arch.s);
		diag_note(a->run, (*old)->arch.loc, "the first definition is here");
	}
	*vec_push(&op->natives) = t;
}

static const struct {
	const char *name;
	enum impl_kind kind;
} defaults[] = {
	{"nop", IMPL_NOP}, {"identity", IMPL_IDENTITY}, {"zero", IMPL_ZERO}, {"trap", IMPL_TRAP}};

static void op_default(const struct attributed *a)
{
	struct op *op = a->thing;
	struct name word = word_at(a->s, 0);

	for (size_t i = 0; i < NELEM(defaults); i++)
		if (is_word(word, defaults[i].name)) {
			op->fallback = (struct impl){.kind = defaults[i].kind, .loc = a->s->loc};
			return;
		}
	diag(a->run, unknown_word, word.loc, word.s, "default", "nop identity zero trap");
}

static void op_budget(const struct attributed *a)
{
	((struct op *)a->thing)->budget = bounded(a->run, a->s, a->run->arch->slot_site, 255);
}

static void op_revision(const struct attributed *a)
{
	((struct op *)a->thing)->revision = bounded(a->run, a->s, 1, 65535);
}

static void op_tail(const struct attributed *a)
{
	struct op *op = a->thing;

	op->tail = true;
	if (op->params.n || !type_is_void(&op->type))
		diag(a->run, tail_shape, a->s->loc, op->name.s);
}

static void op_pairs(const struct attributed *a)
{
	struct interface *i = a->module;
	struct op *op = a->thing;

	words_from(a->s, &op->pairs);
	vec_each(name, &op->pairs)
	{
		if (!map_get(&i->op_map, name->s))
			diag(a->run, unknown_op, name->loc, i->name.s, name->s,
			     suggest(a->run, &i->op_map, name->s));
	}
}

static void op_defer(const struct attributed *a)
{
	struct op *op = a->thing;

	words_from(a->s, &op->defer);
}

static const struct attribute_row op_rows[] = {
	{"clobbers", "w+", "clobbers normal|none|flags|REGISTER...;", op_clobbers, ONCE},
	{"context", "w+", "context WORD...;", op_context, ONCE},
	{"native", "ws+", "native ARCH \"INSTRUCTION\"...;", op_native, REPEAT},
	{"default", "w", "default nop|identity|zero|trap;", op_default, ONCE},
	{"budget", "i", "budget BYTES;", op_budget, ONCE},
	{"revision", "i", "revision NUMBER;", op_revision, ONCE},
	{"tail", "", "tail;", op_tail, ONCE},
	{"pairs", "w", "pairs OP;", op_pairs, ONCE},
	{"defer", "w", "defer MODE;", op_defer, REPEAT},
};

static const struct table op_table = {"an op", op_rows, NELEM(op_rows)};

static void resolve_result_space(struct run *run, struct op *op)
{
	vec_each(a, &op->attributes)
	{
		if (op->space != SPACE_NONE)
			diag(run, repeated, a->name.loc, "kind of address");
		op->space = space_find(a->name.s);
		if (op->space == SPACE_NONE)
			diag(run, unknown_attribute, a->name.loc, "a result", a->name.s,
			     "; known: va pa gpa pfn mfn ma");
	}
}

void resolve_op(struct run *run, struct interface *interface, struct op *op)
{
	op->budget = run->arch->default_budget;
	op->revision = 1;
	resolve_result_space(run, op);
	apply_all(run, &op_table, interface, op, &op->stmts);
	if ((op->context & CONTEXT_LATE) && op->budget > run->arch->line)
		diag(run, late_budget, op->name.loc, op->name.s, mem_printf("%u", run->arch->line));
}

/* ---- abi ---- */

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

/* ---- backend ---- */

static void backend_bare(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct interface *i = a->module;

	b->is_bare = true;
	if (i->bare) {
		diag(a->run, two_bare, a->s->loc, i->name.s, i->bare->name.s, b->name.s);
		diag_note(a->run, i->bare->name.loc, "'%s' is here", i->bare->name.s);
	}
	i->bare = b;
}

static void backend_deprivileged(const struct attributed *a)
{
	((struct backend *)a->thing)->is_deprivileged = true;
}

static void detect_always(struct run *run, struct backend *b, const struct stmt *s)
{
	(void)run;
	(void)s;
	b->detect = DETECT_ALWAYS;
}

static void detect_start_info(struct run *run, struct backend *b, const struct stmt *s)
{
	(void)run;
	(void)s;
	b->detect = DETECT_START_INFO;
}

static void detect_cpuid(struct run *run, struct backend *b, const struct stmt *s)
{
	const struct operand *signature = &s->operands.v[s->operands.n - 1];

	b->detect = DETECT_CPUID;
	b->signature = signature->string;
	if (signature->kind != OPERAND_STRING || !*signature->string ||
	    strlen(signature->string) > 12)
		diag(run, bad_signature, signature->loc);
}

static const struct {
	const char *name;
	void (*apply)(struct run *run, struct backend *b, const struct stmt *s);
} detections[] = {
	{"always", detect_always},
	{"start_info", detect_start_info},
	{"cpuid", detect_cpuid},
};

static void backend_detect(const struct attributed *a)
{
	struct backend *b = a->thing;

	b->is_detected = true;
	for (size_t i = 0; i < NELEM(detections); i++)
		if (is_word(word_at(a->s, 0), detections[i].name)) {
			detections[i].apply(a->run, b, a->s);
			return;
		}
	diag(a->run, unknown_word, a->s->operands.v[0].loc, word_at(a->s, 0).s, "way to detect",
	     "always start_info cpuid");
}

static void backend_priority(const struct attributed *a)
{
	((struct backend *)a->thing)->priority = bounded(a->run, a->s, 0, 1000000);
}

static void backend_init(const struct attributed *a)
{
	((struct backend *)a->thing)->init = word_at(a->s, 0).s;
}

static void backend_flush(const struct attributed *a)
{
	((struct backend *)a->thing)->flush = word_at(a->s, 0).s;
}

static void backend_shared(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct name record = word_at(a->s, 0), where = word_at(a->s, 1);
	struct decl *d = b->abi ? scope_find(&b->abi->scope, record.s) : NULL;

	if (!d || !d->is_shared) {
		diag(a->run, unknown_type, record.loc, record.s,
		     d ? "; it is not declared 'shared struct'" : "");
		return;
	}
	if (!is_word(where, "percpu") && !is_word(where, "global"))
		diag(a->run, unknown_word, where.loc, where.s, "place of shared memory",
		     "percpu global");
	*vec_push(&b->shared) = (struct shared){
		.structure = record,
		.decl = d,
		.is_percpu = is_word(where, "percpu"),
		.symbol = word_at(a->s, 2).s,
	};
}

static enum space space_operand(struct run *run, struct name name)
{
	enum space space = space_find(name.s);

	if (space == SPACE_NONE)
		diag(run, unknown_word, name.loc, name.s, "kind of address",
		     "va pa gpa pfn mfn ma");
	return space;
}

static void backend_converter(const struct attributed *a)
{
	static const char usage[] = "converter NAME from KIND to KIND call FUNCTION;";
	struct backend *b = a->thing;

	if (!is_word(word_at(a->s, 1), "from") || !is_word(word_at(a->s, 3), "to") ||
	    !is_word(word_at(a->s, 5), "call")) {
		diag(a->run, bad_operands, a->s->loc, "converter", usage);
		return;
	}
	*vec_push(&b->converters) = (struct converter){
		.name = word_at(a->s, 0),
		.from = space_operand(a->run, word_at(a->s, 2)),
		.to = space_operand(a->run, word_at(a->s, 4)),
		.function = word_at(a->s, 6).s,
	};
}

/** The values of a provision by name; reports those that nobody asks for and repetitions. */
static void collect_values(struct run *run, const struct registration *r,
			   const struct stmt *provide, struct map *values)
{
	vec_each(s, &provide->block)
	{
		const struct name *name = &s->path.v[0];

		if (!map_get(&r->member_map, name->s))
			diag(run, unknown_attribute, name->loc, r->name.s, name->s,
			     suggest(run, &r->member_map, name->s));
		else if (map_add(values, name->s, s))
			diag(run, repeated, name->loc, name->s);
	}
}

/** One value for each member of the registration, of its kind, in its order. */
static void provide_values(struct run *run, const struct registration *r,
			   const struct stmt *provide, stmts *sorted)
{
	struct map values = {0};

	collect_values(run, r, provide, &values);
	vec_each(m, &r->members)
	{
		const struct stmt *s = map_get(&values, m->name.s);
		const char *shape = m->is_function || type_is_pointer(&m->type) ? "w" : "i";

		if (!s)
			diag(run, member_missing, provide->operands.v[1].loc, r->name.s,
			     word_at(provide, 1).s, m->name.s);
		else if (!shape_fits(shape, &s->operands))
			diag(run, bad_operands, s->loc, m->name.s,
			     mem_printf("%s %s;", m->name.s,
					*shape == 'i' ? "NUMBER" : "FUNCTION"));
		else
			*vec_push(sorted) = *s;
	}
}

static void backend_provide(const struct attributed *a)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	struct name kind = word_at(a->s, 0);
	const struct registration *r = map_get(&i->registration_map, kind.s);
	struct provision *p;

	if (!r) {
		diag(a->run, unknown_registration, kind.loc, i->name.s, kind.s,
		     suggest(a->run, &i->registration_map, kind.s));
		return;
	}
	p = vec_push(&b->provisions);
	*p = (struct provision){.registration = r, .name = word_at(a->s, 1)};
	provide_values(a->run, r, a->s, &p->values);
}

static void inherit_group(const struct attributed *a, const struct name *name)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	const struct group *group = map_get(&i->group_map, name->s);
	const struct name *first;

	if (!group) {
		diag(a->run, unknown_group, name->loc, i->name.s, name->s,
		     suggest(a->run, &i->group_map, name->s));
		return;
	}
	first = map_add(&b->inherit_map, name->s, (void *)name);
	if (first) {
		diag(a->run, repeated, name->loc, name->s);
		diag_note(a->run, first->loc, "it was said here first");
		return;
	}
	*vec_push(&b->inherits) = (struct inheritance){group, name->loc};
}

static void backend_inherit(const struct attributed *a)
{
	vec_each(o, &a->s->operands) inherit_group(a, &o->path.v[0]);
}

static const struct attribute_row backend_rows[] = {
	{"bare", "", "bare;", backend_bare, ONCE},
	{"deprivileged", "", "deprivileged;", backend_deprivileged, ONCE},
	{"detect", "ws?", "detect always; detect start_info; or detect cpuid \"SIGNATURE\";",
	 backend_detect, ONCE},
	{"priority", "i", "priority NUMBER;", backend_priority, ONCE},
	{"init", "w", "init FUNCTION;", backend_init, ONCE},
	{"flush", "w", "flush FUNCTION;", backend_flush, ONCE},
	{"shared", "www", "shared STRUCTURE percpu|global SYMBOL;", backend_shared, REPEAT},
	{"converter", "wwwwwww", "converter NAME from KIND to KIND call FUNCTION;",
	 backend_converter, REPEAT},
	{"inherit", "w+", "inherit GROUP...;", backend_inherit, REPEAT},
	{"provide", "ww", "provide REGISTRATION NAME { MEMBER VALUE; ... }", backend_provide,
	 BLOCK | REPEAT},
};

static const struct table backend_table = {"a backend", backend_rows, NELEM(backend_rows)};

static int by_registration(const void *a, const void *b)
{
	const struct provision *x = a, *y = b;

	if (x->registration != y->registration)
		return x->registration->index < y->registration->index ? -1 : 1;
	return x->name.loc.begin < y->name.loc.begin ? -1 : 1;
}

static void *find_module(const struct map *names, struct name name, const void *list, size_t n)
{
	void *module = map_get(names, name.s);
	void *const *v = list;

	for (size_t i = 0; i < n; i++)
		if (v[i] == module)
			return module;
	return NULL;
}

void resolve_backend(struct run *run, struct backend *b)
{
	b->interface =
		find_module(&run->modules, b->interface_name, run->interfaces.v, run->interfaces.n);
	if (!b->interface) {
		diag(run, unknown_interface, b->interface_name.loc, b->interface_name.s,
		     suggest(run, &run->modules, b->interface_name.s));
		return;
	}
	if (b->abi_name.s) {
		b->abi = find_module(&run->modules, b->abi_name, run->abis.v, run->abis.n);
		if (!b->abi)
			diag(run, unknown_abi, b->abi_name.loc, b->abi_name.s,
			     suggest(run, &run->modules, b->abi_name.s));
	}
	*vec_push(&b->interface->backends) = b;
	apply_all(run, &backend_table, b->interface, b, &b->stmts);
	if (b->provisions.n)
		qsort(b->provisions.v, b->provisions.n, sizeof(*b->provisions.v), by_registration);
	if (!b->is_detected)
		diag(run, not_detected, b->name.loc, b->name.s);
}
