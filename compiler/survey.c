/* The sources of all backends, scanned, and where in them a function is. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "survey.h"

/* A link that leads upwards must not lead on for ever. */
enum { FOLDER_DEPTH = 16 };

static bool fail(struct run *run, const char *path, const char *problem)
{
	fprintf(stderr, "pvgen: cannot read '%s': %s\n", path, problem);
	run->environment_failed = true;
	run->errors++;
	return false;
}

/* ---- files ---- */

static const char *suffix_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot : "";
}

static bool is_source(const char *name)
{
	const char *suffix = suffix_of(name);

	return !strcmp(suffix, ".c") || !strcmp(suffix, ".h") || !strcmp(suffix, ".S") ||
	       !strcmp(suffix, ".s");
}

static bool add_file(struct survey *s, const char *path)
{
	struct opened o = source_open(s->run, path, false);
	struct cfile *f = mem_alloc(sizeof(*f));

	if (!o.source)
		return fail(s->run, path, o.problem);
	if (!o.is_new)
		return true;
	f->path = path;
	f->file = o.source->file;
	c_lex(o.source, &f->lexed);
	*vec_push(&s->files) = f;
	return true;
}

typedef VEC(const char *) strings;

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Names in a directory, sorted, without hidden ones; false and errno on failure. */
static bool list_directory(const char *path, strings *list)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return false;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			*vec_push(list) = intern(entry->d_name);
	closedir(d);
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_text);
	return true;
}

static bool walk(struct survey *s, const char *directory, unsigned int depth)
{
	strings list = {0};
	struct stat st;

	if (!list_directory(directory, &list))
		return fail(s->run, directory, strerror(errno));
	vec_each(name, &list)
	{
		const char *path = mem_printf("%s/%s", directory, *name);

		if (stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && !depth)
			*vec_push(&s->folders) = *name;
		if (S_ISDIR(st.st_mode) && depth < FOLDER_DEPTH && !walk(s, path, depth + 1))
			return false;
		if (S_ISREG(st.st_mode) && is_source(*name) && !add_file(s, path))
			return false;
	}
	return true;
}

bool survey_is_in(const struct survey *s, const struct cfile *f, const char *folder)
{
	size_t n = strlen(s->run->backend.directory), m = folder ? strlen(folder) : 0;

	return folder && !strncmp(f->path + n + 1, folder, m) && f->path[n + 1 + m] == '/';
}

/* ---- names of types ---- */

static void add_type(struct survey *s, const char *name, const char *declaration)
{
	ctokens *tokens = mem_alloc(sizeof(*tokens));

	*tokens = c_tokens(declaration);
	map_add(&s->types.typedefs, intern(name), tokens);
}

static void add_types(struct survey *s, const struct scope *scope)
{
	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;
		const char *name = mem_printf("%s%s", scope->prefix, d->name.s);

		if (d->kind == DECL_TYPEDEF)
			add_type(s, name, c_declare(&d->type, name));
		else if (d->kind == DECL_FUNCTION)
			add_type(s, name,
				 mem_printf("%s(%s)", c_declare(&d->type, name),
					    c_params(&d->params)));
	}
}

static void add_typedefs(struct survey *s)
{
	struct run *run = s->run;

	s->types.word = run->arch->word;
	s->types.is_64_long_long = run->profile->is_foreign;
	add_types(s, &run->scope);
	vec_each(i, &run->interfaces) add_types(s, &(*i)->scope);
	vec_each(a, &run->abis) add_types(s, &(*a)->scope);
	vec_each(f, &s->files)
	{
		vec_each(t, &(*f)->typedefs) map_add(&s->types.typedefs, t->name, &t->tokens);
	}
}

/* ---- the survey ---- */

static void add_macros(struct survey *s, const struct cfile *f)
{
	for (size_t i = 0; i < f->lexed.macros.cap; i++)
		if (f->lexed.macros.v[i].key)
			map_add(&s->macros, f->lexed.macros.v[i].key, f->lexed.macros.v[i].value);
}

static sightings *sightings_of(struct survey *s, const char *name)
{
	sightings *list = map_get(&s->by_name, name);

	if (!list) {
		list = mem_alloc(sizeof(*list));
		map_add(&s->by_name, name, list);
	}
	return list;
}

bool survey(struct run *run, struct survey *s)
{
	*s = (struct survey){.run = run};
	if (!walk(s, run->backend.directory, 0))
		return false;
	vec_each(f, &s->files)
	{
		if (!strcmp(suffix_of((*f)->path), ".h"))
			add_macros(s, *f);
	}
	vec_each(f, &s->files) c_scan(*f, &s->macros);
	add_typedefs(s);
	vec_each(f, &s->files)
	{
		vec_each(symbol, &(*f)->symbols) * vec_push(sightings_of(s, symbol->name)) =
			(struct sighting){*f, symbol};
	}
	return true;
}

/* ---- where a function is ---- */

/** How much a sighting says that the function is there; 0: nothing. */
static unsigned int weight(const struct sighting *at, bool is_at_home)
{
	enum csymbol_kind kind = at->symbol->kind;

	if (kind == C_DECLARATION)
		return 0;
	if (kind == C_OPAQUE || at->symbol->is_static)
		return is_at_home ? 1 + (kind != C_OPAQUE) : 0;
	return is_at_home ? 4 : 3;
}

static bool has_word(const ctokens *t, const char *word)
{
	vec_each(token, t)
	{
		if (token->s == word)
			return true;
	}
	return false;
}

struct sighting survey_find(const struct survey *s, const char *home, const char *symbol)
{
	const sightings *list = map_get(&s->by_name, symbol);
	struct sighting best = {0};
	unsigned int most = 0;

	for (size_t i = 0; list && i < list->n; i++) {
		unsigned int w = weight(&list->v[i], survey_is_in(s, list->v[i].file, home));

		if (w > most) {
			most = w;
			best = list->v[i];
		}
	}
	if (best.file)
		return best;
	vec_each(f, &s->files)
	{
		if ((*f)->is_confused && survey_is_in(s, *f, home) &&
		    has_word(&(*f)->lexed.tokens, symbol))
			return (struct sighting){.file = *f};
	}
	return best;
}

const char *survey_home(const struct survey *s, const struct backend *b, const writtens *list)
{
	const char *home = NULL;
	size_t most = 0;

	vec_each(folder, &s->folders)
	{
		size_t n = 0;

		if (!strcmp(*folder, b->name.s))
			return *folder;
		vec_each(w, list)
		{
			struct sighting at = survey_find(s, *folder, w->symbol);

			n += at.file && survey_is_in(s, at.file, *folder);
		}
		if (n > most) {
			most = n;
			home = *folder;
		}
	}
	return home;
}

/* ---- revisions ---- */

static bool is_about(const struct cstatement *statement, const struct interface *i,
		     const struct op *op)
{
	const char *macro = mem_printf("%sIMPLEMENTS", i->scope.upper_prefix);

	return statement->op == op->name.s &&
	       (!statement->macro || !strcmp(statement->macro, macro));
}

/** Does the statement stand before the function, or in it? */
static bool belongs_to(const struct cfile *f, const struct cstatement *statement,
		       const struct csymbol *symbol)
{
	uint32_t at = statement->loc.begin;

	if (at >= symbol->head.begin && at < symbol->body.end)
		return true;
	vec_each(other, &f->symbols)
	{
		if (other->kind == C_DECLARATION || other->loc.begin <= at)
			continue;
		if (!other->is_static || other->name == symbol->name)
			return other->name == symbol->name;
	}
	return false;
}

static const struct cstatement *statement_in(const struct cfile *f, const struct csymbol *symbol,
					     const struct interface *i, const struct op *op)
{
	vec_each(statement, &f->statements)
	{
		if (is_about(statement, i, op) && (!symbol || belongs_to(f, statement, symbol)))
			return statement;
	}
	return NULL;
}

const struct cstatement *survey_revision(const struct survey *s, const struct sighting *at,
					 const struct interface *i, const struct op *op)
{
	const struct cstatement *found = NULL;

	if (at->symbol)
		found = statement_in(at->file, at->symbol, i, op);
	if (!found)
		found = statement_in(at->file, NULL, i, op);
	vec_each(f, &s->files)
	{
		size_t n = strrchr(at->file->path, '/') - at->file->path + 1;

		if (!found && !strncmp((*f)->path, at->file->path, n))
			found = statement_in(*f, NULL, i, op);
	}
	return found;
}
