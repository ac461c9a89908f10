/* status.c, status_html.c, usage.c: `pvgen backend status`. */
#ifndef PVGEN_STATUS_H
#define PVGEN_STATUS_H

#include "survey.h"

enum state {
	STATE_DONE,
	STATE_SKELETON, /* still says that it is not written */
	STATE_STALE,	/* written for an older revision of the op */
	STATE_MISSING,	/* bound to what nobody defines */
	STATE_DESCRIBED,
	STATE_INHERITED,
	STATE_DEFAULT,
	STATE_COUNT
};

/** What a backend does about an op, or about what stands beside the ops. */
struct status_row {
	const struct op *op; /* or NULL */
	const char *role;    /* "cpu.read_msr", "init" */
	enum state state;
	const char *way;      /* "call", "inline"... */
	const char *function; /* or NULL */
	const char *remark;   /* or NULL */
	unsigned int stated; /* the revision that the implementation was written for; 0: not said */
	struct loc loc;	     /* of the implementation, or of what says that there is none */
};

struct backend_status {
	const struct backend *backend;
	const char *home; /* name of its folder, or NULL */
	VEC(struct status_row) ops;
	VEC(struct status_row) others;
	size_t counts[STATE_COUNT];
};

typedef VEC(struct backend_status) statuses;

const char *state_name(enum state state);

/** Is this a form of the report: "text", "json" or "html"? */
bool status_knows(const char *request);

/** Pass: the state of each backend, in the forms that were asked for, as outputs. */
bool status(struct run *run);

/** usage.c: reports what backends say that they use and do not, or the reverse. */
void check_usage(struct run *run, const struct survey *s, const statuses *all);

void put_status_html(const struct run *run, const statuses *all, struct out *o);

#endif
