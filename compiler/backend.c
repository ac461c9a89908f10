/* Statements of a backend that bind no op. */
#include <string.h>

#include "backend.h"

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

static void backend_priority(const struct attributed *a)
{
	((struct backend *)a->thing)->priority = bounded(a->run, a->s, 0, 1000000);
}

static void backend_ignores(const struct attributed *a)
{
	struct name word = word_at(a->s, 0);

	if (is_word(word, "nopv"))
		((struct backend *)a->thing)->ignores_nopv = true;
	else
		diag(a->run, unknown_word, word.loc, word.s, "option that a backend can ignore",
		     "nopv");
}

/** The operand as the name of a function or an object in C. */
static const char *symbol_at(const struct attributed *a, size_t i)
{
	struct name name = word_at(a->s, i);

	c_name(a->run, name);
	return name.s;
}

static void backend_init(const struct attributed *a)
{
	((struct backend *)a->thing)->init = symbol_at(a, 0);
}

static void backend_flush(const struct attributed *a)
{
	((struct backend *)a->thing)->flush = symbol_at(a, 0);
}

/** By what the hypervisor learns where the memory is: ABI.MSR, ABI.CALL or ABI.CALL.SUB. */
static void shared_through(const struct attributed *a)
{
	struct backend *b = a->module;
	struct shared *shared = a->thing;
	const struct operand *o = &a->s->operands.v[0];
	const struct subcall *sub = NULL;

	shared->through = path_text(&o->path, 0);
	if (b->abi && o->path.n == 2 && o->path.v[0].s == b->abi->name.s)
		shared->msr = map_get(&b->abi->msr_map, o->path.v[1].s);
	if (!shared->msr)
		find_call(a->run, b, &o->path, o->loc, &sub);
}

static void shared_decrypted(const struct attributed *a)
{
	((struct shared *)a->thing)->is_decrypted = true;
}

static const struct attribute_row shared_rows[] = {
	{"through", "d", "through ABI.MSR; or through ABI.CALL;", shared_through, ONCE},
	{"decrypted", "", "decrypted;", shared_decrypted, ONCE},
};

static const struct table shared_table = {"shared memory", shared_rows, NELEM(shared_rows), NULL};

/** Of the abi, or of the kernel's where the hypervisor does not care what is beside its bits. */
static struct decl *shared_decl(const struct attributed *a, struct name record)
{
	const struct backend *b = a->thing;
	const struct interface *i = a->module;
	struct decl *d = b->abi ? scope_find(a->run, &b->abi->scope, record) : NULL;

	return d ? d : scope_find(a->run, &i->scope, record);
}

static void backend_shared(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct shared *shared;
	struct name record = word_at(a->s, 0), where = word_at(a->s, 1);
	struct decl *d = shared_decl(a, record);

	if (!d || !d->is_shared) {
		diag(a->run, unknown_type, record.loc, record.s,
		     d ? "; it is not declared 'shared struct'" : "");
		return;
	}
	if (!is_word(where, "percpu") && !is_word(where, "global"))
		diag(a->run, unknown_word, where.loc, where.s, "place of shared memory",
		     "percpu global");
	shared = vec_push(&b->shared);
	*shared = (struct shared){
		.structure = record,
		.decl = d,
		.is_percpu = is_word(where, "percpu"),
		.symbol = symbol_at(a, 2),
		.when = a->s->when,
	};
	apply_all(a->run, &shared_table, b, shared, &a->s->block);
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
	static const char *const between[] = {"from", "to", "call"};
	static const char usage[] = "converter NAME from KIND to KIND call FUNCTION;";
	struct backend *b = a->thing;

	for (size_t i = 0; i < NELEM(between); i++)
		if (!is_word(word_at(a->s, 2 * i + 1), between[i])) {
			report_operand(a, 2 * i + 1, usage);
			return;
		}
	*vec_push(&b->converters) = (struct converter){
		.name = word_at(a->s, 0),
		.from = space_operand(a->run, word_at(a->s, 2)),
		.to = space_operand(a->run, word_at(a->s, 4)),
		.function = symbol_at(a, 6),
	};
}

static void inherit_group(const struct attributed *a, const struct name *name)
{
	struct interface *i = a->module;
	struct backend *b = a->thing;
	const struct group *group = find_group(a->run, i, *name);
	const struct name *first;

	if (!group)
		return;
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

static void backend_table_name(const struct attributed *a)
{
	struct backend *b = a->thing;
	struct name group = word_at(a->s, 0);
	const struct group *g = find_group(a->run, b->interface, group);

	if (!g)
		return;
	if (g->outer) {
		diag(a->run, unknown_group, group.loc, b->interface->name.s, group.s, "");
		return;
	}
	*vec_push(&b->tables) = (struct group_table){b, g, word_at(a->s, 1)};
	c_name(a->run, word_at(a->s, 1));
}

/* Its lines are read when it is known how each op is done. */
static void backend_uses(const struct attributed *a)
{
	struct backend *b = a->thing;

	if (b->abi)
		b->uses = a->s;
	else
		diag(a->run, no_abi, a->s->loc, b->name.s, b->name.s, b->interface->name.s);
}

static const struct attribute_row backend_rows[] = {
	{"bare", "", "bare;", backend_bare, ONCE},
	{"deprivileged", "", "deprivileged;", backend_deprivileged, ONCE},
	{"detect", "a+", "detect WAY;", backend_detect, REPEAT | WHEN},
	{"priority", "i", "priority NUMBER;", backend_priority, ONCE},
	{"ignores", "w", "ignores nopv;", backend_ignores, ONCE},
	{"init", "w", "init FUNCTION;", backend_init, ONCE},
	{"flush", "w", "flush FUNCTION;", backend_flush, ONCE},
	{"shared", "www", "shared STRUCTURE percpu|global SYMBOL;", backend_shared,
	 REPEAT | BLOCK | WHEN},
	{"converter", "wwwwwww", "converter NAME from KIND to KIND call FUNCTION;",
	 backend_converter, REPEAT},
	{"inherit", "w+", "inherit GROUP...;", backend_inherit, REPEAT},
	{"slots", "ww", "slots GROUP SYMBOL;", backend_table_name, REPEAT},
	{"provide", "wa", "provide REGISTRATION NAME { MEMBER VALUE; ... }", backend_provide,
	 BLOCK | REPEAT | WHEN},
	{"hook", "dwa?", "hook PATH call|chain|asm|nop|constant|none VALUE;", backend_hook,
	 REPEAT | WHEN},
	{"set", "daa?", "set PATH VALUE; or set PATH call FUNCTION;", backend_set, REPEAT | WHEN},
	{"replace", "dw", "replace PATH SYMBOL;", backend_replace, REPEAT | BLOCK | WHEN},
	{"run", "w", "run FUNCTION;", backend_run, REPEAT | WHEN},
	{"capability", "ww", "capability force|clear NAME;", backend_capability, REPEAT | WHEN},
	{"static_key", "ww", "static_key NAME on|off;", backend_static_key, REPEAT | WHEN},
	{"teardown", "w+", "teardown EVENT... call FUNCTION;", backend_teardown,
	 REPEAT | BLOCK | WHEN},
	{"uses", "", "uses { ... }", backend_uses, BLOCK},
};

/** An op without the groups around it. */
static bool report_op(const struct attributed *a)
{
	const struct backend *b = a->thing;
	const struct name *word = &a->s->path.v[0];
	const struct op *op = map_get(&b->interface->op_map, word->s);

	if (!op)
		return false;
	diag(a->run, unknown_op, word->loc, b->interface->name.s, word->s,
	     mem_printf("; did you mean '%s'?", op_path(op)));
	diag_fix(a->run, word->loc, op_path(op));
	return true;
}

static const struct table backend_table = {"a backend", backend_rows, NELEM(backend_rows),
					   report_op};

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
		     suggest_interface(run, b->interface_name.s));
		return;
	}
	note_use(run, b->name.loc, b->interface->name.loc);
	if (b->abi_name.s) {
		b->abi = find_module(&run->modules, b->abi_name, run->abis.v, run->abis.n);
		if (!b->abi) {
			diag(run, unknown_abi, b->abi_name.loc, b->abi_name.s,
			     suggest_abi(run, b->abi_name.s));
			return;
		}
		if (b->abi->scope.arch != run->arch)
			diag(run, not_here, b->abi_name.loc, b->abi->name.s, run->arch->name);
		else
			note_use(run, b->name.loc, b->abi->name.loc);
	}
	*vec_push(&b->interface->backends) = b;
	resolve_whens(run, b);
	apply_all(run, &backend_table, b->interface, b, &b->stmts);
	check_provisions(run, b);
	check_actions(run, b);
	if (!b->detections.n)
		diag(run, not_detected, b->name.loc, b->name.s);
}
