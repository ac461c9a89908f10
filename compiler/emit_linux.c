/*
 * The Linux profile: an interface as the headers of Linux 6.1 for x86, for which the kernel's own
 * configuration decides what is there.  The parts that no op changes are linux_*.txt.
 *
 * What the kernel demands: names of headers, structures and slots, section .parainstructions
 * with its records (arch/x86/kernel/alternative.c), ALTERNATIVE() around sites
 * (asm/alternative.h), static calls (linux/static_call_types.h).
 */
#include <string.h>

#include "pvgen.h"

static const char types_text[] =
#include "linux_types.inc"
	;
static const char sites_text[] =
#include "linux_sites.inc"
	;
static const char calls_text[] =
#include "linux_calls.inc"
	;

/* ---- conditions of the preprocessor ---- */

/** A guard in C, without what is known already; "" if nothing is left. */
static const char *condition_text(const struct expr *e);

static const char *joined(const char *left, const char *operator, const char * right)
{
	if (!*left || !*right)
		return *left ? left : right;
	return mem_printf("%s %s %s", left, operator, right);
}

static const char *atom_text(const struct expr *e)
{
	if (e->kind == EXPR_INT)
		return mem_printf("%lld", (long long)e->value);
	if (e->config->is_bool)
		return mem_printf("defined(CONFIG_%s)", e->config->name.s);
	return mem_printf("CONFIG_%s", e->config->name.s);
}

/** One side of a comparison: a number, or a truth value, of which nothing may be left out. */
static const char *compared_text(const struct expr *e)
{
	if (e->type == TYPE_NUMBER)
		return atom_text(e);
	if (expr_truth(e) != TRUTH_UNKNOWN)
		return expr_truth(e) == TRUTH_TRUE ? "1" : "0";
	return mem_printf("(%s)", condition_text(e));
}

static const char *operator_text(const struct expr *e)
{
	if (e->kind == EXPR_AND)
		return joined(condition_text(e->left), "&&", condition_text(e->right));
	if (e->kind == EXPR_OR)
		return mem_printf("(%s || %s)", condition_text(e->left), condition_text(e->right));
	return mem_printf("%s %s %s", compared_text(e->left), expr_operator(e->kind),
			  compared_text(e->right));
}

static const char *condition_text(const struct expr *e)
{
	if (e && e->type == TYPE_NUMBER)
		return atom_text(e);
	if (!e || expr_truth(e) == TRUTH_TRUE)
		return "";
	if (e->kind == EXPR_PATH)
		return atom_text(e);
	if (e->kind == EXPR_NOT)
		return mem_printf("!(%s)", condition_text(e->left));
	return operator_text(e);
}

/** Of the groups around it, and its own. */
static const char *guards_text(const struct group *g, const struct expr *own)
{
	const char *text = condition_text(own);

	for (; g; g = g->outer)
		text = joined(condition_text(g->guard), "&&", text);
	return text;
}

static const char *op_condition(const struct op *op)
{
	return guards_text(op->group, op->guard);
}

/** Where an op is called; its slot may be elsewhere too. */
static const char *caller_condition(const struct op *op)
{
	return joined(op_condition(op), "&&", condition_text(op->callers));
}

/** Lines that are under one condition at a time. */
struct guarded {
	struct out *out;
	const char *condition; /* "" or NULL: none */
};

/** What is printed next is under this condition; "" closes the last one. */
static void put_condition(struct guarded *g, const char *condition)
{
	if (g->condition && !strcmp(g->condition, condition))
		return;
	if (g->condition && *g->condition)
		put(g->out, "#endif\n");
	if (*condition)
		put(g->out, "#if %s\n", condition);
	g->condition = condition;
}

static void put_all_raw(const struct interface *i, const char *header, struct out *o)
{
	struct guarded lines = {.out = o};

	vec_each(raw, &i->raws)
	{
		if (strcmp(raw->header.s, header) || expr_truth(raw->guard) == TRUTH_FALSE)
			continue;
		put_condition(&lines, condition_text(raw->guard));
		vec_each(line, &raw->lines) put(o, "%s\n", line->string);
	}
	put_condition(&lines, "");
}

static void emit_head(const struct run *run, const struct interface *i, const char *guard,
		      struct out *o)
{
	emit_banner(o, source_origin(run, i->name.loc));
	if (guard)
		put(o, "#ifndef %s\n#define %s\n", guard, guard);
}

/* ---- paravirt_types.h: slots and sites ---- */

static bool has_slot(const struct op *op)
{
	return op->site != SITE_STATIC_CALL && op->site != SITE_INLINE_ONLY;
}

static void put_slot(const struct op *op, struct out *o)
{
	emit_doc(o, "\t", op_contract(op));
	if (op_is_narrow(op))
		put(o, "\tstruct paravirt_callee_save %s;\n", op->name.s);
	else
		put(o, "\t%s(%s);\n", kernel_declare(&op->type, mem_printf("(*%s)", op->name.s)),
		    kernel_params(&op->params));
}

static void put_data(const struct interface *i, const struct group *g, struct guarded *lines)
{
	vec_each(it, &i->data)
	{
		const struct data *d = *it;

		if (d->group != g)
			continue;
		put_condition(lines, guards_text(g, d->guard));
		emit_doc(lines->out, "\t", d->doc);
		put(lines->out, "\t%s;\n", kernel_declare(&d->type, d->name.s));
	}
}

static const char *group_struct(const struct group *g)
{
	if (g->structure.s)
		return g->structure.s;
	return g->table.s ? g->table.s : mem_printf("pv_%s_ops", g->name.s);
}

/** Does any op of it, or value beside them, lie in a structure? */
static bool has_members(const struct interface *i, const struct group *g)
{
	vec_each(op, &g->ops)
	{
		if (has_slot(*op))
			return true;
	}
	vec_each(d, &i->data)
	{
		if ((*d)->group == g)
			return true;
	}
	return false;
}

/** Members that are inner groups stand where their ops are. */
static void emit_group(const struct interface *i, const struct group *g, struct out *o)
{
	struct guarded lines = {.out = o};
	const struct group *last = NULL;

	if (!has_members(i, g))
		return;
	emit_doc(o, "", g->doc);
	put(o, "struct %s {\n", group_struct(g));
	put_data(i, g, &lines);
	vec_each(op, &g->ops)
	{
		const struct group *inner = inner_group(g, *op);

		if ((inner && inner == last) || !has_slot(*op))
			continue;
		put_condition(&lines, op_condition(*op));
		if (inner)
			put(o, "\tstruct %s %s;\n", group_struct(inner), inner->name.s);
		else
			put_slot(*op, o);
		last = inner;
	}
	put_condition(&lines, "");
	put(o, "}%s;\n\n", g->table.s ? "" : " __no_randomize_layout");
}

static void emit_inner_groups(const struct interface *i, const struct group *g, struct out *o)
{
	vec_each(inner, &g->groups)
	{
		emit_inner_groups(i, *inner, o);
		emit_group(i, *inner, o);
	}
}

/** Those that are no part of pv_ops come first. */
static void emit_groups(const struct interface *i, struct out *o)
{
	vec_each(g, &i->groups)
	{
		if ((*g)->table.s)
			emit_group(i, *g, o);
	}
	vec_each(g, &i->groups) emit_inner_groups(i, *g, o);
	vec_each(g, &i->groups)
	{
		if (!(*g)->table.s)
			emit_group(i, *g, o);
	}
}

static void emit_template_struct(const struct interface *i, struct out *o)
{
	emit_doc(o, "", "All ops that have a slot; the number of an op is its place here.\n");
	put(o, "struct paravirt_patch_template {\n");
	vec_each(g, &i->groups)
	{
		if (!(*g)->table.s && has_members(i, *g))
			put(o, "\tstruct %s %s;\n", group_struct(*g), (*g)->name.s);
	}
	put(o, "} __no_randomize_layout;\n\nextern struct paravirt_patch_template pv_ops;\n");
	vec_each(g, &i->groups)
	{
		if ((*g)->table.s)
			put(o, "extern struct %s %s;\n", (*g)->table.s, (*g)->table.s);
	}
	put(o, "\n");
}

/** Structures that ops only pass on. */
static void emit_opaque(const struct run *run, struct out *o)
{
	vec_each(d, &run->scope.decls)
	{
		if ((*d)->kind == DECL_STRUCT && (*d)->is_opaque)
			put(o, "struct %s;\n", (*d)->name.s);
	}
	put(o, "\n");
}

void emit_linux_types(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;

	emit_head(run, i, "_ASM_X86_PARAVIRT_TYPES_H", o);
	put(o, "#ifndef __ASSEMBLY__\n");
	put(o, "%s", types_text);
	emit_opaque(run, o);
	emit_groups(i, o);
	emit_template_struct(i, o);
	put(o, "%s", sites_text);
	put_all_raw(i, "types", o);
	put(o, "#endif /* __ASSEMBLY__ */\n#endif\n");
}

/* ---- paravirt.h: call stubs ---- */

/** What of a small structure is in the register. */
static const char *to_word(const struct param *p)
{
	const struct member *m = type_wrapped(&p->type);

	if (p->word)
		return mem_printf("%s(%s)", p->word, p->name.s);
	return m ? mem_printf("%s.%s", p->name.s, m->name.s) : p->name.s;
}

static const char *result_text(const struct op *op)
{
	const char *type = kernel_declare(&op->type, "");

	if (!type_record(&op->type))
		return mem_printf("PV_RESULT(%s)", type);
	return mem_printf("(%s){PV_RESULT(%s)}", type,
			  kernel_declare(&type_wrapped(&op->type)->type, ""));
}

/** Instructions in one text, weighed as the template says. */
static const char *insns_text(const struct template *t)
{
	struct out text = {0};

	vec_each(insn, &t->insns) put(&text, "%s%s", insn == t->insns.v ? "" : "; ", insn->string);
	for (size_t n = t->insns.n; n < t->weight; n++)
		put(&text, ";");
	return text_of(&text);
}

/** Capability of the processor that takes the template out: its condition's, or that of all. */
static const char *capability_of(const struct interface *i, const struct template *t)
{
	const struct derived *d = t->when ? t->when->derived : NULL;

	return d && d->unless.s ? d->unless.s : i->native_unless.s;
}

static const char *how_text(const struct op *op)
{
	return mem_printf("%s%s", op_is_narrow(op) ? "KEEP_" : "",
			  type_is_void(&op->type) ? "VOID" : "WORD");
}

/** For one architecture: what stands where the processor has all that bare hardware has. */
static const char *site_of(const struct run *run, const struct interface *i, const struct op *op,
			   const struct template *t)
{
	const char *native = t ? c_string(doubled_percents(insns_text(t))) : NULL;
	const char *capability = t ? capability_of(i, t) : i->native_unless.s;

	if (!t && i->bare && i->bare->impls[op->slot].kind == IMPL_IDENTITY)
		native = c_string(doubled_percents(run->arch->identity));
	return native && capability ? mem_printf("PV_NATIVE(%s, %s)", capability, native)
				    : "PV_SITE";
}

static void put_call(const struct run *run, const struct interface *i, const struct op *op,
		     const struct template *t, struct out *o)
{
	put(o, "\tPV_CALL(%s, %s, %s%s", how_text(op), site_of(run, i, op, t), op_path(op),
	    op_is_narrow(op) ? ".func" : "");
	for (size_t n = 0; n < op->params.n; n++)
		put(o, ", PV_%zu(%s)", n + 1, to_word(&op->params.v[n]));
	put(o, ");\n");
}

/** Several architectures have a template: the kernel is built for one. */
static void put_calls(const struct run *run, const struct interface *i, const struct op *op,
		      struct out *o)
{
	struct guarded lines = {.out = o};

	if (op->natives.n < 2) {
		put_call(run, i, op, op->natives.n ? op->natives.v[0] : NULL, o);
		return;
	}
	vec_each(t, &op->natives)
	{
		put_condition(&lines,
			      mem_printf("defined(%s)", arch_find((*t)->arch.s)->linux_config));
		put_call(run, i, op, *t, o);
	}
	put_condition(&lines, "");
}

static void put_arguments(const struct op *op, struct out *o)
{
	vec_each(p, &op->params) put(o, "%s%s", p == op->params.v ? "" : ", ", p->name.s);
}

static void put_body(const struct run *run, const struct interface *i, const struct op *op,
		     struct out *o)
{
	const char *result = type_is_void(&op->type) ? "" : "return ";

	if (op->site == SITE_STATIC_CALL)
		put(o, "\t%sstatic_call(%s)(", result, op->name.s);
	else if (op->site == SITE_NEVER_PATCHED)
		put(o, "\t%spv_ops.%s(", result, op_path(op));
	else {
		put_calls(run, i, op, o);
		if (*result)
			put(o, "\treturn %s;\n", result_text(op));
		return;
	}
	put_arguments(op, o);
	put(o, ");\n");
}

/** Declared as an op of this type is. */
static void put_function(const struct op *op, const char *name, struct out *o)
{
	put(o, "%s(%s);\n", kernel_declare(&op->type, name), kernel_params(&op->params));
}

/** A function that is never there has the type of a static call. */
static void put_static_call(const struct op *op, struct out *o)
{
	const char *name = mem_printf("%s_type", op->name.s);

	put_function(op, name, o);
	put(o, "DECLARE_STATIC_CALL(%s, %s);\n\n", op->name.s, name);
}

static void emit_stub(const struct run *run, const struct interface *i, const struct op *op,
		      struct out *o)
{
	bool is_inline = op->is_always_inline || (op->context & CONTEXT_NOINSTR);
	const char *name = op->wrapper.name.s ? op->wrapper.name.s : op->name.s;
	params ordered = {0};

	if (op->site == SITE_STATIC_CALL)
		put_static_call(op, o);
	vec_each(p, &op->wrapper.params) * vec_push(&ordered) = **p;
	emit_doc(o, "", op_contract(op));
	put(o, "static %s %s(%s)\n{\n", is_inline ? "__always_inline" : "inline",
	    kernel_declare(&op->type, name),
	    kernel_params(op->wrapper.name.s ? &ordered : &op->params));
	put_body(run, i, op, o);
	put(o, "}\n\n");
}

/** Functions that no other header has. */
static void put_extern(const struct backend *b, struct guarded *lines)
{
	vec_each(op, &b->interface->ops)
	{
		const struct impl *impl = &b->impls[(*op)->slot];

		if (!impl->is_extern)
			continue;
		put_condition(lines, op_condition(*op));
		put_function(*op, impl->function, lines->out);
	}
}

/** Thunks that the table of bare hardware has. */
static void put_thunks(const struct backend *b, struct guarded *lines)
{
	vec_each(op, &b->interface->ops)
	{
		const struct impl *impl = &b->impls[(*op)->slot];

		if (impl->kind != IMPL_CALL || !op_is_narrow(*op))
			continue;
		put_condition(lines, caller_condition(*op));
		put_function(*op, mem_printf("__raw_callee_save_%s", impl->function), lines->out);
	}
}

/** A macro for assembly: the site, and its template where it is used. */
static void emit_asm_stub(const struct run *run, const struct interface *i, const struct op *op,
			  struct out *o)
{
	const char *offset = mem_printf("PV_%s_%s", upper(op->group->name.s), op->name.s);
	const struct template *t = op->natives.n ? op->natives.v[0] : NULL;

	put(o,
	    ".macro PV_SITE_%s\n"
	    "801:\tANNOTATE_RETPOLINE_SAFE\n"
	    "\t%s\n"
	    "802:\n"
	    "\t.pushsection .parainstructions, \"a\"\n"
	    "\t.balign %u\n"
	    "\t_ASM_PTR 801b\n"
	    "\t.byte %s / %u\n"
	    "\t.byte 802b - 801b\n"
	    "\t.balign %u\n"
	    "\t.popsection\n"
	    ".endm\n",
	    op->name.s,
	    arch_expand(run->arch->call_slot, mem_printf("(pv_ops + %s)", offset), NULL),
	    run->arch->word, offset, run->arch->word, run->arch->word);
	if (op->asm_name.s && t && capability_of(i, t))
		put(o, "#define %s ALTERNATIVE \"PV_SITE_%s\", %s, ALT_NOT(X86_FEATURE_%s)\n",
		    op->asm_name.s, op->name.s, c_string(insns_text(t)), capability_of(i, t));
	else if (op->asm_name.s)
		put(o, "#define %s PV_SITE_%s\n", op->asm_name.s, op->name.s);
}

static void emit_stub_if(const struct run *run, const struct interface *i, const struct op *op,
			 struct guarded *lines)
{
	if (op->is_left_out)
		return;
	put_condition(lines, caller_condition(op));
	emit_stub(run, i, op, lines->out);
}

void emit_linux_calls(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	struct guarded lines = {.out = o};

	emit_head(run, i, "_ASM_X86_PARAVIRT_H", o);
	put(o, "#ifdef CONFIG_PARAVIRT\n");
	put(o, "%s", calls_text);
	vec_each(op, &i->stubs) emit_stub_if(run, i, *op, &lines);
	vec_each(op, &i->ops)
	{
		if (!(*op)->is_stub_placed)
			emit_stub_if(run, i, *op, &lines);
	}
	vec_each(b, &i->backends) put_extern(*b, &lines);
	if (i->bare)
		put_thunks(i->bare, &lines);
	put_condition(&lines, "");
	put_all_raw(i, "calls", o);
	put(o, "#else /* __ASSEMBLY__ */\n");
	vec_each(op, &i->ops)
	{
		if (!(*op)->is_asm_callable)
			continue;
		put_condition(&lines, caller_condition(*op));
		emit_asm_stub(run, i, *op, o);
	}
	put_condition(&lines, "");
	put(o, "#endif /* __ASSEMBLY__ */\n#endif /* CONFIG_PARAVIRT */\n");
	put_all_raw(i, "always", o);
	put(o, "#endif\n");
}

/* ---- tables of slots ---- */

static const struct {
	enum impl_kind kind;
	const char *function; /* NULL: the description names it */
	bool is_typeless;
} slot_functions[] = {
	{IMPL_CALL, NULL, false},
	{IMPL_ASM, NULL, false},
	{IMPL_NOP, "paravirt_nop", false},
	{IMPL_IDENTITY, "_paravirt_ident_64", true},
	{IMPL_CONSTANT, "paravirt_ret0", true},
	{IMPL_TRAP, "paravirt_BUG", true},
};

/** What the slot holds, as an initialiser. */
static const char *slot_text(const struct op *op, const struct impl *impl)
{
	size_t n = 0;
	const char *function;

	while (slot_functions[n].kind != impl->kind)
		n++;
	function = slot_functions[n].function ? slot_functions[n].function : impl->function;
	if (op_is_narrow(op))
		return mem_printf("%s(%s)",
				  impl->kind == IMPL_CALL ? "PV_CALLEE_SAVE"
							  : "__PV_IS_CALLEE_SAVE",
				  function);
	return impl->is_cast || slot_functions[n].is_typeless ? mem_printf("(void *)%s", function)
							      : function;
}

static void put_slots(const struct backend *b, const struct group *g, struct guarded *lines)
{
	vec_each(op, &g->ops)
	{
		if (!has_slot(*op))
			continue;
		put_condition(lines, caller_condition(*op));
		put(lines->out, "\t.%s = %s,\n", op_path(*op),
		    slot_text(*op, &b->impls[(*op)->slot]));
	}
}

static void put_values(const struct interface *i, const struct group *g, struct out *o)
{
	struct guarded lines = {.out = o};

	put(o, "struct %s %s = {\n", g->table.s, g->table.s);
	vec_each(it, &i->data)
	{
		const struct data *d = *it;

		if (d->group != g || !d->value)
			continue;
		put_condition(&lines, guards_text(g, d->guard));
		if (d->value->kind == OPERAND_STRING)
			put(o, "\t.%s = %s,\n", d->name.s, c_string(d->value->string));
		else
			put(o, "\t.%s = 0x%llx,\n", d->name.s, (unsigned long long)d->number);
	}
	put_condition(&lines, "");
	put(o, "};\n\n");
}

void emit_linux_native(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	struct guarded lines = {.out = o};

	emit_head(run, i, NULL, o);
	vec_each(g, &i->groups)
	{
		if ((*g)->table.s)
			put_values(i, *g, o);
	}
	if (!i->bare)
		return;
	emit_doc(o, "", i->bare->doc);
	put(o, "struct paravirt_patch_template pv_ops = {\n");
	vec_each(g, &i->groups)
	{
		if (!(*g)->table.s)
			put_slots(i->bare, *g, &lines);
	}
	put_condition(&lines, "");
	put(o, "};\n");
}

void emit_linux_slots(const struct run *run, const void *module, struct out *o)
{
	const struct group_table *t = module;
	struct guarded lines = {.out = o};

	emit_head(run, t->backend->interface, NULL, o);
	emit_doc(o, "", t->backend->doc);
	put(o, "static const typeof(pv_ops) %s __initconst = {\n", t->name.s);
	put_slots(t->backend, t->group, &lines);
	put_condition(&lines, "");
	put(o, "};\n");
}
