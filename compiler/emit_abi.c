/* A hypervisor's binary interface as C: constants, structures, hypercall stubs. */
#include <string.h>

#include "thunk.h"

static void emit_call_numbers(const struct abi *a, struct out *o)
{
	const char *up = a->scope.upper_prefix;

	vec_each(it, &a->calls)
	{
		const struct call *c = *it;

		if (abi_call(a, c->name.s) != c)
			continue;
		put(o, "#define %s%s_%s %lld\n", up, c->is_fixed ? "OFFSET" : "HYPERCALL",
		    c->name.s, (long long)c->number);
		vec_each(s, &c->subs) put(o, "#define %s%s_%s %lld\n", up, c->name.s, (*s)->name.s,
					  (long long)(*s)->number);
	}
	put(o, "\n");
}

/* ---- registers and bits of the machine ---- */

static void emit_msrs(const struct abi *a, struct out *o)
{
	vec_each(it, &a->msrs)
	{
		emit_doc(o, "", (*it)->doc);
		put(o, "#define %sMSR_%s 0x%llx\n", a->scope.upper_prefix, upper((*it)->name.s),
		    (unsigned long long)(*it)->number);
	}
	put(o, "%s", a->msrs.n ? "\n" : "");
}

static void emit_signatures(const struct abi *a, struct out *o)
{
	const char *up = a->scope.upper_prefix;

	vec_each(s, &a->signatures)
	{
		const char *source = upper(s->source.s);

		put(o, "#define %s%s_SIGNATURE %s\n", up, source, c_string(s->text));
		if (s->first)
			put(o,
			    "#define %s%s_FIRST 0x%llx\n#define %s%s_LAST 0x%llx\n"
			    "#define %s%s_STEP 0x%llx\n",
			    up, source, (unsigned long long)s->first, up, source,
			    (unsigned long long)s->last, up, source, (unsigned long long)s->step);
		put(o, "\n");
	}
}

static void emit_rom(const struct abi *a, struct out *o)
{
	const char *up = a->scope.upper_prefix;

	if (!a->rom)
		return;
	put(o, "#define %sROM_FROM 0x%llx\n#define %sROM_TO 0x%llx\n#define %sROM_STEP %lld\n", up,
	    (unsigned long long)a->rom->from, up, (unsigned long long)a->rom->to, up,
	    (long long)a->rom->step);
	put(o, "#define %sROM_SLOT %lld\n\n", up, (long long)a->rom->slot);
	put(o, "/* Numbers of calls are below this one. */\n#define %sNR_TARGETS %u\n\n", up,
	    abi_targets(a));
}

/** Leaf (from the base, if the description says so), word and bit. */
static void emit_features(const struct abi *a, struct out *o)
{
	vec_each(it, &a->features)
	{
		const struct feature *f = *it;
		const char *name = mem_printf("%s%s_%s", a->scope.upper_prefix,
					      f->is_hint ? "HINT" : "FEATURE", upper(f->name.s));

		emit_doc(o, "", f->doc);
		put(o, "/* %s(%s0x%llx).%s[%lld] */\n", path_text(&f->source, 0),
		    f->base.s ? "base + " : "", (unsigned long long)f->leaf, f->word.s,
		    (long long)f->bit);
		put(o, "#define %s_LEAF 0x%llx\n#define %s_BIT %lld\n", name,
		    (unsigned long long)f->leaf, name, (long long)f->bit);
	}
	put(o, "%s", a->features.n ? "\n" : "");
}

/* ---- stubs ---- */

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

static bool is_argument(const struct call *c, const char *reg)
{
	vec_each(p, &c->params)
	{
		if (!strcmp(p->way->at.registers.low.s, reg))
			return true;
	}
	return false;
}

/** What the call may change besides the registers that it was given. */
static void put_call_clobbers(const struct entry *e, const struct call *c, struct out *o)
{
	const struct clobbers *clobbers = call_clobbers(e, c);
	struct out list = {0};

	vec_each(r, &e->args)
	{
		if (clobbers->args && !is_argument(c, r->low.s))
			put(&list, ", \"%s\"", r->low.s);
	}
	vec_each(r, &clobbers->registers)
	{
		if (strcmp(r->s, "flags") != 0)
			put(&list, ", \"%s\"", r->s);
	}
	put(&list, ", \"cc\"%s", clobbers->memory ? ", \"memory\"" : "");
	put(o, "\t\t: %s);\n", list.v + 2);
}

static void put_call_registers(const struct entry *e, const struct call *c, struct out *o)
{
	vec_each(p, &c->params)
		put(o, "\tregister unsigned long pv_arg%zu __asm__(\"%s\") = %s;\n",
		    p - c->params.v, p->way->at.registers.low.s, c_to_word(&p->type, p->name.s));
	if (e->number.registers.low.s)
		put(o, "\tregister unsigned long pv_number __asm__(\"%s\") = %lld;\n",
		    e->number.registers.low.s, (long long)c->number);
	if (c->result.way->at.registers.low.s)
		put(o, "\tregister unsigned long pv_result __asm__(\"%s\");\n",
		    c->result.way->at.registers.low.s);
	put(o, "\n");
}

/** " a, b" of what outputs the instruction has. */
static const char *call_outputs(const struct entry *e, const struct call *c)
{
	struct out o = {0};

	if (c->result.way->at.registers.low.s)
		put(&o, " \"=r\"(pv_result)");
	for (size_t i = 0; call_clobbers(e, c)->args && i < c->params.n; i++)
		put(&o, "%s \"+r\"(pv_arg%zu)", o.n ? "," : "", i);
	return text_of(&o);
}

static void put_call_body(const struct entry *e, const struct call *c, struct out *o)
{
	bool is_changed = call_clobbers(e, c)->args, has_number = e->number.registers.low.s;

	put_call_registers(e, c, o);
	put(o, "\t__asm__ volatile(\"%s\"\n\t\t:%s", entry_text(e, c->number), call_outputs(e, c));
	put(o, "\n\t\t:%s", has_number ? " \"r\"(pv_number)" : "");
	for (size_t i = 0; !is_changed && i < c->params.n; i++)
		put(o, "%s\"r\"(pv_arg%zu)", i || has_number ? ", " : " ", i);
	put(o, "\n");
	put_call_clobbers(e, c, o);
}

static void emit_call(const struct abi *a, const struct call *c, struct out *o)
{
	const struct type *type = &c->result.type;
	bool has_result = c->result.way->at.registers.low.s;

	emit_doc(o, "", c->doc);
	put(o, "static inline %s%s(%s)\n{\n",
	    c->traits.kind == KIND_NORETURN ? "__attribute__((noreturn)) " : "",
	    c_declare(type, mem_printf("%s%s", a->scope.prefix, c->name.s)), c_params(&c->params));
	put_call_body(abi_entry_of(a, c, a->scope.arch), c, o);
	if (c->traits.kind != KIND_NORETURN && !type_is_void(type))
		put(o, "\treturn %s;\n", c_from_word(type, "pv_result"));
	else if (has_result)
		put(o, "\t(void)pv_result;\n");
	if (c->traits.kind == KIND_NORETURN)
		put(o, "\t__builtin_unreachable();\n");
	put(o, "}\n\n");
}

/* ---- calls whose code a ROM has ---- */

/** What a register holds when the call is made, and of what the result is made. */
struct cell {
	const char *value; /* NULL: nothing */
	bool is_result, is_changed;
};

static unsigned int register_index(const struct arch *arch, const char *name)
{
	const char *whole = arch_register(arch, name);
	unsigned int i = 0;

	while (strcmp(arch->registers[i], whole) != 0)
		i++;
	return i;
}

/** The words of the arguments on the stack, the first one first; in @cells those in registers. */
static names place_arguments(const struct arch *arch, const struct call *c, struct cell *cells)
{
	names stack = {0};

	vec_each(p, &c->params)
	{
		const struct carrier *at = &p->way->at;

		for (unsigned int word = 0; word < word_count(arch, &p->type); word++) {
			const char *value =
				(word ? c_to_high_word : c_to_word)(&p->type, p->name.s);
			const char *reg = word ? at->registers.high.s : at->registers.low.s;

			if (!at->is_stack) {
				cells[register_index(arch, reg)].value = value;
				continue;
			}
			while (stack.n <= (uint64_t)at->slot + word)
				*vec_push(&stack) = (struct name){.s = "0"};
			stack.v[(uint64_t)at->slot + word].s = value;
		}
	}
	return stack;
}

static bool is_live(const struct cell *cell)
{
	return cell->value || cell->is_result;
}

static void put_cells(const struct arch *arch, const struct cell *cells, const names *stack,
		      struct out *o)
{
	for (unsigned int i = 0; arch->registers[i]; i++) {
		const char *value = cells[i].value;

		if (is_live(&cells[i]))
			put(o, "\tregister unsigned long pv_%s __asm__(\"%s\")%s%s;\n",
			    arch->registers[i], arch->registers[i], value ? " = " : "",
			    value ? value : "");
	}
	vec_each(word, stack)
		put(o, "\tunsigned long pv_stack%zu = %s;\n", word - stack->v, word->s);
}

/** The instructions: what is pushed is taken off again. */
static void put_target_call(const struct arch *arch, const struct call *c, size_t stack,
			    struct out *o)
{
	put(o, "\n\t__asm__ volatile(");
	for (size_t i = stack; i-- > 0;)
		put(o, "\"%s\\n\\t\"\n\t\t",
		    arch_expand(arch->push, mem_printf("%%[pv_stack%zu]", i), NULL));
	put(o, "\"%s", doubled_percents(target_call(arch, c)));
	if (stack)
		put(o, "\\n\\t\"\n\t\t\"%s",
		    doubled_percents(
			    arch_expand(arch->drop, mem_printf("%zu", stack * arch->word), NULL)));
	put(o, "\"\n");
}

/** Registers that have a variable, as operands: what comes out of the call, or what only goes in.
 */
static void put_cell_operands(const struct arch *arch, const struct cell *cells, bool is_out,
			      size_t stack, struct out *o)
{
	const char *between = " ";

	put(o, "\t\t:");
	for (unsigned int i = 0; arch->registers[i]; i++) {
		const struct cell *cell = &cells[i];
		bool comes_out = cell->is_result || cell->is_changed;

		if (!is_live(cell) || comes_out != is_out)
			continue;
		put(o, "%s\"%sr\"(pv_%s)", between,
		    !is_out	  ? ""
		    : cell->value ? "+"
				  : "=",
		    arch->registers[i]);
		between = ", ";
	}
	for (size_t i = 0; !is_out && i < stack; i++, between = ", ")
		put(o, "%s[pv_stack%zu]\"r\"(pv_stack%zu)", between, i, i);
	put(o, "\n");
}

/** Who is called may read and write whatever the pointers lead to, and switch interrupts. */
static void put_cell_clobbers(const struct arch *arch, const struct cell *cells, struct out *o)
{
	put(o, "\t\t: ");
	for (unsigned int i = 0; arch->registers[i]; i++)
		if (cells[i].is_changed && !is_live(&cells[i]))
			put(o, "\"%s\", ",
			    strcmp(arch->registers[i], "flags") ? arch->registers[i] : "cc");
	put(o, "\"memory\");\n");
}

static void put_target_result(const struct call *c, struct out *o)
{
	const struct registers *r = &c->result.way->at.registers;
	const char *value = mem_printf("pv_%s", r->low.s);

	if (r->high.s)
		value = mem_printf("((uint64_t)pv_%s << 32 | %s)", r->high.s, value);
	put(o, "\treturn %s;\n", c_from_word(&c->result.type, value));
}

static void put_target_body(const struct arch *arch, const struct call *c, struct out *o)
{
	struct cell cells[32] = {{0}};
	names stack = place_arguments(arch, c, cells);
	const struct registers *result = &c->result.way->at.registers;
	bool has_result = !type_is_void(&c->result.type);

	for (unsigned int i = 0; arch->registers[i]; i++) {
		cells[i].is_changed = call_changes(arch, c) >> i & 1;
		cells[i].is_result =
			has_result &&
			((result->low.s && register_index(arch, result->low.s) == i) ||
			 (result->high.s && register_index(arch, result->high.s) == i));
	}
	put_cells(arch, cells, &stack, o);
	put_target_call(arch, c, stack.n, o);
	put_cell_operands(arch, cells, true, stack.n, o);
	put_cell_operands(arch, cells, false, stack.n, o);
	put_cell_clobbers(arch, cells, o);
	if (has_result)
		put_target_result(c, o);
}

static void emit_target_call(const struct abi *a, const struct call *c, struct out *o)
{
	bool returns = c->traits.kind != KIND_NORETURN;

	emit_doc(o, "", c->doc);
	put(o, "static inline %s%s(%s)\n{\n", returns ? "" : "__attribute__((noreturn)) ",
	    c_declare(&c->result.type, mem_printf("%s%s", a->scope.prefix, c->name.s)),
	    c_params(&c->params));
	put_target_body(a->scope.arch, c, o);
	put(o, "%s}\n\n", returns ? "" : "\t__builtin_unreachable();\n");
}

static void emit_targets(const struct abi *a, struct out *o)
{
	if (!a->rom)
		return;
	emit_doc(o, "",
		 "What the ROM has answered, by the numbers of calls: where their code is.  0 says "
		 "that it has\nnone: the machine's own instruction must be used, not the function "
		 "below.\n");
	put(o, "extern uintptr_t %stargets[%sNR_TARGETS];\n\n", a->scope.prefix,
	    a->scope.upper_prefix);
}

/* ---- sub-commands ---- */

/** The number, in its bits of the word. */
static long long sub_number(const struct call *c, const struct subcall *s)
{
	uint64_t number = (uint64_t)s->number;

	return (long long)(number << (c->selector_bits.is_said ? c->selector_bits.low : 0));
}

/** Does the hypervisor write it into the element? */
static bool comes_back(const struct param *p)
{
	return is_output(p) || (p->is_embedded && p->direction > DIR_IN);
}

static void put_fixed_members(const struct call *c, struct out *o)
{
	vec_each(f, &c->fixed)
	{
		if (f->path.n > 1)
			put(o, ", .%s = %s", path_text(&f->path, 1), f->value);
	}
}

/** The element of an argument array that carries a sub-command. */
static void put_element(const struct call *c, const struct subcall *s, struct out *o)
{
	const char *selector = path_text(&c->selector, 1);
	struct type type = c->element->type;
	struct out rest = {0};

	type.stars = 0;
	type.is_const = false;
	put(o, "\t%s = {.%s = %lld", c_declare(&type, "pv_element"), selector, sub_number(c, s));
	put_fixed_members(c, &rest);
	vec_each(p, &s->params)
	{
		const char *value =
			mem_printf("%s%s", comes_back(p) || p->is_embedded ? "*" : "", p->name.s);
		const char *member = path_text(&p->at, 0);

		if (!p->at.n || p->direction == DIR_OUT)
			continue;
		/* In the other bits of the number's word. */
		if (!strcmp(member, selector))
			put(o, " | %s", value);
		else
			put(&rest, ", .%s = %s", member, value);
	}
	put(o, "%s};\n", text_of(&rest));
}

/** What the hypervisor wrote into the element. */
static void put_outputs(const struct subcall *s, struct out *o)
{
	vec_each(p, &s->params)
	{
		if (comes_back(p))
			put(o, "\t*%s = pv_element.%s;\n", p->name.s, path_text(&p->at, 0));
	}
}

static bool has_outputs(const struct subcall *s)
{
	vec_each(p, &s->params)
	{
		if (comes_back(p))
			return true;
	}
	return false;
}

/** As c_params: what comes back does so through a pointer. */
static const char *sub_params(const struct subcall *s)
{
	params params = {0};

	vec_each(p, &s->params)
	{
		struct param *copy = vec_push(&params);

		*copy = *p;
		copy->type.stars += is_output(p);
	}
	return c_params(&params);
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
		return mem_printf("%lld", sub_number(c, s));
	if (has_param(&s->params, p->name.s))
		return type_is_pointer(&p->type)
			       ? mem_printf("(%s)%s", c_declare(&p->type, ""), p->name.s)
			       : p->name.s;
	vec_each(f, &c->fixed)
	{
		if (f->param == p && f->path.n == 1)
			return f->value;
	}
	return "0";
}

static void emit_sub(const struct abi *a, const struct call *c, const struct subcall *s,
		     struct out *o)
{
	const char *prefix = a->scope.prefix;
	bool has_result = !type_is_void(&c->result.type), is_kept = has_result && has_outputs(s);

	emit_doc(o, "", s->doc);
	put(o, "static inline %s(%s)\n{\n",
	    c_declare(&c->result.type, mem_printf("%s%s_%s", prefix, c->name.s, s->name.s)),
	    sub_params(s));
	if (c->element)
		put_element(c, s, o);
	if (is_kept)
		put(o, "\t%s;\n", c_declare(&c->result.type, "pv_result"));
	put(o, "%s\t%s%s%s(", c->element ? "\n" : "",
	    is_kept	 ? "pv_result = "
	    : has_result ? "return "
			 : "",
	    prefix, c->name.s);
	vec_each(p, &c->params) put(o, "%s%s", p == c->params.v ? "" : ", ", sub_argument(c, s, p));
	put(o, ");\n");
	put_outputs(s, o);
	put(o, "%s}\n\n", is_kept ? "\treturn pv_result;\n" : "");
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
	const char *gap = call_gap(c);

	if (abi_call(a, c->name.s) != c)
		return;
	if (gap) {
		put(o, "/* %s: no function, because %s. */\n\n", c->name.s, gap);
		return;
	}
	if (abi_entry_of(a, c, a->scope.arch)->takes_target)
		emit_target_call(a, c, o);
	else
		emit_call(a, c, o);
	vec_each(s, &c->subs) emit_sub(a, c, *s, o);
	if (a->multicall && c->traits.kind == KIND_FUNCTION)
		emit_multicall(a, c, o);
}

void emit_abi(const struct run *run, const void *module, struct out *o)
{
	const struct abi *a = module;

	emit_banner(o, source_origin(run, a->name.loc));
	emit_doc(o, "", a->doc);
	put(o, "#ifndef PVGEN_%s_H\n#define PVGEN_%s_H\n\n", upper(a->name.s), upper(a->name.s));
	emit_constants(&a->scope, o);
	emit_signatures(a, o);
	emit_rom(a, o);
	emit_features(a, o);
	emit_msrs(a, o);
	emit_call_numbers(a, o);
	put(o, "#ifndef __ASSEMBLER__\n#include <stdbool.h>\n#include <stddef.h>\n"
	       "#include <stdint.h>\n\n");
	emit_types(&a->scope, o);
	emit_targets(a, o);
	vec_each(c, &a->calls) emit_call_and_subs(a, *c, o);
	put(o, "#endif /* __ASSEMBLER__ */\n#endif\n");
}
