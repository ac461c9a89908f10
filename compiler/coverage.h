/* coverage.c, coverage_html.c: `pvgen coverage`. */
#ifndef PVGEN_COVERAGE_H
#define PVGEN_COVERAGE_H

#include "pvgen.h"

/** What is said of one element, or follows from how ops are done. */
struct coverage_row {
	const struct element *element;
	enum coverage verdict;
	VEC(const char *) by; /* ops, members of registrations, hooks, or calls */
	bool is_like;	      /* these do the same, without it */
	const char *text;     /* what is lost, or a remark; or NULL */
	struct loc loc;	      /* of what says so, or of the element */
};

/** An abi through one interface, or through another abi. */
struct coverage_column {
	const char *name;    /* "pv" */
	const char *kind;    /* "interface" or "abi" */
	const char *version; /* of an interface, else NULL */
	VEC(const char *) backends;
	VEC(const char *)
	silent; /* backends without `uses`: what their functions do is not known */
	struct coverage_row *rows;   /* one an element of the abi, in its order */
	size_t (*counts)[COVERAGES]; /* one a plane, behind them those of no plane, and the total */
};

struct coverage_report {
	const struct abi *on;
	VEC(struct coverage_column) columns; /* the one that was asked for, then all others */
};

/** What follows from how the backend's ops are done, without the lines of `uses`. */
struct coverage_row *coverage_described(const struct backend *b);

/** Name of the plane by its number, or "". */
const char *coverage_plane(const struct abi *on, size_t i);

/** A sentence about a backend that is silent. */
const char *coverage_silence(const char *backend);

/** Elements that were counted. */
size_t coverage_sum(const size_t counts[COVERAGES]);

/** "by x, y", "like x", or "". */
const char *coverage_by(const struct coverage_row *row);

/** Is this a form of the report: "text", "json" or "html"? */
bool coverage_knows(const char *request);

/** Pass: how much of ON, the second name, there is in FROM, the first one, as outputs. */
bool coverage(struct run *run, const char *from, const char *on);

void put_coverage_html(const struct run *run, const struct coverage_report *r, struct out *o);

#endif
