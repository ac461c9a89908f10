/*
 * What of an abi can be had through a backend's interface, or through another abi: the lines of
 * `uses` and of `binding`, by one table.
 */
#include <string.h>

#include "attributes.h"

/** Whose lines they are, and what they are about. */
struct covering {
	const struct abi *on;
	const struct abi *from;	       /* of a binding, else NULL */
	const struct backend *backend; /* of uses, else NULL */
	covers *covers;
	struct map seen; /* by element: the line that names it itself */
};

static const char *const words[] = {
	[COVERED_NOT] = "none",
	[COVERED_INSIDE] = "inside",
	[COVERED_PARTLY] = "partly",
	[COVERED_FULLY] = "full",
};

const char *coverage_name(enum coverage verdict)
{
	return words[verdict];
}

/* ---- what a line is about ---- */

/** Adds a line about an element, unless another line has named it. */
static struct cover *add_cover(const struct attributed *a, struct covering *c,
			       const struct element *element, struct loc loc)
{
	struct name *place = mem_alloc(sizeof(*place));
	const struct name *first;

	*place = (struct name){element->name.s, loc};
	first = map_add(&c->seen, element->name.s, place);
	if (first) {
		diag(a->run, repeated, loc, element->name.s);
		diag_note(a->run, first->loc, "it was said here first");
		return NULL;
	}
	*vec_push(c->covers) = (struct cover){.name = *place, .element = element};
	return &c->covers->v[c->covers->n - 1];
}

static const struct element *find_element(const struct attributed *a, const struct abi *abi,
					  const struct operand *o)
{
	const char *path = path_text(&o->path, 0);
	const struct element *e = map_get(&abi->element_map, intern(path));

	if (!e)
		diag(a->run, unknown_element, o->loc, abi->name.s, path,
		     suggest(a->run, &abi->element_map, path));
	return e;
}

/** Is the element in what the path names: a call, or a sub-command with options? */
static bool is_within(const struct element *e, const char *path)
{
	size_t n = strlen(path);

	return e->call && !strncmp(e->name.s, path, n) && e->name.s[n] == '.';
}

/* ---- by what ---- */

static bool is_way(const struct impl *impl)
{
	return impl->stmt && !impl->is_inherited &&
	       (impl->kind == IMPL_INLINE || impl->kind == IMPL_CALL || impl->kind == IMPL_ASM ||
		impl->kind == IMPL_HYPERCALL || impl->kind == IMPL_LOAD ||
		impl->kind == IMPL_STORE);
}

/** Does the backend do the op itself, somewhere and sometime, other than by a constant? */
static bool does_op(const struct backend *b, const struct op *op)
{
	if (is_way(&b->impls[op->slot]))
		return true;
	vec_each(v, &b->variants)
	{
		if (v->op == op && is_way(&v->impl))
			return true;
	}
	return false;
}

/** Does the backend offer the member? */
static bool does_member(const struct backend *b, const struct registration *r, const char *member)
{
	vec_each(p, &b->provisions)
	{
		for (uint32_t i = 0; p->registration == r && i < r->members.n; i++)
			if (r->members.v[i].name.s == member && p->values.v[i].kind != VALUE_NONE)
				return true;
	}
	return false;
}

/** Does the backend replace the hook, or the table that has it? */
static bool does_hook(const struct backend *b, const char *path)
{
	vec_each(x, &b->actions)
	{
		size_t n = strlen(x->target);

		if (x->target == path ||
		    (x->kind == ACTION_REPLACE && !strncmp(path, x->target, n) && path[n] == '.'))
			return true;
	}
	return false;
}

/** The registration whose member the path names, or NULL. */
static const struct registration *registration_of(const struct interface *i, const names *path)
{
	const struct registration *r =
		path->n == 2 ? map_get(&i->registration_map, path->v[0].s) : NULL;

	return r && !r->is_hooks ? r : NULL;
}

/** An op by its whole path, or NULL. */
static const struct op *op_of(const struct interface *i, const names *path)
{
	const struct op *op = map_get(&i->op_map, path->v[path->n - 1].s);

	return op && !strcmp(op_path(op), path_text(path, 0)) ? op : NULL;
}

/** What the path names is done by the backend itself; else a report. */
static bool by_backend(const struct attributed *a, const struct backend *b, const struct operand *o)
{
	const struct interface *i = b->interface;
	const char *path = intern(path_text(&o->path, 0));
	const struct op *op = op_of(i, &o->path);
	const struct registration *r = op ? NULL : registration_of(i, &o->path);
	bool is_done;

	if (!op && r)
		is_done = does_member(b, r, o->path.v[1].s);
	else if (!op && o->path.n > 1 && find_hook(i, &o->path))
		is_done = does_hook(b, path);
	else if ((op = op ? op : find_op(a->run, i, &o->path)))
		is_done = does_op(b, op);
	else
		return false;
	if (!is_done)
		diag(a->run, not_done, o->loc, b->name.s, path, b->abi->name.s);
	return is_done;
}

/** A call, a sub-command, or a structure and its member, of the abi on the near side. */
static bool by_abi(const struct attributed *a, const struct abi *from, const struct operand *o)
{
	const names *path = &o->path;
	const struct call *call = abi_call(from, path->v[0].s);
	const struct decl *d = map_get(&from->scope.map, path->v[0].s);

	if (call && (path->n == 1 || (path->n == 2 && map_get(&call->sub_map, path->v[1].s))))
		return true;
	if (d && path->n == 2 && record_member(d, path->v[1].s))
		return true;
	diag(a->run, unknown_call, o->loc, from->name.s, path_text(path, 0),
	     suggest(a->run, &from->call_map, path_text(path, 0)));
	return false;
}

/* ---- lines ---- */

static enum coverage verdict_of(const struct stmt *s)
{
	enum coverage verdict = 0;

	while (!is_word(s->path.v[0], words[verdict]))
		verdict++;
	return verdict;
}

/** The text at the end of the line, or NULL. */
static const char *text_at_end(const struct stmt *s)
{
	const struct operand *last = &s->operands.v[s->operands.n - 1];

	return last->kind == OPERAND_STRING ? last->string : NULL;
}

static void take_by(const struct attributed *a, struct covering *c, struct cover *cover)
{
	vec_each(o, &a->s->operands)
	{
		if (o < a->s->operands.v + 2 || o->kind != OPERAND_PATH)
			continue;
		if (c->backend ? by_backend(a, c->backend, o) : by_abi(a, c->from, o))
			*vec_push(&cover->by) = intern(path_text(&o->path, 0));
	}
}

/** full ELEMENT by THING...; partly ELEMENT by THING... "WHAT IS LOST"; */
static void line_by(const struct attributed *a)
{
	struct covering *c = a->module;
	const struct element *e;
	struct cover *cover;

	if (!is_word(word_at(a->s, 1), "by") && !is_word(word_at(a->s, 1), "like")) {
		report_operand(a, 1, mem_printf("%s ELEMENT by|like THING...", a->s->path.v[0].s));
		return;
	}
	e = find_element(a, c->on, &a->s->operands.v[0]);
	cover = e ? add_cover(a, c, e, a->s->operands.v[0].loc) : NULL;
	if (!cover)
		return;
	cover->verdict = verdict_of(a->s);
	cover->text = text_at_end(a->s);
	cover->is_like = is_word(word_at(a->s, 1), "like");
	take_by(a, c, cover);
}

/** inside ELEMENT... "REMARK"; none ELEMENT... "REASON"; what is named whole waits for the rest. */
static void line_without(const struct attributed *a)
{
	struct covering *c = a->module;

	vec_each(o, &a->s->operands)
	{
		const struct element *e;
		struct cover *cover;

		if (o->kind != OPERAND_PATH)
			continue;
		e = map_get(&c->on->element_map, intern(path_text(&o->path, 0)));
		cover = e ? add_cover(a, c, e, o->loc) : NULL;
		if (!cover)
			continue;
		cover->verdict = verdict_of(a->s);
		cover->text = text_at_end(a->s);
	}
}

static const struct attribute_row line_rows[] = {
	{"full", "dwd+s?", "full ELEMENT by|like THING... \"REMARK\";", line_by, REPEAT},
	{"partly", "dwd+s", "partly ELEMENT by|like THING... \"WHAT IS LOST\";", line_by, REPEAT},
	{"inside", "d+s?", "inside ELEMENT... \"REMARK\";", line_without, REPEAT},
	{"none", "d+s", "none ELEMENT... \"REASON\";", line_without, REPEAT},
};

static const struct table line_table = {"a binding", line_rows, NELEM(line_rows), NULL};

/** Of a call that is named whole, what no other line names. */
static void cover_rest(const struct attributed *a, struct covering *c, const struct operand *o)
{
	const char *path = path_text(&o->path, 0);
	bool is_any = false, is_new = false;

	if (map_get(&c->on->element_map, intern(path)))
		return;
	vec_each(e, &c->on->elements)
	{
		if (!is_within(*e, path))
			continue;
		is_any = true;
		if (map_get(&c->seen, (*e)->name.s))
			continue;
		is_new = true;
		*vec_push(c->covers) = (struct cover){.name = {(*e)->name.s, o->loc},
						      .element = *e,
						      .verdict = verdict_of(a->s),
						      .text = text_at_end(a->s)};
		map_add(&c->seen, (*e)->name.s, (void *)&o->path.v[0]);
	}
	if (!is_any)
		find_element(a, c->on, o);
	else if (!is_new)
		diag(a->run, repeated, o->loc, path);
}

static void cover_lines(struct run *run, struct covering *c, const stmts *lines)
{
	apply_all(run, &line_table, c, c, lines);
	vec_each(s, lines)
	{
		struct attributed a = {run, c, c, *s};
		const struct name *word = &(*s)->path.v[0];

		if (!is_word(*word, "inside") && !is_word(*word, "none"))
			continue;
		vec_each(o, &(*s)->operands)
		{
			if (o->kind == OPERAND_PATH)
				cover_rest(&a, c, o);
		}
	}
}

/* ---- whose ---- */

static const struct abi *find_abi(struct run *run, const struct mapping *m, struct name name)
{
	vec_each(a, &run->abis)
	{
		if ((*a)->name.s != name.s)
			continue;
		note_use(run, m->name.loc, (*a)->name.loc);
		return *a;
	}
	diag(run, unknown_abi, name.loc, name.s, suggest_abi(run, name.s));
	return NULL;
}

static void cover_mapping(struct run *run, struct mapping *m)
{
	struct covering c = {.covers = &m->covers};

	m->from = c.from = find_abi(run, m, m->from_name);
	m->on = c.on = find_abi(run, m, m->on_name);
	if (c.from && c.on)
		cover_lines(run, &c, &m->stmts);
}

bool cover(struct run *run)
{
	vec_each(it, &run->backends)
	{
		struct backend *b = *it;
		struct covering c = {.on = b->abi, .backend = b, .covers = &b->covers};

		if (b->uses)
			cover_lines(run, &c, &b->uses->block);
	}
	vec_each(m, &run->mappings) cover_mapping(run, *m);
	return !run->errors;
}
