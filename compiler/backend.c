/* Statements of a backend that bind no op. */
#include <stdlib.h>
#include <string.h>

#include "attributes.h"

static void backend_bare(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct interface *i = a->module;

	b->is_bare = true;
	if (i->bare) {
		diag(a->run, two_bare, a->s->loc, i->name.s, i->bare->name.s, b->name.s);
		diag_note(a->run, i->bare->name.loc, "'%s' is here", i->bare->name.s);
	}
	i->bare = b;
}

static void backend_deprivileged(const struct attributed *a)
{
	((struct backend *)a->thing)->is_deprivileged = true;
}

static void detect_always(struct run *run, struct backend *b, const struct stmt *s)
{
	(void)run;
	(void)s;
	b->detect = DETECT_ALWAYS;
}

static void detect_start_info(struct run *run, struct backend *b, const struct stmt *s)
{
	(void)run;
	(void)s;
	b->detect = DETECT_START_INFO;
}

static void detect_cpuid(struct run *run, struct backend *b, const struct stmt *s)
{
	const struct operand *signature = &s->operands.v[s->operands.n - 1];

	b->detect = DETECT_CPUID;
	b->signature = signature->string;
	if (signature->kind != OPERAND_STRING || !*signature->string ||
	    strlen(signature->string) > 12)
		diag(run, bad_signature, signature->loc);
}

static const struct {
	const char *name;
	void (*apply)(struct run *run, struct backend *b, const struct stmt *s);
} detections[] = {
	{"always", detect_always},
	{"start_info", detect_start_info},
	{"cpuid", detect_cpuid},
};

static void backend_detect(const struct attributed *a)
{
	struct backend *b = a->thing;

	b->is_detected = true;
	for (size_t i = 0; i < NELEM(detections); i++)
		if (is_word(word_at(a->s, 0), detections[i].name)) {
			detections[i].apply(a->run, b, a->s);
			return;
		}
	diag(a->run, unknown_word, a->s->operands.v[0].loc, word_at(a->s, 0).s, "way to detect",
	     "always start_info cpuid");
}

static void backend_priority(const struct attributed *a)
{
	((struct backend *)a->thing)->priority = bounded(a->run, a->s, 0, 1000000);
}

static void backend_init(const struct attributed *a)
{
	((struct backend *)a->thing)->init = word_at(a->s, 0).s;
}

static void backend_flush(const struct attributed *a)
{
	((struct backend *)a->thing)->flush = word_at(a->s, 0).s;
}

static void backend_shared(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct name record = word_at(a->s, 0), where = word_at(a->s, 1);
	struct decl *d = b->abi ? scope_find(&b->abi->scope, record.s) : NULL;

	if (!d || !d->is_shared) {
		diag(a->run, unknown_type, record.loc, record.s,
		     d ? "; it is not declared 'shared struct'" : "");
		return;
	}
	if (!is_word(where, "percpu") && !is_word(where, "global"))
		diag(a->run, unknown_word, where.loc, where.s, "place of shared memory",
		     "percpu global");
	*vec_push(&b->shared) = (struct shared){
		.structure = record,
		.decl = d,
		.is_percpu = is_word(where, "percpu"),
		.symbol = word_at(a->s, 2).s,
	};
}

static enum space space_operand(struct run *run, struct name name)
{
	enum space space = space_find(name.s);

	if (space == SPACE_NONE)
		diag(run, unknown_word, name.loc, name.s, "kind of address",
		     "va pa gpa pfn mfn ma");
	return space;
}

static void backend_converter(const struct attributed *a)
{
	static const char usage[] = "converter NAME from KIND to KIND call FUNCTION;";
	struct backend *b = a->thing;

	if (!is_word(word_at(a->s, 1), "from") || !is_word(word_at(a->s, 3), "to") ||
	    !is_word(word_at(a->s, 5), "call")) {
		diag(a->run, bad_operands, a->s->loc, "converter", usage);
		return;
	}
	*vec_push(&b->converters) = (struct converter){
		.name = word_at(a->s, 0),
		.from = space_operand(a->run, word_at(a->s, 2)),
		.to = space_operand(a->run, word_at(a->s, 4)),
		.function = word_at(a->s, 6).s,
	};
}

/** The values of a provision by name; reports those that nobody asks for and repetitions. */
static void collect_values(struct run *run, const struct registration *r,
			   const struct stmt *provide, struct map *values)
{
	vec_each(s, &provide->block)
	{
		const struct name *name = &s->path.v[0];

		if (!map_get(&r->member_map, name->s))
			diag(run, unknown_attribute, name->loc, r->name.s, name->s,
			     suggest(run, &r->member_map, name->s));
		else if (map_add(values, name->s, s))
			diag(run, repeated, name->loc, name->s);
	}
}

/** One value for each member of the registration, of its kind, in its order. */
static void provide_values(struct run *run, const struct registration *r,
			   const struct stmt *provide, stmts *sorted)
{
	struct map values = {0};

	collect_values(run, r, provide, &values);
	vec_each(m, &r->members)
	{
		const struct stmt *s = map_get(&values, m->name.s);
		const char *shape = m->is_function || type_is_pointer(&m->type) ? "w" : "i";

		if (!s)
			diag(run, member_missing, provide->operands.v[1].loc, r->name.s,
			     word_at(provide, 1).s, m->name.s);
		else if (!shape_fits(shape, &s->operands))
			diag(run, bad_operands, s->loc, m->name.s,
			     mem_printf("%s %s;", m->name.s,
					*shape == 'i' ? "NUMBER" : "FUNCTION"));
		else
			*vec_push(sorted) = *s;
	}
}

static void backend_provide(const struct attributed *a)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	struct name kind = word_at(a->s, 0);
	const struct registration *r = map_get(&i->registration_map, kind.s);
	struct provision *p;

	if (!r) {
		diag(a->run, unknown_registration, kind.loc, i->name.s, kind.s,
		     suggest(a->run, &i->registration_map, kind.s));
		return;
	}
	p = vec_push(&b->provisions);
	*p = (struct provision){.registration = r, .name = word_at(a->s, 1)};
	provide_values(a->run, r, a->s, &p->values);
}

static void inherit_group(const struct attributed *a, const struct name *name)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	const struct group *group = map_get(&i->group_map, name->s);
	const struct name *first;

	if (!group) {
		diag(a->run, unknown_group, name->loc, i->name.s, name->s,
		     suggest(a->run, &i->group_map, name->s));
		return;
	}
	first = map_add(&b->inherit_map, name->s, (void *)name);
	if (first) {
		diag(a->run, repeated, name->loc, name->s);
		diag_note(a->run, first->loc, "it was said here first");
		return;
	}
	*vec_push(&b->inherits) = (struct inheritance){group, name->loc};
}

static void backend_inherit(const struct attributed *a)
{
	vec_each(o, &a->s->operands) inherit_group(a, &o->path.v[0]);
}

static const struct attribute_row backend_rows[] = {
	{"bare", "", "bare;", backend_bare, ONCE},
	{"deprivileged", "", "deprivileged;", backend_deprivileged, ONCE},
	{"detect", "ws?", "detect always; detect start_info; or detect cpuid \"SIGNATURE\";",
	 backend_detect, ONCE},
	{"priority", "i", "priority NUMBER;", backend_priority, ONCE},
	{"init", "w", "init FUNCTION;", backend_init, ONCE},
	{"flush", "w", "flush FUNCTION;", backend_flush, ONCE},
	{"shared", "www", "shared STRUCTURE percpu|global SYMBOL;", backend_shared, REPEAT},
	{"converter", "wwwwwww", "converter NAME from KIND to KIND call FUNCTION;",
	 backend_converter, REPEAT},
	{"inherit", "w+", "inherit GROUP...;", backend_inherit, REPEAT},
	{"provide", "ww", "provide REGISTRATION NAME { MEMBER VALUE; ... }", backend_provide,
	 BLOCK | REPEAT},
};

static const struct table backend_table = {"a backend", backend_rows, NELEM(backend_rows)};

static int by_registration(const void *a, const void *b)
{
	const struct provision *x = a, *y = b;

	if (x->registration != y->registration)
		return x->registration->index < y->registration->index ? -1 : 1;
	return x->name.loc.begin < y->name.loc.begin ? -1 : 1;
}

static void *find_module(const struct map *names, struct name name, const void *list, size_t n)
{
	void *module = map_get(names, name.s);
	void *const *v = list;

	for (size_t i = 0; i < n; i++)
		if (v[i] == module)
			return module;
	return NULL;
}

void resolve_backend(struct run *run, struct backend *b)
{
	b->interface =
		find_module(&run->modules, b->interface_name, run->interfaces.v, run->interfaces.n);
	if (!b->interface) {
		diag(run, unknown_interface, b->interface_name.loc, b->interface_name.s,
		     suggest(run, &run->modules, b->interface_name.s));
		return;
	}
	if (b->abi_name.s) {
		b->abi = find_module(&run->modules, b->abi_name, run->abis.v, run->abis.n);
		if (!b->abi)
			diag(run, unknown_abi, b->abi_name.loc, b->abi_name.s,
			     suggest(run, &run->modules, b->abi_name.s));
		else if (b->abi->scope.arch != run->arch)
			diag(run, not_here, b->abi_name.loc, b->abi->name.s, run->arch->name);
	}
	*vec_push(&b->interface->backends) = b;
	resolve_whens(run, b);
	apply_all(run, &backend_table, b->interface, b, &b->stmts);
	if (b->provisions.n)
		qsort(b->provisions.v, b->provisions.n, sizeof(*b->provisions.v), by_registration);
	if (!b->is_detected)
		diag(run, not_detected, b->name.loc, b->name.s);
}
