/*
 * What is allowed but was hardly meant.  A check is a row; it runs only when its
 * warnings are wanted, and on descriptions in which nothing is wrong.
 */
#include <string.h>

#include "pvgen.h"

/* ---- language ---- */

/** Behind comments from @i on: all, or those that document nothing. */
static size_t skip_comments(const char *s, size_t n, size_t i, bool is_all)
{
	for (;;) {
		const char *end = NULL;

		i += strspn(s + i, " \t\r\n\f");
		if (!strncmp(s + i, "//", 2) && (is_all || s[i + 2] != '/'))
			end = memchr(s + i, '\n', n - i);
		else if (!strncmp(s + i, "/*", 2))
			end = strstr(s + i + 2, "*/");
		else
			return i;
		if (!end)
			return n;
		i = (size_t)(end - s) + (*end == '*' ? 2 : 1);
	}
}

static void check_language_line(struct run *run, uint32_t file)
{
	const struct source *s = run->sources.v[file];
	size_t begin = s->length >= 3 && !memcmp(s->text, "\xef\xbb\xbf", 3) ? 3 : 0;
	size_t place = skip_comments(s->text, s->length, begin, false);
	size_t word = skip_comments(s->text, s->length, place, true);
	size_t end = word + strspn(s->text + word, "abcdefghijklmnopqrstuvwxyz");

	if (s->has_language || word == s->length)
		return;
	diag(run, missing_language, ((struct loc){file, (uint32_t)word, (uint32_t)end}));
	diag_fix(run, (struct loc){file, (uint32_t)place, (uint32_t)place}, "language 1;\n");
}

static void check_languages(struct run *run)
{
	for (uint32_t file = 0; file < run->sources.n; file++)
		check_language_line(run, file);
}

/* ---- imports ---- */

/** A set of files. */
typedef uint64_t *files;

static size_t words_of(const struct run *run)
{
	return run->sources.n / 64 + 1;
}

static files make_files(const struct run *run)
{
	return mem_alloc(words_of(run) * sizeof(uint64_t));
}

static void add_file(files set, uint32_t file)
{
	set[file / 64] |= UINT64_C(1) << file % 64;
}

/** What the check knows, each by file. */
struct imports {
	struct run *run;
	files *related; /* files that use it, or that it uses */
	files *closure; /* it and all that it imports, however deep; NULL until it is asked for */
	files definers; /* ... of something */
	files special;	/* ... of something that works without being named */
};

void note_use(struct run *run, struct loc user, struct loc used)
{
	if (user.file != used.file)
		*vec_push(&run->uses) = (struct use){user.file, used.file};
}

static files closure_of(struct imports *m, uint32_t file)
{
	files set = m->closure[file];

	if (set)
		return set;
	m->closure[file] = set = make_files(m->run);
	add_file(set, file);
	vec_each(import, &m->run->imports)
	{
		files inner;

		if (import->loc.file != file)
			continue;
		inner = closure_of(m, import->file);
		for (size_t i = 0; i < words_of(m->run); i++)
			set[i] |= inner[i];
	}
	return set;
}

static void add_to(files *sets, const struct run *run, uint32_t file, uint32_t other)
{
	if (!sets[file])
		sets[file] = make_files(run);
	add_file(sets[file], other);
}

static void collect_files(struct imports *m)
{
	struct run *run = m->run;

	vec_each(use, &run->uses)
	{
		add_to(m->related, run, use->user, use->used);
		add_to(m->related, run, use->used, use->user);
	}
	vec_each(d, &run->scope.decls) add_file(m->definers, (*d)->name.loc.file);
	vec_each(i, &run->interfaces) add_file(m->definers, (*i)->name.loc.file);
	vec_each(a, &run->abis) add_file(m->definers, (*a)->name.loc.file);
	vec_each(b, &run->backends) add_file(m->special, (*b)->name.loc.file);
	vec_each(c, &run->configs) add_file(m->special, (*c)->name.loc.file);
}

/** Is something of these files used by the file, or the other way round? */
static bool is_needed(const struct imports *m, uint32_t file, const files imported)
{
	for (size_t i = 0; i < words_of(m->run); i++) {
		uint64_t wanted = m->special[i] | (m->related[file] ? m->related[file][i] : 0);

		if (imported[i] & wanted)
			return true;
	}
	return false;
}

/** A file that only imports has no other purpose. */
static bool is_list(const struct imports *m, uint32_t file)
{
	return !((m->definers[file / 64] | m->special[file / 64]) >> file % 64 & 1);
}

/** The statement, with the end of its line if nothing follows there. */
static struct loc whole_line(const struct run *run, struct loc loc)
{
	const char *rest = run->sources.v[loc.file]->text + loc.end;
	size_t n = strspn(rest, " \t\r");

	if (rest[n] == '\n')
		loc.end += (uint32_t)n + 1;
	return loc;
}

static void check_imports(struct run *run)
{
	size_t n = run->sources.n;
	struct imports m = {.run = run,
			    .related = mem_alloc(n * sizeof(files)),
			    .closure = mem_alloc(n * sizeof(files)),
			    .definers = make_files(run),
			    .special = make_files(run)};

	collect_files(&m);
	vec_each(import, &run->imports)
	{
		if (is_list(&m, import->loc.file) ||
		    is_needed(&m, import->loc.file, closure_of(&m, import->file)))
			continue;
		diag(run, unused_import, import->name.loc, import->name.s);
		diag_fix(run, whole_line(run, import->loc), "");
	}
}

/* ---- backends ---- */

static bool is_converting(const struct stmt *s, const struct converter *c)
{
	vec_each(a, &s->arguments)
	{
		if (a->convert == c)
			return true;
	}
	return false;
}

static void check_converters(struct run *run)
{
	vec_each(it, &run->backends)
	{
		struct backend *b = *it;

		vec_each(c, &b->converters)
		{
			bool is_used = false;

			vec_each(s, &b->stmts) is_used |= is_converting(*s, c);
			if (!is_used)
				diag(run, unused_converter, c->name.loc, b->name.s, c->name.s);
		}
	}
}

static void check_shared(struct run *run)
{
	vec_each(it, &run->backends)
	{
		const struct backend *b = *it;

		vec_each(s, &b->shared)
		{
			if (!s->is_used && !s->through)
				diag(run, unused_shared, s->structure.loc, b->name.s,
				     s->structure.s);
		}
	}
}

/** A priority that is a leaf's number is known at boot only. */
static void check_detection(struct run *run, struct map *seen, struct backend *b,
			    const struct detection *d)
{
	unsigned int number = d->has_priority ? d->priority : b->priority;
	const char *priority = intern(mem_printf("%u", number));
	const struct backend *first = d->is_by_leaf ? NULL : map_add(seen, priority, b);

	if (!first || first == b)
		return;
	diag(run, same_priority, b->name.loc, b->name.s, first->name.s, priority);
	diag_note(run, first->name.loc, "'%s' is here", first->name.s);
}

/** Of backends that find their machine with the same priority the linker decides. */
static void check_priorities(struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		struct map seen = {0};

		vec_each(b, &(*i)->backends)
		{
			vec_each(d, &(*b)->detections) check_detection(run, &seen, *b, d);
		}
	}
}

/* ---- interfaces ---- */

static void compare_spaces(struct run *run, struct map *seen, struct param *p)
{
	const struct param *first = map_add(seen, p->name.s, p);

	if (!first || first->space == p->space)
		return;
	diag(run, mixed_addresses, p->name.loc, p->name.s, space_name(p->space));
	diag_note(run, first->name.loc, "here it is @%s", space_name(first->space));
}

static void check_spaces(struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		struct map seen = {0};

		vec_each(op, &(*i)->ops)
		{
			vec_each(p, &(*op)->params)
			{
				if (p->space != SPACE_NONE)
					compare_spaces(run, &seen, p);
			}
		}
	}
}

static void check_documentation(struct run *run)
{
	vec_each(i, &run->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			if (!(*op)->doc)
				diag(run, undocumented_op, (*op)->name.loc, op_path(*op));
		}
	}
}

static const struct {
	enum diag_id id;
	void (*check)(struct run *run);
} checks[] = {
	{D_missing_language, check_languages},	  {D_unused_import, check_imports},
	{D_unused_converter, check_converters},	  {D_unused_shared, check_shared},
	{D_same_priority, check_priorities},	  {D_mixed_addresses, check_spaces},
	{D_undocumented_op, check_documentation},
};

bool lint(struct run *run)
{
	for (size_t i = 0; i < NELEM(checks); i++)
		if (diag_severity(&run->diag, checks[i].id) != SILENT)
			checks[i].check(run);
	return !run->errors;
}
