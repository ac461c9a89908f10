/* The whole model for machines, as JSON: ops, slots, targets by name, binary interfaces. */
#include <string.h>

#include "manifest.h"
#include "text.h"

void put_key(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	put_json(o, value);
}

const char *separator(bool is_first, const char *indent)
{
	return mem_printf("%s\n%s", is_first ? "" : ",", indent);
}

/* ---- interface ---- */

static void put_context(const struct op *op, struct out *o)
{
	static const char *const names[] = {"noinstr", "hot",  "early",
					    "late",    "pure", "unprivileged"};
	const char *comma = "";

	put(o, "\"context\": [");
	for (size_t i = 0; i < NELEM(names); i++)
		if (op->context & 1u << i) {
			put(o, "%s\"%s\"", comma, names[i]);
			comma = ", ";
		}
	put(o, "]");
}

static void put_clobbers(const struct op *op, struct out *o)
{
	static const char *const words[] = {[CLOBBER_NORMAL] = "\"normal\"",
					    [CLOBBER_NONE] = "",
					    [CLOBBER_FLAGS] = "\"flags\"",
					    [CLOBBER_SET] = ""};

	put(o, "\"clobbers\": [%s", words[op->clobber]);
	vec_each(r, &op->registers) put(o, "%s\"%s\"", r == op->registers.v ? "" : ", ", r->s);
	put(o, "]");
}

/** Instructions in a line of a template: labels and data are none. */
static unsigned int count_statements(const char *text)
{
	char *rest = mem_printf("%s", text), *statement;
	unsigned int n = 0;

	while ((statement = strsep(&rest, ";\n"))) {
		const char *colon = strchr(statement, ':');
		/* A colon behind a register is a segment's. */
		bool has_label = colon && !memchr(statement, '%', (size_t)(colon - statement));
		const char *s = has_label ? colon + 1 : statement;

		s += strspn(s, " \t");
		n += *s && *s != '.';
	}
	return n;
}

/** Of code at the site; a function's are not known. */
static const char *instructions_text(const struct lowered *l)
{
	unsigned int n = 0;

	if (l->form == FORM_CALL)
		return "null";
	vec_each(insn, &l->insns) n += count_statements(insn->text);
	return mem_printf("%u", n);
}

const char *form_name(const struct lowered *l)
{
	static const char *const names[] = {[FORM_CALL] = "call",
					    [FORM_INLINE] = "inline",
					    [FORM_NOP] = "nop",
					    [FORM_TRAP] = "trap"};

	return names[l->form];
}

static void put_targets(const struct interface *i, const struct op *op, struct out *o)
{
	bool first = true;

	put(o, "\"targets\": [");
	vec_each(it, &i->backends)
	{
		const struct backend *b = *it;
		const struct lowered *l = &b->lowered[op->slot];

		put(o,
		    "%s{\"backend\": \"%s\", \"form\": \"%s\", \"symbol\": \"%s\", "
		    "\"inherited\": %s, \"instructions\": %s",
		    separator(first, "\t\t\t\t"), b->name.s, form_name(l), l->symbol,
		    b->impls[op->slot].is_inherited ? "true" : "false", instructions_text(l));
		if (b->impls[op->slot].reason) {
			put(o, ", ");
			put_key(o, "reason", b->impls[op->slot].reason);
		}
		put(o, "}");
		first = false;
	}
	put(o, "]");
}

static void put_op(const struct interface *i, const struct op *op, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"slot\": %u, ", op_path(op), op->slot);
	put_key(o, "prototype", c_prototype(i, op, op->name.s));
	put(o,
	    ",\n\t\t\t \"revision\": %u, \"budget\": %u, \"tail\": %s, \"native_template\": %s, ",
	    op->revision, op->budget, op->tail ? "true" : "false",
	    op->natives.n ? "true" : "false");
	put_clobbers(op, o);
	put(o, ", ");
	put_context(op, o);
	put(o, ",\n\t\t\t ");
	put_targets(i, op, o);
	put(o, "}");
}

static void put_interface(const struct interface *i, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"version\": \"%u.%u\", \"ops\": [", i->name.s, i->major,
	    i->minor);
	vec_each(op, &i->ops)
	{
		put(o, "%s", separator(op == i->ops.v, "\t\t\t"));
		put_op(i, *op, o);
	}
	put(o, "]}");
}

void emit_manifest(const struct run *run, const void *module, struct out *o)
{
	const struct interface *interface = module;

	put(o, "{\n\t\"interfaces\": [\n\t\t");
	put_interface(interface, o);
	put(o, "],\n\t\"abis\": [");
	vec_each(a, &run->abis)
	{
		put(o, "%s", separator(a == run->abis.v, "\t\t"));
		put_abi_model(*a, o);
	}
	put(o, "],\n\t\"backends\": [");
	vec_each(b, &interface->backends)
	{
		put(o, "%s", separator(b == interface->backends.v, "\t\t"));
		put_backend(o, *b);
	}
	put(o, "]\n}\n");
}
