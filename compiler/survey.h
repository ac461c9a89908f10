/* survey.c: who has written what, in the folders of the backends. */
#ifndef PVGEN_SURVEY_H
#define PVGEN_SURVEY_H

#include "cscan.h"
#include "skeleton.h"

struct survey {
	struct run *run;
	VEC(struct cfile *) files; /* by path */
	VEC(const char *) folders; /* by name */
	struct map macros;	   /* of headers */
	struct map by_name;	   /* struct sightings */
	struct ctypes types;
};

/** A symbol somewhere. */
struct sighting {
	const struct cfile *file;
	const struct csymbol *symbol; /* NULL: the file is confused, and has the name in it */
};

typedef VEC(struct sighting) sightings;

/** Reads and scans all sources below the directory of the backends' folders. */
bool survey(struct run *run, struct survey *s);

/** The folder of a backend, or NULL. */
const char *survey_home(const struct survey *s, const struct backend *b, const writtens *list);

/** Where the function of a backend is defined; without a file: nowhere. */
struct sighting survey_find(const struct survey *s, const char *home, const char *symbol);

/** What the implementation says of the op's revision, or NULL. */
const struct cstatement *survey_revision(const struct survey *s, const struct sighting *at,
					 const struct interface *i, const struct op *op);

/** Does the file lie in this folder? */
bool survey_is_in(const struct survey *s, const struct cfile *f, const char *folder);

#endif
