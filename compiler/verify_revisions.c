/* Revisions that implementations state. */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/** Functions of this op that a file defines, as text. */
static const char *implementers(const struct verify *v, const struct op *op, size_t file)
{
	struct out o = {0};

	vec_each(l, &v->linked)
	{
		const struct impl *impl = &l->backend->impls[op->slot];
		const struct object_symbol *s =
			impl->function ? object_symbol(v->parts, impl->function) : NULL;

		if (s && s->file == file && !impl->is_inherited)
			put(&o, "%s%s of backend '%s'", o.n ? ", " : "", impl->function,
			    l->backend->name.s);
	}
	return o.n ? text_of(&o) : "an implementation";
}

static void check_revision(struct verify *v, const char *record, size_t file)
{
	const char *equals = strchr(record, '=');
	const struct op *op =
		equals ? map_get(&v->interface->op_map, intern_n(record, (size_t)(equals - record)))
		       : NULL;
	unsigned long revision = equals ? strtoul(equals + 1, NULL, 10) : 0;

	v->n_revisions++;
	if (!op)
		diag(v->run, revision_op, v->interface->name.loc, record,
		     v->parts->files.v[file].path);
	else if (revision != op->revision)
		diag(v->run, stale_revision, op->name.loc, op_path(op), implementers(v, op, file),
		     v->parts->files.v[file].path, number(revision), number(op->revision));
}

void check_revisions(struct verify *v)
{
	const char *name = mem_printf(".%s.implements", v->interface->name.s);

	vec_each(s, &v->parts->sections)
	{
		const char *text = (const char *)s->bytes;

		if (strcmp(s->name, name) != 0 || !text)
			continue;
		for (uint64_t at = 0; at < s->size && memchr(text + at, 0, s->size - at);
		     at += strlen(text + at) + 1)
			check_revision(v, text + at, s->file);
	}
}
