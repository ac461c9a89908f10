/* What an author finds in the C of a new backend: a function each, and what is known of it. */
#include <string.h>

#include "backend.h"
#include "skeleton.h"

/* ---- how a backend does an op, as text ---- */

/** Source text on one line. */
static const char *source_text(const struct run *run, struct loc loc)
{
	const char *s = run->sources.v[loc.file]->text + loc.begin;
	const char *end = run->sources.v[loc.file]->text + loc.end;
	struct out o = {0};

	for (; s < end; s++) {
		bool is_blank = strchr(" \t\r\n", *s);

		if (is_blank && o.n && o.v[o.n - 1] != ' ')
			put(&o, " ");
		else if (!is_blank)
			put_n(&o, s, 1);
	}
	return text_of(&o);
}

static const char *template_text(const struct template *t)
{
	struct out o = {0};

	vec_each(insn, &t->insns) put(&o, "%s%s", insn == t->insns.v ? "" : "; ", insn->string);
	return text_of(&o);
}

/** What stands behind the op's path in the description. */
static const char *binding_text(const struct run *run, const struct impl *impl)
{
	return source_text(run, impl->stmt->rest);
}

const char *plain_way(const struct impl *impl)
{
	if (impl->kind == IMPL_CONSTANT && impl->value)
		return mem_printf("constant %lld", (long long)impl->value);
	return impl_name(impl->kind);
}

const char *way_text(const struct run *run, const struct impl *impl)
{
	if (impl->is_inherited)
		return "as bare hardware";
	if (impl->stmt)
		return binding_text(run, impl);
	if (impl->kind == IMPL_INLINE)
		return template_text(impl->code);
	return mem_printf("%s, the default", plain_way(impl));
}

static void put_way(const struct run *run, const struct backend *b, const struct op *op,
		    struct out *o)
{
	const struct impl *impl = &b->impls[op->slot];
	struct position at = source_position(run, impl->loc);

	put(o, "On %s: %s  (%s:%u)\n", b->name.s, way_text(run, impl), at.path, at.line);
}

/* ---- an op's contract as sentences ---- */

static const struct {
	enum context context;
	const char *text;
} contexts[] = {
	{CONTEXT_NOINSTR, "Runs where nothing may be instrumented or traced, or fault: neither it "
			  "nor what it calls."},
	{CONTEXT_HOT, "Runs often: an inline template saves the call."},
	{CONTEXT_EARLY, "Runs before call sites are patched, too."},
	{CONTEXT_LATE, "May be put in place, or taken away, while other CPUs execute it."},
	{CONTEXT_PURE, "Its result depends on its arguments alone."},
	{CONTEXT_UNPRIVILEGED, "Needs no privilege."},
};

/** What may be put off, and until when. */
static void put_batch(const struct batch *b, struct out *o)
{
	put(o, "May take effect as late as");
	vec_each(op, &b->end) put(o, "%s %s", op == b->end.v ? "" : " or", op_path(*op));
	put(o, ", in batch '%s'.\n", b->name.s);
}

static void put_contexts(const struct op *op, struct out *o)
{
	for (size_t n = 0; n < NELEM(contexts); n++)
		if (op->context & contexts[n].context)
			put(o, "%s\n", contexts[n].text);
	vec_each(b, &op->defer) put_batch(*b, o);
	vec_each(other, &op->pairs)
		put(o, "Of it and %s one undoes what the other does.\n", op_path(*other));
	if (op->tail)
		put(o, "Is jumped to and does not come back.\n");
	put(o, "Changes %s%s.\n", c_clobbers(op), op_is_narrow(op) ? ", and keeps all else" : "");
	put(o, "%s", c_frame(op));
}

/** Bare hardware first: it is what the op means. */
static void put_ways(const struct run *run, const struct backend *b, const struct op *op,
		     struct out *o)
{
	const struct backend *bare = b->interface->bare;

	if (bare && bare != b)
		put_way(run, bare, op, o);
	vec_each(other, &b->interface->backends)
	{
		if (*other != b && *other != bare)
			put_way(run, *other, op, o);
	}
}

static void put_contract(const struct run *run, const struct backend *b, const struct op *op,
			 struct out *o)
{
	put(o, "%s", c_units(op));
	put_contexts(op, o);
	if (b->interface->backends.n > 1)
		put(o, "\n");
	put_ways(run, b, op, o);
}

/* ---- a function ---- */

static void put_op_doc(const struct run *run, const struct backend *b, const struct op *op,
		       struct out *o)
{
	put(o, "%s%s%s\n\n", op_path(op), op->doc ? ": " : "", op->doc ? op->doc : "");
	put_contract(run, b, op, o);
}

static void put_other(const struct run *run, const struct backend *other, const struct value *value,
		      struct out *o)
{
	struct position at = source_position(run, value->loc);

	put(o, "On %s: %s  (%s:%u)\n", other->name.s, value_text(value), at.path, at.line);
}

/** Who else has the member of the registration, and where. */
static void put_others(const struct run *run, const struct backend *b, const struct written *w,
		       struct out *o)
{
	vec_each(other, &b->interface->backends)
	{
		vec_each(p, &(*other)->provisions)
		{
			if (*other != b && p->registration == w->registration &&
			    p->values.v[w->member].kind != VALUE_NONE)
				put_other(run, *other, &p->values.v[w->member], o);
		}
	}
}

static const char *doc_of(const struct run *run, const struct backend *b, const struct written *w)
{
	struct out o = {0};

	vec_each(op, &w->ops)
	{
		put(&o, "%s", op == w->ops.v ? "" : "\n");
		put_op_doc(run, b, *op, &o);
	}
	if (w->ops.n)
		return text_of(&o);
	put(&o, "%s%s%s\n", w->role, w->doc ? ": " : "", w->doc ? w->doc : "");
	if (w->contract || w->registration)
		put(&o, "\n");
	if (w->contract)
		put(&o, "%s", params_units(w->contract));
	if (w->registration)
		put_others(run, b, w, &o);
	return text_of(&o);
}

void put_body(const struct backend *b, const struct written *w, const names *params, struct out *o)
{
	put(o, "{\n");
	vec_each(name, params) put(o, "\t(void)%s;\n", name->s);
	put(o, "\t%sUNWRITTEN(\"%s\");\n}", b->interface->scope.upper_prefix, w->role);
}

/** Text is empty, data is zero, and of a type that nobody has seen there can be none. */
static void put_object(const struct written *w, struct out *o)
{
	struct type pointee = *w->object;

	pointee.stars--;
	if (type_record(w->object) && type_record(w->object)->is_opaque && !pointee.stars)
		put(o, "/* To be defined: %s */\n", w->declaration);
	else if (type_is_void(&pointee) || !strcmp(pointee.name.s, "char"))
		put(o, "%s = \"\";\n", w->declaration);
	else
		put(o, "%s = {0};\n", w->declaration);
}

static void put_function(const struct backend *b, const struct written *w, struct out *o)
{
	put(o, "%s\n", w->declaration);
	put_body(b, w, &w->params, o);
	put(o, "\n");
}

static void put_implements(const struct backend *b, const struct written *w, struct out *o)
{
	const char *form = w->declaration ? "%sIMPLEMENTS(%s, %u);\n" : "\t%sIMPLEMENTS %s, %u\n";

	vec_each(op, &w->ops)
		put(o, form, b->interface->scope.upper_prefix, (*op)->name.s, (*op)->revision);
}

static void put_assembly(const struct run *run, const struct backend *b, const struct written *w,
			 struct out *o)
{
	put(o, "\t.globl\t%s\n\t.type\t%s, @function\n%s:\n\t%s\n\t%sUNWRITTEN \"%s\"\n", w->symbol,
	    w->symbol, w->symbol, run->arch->landing_pad, b->interface->scope.upper_prefix,
	    w->role);
	put(o, "\t.size\t%s, . - %s\n", w->symbol, w->symbol);
}

void put_stub(const struct run *run, const struct backend *b, const struct written *w,
	      struct out *o)
{
	put(o, "\n");
	emit_doc(o, "", doc_of(run, b, w));
	put(o, "%s", w->declaration ? "" : "\t.text\n");
	put_implements(b, w, o);
	if (!w->declaration)
		put_assembly(run, b, w, o);
	else if (w->object)
		put_object(w, o);
	else
		put_function(b, w, o);
}

/* ---- a file ---- */

static const char *topic_doc(const struct backend *b, const char *topic)
{
	const struct group *group = map_get(&b->interface->group_map, intern(topic));

	if (group)
		return group->doc ? group->doc : group->name.s;
	return !strcmp(topic, TOPIC_START) ? "its start" : "what it provides beside the ops";
}

void put_head(const struct backend *b, const struct written *w, struct out *o)
{
	emit_doc(o, "",
		 mem_printf(
			 "Backend %s: %s\n\n"
			 "This file is yours.  `pvgen backend sync` adds functions at its end when "
			 "there are\nnew ones to write, and changes nothing else.\n",
			 b->name.s, topic_doc(b, w->topic)));
	if (w->declaration)
		put(o, "#include \"%s.h\"\n", b->name.s);
	else
		put(o, "#include \"%s_ops.h\"\n\n\t.section .note.GNU-stack, \"\", @progbits\n",
		    b->interface->name.s);
}
