#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "pvgen.h"

const char *path_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (!slash || name[0] == '/')
		return intern(name);
	return intern(mem_printf("%.*s/%s", (int)(slash - path), path, name));
}

const char *path_tidied(const char *path)
{
	struct out o = {0};
	VEC(size_t) starts = {0};

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !strncmp(path, "..", 2) && starts.n) {
			o.n = starts.v[--starts.n];
		} else {
			if (n != 2 || strncmp(path, "..", 2))
				*vec_push(&starts) = o.n;
			put_n(&o, path, n + (path[n] == '/'));
		}
		path += n + (path[n] == '/');
	}
	return intern(text_of(&o));
}

const char *path_shortened(const char *path)
{
	const char *shorter = path_tidied(path);
	struct stat a, b;

	if (stat(path, &a) || stat(shorter, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return path;
	return shorter;
}

/** The text of a symbolic link; NULL and errno if it is none. */
static const char *read_link(const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));

	if (n == sizeof(text))
		errno = ENAMETOOLONG;
	return n < 0 || n == sizeof(text) ? NULL : intern_n(text, (size_t)n);
}

const char *path_followed(const char *path)
{
	enum { LINKS_MAX = 40 };

	for (unsigned int i = 0; i < LINKS_MAX; i++) {
		const char *link = read_link(path);

		if (!link)
			return errno == EINVAL || errno == ENOENT ? path : NULL;
		path = path_beside(path, link);
	}
	errno = ELOOP;
	return NULL;
}

const char *path_joined(const char *directory, const char *names)
{
	struct out o = {0};

	put(&o, "%s", strcmp(directory, "/") ? directory : "");
	while (*names) {
		size_t n = strcspn(names, "/");

		if (n == 2 && !strncmp(names, "..", n))
			o.n = (size_t)((strrchr(text_of(&o), '/') ?: o.v) - o.v);
		else if (n && (n != 1 || names[0] != '.'))
			put(&o, "/%.*s", (int)n, names);
		names += n + (names[n] == '/');
	}
	return intern_n(text_of(&o), o.n);
}

const char *path_canonical(const char *path)
{
	const char *followed = path_followed(path);
	char directory[PATH_MAX], real[PATH_MAX] = "";
	size_t n;

	path = followed ?: path;
	n = strlen(path);
	if (n >= PATH_MAX)
		return path;
	for (;;) {
		memcpy(directory, path, n);
		strcpy(directory + n, n ? "" : path[0] == '/' ? "/" : ".");
		if (realpath(directory, real) || !n)
			return path_joined(real, path + n);
		while (n && path[n - 1] != '/')
			n--;
		while (n && path[n - 1] == '/')
			n--;
	}
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/** Links to directories lead elsewhere, or in a circle. */
bool path_add_below(struct run *run, const char *directory, bool (*is_wanted)(const char *name),
		    paths *all)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, is_visible, by_bytes);
	bool good = true;
	struct stat st;

	if (n < 0)
		return run_failed(run, "cannot read '%s': %s", directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *inner = mem_printf("%s/%s", directory, entries[i]->d_name);

		if (!lstat(inner, &st) && S_ISDIR(st.st_mode))
			good &= path_add_below(run, inner, is_wanted, all);
		else if (is_wanted(entries[i]->d_name))
			*vec_push(all) = inner;
		free(entries[i]);
	}
	free(entries);
	return good;
}
