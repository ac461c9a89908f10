/*
 * The modules of a kernel, read one after the other: what one took is given back before the next.
 * One that cannot be read is noted, and the rest is read.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

typedef VEC(const char *) paths;

/** Links to directories lead elsewhere: to the kernel's source, or in a circle. */
static bool add_modules(struct run *run, const char *path, paths *paths)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, by_bytes);
	bool good = true;
	struct stat st;

	if (n < 0)
		return run_failed(run, "cannot read '%s': %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *inner = mem_printf("%s/%s", path, entries[i]->d_name);

		if (!lstat(inner, &st) && S_ISDIR(st.st_mode))
			good &= add_modules(run, inner, paths);
		else if (stem_of(entries[i]->d_name))
			*vec_push(paths) = inner;
		free(entries[i]);
	}
	free(entries);
	return good;
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

	if (!add_modules(run, u->directory, &paths))
		return false;
	if (!paths.n)
		return run_failed(run, "no module below '%s'", u->directory);
	u->n_modules = paths.n;
	vec_each(path, &paths) add_module(run, u, *path, uses);
	return true;
}
