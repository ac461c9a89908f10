/* git.c: descriptions as a revision has them. */
#ifndef PVGEN_GIT_H
#define PVGEN_GIT_H

#include "path.h"
#include "pvgen.h"

/**
 * If the operand is git:REV:PATH, the run reads REV from here on; returns PATH.  Any other
 * operand is returned as it is.  NULL after a report.
 */
const char *git_enter(struct run *run, const char *operand);

/** Is the path one that the run reads from a revision?  All below the repository's top are. */
bool git_has(const struct run *run, const char *path);

/** For such a path. */
bool git_exists(struct run *run, const char *path);
bool git_is_directory(struct run *run, const char *path);
struct opened git_open(struct run *run, const char *path);

/** Adds all descriptions below a directory, as path_add_below() does for those on disk. */
bool git_add_directory(struct run *run, const char *path, paths *paths);

/** The path by which a source was opened. */
const char *git_plain(const struct run *run, const char *shown);

#endif
