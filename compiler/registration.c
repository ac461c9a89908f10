/* What interfaces ask of backends beside ops, and what these provide. */
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* ---- declarations ---- */

static void resolve_attributes(struct run *run, const struct registration *r,
			       struct registration_member *m)
{
	vec_each(a, &m->attributes)
	{
		if (r->is_hooks || strcmp(a->name.s, "optional") != 0)
			diag(run, unknown_attribute, a->name.loc,
			     r->is_hooks ? "a hook" : "a registration's member", a->name.s,
			     r->is_hooks ? "" : "; known: optional");
		else if (a->operands.n)
			report_attribute(run, a, "", "@optional");
		m->is_optional = true;
	}
}

void resolve_registration(struct run *run, struct registration *r)
{
	vec_each(m, &r->members) resolve_attributes(run, r, m);
}

/* ---- values ---- */

static bool is_symbol(const struct operand *o)
{
	return o->kind == OPERAND_PATH && o->path.n == 1;
}

void report_value(struct run *run, const struct registration_member *m, struct loc loc)
{
	const char *what = m->is_function	       ? "FUNCTION"
			   : type_is_text(&m->type)    ? "\"TEXT\""
			   : type_is_pointer(&m->type) ? "SYMBOL"
						       : "NUMBER";

	diag(run, bad_operands, loc, m->name.s, mem_printf("%s %s;", m->name.s, what));
}

bool member_value(struct run *run, const struct interface *i, const struct registration_member *m,
		  const struct operand *o, struct value *value)
{
	bool is_pointer = m->is_function || type_is_pointer(&m->type);

	*value = (struct value){.loc = o->loc};
	if (is_pointer && is_symbol(o)) {
		value->kind = VALUE_SYMBOL;
		value->s = o->path.v[0].s;
	} else if (!m->is_function && type_is_text(&m->type) && o->kind == OPERAND_STRING) {
		value->kind = VALUE_TEXT;
		value->s = o->string;
	} else if (!is_pointer && type_scalar(&m->type) &&
		   (o->kind == OPERAND_INT || is_symbol(o))) {
		value->kind = VALUE_NUMBER;
		return resolve_number(run, &i->scope, o, &m->type, m->name.s, &value->number);
	} else {
		report_value(run, m, o->loc);
		return false;
	}
	return true;
}

const char *value_text(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NONE:
		return "";
	case VALUE_NUMBER:
		return mem_printf("%lld", (long long)value->number);
	default:
		return value->s;
	}
}

/* ---- provisions ---- */

/** The values of a provision by name; reports those that nobody asks for and repetitions. */
static void collect_values(struct run *run, const struct registration *r,
			   const struct stmt *provide, struct map *values)
{
	vec_each(s, &provide->block)
	{
		const struct name *name = &(*s)->path.v[0];

		if (!map_get(&r->member_map, name->s))
			diag(run, unknown_attribute, name->loc, r->name.s, name->s,
			     suggest(run, &r->member_map, name->s));
		else if (map_add(values, name->s, *s))
			diag(run, repeated, name->loc, name->s);
	}
}

/** One value for each member of the registration, of its kind, in its order. */
static void provide_values(const struct attributed *a, struct provision *p)
{
	struct map values = {0};

	collect_values(a->run, p->registration, a->s, &values);
	vec_each(m, &p->registration->members)
	{
		const struct stmt *s = map_get(&values, m->name.s);
		struct value *value = vec_push(&p->values);

		*value = (struct value){.kind = VALUE_NONE};
		if (s && s->operands.n == 1)
			member_value(a->run, a->module, m, &s->operands.v[0], value);
		else if (s)
			report_value(a->run, m, operand_loc(&s->operands, 1, s->loc));
		else if (!m->is_optional)
			diag(a->run, member_missing, p->name.loc, p->registration->name.s,
			     p->name.s, m->name.s);
	}
}

/** A word, or text where the kernel's name is none. */
static struct name name_operand(const struct operand *o)
{
	return o->kind == OPERAND_STRING ? (struct name){intern(o->string), o->loc} : o->path.v[0];
}

void backend_provide(const struct attributed *a)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	struct name kind = word_at(a->s, 0);
	const struct registration *r = map_get(&i->registration_map, kind.s);
	struct provision *p;

	if (!r || r->is_hooks) {
		diag(a->run, unknown_registration, kind.loc, i->name.s, kind.s,
		     r ? "; to replace hooks write 'hook' or 'set'"
		       : suggest(a->run, &i->registration_map, kind.s));
		return;
	}
	note_use(a->run, kind.loc, r->name.loc);
	p = vec_push(&b->provisions);
	*p = (struct provision){.registration = r,
				.name = name_operand(&a->s->operands.v[1]),
				.when = a->s->when,
				.phase = a->s->phase};
	provide_values(a, p);
}

static int by_registration(const void *a, const void *b)
{
	const struct provision *x = a, *y = b;

	if (x->registration != y->registration)
		return x->registration->index < y->registration->index ? -1 : 1;
	return x->name.loc.begin < y->name.loc.begin ? -1 : 1;
}

void check_provisions(struct run *run, struct backend *b)
{
	choices choices = {0};

	vec_each(p, &b->provisions) * vec_push(&choices) =
		(struct choice){intern(mem_printf("%s %s", p->registration->name.s, p->name.s)),
				p->when, p->phase, p->name.loc};
	check_choices(run, &choices);
	if (b->provisions.n)
		qsort(b->provisions.v, b->provisions.n, sizeof(*b->provisions.v), by_registration);
}
