/*
 * What of an abi is counted, and in which plane.  A call counts by its sub-commands and options, if
 * it has any, a sub-command by its options; memory counts where a plane names it.
 */
#include <string.h>

#include "convention.h"

/* ---- statements ---- */

void say_plane(const struct attributed *a)
{
	((struct about *)a->thing)->traits->plane = word_at(a->s, 0);
}

static void option_plane(const struct attributed *a)
{
	((struct call_option *)a->thing)->plane = word_at(a->s, 0);
}

static const struct attribute_row option_rows[] = {
	{"plane", "w", "plane NAME;", option_plane, ONCE}};

static const struct table option_table = {"an option", option_rows, NELEM(option_rows), NULL};

void say_option(const struct attributed *a)
{
	struct traits *traits = ((struct about *)a->thing)->traits;
	struct name name = word_at(a->s, 0);

	vec_each(old, &traits->options)
	{
		if (old->name.s != name.s)
			continue;
		diag(a->run, duplicate, name.loc, "option", name.s);
		diag_note(a->run, old->name.loc, "the first definition is here");
		return;
	}
	*vec_push(&traits->options) =
		(struct call_option){.name = name, .text = a->s->operands.v[1].string};
	apply_all(a->run, &option_table, a->module, &traits->options.v[traits->options.n - 1],
		  &a->s->block);
}

static void plane_memory(const struct attributed *a)
{
	struct plane *plane = a->thing;

	vec_each(o, &a->s->operands) * vec_push(&plane->memory) = *o;
}

static const struct attribute_row plane_rows[] = {
	{"memory", "d+", "memory STRUCTURE.MEMBER...;", plane_memory, REPEAT}};

static const struct table plane_table = {"a plane", plane_rows, NELEM(plane_rows), NULL};

void abi_plane(const struct attributed *a)
{
	struct abi *abi = a->module;
	struct plane *plane = mem_alloc(sizeof(*plane));
	const struct name *old;

	plane->name = word_at(a->s, 0);
	plane->text = a->s->operands.n == 2 ? a->s->operands.v[1].string : NULL;
	old = map_add(&abi->plane_map, plane->name.s, plane);
	if (old) {
		diag(a->run, duplicate, plane->name.loc, "plane", plane->name.s);
		diag_note(a->run, old->loc, "the first definition is here");
		return;
	}
	*vec_push(&abi->planes) = plane;
	apply_all(a->run, &plane_table, abi, plane, &a->s->block);
}

/* ---- elements ---- */

static void add_element(struct run *run, struct abi *abi, struct element e)
{
	struct element *new = mem_alloc(sizeof(*new));
	const struct name *old;

	*new = e;
	old = map_add(&abi->element_map, e.name.s, new);
	if (!old) {
		new->index = abi->elements.n;
		*vec_push(&abi->elements) = new;
	} else if (!e.call) {
		diag(run, repeated, e.name.loc, e.name.s);
		diag_note(run, old->loc, "it was said here first");
	}
}

/** The plane of the innermost thing that says one; NULL and a report if it is none of the abi's. */
static const struct plane *plane_of(struct run *run, const struct abi *abi,
				    const struct name *const *said, struct name what)
{
	const struct plane *plane;

	for (; *said; said++) {
		if (!(*said)->s)
			continue;
		plane = map_get(&abi->plane_map, (*said)->s);
		if (!plane)
			diag(run, unknown_plane, (*said)->loc, abi->name.s, (*said)->s,
			     suggest(run, &abi->plane_map, (*said)->s));
		return plane;
	}
	if (abi->planes.n)
		diag(run, no_plane, what.loc, abi->name.s, what.s);
	return NULL;
}

static void add_options(struct run *run, struct abi *abi, const struct call *call,
			const struct subcall *sub, const char *path)
{
	const struct traits *t = sub ? &sub->traits : &call->traits;

	vec_each(o, &t->options)
	{
		const struct name *said[] = {&o->plane, &t->plane, &call->traits.plane, NULL};
		struct name name = {intern(mem_printf("%s.%s", path, o->name.s)), o->name.loc};

		add_element(run, abi,
			    (struct element){.name = name,
					     .plane = plane_of(run, abi, said, o->name),
					     .call = call,
					     .sub = sub,
					     .option = o,
					     .doc = o->text});
	}
}

static void add_sub(struct run *run, struct abi *abi, const struct call *call,
		    const struct subcall *sub)
{
	const struct name *said[] = {&sub->traits.plane, &call->traits.plane, NULL};
	const char *path = intern(mem_printf("%s.%s", call->name.s, sub->name.s));

	if (sub->traits.options.n)
		add_options(run, abi, call, sub, path);
	else
		add_element(run, abi,
			    (struct element){.name = {path, sub->name.loc},
					     .plane = plane_of(run, abi, said, sub->name),
					     .call = call,
					     .sub = sub,
					     .doc = sub->doc});
}

static void add_call(struct run *run, struct abi *abi, const struct call *call)
{
	const struct name *said[] = {&call->traits.plane, NULL};

	vec_each(s, &call->subs) add_sub(run, abi, call, *s);
	add_options(run, abi, call, NULL, call->name.s);
	if (!call->subs.n && !call->traits.options.n)
		add_element(run, abi,
			    (struct element){.name = call->name,
					     .plane = plane_of(run, abi, said, call->name),
					     .call = call,
					     .doc = call->doc});
}

/** A structure, a member of one, or the constant that is an address; NULL and a report. */
static const char *memory_doc(struct run *run, const struct abi *abi, const names *path)
{
	const struct decl *d = scope_find(run, &abi->scope, path->v[0]);
	const char *doc = d ? d->doc : NULL;

	if (!d) {
		diag(run, unknown_type, path->v[0].loc, path->v[0].s,
		     suggest_type(run, &abi->scope, "struct", path->v[0].s));
		return NULL;
	}
	for (size_t i = 1; i < path->n; i++) {
		const struct member *m = d ? record_member(d, path->v[i].s) : NULL;

		if (!m) {
			diag(run, unknown_member, path->v[i].loc, path->v[i - 1].s, path->v[i].s,
			     suggest_member(run, d, path->v[i].s));
			return NULL;
		}
		doc = m->doc ? m->doc : doc;
		d = m->nested ? m->nested : type_record(&m->type);
		doc = !m->doc && d && d->doc ? d->doc : doc;
	}
	return doc ? doc : "";
}

static void add_memory(struct run *run, struct abi *abi, const struct plane *plane)
{
	vec_each(o, &plane->memory)
	{
		const char *doc = memory_doc(run, abi, &o->path);

		if (doc)
			add_element(
				run, abi,
				(struct element){.name = {intern(path_text(&o->path, 0)), o->loc},
						 .plane = plane,
						 .doc = *doc ? doc : NULL});
	}
}

void resolve_elements(struct run *run, struct abi *abi)
{
	vec_each(p, &abi->planes) add_memory(run, abi, *p);
	vec_each(c, &abi->calls) add_call(run, abi, *c);
}
