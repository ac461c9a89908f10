/*
 * The modules of a kernel, read one after the other: what one took is given back before the next.
 * One that cannot be read is noted, and the rest is read.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "users.h"

/* ---- files ---- */

static const char *const suffixes[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

/** Length of what stands before the suffix; 0: it is no module by its name. */
static size_t stem_of(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < NELEM(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (n > suffix && !strcmp(name + n - suffix, suffixes[i]))
			return n - suffix;
	}
	return 0;
}

static bool is_module(const char *name)
{
	return stem_of(name);
}

/* ---- one module ---- */

static bool mentions(const struct object *o, const char *name)
{
	vec_each(s, &o->symbols)
	{
		if (!strcmp(s->name, name))
			return true;
	}
	return false;
}

/** Counts what it uses; NULL, or why that is not known. */
static const char *read_module(const struct run *run, const struct users *u, const char *path,
			       struct slot_use *uses, bool *is_user)
{
	const struct machine *m = run->arch->machine;
	struct object o = {0};
	struct object_file f;
	struct slot_array slots = {.word = u->word, .n = u->n_slots};
	struct stat st;
	const char *fault;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return "is no regular file";
	fault = object_open(&f, m, path);
	if (!fault)
		fault = object_add(&o, f);
	if (!fault && f.is_linked)
		fault = "is no module, but linked";
	if (fault || !mentions(&o, linux_table))
		return fault;
	*is_user = true;
	object_link(&o);
	slots.address = object_mention(&o, linux_table)->address;
	return count_call_sites(&o, m, &slots, object_mention(&o, linux_table), uses);
}

static const char *name_of(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return intern_n(name, stem_of(name));
}

/** @uses is for all modules one after the other. */
static void add_module(const struct run *run, struct users *u, const char *path,
		       struct slot_use *uses)
{
	size_t size = u->n_slots * sizeof(*uses);
	struct mem_outer *outer = mem_enter();
	bool is_user = false;
	const char *fault = read_module(run, u, path, memset(uses, 0, size), &is_user);
	char why[200] = "";

	if (fault)
		snprintf(why, sizeof(why), "%s", fault);
	mem_leave(outer);
	if (*why)
		*vec_push(&u->unread) = (struct unread){path, mem_printf("%s", why)};
	else if (is_user)
		*vec_push(&u->modules) =
			(struct module_use){name_of(path), memcpy(mem_alloc(size), uses, size)};
}

bool read_modules(struct run *run, struct users *u)
{
	struct slot_use *uses = mem_alloc(u->n_slots * sizeof(*uses));
	paths paths = {0};

	if (!path_add_below(run, u->directory, is_module, &paths))
		return false;
	if (!paths.n)
		return run_failed(run, "no module below '%s'", u->directory);
	u->n_modules = paths.n;
	vec_each(path, &paths) add_module(run, u, *path, uses);
	return true;
}
