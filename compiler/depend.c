/* The make rule that says what the outputs are made of: -MD. */
#include <string.h>

#include "path.h"
#include "pvgen.h"

const char *make_name(const char *path)
{
	struct out o = {0};
	size_t backslashes = 0;

	for (; *path; path++) {
		/* Each backslash in front of one that quotes must be quoted itself. */
		if (strchr(" #:", *path))
			put(&o, "%.*s\\", (int)backslashes, path - backslashes);
		else if (*path == '$')
			put(&o, "$");
		put(&o, "%c", *path);
		backslashes = *path == '\\' ? backslashes + 1 : 0;
	}
	return text_of(&o);
}

/** A backslash would quote what follows the name, and an end of line cannot be quoted. */
static bool is_speakable(const char *path)
{
	return !path[strcspn(path, "\t\r\n")] && path[strlen(path) - 1] != '\\';
}

static bool add_name(struct run *run, const char *path, paths *names)
{
	if (!is_speakable(path))
		return run_failed(run, "a make rule cannot name '%s'", path);
	*vec_push(names) = make_name(path);
	return true;
}

static const struct output *first_file(const struct run *run)
{
	vec_each(out, &run->outputs) if (strcmp(out->path, "-") != 0) return out;
	return NULL;
}

static bool find_targets(struct run *run, paths *names)
{
	bool good = true;

	vec_each(target, &run->depend.targets) * vec_push(names) = *target;
	if (names->n)
		return true;
	if (!first_file(run))
		return run_failed(run, "no output is a file that a make rule could name; say -MT");
	vec_each(out, &run->outputs)
	{
		if (strcmp(out->path, "-") != 0)
			good &= add_name(run, out->path, names);
	}
	return good;
}

static bool find_sources(struct run *run, paths *names)
{
	bool good = true;

	vec_each(s, &run->sources) good &= (*s)->is_stdin || add_name(run, (*s)->path, names);
	return good;
}

static void put_rule(const struct run *run, const paths *targets, const paths *sources,
		     struct out *o)
{
	for (size_t i = 0; i < targets->n; i++)
		put(o, "%s%s", i ? " " : "", targets->v[i]);
	put(o, ":");
	vec_each(name, sources) put(o, " \\\n  %s", *name);
	put(o, "\n");
	/* Without the first input the rule is of no use, but imports may disappear. */
	for (size_t i = 1; run->depend.has_phony && i < sources->n; i++)
		put(o, "\n%s:\n", sources->v[i]);
}

bool depend(struct run *run)
{
	const struct output *first = first_file(run);
	const char *path = run->depend.path;
	paths targets = {0}, sources = {0};
	struct output rule = {0};

	if (!run->depend.is_wanted)
		return true;
	if (!path && !first)
		return run_failed(run, "no output is a file beside which a rule could be; say -MF");
	if (!find_targets(run, &targets) || !find_sources(run, &sources))
		return false;
	rule.path = path ?: mem_printf("%s.d", first->path);
	put_rule(run, &targets, &sources, &rule.text);
	*vec_push(&run->outputs) = rule;
	return true;
}
