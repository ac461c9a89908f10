/*
 * How much of an abi can be had through an interface, or through another abi.
 *
 * Through an interface: what its backends do by hypercalls, loads and stores that the description
 * has, and what they say in `uses`.  Through an abi: what `binding` says.
 */
#include <string.h>

#include "coverage.h"
#include "text.h"

/* ---- rows ---- */

static bool has_text(const struct coverage_row *row, const char *by)
{
	vec_each(s, &row->by)
	{
		if (*s == by)
			return true;
	}
	return false;
}

static void add_by(struct coverage_row *row, const char *by)
{
	if (by && !has_text(row, by))
		*vec_push(&row->by) = by;
}

/** The better verdict holds; of equal ones both say by what. */
static void improve(struct coverage_row *row, enum coverage verdict, struct loc loc, const char *by)
{
	if (verdict < row->verdict)
		return;
	if (verdict > row->verdict) {
		row->verdict = verdict;
		row->loc = loc;
		row->by.n = 0;
		row->text = NULL;
	}
	add_by(row, by);
}

static struct coverage_row *new_rows(const struct abi *on)
{
	struct coverage_row *rows = mem_alloc((on->elements.n + 1) * sizeof(*rows));

	for (size_t i = 0; i < on->elements.n; i++) {
		rows[i].element = on->elements.v[i];
		rows[i].loc = rows[i].element->name.loc;
	}
	return rows;
}

/** What a line says holds, whatever else is known. */
static void take_line(struct coverage_row *rows, const struct cover *line)
{
	struct coverage_row *row = &rows[line->element->index];

	if (row->verdict != line->verdict)
		row->by.n = 0;
	row->verdict = line->verdict;
	row->text = line->text;
	row->is_like = line->is_like;
	row->loc = line->name.loc;
	vec_each(by, &line->by) add_by(row, *by);
}

static void merge(struct coverage_row *row, const struct coverage_row *more)
{
	if (more->verdict < row->verdict)
		return;
	if (more->verdict > row->verdict) {
		*row = *more;
		return;
	}
	row->is_like &= more->is_like;
	if (!row->text && more->text) {
		row->text = more->text;
		row->loc = more->loc;
	}
	vec_each(by, &more->by) add_by(row, *by);
}

/* ---- what follows from how ops are done ---- */

/** The row of an element by its path, or of memory by that of a place inside; NULL: none. */
static struct coverage_row *row_at(const struct abi *on, struct coverage_row *rows,
				   const char *path)
{
	for (size_t n = strlen(path); n; n--) {
		const struct element *e = path[n] && path[n] != '.'
						  ? NULL
						  : map_get(&on->element_map, intern_n(path, n));

		if (e && (!path[n] || !e->call))
			return &rows[e->index];
	}
	return NULL;
}

static void note(const struct abi *on, struct coverage_row *rows, const char *path,
		 enum coverage verdict, struct loc loc, const char *by)
{
	struct coverage_row *row = row_at(on, rows, path);

	if (row)
		improve(row, verdict, loc, by);
}

/** Memory that a template names is used, but that somebody can ask for it nobody says. */
static void note_template(const struct backend *b, struct coverage_row *rows,
			  const struct impl *impl)
{
	vec_each(insn, &impl->code->insns)
	{
		for (const char *s = strchr(insn->string, '{'); s; s = strchr(s + 1, '{'))
			note(b->abi, rows, intern_n(s + 1, strcspn(s + 1, "}")), COVERED_INSIDE,
			     insn->loc, NULL);
	}
}

static void note_impl(const struct backend *b, struct coverage_row *rows, const struct op *op,
		      const struct impl *impl)
{
	const char *by = intern(op_path(op));

	if (!impl->stmt || impl->is_inherited)
		return;
	if (impl->kind == IMPL_HYPERCALL)
		note(b->abi, rows, path_text(&impl->stmt->call, 1), COVERED_FULLY, impl->loc, by);
	else if (impl->kind == IMPL_LOAD || impl->kind == IMPL_STORE)
		note(b->abi, rows, path_text(&impl->stmt->operands.v[1].path, 1), COVERED_FULLY,
		     impl->loc, by);
	else if (impl->kind == IMPL_INLINE)
		note_template(b, rows, impl);
}

/** Calls by which a condition finds out something. */
static void note_probes(const struct backend *b, struct coverage_row *rows, const struct expr *e)
{
	if (!e)
		return;
	if (e->kind == EXPR_CALL && e->operands.v[0].path.n > 1)
		note(b->abi, rows, path_text(&e->operands.v[0].path, 1), COVERED_INSIDE, e->loc,
		     NULL);
	note_probes(b, rows, e->left);
	note_probes(b, rows, e->right);
}

struct coverage_row *coverage_described(const struct backend *b)
{
	struct coverage_row *rows = new_rows(b->abi);

	vec_each(op, &b->interface->ops) note_impl(b, rows, *op, &b->impls[(*op)->slot]);
	vec_each(v, &b->variants) note_impl(b, rows, v->op, &v->impl);
	vec_each(w, &b->whens) note_probes(b, rows, (*w)->condition);
	vec_each(s, &b->shared)
	{
		if (s->through && !s->msr)
			note(b->abi, rows, strchr(s->through, '.') + 1, COVERED_INSIDE,
			     s->structure.loc, NULL);
	}
	return rows;
}

static struct coverage_row *backend_rows(const struct backend *b)
{
	struct coverage_row *rows = coverage_described(b);

	vec_each(line, &b->covers) take_line(rows, line);
	return rows;
}

/* ---- columns ---- */

static size_t plane_index(const struct abi *on, const struct element *e)
{
	size_t i = 0;

	while (i < on->planes.n && on->planes.v[i] != e->plane)
		i++;
	return i;
}

static void count(const struct abi *on, struct coverage_column *c)
{
	c->counts = mem_alloc((on->planes.n + 2) * sizeof(*c->counts));
	for (size_t i = 0; i < on->elements.n; i++) {
		enum coverage verdict = c->rows[i].verdict;

		c->counts[plane_index(on, c->rows[i].element)][verdict]++;
		c->counts[on->planes.n + 1][verdict]++;
	}
}

/** False if no backend of the interface is on the abi. */
static bool interface_column(const struct abi *on, const struct interface *i,
			     struct coverage_column *c)
{
	*c = (struct coverage_column){.name = i->name.s,
				      .kind = "interface",
				      .version = version_text(version_make(i->major, i->minor)),
				      .rows = new_rows(on)};
	vec_each(it, &i->backends)
	{
		const struct backend *b = *it;
		const struct coverage_row *rows = b->abi == on ? backend_rows(b) : NULL;

		if (!rows)
			continue;
		*vec_push(&c->backends) = b->name.s;
		if (!b->uses)
			*vec_push(&c->silent) = b->name.s;
		for (size_t n = 0; n < on->elements.n; n++)
			merge(&c->rows[n], &rows[n]);
	}
	count(on, c);
	return c->backends.n != 0;
}

static void mapping_column(const struct mapping *m, struct coverage_column *c)
{
	*c = (struct coverage_column){
		.name = m->from->name.s, .kind = "abi", .rows = new_rows(m->on)};
	vec_each(line, &m->covers) take_line(c->rows, line);
	count(m->on, c);
}

static void add_columns(const struct run *run, struct coverage_report *r, const char *from,
			bool is_asked)
{
	struct coverage_column c;

	vec_each(i, &run->interfaces)
	{
		if (!strcmp((*i)->name.s, from) == is_asked && interface_column(r->on, *i, &c))
			*vec_push(&r->columns) = c;
	}
	vec_each(m, &run->mappings)
	{
		if (!strcmp((*m)->from->name.s, from) != is_asked || (*m)->on != r->on)
			continue;
		mapping_column(*m, &c);
		*vec_push(&r->columns) = c;
	}
}

/* ---- words for people ---- */

const char *coverage_plane(const struct abi *on, size_t i)
{
	return i < on->planes.n ? on->planes.v[i]->name.s : i > on->planes.n ? "all" : "";
}

size_t coverage_sum(const size_t counts[COVERAGES])
{
	size_t sum = 0;

	for (size_t i = 0; i < COVERAGES; i++)
		sum += counts[i];
	return sum;
}

const char *coverage_by(const struct coverage_row *row)
{
	struct out o = {0};

	vec_each(by, &row->by) put(&o, "%s %s", o.n ? "," : row->is_like ? "like" : "by", *by);
	return text_of(&o);
}

const char *coverage_silence(const char *backend)
{
	return mem_printf("%s has no 'uses': what its functions do is not counted", backend);
}

/* ---- as text ---- */

static void put_counts(const struct abi *on, const struct coverage_column *c, struct out *o)
{
	put(o, "  %-12s %8s", "plane", "elements");
	for (int v = COVERAGES - 1; v >= 0; v--)
		put(o, " %7s", coverage_name((enum coverage)v));
	put(o, "\n");
	for (size_t i = 0; i < on->planes.n + 2; i++) {
		size_t sum = coverage_sum(c->counts[i]);

		if (!sum || !*coverage_plane(on, i))
			continue;
		put(o, "  %-12s %8zu", coverage_plane(on, i), sum);
		for (int v = COVERAGES - 1; v >= 0; v--)
			put(o, " %7zu", c->counts[i][v]);
		put(o, "\n");
	}
}

static int widest(const struct abi *on)
{
	size_t width = 0;

	vec_each(e, &on->elements)
	{
		size_t n = strlen((*e)->name.s);

		width = n > width ? n : width;
	}
	return (int)width;
}

static void put_row(const struct run *run, const struct coverage_row *row, int width, struct out *o)
{
	struct position at = source_position(run, row->loc);

	put(o, "  %-*s  %s:%u", width, row->element->name.s, at.path, at.line);
	if (row->by.n)
		put(o, "  %s", coverage_by(row));
	if (row->text)
		put(o, "%s %s", row->by.n ? ":" : " ", row->text);
	put(o, "\n");
}

static void put_verdict(const struct run *run, const struct abi *on,
			const struct coverage_column *c, enum coverage verdict, const char *title,
			struct out *o)
{
	if (c->counts[on->planes.n + 1][verdict])
		put(o, "\n%s\n", title);
	for (size_t plane = 0; plane <= on->planes.n; plane++) {
		if (!c->counts[plane][verdict])
			continue;
		if (plane < on->planes.n)
			put(o, " %s\n", coverage_plane(on, plane));
		for (size_t i = 0; i < on->elements.n; i++)
			if (c->rows[i].verdict == verdict &&
			    plane_index(on, c->rows[i].element) == plane)
				put_row(run, &c->rows[i], widest(on), o);
	}
}

static const char *column_title(const struct coverage_column *c)
{
	struct out o = {0};

	put(&o, "%s%s%s", c->name, c->version ? " " : "", c->version ? c->version : "");
	vec_each(b, &c->backends) put(&o, "%s%s", b == c->backends.v ? ", backend " : ", ", *b);
	return text_of(&o);
}

static void put_coverage_text(const struct run *run, const struct coverage_report *r, struct out *o)
{
	/* What is lost first. */
	static const struct {
		enum coverage verdict;
		const char *title;
	} parts[] = {
		{COVERED_PARTLY, "partly: had with a loss"},
		{COVERED_NOT, "none: cannot be had"},
		{COVERED_INSIDE, "inside: used, but nobody can ask for it"},
		{COVERED_FULLY, "full: can be had"},
	};
	const struct coverage_column *c = &r->columns.v[0];

	put(o, "%s through %s\n", r->on->name.s, column_title(c));
	put_counts(r->on, c, o);
	vec_each(name, &c->silent) put(o, "  %s\n", coverage_silence(*name));
	for (size_t i = 0; i < NELEM(parts); i++)
		put_verdict(run, r->on, c, parts[i].verdict, parts[i].title, o);
}

/* ---- as JSON ---- */

static void put_key(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	if (value)
		put_json(o, value);
	else
		put(o, "null");
	put(o, ", ");
}

static void put_list(struct out *o, const char *key, const char *const *v, size_t n)
{
	put(o, "\"%s\": [", key);
	for (size_t i = 0; i < n; i++) {
		put(o, i ? ", " : "");
		put_json(o, v[i]);
	}
	put(o, "]");
}

static void put_json_counts(const size_t counts[COVERAGES], struct out *o)
{
	put(o, "\"elements\": %zu", coverage_sum(counts));
	for (int v = COVERAGES - 1; v >= 0; v--)
		put(o, ", \"%s\": %zu", coverage_name((enum coverage)v), counts[v]);
}

static void put_json_planes(const struct abi *on, const struct coverage_column *c, struct out *o)
{
	const char *comma = "";

	put(o, "\t\"planes\": [");
	for (size_t i = 0; i <= on->planes.n; i++) {
		if (!coverage_sum(c->counts[i]))
			continue;
		put(o, "%s\n\t\t{", comma);
		put_key(o, "name", coverage_plane(on, i));
		put_key(o, "text", i < on->planes.n ? on->planes.v[i]->text : NULL);
		put_json_counts(c->counts[i], o);
		put(o, "}");
		comma = ",";
	}
	put(o, "\n\t],\n\t\"total\": {");
	put_json_counts(c->counts[on->planes.n + 1], o);
	put(o, "},\n");
}

static void put_json_row(const struct run *run, const struct coverage_row *row, struct out *o)
{
	struct position at = source_position(run, row->loc);

	put(o, "{");
	put_key(o, "name", row->element->name.s);
	put_key(o, "plane", row->element->plane ? row->element->plane->name.s : NULL);
	put_key(o, "verdict", coverage_name(row->verdict));
	put_list(o, row->is_like ? "like" : "by", row->by.v, row->by.n);
	put(o, ", ");
	put_key(o, "text", row->text);
	put_key(o, "path", at.path);
	put(o, "\"line\": %u}", at.line);
}

static void put_coverage_json(const struct run *run, const struct coverage_report *r, struct out *o)
{
	const struct coverage_column *c = &r->columns.v[0];

	put(o, "{\"version\": 1,\n\t");
	put_key(o, "on", r->on->name.s);
	put_key(o, "from", c->name);
	put_key(o, "kind", c->kind);
	put_key(o, "from_version", c->version);
	put_list(o, "backends", c->backends.v, c->backends.n);
	put(o, ", ");
	put_list(o, "silent", c->silent.v, c->silent.n);
	put(o, ",\n");
	put_json_planes(r->on, c, o);
	put(o, "\t\"elements\": [");
	for (size_t i = 0; i < r->on->elements.n; i++) {
		put(o, i ? ",\n\t\t" : "\n\t\t");
		put_json_row(run, &c->rows[i], o);
	}
	put(o, "\n\t]}\n");
}

/* ---- forms ---- */

static const struct {
	const char *name;
	void (*put)(const struct run *run, const struct coverage_report *r, struct out *o);
} forms[] = {{"text", put_coverage_text}, {"json", put_coverage_json}, {"html", put_coverage_html}};

bool coverage_knows(const char *request)
{
	return report_form(forms, request);
}

/** FORM or FORM:FILE */
static void add_output(struct run *run, const struct coverage_report *r, const char *request)
{
	report_form(forms, request)->put(run, r, report_output(run, request));
}

/* ---- what was asked for ---- */

static const struct abi *abi_named(const struct run *run, const char *name)
{
	vec_each(a, &run->abis)
	{
		if (!strcmp((*a)->name.s, name))
			return *a;
	}
	return NULL;
}

static bool is_interface(const struct run *run, const char *name)
{
	vec_each(i, &run->interfaces)
	{
		if (!strcmp((*i)->name.s, name))
			return true;
	}
	return false;
}

/** Names of interfaces, if they are asked for, and of abis. */
static const char *known(const struct run *run, bool with_interfaces)
{
	struct out o = {0};

	if (with_interfaces)
		vec_each(i, &run->interfaces) put(&o, "%s%s", o.n ? ", " : "", (*i)->name.s);
	vec_each(a, &run->abis) put(&o, "%s%s", o.n ? ", " : "", (*a)->name.s);
	return o.n ? text_of(&o) : "none";
}

static bool report_from(struct run *run, const char *from, const char *on)
{
	if (is_interface(run, from))
		return run_failed(run, "interface '%s' has no backend on abi '%s'", from, on);
	if (abi_named(run, from))
		return run_failed(run,
				  "nothing says what of '%s' is expressed through '%s'; write "
				  "'binding %s on %s { ... }'",
				  on, from, from, on);
	return run_failed(run, "no interface or abi '%s' in these descriptions; there are: %s",
			  from, known(run, true));
}

bool coverage(struct run *run, const char *from, const char *on)
{
	struct coverage_report r = {.on = abi_named(run, on)};

	if (!r.on)
		return run_failed(run, "no abi '%s' in these descriptions; there are: %s", on,
				  known(run, false));
	add_columns(run, &r, from, true);
	if (!r.columns.n)
		return report_from(run, from, on);
	add_columns(run, &r, from, false);
	vec_each(request, &run->coverage_forms) add_output(run, &r, *request);
	if (!run->coverage_forms.n)
		add_output(run, &r, "text");
	return true;
}
