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
	fprintf(stderr, "pvgen: %s in '-D %s'%s\n", text, setting, hint);
	run->environment_failed = true;
	run->errors++;
}

static void apply_setting(struct run *run, const char *setting)
{
	const char *equals = strchr(setting, '=');
	const char *name = intern_n(setting, equals ? (size_t)(equals - setting) : strlen(setting));
	const char *value = equals ? equals + 1 : "";
	struct config *c = map_get(&run->config_map, name);

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

static void configure_group(struct run *run, struct group *g)
{
	if (g->guard)
		resolve_guard(run, g->guard);
	vec_each(op, &g->ops)
	{
		if ((*op)->guard)
			resolve_guard(run, (*op)->guard);
	}
	vec_each(d, &g->data)
	{
		if ((*d)->guard)
			resolve_guard(run, (*d)->guard);
	}
	vec_each(inner, &g->groups) configure_group(run, *inner);
}

bool configure(struct run *run)
{
	vec_each(setting, &run->settings) apply_setting(run, *setting);
	vec_each(i, &run->interfaces)
	{
		vec_each(g, &(*i)->groups) configure_group(run, *g);
	}
	return !run->errors;
}
