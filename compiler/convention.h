/*
 * How calls of an abi travel.  convention.c: what entries and calls say alike; entry.c, call.c:
 * their statements; place.c: where each value is, and that no two are in one place.
 */
#ifndef PVGEN_CONVENTION_H
#define PVGEN_CONVENTION_H

#include "attributes.h"

struct registers registers_from(const struct operand *o);

/** Bits from operands "bits" HIGH:LOW at place @i on, or none; false and a report if it is neither.
 */
bool bits_from(const struct attributed *a, size_t i, const char *usage, struct bits *bits);

#define ERRORS_USAGE                                                                               \
	"errors none|negative|positive; errors status BITS; or errors pair|unchanged REGISTER;"

struct errors errors_from(const struct attributed *a);
struct clobbers clobbers_from(const struct attributed *a);

/** A set of architectures from a statement's words. */
unsigned int arches_from(const struct attributed *a);

/** Reports what these name that the architecture (NULL: unknown) does not have. */
bool check_carrier(struct run *run, const struct arch *arch, const struct registers *registers);
void check_clobbers(struct run *run, const struct entry *e, const struct clobbers *clobbers);
void check_errors(struct run *run, const struct arch *arch, const struct errors *errors);
void check_segments(struct run *run, const struct arch *arch, const names *segments);

/** What a statement of a call, a sub-command, an msr or a feature is about. */
struct about {
	struct life *life;
	names *needs;
	struct traits *traits; /* NULL: neither call nor sub-command */
	struct call *call;
	struct subcall *sub; /* NULL: of the call itself */
};

void say_since(const struct attributed *a);
void say_deprecated(const struct attributed *a);
void say_retired(const struct attributed *a);
void say_needs(const struct attributed *a);

/* Rows of all of them; things of these tables are struct about. */
#define LIFE_ROWS                                                                                  \
	{"since", "v", "since MAJOR.MINOR;", say_since, ONCE},                                     \
		{"deprecated", "v?", "deprecated; or deprecated MAJOR.MINOR;", say_deprecated,     \
		 ONCE},                                                                            \
		{"retired", "v", "retired MAJOR.MINOR;", say_retired, ONCE},                       \
	{                                                                                          \
		"needs", "w+", "needs FEATURE...;", say_needs, ONCE                                \
	}

/* ---- entry.c ---- */

/** A statement `entry ARCH [NAME] "INSTRUCTION"... { }`. */
void abi_entry(const struct attributed *a);

/** Each set of entries, one of which is chosen at boot, ends in one without a condition. */
void check_entries(struct run *run, const struct abi *abi);

/* ---- call.c ---- */

void resolve_call(struct run *run, struct abi *abi, struct call *call);

/* ---- rom.c ---- */

/** Statement `relocations KIND...;` of a call. */
void say_relocations(const struct attributed *a);

/** Reports answers that would lead a caller astray. */
void check_relocations(struct run *run, const struct abi *abi, const struct call *call);

/* ---- element.c ---- */

/** Statements `plane NAME;` and `option NAME "WHAT" { }` of calls, `plane NAME { }` of an abi. */
void say_plane(const struct attributed *a);
void say_option(const struct attributed *a);
void abi_plane(const struct attributed *a);

/* ---- place.c ---- */

/** Finds a place for each value of a call, on each architecture. */
void place_call(struct run *run, struct abi *abi, struct call *call);

#endif
