#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "git.h"
#include "parser.h"
#include "path.h"
#include "snapshot.h"

int yylex_init(void **scanner);
int yylex_destroy(void *scanner);
void *yy_scan_buffer(char *text, size_t size, void *scanner);
int yylex(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner);

/* A chain of imports deeper than this is a mistake, and must not exhaust the stack. */
enum { IMPORT_DEPTH = 64 };

/** The import and those around it, innermost first. */
struct importer {
	const struct importer *outer;
	const struct source *source;
	unsigned int depth;
};

static bool file_exists(struct run *run, const char *path)
{
	return git_has(run, path) ? git_exists(run, path) : !access(path, F_OK);
}

/** First readable of: beside the importing file, the -I directories in order. */
static const char *find_import(struct run *run, const struct source *from, const char *name)
{
	const char *path = path_beside(git_plain(run, from->path), name);

	path = git_has(run, path) ? path_tidied(path) : path_shortened(path);
	if (file_exists(run, path))
		return path;
	vec_each(dir, &run->include_dirs)
	{
		const char *candidate = intern(mem_printf("%s/%s", *dir, name));

		if (file_exists(run, candidate))
			return candidate;
	}
	return path;
}

static bool is_importing(const struct importer *i, const struct source *s)
{
	for (; i; i = i->outer)
		if (i->source == s)
			return true;
	return false;
}

static void parse_source(struct run *run, struct source *s, const struct importer *outer);

static void parse_import(struct run *run, const struct importer *from, struct import import)
{
	struct name name = import.name;
	const char *path = find_import(run, from->source, name.s);
	struct opened o = source_open(run, path, false);

	if (!o.source) {
		diag(run, import_missing, name.loc, path, o.problem);
		run->environment_failed = true;
	} else if (is_importing(from, o.source) || from->depth >= IMPORT_DEPTH) {
		diag(run, import_cycle, name.loc, path);
	} else {
		import.file = o.source->file;
		*vec_push(&run->imports) = import;
		if (o.is_new)
			parse_source(run, o.source, from);
	}
}

static struct parse parse_of(struct run *run, const struct source *s)
{
	return (struct parse){.run = run, .source = s, .file = s->file, .scope = &run->scope};
}

imports parse_alone(struct run *run, struct source *s)
{
	struct parse p = parse_of(run, s);
	void *scanner;

	yylex_init(&scanner);
	yy_scan_buffer(s->text, s->length + 2, scanner);
	yyparse(&p, scanner);
	yylex_destroy(scanner);
	return p.imports;
}

tokens tokens_of(struct run *run, const struct source *s)
{
	struct parse p = parse_of(run, s);
	tokens tokens = {0};
	YYSTYPE value;
	struct loc loc;
	void *scanner;
	int kind;

	yylex_init(&scanner);
	yy_scan_buffer(s->text, s->length + 2, scanner);
	while ((kind = yylex(&value, &loc, &p, scanner)))
		*vec_push(&tokens) = (struct lexeme){kind, loc.begin, loc.end};
	yylex_destroy(scanner);
	return tokens;
}

static void parse_source(struct run *run, struct source *s, const struct importer *outer)
{
	struct importer here = {outer, s, outer ? outer->depth + 1 : 0};
	imports imports = parse_alone(run, s);

	vec_each(i, &imports) parse_import(run, &here, *i);
}

static void parse_input(struct run *run, const char *path)
{
	struct opened o = source_open(run, path, true);

	if (!o.source) {
		run_failed(run, "cannot read '%s': %s", path, o.problem);
	} else if (run->reads_snapshots && snapshot_is(o.source)) {
		snapshot_read(run, o.source);
	} else if (o.is_new) {
		parse_source(run, o.source, NULL);
	}
}

/** Interfaces, abis, backends and roms: each structure begins with its name. */
static int by_name(const void *a, const void *b)
{
	const struct name *const *x = a, *const *y = b;

	return strcmp((*x)->s, (*y)->s);
}

/* Outputs depend neither on the order of the inputs nor on who imports what first. */
#define sort_modules(modules)                                                                      \
	((modules)->n ? qsort((modules)->v, (modules)->n, sizeof(*(modules)->v), by_name) : (void)0)

bool parse_inputs(struct run *run)
{
	run->scope.prefix = run->scope.upper_prefix = "";
	vec_each(path, &run->inputs) parse_input(run, *path);
	if (run->draft.path)
		parse_source(run, source_draft(run, run->draft.path, &run->draft.text), NULL);
	sort_modules(&run->interfaces);
	sort_modules(&run->abis);
	sort_modules(&run->backends);
	sort_modules(&run->roms);
	sort_modules(&run->mappings);
	return !run->errors;
}
