/* path.c: names of files. */
#ifndef PVGEN_PATH_H
#define PVGEN_PATH_H

#include "util.h"

struct run;

typedef VEC(const char *) paths;

/** @name as the file @path would say it: beside that file, unless it is absolute. */
const char *path_beside(const char *path, const char *name);

/** The absolute path @directory, and behind it names that need not exist. */
const char *path_joined(const char *directory, const char *names);

/** "a/b/../c" as "a/c". */
const char *path_tidied(const char *path);

/** The same, unless a symbolic link makes that another file. */
const char *path_shortened(const char *path);

/** Where a path that is a symbolic link leads, to a file or to none; NULL and errno: nowhere. */
const char *path_followed(const char *path);

/** The same text for all paths to one place, even if no file is there. */
const char *path_canonical(const char *path);

/**
 * Adds all files below a directory whose names are wanted, in the order of their names; what is
 * hidden is left out, and links to directories are not followed.  False after a report.
 */
bool path_add_below(struct run *run, const char *directory, bool (*is_wanted)(const char *name),
		    paths *all);

#endif
