/* The ops struct, the call stubs for C and assembly, the tables of names and lengths. */
#include <string.h>

#include "rom.h"

static void put_guard(struct out *o, const char *name)
{
	put(o, "#ifndef PVGEN_%s_H\n#define PVGEN_%s_H\n\n", upper(name), upper(name));
}

/* ---- ops: types, the ops struct, records; no call sites ---- */

static void emit_numbers(const struct interface *i, struct out *o)
{
	const char *up = i->scope.upper_prefix;

	put(o, "/** Number of an op: its slot in struct %s_ops. */\nenum %s_op {\n", i->name.s,
	    i->name.s);
	vec_each(op, &i->ops) put(o, "\t%sOP_%s = %u,\n", up, (*op)->name.s, (*op)->slot);
	put(o, "\t%sNR_OPS = %u\n};\n\n", up, i->ops.n);
}

static void put_group_member(const struct interface *i, const struct group *g, struct out *o)
{
	put(o, "\tstruct %s_%s_ops %s;\n", i->name.s, g->name.s, g->name.s);
}

/** Inner groups stand where their ops are, so that slots are in the order of the description. */
static void emit_group_struct(const struct interface *i, const struct group *g, struct out *o)
{
	const struct group *last = NULL;

	if (!g->ops.n)
		return;
	vec_each(inner, &g->groups) emit_group_struct(i, *inner, o);
	emit_doc(o, "", g->doc);
	put(o, "struct %s_%s_ops {\n", i->name.s, g->name.s);
	vec_each(op, &g->ops)
	{
		const struct group *inner = inner_group(g, *op);

		if (inner && inner != last)
			put_group_member(i, inner, o);
		last = inner;
		if (inner)
			continue;
		emit_doc(o, "\t", op_contract(*op));
		put(o, "\t%s;\n", c_prototype(i, *op, mem_printf("(*%s)", (*op)->name.s)));
	}
	put(o, "};\n\n");
}

static void emit_ops_struct(const struct run *run, const struct interface *i, struct out *o)
{
	const char *n = i->name.s;

	vec_each(g, &i->groups) emit_group_struct(i, *g, o);
	emit_doc(o, "", "All ops.  The slots are in the order of the op numbers.\n");
	put(o, "struct %s_ops {\n", n);
	vec_each(g, &i->groups)
	{
		if ((*g)->ops.n)
			put_group_member(i, *g, o);
	}
	put(o, "};\n\nextern struct %s_ops %s_ops;\n\n", n, n);
	put(o, "_Static_assert(sizeof(struct %s_ops) == %u, \"one pointer an op\");\n", n,
	    i->ops.n * run->arch->word);
	vec_each(op, &i->ops)
		put(o, "_Static_assert(offsetof(struct %s_ops, %s) == %u, \"slot of %s\");\n", n,
		    op_path(*op), (*op)->slot * run->arch->word, (*op)->name.s);
	put(o, "\n");
}

static void emit_registration(const struct interface *i, const struct registration *r,
			      struct out *o)
{
	emit_doc(o, "", r->doc);
	put(o, "struct %s_%s {\n\tconst char *name;\n", i->name.s, r->name.s);
	vec_each(m, &r->members)
	{
		emit_doc(o, "\t", m->doc);
		if (m->is_function)
			put(o, "\t%s(%s);\n", c_declare(&m->type, mem_printf("(*%s)", m->name.s)),
			    c_params(&m->params));
		else
			put(o, "\t%s;\n", c_declare(&m->type, m->name.s));
	}
	put(o, "};\n\n");
}

/*
 * The records' layouts have this one definition; @ is the prefix, ^ the same in capitals.  Between
 * the two parts stands the size of a patch record.
 */
static const char records[] =
	"/** Kinds of call site. */\n"
	"enum @_site_kind { ^_SITE_CALL, ^_SITE_TAIL };\n\n"
	"/** One call site, in section @_sites. */\n"
	"struct @_site {\n"
	"\t/** Address of the site minus the address of this field. */\n"
	"\tint32_t offset;\n"
	"\t/** enum @_op */\n"
	"\tuint16_t op;\n"
	"\t/** Bytes of the site. */\n"
	"\tuint8_t length;\n"
	"\t/** enum @_site_kind */\n"
	"\tuint8_t kind;\n"
	"};\n"
	"_Static_assert(sizeof(struct @_site) == 8, \"the assembler writes this layout\");\n\n"
	"/** What stands at a site. */\n"
	"enum @_form { ^_FORM_CALL, ^_FORM_INLINE, ^_FORM_NOP, ^_FORM_TRAP, ^_FORM_INDIRECT, "
	"^_NR_FORMS };\n"
	"extern const char *const @_form_names[^_NR_FORMS];\n\n"
	"/** What a backend puts at the sites of one op. */\n"
	"struct @_patch {\n"
	"\t/** Instructions to copy, or NULL: a call of the op's slot, or nothing. */\n"
	"\tconst uint8_t *code;\n"
	"\t/** enum @_form */\n"
	"\tuint8_t form;\n"
	"\t/** Bytes of code. */\n"
	"\tuint8_t length;\n"
	"\t/** Bytes of its first instruction. */\n"
	"\tuint8_t first;\n"
	"\t/** Offset of a pc-relative 32-bit field that a copy must adjust; 0xff: none. */\n"
	"\tuint8_t reloc;\n"
	"\tuint8_t unused[4];\n"
	"};\n"
	"_Static_assert(sizeof(struct @_patch) == ";

static const char more_records[] =
	", \"the assembler writes this layout\");\n\n"
	"/** Bytes that each site of an op has (0: no op, no sites), and its name as \"group.op\". "
	"*/\n"
	"extern const uint8_t @_site_length[^_NR_OPS];\n"
	"extern const char *const @_op_names[^_NR_OPS];\n\n"
	"/** How a backend knows that it is on its machine. */\n"
	"enum @_detect { ^_DETECT_ALWAYS, ^_DETECT_START_INFO, ^_DETECT_CPUID, ^_DETECT_ROM };\n\n"
	"/** What the boot code knows, a ROM, what it does of a backend; defined by the runtime. "
	"*/\n"
	"struct @_boot;\n"
	"struct @_rom;\n"
	"struct @_rom_backend;\n\n"
	"/** Tells that the hypercall which does an op has failed; defined by the runtime. */\n"
	"void @_hypercall_failed(enum @_op op, long error);\n\n";

void emit_pattern(const struct interface *i, const char *text, struct out *o)
{
	const char *capitals = upper(i->name.s);

	while (*(text = put_until(o, text, "@^"))) {
		put(o, "%s", *text == '@' ? i->name.s : capitals);
		text++;
	}
}

static void put_backend_offset(const struct interface *i, const char *member, int offset,
			       struct out *o)
{
	put(o,
	    "_Static_assert(offsetof(struct %s_backend, %s) == %d, \"pvgen verify reads this "
	    "layout\");\n",
	    i->name.s, member, offset);
}

static void emit_backend_struct(const struct run *run, const struct interface *i, struct out *o)
{
	emit_pattern(i,
		     "/** One backend, in section @_backends as a pointer. */\n"
		     "struct @_backend {\n"
		     "\tconst char *name;\n"
		     "\t/** Bare hardware. */\n"
		     "\tbool bare;\n"
		     "\t/** The kernel does not run in the highest privilege level. */\n"
		     "\tbool deprivileged;\n"
		     "\t/** Of the backends that detect their machine, the highest wins. */\n"
		     "\tint priority;\n"
		     "\tenum @_detect detect;\n"
		     "\t/** 12 bytes for ^_DETECT_CPUID, else NULL. */\n"
		     "\tconst char *signature;\n"
		     "\t/** Called once, when the slots are set; or NULL. */\n"
		     "\tvoid (*init)(const struct @_boot *boot);\n"
		     "\tconst struct @_ops *ops;\n"
		     "\tconst struct @_patch *patches;\n",
		     o);
	vec_each(r, &i->registrations) put(o, "\tconst struct %s_%s *%s;\n\tunsigned int nr_%s;\n",
					   i->name.s, (*r)->name.s, (*r)->name.s, (*r)->name.s);
	emit_pattern(i,
		     "\t/** What a ROM may do of it, for ^_DETECT_ROM; else NULL. */\n"
		     "\tconst struct @_rom_backend *rom;\n"
		     "};\n",
		     o);
	put_backend_offset(i, "name", BACKEND_NAME, o);
	put_backend_offset(i, "ops", (int)backend_ops(run->arch), o);
	put_backend_offset(i, "patches", (int)backend_patches(run->arch), o);
	put(o, "\n");
	emit_pattern(i,
		     "/** What tells a machine, whether or not its backend is in the image. */\n"
		     "struct @_known {\n"
		     "\tconst char *name;\n"
		     "\t/** As in struct @_backend. */\n"
		     "\tbool deprivileged;\n"
		     "\tint priority;\n"
		     "\tenum @_detect detect;\n"
		     "\tconst char *signature;\n"
		     "\t/** For ^_DETECT_ROM, else NULL. */\n"
		     "\tconst struct @_rom *rom;\n"
		     "};\n\n"
		     "/** All backends of the description. */\n"
		     "extern const struct @_known @_known[];\n"
		     "extern const unsigned int @_nr_known;\n\n",
		     o);
}

static const char implements[] =
	"/**\n"
	" * Stands before the function that implements an op and says which revision of\n"
	" * the op it was written for.\n"
	" */\n"
	"#define ^_IMPLEMENTS(op, revision)                                         \\\n"
	"\t__asm__(\".pushsection .@.implements,\\\"\\\",@progbits\\n\"             \\\n"
	"\t\t\".asciz \\\"\" #op \"=\" #revision \"\\\"\\n\"                       \\\n"
	"\t\t\".popsection\")\n\n"
	"/* A function that preserves all registers but its arguments and result; gcc defines "
	"one\n * only with -mgeneral-regs-only. */\n"
	"#define ^_NARROW __attribute__((no_caller_saved_registers))\n\n";

/**
 * As in a template that traps, a number follows the instruction; this one is no op's, and says
 * that the register of results points to a text.
 */
static void put_unwritten(const struct run *run, const struct interface *i, struct out *o)
{
	const char *up = i->scope.upper_prefix;

	put(o,
	    "/**\n"
	    " * Body of a function that nobody has written yet: traps, with the text in %s and "
	    "the\n"
	    " * number %sNR_OPS, which no op has, behind the instruction.\n"
	    " */\n"
	    "#define %sUNWRITTEN(text) \\\n"
	    "\tdo { \\\n"
	    "\t\tregister const char *unwritten __asm__(\"%s\") = text; \\\n"
	    "\t\t__asm__ volatile(\"%s; .short %u\" : : \"r\"(unwritten)); \\\n"
	    "\t\t__builtin_unreachable(); \\\n"
	    "\t} while (0)\n\n",
	    run->arch->result, up, up, run->arch->result, run->arch->trap, i->ops.n & 0xffff);
}

static void put_implements(const struct interface *i, struct out *o)
{
	const char *progbits = strstr(implements, "@progbits");
	struct out text = {0};

	/* "@progbits" is the assembler's; all other @ are the prefix. */
	put_n(&text, implements, (size_t)(progbits - implements));
	emit_pattern(i, text_of(&text), o);
	put(o, "@progbits");
	emit_pattern(i, progbits + strlen("@progbits"), o);
}

/** The same for functions in assembly. */
static void put_assembly(const struct run *run, const struct interface *i, struct out *o)
{
	const char *up = i->scope.upper_prefix;

	put(o,
	    "#else\n"
	    ".macro %sIMPLEMENTS op, revision\n"
	    "\t.pushsection .%s.implements, \"\", @progbits\n"
	    "\t.asciz \"\\op=\\revision\"\n"
	    "\t.popsection\n"
	    ".endm\n\n"
	    ".macro %sUNWRITTEN text\n"
	    "\t.pushsection .rodata.str1.1, \"aMS\", @progbits, 1\n"
	    "999:\t.asciz \"\\text\"\n"
	    "\t.popsection\n"
	    "\t%s\n"
	    "\t%s\n"
	    "\t.short %u\n"
	    ".endm\n",
	    up, i->name.s, up, arch_expand(run->arch->address, "999b", NULL), run->arch->trap,
	    i->ops.n & 0xffff);
}

/** Of ops that a version brought: callers that know earlier ones ask for them. */
static void emit_feature_tests(const struct interface *i, struct out *o)
{
	size_t n = 0;

	vec_each(it, &i->ops)
	{
		const struct op *op = *it;

		if (!op->since || op->is_retired)
			continue;
		if (!n++)
			put(o, "/* Ops that earlier versions do not have. */\n");
		put(o, "#define %sHAVE_%s 1 /* since %s */\n", i->scope.upper_prefix, op->name.s,
		    version_text(op->since->value));
	}
	put(o, n ? "\n" : "");
}

void emit_ops(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;

	emit_banner(o, source_origin(run, i->name.loc));
	put_guard(o, mem_printf("%s_ops", i->name.s));
	emit_constants(&run->scope, o);
	emit_constants(&i->scope, o);
	emit_feature_tests(i, o);
	put(o, "#ifndef __ASSEMBLER__\n#include <stdbool.h>\n#include <stddef.h>\n"
	       "#include <stdint.h>\n\n");
	put_implements(i, o);
	put_unwritten(run, i, o);
	emit_types(&run->scope, o);
	emit_types(&i->scope, o);
	emit_numbers(i, o);
	emit_ops_struct(run, i, o);
	emit_pattern(i, records, o);
	put(o, "%u", patch_size(run->arch));
	emit_pattern(i, more_records, o);
	vec_each(r, &i->registrations) emit_registration(i, *r, o);
	emit_backend_struct(run, i, o);
	put_assembly(run, i, o);
	put(o, "#endif /* __ASSEMBLER__ */\n#endif\n");
}

/* ---- sizes of sites: the longest template decides, the assembler measures ---- */

struct lines {
	struct out *out;
	bool in_c;	 /* each line is a C string */
	struct out line; /* the last one */
};

PRINTF(2, 3) static void put_line(struct lines *l, const char *fmt, ...)
{
	static const char special[] = "\"\\\t";
	const char *s;
	va_list ap;

	l->line.n = 0;
	va_start(ap, fmt);
	put_v(&l->line, fmt, ap);
	va_end(ap);
	if (!l->in_c) {
		put(l->out, "%s\n", l->line.v);
		return;
	}
	put(l->out, "\t\"");
	for (s = put_until(l->out, l->line.v, special); *s; s = put_until(l->out, s + 1, special))
		put(l->out, *s == '\t' ? " " : "\\%c", *s);
	put(l->out, "\\n\"\n");
}

/** What is inherited is measured where it comes from. */
static bool is_measured(const struct backend *b, const struct op *op)
{
	const struct lowered *l = &b->lowered[op->slot];

	if (slot_impl(b, op)->is_inherited)
		return false;
	return l->form == FORM_INLINE || l->form == FORM_TRAP;
}

/*
 * A symbol would become one of each object that has call sites, and have the
 * linker look for backends that an image may lack.
 */
static void put_template_length(struct lines *l, const struct backend *b, const struct op *op)
{
	const struct lowered *t = &b->lowered[op->slot];
	const char *label = mem_printf(".L%s", t->symbol);

	put_line(l, "%s:", label);
	vec_each(insn, &t->insns) put_line(l, "\t%s", insn->shape);
	put_line(l, "%s_end:", label);
}

/* max(a, b) for the assembler, where true is -1. */
static void put_maximum(struct lines *l, const char *max, const char *old, const char *other)
{
	put_line(l, "\t.set %s, (%s) - (((%s) > (%s)) * ((%s) - (%s)))", max, old, other, old,
		 other, old);
}

static size_t count_templates(const struct interface *i, const struct op *op)
{
	size_t n = 0;

	if (op_is_dead(op))
		return 0;
	vec_each(b, &i->backends) n += is_measured(*b, op);
	return n;
}

/*
 * A chain of maxima whose last link has the length's own name: the assembler
 * reads a plain alias too early when a template has a jump whose size is open.
 */
static void put_op_length(const struct run *run, struct lines *l, const struct interface *i,
			  const struct op *op)
{
	const char *length = mem_printf(".L%s_length_%s", i->name.s, op->name.s);
	/* A slot without an op has no sites. */
	const char *max = mem_printf("%u", op_is_dead(op) ? 0 : run->arch->slot_site);
	size_t left = count_templates(i, op);

	if (!left)
		put_line(l, "\t.set %s, %s", length, max);
	vec_each(it, &i->backends)
	{
		const struct backend *b = *it;
		const char *label, *link;

		if (!left || !is_measured(b, op))
			continue;
		put_template_length(l, b, op);
		label = mem_printf(".L%s", b->lowered[op->slot].symbol);
		link = --left ? mem_printf("%s_%zu", length, left) : length;
		put_maximum(l, link, max, mem_printf("%s_end - %s", label, label));
		max = link;
	}
}

static void put_lengths(const struct run *run, struct lines *l, const struct interface *i)
{
	/* In quotes, because the preprocessor knows words that may be the name: linux, for one. */
	put_line(l, "\t.pushsection \".discard.%s\",\"\",@progbits", i->name.s);
	vec_each(op, &i->ops) put_op_length(run, l, i, *op);
	put_line(l, "\t.popsection");
}

/** The site's instruction, its filler and its record. */
static void put_site(const struct run *run, struct lines *l, const struct interface *i,
		     const struct op *op)
{
	const char *slot = mem_printf("%s_ops+%u", i->name.s, op->slot * run->arch->word);
	const char *insn =
		arch_expand(op->tail ? run->arch->jump_slot : run->arch->call_slot, slot, NULL);
	const char *length = mem_printf(".L%s_length_%s", i->name.s, op->name.s);

	/* Without a record no patcher finds it. */
	if (op->site == SITE_NEVER_PATCHED) {
		put_line(l, "\t%s", insn);
		return;
	}
	/* Padding only where the longest site would cross a line, so mostly none. */
	if (op->context & CONTEXT_LATE)
		put_line(l, "\t.balign %u,,%u", run->arch->line, op->budget - 1);
	put_line(l, "771:\t%s", l->in_c ? doubled_percents(insn) : insn);
	put_line(l, "772:\t.fill %s - (772b - 771b), 1, 0x90", length);
	put_line(l, "773:");
	put_line(l, "\t.pushsection %s_sites,\"a\",@progbits", i->name.s);
	put_line(l, "\t.balign 4");
	put_line(l, "\t.long 771b - .");
	put_line(l, "\t.short %u", op->slot);
	put_line(l, "\t.byte 773b - 771b");
	put_line(l, "\t.byte %u", op->tail ? 1u : 0u);
	put_line(l, "\t.popsection");
}

/* ---- calls: stubs for C ---- */

/** The register of a word of the result. */
static const char *result_register(const struct arch *arch, unsigned int word)
{
	return word ? arch->result_high : arch->result;
}

/** C's name for a word of the result: that of an argument in the same register, if there is one. */
static const char *result_name(const struct arch *arch, const struct op *op, unsigned int word)
{
	for (unsigned int i = 0; i < op_passing(arch, op).registers; i++)
		if (!strcmp(arch->args[i], result_register(arch, word)))
			return mem_printf("pv_arg%u", i);
	return word ? "pv_result_high" : "pv_result";
}

/** Is it a variable of its own? */
static bool is_result_alone(const struct arch *arch, const struct op *op, unsigned int word)
{
	return !strncmp(result_name(arch, op, word), "pv_r", 4);
}

/** Does the register carry an argument or the result? */
static bool is_operand(const struct run *run, const struct op *op, const char *reg)
{
	for (unsigned int i = 0; i < op_passing(run->arch, op).registers; i++)
		if (!strcmp(run->arch->args[i], reg))
			return true;
	for (unsigned int i = 0; i < word_count(run->arch, &op->type); i++)
		if (!strcmp(result_register(run->arch, i), reg))
			return true;
	return false;
}

static void put_clobbers(const struct run *run, const struct op *op, struct out *o)
{
	const char *const *registers = run->arch->registers;
	uint32_t changes = op_changes(run->arch, op);
	struct out list = {0};

	for (unsigned int i = 0; registers[i]; i++) {
		bool is_flags = !strcmp(registers[i], "flags");

		if (changes >> i & 1 && !is_operand(run, op, registers[i]))
			put(&list, ", \"%s\"", is_flags ? "cc" : registers[i]);
	}
	if (!(op->context & CONTEXT_PURE))
		put(&list, ", \"memory\"");
	put(o, "\t\t:%s);\n", list.n ? list.v + 1 : "");
}

/** Arguments are results too: see op_changes(). */
static void put_operands(const struct arch *arch, const struct op *op, struct out *o)
{
	struct passing p = op_passing(arch, op);
	const char *comma = " ";

	put(o, "\t\t:");
	for (unsigned int i = 0; i < word_count(arch, &op->type); i++) {
		if (!is_result_alone(arch, op, i))
			continue;
		put(o, "%s\"=r\"(%s)", comma, result_name(arch, op, i));
		comma = ", ";
	}
	for (unsigned int i = 0; i < p.registers; i++, comma = ", ")
		put(o, "%s\"+r\"(pv_arg%u)", comma, i);
	put(o, "\n\t\t:");
	for (unsigned int i = 0; i < p.stack; i++)
		put(o, "%s [pv_stack%u]\"r\"(pv_stack%u)", i ? "," : "", i, i);
	put(o, "\n");
}

static const char *stub_name(const struct interface *i, const struct op *op)
{
	return mem_printf("%s%s", i->scope.prefix, op->name.s);
}

/** What is never patched is a call that the compiler makes. */
static void put_plain_body(const struct interface *i, const struct op *op, struct out *o)
{
	put(o, "\t%s%s_ops.%s(", type_is_void(&op->type) ? "" : "return ", i->name.s, op_path(op));
	vec_each(p, &op->params) put(o, "%s%s", p == op->params.v ? "" : ", ", p->name.s);
	put(o, ");\n");
}

/** One argument: a variable for each of its words, which is where it travels or is pushed from. */
static void put_argument(const struct arch *arch, const struct param *param, struct passing *p,
			 struct out *o)
{
	struct passing before = *p;
	bool in_registers = pass_next(arch, p, &param->type);

	for (unsigned int word = 0; word < word_count(arch, &param->type); word++) {
		const char *value =
			(word ? c_to_high_word : c_to_word)(&param->type, param->name.s);
		unsigned int n = (in_registers ? before.registers : before.stack) + word;

		if (in_registers)
			put(o, "\tregister unsigned long pv_arg%u __asm__(\"%s\") = %s;\n", n,
			    arch->args[n], value);
		else
			put(o, "\tunsigned long pv_stack%u = %s;\n", n, value);
	}
}

static void put_variables(const struct arch *arch, const struct op *op, struct out *o)
{
	struct passing p = {0};

	vec_each(param, &op->params) put_argument(arch, param, &p, o);
	for (unsigned int i = 0; i < word_count(arch, &op->type); i++)
		if (is_result_alone(arch, op, i))
			put(o, "\tregister unsigned long %s __asm__(\"%s\");\n",
			    result_name(arch, op, i), result_register(arch, i));
}

static void put_return(const struct arch *arch, const struct op *op, struct out *o)
{
	const char *low = result_name(arch, op, 0);

	if (word_count(arch, &op->type) > 1)
		low = mem_printf("((uint64_t)%s << 32 | %s)", result_name(arch, op, 1), low);
	put(o, "\treturn %s;\n", c_from_word(&op->type, low));
}

/** The caller of a site pushes what is passed on the stack, and takes it off. */
static void put_called_site(const struct run *run, const struct interface *i, const struct op *op,
			    struct lines *lines)
{
	const struct arch *arch = run->arch;
	unsigned int stack = op_passing(arch, op).stack;

	for (unsigned int n = stack; n; n--)
		put_line(lines, "\t%s",
			 arch_expand(arch->push, mem_printf("%%[pv_stack%u]", n - 1), NULL));
	put_site(run, lines, i, op);
	if (stack)
		put_line(lines, "\t%s",
			 doubled_percents(arch_expand(arch->drop,
						      mem_printf("%u", stack * arch->word), NULL)));
}

static void put_site_body(const struct run *run, const struct interface *i, const struct op *op,
			  struct lines *lines)
{
	struct out *o = lines->out;

	put_variables(run->arch, op, o);
	put(o, "%s\t__asm__ %s(\n", op->params.n || !type_is_void(&op->type) ? "\n" : "",
	    op->context & CONTEXT_PURE ? "" : "volatile");
	put_called_site(run, i, op, lines);
	put_operands(run->arch, op, o);
	put_clobbers(run, op, o);
	if (!type_is_void(&op->type))
		put_return(run->arch, op, o);
}

/** A function that callers see; its parameters are the op's in any order. */
static void emit_stub(const struct run *run, const struct interface *i, const struct op *op,
		      const char *name, const params *params, struct lines *lines)
{
	struct out *o = lines->out;

	emit_doc(o, "", op_contract(op));
	if (op->is_deprecated)
		put(o, "__attribute__((deprecated(%s)))\n", c_string(op_deprecation(op)));
	put(o, "static inline __attribute__((always_inline)) %s(%s)\n{\n",
	    c_declare(&op->type, name), c_params(params));
	if (op->site == SITE_NEVER_PATCHED)
		put_plain_body(i, op, o);
	else
		put_site_body(run, i, op, lines);
	put(o, "}\n\n");
}

/** A call does not compile. */
static void emit_retired_stub(const struct interface *i, const struct op *op, struct out *o)
{
	emit_doc(o, "", op_contract(op));
	put(o, "__attribute__((error(%s)))\n%s(%s);\n\n", c_string(op_retirement(op)),
	    c_declare(&op->type, stub_name(i, op)), c_params(&op->params));
}

static bool has_callers(const struct op *op)
{
	return !op->is_spare && expr_truth(op->callers) == TRUTH_TRUE;
}

static void emit_stubs(const struct run *run, const struct interface *i, const struct op *op,
		       struct lines *lines)
{
	params ordered = {0};

	if (op->tail || !has_callers(op))
		return;
	if (op->is_retired) {
		emit_retired_stub(i, op, lines->out);
		return;
	}
	emit_stub(run, i, op, stub_name(i, op), &op->params, lines);
	vec_each(p, &op->wrapper.params) * vec_push(&ordered) = **p;
	if (has_wrapper_of_its_own(i, op))
		emit_stub(run, i, op, op->wrapper.name.s, &ordered, lines);
}

void emit_calls(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	struct lines lines = {.out = o, .in_c = true};

	emit_banner(o, source_origin(run, i->name.loc));
	put_guard(o, i->name.s);
	put(o,
	    "/*\n * Call stubs.  Code that uses them is built with -mno-red-zone; the linker\n"
	    " * script discards section .discard.%s.\n */\n#include \"%s_ops.h\"\n\n",
	    i->name.s, i->name.s);
	put(o, "/* Templates of all backends: only their lengths are used, for the sites. */\n"
	       "__asm__(\n");
	put_lengths(run, &lines, i);
	put(o, ");\n\n");
	vec_each(op, &i->ops) emit_stubs(run, i, *op, &lines);
	put(o, "#endif\n");
}

/* ---- asm: stubs for assembly ---- */

void emit_site(const struct run *run, const struct interface *i, const struct op *op, struct out *o)
{
	put_site(run, &(struct lines){.out = o}, i, op);
}

static void emit_macro(const struct run *run, const struct interface *i, const struct op *op,
		       struct out *o)
{
	emit_doc(o, "", op_contract(op));
	put(o, "\t.macro %s\n", stub_name(i, op));
	if (op->is_deprecated)
		put(o, "\t.warning %s\n",
		    c_string(mem_printf("%s is deprecated %s", op_path(op), op_deprecation(op))));
	if (op->is_retired)
		put(o, "\t.error %s\n", c_string(op_retirement(op)));
	else
		emit_site(run, i, op, o);
	put(o, "\t.endm\n\n");
}

void emit_asm(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	struct lines lines = {.out = o};

	emit_banner(o, source_origin(run, i->name.loc));
	put_guard(o, mem_printf("%s_asm", i->name.s));
	put(o, "#include \"%s_ops.h\"\n\n", i->name.s);
	put(o, "/* Arguments and results are where the C calling convention has them. */\n");
	put_lengths(run, &lines, i);
	put(o, "\n");
	vec_each(op, &i->ops)
	{
		if (((*op)->is_asm_callable || (*op)->tail) && has_callers(*op))
			emit_macro(run, i, *op, o);
	}
	put(o, "#endif\n");
}

/* ---- tables ---- */

static void put_known(const struct interface *i, const struct backend *b, struct out *o)
{
	const struct abi *rom = rom_abi(b);

	put(o, "\t{\"%s\", %s, %u, %sDETECT_%s, ", b->name.s, b->is_deprivileged ? "true" : "false",
	    b->priority, i->scope.upper_prefix, upper(detect_name(b->detections.v[0].kind)));
	if (b->detections.v[0].kind == DETECT_CPUID)
		put(o, "\"%s\", ", b->detections.v[0].text);
	else
		put(o, "NULL, ");
	if (rom)
		put(o, "&%srom_%s},\n", i->scope.prefix, rom->name.s);
	else
		put(o, "NULL},\n");
}

static void emit_known(const struct interface *i, struct out *o)
{
	emit_pattern(i, "const struct @_known @_known[] = {\n", o);
	vec_each(b, &i->backends) put_known(i, *b, o);
	emit_pattern(i,
		     "};\nconst unsigned int @_nr_known = sizeof(@_known) / sizeof(@_known[0]);\n\n"
		     "/* The backend of bare hardware has the slots; without it they are empty at "
		     "first. */\n"
		     "__attribute__((weak)) struct @_ops @_ops;\n\n",
		     o);
}

void emit_tables(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	struct lines lines = {.out = o, .in_c = true};
	const char *n = i->name.s;

	emit_banner(o, source_origin(run, i->name.loc));
	put(o, "#include \"%s.h\"\n\n", n);
	emit_pattern(i,
		     "const char *const @_form_names[^_NR_FORMS] = "
		     "{\"call\", \"inline\", \"nop\", \"trap\", \"indirect\"};\n\n",
		     o);
	emit_pattern(i, "const char *const @_op_names[^_NR_OPS] = {\n", o);
	vec_each(op, &i->ops) put(o, "\t\"%s\",\n", op_path(*op));
	put(o, "};\n\n");
	emit_roms(i, o);
	emit_known(i, o);
	put(o, "__asm__(\n");
	put_line(&lines, "\t.pushsection .rodata");
	put_line(&lines, "\t.globl %s_site_length", n);
	put_line(&lines, "%s_site_length:", n);
	vec_each(op, &i->ops) put_line(&lines, "\t.byte .L%s_length_%s", n, (*op)->name.s);
	put_line(&lines, "\t.popsection");
	put(o, ");\n");
}
