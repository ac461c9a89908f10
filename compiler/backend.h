/*
 * Rows of backend.c's table that stand elsewhere: detect.c has how a backend is found,
 * registration.c what it offers beside ops, action.c what it does to its kernel.
 */
#ifndef PVGEN_BACKEND_H
#define PVGEN_BACKEND_H

#include "attributes.h"

void backend_detect(const struct attributed *a);
void backend_provide(const struct attributed *a);

void backend_hook(const struct attributed *a);
void backend_set(const struct attributed *a);
void backend_replace(const struct attributed *a);
void backend_run(const struct attributed *a);
void backend_capability(const struct attributed *a);
void backend_static_key(const struct attributed *a);
void backend_teardown(const struct attributed *a);

/** Reports provisions that are never chosen, and sorts them. */
void check_provisions(struct run *run, struct backend *b);

/** Reports actions that are in each other's way, and memory that is never taken back. */
void check_actions(struct run *run, struct backend *b);

/** Takes a value of the member's type from an operand; false and a report if it is none. */
bool member_value(struct run *run, const struct interface *i, const struct registration_member *m,
		  const struct operand *o, struct value *value);

/** Reports what is no value of the member. */
void report_value(struct run *run, const struct registration_member *m, struct loc loc);

/** The member's value as a description has it. */
const char *value_text(const struct value *value);

#endif
