/* Descriptions as C: types, declarations, conversions to and from registers. */
#include <ctype.h>
#include <string.h>

#include "pvgen.h"

const char *upper(const char *s)
{
	char *copy = mem_printf("%s", s);

	for (char *c = copy; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return copy;
}

static const char *base_text(const struct type *type)
{
	const struct decl *d = type->decl;

	if (type->scalar)
		return type->scalar->c_name;
	if (!d)
		return "void";
	if (d->kind == DECL_STRUCT || d->kind == DECL_UNION)
		return mem_printf("%s %s%s", d->kind == DECL_STRUCT ? "struct" : "union",
				  d->scope->prefix, d->name.s);
	return mem_printf("%s%s", d->scope->prefix, d->name.s);
}

static const char *declare(const struct type *type, const char *base, const char *name)
{
	struct out o = {0};

	put(&o, "%s%s", type->is_const ? "const " : "", base);
	if (type->stars || *name)
		put(&o, " ");
	for (unsigned int i = 0; i < type->stars; i++)
		put(&o, "*");
	put(&o, "%s", name);
	return text_of(&o);
}

const char *c_declare(const struct type *type, const char *name)
{
	return declare(type, base_text(type), name);
}

const char *kernel_declare(const struct type *type, const char *name)
{
	return declare(type, type->scalar ? type->name.s : base_text(type), name);
}

static const char *params_text(const params *params,
			       const char *(*declare)(const struct type *type, const char *name))
{
	struct out o = {0};

	vec_each(p, params)
		put(&o, "%s%s", p == params->v ? "" : ", ", declare(&p->type, p->name.s));
	if (!params->n)
		put(&o, "void");
	return text_of(&o);
}

const char *c_params(const params *params)
{
	return params_text(params, c_declare);
}

const char *kernel_params(const params *params)
{
	return params_text(params, kernel_declare);
}

/** A structure of one number as that number. */
static const char *unwrapped(const struct type *type, const char *value)
{
	const struct member *m = type_wrapped(type);

	return m ? unwrapped(&m->type, mem_printf("%s.%s", value, m->name.s)) : value;
}

const char *c_to_word(const struct type *type, const char *value)
{
	return mem_printf("(unsigned long)%s", unwrapped(type, value));
}

const char *c_to_high_word(const struct type *type, const char *value)
{
	return mem_printf("(unsigned long)((uint64_t)%s >> 32)", unwrapped(type, value));
}

const char *c_from_word(const struct type *type, const char *word)
{
	const struct member *m = type_wrapped(type);

	if (m)
		return mem_printf("(%s){%s}", c_declare(type, ""), c_from_word(&m->type, word));
	/* Only the low byte of a bool is defined in the register. */
	if (type->scalar && !strcmp(type->scalar->c_name, "bool"))
		return mem_printf("(uint8_t)%s != 0", word);
	return mem_printf("(%s)%s", c_declare(type, ""), word);
}

const char *c_convert(const struct type *from, const struct type *to, const char *value)
{
	if (!type_wrapped(from) && !type_wrapped(to))
		return value;
	return c_from_word(to, c_to_word(from, value));
}

bool op_is_narrow(const struct op *op)
{
	/* A tail op is not called from C, so no convention applies to it. */
	return op->clobber != CLOBBER_NORMAL && !op->tail;
}

const char *c_narrow(const struct interface *i, const struct op *op)
{
	return op_is_narrow(op) ? mem_printf("%sNARROW ", i->scope.upper_prefix) : "";
}

const char *c_prototype(const struct interface *i, const struct op *op, const char *name)
{
	return mem_printf("%s%s(%s)", c_narrow(i, op), c_declare(&op->type, name),
			  c_params(&op->params));
}

const char *c_string(const char *s)
{
	struct out o = {0};

	put(&o, "\"");
	for (; *s; s++)
		put(&o,
		    *s == '"' || *s == '\\'		  ? "\\%c"
		    : *s >= ' ' && *s < 0x7f && *s != '?' ? "%c"
							  : "\\%03o",
		    (unsigned char)*s);
	put(&o, "\"");
	return text_of(&o);
}

const char *doubled_percents(const char *s)
{
	struct out text = {0};

	for (s = put_until(&text, s, "%"); *s; s = put_until(&text, s + 1, "%"))
		put(&text, "%%%%");
	return text_of(&text);
}

struct loc path_loc(const names *path)
{
	return loc_from_to(path->v[0].loc, path->v[path->n - 1].loc);
}

const char *path_text(const names *path, size_t first)
{
	struct out o = {0};

	for (size_t i = first; i < path->n; i++)
		put(&o, "%s%s", i == first ? "" : ".", path->v[i].s);
	return text_of(&o);
}

const char *c_frame(const struct op *op)
{
	if (!op->frame)
		return "";
	return mem_printf("The stack holds struct %s%s.\n", op->frame->scope->prefix,
			  op->frame->name.s);
}

const char *c_clobbers(const struct op *op)
{
	struct out o = {0};

	if (op->tail && op->clobber != CLOBBER_SET)
		return "nothing: all registers are live";
	switch (op->clobber) {
	case CLOBBER_NORMAL:
		return "what a C call may change";
	case CLOBBER_NONE:
		return "its arguments and result";
	case CLOBBER_FLAGS:
		return "its arguments, result and the flags";
	case CLOBBER_SET:
		break;
	}
	put(&o, op->tail ? "only" : "its arguments, result and");
	vec_each(r, &op->registers) put(&o, " %s", r->s);
	return text_of(&o);
}

static const char *path_in(const struct group *g, const char *path)
{
	for (; g; g = g->outer)
		path = mem_printf("%s.%s", g->name.s, path);
	return path;
}

const char *op_path(const struct op *op)
{
	return path_in(op->group, op->name.s);
}

const char *data_path(const struct data *data)
{
	return path_in(data->group, data->name.s);
}

static const char *const spaces[] = {
	[SPACE_VA] = "virtual address",
	[SPACE_PA] = "physical address",
	[SPACE_GPA] = "guest-physical address",
	[SPACE_PFN] = "frame number, as the guest counts frames",
	[SPACE_MFN] = "frame number, as the machine counts frames",
	[SPACE_MA] = "machine address",
};

static const char *const directions[] = {
	[DIR_IN] = "what is read",
	[DIR_OUT] = "what is written",
	[DIR_INOUT] = "what is read and written",
};

static void put_param(const struct param *p, struct out *o)
{
	const char *space = spaces[p->space];

	if (p->direction)
		put(o, "%s: %s of %s.\n", p->name.s, space ? space : "address",
		    directions[p->direction]);
	else if (space)
		put(o, "%s: %s.\n", p->name.s, space);
}

const char *params_units(const params *params)
{
	struct out o = {0};

	vec_each(p, params) put_param(p, &o);
	return text_of(&o);
}

const char *c_units(const struct op *op)
{
	const char *result = spaces[op->space];

	return mem_printf("%s%s", params_units(&op->params),
			  result ? mem_printf("Result: %s.\n", result) : "");
}

/** Do the wrapper's parameters stand as the op's do? */
static bool is_in_order(const struct op *op)
{
	for (size_t n = 0; n < op->params.n; n++)
		if (op->wrapper.params.v[n] != &op->params.v[n])
			return false;
	return op->wrapper.params.n == op->params.n;
}

bool has_wrapper_of_its_own(const struct interface *i, const struct op *op)
{
	const char *stub = mem_printf("%s%s", i->scope.prefix, op->name.s);

	return op->wrapper.name.s && (strcmp(op->wrapper.name.s, stub) || !is_in_order(op));
}

const char *op_deprecation(const struct op *op)
{
	return mem_printf("since %s: %s", version_text(op->deprecated->value), op->advice);
}

const char *op_retirement(const struct op *op)
{
	return mem_printf("%s is retired since %s", op_path(op), version_text(op->retired->value));
}

const char *op_contract(const struct op *op)
{
	struct out o = {0};

	put(&o, "%s%s", op->doc ? op->doc : "", op->doc ? "\n" : "");
	if (op->is_spare)
		put(&o, "For an op of a later version.\n");
	else if (op->is_retired)
		put(&o, "Traps: %s.\n", op_retirement(op));
	else
		put(&o, "%sChanges %s.\n", c_units(op), c_clobbers(op));
	if (op->is_deprecated)
		put(&o, "Deprecated %s\n", op_deprecation(op));
	put(&o, "%s", c_frame(op));
	return text_of(&o);
}

const struct group *inner_group(const struct group *outer, const struct op *op)
{
	const struct group *g = op->group;

	if (g == outer)
		return NULL;
	while (g->outer != outer)
		g = g->outer;
	return g;
}

/* ---- declarations ---- */

static const char *constant_text(const struct decl *d)
{
	if (d->is_negative && d->value == INT64_MIN)
		return "(-0x7fffffffffffffff - 1)";
	if (d->is_negative)
		return mem_printf("(%lld)", (long long)d->value);
	if (d->value >= 0 && d->value < 4096)
		return mem_printf("%lld", (long long)d->value);
	return mem_printf("0x%llx", (unsigned long long)d->value);
}

/** Where the bits with a meaning are in a number. */
static void emit_fields(const struct scope *scope, const struct decl *d, struct out *o)
{
	vec_each(f, &d->fields)
	{
		const char *name = mem_printf("%s%s_%s", scope->upper_prefix, upper(d->name.s),
					      upper(f->name.s));

		if (!strcmp(f->name.s, "reserved"))
			continue;
		emit_doc(o, "", f->doc);
		put(o, "#define %s_SHIFT %lld\n#define %s_MASK 0x%llx\n", name, (long long)f->low,
		    name, (unsigned long long)bits_mask(f->high, f->low));
	}
}

/*
 * What is defined in no module has no prefix, and each interface's header has it: whichever comes
 * first defines it, and the proofs behind it hold for all.
 */
static bool is_common(const struct decl *d)
{
	return !*d->scope->prefix;
}

void emit_constants(const struct scope *scope, struct out *o)
{
	size_t before = o->n;

	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if (d->is_bits)
			emit_fields(scope, d, o);
		if (d->kind != DECL_CONST || is_common(d))
			continue;
		emit_doc(o, "", d->doc);
		put(o, "#define %s%s %s\n", scope->upper_prefix, d->name.s, constant_text(d));
	}
	put(o, o->n > before ? "\n" : "");
}

static void begin_definition(const struct decl *d, struct out *o)
{
	if (is_common(d))
		put(o, "#ifndef PVGEN_DEFINES_%s\n#define PVGEN_DEFINES_%s\n", d->name.s,
		    d->name.s);
	emit_doc(o, "", d->doc);
}

static void end_definition(const struct decl *d, struct out *o)
{
	if (is_common(d))
		put(o, "#endif\n");
}

/* As a macro a name without a prefix would change whatever is called the same. */
static void emit_common_constant(const struct decl *d, struct out *o)
{
	begin_definition(d, o);
	put(o, "enum { %s = %s };\n", d->name.s, constant_text(d));
	end_definition(d, o);
	put(o, "_Static_assert(%s == %s, \"one value of %s\");\n\n", d->name.s, constant_text(d),
	    d->name.s);
}

static void emit_member(const struct member *m, const char *indent, struct out *o)
{
	const char *name = m->is_array
				   ? mem_printf("%s[%llu]", m->name.s, (unsigned long long)m->count)
				   : m->name.s;

	emit_doc(o, indent, m->doc);
	if (!m->nested) {
		put(o, "%s%s;\n", indent, c_declare(&m->type, name));
		return;
	}
	put(o, "%s%s {\n", indent, m->nested->kind == DECL_UNION ? "union" : "struct");
	vec_each(inner, &m->nested->members) emit_member(inner, mem_printf("%s\t", indent), o);
	put(o, "%s} %s;\n", indent, name);
}

static void emit_offsets(const char *record, const char *path, uint64_t base, const struct decl *d,
			 struct out *o)
{
	vec_each(m, &d->members)
	{
		const char *name = mem_printf("%s%s", path, m->name.s);

		put(o, "_Static_assert(offsetof(%s, %s) == %llu, \"offset of %s\");\n", record,
		    name, (unsigned long long)(base + m->offset), name);
		if (m->nested)
			emit_offsets(record, mem_printf("%s.", name), base + m->offset, m->nested,
				     o);
	}
}

static void emit_record(const struct decl *d, struct out *o)
{
	const char *record = mem_printf("%s %s%s", d->kind == DECL_UNION ? "union" : "struct",
					d->scope->prefix, d->name.s);

	if (d->is_opaque)
		return;
	begin_definition(d, o);
	put(o, "%s {\n", record);
	vec_each(m, &d->members) emit_member(m, "\t", o);
	put(o, "}%s", d->is_packed ? " __attribute__((packed))" : "");
	if (d->said_align)
		put(o, " __attribute__((aligned(%lld)))", (long long)d->said_align->value);
	put(o, ";\n");
	end_definition(d, o);
	put(o, "_Static_assert(sizeof(%s) == %llu, \"size of %s\");\n", record,
	    (unsigned long long)d->size, d->name.s);
	emit_offsets(record, "", 0, d, o);
	put(o, "\n");
}

static void emit_decl(struct map *done, const struct decl *d, struct out *o);

/** What a declaration needs before it: types by value, and typedefs even behind a pointer. */
static void emit_needs(struct map *done, const struct scope *scope, const struct type *type,
		       struct out *o)
{
	const struct decl *d = type->decl;
	bool by_name_only = d && (d->kind == DECL_STRUCT || d->kind == DECL_UNION) && type->stars;

	if (d && !by_name_only && d->scope == scope)
		emit_decl(done, d, o);
}

static void emit_member_needs(struct map *done, const struct decl *d, struct out *o)
{
	vec_each(m, &d->members)
	{
		if (m->nested)
			emit_member_needs(done, m->nested, o);
		else
			emit_needs(done, d->scope, &m->type, o);
	}
}

static void emit_decl(struct map *done, const struct decl *d, struct out *o)
{
	const char *name = mem_printf("%s%s", d->scope->prefix, d->name.s);

	if (d->kind == DECL_CONST || map_add(done, d->name.s, (void *)d))
		return;
	emit_needs(done, d->scope, &d->type, o);
	vec_each(p, &d->params) emit_needs(done, d->scope, &p->type, o);
	emit_member_needs(done, d, o);
	if (d->kind != DECL_TYPEDEF && d->kind != DECL_FUNCTION) {
		emit_record(d, o);
		return;
	}
	begin_definition(d, o);
	if (d->kind == DECL_TYPEDEF)
		put(o, "typedef %s;\n", c_declare(&d->type, name));
	else
		put(o, "typedef %s(%s);\n", c_declare(&d->type, name), c_params(&d->params));
	end_definition(d, o);
	put(o, "\n");
}

void emit_types(const struct scope *scope, struct out *o)
{
	struct map done = {0};

	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if (d->kind == DECL_STRUCT || d->kind == DECL_UNION)
			put(o, "%s %s%s;\n", d->kind == DECL_UNION ? "union" : "struct",
			    scope->prefix, d->name.s);
	}
	put(o, "\n");
	vec_each(d, &scope->decls)
	{
		if ((*d)->kind == DECL_CONST && is_common(*d))
			emit_common_constant(*d, o);
		emit_decl(&done, *d, o);
	}
}
