/* What was found in an image, as a description. */
#include <string.h>

#include "import.h"
#include "unknown.h"

/** What is written, and where. */
struct writing {
	struct recovery *im;
	struct words_of_types words;
	struct map names; /* of ops, data and groups */
	struct out body;
	uint64_t end; /* of the layout that the description has, so far */
	const char *fault;
};

/** "pv" of pv_ops; Linux's own is known as that everywhere. */
static const char *interface_name(const char *structure)
{
	size_t n = strlen(structure);

	if (!strcmp(structure, "paravirt_patch_template"))
		return "pv";
	return n > 4 && !strcmp(structure + n - 4, "_ops") ? mem_text(structure, n - 4) : structure;
}

/** Ops have one name space, in whatever groups they are: a second one is called by its group's. */
static const char *free_name(struct writing *w, const char *group, const char *name)
{
	if (map_get(&w->names, intern(name)))
		name = mem_printf("%s_%s", group, name);
	while (map_get(&w->names, intern(name)))
		name = mem_printf("%s_", name);
	map_add(&w->names, intern(name), (void *)name);
	return name;
}

static const char *place(const struct found *f)
{
	return mem_printf("0x%03llx", (unsigned long long)f->offset);
}

/** Comments are of one line, whatever names there are. */
static const char *commented(const char *text)
{
	char *copy = mem_text(text, strlen(text));

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\177')
			*c = '?';
	return copy;
}

/* ---- layout: the description has that of the image ---- */

/** Fills what lies before the next member, if the language would not leave it free. */
static void fill(struct writing *w, uint64_t to, uint64_t align)
{
	uint64_t at = (w->end + align - 1) / align * align;
	const char *name;

	if (at < to) {
		name = mem_printf("hole_%llx", (unsigned long long)w->end);
		put(&w->body, "data struct %s %s;\n",
		    blob_in_words(&w->words, name, to - w->end, 1), name);
	}
}

/** Takes room for a member. */
static void take_room(struct writing *w, const struct found *f, uint64_t align)
{
	if (f->offset >= w->end)
		fill(w, f->offset, align);
	else
		w->fault = mem_printf("has member '%s' at offset %llu, inside of the one before it",
				      commented(f->name), (unsigned long long)f->offset);
	w->end = f->offset + f->size;
}

/* ---- members ---- */

static void put_op(struct writing *w, const struct found *f, const char *group)
{
	const char *name = free_name(w, group, f->name), *fault = NULL;
	const char *result = NULL, *params = NULL;

	take_room(w, f, f->size);
	if (f->function) {
		result = type_in_words(&w->words, f->function->target,
				       mem_printf("%s_result", name), &fault);
		params = result ? params_in_words(&w->words, f->function, f->names, name, &fault)
				: NULL;
	}
	if (!params && f->function)
		put(&w->body, "// %s: %s\n", commented(ctype_declare(w->im->types, f->type, name)),
		    fault);
	else if (!params)
		put(&w->body, "// %s: %s\n", name, commented(f->remark));
	put(&w->body, "op %s%s%s(%s) {%s%s%s} // %s%s%s\n", params ? result : "void",
	    params && strchr(result, '*') ? "" : " ", name, params ? params : "void",
	    f->is_narrow ? " clobbers flags;" : "", params ? "" : " unknown signature;",
	    f->is_narrow || !params ? " " : "", place(f), params && f->remark ? ", " : "",
	    params && f->remark ? f->remark : "");
}

/** The largest alignment that would put it where it is, and at most that of a word. */
static uint64_t align_of(const struct found *f)
{
	uint64_t align = 8;

	while (align > 1 && (f->offset % align || f->size % align))
		align /= 2;
	return align;
}

/** Numbers and pointers are what they are; of the rest counts only where it is. */
static const char *data_words(struct writing *w, const struct found *f, const char *name)
{
	const struct ctype *t = ctype_bare(w->im->types, f->type);
	const char *fault = NULL;

	if (!f->bits &&
	    (t->kind == CTYPE_NUMBER || t->kind == CTYPE_POINTER || t->kind == CTYPE_ENUM))
		return type_in_words(&w->words, f->type, name, &fault);
	return NULL;
}

static void put_data(struct writing *w, const struct found *f, const char *group)
{
	const char *name = free_name(w, group, f->name);
	const char *type = data_words(w, f, name);
	uint64_t align = type ? f->size : align_of(f);

	if (!f->size)
		return;
	take_room(w, f, align);
	if (!type)
		type = mem_printf("struct %s", blob_in_words(&w->words, mem_printf("%s_data", name),
							     f->size, align));
	put(&w->body, "data %s%s%s; // %s, %s\n", type, strchr(type, '*') ? "" : " ", name,
	    place(f), commented(ctype_declare(w->im->types, f->type, f->name)));
}

static void put_members(struct writing *w, const struct found *f, const char *group);

static void put_group(struct writing *w, const struct found *f, const char *group)
{
	const char *name = free_name(w, group, f->name);

	fill(w, f->offset, 8);
	put(&w->body, "\n// %s: %s, %s\n", place(f),
	    commented(ctype_declare(w->im->types, f->type, "")), counted(f->size, "byte"));
	put(&w->body, "group %s {\n", name);
	put_members(w, f, name);
	fill(w, f->offset + f->size, 8);
	put(&w->body, "}\n");
	w->end = f->offset + f->size;
}

static void put_member(struct writing *w, const struct found *f, const char *group)
{
	if (f->is_op)
		put_op(w, f, group);
	else if (f->inner.n)
		put_group(w, f, group);
	else
		put_data(w, f, group);
}

static void put_members(struct writing *w, const struct found *f, const char *group)
{
	vec_each(inner, &f->inner)
	{
		if (!w->fault)
			put_member(w, inner, group);
	}
}

/* ---- the whole ---- */

/** In one group, because the language has ops in groups only. */
static void put_flat(struct writing *w, const struct found *f)
{
	put(&w->body, "group ops {\n");
	put_members(w, f, "ops");
	fill(w, f->size, 8);
	put(&w->body, "}\n");
}

/** Are all members groups, as the language has them in an interface? */
static bool has_groups_only(const struct found *f)
{
	vec_each(inner, &f->inner)
	{
		if (inner->is_op || !inner->inner.n)
			return false;
	}
	return true;
}

static unsigned int count_ops(const struct found *f)
{
	unsigned int n = f->is_op;

	vec_each(inner, &f->inner) n += count_ops(inner);
	return n;
}

static void put_head(const struct recovery *im, struct out *o)
{
	put(o, "language 1;\n\n");
	put(o, "// Recovered by `pvgen import` from what a built object tells of its types.\n");
	put(o, "//\n// image:     %s%s%s\n", commented(im->path), im->release ? ", " : "",
	    im->release ? im->release : "");
	put(o, "// types:     %s\n", im->types->summary);
	if (im->types->remark)
		put(o, "// not read:  %s\n", im->types->remark);
	put(o, "// structure: struct %s, %s, %s\n", im->structure, counted(im->root.size, "byte"),
	    counted(count_ops(&im->root), "op"));
	put(o,
	    "//\n// Behind each op stands its offset in the structure, and where the op is a %s\n"
	    "// the function that its signature is from.\n\n",
	    "paravirt_callee_save");
}

/** In lines of a width that people read. */
static void put_unknown(struct out *o)
{
	const char *words = unknown_of_images();
	size_t width = 0;

	put(o, "unknown ");
	while (*words) {
		size_t n = strcspn(words, " ");

		put(o, "%s%.*s", !width ? "" : width + n > 70 ? "\n" : " ", (int)n, words);
		width = width + n > 70 ? n : width + n + 1;
		words += n + (words[n] == ' ');
	}
	put(o, ";\n");
}

const char *import_text(struct recovery *im, struct out *o)
{
	struct writing w = {.im = im, .words = {.types = im->types}};

	if (has_groups_only(&im->root))
		put_members(&w, &im->root, "ops");
	else
		put_flat(&w, &im->root);
	if (w.fault)
		return w.fault;
	put_head(im, o);
	put_said_types(&w.words, o);
	put(o, "interface %s version 0.0 {\n", interface_name(im->structure));
	put_unknown(o);
	put(o, "%s}\n", text_of(&w.body));
	return NULL;
}
