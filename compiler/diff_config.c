/*
 * Configuration symbols, and the guards that ask for them.
 *
 * A symbol that is gone and one that is new are one symbol under two names if every guard of an op
 * or of data says of the one what it said of the other; then what sets it must know the new name,
 * and nothing else has changed.
 */
#include <string.h>

#include "diff.h"
#include "expr.h"

/* ---- symbols with another name ---- */

/** What becomes of a symbol's name. */
struct renaming {
	const struct config *new; /* NULL: nothing that is sure */
	bool is_shared;		  /* by another symbol, and two that became one are still two */
};

static void note(struct diff *d, const struct config *old, const struct config *new)
{
	struct renaming *r = map_get(&d->renamed, old->name.s);

	if (map_get(&d->new->config_map, old->name.s))
		return;
	if (new && (map_get(&d->old->config_map, new->name.s) || old->is_bool != new->is_bool))
		new = NULL;
	if (!r) {
		r = mem_alloc(sizeof(*r));
		r->new = new;
		map_add(&d->renamed, old->name.s, r);
	} else if (r->new != new) {
		r->new = NULL;
	}
}

/** What has no counterpart is not renamed. */
static void note_none(struct diff *d, const struct expr *e)
{
	if (e->config)
		note(d, e->config, NULL);
	if (e->left)
		note_none(d, e->left);
	if (e->right)
		note_none(d, e->right);
}

static void note_pairs(struct diff *d, const struct expr *a, const struct expr *b)
{
	if (a->kind != b->kind || !a->config != !b->config || a->value != b->value) {
		note_none(d, a);
		return;
	}
	if (a->config)
		note(d, a->config, b->config);
	if (a->left)
		note_pairs(d, a->left, b->left);
	if (a->right)
		note_pairs(d, a->right, b->right);
}

static void note_guards(struct diff *d, const struct expr *old, const struct expr *new)
{
	if (old && new)
		note_pairs(d, old, new);
	else if (old)
		note_none(d, old);
}

static void note_interface(struct diff *d, const struct interface *old, const struct interface *new)
{
	pairs ops = pair_pointers(&old->ops, &new->ops),
	      data = pair_pointers(&old->data, &new->data);

	vec_each(p, &ops)
	{
		const struct op *a = p->old, *b = p->new;

		if (a && b) {
			note_guards(d, a->guard, b->guard);
			note_guards(d, a->callers, b->callers);
		}
	}
	vec_each(p, &data)
	{
		const struct data *a = p->old, *b = p->new;

		if (a && b)
			note_guards(d, a->guard, b->guard);
	}
}

/** The symbol's new name; NULL: it has none. */
static const struct config *new_name(const struct diff *d, const struct config *old)
{
	const struct renaming *r = map_get(&d->renamed, old->name.s);

	return r && !r->is_shared ? r->new : NULL;
}

/** The symbol that had another name before; NULL: none. */
static const struct config *old_name(const struct diff *d, const struct config *new)
{
	vec_each(c, &d->old->configs)
	{
		if (new_name(d, *c) == new)
			return *c;
	}
	return NULL;
}

static void separate(struct diff *d)
{
	struct map taken = {0};

	vec_each(c, &d->old->configs)
	{
		struct renaming *r = map_get(&d->renamed, (*c)->name.s), *other;

		if (!r || !r->new)
			continue;
		other = map_add(&taken, r->new->name.s, r);
		if (other)
			r->is_shared = other->is_shared = true;
	}
}

static void find_renamed(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->interfaces, &d->new->interfaces);

	vec_each(p, &pairs)
	{
		if (p->old && p->new)
			note_interface(d, p->old, p->new);
	}
	separate(d);
}

/* ---- symbols ---- */

static struct fact config_type(const void *c)
{
	return fact_text(((const struct config *)c)->is_bool ? "bool" : "int");
}

static const struct property rows[] = {
	{"type", R_CFG_SYMBOL, R_CFG_SYMBOL, R_CFG_SYMBOL, config_type}};

static void diff_symbol(struct diff *d, const struct config *old, const struct config *new)
{
	const struct config *renamed = old && !new ? new_name(d, old) : NULL;
	struct at at = at_pair(NULL, old ? &old->name : NULL,
			       renamed ? &renamed->name
			       : new   ? &new->name
				       : NULL);

	if (renamed)
		change(d, R_CFG_SYMBOL, &at, "renamed");
	else if (old && new)
		diff_facts(d, &at, rows, old, new);
	else if (old || !old_name(d, new))
		change(d, R_CFG_SYMBOL, &at, "%s", new ? "new" : "gone");
}

void diff_configuration(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->configs, &d->new->configs);

	find_renamed(d);
	vec_each(p, &pairs) diff_symbol(d, p->old, p->new);
}

/* ---- guards ---- */

/** A condition with the new names of symbols. */
static struct expr *in_new_names(const struct diff *d, const struct expr *old)
{
	struct expr *e;

	if (!old)
		return NULL;
	e = mem_alloc(sizeof(*e));
	*e = *old;
	e->left = in_new_names(d, old->left);
	e->right = in_new_names(d, old->right);
	if (e->config && new_name(d, e->config)) {
		e->config = new_name(d, e->config);
		e->text = e->config->name.s;
	}
	return e;
}

/** Could one hold where the other does not? */
static bool can_differ(struct expr *a, struct expr *b)
{
	const struct when x = {.all = a}, y = {.all = b};

	return can_hold((struct clause[]){{&x, true}, {&y, false}}, 2) ||
	       can_hold((struct clause[]){{&x, false}, {&y, true}}, 2);
}

void diff_guards(struct diff *d, const struct at *at, const struct expr *old,
		 const struct expr *new)
{
	const char *a = old ? expr_text(old) : "", *b = new ? expr_text(new) : "";

	if (!strcmp(a, b))
		return;
	if (!old)
		change(d, R_CFG_ADD, at, "if %s", b);
	else if (!new)
		change(d, R_CFG_DEL, at, "if %s", a);
	else
		change(d,
		       can_differ(in_new_names(d, old), (struct expr *)new) ? R_CFG_CHANGE
									    : R_CFG_EQUIV,
		       at, "if %s -> if %s", a, b);
}
