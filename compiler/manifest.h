/* emit_manifest*.c: the model as JSON, in parts. */
#ifndef PVGEN_MANIFEST_H
#define PVGEN_MANIFEST_H

#include "pvgen.h"

/** "key": "value"; NULL is the empty text. */
void put_key(struct out *o, const char *key, const char *value);

/** The same, but NULL is null. */
void put_optional(struct out *o, const char *key, const char *value);

/** What stands before an element of a list that has a line for each. */
const char *separator(bool is_first, const char *indent);

/** How code comes to a site: "inline", "call" and so on. */
const char *form_name(const struct lowered *l);

/** What the backend says beside its implementations of ops. */
void put_backend(struct out *o, const struct backend *b);

/** What an interface says, and what each backend makes of its ops. */
void put_interface(const struct interface *i, struct out *o);

/** Constants and types, as keys of an object. */
void put_scope(const struct scope *scope, struct out *o);

/** A list of what can be had of an abi. */
void put_covers(struct out *o, const covers *covers);

/** What a ROM does of its abi. */
void put_rom_image(struct out *o, const struct rom_image *m);

/* ---- texts ---- */

/** A type as the description says it. */
const char *type_text(const struct type *type);

/** "" for what was not said. */
const char *registers_text(const struct registers *r);
const char *carrier_text(const struct carrier *at);
const char *bits_text(const struct bits *bits);
const char *errors_text(const struct errors *e);
const char *clobbers_text(const struct clobbers *c);
const char *fixes_text(const struct call *c);
const char *multicall_text(const struct abi *abi);

#endif
