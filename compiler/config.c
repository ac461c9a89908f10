/* The configuration that a run is for: what -D says, and what guards make of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

static const struct {
	const char *text;
	int64_t value;
} truths[] = {{"true", 1}, {"y", 1}, {"1", 1}, {"false", 0}, {"n", 0}, {"0", 0}};

static bool read_truth(const char *text, int64_t *value)
{
	for (size_t i = 0; i < NELEM(truths); i++)
		if (!strcmp(truths[i].text, text)) {
			*value = truths[i].value;
			return true;
		}
	return false;
}

static bool read_number(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return *text && !*end && !errno;
}

/** A fault of the command line, though only the descriptions tell that it is one. */
static void setting_error(struct run *run, const char *text, const char *setting, const char *hint)
{
	run_failed(run, "%s in '-D %s'%s", text, setting, hint);
}

static void apply_setting(struct run *run, const char *setting)
{
	const char *equals = strchr(setting, '=');
	const char *name = intern_n(setting, equals ? (size_t)(equals - setting) : strlen(setting));
	const char *value = equals ? equals + 1 : "";
	struct config *c = map_get(&run->config_map, name);

	if (!c && run->other && map_get(&run->other->config_map, name))
		return;
	if (!c) {
		setting_error(run, "unknown configuration symbol", setting,
			      suggest(run, &run->config_map, name));
		return;
	}
	c->is_set = true;
	if (c->is_bool ? !read_truth(equals ? value : "true", &c->value)
		       : !read_number(value, &c->value))
		setting_error(run, c->is_bool ? "no truth value" : "no number", setting,
			      c->is_bool ? "; known: true y 1 false n 0" : "");
}

/* ---- guards ---- */

/** Calls @visit for each guard of the group and of what is in it, if they are not left out. */
static void each_guard(struct run *run, const struct group *g,
		       void (*visit)(struct run *run, struct expr *guard))
{
	if (g->guard)
		visit(run, g->guard);
	if (g->is_left_out)
		return;
	vec_each(op, &g->ops)
	{
		if ((*op)->guard && (*op)->group == g)
			visit(run, (*op)->guard);
	}
	vec_each(inner, &g->groups) each_guard(run, *inner, visit);
}

static void each_guard_of_all(struct run *run, void (*visit)(struct run *run, struct expr *guard))
{
	vec_each(i, &run->interfaces)
	{
		vec_each(g, &(*i)->groups) each_guard(run, *g, visit);
		vec_each(d, &(*i)->data)
		{
			if ((*d)->guard)
				visit(run, (*d)->guard);
		}
	}
	vec_each(b, &run->backends)
	{
		if ((*b)->guard)
			visit(run, (*b)->guard);
	}
}

static void resolve_one(struct run *run, struct expr *guard)
{
	resolve_guard(run, guard);
}

/* ---- what is left out, as if it were not there ---- */

static void mark_group(struct group *g, bool is_left_out)
{
	g->is_left_out = is_left_out || expr_truth(g->guard) == TRUTH_FALSE;
	vec_each(op, &g->ops)
	{
		if ((*op)->group == g)
			(*op)->is_left_out =
				g->is_left_out || expr_truth((*op)->guard) == TRUTH_FALSE;
	}
	vec_each(inner, &g->groups) mark_group(*inner, g->is_left_out);
}

static void drop_ops(ops *ops)
{
	size_t kept = 0;

	vec_each(op, ops)
	{
		if (!(*op)->is_left_out)
			ops->v[kept++] = *op;
	}
	ops->n = kept;
}

static void drop_in_group(struct group *g)
{
	drop_ops(&g->ops);
	vec_each(inner, &g->groups) drop_in_group(*inner);
}

static void drop_data(struct interface *i)
{
	size_t kept = 0;

	vec_each(d, &i->data)
	{
		if (!(*d)->group->is_left_out && expr_truth((*d)->guard) != TRUTH_FALSE)
			i->data.v[kept++] = *d;
	}
	i->data.n = kept;
}

/* What is left out keeps its name, so that who mentions it is not at fault. */
static void leave_out(struct interface *i)
{
	vec_each(g, &i->groups) mark_group(*g, false);
	vec_each(g, &i->groups) drop_in_group(*g);
	drop_ops(&i->ops);
	for (size_t n = 0; n < i->ops.n; n++)
		i->ops.v[n]->slot = (unsigned int)n;
	drop_data(i);
}

static void drop_backends(struct run *run)
{
	size_t kept = 0;

	vec_each(b, &run->backends)
	{
		if (expr_truth((*b)->guard) != TRUTH_FALSE)
			run->backends.v[kept++] = *b;
		else
			*vec_push(&run->left_out) = *b;
	}
	run->backends.n = kept;
}

/** Types for other architectures; of the others with a guard the names were not taken yet. */
static void choose_types(struct run *run, struct scope *scope)
{
	size_t kept = 0;

	vec_each(it, &scope->decls)
	{
		struct decl *d = *it;

		if (d->guard && (!resolve_type_guard(run, d->guard) ||
				 expr_truth(d->guard) != TRUTH_TRUE || !take_name(run, d)))
			continue;
		scope->decls.v[kept++] = d;
	}
	scope->decls.n = kept;
}

bool configure(struct run *run)
{
	vec_each(setting, &run->settings) apply_setting(run, *setting);
	each_scope(run, choose_types);
	each_guard_of_all(run, resolve_one);
	if (run->errors)
		return false;
	vec_each(i, &run->interfaces) leave_out(*i);
	drop_backends(run);
	return true;
}

static void require_known(struct run *run, struct expr *guard)
{
	if (expr_truth(guard) == TRUTH_UNKNOWN)
		diag(run, config_unset, guard->loc, open_settings(guard));
}

static void require_known_inside(struct run *run, const struct op *op)
{
	if (op->callers)
		require_known(run, op->callers);
	vec_each(t, &op->natives)
	{
		if ((*t)->guard)
			require_known(run, (*t)->guard);
	}
}

bool decide(struct run *run)
{
	if (!run_writes_code(run) || run->profile->keeps_guards)
		return true;
	each_guard_of_all(run, require_known);
	vec_each(i, &run->interfaces)
	{
		vec_each(op, &(*i)->ops) require_known_inside(run, *op);
	}
	return !run->errors;
}
