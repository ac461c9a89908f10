/* The manifest's part about an interface: what was said of it, and what backends do. */
#include <string.h>

#include "manifest.h"
#include "text.h"
#include "unknown.h"

static const char *truth_text(bool truth)
{
	return truth ? "true" : "false";
}

static const char *condition_text(const struct expr *e)
{
	return e ? expr_text(e) : NULL;
}

/** "key": ["op", ...] */
static void put_ops(struct out *o, const char *key, const ops *ops)
{
	put(o, "\"%s\": [", key);
	vec_each(op, ops) put(o, "%s\"%s\"", op == ops->v ? "" : ", ", op_path(*op));
	put(o, "]");
}

static void put_words(struct out *o, const char *key, const names *words)
{
	put(o, "\"%s\": [", key);
	vec_each(w, words) put(o, "%s\"%s\"", w == words->v ? "" : ", ", w->s);
	put(o, "]");
}

static void put_instructions(struct out *o, const char *key, const operands *insns)
{
	put(o, "\"%s\": [", key);
	vec_each(insn, insns)
	{
		put(o, "%s", insn == insns->v ? "" : ", ");
		put_json(o, insn->string);
	}
	put(o, "]");
}

/* ---- types, as the description says them ---- */

const char *type_text(const struct type *type)
{
	struct out o = {0};

	put(&o, "%s%s%s%s%s", type->is_const ? "const " : "", type->tag ? type->tag : "",
	    type->tag ? " " : "", type->name.s, type->stars ? " " : "");
	for (unsigned int i = 0; i < type->stars; i++)
		put(&o, "*");
	return text_of(&o);
}

static void put_type(struct out *o, const struct type *type, enum space space)
{
	put_key(o, "type", type_text(type));
	put(o, ", ");
	put_optional(o, "space", space == SPACE_NONE ? NULL : space_name(space));
}

static void put_params(struct out *o, const char *indent, const params *params)
{
	static const char *const directions[] = {
		[DIR_NONE] = NULL, [DIR_IN] = "in", [DIR_OUT] = "out", [DIR_INOUT] = "inout"};

	put(o, "\"parameters\": [");
	vec_each(p, params)
	{
		put(o, "%s{\"name\": \"%s\", ", separator(p == params->v, indent), p->name.s);
		put_type(o, &p->type, p->space);
		put(o, ", ");
		put_optional(o, "direction", directions[p->direction]);
		put(o, "}");
	}
	put(o, "]");
}

/* ---- an op ---- */

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

/** Its own guard and those of the groups around it. */
static const char *guard_text(const struct group *group, const struct expr *own)
{
	struct out o = {0};

	if (own)
		put(&o, "%s", expr_text(own));
	for (const struct group *g = group; g; g = g->outer)
		if (g->guard)
			put(&o, "%s%s", o.n ? " && " : "",
			    g->guard->kind == EXPR_OR ? mem_printf("(%s)", expr_text(g->guard))
						      : expr_text(g->guard));
	return o.n ? text_of(&o) : NULL;
}

static const char *table_of(const struct group *g)
{
	while (g && !g->table.s)
		g = g->outer;
	return g ? g->table.s : NULL;
}

static void put_versions(const struct op *op, struct out *o)
{
	put_optional(o, "since", op->since ? version_text(op->since->value) : NULL);
	put(o, ", ");
	put_optional(o, "deprecated", op->deprecated ? version_text(op->deprecated->value) : NULL);
	put(o, ", ");
	put_optional(o, "advice", op->advice);
	put(o, ", ");
	put_optional(o, "retired", op->retired ? version_text(op->retired->value) : NULL);
}

static const char *default_text(const struct op *op)
{
	switch (op->fallback.kind) {
	case IMPL_NONE:
		return NULL;
	case IMPL_INHERIT:
		return "native";
	case IMPL_CONSTANT:
		return mem_printf("%lld", (long long)op->fallback.value);
	default:
		return impl_name(op->fallback.kind);
	}
}

static void put_unknown(unsigned int set, struct out *o)
{
	const char *comma = "";

	put(o, "\"unknown\": [");
	for (enum aspect a = 0; a < A_COUNT; a++) {
		if (!(set & aspect_bit(a)))
			continue;
		put(o, "%s\"%s\"", comma, aspect_word(a));
		comma = ", ";
	}
	put(o, "], ");
}

static void put_wrapper(const struct wrapper *w, struct out *o)
{
	if (!w->name.s) {
		put(o, "\"wrapper\": null");
		return;
	}
	put(o, "\"wrapper\": {\"name\": \"%s\", \"parameters\": [", w->name.s);
	vec_each(p, &w->params) put(o, "%s\"%s\"", p == w->params.v ? "" : ", ", (*p)->name.s);
	put(o, "]}");
}

static void put_fault(const struct fault *f, struct out *o)
{
	put(o, "{\"instruction\": %u, \"label\": %s, ", f->insn,
	    f->label ? mem_printf("%lld", (long long)f->label) : "null");
	put_instructions(o, "fixup", &f->fixup);
	put(o, "}");
}

static void put_templates(const struct op *op, struct out *o)
{
	put(o, "\"templates\": [");
	vec_each(it, &op->natives)
	{
		const struct template *t = *it;

		put(o, "%s{\"arch\": \"%s\", ", separator(it == op->natives.v, "\t\t\t\t"),
		    t->arch.s);
		put_instructions(o, "instructions", &t->insns);
		put(o, ", ");
		put_optional(o, "if", condition_text(t->guard));
		put(o, ", ");
		put_optional(o, "when", condition_text(t->when));
		put(o, ", \"faults\": [");
		vec_each(f, &t->faults)
		{
			put(o, "%s", f == t->faults.v ? "" : ", ");
			put_fault(f, o);
		}
		put(o, "]}");
	}
	put(o, "]");
}

static void put_relations(const struct op *op, struct out *o)
{
	put_ops(o, "pairs", &op->pairs);
	put(o, ", ");
	put_ops(o, "together", &op->together);
	put(o, ", \"defer\": [");
	vec_each(b, &op->defer) put(o, "%s\"%s\"", b == op->defer.v ? "" : ", ", (*b)->name.s);
	put(o, "], ");
	put_wrapper(&op->wrapper, o);
}

static void put_signature(const struct interface *i, const struct op *op, struct out *o)
{
	put_key(o, "prototype", c_prototype(i, op, op->name.s));
	put(o, ",\n\t\t\t \"result\": {");
	put_type(o, &op->type, op->space);
	put(o, "}, ");
	put_params(o, "\t\t\t\t", &op->params);
}

/** How callers reach it. */
static void put_place(const struct op *op, struct out *o)
{
	static const char *const sites[] = {[SITE_SLOT] = "slot",
					    [SITE_STATIC_CALL] = "static_call",
					    [SITE_INLINE_ONLY] = "inline_only",
					    [SITE_NEVER_PATCHED] = "never_patched"};

	put_optional(o, "table", table_of(op->group));
	put(o, ", \"site\": \"%s\", \"asm_callable\": %s, \"tail\": %s, ", sites[op->site],
	    truth_text(op->is_asm_callable), truth_text(op->tail));
	put_optional(o, "asm_name", op->asm_name.s);
	put(o, ", ");
	put_optional(o, "frame", op->frame ? op->frame->name.s : NULL);
	put(o, ", \"spare\": %s, ", truth_text(op->is_spare));
	put_optional(o, "guard", guard_text(op->group, op->guard));
	put(o, ", ");
	put_optional(o, "callers", condition_text(op->callers));
}

static void put_op(const struct interface *i, const struct op *op, const char *slot, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"slot\": %s, \"number\": %u, ", op_path(op), slot, op->slot);
	put_place(op, o);
	put(o, ",\n\t\t\t ");
	put_signature(i, op, o);
	put(o, ",\n\t\t\t \"revision\": %u, \"budget\": %u, \"native_template\": %s, ",
	    op->revision, op->budget, truth_text(op->natives.n));
	put_clobbers(op, o);
	put(o, ", ");
	put_context(op, o);
	put(o, ",\n\t\t\t ");
	put_versions(op, o);
	put(o, ", ");
	put_unknown(op->unknown, o);
	put_optional(o, "default", default_text(op));
	put(o, ",\n\t\t\t ");
	put_relations(op, o);
	put(o, ",\n\t\t\t ");
	put_templates(op, o);
	put(o, ",\n\t\t\t ");
	put_targets(i, op, o);
	put(o, "}");
}

/** Slots count in each table; what is in none has none. */
static void put_all_ops(const struct interface *i, struct out *o)
{
	struct map next = {0};

	put(o, "\"ops\": [");
	vec_each(it, &i->ops)
	{
		const struct op *op = *it;
		const char *table = table_of(op->group);
		bool has_slot = op->site == SITE_SLOT || op->site == SITE_NEVER_PATCHED;
		unsigned int *n = mem_alloc(sizeof(*n)), *known;

		known = map_add(&next, table ? table : "", n);
		n = known ? known : n;
		put(o, "%s", separator(it == i->ops.v, "\t\t\t"));
		put_op(i, op, has_slot ? mem_printf("%u", (*n)++) : "null", o);
	}
	put(o, "]");
}

/* ---- what is beside the ops ---- */

static void put_batches(const struct interface *i, struct out *o)
{
	put(o, "\"batches\": [");
	vec_each(it, &i->batches)
	{
		const struct batch *b = *it;

		put(o, "%s{\"name\": \"%s\", ", separator(it == i->batches.v, "\t\t\t"), b->name.s);
		put_ops(o, "begin", &b->begin);
		put(o, ", ");
		put_ops(o, "end", &b->end);
		put(o, ", ");
		put_ops(o, "flush", &b->flush);
		put(o, "}");
	}
	put(o, "]");
}

static void put_derived(const struct interface *i, struct out *o)
{
	put(o, "\"derived\": [");
	vec_each(d, &i->derived)
		put(o, "%s{\"name\": \"%s\", \"op\": \"%s\"}",
		    separator(d == i->derived.v, "\t\t\t"), (*d)->name.s, op_path((*d)->op));
	put(o, "]");
}

static void put_value(const struct data *d, struct out *o)
{
	put(o, "\"default\": ");
	if (!d->value)
		put(o, "null");
	else if (d->value->kind == OPERAND_STRING)
		put_json(o, d->value->string);
	else
		put(o, "%lld", (long long)d->number);
}

static void put_data(const struct interface *i, struct out *o)
{
	put(o, "\"data\": [");
	vec_each(it, &i->data)
	{
		const struct data *d = *it;

		put(o, "%s{\"name\": \"%s\", ", separator(it == i->data.v, "\t\t\t"), data_path(d));
		put_optional(o, "table", table_of(d->group));
		put(o, ", ");
		put_optional(o, "guard", guard_text(d->group, d->guard));
		put(o, ", ");
		put_key(o, "type", type_text(&d->type));
		put(o, ", ");
		put_value(d, o);
		put(o, "}");
	}
	put(o, "]");
}

static void put_registration(const struct registration *r, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"hooks\": %s, \"members\": [", r->name.s,
	    truth_text(r->is_hooks));
	vec_each(m, &r->members)
	{
		put(o, "%s{\"name\": \"%s\", \"function\": %s, ",
		    separator(m == r->members.v, "\t\t\t\t"), m->name.s,
		    truth_text(m->is_function));
		put_key(o, "type", type_text(&m->type));
		put(o, ", ");
		put_params(o, "\t\t\t\t\t", &m->params);
		put(o, "}");
	}
	put(o, "]}");
}

static void put_registrations(const struct interface *i, struct out *o)
{
	put(o, "\"registrations\": [");
	vec_each(r, &i->registrations)
	{
		put(o, "%s", separator(r == i->registrations.v, "\t\t\t"));
		put_registration(*r, o);
	}
	put(o, "]");
}

void put_interface(const struct interface *i, struct out *o)
{
	static void (*const parts[])(const struct interface *i, struct out *o) = {
		put_all_ops, put_batches, put_derived, put_data, put_registrations};

	put(o, "{\"name\": \"%s\", \"version\": \"%u.%u\", ", i->name.s, i->major, i->minor);
	put_unknown(i->unknown, o);
	put_words(o, "phases", &i->phases);
	for (size_t n = 0; n < NELEM(parts); n++) {
		put(o, ",\n\t\t ");
		parts[n](i, o);
	}
	put(o, ",\n\t\t ");
	put_scope(&i->scope, o);
	put(o, "}");
}
