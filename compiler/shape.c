/* What a description says about the shape of its structures, for the layout to prove. */
#include <string.h>

#include "attributes.h"

enum { MAX_ALIGN = 1 << 16 };

struct number_attribute {
	const char *name;
	const struct operand **value;
};

/** Takes attributes with one number each; all others are reported. */
static void take_numbers(struct run *run, const char *place, const char *known,
			 const attributes *attributes, const struct number_attribute *rows,
			 size_t n)
{
	vec_each(a, attributes)
	{
		size_t i = 0;

		while (i < n && strcmp(rows[i].name, a->name.s) != 0)
			i++;
		if (i == n)
			diag(run, unknown_attribute, a->name.loc, place, a->name.s, known);
		else if (*rows[i].value)
			diag(run, repeated, a->name.loc, a->name.s);
		else if (!shape_fits("i", &a->operands))
			report_attribute(run, a, "i", mem_printf("@%s(BYTES)", a->name.s));
		else
			*rows[i].value = &a->operands.v[0];
	}
}

void resolve_shape(struct run *run, struct decl *d)
{
	const struct number_attribute rows[] = {{"size", &d->said_size}, {"align", &d->said_align}};
	int64_t align;

	take_numbers(run, "a structure", "; known: size(BYTES) align(BYTES)", &d->attributes, rows,
		     NELEM(rows));
	align = d->said_align ? d->said_align->value : 1;
	if (align >= 1 && align <= MAX_ALIGN && !(align & (align - 1)))
		return;
	diag(run, bad_align, d->said_align->loc, mem_printf("%d", MAX_ALIGN));
	d->said_align = NULL;
}

void resolve_member_shape(struct run *run, struct member *m)
{
	const struct number_attribute rows[] = {{"offset", &m->said_offset}};

	take_numbers(run, "a member", "; known: offset(BYTES)", &m->attributes, rows, NELEM(rows));
}

/* ---- after the layout ---- */

static void check_number(struct run *run, const struct decl *d, const struct operand *said,
			 struct name name, const char *what, uint64_t is)
{
	if (!said || (uint64_t)said->value == is)
		return;
	diag(run, other_shape, said->loc, name.s, mem_printf("%llu", (unsigned long long)is), what,
	     d->scope->arch->name, mem_printf("%lld", (long long)said->value));
}

void prove_shape(struct run *run, const struct decl *d)
{
	check_number(run, d, d->said_size, d->name, "bytes", d->size);
	check_number(run, d, d->said_align, d->name, "as alignment", d->align);
	vec_each(m, &d->members)
	{
		check_number(run, d, m->said_offset, m->name, "as offset", m->offset);
		if (m->nested)
			prove_shape(run, m->nested);
	}
}
