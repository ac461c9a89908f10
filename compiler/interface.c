/* Statements of an interface. */
#include "attributes.h"

static void interface_phases(const struct attributed *a)
{
	struct interface *i = a->thing;

	words_from(a->s, &i->phases);
	for (size_t n = 0; n < i->phases.n; n++) {
		struct name *name = &i->phases.v[n];
		const struct name *first = map_add(&i->phase_map, name->s, name);

		if (!first)
			continue;
		diag(a->run, duplicate, name->loc, "phase", name->s);
		diag_note(a->run, first->loc, "the first definition is here");
	}
}

static const struct attribute_row interface_rows[] = {
	{"phases", "w+", "phases NAME...;", interface_phases, ONCE},
};

static const struct table interface_table = {"an interface", interface_rows, NELEM(interface_rows)};

void resolve_interface_stmts(struct run *run, struct interface *i)
{
	apply_all(run, &interface_table, i, i, &i->stmts);
}
