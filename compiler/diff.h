/* diff*.c: what changed between two descriptions, and whom it breaks. */
#ifndef PVGEN_DIFF_H
#define PVGEN_DIFF_H

#include "unknown.h"
#include "users.h"

/** Who may be broken by a change. */
enum audience {
	FOR_SOURCE,   /* callers, compiled anew */
	FOR_BACKENDS, /* implementations, compiled anew */
	FOR_MODULES,  /* what was compiled before, and uses the slots */
	FOR_PEERS,    /* the other side of a numbered interface, which is not compiled here */
	AUDIENCES
};

enum { ALL_AUDIENCES = (1 << AUDIENCES) - 1, FINGERPRINT = 12 /* digits */ };

/** In order of harm. */
enum verdict {
	V_NA, /* not concerned */
	V_OK,
	V_NOTE,	  /* look at it */
	V_WARN,	  /* diagnostics, or something to do */
	V_REFUSE, /* does not start, and says so */
	V_BREAK,  /* does not build or does not run, and it shows */
	V_SILENT, /* builds and runs, and does something else */
	VERDICTS
};

enum rule_id {
#define RULE(id, name, text, source, backend, module, peer, effect, remedy) R_##id,
#include "diff.def"
#undef RULE
	R_COUNT,
	R_NONE = R_COUNT
};

struct rule_row {
	const char *name, *text;
	enum verdict verdicts[AUDIENCES];
	const char *effect, *remedy;
};

extern const struct rule_row diff_rules[];
extern const char *const audience_names[];
extern const char *const verdict_names[];

struct change {
	enum rule_id rule;
	const char *element;
	const char *detail; /* or "" */
	enum verdict verdicts[AUDIENCES];
	struct loc old, new;
	bool has_old, has_new;
	const struct op *op; /* the old one that it is about, or NULL */
	const char *fingerprint;
	const struct waiver *waivers[AUDIENCES]; /* that accept it, or NULL */
	struct insertion {
		struct loc at;
		const char *text; /* or NULL: there is none */
	} fix;			  /* into NEW, after which the change is gone, or does less harm */
};

/** What was not compared, because a side does not tell it. */
struct unseen {
	enum aspect aspect;
	const char *element;
	size_t n;      /* ops; 0: it is about none */
	bool old, new; /* who tells */
};

/** A table whose slots are more or fewer, or hold other ops. */
struct moved {
	const char *element, *table;
	size_t old, new; /* slots */
	size_t n;	 /* ops of both that are in another slot */
	VEC(struct shift {
		int64_t by; /* slots */
		size_t n;
	})
	shifts;
};

typedef VEC(struct waiver) waivers;

struct diff {
	struct run *old, *new;
	const char *const *operands; /* by which they were named */
	VEC(struct moved) moved;
	VEC(struct unseen) unseen;
	unsigned int unknown; /* of what is compared now, on one side or both: aspects */
	VEC(struct change) changes;
	struct map renamed;	       /* configuration symbols: the new one by the old name */
	bool has_peers;		       /* what is compared now is seen by hypervisors */
	enum verdict worst[AUDIENCES]; /* without what is waived */
	waivers waivers;
	struct users users; /* of the old ops */
};

enum verdict change_worst(const struct change *c);

/** An element of both models, or of one; elements are inside of others. */
struct at {
	const struct at *outer;
	const char *name;	      /* or NULL: */
	const struct op *op;	      /* it is named by its path */
	const struct name *old, *new; /* NULL: not there */
	const struct op *was;	      /* it is this op of OLD, under whatever name; or NULL */
};

/** Both or one of an element. */
struct at at_pair(const struct at *outer, const struct name *old, const struct name *new);
struct at at_op(const struct at *outer, const struct op *old, const struct op *new);

/** Adds a change; the text says what is not said by rule and element. */
void change(struct diff *d, enum rule_id rule, const struct at *at, const char *fmt, ...)
	PRINTF(4, 5);

/** The dotted path of an element. */
const char *element_of(const struct at *at);

/* ---- diff_unknown.c ---- */

/** Do both sides of what is compared now tell this? */
bool knows(const struct diff *d, enum aspect a);

/** ... and what the rule is about? */
bool is_knowable(const struct diff *d, enum rule_id rule);

/** What is unknown of any interface. */
unsigned int unknown_of_all(const struct run *run);

/** Counts what is not compared of an interface, or of an op's signature. */
void note_unknown(struct diff *d, const struct interface *old, const struct interface *new);
bool signatures_are_known(struct diff *d, const struct at *at, const struct op *old,
			  const struct op *new);

/** The parameters, called as others are by their places. */
params with_names_of(const params *from, const params *named);

/** Adds a line for each table whose slots moved; for each thing that was not compared. */
void tell_moved(const struct diff *d, names *notes);
void tell_unseen(const struct diff *d, names *notes);
void put_moved_json(const struct diff *d, struct out *o);
void put_unknown_json(const struct diff *d, struct out *o);

/* ---- diff_fix.c: the last change gets what is to be inserted ---- */

/** Inside of the body that follows a name in NEW, or behind it. */
void diff_insert_inside(struct diff *d, struct loc name, const char *text);
void diff_insert_behind(struct diff *d, struct loc name, const char *text);

void diff_put_fix(const struct diff *d, const struct change *c, struct out *o);
void diff_put_json_fix(const struct diff *d, const struct change *c, struct out *o);

/* ---- pairs ---- */

/** Old and new of the same name; one of them may be NULL. */
struct pair {
	const void *old, *new;
};

typedef VEC(struct pair) pairs;

/** Things of two lists by their names, with which each begins: all old ones in their order, then
 * the new. */
pairs pair_things(const void *const *old, size_t n_old, const void *const *new, size_t n_new);
pairs pair_elements(const void *old, size_t n_old, const void *new, size_t n_new, size_t size);

#define pair_pointers(a, b)                                                                        \
	pair_things((const void *const *)(const void *)(a)->v, (a)->n,                             \
		    (const void *const *)(const void *)(b)->v, (b)->n)
#define pair_values(a, b) pair_elements((a)->v, (a)->n, (b)->v, (b)->n, sizeof(*(a)->v))

/* ---- properties ---- */

/** A value that can be compared and shown: a number, or a text. */
struct fact {
	const char *s;
	int64_t n;
};

/** A row says which change it is if a value is another, comes or grows, goes or shrinks. */
struct property {
	const char *what;
	enum rule_id changed, more, less;
	struct fact (*get)(const void *thing);
};

void diff_properties(struct diff *d, const struct at *at, const struct property *rows, size_t n,
		     const void *old, const void *new);

#define diff_facts(d, at, rows, old, new) diff_properties(d, at, rows, NELEM(rows), old, new)

/**
 * Things that are of interest by their properties alone; one without the other is a change of rule
 * @lone, whose text begins with @what.
 */
void diff_things(struct diff *d, const struct at *at, const pairs *pairs,
		 const struct property *rows, size_t n, enum rule_id lone, const char *what);

/** A getter of properties: what @text says of x, a thing of this type. */
#define FACT(name, type, text)                                                                     \
	static struct fact name(const void *thing)                                                 \
	{                                                                                          \
		const struct type *x = thing;                                                      \
		return text;                                                                       \
	}

static inline struct fact fact_number(int64_t n)
{
	return (struct fact){NULL, n};
}

/** NULL is "". */
static inline struct fact fact_text(const char *s)
{
	return (struct fact){s ? s : "", 0};
}

struct fact fact_words(const names *words);
struct fact fact_ops(const ops *ops);
struct fact fact_life(const struct life *life);

/* ---- diff_config.c ---- */

/** Reports symbols that came and went, and finds those that have another name. */
void diff_configuration(struct diff *d);

/** Reports a guard that is another condition, or the same in other words. */
void diff_guards(struct diff *d, const struct at *at, const struct expr *old,
		 const struct expr *new);

/* ---- diff_types.c ---- */

/** What a change of the type is for a parameter; R_NONE if it is none. */
enum rule_id type_change(const struct diff *d, const struct type *old, const struct type *new);

/** The type as the description has it. */
const char *type_words(const struct type *type);

void diff_params(struct diff *d, const struct at *at, const params *old, const params *new);
void diff_result(struct diff *d, const struct at *at, const struct type *old,
		 const struct type *new);

/** Are the canonical types the same, one by one, and the results'? */
bool same_signature(const struct diff *d, const struct op *a, const struct op *b);

/* ---- diff_records.c ---- */

void diff_scope(struct diff *d, const struct at *at, const struct scope *old,
		const struct scope *new);

/* ---- diff_slots.c, diff_op.c, diff_interface.c, diff_abi.c, diff_backend.c, diff_cover.c ---- */

void diff_slots(struct diff *d, const struct at *at, const struct interface *old,
		const struct interface *new);

/** The slot table that a group is in; "" is the interface's own. */
const char *group_table(const struct group *g);
bool op_has_slot(const struct op *op);

void diff_op(struct diff *d, const struct at *at, const struct op *old, const struct op *new);

/** Is all but name and place the same? */
bool same_contract(const struct diff *d, const struct op *a, const struct op *b);

void diff_interface(struct diff *d, const struct at *at, const struct interface *old,
		    const struct interface *new);
void diff_abi(struct diff *d, const struct at *at, const struct abi *old, const struct abi *new);
void diff_backend(struct diff *d, const struct at *at, const struct backend *old,
		  const struct backend *new);
void diff_detection_overlaps(struct diff *d);

/** What of an abi can be had, in two bindings. */
void diff_covers(struct diff *d, const struct at *at, const covers *old, const covers *new);
/** A hypervisor's ROM.  (diff_rom.c) */
void diff_rom(struct diff *d, const struct at *at, const struct rom_image *old,
	      const struct rom_image *new);
void diff_mapping(struct diff *d, const struct at *at, const struct mapping *old,
		  const struct mapping *new);

/** Planes of an abi, and the words about them of calls and sub-commands. */
void diff_planes(struct diff *d, const struct at *at, const struct abi *old, const struct abi *new);
void diff_options(struct diff *d, const struct at *at, const struct traits *old,
		  const struct traits *new);

/* ---- diff_users.c: who uses what changed ---- */

/** Is it known that nobody calls the old op? */
bool is_unused(const struct diff *d, const struct op *op);

/* ---- diff_waive.c ---- */

/** Pass: gives fingerprints, accepts what is waived, adds what is wrong with waivers. */
bool diff_waive(struct diff *d);

/* ---- diff_report.c ---- */

bool diff_knows(const char *request);

/** The reports that were asked for, as outputs. */
void diff_report(struct run *run, const struct diff *d);

/* ---- gates ---- */

/** Audiences by their names, with commas between them; false if there is no such audience. */
bool audiences_from(const char *words, unsigned int *audiences);
const char *audience_words(unsigned int audiences);

/** Is it what is wrong with a waiver, not with a description? */
bool is_waivers_fault(const struct change *c);

/** For whom the change fails, by what --gate asks for; a bit for each. */
unsigned int change_gated(const struct diff *d, const struct change *c);

/** Does any? */
bool diff_is_gated(const struct diff *d);

/** Pass: compares; the changes are in order of harm. */
void diff_compare(struct diff *d);
void diff_sort(struct diff *d);

#endif
