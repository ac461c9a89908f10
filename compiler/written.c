/* The half of a backend that people write, as a list. */
#include <string.h>

#include "skeleton.h"

struct listing {
	struct run *run; /* NULL: nothing is reported */
	const struct backend *backend;
	struct map seen; /* index + 1 in the list, by symbol */
	writtens list;
};

/** The entry of a symbol, and whether it has to be filled in. */
static struct written *entry_of(struct listing *l, const char *symbol, bool *is_new)
{
	uintptr_t index = (uintptr_t)map_add(&l->seen, symbol, (void *)(uintptr_t)(l->list.n + 1));
	struct written *w;

	*is_new = !index;
	if (index)
		return &l->list.v[index - 1];
	w = vec_push(&l->list);
	*w = (struct written){.symbol = symbol};
	return w;
}

/** One C symbol has one type. */
static void check_types(struct listing *l, const struct written *old, const struct written *new)
{
	if (!l->run || !old->types || !new->types || !strcmp(old->types, new->types))
		return;
	diag(l->run, function_twice, new->loc, new->symbol, old->role, new->role, old->types,
	     new->types);
	diag_note(l->run, old->loc, "it is '%s' here", old->role);
}

static void add(struct listing *l, const struct written *what)
{
	bool is_new;
	struct written *w = entry_of(l, what->symbol, &is_new);

	if (is_new)
		*w = *what;
	else
		check_types(l, w, what);
}

/** Types of parameters alone, since C does not mind by which names they go. */
static const char *types_of(const char *narrow, const struct type *result, const params *params)
{
	struct out o = {0};

	put(&o, "%s%s(", narrow, c_declare(result, ""));
	vec_each(p, params) put(&o, "%s%s", p == params->v ? "" : ", ", c_declare(&p->type, ""));
	put(&o, "%s)", params->n ? "" : "void");
	return text_of(&o);
}

static names param_names(const params *params)
{
	names list = {0};

	vec_each(p, params) * vec_push(&list) = p->name;
	return list;
}

static const char *op_doc(const struct op *op)
{
	return mem_printf("%s: %s\n", op_path(op), op->doc ? op->doc : "");
}

/**
 * What assembly does for ops of different types has a type only where C does it too.  Who only
 * checks types needs no more.
 */
static void declare_op(const struct listing *l, const struct op *op, struct written *w)
{
	const struct interface *i = l->backend->interface;

	w->types = types_of(c_narrow(i, op), &op->type, &op->params);
	if (l->run)
		return;
	w->declaration = c_prototype(i, op, w->symbol);
	w->params = param_names(&op->params);
	w->contract = &op->params;
}

static void add_op(struct listing *l, const struct op *op, const struct impl *impl)
{
	struct written *w, this;
	bool is_new;

	if (!impl->function || impl->is_inherited)
		return;
	w = entry_of(l, impl->function, &is_new);
	this = (struct written){
		.symbol = impl->function,
		.role = op_path(op),
		.topic = inner_group(NULL, op)->name.s,
		.doc = l->run ? NULL : op_doc(op),
		.loc = impl->stmt->operands.v[1].loc,
	};
	if (is_new)
		*w = this;
	if (impl->kind == IMPL_CALL && !w->types) {
		declare_op(l, op, w);
	} else if (impl->kind == IMPL_CALL) {
		declare_op(l, op, &this);
		check_types(l, w, &this);
	}
	*vec_push(&w->ops) = op;
}

/* ---- registrations ---- */

/** What a pointer to @type points to, declared as the author's: code, or an array of data. */
static const char *pointed(const struct type *type, const char *symbol)
{
	bool is_function = type->decl && type->decl->kind == DECL_FUNCTION;
	struct type pointee = *type;

	pointee.stars--;
	if (is_function && !pointee.stars)
		return mem_printf("%s(%s)", c_declare(&type->decl->type, symbol),
				  c_params(&type->decl->params));
	if (type_is_void(&pointee))
		return mem_printf("%schar %s[]", type->is_const ? "const " : "", symbol);
	return c_declare(&pointee, mem_printf("%s[]", symbol));
}

static void add_pointed(struct listing *l, const struct type *type, struct written w)
{
	bool is_function = type->decl && type->decl->kind == DECL_FUNCTION && type->stars == 1;

	w.declaration = pointed(type, w.symbol);
	w.types = pointed(type, "");
	w.object = is_function ? NULL : type;
	if (is_function) {
		w.types = types_of("", &type->decl->type, &type->decl->params);
		w.params = param_names(&type->decl->params);
		w.contract = &type->decl->params;
	}
	add(l, &w);
}

static void add_function(struct listing *l, const struct registration_member *m, struct written w)
{
	w.declaration = mem_printf("%s(%s)", c_declare(&m->type, w.symbol), c_params(&m->params));
	w.types = types_of("", &m->type, &m->params);
	w.params = param_names(&m->params);
	w.contract = &m->params;
	add(l, &w);
}

static void add_member(struct listing *l, const struct provision *p, size_t n)
{
	const struct registration *r = p->registration;
	const struct registration_member *m = &r->members.v[n];
	const struct value *value = &p->values.v[n];
	struct written w = {.topic = TOPIC_PROVIDE,
			    .doc = m->doc,
			    .loc = value->loc,
			    .registration = r,
			    .member = n};

	if (value->kind != VALUE_SYMBOL)
		return;
	w.symbol = value->s;
	w.role = mem_printf("%s %s.%s", r->name.s, p->name.s, m->name.s);
	if (m->is_function)
		add_function(l, m, w);
	else
		add_pointed(l, &m->type, w);
}

static void add_provision(struct listing *l, const struct provision *p)
{
	for (size_t n = 0; n < p->values.n; n++)
		add_member(l, p, n);
}

/* ---- actions and conditions ---- */

/** A function without parameters, unless it is known as something else. */
static void add_plain(struct listing *l, const char *type, const char *symbol, const char *role,
		      const char *doc, struct loc loc)
{
	add(l, &(struct written){
		       .symbol = symbol,
		       .role = role,
		       .topic = TOPIC_START,
		       .doc = doc,
		       .declaration = mem_printf("%s %s(void)", type, symbol),
		       .loc = loc,
	       });
}

static void add_hook(struct listing *l, const char *role, const struct registration_member *m,
		     const struct value *value, bool is_assembly)
{
	struct written w = {.symbol = value->s,
			    .role = role,
			    .topic = TOPIC_PROVIDE,
			    .doc = m->doc,
			    .loc = value->loc};

	if (value->kind != VALUE_SYMBOL || !m->is_function)
		return;
	if (is_assembly)
		add(l, &w);
	else
		add_function(l, m, w);
}

static void add_hooks(struct listing *l, const struct action *a)
{
	if (a->kind == ACTION_HOOK)
		add_hook(l, mem_printf("hook %s", a->target), a->member, &a->value,
			 !strcmp(a->way, "asm"));
	vec_each(m, &a->members) add_hook(l, mem_printf("%s.%s", a->target, m->member->name.s),
					  m->member, &m->value, false);
}

static void add_action(struct listing *l, const struct action *a)
{
	if (a->kind == ACTION_RUN)
		add_plain(l, "void", a->value.s, "run",
			  a->stmt->phase ? mem_printf("Called in phase %s.", a->stmt->phase->name.s)
					 : "Called at the start.",
			  a->value.loc);
	if (a->kind == ACTION_SET && !strcmp(a->way, "call"))
		add_plain(l, c_declare(&a->member->type, ""), a->value.s,
			  mem_printf("set %s", a->target),
			  mem_printf("The value of %s.", a->target), a->value.loc);
	if (a->kind == ACTION_TEARDOWN)
		add_plain(l, "void", a->value.s, mem_printf("teardown %s", a->target),
			  mem_printf("Takes back what the hypervisor writes to, before: %s.",
				     a->target),
			  a->value.loc);
}

static void add_probes(struct listing *l)
{
	vec_each(p, &l->backend->probes)
		add_plain(l, "bool", p->s, "probe", "Asked by a condition.", p->loc);
	vec_each(d, &l->backend->detections)
	{
		if (d->kind == DETECT_PROBE)
			add_plain(l, "bool", d->text, "detect", "Is this the machine?", d->loc);
	}
}

/* ---- what stands beside both ---- */

static names one_name(const char *s)
{
	names list = {0};

	*vec_push(&list) = (struct name){.s = s};
	return list;
}

static void add_start(struct listing *l)
{
	const struct backend *b = l->backend;

	if (b->init)
		add(l, &(struct written){
			       .symbol = b->init,
			       .role = "init",
			       .topic = TOPIC_START,
			       .doc = "Called once, when the slots hold this backend's functions.",
			       .declaration = mem_printf("void %s(const struct %s_boot *boot)",
							 b->init, b->interface->name.s),
			       .types = mem_printf("void(const struct %s_boot *)",
						   b->interface->name.s),
			       .params = one_name("boot"),
			       .loc = b->name.loc,
		       });
	if (b->flush)
		add(l, &(struct written){
			       .symbol = b->flush,
			       .role = "flush",
			       .topic = TOPIC_START,
			       .doc = "Makes the hypercalls that ops have queued; others come "
				      "after them.",
			       .declaration = mem_printf("void %s(void)", b->flush),
			       .types = "void(void)",
			       .loc = b->name.loc,
		       });
}

static void add_converter(struct listing *l, const struct converter *c)
{
	const char *from = space_name(c->from);

	add(l, &(struct written){
		       .symbol = c->function,
		       .role = mem_printf("converter %s", c->name.s),
		       .topic = TOPIC_START,
		       .doc = mem_printf("Converter: address of kind %s to %s.", from,
					 space_name(c->to)),
		       .declaration =
			       mem_printf("unsigned long %s(unsigned long %s)", c->function, from),
		       .types = "unsigned long(unsigned long)",
		       .params = one_name(from),
		       .loc = c->name.loc,
	       });
}

/** Code that templates call: it keeps to the clobbers of the op. */
static void add_targets(struct listing *l, const struct op *op, const struct lowered *lowered)
{
	vec_each(insn, &lowered->insns)
	{
		if (insn->target)
			add(l, &(struct written){
				       .symbol = insn->target,
				       .role = mem_printf("template of %s", op_path(op)),
				       .topic = inner_group(NULL, op)->name.s,
				       .doc = mem_printf("Called by the template of %s: changes no "
							 "more than it may.",
							 op_path(op)),
				       .declaration = mem_printf(
					       "%svoid %s(void)",
					       c_narrow(l->backend->interface, op), insn->target),
				       .loc = insn->loc,
			       });
	}
}

/** All but the code that templates call. */
static void list(struct listing *l)
{
	const struct backend *b = l->backend;

	vec_each(op, &b->interface->ops) add_op(l, *op, &b->impls[(*op)->slot]);
	vec_each(v, &b->variants) add_op(l, v->op, &v->impl);
	vec_each(p, &b->provisions) add_provision(l, p);
	vec_each(a, &b->actions) add_hooks(l, a);
	add_start(l);
	add_probes(l);
	vec_each(a, &b->actions) add_action(l, a);
	vec_each(c, &b->converters) add_converter(l, c);
}

writtens written_by(const struct backend *b)
{
	struct listing l = {.backend = b};

	list(&l);
	vec_each(op, &b->interface->ops) add_targets(&l, *op, &b->lowered[(*op)->slot]);
	vec_each(v, &b->variants) add_targets(&l, v->op, v->lowered);
	return l.list;
}

void check_symbols(struct run *run, const struct backend *b)
{
	struct listing l = {.run = run, .backend = b};

	list(&l);
	vec_each(w, &l.list) check_symbol(run, (struct name){w->symbol, w->loc});
}
