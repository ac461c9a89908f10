/*
 * What backends say that they use of an abi, against their sources: calls by the names of their
 * generated functions and numbers, memory by the names of members.
 *
 * Backends may share a folder, and functions in it, so what all of them say together must be what
 * all of its sources do.
 */
#include <string.h>

#include "coverage.h"
#include "status.h"

/** A folder, and what the words in its sources use. */
struct folder {
	const char *name;
	const struct abi *abi;
	struct map names; /* that mean a call: "CALL" or "CALL.SUB" */
	struct map words; /* of all sources in it */
	struct map used;  /* calls: by the path, the first place */
};

/* ---- what names mean ---- */

static void add_name(struct folder *f, const char *prefix, const char *name, const char *path)
{
	map_add(&f->names, intern(mem_printf("%s%s", prefix, name)), (void *)intern(path));
}

/** The functions and numbers of generated headers. */
static void add_names(struct folder *f)
{
	const struct scope *scope = &f->abi->scope;

	vec_each(it, &f->abi->calls)
	{
		const struct call *c = *it;

		add_name(f, scope->prefix, c->name.s, c->name.s);
		add_name(f, mem_printf("%smulticall_", scope->prefix), c->name.s, c->name.s);
		add_name(f, mem_printf("%sHYPERCALL_", scope->upper_prefix), c->name.s, c->name.s);
		vec_each(s, &c->subs)
		{
			const char *name = mem_printf("%s_%s", c->name.s, (*s)->name.s);
			const char *path = mem_printf("%s.%s", c->name.s, (*s)->name.s);

			add_name(f, scope->prefix, name, path);
			add_name(f, scope->upper_prefix, name, path);
		}
	}
}

/* ---- what sources use ---- */

static void read_source(struct folder *f, const struct cfile *file)
{
	vec_each(t, &file->lexed.tokens)
	{
		const char *path = t->kind == C_WORD ? map_get(&f->names, t->s) : NULL;
		struct loc *loc;

		if (t->kind == C_WORD)
			map_add(&f->words, t->s, (void *)t);
		if (!path || map_get(&f->used, path))
			continue;
		loc = mem_alloc(sizeof(*loc));
		*loc = (struct loc){file->file, t->begin, t->end};
		map_add(&f->used, path, loc);
	}
}

static const char *call_path(const struct element *e)
{
	return intern(e->sub ? mem_printf("%s.%s", e->call->name.s, e->sub->name.s)
			     : e->call->name.s);
}

/** A call that is made whole may be each of its sub-commands. */
static bool uses_call(const struct folder *f, const struct element *e)
{
	return map_get(&f->used, call_path(e)) || map_get(&f->used, e->call->name.s);
}

/** The last name of the path, or what the structure or the constant is in C. */
static bool uses_memory(const struct folder *f, const struct element *e)
{
	const char *dot = strrchr(e->name.s, '.');
	const struct scope *scope = &f->abi->scope;

	return map_get(&f->words, intern(dot ? dot + 1 : e->name.s)) ||
	       map_get(&f->words, intern(mem_printf("%s%s", scope->prefix, e->name.s))) ||
	       map_get(&f->words, intern(mem_printf("%s%s", scope->upper_prefix, e->name.s)));
}

/* ---- against what is said ---- */

/** Is it in the folder, and says what it uses of the abi? */
static bool is_in(const struct folder *f, const struct backend_status *b)
{
	return b->home && !strcmp(b->home, f->name) && b->backend->abi == f->abi;
}

/** Lines whose ops do the same without the call need none. */
static void check_lines(struct run *run, const struct folder *f, const struct backend *b)
{
	const struct coverage_row *described = coverage_described(b);

	vec_each(line, &b->covers)
	{
		const struct element *e = line->element;

		if (line->verdict == COVERED_NOT || line->is_like ||
		    described[e->index].verdict != COVERED_NOT ||
		    (e->call ? uses_call(f, e) : uses_memory(f, e)))
			continue;
		diag(run, unused_call, line->name.loc, b->name.s, e->name.s,
		     mem_printf("%s/%s", run->backend.directory, f->name));
	}
}

/** Does some backend of the folder speak of the call, or of the part of it that is used? */
static bool is_said(const struct folder *f, const statuses *all, const char *path)
{
	size_t n = strlen(path);

	vec_each(b, all)
	{
		if (!is_in(f, b))
			continue;
		vec_each(line, &b->backend->covers)
		{
			const char *name = line->element->name.s;

			if (line->verdict != COVERED_NOT && !strncmp(name, path, n) &&
			    (!name[n] || name[n] == '.'))
				return true;
		}
	}
	return false;
}

static void check_sources(struct run *run, const struct folder *f, const statuses *all)
{
	vec_each(c, &f->abi->calls)
	{
		const struct loc *loc = map_get(&f->used, (*c)->name.s);

		if (loc && !is_said(f, all, (*c)->name.s))
			diag(run, unsaid_call, *loc, (*c)->name.s, f->name, (*c)->name.s);
		vec_each(s, &(*c)->subs)
		{
			const char *path = intern(mem_printf("%s.%s", (*c)->name.s, (*s)->name.s));

			loc = map_get(&f->used, path);
			if (loc && !is_said(f, all, path))
				diag(run, unsaid_call, *loc, path, f->name, path);
		}
	}
}

static void check_folder(struct run *run, const struct survey *s, const statuses *all,
			 const struct backend_status *first)
{
	struct folder f = {.name = first->home, .abi = first->backend->abi};

	add_names(&f);
	vec_each(file, &s->files)
	{
		if (survey_is_in(s, *file, f.name))
			read_source(&f, *file);
	}
	vec_each(b, all)
	{
		if (is_in(&f, b))
			check_lines(run, &f, b->backend);
	}
	check_sources(run, &f, all);
}

/** Has one before it the same folder? */
static bool is_first(const statuses *all, const struct backend_status *b)
{
	vec_each(other, all)
	{
		struct folder f = {.name = b->home, .abi = b->backend->abi};

		if (other == b)
			return true;
		if (other->backend->uses && is_in(&f, other))
			return false;
	}
	return true;
}

void check_usage(struct run *run, const struct survey *s, const statuses *all)
{
	vec_each(b, all)
	{
		if (b->home && b->backend->uses && is_first(all, b))
			check_folder(run, s, all, b);
	}
}
