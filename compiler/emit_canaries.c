/*
 * Canaries: one call of each op with a known value in every register, and a
 * table of what each op may change.  Around the call stand no-ops that a
 * simulator can recognise, so the same calls are where costs are counted.
 */
#include <string.h>

#include "pvgen.h"

static size_t register_index(const struct arch *arch, const char *name)
{
	size_t i = 0;

	while (strcmp(arch->registers[i], name) != 0)
		i++;
	return i;
}

static size_t register_count(const struct arch *arch)
{
	size_t n = 0;

	while (arch->registers[n])
		n++;
	return n;
}

/* ---- header ---- */

static const char declarations[] =
	"/** Registers by their index, and those that carry arguments. */\n"
	"extern const char *const %sregister_names[%sNR_REGISTERS];\n"
	"extern const uint8_t %sargument_registers[%sNR_ARGUMENTS];\n\n"
	"/** All registers, by their index, before and after a call. */\n"
	"struct %scanary {\n"
	"\tunsigned long before[%sNR_REGISTERS], after[%sNR_REGISTERS];\n"
	"\t/** Arguments that are passed on the stack. */\n"
	"\tunsigned long stack[%sNR_STACK_WORDS];\n"
	"};\n\n"
	"/** How to call an op that way, and what its contract lets it change. */\n"
	"struct %scanary_row {\n"
	"\t/** NULL for an op that does not come back to its site. */\n"
	"\tvoid (*run)(struct %scanary *canary);\n"
	"\t/** A bit for each register. */\n"
	"\tuint32_t may_change;\n"
	"\t/** Bytes of the result, 0: none. */\n"
	"\tuint8_t result;\n"
	"\t/** Words of arguments: in registers, behind them on the stack. */\n"
	"\tuint8_t arguments, stack;\n"
	"\tuint8_t unused;\n"
	"};\n"
	"_Static_assert(sizeof(struct %scanary_row) == %u, \"the assembler writes this "
	"layout\");\n\n"
	"extern const struct %scanary_row %scanary_rows[%sNR_OPS];\n\n#endif\n";

void emit_canary_header(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	const char *p = i->scope.prefix, *up = i->scope.upper_prefix;
	size_t arguments = 0;

	while (run->arch->args[arguments])
		arguments++;
	emit_banner(o, source_origin(run, i->name.loc));
	put(o,
	    "#ifndef PVGEN_%sCANARIES_H\n#define PVGEN_%sCANARIES_H\n\n#include \"%s_ops.h\"\n\n",
	    up, up, i->name.s);
	put(o, "/** Index of a register. */\nenum %sregister {\n", p);
	for (const char *const *r = run->arch->registers; *r; r++)
		put(o, "\t%sREGISTER_%s,\n", up, *r);
	put(o, "\t%sNR_REGISTERS,\n\t%sRESULT_REGISTER = %sREGISTER_%s,\n", up, up, up,
	    run->arch->result);
	put(o, "\t%sNR_ARGUMENTS = %zu,\n\t%sNR_STACK_WORDS = %u,\n};\n\n", up, arguments, up,
	    run->arch->stack_words);
	put(o, declarations, p, up, p, up, p, up, up, up, p, p, p, run->arch->word + 8, p, p, up);
}

/* ---- code ---- */

static const char *canary_name(const struct interface *i, const struct op *op)
{
	return mem_printf("%scanary_%s", i->scope.prefix, op->name.s);
}

/** Does a call of the op come back? */
static bool has_canary(const struct op *op)
{
	return !op->tail && !op_is_dead(op);
}

static void emit_canary(const struct run *run, const struct interface *i, const struct op *op,
			struct out *o)
{
	const struct arch *arch = run->arch;
	const char *name = canary_name(i, op), *slot = mem_printf("%u", op->slot);
	const char *length = mem_printf(".L%s_length_%s", i->name.s, op->name.s);
	const char *stack = arch->stack_words ? mem_printf(" %u", op_passing(arch, op).stack) : "";

	if (!has_canary(op))
		return;
	put(o, "\n\t.type %s, @function\n%s:\n\t%s\n\tcanary_enter%s\n", name, name,
	    arch->landing_pad, stack);
	put(o, "\t%s\n", arch_expand(arch->marker_begin, length, slot));
	emit_site(run, i, op, o);
	put(o, "\t%s\n", arch_expand(arch->marker_end, slot, NULL));
	put(o, "\tcanary_leave%s\n\t%s\n\t.size %s, . - %s\n", stack, arch->ret, name, name);
}

static void emit_row(const struct run *run, const struct interface *i, const struct op *op,
		     struct out *o)
{
	uint64_t result = type_is_void(&op->type) ? 0 : type_size(run->arch, &op->type);
	struct passing passing = op_passing(run->arch, op);

	put(o, "\t/* %s */\n", op_path(op));
	put(o, "\t%s %s\n", run->arch->pointer, has_canary(op) ? canary_name(i, op) : "0");
	put(o, "\t.long 0x%x\n\t.byte %llu, %u, %u, 0\n", op_changes(run->arch, op),
	    (unsigned long long)result, passing.registers, passing.stack);
}

static void begin_object(struct out *o, const char *name)
{
	put(o, "\n\t.balign 8\n\t.globl %s\n\t.type %s, @object\n%s:\n", name, name, name);
}

static void emit_register_tables(const struct arch *arch, const char *prefix, struct out *o)
{
	begin_object(o, mem_printf("%sregister_names", prefix));
	for (size_t i = 0; i < register_count(arch); i++)
		put(o, "\t%s .Lregister_%zu\n", arch->pointer, i);
	begin_object(o, mem_printf("%sargument_registers", prefix));
	for (const char *const *r = arch->args; *r; r++)
		put(o, "\t.byte %zu\n", register_index(arch, *r));
	for (size_t i = 0; i < register_count(arch); i++)
		put(o, ".Lregister_%zu:\n\t.asciz \"%s\"\n", i, arch->registers[i]);
}

void emit_canary_code(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	const char *p = i->scope.prefix, *stack = run->arch->stack_words ? " stack:req" : "";

	emit_banner(o, source_origin(run, i->name.loc));
	put(o, "#include \"%s_asm.h\"\n\n", i->name.s);
	put(o, "\t.macro canary_enter%s\n%s\t.endm\n\n", stack, run->arch->canary_enter);
	put(o, "\t.macro canary_leave%s\n%s\t.endm\n\n\t.text\n", stack, run->arch->canary_leave);
	vec_each(op, &i->ops) emit_canary(run, i, *op, o);
	put(o, "\n\t.section .rodata\n");
	begin_object(o, mem_printf("%scanary_rows", p));
	vec_each(op, &i->ops) emit_row(run, i, *op, o);
	emit_register_tables(run->arch, p, o);
	put(o, "\n\t.section .note.GNU-stack,\"\",@progbits\n");
}
