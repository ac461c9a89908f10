/*
 * pvgen import: a description of the table of ops that a compiled kernel has, from the types by
 * which the kernel describes itself.  What these do not tell is said to be unknown.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "import.h"
#include "options.h"

/* Structures of ops, where none is asked for: Linux's, and what pvgen writes for interface pv. */
static const char *const structures[] = {"paravirt_patch_template", "pv_ops"};

/* A structure of this name is an op whose call keeps registers. */
static const char narrow_record[] = "paravirt_callee_save";

/* ---- the file ---- */

bool is_image(const char *path)
{
	enum { NEEDED = 0x206, MAGIC = 0x202 };
	char bytes[NEEDED];
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : NULL;
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (f)
		fclose(f);
	return (n >= 4 && !memcmp(bytes, "\177ELF", 4)) ||
	       (n == NEEDED && !memcmp(bytes + MAGIC, "HdrS", 4));
}

/** "Linux version 6.1.0-13-amd64", as the kernel says of itself. */
static const char *release_of(const struct object_file *f)
{
	static const char banner[] = "Linux version ";
	const char *at = (const char *)f->bytes, *end = at + f->size;

	while ((at = memmem(at, (size_t)(end - at), banner, sizeof(banner) - 1))) {
		const char *version = at + sizeof(banner) - 1;
		size_t n = 0;

		while (version + n < end && version[n] > ' ' && version[n] <= '~')
			n++;
		if (n && version + n < end && *version >= '0' && *version <= '9')
			return mem_printf("%s%.*s", banner, (int)n, version);
		at = version;
	}
	return NULL;
}

static const char *read_types(struct recovery *im)
{
	const char *no_btf, *no_dwarf;

	im->types = btf_read(&im->object, &no_btf);
	if (im->types)
		return NULL;
	im->types = dwarf_read(&im->object, &no_dwarf);
	if (im->types)
		return NULL;
	return mem_printf("tells nothing of its types: %s, and %s; take one with them, such as the "
			  "vmlinux of its debug package",
			  no_btf, no_dwarf);
}

static const char *open_image(struct recovery *im)
{
	struct object_file f;
	const char *fault = object_open(&f, im->machine, im->path);

	if (fault)
		return fault;
	im->release = release_of(&f);
	fault = object_add(&im->object, f);
	return fault ? fault : read_types(im);
}

/* ---- the structure ---- */

/* No structure of ops has them. */
enum { DEEPEST = 8, MOST_MEMBERS = 100000 };

/** Is there a pointer to a function, or a narrow op, in it? */
static bool has_ops(struct types *types, uint64_t id, unsigned int depth)
{
	const struct ctype *t = ctype_bare(types, id);

	if (ctype_called(types, id) || !strcmp(t->name, narrow_record))
		return true;
	if (t->kind != CTYPE_STRUCT || depth == DEEPEST)
		return false;
	vec_each(m, &t->members)
	{
		if (has_ops(types, m->type, depth + 1))
			return true;
	}
	return false;
}

static bool is_narrow(struct types *types, const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT && !strcmp(t->name, narrow_record) && t->members.n == 1 &&
	       ctype_is_untyped_pointer(types, t->members.v[0].type);
}

static const char *collect(struct recovery *im, struct found *into, const struct ctype *t,
			   unsigned int depth);

/** Its own, or one that tells where it is. */
static const char *name_of(const struct found *into, const struct cmember *m)
{
	return is_c_name(m->name)
		       ? m->name
		       : mem_printf("at_%llx", (unsigned long long)(into->offset + m->bit / 8));
}

/** Bit-fields beside each other are one thing; true if this one belongs to the last. */
static bool add_bits(struct found *into, const struct cmember *m, struct found *f)
{
	struct found *last = into->inner.n ? &into->inner.v[into->inner.n - 1] : NULL;
	uint64_t end = into->offset + (m->bit + m->width + 7) / 8;

	f->bits = m->width;
	f->size = end - f->offset;
	if (!last || !last->bits || f->offset > last->offset + last->size)
		return false;
	last->size = end > last->offset + last->size ? end - last->offset : last->size;
	return true;
}

static const char *collect_member(struct recovery *im, struct found *into, const struct cmember *m,
				  unsigned int depth)
{
	const struct ctype *t = ctype_bare(im->types, m->type);
	struct found f = {.name = name_of(into, m),
			  .offset = into->offset + m->bit / 8,
			  .size = ctype_size(im->types, m->type),
			  .type = m->type,
			  .function = ctype_called(im->types, m->type),
			  .is_narrow = is_narrow(im->types, t)};

	f.is_op = !m->width && (f.function || f.is_narrow);
	if (++im->n_members > MOST_MEMBERS)
		return "has more members than any table of ops";
	if (m->width && add_bits(into, m, &f))
		return NULL;
	*vec_push(&into->inner) = f;
	if (f.is_op || t->kind != CTYPE_STRUCT || !has_ops(im->types, m->type, depth))
		return NULL;
	return collect(im, &into->inner.v[into->inner.n - 1], t, depth + 1);
}

/** All members, groups with theirs. */
static const char *collect(struct recovery *im, struct found *into, const struct ctype *t,
			   unsigned int depth)
{
	vec_each(m, &t->members)
	{
		const char *fault = collect_member(im, into, m, depth);

		if (fault)
			return fault;
	}
	return NULL;
}

/** The structure that was asked for, or the first that there is. */
static uint64_t find_structure(struct recovery *im)
{
	uint64_t id = 0;

	if (im->structure)
		return im->types->find(im->types, im->structure, 0);
	for (size_t i = 0; !id && i < NELEM(structures); i++) {
		im->structure = structures[i];
		id = im->types->find(im->types, im->structure, 0);
	}
	return id;
}

static bool is_same_member(struct types *types, const struct cmember *a, const struct cmember *b)
{
	return !strcmp(a->name, b->name) && a->bit == b->bit && a->width == b->width &&
	       !strcmp(ctype_declare(types, a->type, ""), ctype_declare(types, b->type, ""));
}

static bool is_same_record(struct types *types, uint64_t a, uint64_t b)
{
	const struct ctype *s = ctype_bare(types, a), *t = ctype_bare(types, b);

	for (uint32_t i = 0; i < s->members.n && i < t->members.n; i++)
		if (!is_same_member(types, &s->members.v[i], &t->members.v[i]))
			return false;
	return s->size == t->size && s->members.n == t->members.n;
}

/** Types that are written once for each file, as DWARF is, are the same again and again. */
static bool is_ambiguous(struct recovery *im, uint64_t id)
{
	uint64_t other = im->types->is_merged ? im->types->find(im->types, im->structure, 1) : 0;

	return other && !is_same_record(im->types, id, other);
}

static const char *find_ops(struct recovery *im)
{
	const char *asked = im->structure;
	uint64_t id = asked && !is_c_name(asked) ? 0 : find_structure(im);

	if (!id && asked)
		return mem_printf("has no struct %s in its %s", asked, im->types->source);
	if (!id)
		return mem_printf(
			"has neither struct %s nor struct %s in its %s; name the structure "
			"of its ops by --struct",
			structures[0], structures[1], im->types->source);
	if (is_ambiguous(im, id))
		return mem_printf("has several structures %s, which are not the same",
				  im->structure);
	im->root = (struct found){
		.name = im->structure, .size = ctype_size(im->types, id), .type = id};
	if (!has_ops(im->types, id, 0))
		return mem_printf("has a struct %s without any pointer to a function",
				  im->structure);
	return collect(im, &im->root, ctype_bare(im->types, id), 0);
}

bool import_image(struct run *run, const char *path, struct out *text, const char **fault)
{
	struct recovery im = {
		.path = path, .machine = run->arch->machine, .structure = run->structure};
	struct out draft = {0};

	*fault = im.machine ? open_image(&im)
			    : mem_printf("cannot be read for architecture %s", run->arch->name);
	if (!*fault)
		*fault = find_ops(&im);
	if (*fault)
		return false;
	import_votes(&im);
	*fault = import_text(&im, &draft);
	if (*fault)
		return false;
	fmt_text(run, path, &draft, text);
	if (im.types->remark)
		fprintf(stderr, "pvgen: '%s': %s\n", path, im.types->remark);
	return true;
}

int command_import(struct run *run)
{
	struct output out = {.path = run->output_path ? run->output_path : "-"};
	const char *fault;

	if (run->inputs.n != 1)
		return usage_error("one image belongs to", "import");
	if (access(run->inputs.v[0], R_OK)) {
		run_failed(run, "cannot read '%s': %s", run->inputs.v[0], strerror(errno));
		return STATUS_ENVIRONMENT;
	}
	if (!import_image(run, run->inputs.v[0], &out.text, &fault)) {
		run_failed(run, "'%s' %s", run->inputs.v[0], fault);
		return STATUS_NO_EVIDENCE;
	}
	source_draft(run, run->inputs.v[0], &out.text);
	*vec_push(&run->outputs) = out;
	return write_outputs(run) ? STATUS_FINE : STATUS_ENVIRONMENT;
}
