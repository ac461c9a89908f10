/* Sizes and offsets as the C ABI of the architecture lays structures out. */
#include "device.h"

/* Shared memory is pages; beyond this a size is a mistake, and sums would overflow. */
enum { MAX_SIZE = 1 << 30 };

static bool layout_record(struct run *run, struct decl *d, unsigned int depth);

static uint64_t align_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) / align * align;
}

uint64_t type_size(const struct arch *arch, const struct type *type)
{
	const struct scalar *scalar = type_scalar(type);

	return type_is_pointer(type) || !scalar->size ? arch->word : scalar->size;
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

static bool layout_record(struct run *run, struct decl *d, unsigned int depth)
{
	if (d->in_layout) {
		diag(run, recursive_struct, d->name.loc, d->name.s);
		return false;
	}
	if (d->align)
		return true;
	if (depth > MAX_DEPTH) {
		diag(run, too_deep, d->name.loc, d->name.s);
		return false;
	}
	d->in_layout = true;
	vec_each(m, &d->members)
	{
		if (!layout_member(run, d, m, depth + 1))
			return false;
	}
	d->in_layout = false;
	if (!d->align)
		d->align = 1;
	d->size = align_up(d->size, d->align);
	return true;
}

static void layout_scope(struct run *run, const struct scope *scope)
{
	vec_each(d, &scope->decls)
	{
		if (((*d)->kind == DECL_STRUCT || (*d)->kind == DECL_UNION) && !(*d)->in_layout)
			layout_record(run, *d, 0);
	}
}

bool layout(struct run *run)
{
	layout_scope(run, &run->scope);
	vec_each(i, &run->interfaces) layout_scope(run, &(*i)->scope);
	vec_each(a, &run->abis)
	{
		layout_scope(run, &(*a)->scope);
		check_rom(run, *a);
	}
	return !run->errors;
}
