/* Statements of an op. */
#include <string.h>

#include "attributes.h"
#include "unknown.h"

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

/* ---- native templates ---- */

static void template_if(const struct attributed *a)
{
	struct template *t = a->thing;

	if (resolve_guard(a->run, a->s->condition))
		t->guard = a->s->condition;
}

static void template_when(const struct attributed *a)
{
	struct template *t = a->thing;

	if (resolve_template_condition(a->run, a->module, a->s->condition))
		t->when = a->s->condition;
}

/** Is there a label of this number behind the instruction? */
static bool has_label(const struct template *t, unsigned int insn, int64_t label)
{
	const char *text = mem_printf("%lld:", (long long)label);

	for (size_t i = insn; i < t->insns.n; i++) {
		const char *s = t->insns.v[i].string;

		if (!strncmp(s + strspn(s, " \t"), text, strlen(text)))
			return true;
	}
	return false;
}

/** `fault NUMBER LABEL;` or `fault NUMBER fixup "INSTRUCTION"...;` */
static bool read_fault(const struct attributed *a, struct fault *f)
{
	static const char usage[] = "fault NUMBER LABEL; or fault NUMBER fixup \"INSTRUCTION\"...;";
	const operands *o = &a->s->operands;
	bool is_fixup = operand_is(&o->v[1], "fixup");
	const char *shape = is_fixup ? "iws+" : "ii";

	if (!shape_fits(shape, o)) {
		report_operand(a, shape_misfit(shape, o), usage);
		return false;
	}
	f->label = is_fixup ? 0 : o->v[1].value;
	for (size_t i = 2; i < o->n; i++) {
		template_check(a->run, &o->v[i]);
		*vec_push(&f->fixup) = o->v[i];
	}
	return true;
}

/** Reports a second word on the same instruction. */
static void check_repeated(const struct attributed *a, const struct fault *f)
{
	vec_each(old, &((const struct template *)a->thing)->faults)
	{
		if (old->insn != f->insn)
			continue;
		diag(a->run, repeated, f->loc, mem_printf("fault %u", f->insn));
		diag_note(a->run, old->loc, "it was said here first");
	}
}

static void template_fault(const struct attributed *a)
{
	struct template *t = a->thing;
	const operands *o = &a->s->operands;
	struct fault f = {.loc = o->v[0].loc};
	unsigned int errors = a->run->errors;

	f.insn = bounded(a->run, a->s, 1, (int64_t)t->insns.n);
	if (a->run->errors != errors || !read_fault(a, &f))
		return;
	if (!f.fixup.n && !has_label(t, f.insn, f.label))
		diag(a->run, no_label, o->v[1].loc, mem_printf("%lld", (long long)f.label),
		     mem_printf("%u", f.insn));
	check_repeated(a, &f);
	*vec_push(&t->faults) = f;
}

static void template_weight(const struct attributed *a)
{
	struct template *t = a->thing;

	t->weight = bounded(a->run, a->s, (int64_t)t->insns.n, 255);
}

static const struct attribute_row template_rows[] = {
	{"if", "", "if CONDITION;", template_if, ONCE},
	{"when", "", "when CONDITION;", template_when, ONCE},
	{"fault", "ia+", "fault NUMBER LABEL; or fault NUMBER fixup \"INSTRUCTION\"...;",
	 template_fault, REPEAT},
	{"weight", "i", "weight INSTRUCTIONS;", template_weight, ONCE},
};

static const struct table template_table = {"a template", template_rows, NELEM(template_rows),
					    NULL};

static bool is_same_condition(const struct expr *a, const struct expr *b)
{
	return a && b ? !strcmp(expr_text(a), expr_text(b)) : a == b;
}

/** Is the template never used, because of an earlier one? */
static bool is_hidden(const struct template *t, const struct template *earlier)
{
	if (t->arch.s != earlier->arch.s)
		return false;
	return (!earlier->guard && !earlier->when) ||
	       (is_same_condition(t->guard, earlier->guard) &&
		is_same_condition(t->when, earlier->when));
}

static void op_native(const struct attributed *a)
{
	struct op *op = a->thing;
	struct template *t = template_from(a->run, a->s, 0, 1);
	unsigned int errors = a->run->errors;

	apply_all(a->run, &template_table, a->module, t, &a->s->block);
	if (a->run->errors != errors || expr_truth(t->guard) == TRUTH_FALSE)
		return;
	vec_each(old, &op->natives)
	{
		if (!is_hidden(t, *old))
			continue;
		diag(a->run, duplicate, t->arch.loc, "native template for", t->arch.s);
		diag_note(a->run, (*old)->arch.loc, "the first definition is here");
		return;
	}
	*vec_push(&op->natives) = t;
}

static const struct {
	const char *name;
	enum impl_kind kind;
} defaults[] = {
	{"nop", IMPL_NOP},   {"identity", IMPL_IDENTITY}, {"zero", IMPL_CONSTANT},
	{"trap", IMPL_TRAP}, {"native", IMPL_INHERIT},
};

/** The kind by its word, or IMPL_NONE. */
static enum impl_kind find_default(const struct operand *o)
{
	for (size_t i = 0; i < NELEM(defaults); i++)
		if (o->kind == OPERAND_PATH && is_word(o->path.v[0], defaults[i].name))
			return defaults[i].kind;
	return IMPL_NONE;
}

static void op_default(const struct attributed *a)
{
	struct interface *i = a->module;
	struct op *op = a->thing;
	const struct operand *o = &a->s->operands.v[0];
	const struct decl *d =
		o->kind == OPERAND_PATH ? scope_find(a->run, &i->scope, o->path.v[0]) : NULL;

	op->fallback = (struct impl){.kind = find_default(o), .loc = o->loc};
	if (op->fallback.kind != IMPL_NONE)
		return;
	if (o->kind == OPERAND_PATH && (!d || d->kind != DECL_CONST)) {
		diag(a->run, unknown_word, o->loc, o->path.v[0].s, "default",
		     "nop identity zero trap native, a number or a constant");
		return;
	}
	/* Without a result no number is too big: bind() says what is wrong. */
	if (type_is_void(&op->type) ||
	    resolve_number(a->run, &i->scope, o, &op->type, op->name.s, &op->fallback.value))
		op->fallback.kind = IMPL_CONSTANT;
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

static void op_frame(const struct attributed *a)
{
	struct interface *i = a->module;
	struct op *op = a->thing;
	struct name name = word_at(a->s, 0);
	const struct decl *d = scope_find(a->run, &i->scope, name);

	if (d && d->kind == DECL_STRUCT && !d->is_opaque)
		op->frame = d;
	else
		diag(a->run, unknown_type, name.loc, name.s,
		     d ? "; a frame is a structure with members"
		       : suggest_type(a->run, &i->scope, "struct", name.s));
}

/* ---- how it is reached ---- */

static const struct {
	const char *name;
	enum site_kind site;
} sites[] = {
	{"slot", SITE_SLOT},
	{"static_call", SITE_STATIC_CALL},
	{"inline_only", SITE_INLINE_ONLY},
	{"never_patched", SITE_NEVER_PATCHED},
};

static void op_site(const struct attributed *a)
{
	struct op *op = a->thing;
	struct name word = word_at(a->s, 0);

	for (size_t i = 0; i < NELEM(sites); i++)
		if (is_word(word, sites[i].name)) {
			op->site = sites[i].site;
			return;
		}
	diag(a->run, unknown_word, word.loc, word.s, "site",
	     "slot static_call inline_only never_patched");
}

static void op_asm_callable(const struct attributed *a)
{
	struct op *op = a->thing;

	op->is_asm_callable = true;
	if (a->s->operands.n)
		op->asm_name = word_at(a->s, 0);
}

static void op_always_inline(const struct attributed *a)
{
	((struct op *)a->thing)->is_always_inline = true;
}

/** The slot is there in any case, but the functions and macros that use it are not. */
static void op_callers(const struct attributed *a)
{
	if (resolve_guard(a->run, a->s->condition))
		((struct op *)a->thing)->callers = a->s->condition;
}

static const struct param *find_param(const struct op *op, const char *name)
{
	vec_each(p, &op->params)
	{
		if (p->name.s == name)
			return p;
	}
	return NULL;
}

/** NAME:TYPE is a parameter that callers have and the op does not. */
static const struct param *dropped_param(const struct attributed *a, const struct operand *o)
{
	const struct interface *i = a->module;
	struct param *p = mem_alloc(sizeof(*p));

	*p = (struct param){.name = o->path.v[0], .type = {.name = o->path.v[1]}};
	resolve_type(a->run, &i->scope, &p->type);
	return p;
}

static const struct param *wrapper_param(const struct attributed *a, const struct operand *o)
{
	const struct op *op = a->thing;
	const struct param *p;

	if (o->kind == OPERAND_PAIR)
		return dropped_param(a, o);
	p = find_param(op, o->path.v[0].s);
	if (!p)
		diag(a->run, unknown_argument, o->loc, op_path(op), o->path.v[0].s,
		     suggest_param(a->run, &op->params, o->path.v[0].s));
	return p;
}

/** The order of a wrapper's parameters: each of the op's once. */
static void wrapper_order(const struct attributed *a)
{
	struct op *op = a->thing;
	struct map seen = {0};
	size_t n_own = 0, errors = a->run->errors;

	for (size_t i = 1; i < a->s->operands.n; i++) {
		const struct operand *o = &a->s->operands.v[i];
		const struct param *p = wrapper_param(a, o);

		if (p && map_add(&seen, p->name.s, (void *)p))
			diag(a->run, repeated, o->loc, p->name.s);
		else if (p)
			*vec_push(&op->wrapper.params) = p;
		n_own += o->kind != OPERAND_PAIR;
	}
	if (a->run->errors == errors && n_own != op->params.n)
		diag(a->run, argument_count, op->wrapper.name.loc, op->wrapper.name.s,
		     counted(op->params.n, "argument"), mem_printf("%zu", n_own));
}

static const char wrapper_usage[] = "wrapper NAME PARAMETER|PARAMETER:TYPE...;";

static void op_wrapper(const struct attributed *a)
{
	struct op *op = a->thing;

	if (a->s->operands.v[0].kind != OPERAND_PATH) {
		report_operand(a, 0, wrapper_usage);
		return;
	}
	op->wrapper.name = word_at(a->s, 0);
	c_name(a->run, op->wrapper.name);
	if (a->s->operands.n > 1)
		wrapper_order(a);
	else
		vec_each(p, &op->params) * vec_push(&op->wrapper.params) = p;
}

/* ---- other ops ---- */

/** Do the words before the last one of a path name the group and those around it? */
static bool is_in_groups(const struct group *group, const names *path)
{
	for (size_t i = path->n - 1; i-- > 0; group = group->outer)
		if (!group || group->name.s != path->v[i].s)
			return false;
	return !group;
}

struct op *find_op(struct run *run, const struct interface *i, const names *path)
{
	const struct name *last = &path->v[path->n - 1];
	struct op *op = map_get(&i->op_map, last->s);
	struct loc loc = path_loc(path);

	if (op && (path->n == 1 || is_in_groups(op->group, path)))
		return op;
	if (!op) {
		diag(run, unknown_op, last->loc, i->name.s, path_text(path, 0),
		     suggest(run, &i->op_map, last->s));
		return NULL;
	}
	diag(run, unknown_op, loc, i->name.s, path_text(path, 0),
	     mem_printf("; did you mean '%s'?", op_path(op)));
	diag_fix(run, loc, op_path(op));
	return NULL;
}

struct group *find_group(struct run *run, const struct interface *i, struct name name)
{
	struct group *g = map_get(&i->group_map, name.s);

	if (!g)
		diag(run, unknown_group, name.loc, i->name.s, name.s,
		     suggest(run, &i->group_map, name.s));
	return g;
}

void ops_from(const struct attributed *a, ops *ops)
{
	vec_each(o, &a->s->operands)
	{
		struct op *op = find_op(a->run, a->module, &o->path);

		if (op)
			*vec_push(ops) = op;
	}
}

static void op_pairs(const struct attributed *a)
{
	ops_from(a, &((struct op *)a->thing)->pairs);
}

static void op_together(const struct attributed *a)
{
	ops_from(a, &((struct op *)a->thing)->together);
}

static bool has_op(const ops *ops, const struct op *op)
{
	vec_each(it, ops)
	{
		if (*it == op)
			return true;
	}
	return false;
}

static void op_defer(const struct attributed *a)
{
	const struct interface *i = a->module;
	struct op *op = a->thing;
	struct name name = word_at(a->s, 0);
	const struct batch *b = map_get(&i->batch_map, name.s);

	if (!b)
		diag(a->run, unknown_batch, name.loc, i->name.s, name.s,
		     suggest(a->run, &i->batch_map, name.s));
	else if (has_op(&b->begin, op) || has_op(&b->end, op) || has_op(&b->flush, op))
		diag(a->run, contradiction, name.loc, op_path(op),
		     mem_printf("opens, closes or flushes batch '%s'", name.s), "wait in it");
	else
		*vec_push(&op->defer) = b;
}

/* ---- versions ---- */

static void op_since(const struct attributed *a)
{
	((struct op *)a->thing)->since = &a->s->operands.v[0];
}

static void op_deprecated(const struct attributed *a)
{
	struct op *op = a->thing;

	op->deprecated = &a->s->operands.v[0];
	op->advice = a->s->operands.v[1].string;
}

static void op_retired(const struct attributed *a)
{
	((struct op *)a->thing)->retired = &a->s->operands.v[0];
}

const char *version_text(int64_t version)
{
	return mem_printf("%d.%d", (int)(version >> 32), (int)(version & INT32_MAX));
}

/** Reports a version that comes before another one, if both are said. */
static void check_order(struct run *run, const struct op *op, const struct operand *version,
			const char *what, const struct operand *before, const char *what_before)
{
	if (!version || !before || version->value > before->value)
		return;
	diag(run, version_order, version->loc, op_path(op), what, version_text(version->value),
	     mem_printf("it is %s %s", what_before, version_text(before->value)));
	diag_note(run, before->loc, "said here");
}

static void check_versions(struct run *run, const struct interface *i, struct op *op)
{
	int64_t now = version_make(i->major, i->minor);

	if (op->since && op->since->value > now)
		diag(run, version_order, op->since->loc, op_path(op), "there since",
		     version_text(op->since->value),
		     mem_printf("the interface's version is %s", version_text(now)));
	check_order(run, op, op->deprecated, "deprecated in", op->since, "there since");
	check_order(run, op, op->retired, "retired in", op->since, "there since");
	check_order(run, op, op->retired, "retired in", op->deprecated, "deprecated in");
	op->is_retired = op->retired && op->retired->value <= now;
	op->is_deprecated = op->deprecated && op->deprecated->value <= now && !op->is_retired;
	if (op->is_retired)
		op->fallback = (struct impl){.kind = IMPL_TRAP, .loc = op->retired->loc};
}

bool op_is_dead(const struct op *op)
{
	return op->is_spare || op->is_retired;
}

/* ---- what cannot be ---- */

static bool is_late(const struct op *op)
{
	return op->context & CONTEXT_LATE;
}

static bool is_pure(const struct op *op)
{
	return op->context & CONTEXT_PURE;
}

static bool is_deferred(const struct op *op)
{
	return op->defer.n;
}

static bool has_budget(const struct op *op)
{
	return op->budget;
}

static bool has_frame(const struct op *op)
{
	return op->frame;
}

static bool has_wrapper(const struct op *op)
{
	return op->wrapper.name.s;
}

static bool has_result(const struct op *op)
{
	return !type_is_void(&op->type);
}

static bool has_no_result(const struct op *op)
{
	return type_is_void(&op->type);
}

static bool is_tail(const struct op *op)
{
	return op->tail;
}

static bool is_no_tail(const struct op *op)
{
	return !op->tail;
}

static bool is_never_patched(const struct op *op)
{
	return op->site == SITE_NEVER_PATCHED;
}

static bool has_no_slot(const struct op *op)
{
	return op->site == SITE_STATIC_CALL || op->site == SITE_INLINE_ONLY;
}

static bool is_to_retire(const struct op *op)
{
	return op->retired;
}

static const struct {
	bool (*is)(const struct op *op);
	const char *what;
	bool (*has)(const struct op *op);
	const char *statement, *word; /* that say so; or NULL */
	const char *cannot;
} contradictions[] = {
	{is_never_patched, "is never patched", is_late, "context", "late", "be late"},
	{is_never_patched, "is never patched", has_budget, "budget", NULL, "have a budget"},
	{has_no_result, "has no result", is_pure, "context", "pure",
	 "be pure: nobody would need the call"},
	{has_result, "has a result", is_deferred, "defer", NULL,
	 "be deferred: its caller needs it now"},
	{is_no_tail, "is no tail op", has_frame, "frame", NULL, "have a frame"},
	{is_tail, "is a tail op", has_wrapper, "wrapper", NULL,
	 "have a wrapper: C does not call it"},
	{has_no_slot, "has no slot", is_to_retire, "retired", NULL, "be retired: none has to stay"},
};

static void check_contradictions(struct run *run, const struct op *op)
{
	for (size_t i = 0; i < NELEM(contradictions); i++)
		if (contradictions[i].is(op) && contradictions[i].has(op))
			diag(run, contradiction,
			     said_at(&op->stmts, contradictions[i].statement,
				     contradictions[i].word),
			     op_path(op), contradictions[i].what, contradictions[i].cannot);
}

/* ---- what nobody knows ---- */

static void op_unknown(const struct attributed *a)
{
	resolve_unknown(a->run, a->s, true, &((struct op *)a->thing)->unknown);
}

/* ---- all of it ---- */

static const struct attribute_row op_rows[] = {
	{"clobbers", "w+", "clobbers normal|none|flags|REGISTER...;", op_clobbers, ONCE},
	{"context", "w+", "context WORD...;", op_context, ONCE},
	{"native", "ws+", "native ARCH \"INSTRUCTION\"...;", op_native, REPEAT | BLOCK},
	{"default", "c", "default nop|identity|zero|trap|native|NUMBER;", op_default, ONCE},
	{"budget", "i", "budget BYTES;", op_budget, ONCE},
	{"revision", "i", "revision NUMBER;", op_revision, ONCE},
	{"tail", "", "tail;", op_tail, ONCE},
	{"frame", "w", "frame STRUCTURE;", op_frame, ONCE},
	{"site", "w", "site slot|static_call|inline_only|never_patched;", op_site, ONCE},
	{"asm_callable", "w?", "asm_callable [MACRO];", op_asm_callable, ONCE},
	{"always_inline", "", "always_inline;", op_always_inline, ONCE},
	{"if", "", "if CONDITION;", op_callers, ONCE},
	{"wrapper", "r+", wrapper_usage, op_wrapper, ONCE},
	{"pairs", "d", "pairs OP;", op_pairs, ONCE},
	{"together", "d+", "together OP...;", op_together, ONCE},
	{"defer", "w", "defer BATCH;", op_defer, REPEAT},
	{"since", "v", "since MAJOR.MINOR;", op_since, ONCE},
	{"deprecated", "vs", "deprecated MAJOR.MINOR \"ADVICE\";", op_deprecated, ONCE},
	{"retired", "v", "retired MAJOR.MINOR;", op_retired, ONCE},
	{"unknown", "w+", "unknown WORD...;", op_unknown, REPEAT},
};

static const struct table op_table = {"an op", op_rows, NELEM(op_rows), NULL};

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
	op->revision = 1;
	resolve_result_space(run, op);
	apply_all(run, &op_table, interface, op, &op->stmts);
	check_contradictions(run, op);
	check_unknown(run, interface, op);
	check_versions(run, interface, op);
	if ((op->context & CONTEXT_LATE) && op->budget > run->arch->line)
		diag(run, late_budget, said(&op->stmts, "budget")->operands.v[0].loc, op->name.s,
		     mem_printf("%u", run->arch->line));
	if (!op->budget)
		op->budget = run->arch->default_budget;
}
