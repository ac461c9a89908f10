/* Conditions and phases of backends: what they may ask, and whether they can hold at all. */
#include <string.h>

#include "expr.h"

/* ---- what a condition may ask ---- */

/** All that a backend's conditions know by name, for suggestions. */
static struct map askable(const struct run *run, const struct backend *b)
{
	static char known[] = "";
	struct map names = {0};

	map_add(&names, intern("cpus"), known);
	vec_each(d, &b->interface->derived) map_add(&names, (*d)->name.s, known);
	vec_each(c, &run->configs) map_add(&names, (*c)->name.s, known);
	if (b->abi)
		vec_each(f, &b->abi->features) map_add(
			&names, intern(mem_printf("%s.%s", b->abi->name.s, (*f)->name.s)), known);
	vec_each(r, &b->interface->registrations)
	{
		if ((*r)->is_hooks)
			vec_each(m, &(*r)->members) if (!m->is_function) map_add(
				&names, intern(mem_printf("%s.%s", (*r)->name.s, m->name.s)),
				known);
	}
	return names;
}

static enum expr_type scalar_type(const struct type *type)
{
	const struct scalar *scalar = type_scalar(type);

	if (!scalar)
		return TYPE_BROKEN;
	return strcmp(scalar->name, "bool") != 0 ? TYPE_NUMBER : TYPE_TRUTH;
}

static enum expr_type resolve_path(const struct asker *a, struct expr *e)
{
	const struct backend *b = a->module;
	const struct registration_member *m;
	enum expr_type type = TYPE_BROKEN;
	struct map known;

	if (e->path.n == 1 && (e->config = map_get(&a->run->config_map, e->path.v[0].s)))
		return e->config->is_bool ? TYPE_TRUTH : TYPE_NUMBER;
	if (e->path.n == 1 && map_get(&b->interface->derived_map, e->path.v[0].s))
		return TYPE_TRUTH;
	if (e->path.n == 2 && b->abi && e->path.v[0].s == b->abi->name.s &&
	    (e->feature = map_get(&b->abi->feature_map, e->path.v[1].s)))
		return TYPE_TRUTH;
	m = find_hook(b->interface, &e->path);
	if (m && !m->is_function)
		type = scalar_type(&m->type);
	if (type != TYPE_BROKEN) {
		note_use(a->run, e->loc, m->name.loc);
		return type;
	}
	known = askable(a->run, b);
	diag(a->run, unknown_question, e->loc, b->name.s, path_text(&e->path, 0),
	     suggest(a->run, &known, path_text(&e->path, 0)));
	return TYPE_BROKEN;
}

static bool evaluate_path(const struct expr *e, int64_t *value)
{
	return e->config && config_evaluate(e, value);
}

/** Reports a call of a ROM's that no function can make. */
static bool is_probed_in_vain(struct run *run, const struct abi *abi, const struct name *name,
			      const struct call *call)
{
	bool is_vain = abi->rom && call->traits.kind == KIND_JUMP;

	if (is_vain)
		diag(run, unknown_call, name->loc, abi->name.s, name->s, " that comes back");
	return is_vain;
}

/** A function of the backend's, or a hypercall that is tried. */
static enum expr_type resolve_probe(const struct asker *a, struct expr *e)
{
	struct backend *b = (struct backend *)a->module;
	const names *path = &e->operands.v[0].path;
	const struct call *call;

	if (path->n == 1) {
		*vec_push(&b->probes) = path->v[0];
		return TYPE_TRUTH;
	}
	call = find_call(a->run, b, path, e->operands.v[0].loc, &(const struct subcall *){NULL});
	if (!call || is_probed_in_vain(a->run, b->abi, &path->v[1], call))
		return TYPE_BROKEN;
	return TYPE_TRUTH;
}

static const struct atom when_atoms[] = {
	{"cpus", NULL, "cpus", TYPE_NUMBER, NULL, NULL},
	MACHINE_ATOMS,
	{"cmdline", "s", "cmdline(\"WORD\")", TYPE_TRUTH, NULL, NULL},
	{"probe", "d", "probe(FUNCTION) or probe(ABI.CALL)", TYPE_TRUTH, resolve_probe, NULL},
	{NULL, NULL, "features of the abi or derived, data of hooks, configuration symbols",
	 TYPE_BROKEN, resolve_path, evaluate_path},
};

/* ---- can it hold, in some configuration? ---- */

/* More work than this is not done to find a contradiction. */
enum { MAX_TRIED = 1 << 14, MAX_NODES = 1 << 11 };

/** A combination of values for all that conditions ask. */
struct trial {
	VEC(struct asked {
		const char *text;
		size_t choices; /* how many values make a difference */
		int64_t value;
		bool is_number;
	})
	asked;
	VEC(int64_t) numbers; /* that are compared with, and their neighbours */
	size_t nodes;
	bool is_open; /* unknown numbers are compared with each other */
};

static bool is_leaf(const struct expr *e)
{
	return e->kind == EXPR_PATH || e->kind == EXPR_CALL;
}

static void collect_number(struct trial *t, int64_t value)
{
	for (int64_t v = value - (value > INT64_MIN); v <= value + (value < INT64_MAX); v++) {
		size_t i = 0;

		while (i < t->numbers.n && t->numbers.v[i] != v)
			i++;
		if (i == t->numbers.n)
			*vec_push(&t->numbers) = v;
		if (v == INT64_MAX)
			break;
	}
}

static struct asked *find_asked(struct trial *t, const struct expr *e)
{
	vec_each(a, &t->asked)
	{
		if (a->text == e->text)
			return a;
	}
	return NULL;
}

static void collect_atom(struct trial *t, struct expr *e)
{
	struct asked a = {.is_number = e->type == TYPE_NUMBER};

	if (!e->text)
		e->text = intern(expr_text(e));
	if (find_asked(t, e))
		return;
	a.text = e->text;
	*vec_push(&t->asked) = a;
}

static void collect(struct trial *t, struct expr *e)
{
	if (++t->nodes > MAX_NODES)
		return;
	if (is_leaf(e)) {
		collect_atom(t, e);
		return;
	}
	if (e->kind == EXPR_INT) {
		collect_number(t, e->value);
		return;
	}
	collect(t, e->left);
	if (!e->right)
		return;
	collect(t, e->right);
	t->is_open |= e->left->type == TYPE_NUMBER && is_leaf(e->left) && is_leaf(e->right);
}

static int64_t value_of(struct trial *t, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_INT:
		return e->value;
	case EXPR_PATH:
	case EXPR_CALL:
		return find_asked(t, e)->value;
	case EXPR_NOT:
		return !value_of(t, e->left);
	case EXPR_OR:
		return value_of(t, e->left) || value_of(t, e->right);
	case EXPR_AND:
		return value_of(t, e->left) && value_of(t, e->right);
	default:
		return expr_compare(e->kind, value_of(t, e->left), value_of(t, e->right));
	}
}

/** Number of combinations; 0 if there are too many to try. */
static size_t combinations(struct trial *t)
{
	size_t total = t->nodes <= MAX_NODES;

	vec_each(a, &t->asked)
	{
		a->choices = a->is_number ? t->numbers.n : 2;
		total *= a->choices;
		if (total * t->nodes > MAX_TRIED)
			return 0;
	}
	return total;
}

static void set_values(struct trial *t, size_t combination)
{
	vec_each(a, &t->asked)
	{
		size_t choice = combination % a->choices;

		combination /= a->choices;
		a->value = a->is_number ? t->numbers.v[choice] : (int64_t)choice;
	}
}

static bool all_hold(struct trial *t, const struct clause *clauses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((!clauses[i].when || value_of(t, clauses[i].when->all)) != clauses[i].holds)
			return false;
	return true;
}

bool can_hold(const struct clause *clauses, size_t n)
{
	struct trial t = {0};
	size_t total;

	collect_number(&t, 0);
	for (size_t i = 0; i < n; i++) {
		if (clauses[i].when && clauses[i].when->is_broken)
			return true;
		if (clauses[i].when)
			collect(&t, clauses[i].when->all);
	}
	total = combinations(&t);
	if (t.is_open || !total)
		return true;
	while (total--) {
		set_values(&t, total);
		if (all_hold(&t, clauses, n))
			return true;
	}
	return false;
}

/* ---- what is never chosen ---- */

/** Clauses of one choice and those before it. */
static bool is_chosen(const struct choice *c, const struct choice *const *before, size_t n)
{
	VEC(struct clause) clauses = {0};

	*vec_push(&clauses) = (struct clause){c->when, true};
	for (size_t i = 0; i < n; i++)
		*vec_push(&clauses) = (struct clause){before[i]->when, false};
	return can_hold(clauses.v, clauses.n);
}

static const char *choice_key(const struct choice *c)
{
	return intern(mem_printf("%s %s", c->phase ? c->phase->name.s : "", c->key));
}

void check_choices(struct run *run, const choices *choices)
{
	/* One chosen before so many conditions is not proved away. */
	enum { MAX_BEFORE = 8 };
	typedef VEC(const struct choice *) earlier;
	struct map seen = {0};

	vec_each(c, choices)
	{
		earlier *before = map_get(&seen, choice_key(c));

		if (!before) {
			before = mem_alloc(sizeof(*before));
			map_add(&seen, choice_key(c), before);
		}
		if (!is_chosen(c, before->v, before->n)) {
			diag(run, never_chosen, c->loc, c->key);
			diag_note(run, before->v[before->n - 1]->loc, "one before it is here");
		} else if (before->n < MAX_BEFORE) {
			*vec_push(before) = c;
		}
	}
}

/* ---- resolution ---- */

static void resolve_when(struct run *run, struct backend *b, struct when *w)
{
	const struct asker a = {run, mem_printf("a condition of backend '%s'", b->name.s),
				when_atoms, NELEM(when_atoms), b};
	bool was_possible = can_hold(&(struct clause){w->outer, true}, 1);

	w->is_broken = !expr_resolve(&a, w->condition) || (w->outer && w->outer->is_broken);
	if (was_possible && !can_hold(&(struct clause){w, true}, 1))
		diag(run, never_true, w->condition->loc, when_text(w));
}

static void resolve_phase(struct run *run, const struct interface *i, const struct phase *phase)
{
	if (phase->outer) {
		diag(run, nested_phase, phase->name.loc, phase->name.s, phase->outer->name.s);
		diag_note(run, phase->outer->name.loc, "that phase is here");
	}
	if (!map_get(&i->phase_map, phase->name.s))
		diag(run, unknown_phase, phase->name.loc, i->name.s, phase->name.s,
		     suggest(run, &i->phase_map, phase->name.s));
}

bool when_is_left_out(const struct when *when)
{
	return when && !when->is_broken && expr_truth(when->all) == TRUTH_FALSE;
}

/* What the configuration excludes is left out as if it were not described. */
static void leave_out(struct backend *b)
{
	size_t kept = 0;

	vec_each(s, &b->stmts)
	{
		if (!when_is_left_out((*s)->when))
			b->stmts.v[kept++] = *s;
	}
	b->stmts.n = kept;
}

void resolve_whens(struct run *run, struct backend *b)
{
	vec_each(w, &b->whens) resolve_when(run, b, *w);
	vec_each(p, &b->phases) resolve_phase(run, b->interface, *p);
	leave_out(b);
}

const char *when_text(const struct when *when)
{
	return when ? expr_text(when->all) : "";
}
