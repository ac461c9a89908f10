/*
 * pvgen diff: two descriptions, each with a run of its own, whose models are walked side by side.
 *
 * What a model says is compared by tables of properties: a row names the value and the rule that
 * its change falls under.  What is more than a value has a function: slots, types, layouts.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

const struct rule_row diff_rules[] = {
#define RULE(id, name, text, source, backend, module, peer, effect, remedy)                        \
	{name, text, {V_##source, V_##backend, V_##module, V_##peer}, effect, remedy},
#include "diff.def"
#undef RULE
};

const char *const audience_names[] = {[FOR_SOURCE] = "source",
				      [FOR_BACKENDS] = "backend",
				      [FOR_MODULES] = "module",
				      [FOR_PEERS] = "peer"};

const char *const verdict_names[] = {
	[V_NA] = "na",	       [V_OK] = "ok",	    [V_NOTE] = "note",	   [V_WARN] = "warn",
	[V_REFUSE] = "refuse", [V_BREAK] = "break", [V_SILENT] = "silent",
};

/* ---- changes ---- */

enum verdict change_worst(const struct change *c)
{
	enum verdict worst = V_NA;

	for (size_t i = 0; i < AUDIENCES; i++)
		worst = c->verdicts[i] > worst ? c->verdicts[i] : worst;
	return worst;
}

struct at at_pair(const struct at *outer, const struct name *old, const struct name *new)
{
	const char *name = new ? new->s : old->s;

	if (old && new && old->s != new->s)
		name = mem_printf("%s -> %s", old->s, new->s);
	return (struct at){.outer = outer, .name = name, .old = old, .new = new};
}

struct at at_op(const struct at *outer, const struct op *old, const struct op *new)
{
	const char *name = NULL;

	if (old && new && old->name.s != new->name.s)
		name = mem_printf("%s -> %s", op_path(old), op_path(new));
	return (struct at){.outer = outer,
			   .name = name,
			   .op = new ? new : old,
			   .old = old ? &old->name : NULL,
			   .new = new ? &new->name : NULL,
			   .was = old};
}

const char *element_of(const struct at *at)
{
	const char *name = at->name ? at->name : op_path(at->op);

	return at->outer ? mem_printf("%s.%s", element_of(at->outer), name) : name;
}

/** The old op that something is, or is a part of; NULL: there is none. */
static const struct op *op_of(const struct at *at)
{
	while (at && !at->was)
		at = at->outer;
	return at ? at->was : NULL;
}

void change(struct diff *d, enum rule_id rule, const struct at *at, const char *fmt, ...)
{
	struct change c = {.rule = rule, .has_old = at->old, .has_new = at->new, .op = op_of(at)};
	struct out detail = {0};
	va_list ap;

	if (!is_knowable(d, rule))
		return;
	va_start(ap, fmt);
	put_v(&detail, fmt, ap);
	va_end(ap);
	c.element = element_of(at);
	c.detail = text_of(&detail);
	if (at->old)
		c.old = at->old->loc;
	if (at->new)
		c.new = at->new->loc;
	for (size_t i = 0; i < AUDIENCES; i++) {
		c.verdicts[i] = diff_rules[rule].verdicts[i];
		if (i == FOR_PEERS && !d->has_peers)
			c.verdicts[i] = V_NA;
		if (c.verdicts[i] > d->worst[i])
			d->worst[i] = c.verdicts[i];
	}
	*vec_push(&d->changes) = c;
}

/* ---- pairs ---- */

/** Of several things of one name, the nth is paired with the nth. */
static void *find_nth(const struct map *m, const char *name, unsigned int nth)
{
	return map_get(m, nth ? intern(mem_printf("%s %u", name, nth)) : name);
}

static void add_nth(struct map *m, const char *name, struct pair *p)
{
	unsigned int nth = 0;

	while (find_nth(m, name, nth))
		nth++;
	map_add(m, nth ? intern(mem_printf("%s %u", name, nth)) : name, p);
}

/** The first pair of this name that has no new thing yet. */
static struct pair *find_open(const struct map *m, const char *name)
{
	struct pair *p;

	for (unsigned int nth = 0; (p = find_nth(m, name, nth)); nth++)
		if (!p->new)
			return p;
	return NULL;
}

pairs pair_things(const void *const *old, size_t n_old, const void *const *new, size_t n_new)
{
	pairs pairs = {.v = mem_alloc((n_old + n_new + 1) * sizeof(struct pair)),
		       .cap = (uint32_t)(n_old + n_new)};
	struct map by_name = {0};

	for (size_t i = 0; i < n_old; i++) {
		struct pair *p = vec_push(&pairs);

		*p = (struct pair){old[i], NULL};
		add_nth(&by_name, ((const struct name *)old[i])->s, p);
	}
	for (size_t i = 0; i < n_new; i++) {
		struct pair *p = find_open(&by_name, ((const struct name *)new[i])->s);

		if (p)
			p->new = new[i];
		else
			*vec_push(&pairs) = (struct pair){NULL, new[i]};
	}
	return pairs;
}

/** Pointers to the elements of an array. */
static const void *const *pointers_to(const char *v, size_t n, size_t size)
{
	const void **pointers = mem_alloc((n + 1) * sizeof(*pointers));

	for (size_t i = 0; i < n; i++)
		pointers[i] = v + i * size;
	return pointers;
}

pairs pair_elements(const void *old, size_t n_old, const void *new, size_t n_new, size_t size)
{
	return pair_things(pointers_to(old, n_old, size), n_old, pointers_to(new, n_new, size),
			   n_new);
}

/* ---- properties ---- */

static bool is_nothing(struct fact f)
{
	return f.s ? !*f.s : !f.n;
}

static const char *fact_shown(struct fact f)
{
	if (!f.s)
		return mem_printf("%lld", (long long)f.n);
	return *f.s ? f.s : "nothing";
}

/** Texts come and go, numbers grow and shrink. */
static enum rule_id rule_of(const struct property *row, struct fact a, struct fact b)
{
	bool is_more = a.s ? is_nothing(a) : b.n > a.n;
	bool is_less = a.s ? is_nothing(b) : b.n < a.n;

	return is_more ? row->more : is_less ? row->less : row->changed;
}

static bool same_fact(struct fact a, struct fact b)
{
	return a.n == b.n && (a.s == b.s || !strcmp(a.s, b.s));
}

void diff_properties(struct diff *d, const struct at *at, const struct property *rows, size_t n,
		     const void *old, const void *new)
{
	for (size_t i = 0; i < n; i++) {
		struct fact a = rows[i].get(old), b = rows[i].get(new);

		if (!same_fact(a, b))
			change(d, rule_of(&rows[i], a, b), at, "%s: %s -> %s", rows[i].what,
			       fact_shown(a), fact_shown(b));
	}
}

void diff_things(struct diff *d, const struct at *at, const pairs *pairs,
		 const struct property *rows, size_t n, enum rule_id lone, const char *what)
{
	vec_each(p, pairs)
	{
		struct at inner = at_pair(at, p->old, p->new);

		if (p->old && p->new)
			diff_properties(d, &inner, rows, n, p->old, p->new);
		else
			change(d, lone, &inner, "%s%s", what, p->new ? "new" : "gone");
	}
}

struct fact fact_words(const names *words)
{
	struct out o = {0};

	vec_each(w, words) put(&o, "%s%s", w == words->v ? "" : " ", w->s);
	return fact_text(text_of(&o));
}

struct fact fact_ops(const ops *ops)
{
	struct out o = {0};

	vec_each(op, ops) put(&o, "%s%s", op == ops->v ? "" : " ", op_path(*op));
	return fact_text(text_of(&o));
}

/** Since when; the rest is deprecation. */
struct fact fact_life(const struct life *life)
{
	return fact_text(life->since ? version_text(life->since) : NULL);
}

/* ---- modules ---- */

/* A module of which there is only more in another file has no definition to compare. */
static void diff_interfaces(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->interfaces, &d->new->interfaces);

	vec_each(p, &pairs)
	{
		struct at at = at_pair(NULL, p->old, p->new);

		if (p->old && p->new)
			diff_interface(d, &at, p->old, p->new);
		else if (knows(d, A_TABLES))
			change(d, p->new ? R_TYP_ADD : R_SYM_DEL, &at, "interface");
	}
}

static void diff_abis(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->abis, &d->new->abis);

	if (!knows(d, A_BACKENDS))
		return;
	vec_each(p, &pairs)
	{
		struct at at = at_pair(NULL, p->old, p->new);

		if (p->old && p->new)
			diff_abi(d, &at, p->old, p->new);
		else
			change(d, p->new ? R_TYP_ADD : R_SYM_DEL, &at, "abi");
	}
}

static void diff_backends(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->backends, &d->new->backends);

	if (!knows(d, A_BACKENDS))
		return;
	vec_each(p, &pairs)
	{
		struct at at = at_pair(NULL, p->old, p->new);

		if (p->old && p->new)
			diff_backend(d, &at, p->old, p->new);
		else
			change(d, p->new ? R_BE_ADDED : R_BE_REMOVED, &at, "backend");
	}
	diff_detection_overlaps(d);
}

static void diff_mappings(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->mappings, &d->new->mappings);

	if (!knows(d, A_BACKENDS))
		return;
	vec_each(p, &pairs)
	{
		struct at at = at_pair(NULL, p->old, p->new);

		if (p->old && p->new)
			diff_mapping(d, &at, p->old, p->new);
		else
			change(d, R_COV_BINDING, &at, p->new ? "new" : "gone");
	}
}

static void diff_roms(struct diff *d)
{
	pairs pairs = pair_pointers(&d->old->roms, &d->new->roms);

	vec_each(p, &pairs)
	{
		struct at at = at_pair(NULL, p->old, p->new);

		if (p->old && p->new)
			diff_rom(d, &at, p->old, p->new);
		else
			change(d, R_ROM_HEADER, &at, p->new ? "new" : "gone");
	}
}

/** The worst first; of one rule and the same verdicts together, in the order of the description. */
static int by_harm(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	enum verdict p = change_worst(x), q = change_worst(y);

	if (p != q)
		return p > q ? -1 : 1;
	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	if (memcmp(x->verdicts, y->verdicts, sizeof(x->verdicts)))
		return memcmp(x->verdicts, y->verdicts, sizeof(x->verdicts));
	if (x->new.file != y->new.file)
		return x->new.file < y->new.file ? -1 : 1;
	if (x->new.begin != y->new.begin)
		return x->new.begin < y->new.begin ? -1 : 1;
	if (x->old.begin != y->old.begin)
		return x->old.begin < y->old.begin ? -1 : 1;
	return strcmp(x->element, y->element);
}

void diff_sort(struct diff *d)
{
	if (d->changes.n)
		qsort(d->changes.v, d->changes.n, sizeof(*d->changes.v), by_harm);
}

void diff_compare(struct diff *d)
{
	d->unknown = unknown_of_all(d->old) | unknown_of_all(d->new);
	diff_configuration(d);
	diff_scope(d, NULL, &d->old->scope, &d->new->scope);
	diff_interfaces(d);
	d->has_peers = true;
	diff_abis(d);
	diff_backends(d);
	diff_mappings(d);
	diff_roms(d);
	diff_sort(d);
}
