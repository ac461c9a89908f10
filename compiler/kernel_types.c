/*
 * What verify asks of a kernel's types: layouts of records, and signatures of functions against
 * those of ops.  Of a signature counts what callers and callees must agree on: how many values
 * there are, how wide each is, and whether it is a pointer.
 */
#include <string.h>

#include "kernel_types.h"

/* ---- records ---- */

bool types_record_of(struct types *types, uint64_t type, struct record *r)
{
	const struct ctype *t = ctype_bare(types, type);

	if (!ctype_is_record(t))
		return false;
	*r = (struct record){.size = t->size};
	vec_each(m, &t->members) * vec_push(&r->fields) =
		(struct record_field){.name = intern(m->name),
				      .offset = m->bit / 8,
				      .size = ctype_size(types, m->type),
				      .type = m->type};
	return true;
}

bool types_record(struct types *types, const char *name, struct record *r)
{
	uint64_t id = types->find(types, name, 0);

	return id && types_record_of(types, id, r);
}

/* ---- signatures ---- */

/** Do callers and callee agree on a value of these types? */
static bool fits(const struct run *run, struct types *types, uint64_t id, const struct type *type)
{
	const struct ctype *t = ctype_bare(types, id);

	if (t->kind == CTYPE_VOID || type_is_void(type))
		return t->kind == CTYPE_VOID && type_is_void(type);
	if (type_is_pointer(type))
		return t->kind == CTYPE_POINTER;
	return t->kind != CTYPE_POINTER && ctype_size(types, id) == type_size(run->arch, type);
}

static const char *prototype_fault(const struct run *run, struct types *types,
				   const struct ctype *t, const struct op *op)
{
	if (t->members.n != op->params.n)
		return mem_printf("%s, but the op has %u", counted(t->members.n, "parameter"),
				  op->params.n);
	for (uint32_t i = 0; i < op->params.n; i++)
		if (!fits(run, types, t->members.v[i].type, &op->params.v[i].type))
			return mem_printf("parameter '%s' is '%s', but in the op it is '%s'",
					  op->params.v[i].name.s,
					  ctype_declare(types, t->members.v[i].type, ""),
					  c_declare(&op->params.v[i].type, ""));
	if (!fits(run, types, t->target, &op->type))
		return mem_printf("the result is '%s', but in the op it is '%s'",
				  ctype_declare(types, t->target, ""), c_declare(&op->type, ""));
	return NULL;
}

const char *types_pointer_fault(const struct run *run, struct types *types, uint64_t type,
				const struct op *op)
{
	const struct ctype *t = ctype_called(types, type);

	return t ? prototype_fault(run, types, t, op) : NULL;
}

struct question {
	const struct run *run;
	struct types *types;
	const char *name;
	const struct op *op;
	const char **fault;
	enum known answer;
};

/* Functions of several files may have one name: it is enough if one of them fits. */
static void see_function(void *context, const char *name, uint64_t type)
{
	struct question *q = context;
	const struct ctype *t;

	if (q->answer == FITS || strcmp(name, q->name) != 0)
		return;
	t = ctype_bare(q->types, type);
	if (t->kind != CTYPE_FUNCTION || ctype_may_be_assembly(q->types, t))
		return;
	*q->fault = prototype_fault(q->run, q->types, t, q->op);
	q->answer = *q->fault ? DIFFERS : FITS;
}

enum known types_function_fits(const struct run *run, struct types *types, const char *name,
			       const struct op *op, const char **fault)
{
	struct question q = {run, types, name, op, fault, NOT_KNOWN};

	types->each_function(types, see_function, &q);
	return q.answer;
}
