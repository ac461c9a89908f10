/*
 * BTF, read by libbpf: layouts of records, and signatures of functions against
 * those of ops.  Of a signature counts what callers and callees must agree on:
 * how many values there are, how wide each is, and whether it is a pointer.
 */
#include <string.h>

#include "kernel_types.h"
#include "libraries.h"
#include "payload.h"

#ifndef HAVE_BPF

const struct btf *types_read(const struct object *o, const char **fault)
{
	(void)o;
	*fault = missing_library("libbpf-dev");
	return NULL;
}

bool types_record(const struct btf *types, const char *name, struct record *r)
{
	(void)types;
	(void)name;
	(void)r;
	return false;
}

bool types_record_of(const struct btf *types, uint32_t type, struct record *r)
{
	(void)types;
	(void)type;
	(void)r;
	return false;
}

bool types_is_untyped_pointer(const struct btf *types, uint32_t type)
{
	(void)types;
	(void)type;
	return false;
}

const char *types_pointer_fault(const struct run *run, const struct btf *types, uint32_t type,
				const struct op *op)
{
	(void)run;
	(void)types;
	(void)type;
	(void)op;
	return NULL;
}

enum known types_function_fits(const struct run *run, const struct btf *types, const char *name,
			       const struct op *op, const char **fault)
{
	(void)run;
	(void)types;
	(void)name;
	(void)op;
	(void)fault;
	return NOT_KNOWN;
}

#else

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* Longer chains of types are a loop. */
enum { LONGEST_CHAIN = 64, POINTER_SIZE = 8 };

static bool is_modifier(const struct btf_type *t)
{
	return btf_is_mod(t) || btf_is_typedef(t);
}

/** What a type is without typedefs and qualifiers; NULL: void, or a broken one. */
static const struct btf_type *bare_type(const struct btf *types, uint32_t id)
{
	for (unsigned int i = 0; id && i < LONGEST_CHAIN; i++) {
		const struct btf_type *t = btf__type_by_id(types, id);

		if (!t || !is_modifier(t))
			return t;
		id = t->type;
	}
	return NULL;
}

static const char *name_at(const struct btf *types, uint32_t offset)
{
	const char *name = btf__name_by_offset(types, offset);

	return name ? name : "";
}

static uint64_t size_of(const struct btf *types, uint32_t id)
{
	int64_t size = id ? btf__resolve_size(types, id) : 0;

	return size > 0 ? (uint64_t)size : 0;
}

static int no_output(enum libbpf_print_level level, const char *format, va_list ap)
{
	(void)level;
	(void)format;
	(void)ap;
	return 0;
}

const struct btf *types_read(const struct object *o, const char **fault)
{
	libbpf_set_print(no_output);
	vec_each(s, &o->sections)
	{
		struct btf *types;

		if (strcmp(s->name, ".BTF") != 0 || !s->bytes)
			continue;
		types = btf__new(s->bytes, (uint32_t)s->size);
		*fault = types ? NULL : "section .BTF cannot be read";
		return types;
	}
	*fault = "there is no section .BTF";
	return NULL;
}

/* ---- records ---- */

static void add_fields(const struct btf *types, const struct btf_type *t, struct record *r)
{
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		*vec_push(&r->fields) =
			(struct record_field){.name = intern(name_at(types, m[i].name_off)),
					      .offset = btf_member_bit_offset(t, i) / 8,
					      .size = size_of(types, m[i].type),
					      .type = m[i].type};
}

bool types_record_of(const struct btf *types, uint32_t type, struct record *r)
{
	const struct btf_type *t = bare_type(types, type);

	if (!t || !btf_is_composite(t))
		return false;
	*r = (struct record){.size = t->size};
	add_fields(types, t, r);
	return true;
}

bool types_record(const struct btf *types, const char *name, struct record *r)
{
	int32_t id = btf__find_by_name_kind(types, name, BTF_KIND_STRUCT);

	return id > 0 && types_record_of(types, (uint32_t)id, r);
}

bool types_is_untyped_pointer(const struct btf *types, uint32_t type)
{
	const struct btf_type *t = bare_type(types, type);

	return t && btf_is_ptr(t) && !bare_type(types, t->type);
}

/* ---- signatures ---- */

static void put_type(const struct btf *types, uint32_t id, unsigned int depth, struct out *o)
{
	const struct btf_type *t = id ? btf__type_by_id(types, id) : NULL;

	if (!t || depth > LONGEST_CHAIN) {
		put(o, "void");
	} else if (btf_is_ptr(t)) {
		put_type(types, t->type, depth + 1, o);
		put(o, " *");
	} else if (btf_is_mod(t)) {
		put_type(types, t->type, depth + 1, o);
	} else if (btf_is_func_proto(t)) {
		put(o, "function");
	} else {
		put(o, "%s%s",
		    btf_is_struct(t)	 ? "struct "
		    : btf_is_union(t)	 ? "union "
		    : btf_is_any_enum(t) ? "enum "
					 : "",
		    name_at(types, t->name_off));
	}
}

static const char *type_text(const struct btf *types, uint32_t id)
{
	struct out o = {0};

	put_type(types, id, 0, &o);
	return text_of(&o);
}

/** Do callers and callee agree on a value of these types? */
static bool fits(const struct run *run, const struct btf *types, uint32_t id,
		 const struct type *type)
{
	const struct btf_type *t = bare_type(types, id);

	if (!t || type_is_void(type))
		return !t && type_is_void(type);
	if (type_is_pointer(type))
		return btf_is_ptr(t);
	return !btf_is_ptr(t) && size_of(types, id) == type_size(run->arch, type);
}

static const char *prototype_fault(const struct run *run, const struct btf *types,
				   const struct btf_type *t, const struct op *op)
{
	const struct btf_param *p = btf_params(t);

	if (btf_vlen(t) != op->params.n)
		return mem_printf("%s, but the op has %u", counted(btf_vlen(t), "parameter"),
				  op->params.n);
	for (uint32_t i = 0; i < op->params.n; i++)
		if (!fits(run, types, p[i].type, &op->params.v[i].type))
			return mem_printf("parameter '%s' is '%s', but in the op it is '%s'",
					  op->params.v[i].name.s, type_text(types, p[i].type),
					  c_declare(&op->params.v[i].type, ""));
	if (!fits(run, types, t->type, &op->type))
		return mem_printf("the result is '%s', but in the op it is '%s'",
				  type_text(types, t->type), c_declare(&op->type, ""));
	return NULL;
}

const char *types_pointer_fault(const struct run *run, const struct btf *types, uint32_t type,
				const struct op *op)
{
	const struct btf_type *t = bare_type(types, type);

	t = t && btf_is_ptr(t) ? bare_type(types, t->type) : NULL;
	return t && btf_is_func_proto(t) ? prototype_fault(run, types, t, op) : NULL;
}

/** What assemblers write for their labels: it takes nothing, returns nothing, and means nothing. */
static bool is_of_assembly(const struct btf_type *prototype)
{
	return !btf_vlen(prototype) && !prototype->type;
}

enum known types_function_fits(const struct run *run, const struct btf *types, const char *name,
			       const struct op *op, const char **fault)
{
	enum known known = NOT_KNOWN;

	/* Functions of several files may have one name: it is enough if one of them fits. */
	for (uint32_t id = 1; known != FITS && id < btf__type_cnt(types); id++) {
		const struct btf_type *t = btf__type_by_id(types, id), *prototype;

		if (!t || !btf_is_func(t) || strcmp(name_at(types, t->name_off), name) != 0)
			continue;
		prototype = btf__type_by_id(types, t->type);
		if (!prototype || !btf_is_func_proto(prototype) || is_of_assembly(prototype))
			continue;
		*fault = prototype_fault(run, types, prototype, op);
		known = *fault ? DIFFERS : FITS;
	}
	return known;
}

#endif
