/* A backend's half that is generated: prototypes, tables, templates. */
#include <string.h>

#include "rom.h"
#include "skeleton.h"

static const struct impl *impl_of(const struct backend *b, const struct op *op)
{
	return slot_impl(b, op);
}

/* ---- header: what people write, as prototypes ---- */

void emit_backend_header(const struct run *run, const void *module, struct out *o)
{
	const struct backend *b = module;
	const char *up = upper(b->name.s);
	writtens list = written_by(b);

	emit_banner(o, source_origin(run, b->name.loc));
	put(o, "#ifndef PVGEN_BACKEND_%s_H\n#define PVGEN_BACKEND_%s_H\n\n", up, up);
	put(o, "#include \"%s_ops.h\"\n", b->interface->name.s);
	if (b->abi)
		put(o, "#include \"%s.h\"\n", b->abi->name.s);
	put(o, "\n");
	vec_each(w, &list)
	{
		if (!w->declaration)
			continue;
		emit_doc(o, "", w->doc);
		put(o, "%s%s;\n\n", w->object ? "extern " : "", w->declaration);
	}
	put(o, "#endif\n");
}

/* ---- table: slots, hypercall expressions, registrations ---- */

static const char *argument_text(const struct argument *a, const struct param *target)
{
	const char *value;

	if (a->constant)
		return mem_printf("%s%s", a->constant->scope->upper_prefix, a->constant->name.s);
	if (!a->param)
		return mem_printf("%lld", (long long)a->value.value);
	value = a->param->name.s;
	if (a->convert)
		return mem_printf("%s(%s)", a->convert->function,
				  c_to_word(&a->param->type, value));
	return is_output(target) ? value : c_convert(&a->param->type, &target->type, value);
}

/** The hypercall as a C expression. */
static const char *call_text(const struct backend *b, const struct impl *impl)
{
	const params *targets = impl->sub ? &impl->sub->params : &impl->call->params;
	struct out o = {0};

	put(&o, "%s%s%s%s(", b->abi->scope.prefix, impl->call->name.s, impl->sub ? "_" : "",
	    impl->sub ? impl->sub->name.s : "");
	for (size_t i = 0; i < targets->n; i++)
		put(&o, "%s%s", i ? ", " : "",
		    argument_text(&impl->stmt->arguments.v[i], &targets->v[i]));
	put(&o, ")");
	return text_of(&o);
}

/** An op without a result has no other way to tell that its hypercall failed. */
static bool is_error_lost(const struct backend *b, const struct op *op)
{
	const struct scalar *result = type_scalar(&impl_of(b, op)->call->result.type);

	return type_is_void(&op->type) && result && result->is_signed &&
	       call_errors(b->abi, impl_of(b, op)->call)->domain == ERRORS_NEGATIVE;
}

static bool is_argument(const struct impl *impl, const struct param *p)
{
	vec_each(a, &impl->stmt->arguments)
	{
		if (a->param == p)
			return true;
	}
	return false;
}

/** A parameter that the hypercall does not take is no mistake, and no warning either. */
static void put_unused(const struct op *op, const struct impl *impl, struct out *o)
{
	vec_each(p, &op->params)
	{
		if (!is_argument(impl, p))
			put(o, "\t(void)%s;\n", p->name.s);
	}
}

static void emit_hypercall(const struct backend *b, const struct op *op, struct out *o)
{
	const char *call = call_text(b, impl_of(b, op));
	const struct interface *i = b->interface;

	put(o, "%s\n{\n", c_prototype(i, op, b->lowered[op->slot].symbol));
	if (is_error_lost(b, op))
		put(o, "\tlong pv_error;\n\n");
	put_unused(op, impl_of(b, op), o);
	if (b->flush)
		put(o, "\t%s();\n", b->flush);
	if (is_error_lost(b, op))
		put(o,
		    "\tpv_error = %s;\n\tif (pv_error < 0)\n"
		    "\t\t%shypercall_failed(%sOP_%s, pv_error);\n",
		    call, i->scope.prefix, i->scope.upper_prefix, op->name.s);
	else if (type_is_void(&op->type))
		put(o, "\t%s;\n", call);
	else
		put(o, "\treturn %s;\n",
		    c_convert(&impl_of(b, op)->call->result.type, &op->type, call));
	put(o, "}\n\n");
}

/**
 * What C calls the op's function.  One function in assembly may serve ops of
 * different types, so C knows it by a name an op.
 */
static const char *c_symbol(const struct backend *b, const struct op *op)
{
	return impl_of(b, op)->kind == IMPL_ASM ? lowered_symbol(b, op)
						: b->lowered[op->slot].symbol;
}

static void emit_body_prototypes(const struct backend *b, struct out *o)
{
	put(o,
	    "/* Bodies that stand in %s.S or in assembly, and native functions that are "
	    "inherited. */\n",
	    b->name.s);
	vec_each(it, &b->interface->ops)
	{
		const struct op *op = *it;
		const struct impl *impl = impl_of(b, op);

		if (impl->kind == IMPL_ASM)
			put(o, "%s __asm__(\"%s\");\n",
			    c_prototype(b->interface, op, c_symbol(b, op)), impl->function);
		else if (has_body(&b->lowered[op->slot]) ||
			 (impl->kind == IMPL_CALL && impl->is_inherited))
			put(o, "%s;\n", c_prototype(b->interface, op, c_symbol(b, op)));
	}
	put(o, "\n");
}

static void emit_group_slots(const struct backend *b, const struct group *g, const char *indent,
			     struct out *o)
{
	const struct group *last = NULL;

	if (!g->ops.n)
		return;
	put(o, "%s.%s = {\n", indent, g->name.s);
	vec_each(op, &g->ops)
	{
		const struct group *inner = inner_group(g, *op);

		if (inner && inner != last)
			emit_group_slots(b, inner, mem_printf("\t%s", indent), o);
		last = inner;
		if (!inner)
			put(o, "%s\t.%s = %s,\n", indent, (*op)->name.s, c_symbol(b, *op));
	}
	put(o, "%s},\n", indent);
}

static void emit_slots(const struct backend *b, const char *head, struct out *o)
{
	put(o, "%s = {\n", head);
	vec_each(g, &b->interface->groups) emit_group_slots(b, *g, "\t", o);
	put(o, "};\n\n");
}

void emit_backend_slots(const struct backend *b, struct out *o)
{
	const char *n = b->interface->name.s;

	emit_body_prototypes(b, o);
	emit_slots(b, mem_printf("const struct %s_ops %s_%s_ops", n, n, b->name.s), o);
}

/** Text as C has it. */
static void put_string(const char *s, struct out *o)
{
	put(o, "\"");
	for (; *s; s++)
		put(o, *s >= ' ' && *s < 0x7f && !strchr("\"\\?", *s) ? "%c" : "\\%03o",
		    (unsigned char)*s);
	put(o, "\"");
}

static void put_value(const char *name, const struct value *value, struct out *o)
{
	put(o, ", .%s = ", name);
	if (value->kind == VALUE_TEXT)
		put_string(value->s, o);
	else if (value->kind == VALUE_SYMBOL)
		put(o, "%s", value->s);
	else
		put(o, "%lld", (long long)value->number);
}

static void emit_provision(const struct provision *p, struct out *o)
{
	put(o, "\t{.name = ");
	put_string(p->name.s, o);
	for (size_t n = 0; n < p->values.n; n++)
		if (p->values.v[n].kind != VALUE_NONE)
			put_value(p->registration->members.v[n].name.s, &p->values.v[n], o);
	put(o, "},\n");
}

/** The provisions of one registration, which start at *@p; returns how many. */
static size_t emit_provisions(const struct backend *b, const struct registration *r,
			      const struct provision **p, struct out *o)
{
	const struct provision *first = *p, *end = b->provisions.v + b->provisions.n;

	if (first == end || first->registration != r)
		return 0;
	put(o, "static const struct %s_%s pvgen_%s[] = {\n", b->interface->name.s, r->name.s,
	    r->name.s);
	for (; *p < end && (*p)->registration == r; ++*p)
		emit_provision(*p, o);
	put(o, "};\n\n");
	return (size_t)(*p - first);
}

/** The 12 bytes, as octal where C would read them otherwise; unused ones are zero. */
static void put_signature(const char *s, struct out *o)
{
	put(o, "\t.signature = \"");
	for (size_t i = 0; i < 12; i++, s += *s != 0)
		put(o, *s >= ' ' && *s < 0x7f && !strchr("\"\\?", *s) ? "%c" : "\\%03o",
		    (unsigned char)*s);
	put(o, "\",\n");
}

static void emit_backend_struct(const struct backend *b, struct out *o)
{
	const char *n = b->interface->name.s, *up = b->interface->scope.upper_prefix;

	put(o, "extern const struct %s_patch %s_%s_patches[%sNR_OPS];\n\n", n, n, b->name.s, up);
	put(o, "static const struct %s_backend pvgen_backend = {\n\t.name = \"%s\",\n", n,
	    b->name.s);
	put(o, "\t.bare = %s,\n\t.deprivileged = %s,\n", b->is_bare ? "true" : "false",
	    b->is_deprivileged ? "true" : "false");
	put(o, "\t.priority = %u,\n\t.detect = %sDETECT_%s,\n", b->priority, up,
	    upper(detect_name(b->detections.v[0].kind)));
	if (b->detections.v[0].kind == DETECT_CPUID)
		put_signature(b->detections.v[0].text, o);
	if (b->init)
		put(o, "\t.init = %s,\n", b->init);
	put(o, "\t.ops = &pvgen_ops,\n\t.patches = %s_%s_patches,\n", n, b->name.s);
}

static void emit_backend_record(const struct run *run, const struct backend *b, struct out *o)
{
	const struct provision *p = b->provisions.v;
	struct out members = {0};

	vec_each(r, &b->interface->registrations)
	{
		size_t n = emit_provisions(b, *r, &p, o);

		if (n)
			put(&members, "\t.%s = pvgen_%s,\n\t.nr_%s = %zu,\n", (*r)->name.s,
			    (*r)->name.s, (*r)->name.s, n);
	}
	if (rom_abi(b))
		emit_rom_backend(run, b, o);
	emit_backend_struct(b, o);
	put_n(o, members.v, members.n);
	put(o, "%s};\n\n", rom_abi(b) ? "\t.rom = &pvgen_rom,\n" : "");
	put(o,
	    "__attribute__((section(\"%s_backends\"), used)) static const struct %s_backend\n"
	    "\t*const pvgen_registered = &pvgen_backend;\n",
	    b->interface->name.s, b->interface->name.s);
}

void emit_backend_table(const struct run *run, const void *module, struct out *o)
{
	const struct backend *b = module;
	const char *n = b->interface->name.s;

	emit_banner(o, source_origin(run, b->name.loc));
	put(o, "#include \"%s.h\"\n", b->name.s);
	if (rom_abi(b))
		put(o, "#include \"%s_rom.h\"\n", n);
	put(o, "\n");
	emit_body_prototypes(b, o);
	vec_each(op, &b->interface->ops)
	{
		if (impl_of(b, *op)->kind == IMPL_HYPERCALL)
			emit_hypercall(b, *op, o);
	}
	emit_slots(b, mem_printf("static const struct %s_ops pvgen_ops", n), o);
	if (b->is_bare) {
		put(o, "/* Until a backend is installed, ops run as on bare hardware. */\n");
		emit_slots(b, mem_printf("struct %s_ops %s_ops", n, n), o);
	}
	emit_backend_record(run, b, o);
}

/* ---- templates: bodies for the slots, which are also what the patcher copies ---- */

void emit_origin(const struct run *run, struct loc loc, struct out *o)
{
	struct position at = source_origin(run, loc);

	put(o, "# %u \"", at.line);
	for (const char *c = put_until(o, at.path, "\"\\"); *c; c = put_until(o, c + 1, "\"\\"))
		put(o, "\\%c", *c);
	put(o, "\"\n");
}

static void put_insns(const struct run *run, const struct lowered *l, struct out *o)
{
	size_t n = 0;

	vec_each(insn, &l->insns)
	{
		/* The assembler's errors point into the description. */
		emit_origin(run, insn->loc, o);
		put(o, "\t%s\n", insn->text);
		if (!n++)
			put(o, ".L%s_first:\n", l->symbol);
		if (insn->target)
			put(o, ".L%s_reloc:\n", l->symbol);
	}
}

/** A template finds the arguments on the stack where the site's caller put them. */
static unsigned int copied_words(const struct run *run, const struct lowered *l,
				 const struct op *op)
{
	return l->form == FORM_INLINE ? op_passing(run->arch, op).stack : 0;
}

static void emit_body(const struct run *run, const struct backend *b, const struct op *op,
		      struct out *o)
{
	const struct lowered *l = &b->lowered[op->slot];
	unsigned int copied = copied_words(run, l, op);
	const char *bytes = mem_printf("%u", copied * run->arch->word);

	if (!has_body(l))
		return;
	put(o, "\n\t.globl %s\n\t.type %s, @function\n%s:\n\t%s\n", l->symbol, l->symbol, l->symbol,
	    run->arch->landing_pad);
	for (unsigned int i = 0; i < copied; i++)
		put(o, "\t%s\n", arch_expand(run->arch->copy_argument, bytes, NULL));
	put(o, ".L%s_code:\n", l->symbol);
	put_insns(run, l, o);
	put(o, ".L%s_end:\n", l->symbol);
	if (copied)
		put(o, "\t%s\n", arch_expand(run->arch->drop, bytes, NULL));
	if (!op->tail)
		put(o, "\t%s\n", run->arch->ret);
	put(o, "\t.size %s, . - %s\n", l->symbol, l->symbol);
}

static bool has_relocation(const struct lowered *l)
{
	vec_each(insn, &l->insns)
	{
		if (insn->target)
			return true;
	}
	return false;
}

void emit_patch_relocation(const struct lowered *l, struct out *o)
{
	if (has_relocation(l))
		put(o, "\t.byte .L%s_reloc - 4 - .L%s_code\n", l->symbol, l->symbol);
	else
		put(o, "\t.byte 0x%x\n", NO_RELOCATION);
}

static void emit_patch(const struct run *run, const struct backend *b, const struct op *op,
		       struct out *o)
{
	const struct lowered *l = &b->lowered[op->slot];
	const char *s = l->symbol, *pointer = run->arch->pointer;

	put(o, "\t/* %s */\n", op_path(op));
	if (l->form == FORM_INLINE || l->form == FORM_TRAP)
		put(o, "\t%s .L%s_code\n\t.byte %d, .L%s_end - .L%s_code, .L%s_first - .L%s_code\n",
		    pointer, s, l->form, s, s, s, s);
	else
		put(o, "\t%s 0\n\t.byte %d, 0, 0\n", pointer, l->form);
	emit_patch_relocation(l, o);
	put(o, "\t.skip 4\n");
}

/**
 * A template longer than its op's budget stops the assembler: it cannot move
 * backwards.  Its message points to the template in the description.
 */
static void emit_budget(const struct run *run, const struct backend *b, const struct op *op,
			struct out *o)
{
	const struct lowered *l = &b->lowered[op->slot];
	if (l->form != FORM_INLINE)
		return;
	put(o, "/* %s: at most %u bytes */\n.L%s_budget:\n", op_path(op), op->budget, l->symbol);
	emit_origin(run, slot_impl(b, op)->loc, o);
	put(o, "\t.org .L%s_budget + %u - (.L%s_end - .L%s_code)\n", l->symbol, op->budget,
	    l->symbol, l->symbol);
}

void emit_backend_templates(const struct run *run, const void *module, struct out *o)
{
	const struct backend *b = module;
	const char *n = b->interface->name.s;
	const char *patches = mem_printf("%s_%s_patches", n, b->name.s);

	emit_banner(o, source_origin(run, b->name.loc));
	put(o, "\t.text\n");
	vec_each(op, &b->interface->ops) emit_body(run, b, *op, o);
	if (rom_abi(b))
		emit_thunks(run, b, o);
	put(o, "\n\t.section .rodata\n\t.balign 8\n\t.globl %s\n\t.type %s, @object\n%s:\n",
	    patches, patches, patches);
	vec_each(op, &b->interface->ops) emit_patch(run, b, *op, o);
	put(o, "\t.size %s, . - %s\n", patches, patches);
	put(o, "\n\t.section .discard.budget,\"\",@progbits\n");
	vec_each(op, &b->interface->ops) emit_budget(run, b, *op, o);
	put(o, "\n\t.section .note.GNU-stack,\"\",@progbits\n");
}
