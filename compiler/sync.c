/*
 * `pvgen backend sync`: people's sources and the description, side by side.  Functions that nobody
 * has written are added behind all that is there; what else differs is reported, never changed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "signature.h"
#include "sync.h"
#include "text.h"

struct sync {
	struct run *run;
	struct survey survey;
	const struct backend *backend; /* the one at hand */
	writtens list;
	VEC(const struct written *) homeless; /* what nobody defines, of a backend without folder */
	const char *home;
	struct map seen; /* functions that were compared */
	outputs added;
	struct out summary;
};

/* ---- the file for a function that is missing ---- */

static bool is_assembly(const struct written *w)
{
	return !w->declaration;
}

static bool is_alike(const struct written *w, const struct written *other)
{
	return !strcmp(w->topic, other->topic) && is_assembly(w) == is_assembly(other);
}

/** How many functions like @w the file defines. */
static size_t count_alike(const struct sync *s, const struct cfile *f, const struct written *w)
{
	size_t n = 0;

	vec_each(other, &s->list)
	{
		struct sighting at = survey_find(&s->survey, s->home, other->symbol);

		n += is_alike(w, other) && at.file == f && at.symbol && at.symbol->kind != C_OPAQUE;
	}
	return n;
}

/** The file at home that has most of the functions like @w, or NULL. */
static const struct cfile *file_of_most(const struct sync *s, const struct written *w)
{
	const struct cfile *best = NULL;
	size_t most = 0;

	vec_each(f, &s->survey.files)
	{
		size_t n = survey_is_in(&s->survey, *f, s->home) ? count_alike(s, *f, w) : 0;

		if (n > most) {
			most = n;
			best = *f;
		}
	}
	return best;
}

static const char *path_at_home(const struct sync *s, const char *name, const struct written *w)
{
	return mem_printf("%s/%s/%s.%s", s->run->backend.directory, s->home, name,
			  is_assembly(w) ? "S" : "c");
}

static bool is_added(const struct sync *s, const char *path)
{
	vec_each(out, &s->added)
	{
		if (!strcmp(out->path, path))
			return true;
	}
	return false;
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static const struct cfile *file_at(const struct sync *s, const char *path)
{
	vec_each(f, &s->survey.files)
	{
		if (!strcmp((*f)->path, path))
			return *f;
	}
	return NULL;
}

/** Does the file include the header, by itself or through others of the survey? */
static bool includes(const struct sync *s, const struct cfile *f, const char *header,
		     unsigned int depth)
{
	vec_each(name, &f->lexed.includes)
	{
		const struct cfile *next = depth ? file_at(s, path_beside(f->path, *name)) : NULL;

		if (!strcmp(*name, header) || (next && includes(s, next, header, depth - 1)))
			return true;
	}
	return false;
}

/** Would a function of this backend compile there? */
static bool is_own(const struct sync *s, const struct cfile *f, const struct written *w)
{
	enum { INCLUDE_DEPTH = 8 };

	if (is_assembly(w))
		return s->home == s->backend->name.s;
	return includes(s, f, mem_printf("%s.h", s->backend->name.s), INCLUDE_DEPTH);
}

/** Where its like are; else in a file named after the topic, unless that is another backend's. */
static const char *path_for(const struct sync *s, const struct written *w)
{
	const struct cfile *f = file_of_most(s, w), *named;
	const char *path = path_at_home(s, w->topic, w);

	if (f)
		return f->path;
	named = file_at(s, path);
	if (is_added(s, path) || (named ? is_own(s, named, w) : !is_there(path)))
		return path;
	return path_at_home(s, mem_printf("%s_%s", s->backend->name.s, w->topic), w);
}

/* ---- adding ---- */

static struct output *output_of(struct sync *s, const char *path, const struct written *w)
{
	const struct cfile *f = file_at(s, path);
	struct output *out;

	vec_each(old, &s->added)
	{
		if (!strcmp(old->path, path))
			return old;
	}
	out = vec_push(&s->added);
	*out = (struct output){.path = path, .is_created = !f};
	if (!f) {
		put_head(s->backend, w, &out->text);
		return out;
	}
	put_n(&out->text, s->run->sources.v[f->file]->text, s->run->sources.v[f->file]->length);
	if (out->text.n && out->text.v[out->text.n - 1] != '\n')
		put(&out->text, "%s", lines_like(out->text.v, out->text.n, "\n"));
	return out;
}

static void add(struct sync *s, const struct written *w)
{
	struct output *out = output_of(s, path_for(s, w), w);
	struct out stub = {0};

	put_stub(s->run, s->backend, w, &stub);
	put(&out->text, "%s", lines_like(out->text.v, out->text.n, text_of(&stub)));
	put(&s->summary, "%s: %s (%s)\n", out->path, w->symbol, w->role);
}

static void report_missing(struct sync *s, const struct written *w, const char *why)
{
	diag(s->run, missing_implementation, w->loc, w->role, s->backend->name.s, w->symbol, why);
}

static void take_missing(struct sync *s, const struct written *w)
{
	const struct cfile *f = s->home ? file_at(s, path_for(s, w)) : NULL;

	if (!s->home)
		*vec_push(&s->homeless) = w;
	else if (f && f->is_confused)
		report_missing(s, w, mem_printf("; nothing can be added to '%s'", f->path));
	else if (s->run->is_check_only)
		report_missing(s, w, "");
	else
		add(s, w);
}

/** Said once for a backend, so that it hides nothing that does not fit in others. */
static void report_homeless(struct sync *s)
{
	size_t more = s->homeless.n - 1;

	if (s->homeless.n)
		report_missing(s, s->homeless.v[0],
			       mem_printf("%s; make folder '%s/%s', or say --dir",
					  more ? mem_printf(", nor %zu more", more) : "",
					  s->run->backend.directory, s->backend->name.s));
	s->homeless.n = 0;
}

/* ---- what is there, but wrong ---- */

static void note_request(struct sync *s, const struct written *w)
{
	if (w->ops.n)
		diag_note(s->run, w->ops.v[0]->name.loc, "the op is described here");
	else
		diag_note(s->run, w->loc, "it is asked for here");
}

static void check_signature(struct sync *s, const struct written *w, const struct csymbol *symbol)
{
	const char *difference;

	if (symbol->is_varying || !w->declaration || w->object)
		return;
	difference = signature_difference(&s->survey, w, symbol);
	if (!difference)
		return;
	diag(s->run, changed_signature, symbol->loc, symbol->name, w->role, difference);
	note_request(s, w);
	signature_fix(&s->survey, s->backend, w, symbol);
}

static void check_storage(struct sync *s, const struct written *w, const struct csymbol *symbol)
{
	struct loc word = symbol->storage;

	if (!symbol->is_static || symbol->kind == C_DECLARATION || s->run->profile->is_foreign)
		return;
	diag(s->run, static_implementation, symbol->loc, symbol->name, w->role);
	if (!word.end)
		return;
	word.end += (uint32_t)strspn(s->run->sources.v[word.file]->text + word.end, " \t");
	diag_fix(s->run, word, "");
}

/** All of its definitions and declarations at home: conditions may choose among several. */
static void check_sightings(struct sync *s, const struct written *w)
{
	const sightings *list = map_get(&s->survey.by_name, w->symbol);

	for (size_t i = 0; list && i < list->n; i++) {
		const struct csymbol *symbol = list->v[i].symbol;

		if (!survey_is_in(&s->survey, list->v[i].file, s->home) ||
		    symbol->kind > C_DECLARATION)
			continue;
		check_signature(s, w, symbol);
		check_storage(s, w, symbol);
	}
}

/* ---- revisions ---- */

static void note_revision(struct sync *s, const struct op *op)
{
	vec_each(it, &op->stmts)
	{
		const struct stmt *stmt = *it;

		if (stmt->path.n != 1 || strcmp(stmt->path.v[0].s, "revision") != 0)
			continue;
		diag_note(s->run, stmt->loc, "%s", stmt->doc ? stmt->doc : "the revision is this");
		return;
	}
	diag_note(s->run, op->name.loc, "the op is described here");
}

static const char *statement_text(const struct sync *s, const struct op *op, bool is_assembly)
{
	const char *up = s->backend->interface->scope.upper_prefix;

	return mem_printf(is_assembly ? "%sIMPLEMENTS %s, %u" : "%sIMPLEMENTS(%s, %u);", up,
			  op->name.s, op->revision);
}

/** Of an op that never changed, there is only one revision that it can be. */
static void report_unstated(struct sync *s, const struct sighting *at, const struct op *op)
{
	const struct csymbol *symbol = at->symbol;
	bool is_label = symbol->kind == C_LABEL;
	const char *text = statement_text(s, op, is_label);
	uint32_t begin = is_label ? symbol->loc.begin : symbol->head.begin;

	diag(s->run, unstated_revision, symbol->loc, symbol->name, op_path(op), text);
	if (op->revision == 1 && (is_label || symbol->result.end))
		diag_fix(s->run, (struct loc){symbol->loc.file, begin, begin},
			 mem_printf("%s%s\n", is_label ? "\t" : "", text));
}

static void check_revision(struct sync *s, const struct sighting *at, const struct op *op)
{
	const struct cstatement *statement =
		survey_revision(&s->survey, at, s->backend->interface, op);

	if (!statement && at->symbol && at->symbol->kind != C_OPAQUE) {
		if (!s->run->profile->is_foreign)
			report_unstated(s, at, op);
	} else if (statement && statement->revision != op->revision) {
		diag(s->run, stale_implementation, statement->loc,
		     at->symbol ? at->symbol->name : op->name.s,
		     mem_printf("%lu", statement->revision), op_path(op),
		     mem_printf("%u", op->revision));
		note_revision(s, op);
	}
}

static void check_written(struct sync *s, const struct written *w)
{
	struct sighting at = survey_find(&s->survey, s->home, w->symbol);

	if (!at.file) {
		if (!s->run->profile->is_foreign)
			take_missing(s, w);
		return;
	}
	if (map_add(&s->seen, w->symbol, (void *)w))
		return;
	check_sightings(s, w);
	vec_each(op, &w->ops) check_revision(s, &at, *op);
}

static void sync_backend(struct sync *s, const struct backend *b)
{
	s->backend = b;
	s->list = written_by(b);
	s->home = survey_home(&s->survey, b, &s->list);
	vec_each(w, &s->list) check_written(s, w);
	report_homeless(s);
}

/* ---- what implements nothing ---- */

static const struct interface *interface_of(const struct run *run, const struct cstatement *st)
{
	vec_each(i, &run->interfaces)
	{
		const char *macro = mem_printf("%sIMPLEMENTS", (*i)->scope.upper_prefix);

		if (st->macro ? !strcmp(st->macro, macro) : run->interfaces.n == 1)
			return *i;
	}
	return NULL;
}

static bool is_bound(const struct interface *i, const struct op *op, const char *function)
{
	vec_each(b, &i->backends)
	{
		const struct impl *impl = &(*b)->impls[op->slot];

		if (!impl->is_inherited && impl->function == function)
			return true;
		vec_each(v, &(*b)->variants)
		{
			if (v->op == op && v->impl.function == function)
				return true;
		}
	}
	return false;
}

/** Does a line for the op name the function, in a backend for other architectures? */
static bool is_bound_elsewhere(const struct run *run, const struct op *op, const char *function)
{
	vec_each(b, &run->left_out)
	{
		vec_each(it, &(*b)->stmts)
		{
			const struct stmt *s = *it;
			const struct operand *o = s->operands.n > 1 ? &s->operands.v[1] : NULL;

			if (s->path.v[s->path.n - 1].s == op->name.s && o &&
			    o->kind == OPERAND_PATH && o->path.v[0].s == function)
				return true;
		}
	}
	return false;
}

/**
 * What the statement stands before or in, or NULL: static functions before it are helpers, unless
 * one is what is asked for.
 */
static const struct csymbol *subject_of(const struct cfile *f, const struct cstatement *st,
					const struct interface *i, const struct op *op)
{
	const struct csymbol *first = NULL;

	vec_each(symbol, &f->symbols)
	{
		uint32_t end = symbol->body.end ? symbol->body.end : symbol->loc.end;

		if (symbol->kind == C_DECLARATION || end <= st->loc.begin)
			continue;
		if (op && is_bound(i, op, symbol->name))
			return symbol;
		first = first ? first : symbol;
		if (!symbol->is_static)
			break;
	}
	return first;
}

static void check_statement(struct sync *s, const struct cfile *f, const struct cstatement *st)
{
	const struct interface *i = interface_of(s->run, st);
	const struct op *op = i ? map_get(&i->op_map, st->op) : NULL;
	const struct csymbol *symbol = subject_of(f, st, i, op);
	const char *why = "no backend is bound to it for that";

	if (!i || (op && op->is_left_out))
		return;
	if (op && (!symbol || symbol->kind == C_OPAQUE || is_bound(i, op, symbol->name) ||
		   is_bound_elsewhere(s->run, op, symbol->name)))
		return;
	if (!op)
		why = mem_printf("interface '%s' has no such op%s", i->name.s,
				 suggest(s->run, &i->op_map, st->op));
	diag(s->run, orphaned_implementation, st->loc, symbol ? symbol->name : f->path, st->op,
	     why);
}

static void check_files(struct sync *s)
{
	vec_each(f, &s->survey.files)
	{
		vec_each(st, &(*f)->statements) check_statement(s, *f, st);
		if ((*f)->is_confused)
			diag(s->run, unmatched_brackets, ((struct loc){.file = (*f)->file}));
	}
}

/* ---- */

/** Nobody has changed the file since it was read. */
static bool is_as_read(struct sync *s, const struct output *out)
{
	const struct cfile *f = file_at(s, out->path);
	const struct source *source = f ? s->run->sources.v[f->file] : NULL;

	if (!f || output_is_current(&(struct output){
			  .path = out->path, .text = {.v = source->text, .n = source->length}}))
		return true;
	return run_failed(s->run, "'%s' has changed meanwhile; nothing was written", out->path);
}

static bool write_added(struct sync *s)
{
	FILE *f = diag_owns_stdout(&s->run->diag) ? stderr : stdout;

	vec_each(out, &s->added)
	{
		if (!is_as_read(s, out))
			return false;
	}
	if (!write_files(s->run, &s->added))
		return false;
	fputs(text_of(&s->summary), f);
	if (fflush(f) || ferror(f))
		return run_failed(s->run, "cannot write '<stdout>'");
	return true;
}

bool sync_backends(struct run *run)
{
	struct sync s = {.run = run};

	if (!survey(run, &s.survey))
		return false;
	vec_each(b, &run->backends) sync_backend(&s, *b);
	check_files(&s);
	return write_added(&s) && !run->errors;
}
