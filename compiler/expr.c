/* Conditions: what their words mean, whether their types fit, what is known of them before boot. */
#include "expr.h"

#include <string.h>

#include "attributes.h"

/* From the one that binds least; 0: not between two operands. */
static const struct operator
{
	const char *text;
	unsigned int binds;
}
operators[] = {
	[EXPR_OR] = {"||", 1},	    [EXPR_AND] = {"&&", 2},	 [EXPR_EQUAL] = {"==", 3},
	[EXPR_UNEQUAL] = {"!=", 3}, [EXPR_LESS] = {"<", 3},	 [EXPR_MORE] = {">", 3},
	[EXPR_AT_MOST] = {"<=", 3}, [EXPR_AT_LEAST] = {">=", 3},
};

const char *expr_operator(enum expr_kind kind)
{
	return operators[kind].text;
}

/* ---- types ---- */

static const char *type_text(enum expr_type type)
{
	return type == TYPE_TRUTH ? "a truth value" : "a number";
}

static bool check_type(const struct asker *a, const struct expr *e, enum expr_type needed)
{
	if (e->type == needed)
		return true;
	if (e->type != TYPE_BROKEN && needed != TYPE_BROKEN)
		diag(a->run, condition_type, e->loc, type_text(needed), type_text(e->type));
	return false;
}

static bool is_atom(const struct atom *row, const struct expr *e)
{
	if ((row->shape != NULL) != (e->kind == EXPR_CALL))
		return false;
	return !row->word || (e->path.n == 1 && !strcmp(row->word, e->path.v[0].s));
}

static const char *usages(const struct asker *a)
{
	struct out o = {0};

	for (size_t i = 0; i < a->n; i++)
		put(&o, "%s%s", i ? ", " : "", a->atoms[i].usage);
	return text_of(&o);
}

static enum expr_type resolve_atom(const struct asker *a, struct expr *e)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct atom *row = &a->atoms[i];

		if (!is_atom(row, e))
			continue;
		e->atom = row;
		if (!row->shape || shape_fits(row->shape, &e->operands))
			return row->resolve ? row->resolve(a, e) : row->type;
		diag(a->run, bad_operands,
		     operand_loc(&e->operands, shape_misfit(row->shape, &e->operands), e->loc),
		     row->word, row->usage);
		return TYPE_BROKEN;
	}
	diag(a->run, unknown_condition, e->loc, a->place, expr_text(e), usages(a));
	return TYPE_BROKEN;
}

static enum expr_type resolve_expr(const struct asker *a, struct expr *e);

/** Of an operator: what its operands must be, or TYPE_BROKEN for any two of one type. */
static enum expr_type operand_type(const struct expr *e)
{
	if (e->kind == EXPR_EQUAL || e->kind == EXPR_UNEQUAL)
		return e->left->type;
	return e->kind == EXPR_OR || e->kind == EXPR_AND || e->kind == EXPR_NOT ? TYPE_TRUTH
										: TYPE_NUMBER;
}

static enum expr_type resolve_operator(const struct asker *a, struct expr *e)
{
	bool good;

	resolve_expr(a, e->left);
	if (e->right)
		resolve_expr(a, e->right);
	good = check_type(a, e->left, operand_type(e));
	if (e->right)
		good &= check_type(a, e->right, operand_type(e));
	return good ? TYPE_TRUTH : TYPE_BROKEN;
}

static enum expr_type resolve_expr(const struct asker *a, struct expr *e)
{
	if (e->kind == EXPR_INT)
		e->type = TYPE_NUMBER;
	else if (e->kind == EXPR_PATH || e->kind == EXPR_CALL)
		e->type = resolve_atom(a, e);
	else
		e->type = resolve_operator(a, e);
	return e->type;
}

bool expr_resolve(const struct asker *a, struct expr *e)
{
	resolve_expr(a, e);
	return check_type(a, e, TYPE_TRUTH);
}

/* ---- values ---- */

static bool evaluate(const struct expr *e, int64_t *value);

/** One side decides alone if it has the value that the operator is about. */
static bool evaluate_logic(const struct expr *e, int64_t *value)
{
	int64_t decisive = e->kind == EXPR_OR, left, right;
	bool left_known = evaluate(e->left, &left), right_known = evaluate(e->right, &right);

	if ((left_known && left == decisive) || (right_known && right == decisive)) {
		*value = decisive;
		return true;
	}
	*value = !decisive;
	return left_known && right_known;
}

bool expr_compare(enum expr_kind kind, int64_t left, int64_t right)
{
	switch (kind) {
	case EXPR_EQUAL:
		return left == right;
	case EXPR_UNEQUAL:
		return left != right;
	case EXPR_LESS:
		return left < right;
	case EXPR_MORE:
		return left > right;
	case EXPR_AT_MOST:
		return left <= right;
	default:
		return left >= right;
	}
}

static bool evaluate(const struct expr *e, int64_t *value)
{
	int64_t left, right;

	switch (e->kind) {
	case EXPR_INT:
		*value = e->value;
		return true;
	case EXPR_PATH:
	case EXPR_CALL:
		return e->atom->evaluate && e->atom->evaluate(e, value);
	case EXPR_NOT:
		if (!evaluate(e->left, &left))
			return false;
		*value = !left;
		return true;
	case EXPR_OR:
	case EXPR_AND:
		return evaluate_logic(e, value);
	default:
		if (!evaluate(e->left, &left) || !evaluate(e->right, &right))
			return false;
		*value = expr_compare(e->kind, left, right);
		return true;
	}
}

enum truth expr_truth(const struct expr *e)
{
	int64_t value;

	if (!e)
		return TRUTH_TRUE;
	if (!evaluate(e, &value))
		return TRUTH_UNKNOWN;
	return value ? TRUTH_TRUE : TRUTH_FALSE;
}

/* ---- text ---- */

const char *operand_text(const struct operand *o)
{
	if (o->kind == OPERAND_PATH)
		return path_text(&o->path, 0);
	if (o->kind == OPERAND_STRING)
		return mem_printf("\"%s\"", o->string);
	if (o->kind == OPERAND_PAIR)
		return mem_printf("%s:%s", o->path.v[0].s, o->path.v[1].s);
	if (o->kind == OPERAND_RANGE)
		return mem_printf("%lld:%lld", (long long)o->value, (long long)o->low);
	if (o->kind == OPERAND_VERSION)
		return version_text(o->value);
	return mem_printf("%lld", (long long)o->value);
}

static void put_atom(struct out *o, const struct expr *e)
{
	put(o, "%s", path_text(&e->path, 0));
	if (e->kind == EXPR_PATH)
		return;
	put(o, "(");
	vec_each(operand, &e->operands)
	{
		put(o, "%s%s", operand == e->operands.v ? "" : ", ", operand_text(operand));
	}
	put(o, ")");
}

static bool is_associative(const struct expr *e)
{
	return e->kind == EXPR_AND || e->kind == EXPR_OR;
}

/** In parentheses if it binds less than what is around it. */
static void put_expr(struct out *o, const struct expr *e, unsigned int around)
{
	unsigned int binds = e->kind < NELEM(operators) ? operators[e->kind].binds : 0;

	if (e->kind == EXPR_INT) {
		put(o, "%lld", (long long)e->value);
	} else if (e->kind == EXPR_NOT) {
		put(o, "!");
		put_expr(o, e->left, NELEM(operators));
	} else if (!binds) {
		put_atom(o, e);
	} else {
		put(o, "%s", binds < around ? "(" : "");
		put_expr(o, e->left, binds);
		put(o, " %s ", operators[e->kind].text);
		put_expr(o, e->right, is_associative(e) ? binds : binds + 1);
		put(o, "%s", binds < around ? ")" : "");
	}
}

const char *expr_text(const struct expr *e)
{
	struct out o = {0};

	put_expr(&o, e, 0);
	return text_of(&o);
}

/* ---- the configuration ---- */

enum expr_type config_resolve(const struct asker *a, struct expr *e)
{
	const char *name = path_text(&e->path, 0);

	e->config = map_get(&a->run->config_map, intern(name));
	if (e->config)
		return e->config->is_bool ? TYPE_TRUTH : TYPE_NUMBER;
	diag(a->run, unknown_config, e->loc, name, suggest(a->run, &a->run->config_map, name));
	return TYPE_BROKEN;
}

bool config_evaluate(const struct expr *e, int64_t *value)
{
	*value = e->config->value;
	return e->config->is_set;
}

static enum expr_type arch_resolve(const struct asker *a, struct expr *e)
{
	struct name name = e->operands.v[0].path.v[0];

	e->value = !strcmp(name.s, a->run->arch->name);
	return check_arch(a->run, name) ? TYPE_TRUTH : TYPE_BROKEN;
}

static bool arch_evaluate(const struct expr *e, int64_t *value)
{
	*value = e->value;
	return true;
}

/* Only the first is known where types are told apart. */
static const struct atom guard_atoms[] = {
	{"arch", "w", "arch(ARCH)", TYPE_TRUTH, arch_resolve, arch_evaluate},
	{.usage = "configuration symbols", .resolve = config_resolve, .evaluate = config_evaluate},
};

bool resolve_guard(struct run *run, struct expr *guard)
{
	const struct asker a = {run, "a guard", guard_atoms, NELEM(guard_atoms), NULL};

	return expr_resolve(&a, guard);
}

bool resolve_type_guard(struct run *run, struct expr *guard)
{
	const struct asker a = {run, "the guard of a type", guard_atoms, 1, NULL};

	return expr_resolve(&a, guard);
}

/* ---- what is derived from slots ---- */

const struct derived *find_derived(const struct interface *i, struct expr *e)
{
	e->derived = e->path.n == 1 ? map_get(&i->derived_map, e->path.v[0].s) : NULL;
	return e->derived;
}

static enum expr_type derived_resolve(const struct asker *a, struct expr *e)
{
	const struct interface *i = a->module;
	const char *name = path_text(&e->path, 0);

	if (find_derived(i, e))
		return TYPE_TRUTH;
	diag(a->run, unknown_derived, e->loc, i->name.s, name,
	     suggest(a->run, &i->derived_map, name));
	return TYPE_BROKEN;
}

static const struct atom template_atoms[] = {
	{.usage = "derived features", .resolve = derived_resolve},
};

bool resolve_template_condition(struct run *run, const struct interface *i, struct expr *when)
{
	const struct asker a = {run, "a template's condition", template_atoms,
				NELEM(template_atoms), i};

	return expr_resolve(&a, when);
}

/* ---- what is not set ---- */

static void put_settings(struct out *o, const struct expr *e)
{
	if (e->left)
		put_settings(o, e->left);
	if (e->right)
		put_settings(o, e->right);
	if (e->config && !e->config->is_set)
		put(o, "%s-D %s%s", o->n ? " " : "", e->config->name.s,
		    e->config->is_bool ? "=y|n" : "=NUMBER");
}

const char *open_settings(const struct expr *e)
{
	struct out o = {0};

	put_settings(&o, e);
	return text_of(&o);
}
