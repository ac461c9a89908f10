/* A hypervisor's binary interface as C: constants, structures, hypercall stubs. */
#include <string.h>

#include "pvgen.h"

static void emit_call_numbers(const struct abi *a, struct out *o)
{
	const char *up = a->scope.upper_prefix;

	vec_each(it, &a->calls)
	{
		const struct call *c = *it;

		put(o, "#define %sHYPERCALL_%s %lld\n", up, c->name.s, (long long)c->number);
		vec_each(s, &c->subs) put(o, "#define %s%s_%s %lld\n", up, c->name.s, (*s)->name.s,
					  (long long)(*s)->number);
	}
	put(o, "\n");
}

/** Instruction text inside an asm statement with operands, where some characters mean more. */
static void put_asm_text(struct out *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(o, strchr("%{|}", s[i]) ? "%%%c" : strchr("\"\\", s[i]) ? "\\%c" : "%c", s[i]);
}

static void put_entry_insn(struct out *o, const char *s, int64_t number)
{
	const char *hole;

	for (; (hole = strstr(s, "{number}")); s = hole + strlen("{number}")) {
		put_asm_text(o, s, (size_t)(hole - s));
		put(o, "%lld", (long long)number);
	}
	put_asm_text(o, s, strlen(s));
}

/** The entry's instructions with the call's number in their place. */
static const char *entry_text(const struct entry *e, int64_t number)
{
	struct out o = {0};

	vec_each(insn, &e->code.insns)
	{
		put(&o, insn == e->code.insns.v ? "" : "\\n\\t");
		put_entry_insn(&o, insn->string, number);
	}
	return text_of(&o);
}

static void put_call_clobbers(const struct entry *e, const struct call *c, struct out *o)
{
	struct out list = {0};

	for (size_t i = c->params.n; e->clobbers_args && i < e->args.n; i++)
		put(&list, ", \"%s\"", e->args.v[i].s);
	vec_each(r, &e->clobbers) put(&list, ", \"%s\"", r->s);
	put(&list, ", \"cc\"%s", e->clobbers_memory ? ", \"memory\"" : "");
	put(o, "\t\t: %s);\n", list.v + 2);
}

static void put_call_body(const struct entry *e, const struct call *c, struct out *o)
{
	for (size_t i = 0; i < c->params.n; i++)
		put(o, "\tregister unsigned long pv_arg%zu __asm__(\"%s\") = %s;\n", i,
		    e->args.v[i].s, c_to_word(&c->params.v[i].type, c->params.v[i].name.s));
	if (e->number.n)
		put(o, "\tregister unsigned long pv_number __asm__(\"%s\") = %lld;\n",
		    e->number.v[0].s, (long long)c->number);
	put(o, "\tregister unsigned long pv_result __asm__(\"%s\");\n\n", e->result.v[0].s);
	put(o, "\t__asm__ volatile(\"%s\"\n\t\t: \"=r\"(pv_result)", entry_text(e, c->number));
	for (size_t i = 0; e->clobbers_args && i < c->params.n; i++)
		put(o, ", \"+r\"(pv_arg%zu)", i);
	put(o, "\n\t\t:%s", e->number.n ? " \"r\"(pv_number)" : "");
	for (size_t i = 0; !e->clobbers_args && i < c->params.n; i++)
		put(o, "%s\"r\"(pv_arg%zu)", i || e->number.n ? ", " : " ", i);
	put(o, "\n");
	put_call_clobbers(e, c, o);
}

static void emit_call(const struct abi *a, const struct call *c, struct out *o)
{
	emit_doc(o, "", c->doc);
	put(o, "static inline %s%s(%s)\n{\n", c->noreturn ? "__attribute__((noreturn)) " : "",
	    c_declare(&c->type, mem_printf("%s%s", a->scope.prefix, c->name.s)),
	    c_params(&c->params));
	put_call_body(a->entry, c, o);
	if (c->noreturn)
		put(o, "\t(void)pv_result;\n\t__builtin_unreachable();\n");
	else if (!type_is_void(&c->type))
		put(o, "\treturn %s;\n", c_from_word(&c->type, "pv_result"));
	put(o, "}\n\n");
}

/* ---- sub-commands ---- */

/** The element of an argument array that carries a sub-command. */
static void put_element(const struct call *c, const struct subcall *s, struct out *o)
{
	struct type type = c->element->type;

	type.stars = 0;
	type.is_const = false;
	put(o, "\t%s = {.%s = %lld", c_declare(&type, "pv_element"), path_text(&c->selector, 1),
	    (long long)s->number);
	vec_each(p, &s->params)
	{
		if (p->at.n)
			put(o, ", .%s = %s", path_text(&p->at, 0), p->name.s);
	}
	put(o, "};\n\n");
}

static bool has_param(const params *params, const char *name)
{
	vec_each(p, params)
	{
		if (p->name.s == name && !p->at.n)
			return true;
	}
	return false;
}

/** What a sub-command passes as one parameter of its call. */
static const char *sub_argument(const struct call *c, const struct subcall *s,
				const struct param *p)
{
	if (p == c->element)
		return "&pv_element";
	if (!c->element && c->selector.v[0].s == p->name.s)
		return mem_printf("%lld", (long long)s->number);
	if (has_param(&s->params, p->name.s))
		return type_is_pointer(&p->type)
			       ? mem_printf("(%s)%s", c_declare(&p->type, ""), p->name.s)
			       : p->name.s;
	vec_each(f, &c->fixed)
	{
		if (f->param == p)
			return f->value;
	}
	return "0";
}

static void emit_sub(const struct abi *a, const struct call *c, const struct subcall *s,
		     struct out *o)
{
	const char *prefix = a->scope.prefix;

	emit_doc(o, "", s->doc);
	put(o, "static inline %s(%s)\n{\n",
	    c_declare(&c->type, mem_printf("%s%s_%s", prefix, c->name.s, s->name.s)),
	    c_params(&s->params));
	if (c->element)
		put_element(c, s, o);
	put(o, "\t%s%s%s(", type_is_void(&c->type) ? "" : "return ", prefix, c->name.s);
	vec_each(p, &c->params) put(o, "%s%s", p == c->params.v ? "" : ", ", sub_argument(c, s, p));
	put(o, ");\n}\n\n");
}

/* ---- batches ---- */

static void emit_multicall(const struct abi *a, const struct call *c, struct out *o)
{
	const char *comma = c->params.n ? ", " : "";

	put(o, "/** Makes @pv_entry the call %s, for a multicall. */\n", c->name.s);
	put(o, "static inline void %smulticall_%s(struct %s%s *pv_entry%s%s)\n{\n", a->scope.prefix,
	    c->name.s, a->scope.prefix, a->multicall->name.s, comma,
	    c->params.n ? c_params(&c->params) : "");
	put(o, "\tpv_entry->%s = %lld;\n", a->multicall_op, (long long)c->number);
	for (size_t i = 0; i < c->params.n; i++)
		put(o, "\tpv_entry->%s[%zu] = %s;\n", a->multicall_args, i,
		    c_to_word(&c->params.v[i].type, c->params.v[i].name.s));
	put(o, "}\n\n");
}

static void emit_call_and_subs(const struct abi *a, const struct call *c, struct out *o)
{
	emit_call(a, c, o);
	vec_each(s, &c->subs) emit_sub(a, c, *s, o);
	if (a->multicall && !c->noreturn)
		emit_multicall(a, c, o);
}

void emit_abi(const struct run *run, const void *module, struct out *o)
{
	const struct abi *a = module;

	emit_banner(o, source_position(run, a->name.loc));
	emit_doc(o, "", a->doc);
	put(o, "#ifndef PVGEN_%s_H\n#define PVGEN_%s_H\n\n", upper(a->name.s), upper(a->name.s));
	emit_constants(&a->scope, o);
	emit_call_numbers(a, o);
	put(o, "#ifndef __ASSEMBLER__\n#include <stdbool.h>\n#include <stddef.h>\n"
	       "#include <stdint.h>\n\n");
	emit_types(&a->scope, o);
	vec_each(c, &a->calls) emit_call_and_subs(a, *c, o);
	put(o, "#endif /* __ASSEMBLER__ */\n#endif\n");
}
