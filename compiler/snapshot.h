/* snapshot.c: the texts of a run in one file. */
#ifndef PVGEN_SNAPSHOT_H
#define PVGEN_SNAPSHOT_H

#include "pvgen.h"

/** Does the file hold a snapshot?  No description begins as one does. */
bool snapshot_is(const struct source *s);

/** Parses the texts in it, or reports why they cannot be read. */
void snapshot_read(struct run *run, const struct source *s);

#endif
