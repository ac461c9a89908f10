/*
 * Functions that implement an op tell what its slot does not: a structure that hides the function's
 * type, and names of parameters.  They are found by their own names, which kernels make of the
 * op's. One function's word is enough, and two that differ are none: nobody guesses.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"

static const char thunk[] = "__raw_callee_save_";

/* How backends call their functions, those of bare hardware first. */
static const char *const prefixes[] = {
	"native_", "pv_native_", "__native_", "xen_", "kvm_", "__kvm_", "hv_", "__pv_", "vmi_",
};

struct candidate {
	const char *name, *words; /* as C declares it */
	const char *type;	  /* without typedefs */
	unsigned int rank;	  /* of its prefix */
	const struct ctype *function;
};

/** An op, and the functions that may be its implementations. */
struct poll {
	struct found *op;
	bool is_shared; /* its name, with another op */
	VEC(struct candidate) candidates;
};

struct polls {
	struct types *types;
	struct map by_name; /* of ops */
	VEC(struct poll *) all;
};

static void add_polls(struct polls *p, struct found *f)
{
	vec_each(inner, &f->inner) add_polls(p, inner);
	if (f->is_op) {
		struct poll *poll = mem_alloc(sizeof(*poll)), *other;

		poll->op = f;
		other = map_add(&p->by_name, intern(f->name), poll);
		if (other)
			poll->is_shared = other->is_shared = true;
		*vec_push(&p->all) = poll;
	}
}

/** What the name would be an implementation of; NULL if it has no backend's prefix. */
static const char *behind_prefix(const char *name, unsigned int *rank)
{
	if (!strncmp(name, thunk, sizeof(thunk) - 1))
		name += sizeof(thunk) - 1;
	for (*rank = 0; *rank < NELEM(prefixes); ++*rank) {
		size_t n = strlen(prefixes[*rank]);

		if (!strncmp(name, prefixes[*rank], n))
			return name + n;
	}
	return NULL;
}

static bool has_names(const struct ctype *t)
{
	vec_each(m, &t->members)
	{
		if (!is_c_name(m->name))
			return false;
	}
	return true;
}

/** Each once, of however many files; that with names for its parameters. */
static void add_candidate(struct poll *poll, struct candidate c)
{
	vec_each(old, &poll->candidates)
	{
		if (strcmp(old->name, c.name) != 0 || strcmp(old->words, c.words) != 0)
			continue;
		if (!has_names(old->function))
			old->function = c.function;
		return;
	}
	*vec_push(&poll->candidates) = c;
}

static void see_function(void *context, const char *name, uint64_t type)
{
	struct polls *p = context;
	unsigned int rank;
	const char *rest = behind_prefix(name, &rank);
	struct poll *poll = rest ? map_get(&p->by_name, intern(rest)) : NULL;
	const struct ctype *t = poll ? ctype_bare(p->types, type) : NULL;

	if (t && t->kind == CTYPE_FUNCTION && is_c_name(name))
		add_candidate(poll, (struct candidate){name, ctype_declare(p->types, type, ""),
						       ctype_canonical(p->types, type), rank, t});
}

static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return order ? order : strcmp(x->words, y->words);
}

/* ---- names of parameters ---- */

/** The first function of the same type as the slot's. */
static void take_names(struct polls *p, const struct poll *poll)
{
	const struct ctype *to = ctype_bare(p->types, poll->op->type);
	const char *words = ctype_declare(p->types, to->target, "");

	vec_each(c, &poll->candidates)
	{
		if (!poll->op->names && !strcmp(c->words, words) && has_names(c->function))
			poll->op->names = c->function;
	}
}

/* ---- types that slots hide ---- */

static const char *candidates_text(const struct poll *poll)
{
	struct out o = {0};

	vec_each(c, &poll->candidates) put(&o, "%s%s is %s", o.n ? ", " : "", c->name, c->words);
	return text_of(&o);
}

/** All of one type but those that say nothing; *first is one of them. */
static bool agree(struct polls *p, const struct poll *poll, const struct candidate **first)
{
	*first = NULL;
	vec_each(c, &poll->candidates)
	{
		if (ctype_may_be_assembly(p->types, c->function))
			continue;
		if (*first && strcmp(c->type, (*first)->type) != 0)
			return false;
		*first = *first ? *first : c;
	}
	return *first;
}

static void count_votes(struct polls *p, struct poll *poll)
{
	const struct candidate *c;

	if (poll->is_shared) {
		poll->op->remark = "another op has this name, too";
	} else if (agree(p, poll, &c)) {
		poll->op->function = poll->op->names = c->function;
		poll->op->remark = mem_printf("as %s", c->name);
	} else if (c) {
		poll->op->remark = mem_printf("functions differ: %s", candidates_text(poll));
	} else if (poll->candidates.n) {
		poll->op->remark =
			mem_printf("%s, as labels of assembly are too", candidates_text(poll));
	} else {
		poll->op->remark = "no function has its name";
	}
}

void import_votes(struct recovery *im)
{
	struct polls p = {.types = im->types};

	add_polls(&p, &im->root);
	im->types->each_function(im->types, see_function, &p);
	vec_each(it, &p.all)
	{
		struct poll *poll = *it;

		if (poll->candidates.n)
			qsort(poll->candidates.v, poll->candidates.n, sizeof(*poll->candidates.v),
			      by_rank);
		if (poll->op->is_narrow)
			count_votes(&p, poll);
		else
			take_names(&p, poll);
	}
}
