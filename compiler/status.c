/* What is done of each backend, and where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "status.h"
#include "text.h"

static const char *const state_names[] = {
	[STATE_DONE] = "done",		 [STATE_SKELETON] = "skeleton",
	[STATE_STALE] = "stale",	 [STATE_MISSING] = "missing",
	[STATE_DESCRIBED] = "described", [STATE_INHERITED] = "inherited",
	[STATE_DEFAULT] = "default",
};

const char *state_name(enum state state)
{
	return state_names[state];
}

/* ---- revisions that objects state ---- */

struct evidence {
	struct survey survey;
	struct object objects;
};

static bool read_object(struct run *run, const char *path, struct object *objects)
{
	struct object_file f;
	const char *problem = object_open(&f, run->arch->machine, path);

	if (!problem)
		problem = object_add(objects, f);
	if (!problem)
		return true;
	fprintf(stderr, "pvgen: '%s' %s\n", path, problem);
	run->environment_failed = true;
	return false;
}

static bool read_evidence(struct run *run, struct evidence *e)
{
	bool good = survey(run, &e->survey);

	vec_each(path, &run->objects) good &= read_object(run, *path, &e->objects);
	if (good)
		object_link(&e->objects);
	return good;
}

/** "op=revision" in a section of such records; 0: there is none. */
static unsigned int stated_in(const struct object_section *s, const char *op)
{
	const char *text = (const char *)s->bytes;
	size_t n = strlen(op);

	for (uint64_t at = 0; at < s->size && memchr(text + at, 0, s->size - at);
	     at += strlen(text + at) + 1)
		if (!strncmp(text + at, op, n) && text[at + n] == '=')
			return (unsigned int)strtoul(text + at + n + 1, NULL, 10);
	return 0;
}

/** What the object that defines the function states; 0: nothing. */
static unsigned int stated_by_object(const struct evidence *e, const struct interface *i,
				     const char *function, const struct op *op)
{
	const struct object_symbol *symbol = object_symbol(&e->objects, function);
	const char *section = mem_printf(".%s.implements", i->name.s);

	vec_each(s, &e->objects.sections)
	{
		if (symbol && s->file == symbol->file && s->bytes && !strcmp(s->name, section))
			return stated_in(s, op->name.s);
	}
	return 0;
}

static unsigned int stated(const struct evidence *e, const struct sighting *at,
			   const struct interface *i, const char *function, const struct op *op)
{
	unsigned int revision = stated_by_object(e, i, function, op);
	const struct cstatement *statement;

	if (revision)
		return revision;
	statement = survey_revision(&e->survey, at, i, op);
	return statement ? (unsigned int)statement->revision : 0;
}

/* ---- one row ---- */

static struct loc place_of(const struct sighting *at)
{
	return at->symbol ? at->symbol->loc : (struct loc){.file = at->file->file};
}

static void judge_function(const struct evidence *e, const struct backend_status *b,
			   struct status_row *row)
{
	struct sighting at = survey_find(&e->survey, b->home, row->function);

	row->state = STATE_MISSING;
	if (!at.file)
		return;
	row->loc = place_of(&at);
	if (!at.symbol)
		row->remark = "brackets in this file do not match";
	else if (at.symbol->kind == C_OPAQUE)
		row->remark = mem_printf("through macro %s, which is not known", at.symbol->macro);
	else if (at.symbol->is_static)
		row->remark = "static, so nobody else sees it";
	if (at.symbol && at.symbol->kind != C_OPAQUE && at.symbol->is_static)
		return;
	row->state = at.symbol && at.symbol->is_unwritten ? STATE_SKELETON : STATE_DONE;
	if (row->op)
		row->stated = stated(e, &at, b->backend->interface, row->function, row->op);
	if (row->state == STATE_DONE && row->stated && row->stated < row->op->revision)
		row->state = STATE_STALE;
}

static const char *way_of(const struct impl *impl)
{
	if (impl->kind == IMPL_CONSTANT && impl->value)
		return "constant";
	return impl_name(impl->kind);
}

static struct status_row impl_row(const struct evidence *e, const struct backend_status *b,
				  const struct op *op, const struct impl *impl, const char *role)
{
	struct status_row row = {.op = op,
				 .role = role,
				 .way = way_of(impl),
				 .function = impl->function,
				 .loc = impl->loc,
				 .state = STATE_DESCRIBED};

	if (impl->is_inherited)
		row.state = STATE_INHERITED;
	else if (!impl->stmt && impl->kind == op->fallback.kind)
		row.state = STATE_DEFAULT;
	else if (impl->function)
		judge_function(e, b, &row);
	return row;
}

/* ---- a backend ---- */

static void add_ops(const struct evidence *e, struct backend_status *b)
{
	vec_each(op, &b->backend->interface->ops)
	{
		struct status_row row;

		if ((*op)->is_spare || (*op)->is_retired)
			continue;
		row = impl_row(e, b, *op, &b->backend->impls[(*op)->slot], op_path(*op));
		b->counts[row.state]++;
		*vec_push(&b->ops) = row;
	}
}

/** What an op's implementation depends on, behind its name. */
static const char *variant_role(const struct variant *v)
{
	return mem_printf("%s%s%s%s%s", op_path(v->op), v->when ? " when " : "", when_text(v->when),
			  v->phase ? " from " : "", v->phase ? v->phase->name.s : "");
}

static void add_variants(const struct evidence *e, struct backend_status *b)
{
	vec_each(v, &b->backend->variants)
	{
		struct status_row row = impl_row(e, b, v->op, &v->impl, variant_role(v));

		b->counts[row.state]++;
		*vec_push(&b->others) = row;
	}
}

static void add_others(const struct evidence *e, struct backend_status *b, const writtens *list)
{
	vec_each(w, list)
	{
		struct status_row row = {
			.role = w->role, .function = w->symbol, .way = "call", .loc = w->loc};

		if (w->ops.n)
			continue;
		judge_function(e, b, &row);
		b->counts[row.state]++;
		*vec_push(&b->others) = row;
	}
}

static struct backend_status status_of(const struct evidence *e, const struct backend *b)
{
	writtens list = written_by(b);
	struct backend_status s = {.backend = b, .home = survey_home(&e->survey, b, &list)};

	add_ops(e, &s);
	add_variants(e, &s);
	add_others(e, &s, &list);
	return s;
}

/* ---- as text ---- */

static const char *home_path(const struct run *run, const struct backend_status *b)
{
	return b->home ? mem_printf("%s/%s", run->backend.directory, b->home) : NULL;
}

static const char *shown_state(const struct status_row *row)
{
	return row->state == STATE_DESCRIBED ? row->way : state_name(row->state);
}

static void put_row(const struct run *run, const struct status_row *row, int width, struct out *o)
{
	struct position at = source_position(run, row->loc);

	put(o, "  %-*s %-9s  %s:%u", width, row->role, shown_state(row), at.path, at.line);
	if (row->state == STATE_STALE)
		put(o, "  for revision %u, the op has %u", row->stated, row->op->revision);
	if (row->state == STATE_MISSING && !row->remark)
		put(o, "  nobody defines %s", row->function);
	if (row->remark)
		put(o, "  %s", row->remark);
	put(o, "\n");
}

static int widest(const struct backend_status *b)
{
	size_t width = 0;

	vec_each(row, &b->ops) width = strlen(row->role) > width ? strlen(row->role) : width;
	vec_each(row, &b->others) width = strlen(row->role) > width ? strlen(row->role) : width;
	return (int)width;
}

static void put_counts(const struct backend_status *b, struct out *o)
{
	const char *comma = "";

	for (size_t i = 0; i < STATE_COUNT; i++) {
		if (b->counts[i])
			put(o, "%s %zu %s", comma, b->counts[i], state_names[i]);
		comma = b->counts[i] ? "," : comma;
	}
}

static void put_status_text(const struct run *run, const statuses *all, struct out *o)
{
	vec_each(b, all)
	{
		const char *home = home_path(run, b);

		put(o, "%s%s (%s):", b == all->v ? "" : "\n", b->backend->name.s,
		    home ? home : "no folder");
		put_counts(b, o);
		put(o, "\n");
		vec_each(row, &b->ops) put_row(run, row, widest(b), o);
		vec_each(row, &b->others) put_row(run, row, widest(b), o);
	}
}

/* ---- as JSON ---- */

static void put_member(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	if (value)
		put_json(o, value);
	else
		put(o, "null");
	put(o, ", ");
}

static void put_revision(struct out *o, const char *key, unsigned int revision)
{
	if (revision)
		put(o, "\"%s\": %u, ", key, revision);
	else
		put_member(o, key, NULL);
}

static void put_json_row(const struct run *run, const char *key, const struct status_row *row,
			 struct out *o)
{
	struct position at = source_position(run, row->loc);

	put(o, "\t\t\t{");
	put_member(o, key, row->role);
	put_member(o, "state", state_name(row->state));
	put_member(o, "way", row->way);
	put_member(o, "function", row->function);
	put_revision(o, "revision", row->op ? row->op->revision : 0);
	put_revision(o, "implements", row->stated);
	put_member(o, "remark", row->remark);
	put_member(o, "path", at.path);
	put(o, "\"line\": %u}", at.line);
}

static void put_json_rows(const struct run *run, const char *key, const struct status_row *rows,
			  size_t n, struct out *o)
{
	put(o, "\t\t \"%ss\": [", key);
	for (size_t i = 0; i < n; i++) {
		put(o, i ? ",\n" : "\n");
		put_json_row(run, key, &rows[i], o);
	}
	put(o, n ? "\n\t\t ]" : "]");
}

static void put_json_backend(const struct run *run, const struct backend_status *b, struct out *o)
{
	put(o, "\t\t{");
	put_member(o, "name", b->backend->name.s);
	put_member(o, "interface", b->backend->interface->name.s);
	put_member(o, "folder", home_path(run, b));
	put(o, "\"counts\": {");
	for (size_t i = 0; i < STATE_COUNT; i++)
		put(o, "%s\"%s\": %zu", i ? ", " : "", state_names[i], b->counts[i]);
	put(o, "},\n");
	put_json_rows(run, "op", b->ops.v, b->ops.n, o);
	put(o, ",\n");
	put_json_rows(run, "other", b->others.v, b->others.n, o);
	put(o, "}");
}

static void put_status_json(const struct run *run, const statuses *all, struct out *o)
{
	put(o, "{\"version\": 1,\n\t\"backends\": [");
	vec_each(b, all)
	{
		put(o, b == all->v ? "\n" : ",\n");
		put_json_backend(run, b, o);
	}
	put(o, all->n ? "\n\t]}\n" : "]}\n");
}

/* ---- forms ---- */

static const struct {
	const char *name;
	void (*put)(const struct run *run, const statuses *all, struct out *o);
} forms[] = {{"text", put_status_text}, {"json", put_status_json}, {"html", put_status_html}};

bool status_knows(const char *request)
{
	return report_form(forms, request);
}

/** FORM or FORM:FILE */
static void add_output(struct run *run, const statuses *all, const char *request)
{
	report_form(forms, request)->put(run, all, report_output(run, request));
}

bool status(struct run *run)
{
	struct evidence e = {0};
	statuses all = {0};

	if (!read_evidence(run, &e))
		return false;
	vec_each(b, &run->backends) * vec_push(&all) = status_of(&e, *b);
	vec_each(request, &run->backend.forms) add_output(run, &all, *request);
	if (!run->backend.forms.n)
		add_output(run, &all, "text");
	check_usage(run, &e.survey, &all);
	return true;
}
