/* Sizes and offsets as the C ABI of the architecture lays structures out. */
#include <string.h>

#include "device.h"

/* Shared memory is pages; beyond this a size is a mistake, and sums would overflow. */
enum { MAX_SIZE = 1 << 30 };

/*
 * Models list the members of structures inside structures: of thirty structures with two
 * members, each of the one before, a milliard.
 */
enum { MAX_PATHS = 1 << 25 };

static bool layout_record(struct run *run, struct decl *d, unsigned int depth);

static uint64_t align_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) / align * align;
}

uint64_t type_size(const struct arch *arch, const struct type *type)
{
	const struct scalar *scalar = type_scalar(type);

	/* What is neither was reported; it is as wide as a word for who looks on. */
	return type_is_pointer(type) || !scalar || !scalar->size ? arch->word : scalar->size;
}

/** Size and alignment of one value; lays its structure out first. */
static bool measure(struct run *run, const struct arch *arch, const struct type *type,
		    unsigned int depth, uint64_t *size, uint64_t *align)
{
	const struct decl *d = type_record(type);

	if (!d) {
		*size = type_size(arch, type);
		*align = *size < arch->max_align ? *size : arch->max_align;
		return true;
	}
	if (!layout_record(run, (struct decl *)d, depth))
		return false;
	*size = d->size;
	*align = d->align;
	return true;
}

static bool check_paths(struct run *run, const struct decl *d, uint64_t length)
{
	if (length <= MAX_PATHS)
		return true;
	diag(run, too_many_members, d->name.loc, d->name.s);
	return false;
}

/** Takes in the paths of a member and of all inside it. */
static bool count_paths(struct run *run, struct decl *d, const struct member *m)
{
	const struct decl *inner = m->nested ? m->nested : type_record(&m->type);
	size_t n = strlen(m->name.s) + 1;

	d->paths++;
	d->paths_length += n;
	if (inner && !m->is_array) {
		d->paths += inner->paths;
		d->paths_length += inner->paths * n + inner->paths_length;
	}
	return check_paths(run, d, d->paths_length);
}

static bool layout_member(struct run *run, struct decl *d, struct member *m, unsigned int depth)
{
	uint64_t size, align;

	if (m->nested) {
		if (!layout_record(run, m->nested, depth))
			return false;
		size = m->nested->size;
		align = m->nested->align;
	} else if (!measure(run, d->scope->arch, &m->type, depth, &size, &align)) {
		return false;
	}
	if (d->is_packed)
		align = 1;
	m->size = size * m->count;
	m->offset = d->kind == DECL_UNION ? 0 : align_up(d->size, align);
	if (m->offset + m->size > d->size)
		d->size = m->offset + m->size;
	if (align > d->align)
		d->align = align;
	if (d->size <= MAX_SIZE)
		return true;
	diag(run, struct_too_big, d->name.loc, d->name.s);
	return false;
}

static bool layout_members(struct run *run, struct decl *d, unsigned int depth)
{
	vec_each(m, &d->members)
	{
		if (!layout_member(run, d, m, depth) || !count_paths(run, d, m))
			return false;
	}
	return true;
}

static bool layout_record(struct run *run, struct decl *d, unsigned int depth)
{
	if (d->in_layout) {
		diag(run, recursive_struct, d->name.loc, d->name.s);
		return false;
	}
	if (d->align || d->is_broken)
		return !d->is_broken;
	if (depth > MAX_TYPE_DEPTH) {
		diag(run, too_deep, d->name.loc, d->name.s);
		return false;
	}
	d->in_layout = true;
	d->is_broken = !layout_members(run, d, depth + 1);
	d->in_layout = false;
	if (d->said_align && (uint64_t)d->said_align->value > d->align)
		d->align = (uint64_t)d->said_align->value;
	if (!d->align)
		d->align = 1;
	d->size = align_up(d->size, d->align);
	return !d->is_broken;
}

static bool is_record(const struct decl *d)
{
	return d->kind == DECL_STRUCT || d->kind == DECL_UNION;
}

static void layout_scope(struct run *run, const struct scope *scope)
{
	uint64_t length = 0;

	vec_each(d, &scope->decls)
	{
		if (!is_record(*d) || !layout_record(run, *d, 0))
			continue;
		prove_shape(run, *d);
		length += (*d)->paths_length;
		if (!check_paths(run, *d, length))
			return;
	}
}

static void forget_record(struct decl *d)
{
	d->size = d->align = d->paths = d->paths_length = 0;
	vec_each(m, &d->members)
	{
		if (m->nested)
			forget_record(m->nested);
	}
}

static void forget_scope(const struct scope *scope)
{
	vec_each(d, &scope->decls)
	{
		if (is_record(*d))
			forget_record(*d);
	}
}

/** What an abi says about its structures holds wherever it says that it exists. */
static void layout_abi(struct run *run, struct abi *abi)
{
	const struct arch *here = abi->scope.arch;
	unsigned int errors = run->errors;

	for (size_t i = 0; i < arch_count && abi->says_arch && run->errors == errors; i++) {
		abi->scope.arch = &arch_table[i];
		if (abi->scope.arch == here || !(abi->arches & arch_bit(abi->scope.arch)))
			continue;
		layout_scope(run, &abi->scope);
		forget_scope(&abi->scope);
	}
	abi->scope.arch = here;
	layout_scope(run, &abi->scope);
	check_rom(run, abi);
}

bool layout(struct run *run)
{
	layout_scope(run, &run->scope);
	vec_each(i, &run->interfaces) layout_scope(run, &(*i)->scope);
	vec_each(a, &run->abis) layout_abi(run, *a);
	return !run->errors;
}
