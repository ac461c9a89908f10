/*
 * expr.c: conditions.  What an atom of a condition (a path, or word(operands)) may be and means
 * depends on where the condition stands: each place has a table, with a row for each kind of atom.
 */
#ifndef PVGEN_EXPR_H
#define PVGEN_EXPR_H

#include "pvgen.h"

/** Where a condition stands, what it may ask, and what its words are looked up in. */
struct asker {
	struct run *run;
	const char *place; /* "a guard" */
	const struct atom *atoms;
	size_t n;
	const void *module;
};

struct atom {
	const char *word;  /* WORD or WORD(OPERANDS); NULL: any path, in the last row */
	const char *shape; /* letters of the operands, see attributes.h; NULL: none */
	const char *usage; /* as in messages: "cmdline(\"WORD\")" */
	enum expr_type type;
	/* Of what is found by name: its type, or a report and TYPE_BROKEN.  NULL: the row's. */
	enum expr_type (*resolve)(const struct asker *a, struct expr *e);
	/* False if not known before boot; NULL: never known. */
	bool (*evaluate)(const struct expr *e, int64_t *value);
};

/** Finds what the atoms mean and checks the types; false if the condition is none. */
bool expr_resolve(const struct asker *a, struct expr *e);

/* For tables of others: a row that takes configuration symbols. */
enum expr_type config_resolve(const struct asker *a, struct expr *e);
bool config_evaluate(const struct expr *e, int64_t *value);

enum expr_type resolve_cpu(const struct asker *a, struct expr *e);
enum expr_type resolve_guest(const struct asker *a, struct expr *e);

/* Rows about the machine, whatever hypervisor it has. */
#define MACHINE_ATOMS                                                                              \
	{"cpu", "w", "cpu(MAKER)", TYPE_TRUTH, resolve_cpu, NULL},                                 \
	{                                                                                          \
		"guest", "w", "guest(KIND)", TYPE_TRUTH, resolve_guest, NULL                       \
	}
/** What an interface derives from its slots by this name, also in e->derived; or NULL. */
const struct derived *find_derived(const struct interface *i, struct expr *e);

#endif
