/* Statements of an interface, of what is in it beside ops, and of data. */
#include <string.h>

#include "attributes.h"
#include "unknown.h"

/* ---- batches ---- */

static void batch_begin(const struct attributed *a)
{
	ops_from(a, &((struct batch *)a->thing)->begin);
}

static void batch_end(const struct attributed *a)
{
	ops_from(a, &((struct batch *)a->thing)->end);
}

static void batch_flush(const struct attributed *a)
{
	ops_from(a, &((struct batch *)a->thing)->flush);
}

static const struct attribute_row batch_rows[] = {
	{"begin", "d+", "begin OP...;", batch_begin, ONCE},
	{"end", "d+", "end OP...;", batch_end, ONCE},
	{"flush", "d+", "flush OP...;", batch_flush, ONCE},
};

static const struct table batch_table = {"a batch", batch_rows, NELEM(batch_rows), NULL};

/** Adds a named thing of the interface; of two with one name the first stands. */
static bool add_named(struct run *run, struct map *map, const char *what, struct name *name)
{
	const struct name *first = map_add(map, name->s, name);

	if (!first)
		return true;
	diag(run, duplicate, name->loc, what, name->s);
	diag_note(run, first->loc, "the first definition is here");
	return false;
}

static void interface_batch(const struct attributed *a)
{
	struct interface *i = a->thing;
	struct batch *b = mem_alloc(sizeof(*b));
	unsigned int errors = a->run->errors;

	*b = (struct batch){.name = word_at(a->s, 0), .doc = a->s->doc};
	if (!add_named(a->run, &i->batch_map, "batch", &b->name))
		return;
	*vec_push(&i->batches) = b;
	apply_all(a->run, &batch_table, i, b, &a->s->block);
	if (a->run->errors == errors && (!b->begin.n || !b->end.n))
		diag(a->run, member_missing, b->name.loc, "batch", b->name.s,
		     b->begin.n ? "end" : "begin");
}

/* ---- phases ---- */

static void interface_phases(const struct attributed *a)
{
	struct interface *i = a->thing;
	bool has_patching = false;

	words_from(a->s, &i->phases);
	for (size_t n = 0; n < i->phases.n; n++) {
		add_named(a->run, &i->phase_map, "phase", &i->phases.v[n]);
		has_patching |= is_word(i->phases.v[n], "patching");
	}
	if (!has_patching)
		diag(a->run, member_missing, a->s->loc, "order of boot", "phases", "patching");
}

/* ---- features derived from slots ---- */

static const char derived_usage[] = "derived NAME from OP native [unless CAPABILITY];";

static void interface_derived(const struct attributed *a)
{
	struct interface *i = a->thing;
	struct derived *d = mem_alloc(sizeof(*d));
	bool is_from = is_word(word_at(a->s, 1), "from");
	size_t n = a->s->operands.n;
	bool has_unless = n == 6;

	if (!is_from || !is_word(word_at(a->s, 3), "native")) {
		report_operand(a, is_from ? 3 : 1, derived_usage);
		return;
	}
	if (n == 5 || (has_unless && !is_word(word_at(a->s, 4), "unless"))) {
		report_operand(a, 4, derived_usage);
		return;
	}
	*d = (struct derived){.name = word_at(a->s, 0),
			      .doc = a->s->doc,
			      .op = find_op(a->run, i, &a->s->operands.v[2].path)};
	if (has_unless)
		d->unless = word_at(a->s, 5);
	if (add_named(a->run, &i->derived_map, "derived feature", &d->name))
		*vec_push(&i->derived) = d;
}

/* ---- what a kernel's own headers need ---- */

static void interface_native_unless(const struct attributed *a)
{
	((struct interface *)a->thing)->native_unless = word_at(a->s, 0);
}

static void interface_structure(const struct attributed *a)
{
	struct group *g = find_group(a->run, a->module, word_at(a->s, 0));

	c_name(a->run, word_at(a->s, 1));
	if (g)
		g->structure = word_at(a->s, 1);
}

static void interface_stubs(const struct attributed *a)
{
	struct interface *i = a->thing;

	vec_each(o, &a->s->operands)
	{
		struct op *op = find_op(a->run, i, &o->path);

		if (op && op->is_stub_placed)
			diag(a->run, repeated, o->loc, op_path(op));
		else if (op)
			*vec_push(&i->stubs) = op;
		if (op)
			op->is_stub_placed = true;
	}
}

static void raw_if(const struct attributed *a)
{
	if (resolve_guard(a->run, a->s->condition))
		((struct raw *)a->thing)->guard = a->s->condition;
}

static const struct attribute_row raw_rows[] = {{"if", "", "if CONDITION;", raw_if, ONCE}};

static const struct table raw_table = {"raw C", raw_rows, NELEM(raw_rows), NULL};

static void interface_raw(const struct attributed *a)
{
	struct interface *i = a->thing;
	struct raw raw = {.loc = a->s->loc, .header = word_at(a->s, 0)};

	if (!is_word(raw.header, "types") && !is_word(raw.header, "calls") &&
	    !is_word(raw.header, "always"))
		diag(a->run, unknown_word, raw.header.loc, raw.header.s, "place of raw C",
		     "types calls always");
	for (size_t n = 1; n < a->s->operands.n; n++)
		*vec_push(&raw.lines) = a->s->operands.v[n];
	apply_all(a->run, &raw_table, i, &raw, &a->s->block);
	*vec_push(&i->raws) = raw;
}

static void interface_unknown(const struct attributed *a)
{
	resolve_unknown(a->run, a->s, false, &((struct interface *)a->thing)->unknown);
}

static const struct attribute_row interface_rows[] = {
	{"batch", "w", "batch NAME { begin OP...; end OP...; flush OP...; }", interface_batch,
	 REPEAT | BLOCK},
	{"derived", "wwdww?w?", derived_usage, interface_derived, REPEAT},
	{"native_unless", "w", "native_unless CAPABILITY;", interface_native_unless, ONCE},
	{"phases", "w+", "phases NAME...;", interface_phases, ONCE},
	{"structure", "ww", "structure GROUP TAG;", interface_structure, REPEAT},
	{"stubs", "d+", "stubs OP...;", interface_stubs, ONCE},
	{"raw", "ws+", "raw types|calls|always \"LINE\"...;", interface_raw, REPEAT | BLOCK},
	{"unknown", "w+", "unknown WORD...;", interface_unknown, REPEAT},
};

static const struct table interface_table = {"an interface", interface_rows, NELEM(interface_rows),
					     NULL};

void resolve_interface_stmts(struct run *run, struct interface *i)
{
	apply_all(run, &interface_table, i, i, &i->stmts);
}

/* ---- data ---- */

bool data_value(struct run *run, const struct scope *scope, const struct data *d,
		const struct operand *o, int64_t *number)
{
	bool is_string = o->kind == OPERAND_STRING;

	if (is_string && type_is_text(&d->type))
		return true;
	if (!is_string && o->kind != OPERAND_VERSION && type_scalar(&d->type))
		return resolve_number(run, scope, o, &d->type, d->name.s, number);
	diag(run, data_value, o->loc, d->name.s,
	     type_is_text(&d->type)  ? "a string"
	     : type_scalar(&d->type) ? "a number"
				     : "none, because only numbers and text can be written here");
	return false;
}

static void data_default(const struct attributed *a)
{
	struct interface *i = a->module;
	struct data *d = a->thing;

	if (data_value(a->run, &i->scope, d, &a->s->operands.v[0], &d->number))
		d->value = &a->s->operands.v[0];
}

static const struct attribute_row data_rows[] = {
	{"default", "a", "default VALUE;", data_default, ONCE},
};

static const struct table data_table = {"data", data_rows, NELEM(data_rows), NULL};

void resolve_data(struct run *run, struct interface *i, struct data *d)
{
	vec_each(attribute, &d->attributes)
		diag(run, unknown_attribute, attribute->name.loc, "data", attribute->name.s, "");
	apply_all(run, &data_table, i, d, &d->stmts);
}
