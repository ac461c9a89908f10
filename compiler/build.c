#include <limits.h>
#include <string.h>

#include "build.h"

/* A name that is defined twice is reported; the first definition stands. */
static bool define(struct run *run, struct map *map, const char *what, struct name *name,
		   void *thing)
{
	/* Every named thing in a map starts with its name, see NAMED. */
	const struct name *old = map_add(map, name->s, thing);

	if (!old)
		return true;
	diag(run, duplicate, name->loc, what, name->s);
	diag_note(run, old->loc, "the first definition is here");
	return false;
}

/** The same of a name that generated C has as it is, not behind a module's. */
static bool define_bare(struct run *run, struct map *map, const char *what, struct name *name,
			void *thing)
{
	c_name(run, *name);
	return define(run, map, what, name, thing);
}

/* Things in maps start with their name, so that a duplicate can point at the first. */
#define NAMED(type) _Static_assert(offsetof(struct type, name) == 0, "starts with its name")
NAMED(decl);
NAMED(op);
NAMED(data);
NAMED(msr);
NAMED(feature);
NAMED(config);
NAMED(group);
NAMED(registration);
NAMED(interface);
NAMED(abi);
NAMED(call);
NAMED(subcall);
NAMED(backend);
NAMED(mapping);
NAMED(rom_image);

void import(struct parse *p, struct token path, struct loc loc)
{
	if (!p->text_is_bad)
		*vec_push(&p->imports) = (struct import){.name = path.name, .loc = loc};
}

void check_language(struct parse *p, struct token version)
{
	p->run->sources.v[p->file]->has_language = true;
	if (version.value != 1)
		diag(p->run, language_version, version.name.loc, version.name.s);
}

int64_t negative(struct parse *p, struct token number)
{
	uint64_t magnitude = (uint64_t)number.value;

	if (magnitude > (uint64_t)INT64_MAX + 1)
		diag(p->run, bad_number, number.name.loc, mem_printf("-%s", number.name.s));
	return (int64_t)(0 - magnitude);
}

enum { LONGEST_TYPE = 64 };

struct type join_words(struct type before, struct token word)
{
	/* No type has as long a name; of one that has, the rest is not copied again and again. */
	if (strlen(before.name.s) < LONGEST_TYPE)
		before.name.s = intern(mem_printf("%s %s", before.name.s, word.name.s));
	before.name.loc.end = word.name.loc.end;
	return before;
}

/* ---- conditions ---- */

static unsigned int depth_of(const struct expr *e)
{
	return e ? e->depth : 0;
}

struct expr *new_expr(struct parse *p, const struct expr *expr)
{
	struct expr *e = mem_alloc(sizeof(*e));
	unsigned int left = depth_of(expr->left), right = depth_of(expr->right);

	*e = *expr;
	e->depth = 1 + (left > right ? left : right);
	if (e->depth == MAX_DEPTH + 1)
		diag(p->run, syntax, e->loc, "nested too deeply");
	return e;
}

void define_config(struct parse *p, struct token keyword, struct token type, struct token name)
{
	struct config *c = mem_alloc(sizeof(*c));
	bool is_bool = !strcmp(type.name.s, "bool");

	*c = (struct config){.name = name.name, .doc = keyword.doc, .is_bool = is_bool};
	if (!is_bool && strcmp(type.name.s, "int") != 0)
		diag(p->run, unknown_word, type.name.loc, type.name.s,
		     "type of a configuration symbol", "bool int");
	if (define(p->run, &p->run->config_map, "configuration symbol", &c->name, c))
		*vec_push(&p->run->configs) = c;
}

/* ---- constants and types ---- */

/** Of one with a guard the name is taken when the guard is known, or another has it. */
static struct decl *define_guarded(struct parse *p, enum decl_kind kind, struct name name,
				   const char *doc, struct expr *guard)
{
	struct decl *d = mem_alloc(sizeof(*d));

	*d = (struct decl){
		.name = name, .kind = kind, .doc = doc, .scope = p->scope, .guard = guard};
	if (p->scope == &p->run->scope)
		c_name(p->run, name);
	if (guard || define(p->run, &p->scope->map, "name", &d->name, d))
		*vec_push(&p->scope->decls) = d;
	return d;
}

static struct decl *define_decl(struct parse *p, enum decl_kind kind, struct name name,
				const char *doc)
{
	return define_guarded(p, kind, name, doc, NULL);
}

bool take_name(struct run *run, struct decl *d)
{
	return define(run, &d->scope->map, "name", &d->name, d);
}

void define_const(struct parse *p, struct token name, const char *doc, int64_t value,
		  bool is_negative)
{
	struct decl *d = define_decl(p, DECL_CONST, name.name, doc);

	d->value = value;
	d->is_negative = is_negative;
}

void define_bits(struct parse *p, struct token name, const char *doc, struct type type,
		 bit_fields fields)
{
	struct decl *d = define_decl(p, DECL_TYPEDEF, name.name, doc);

	d->type = type;
	d->fields = fields;
	d->is_bits = true;
}

void define_typedef(struct parse *p, struct token name, const char *doc, struct type type)
{
	define_decl(p, DECL_TYPEDEF, name.name, doc)->type = type;
}

void define_function(struct parse *p, struct token name, const char *doc, struct type type,
		     params params)
{
	struct decl *d = define_decl(p, DECL_FUNCTION, name.name, doc);

	d->type = type;
	d->params = params;
}

static enum decl_kind record_kind(struct token word)
{
	return word.name.s == intern("union") ? DECL_UNION : DECL_STRUCT;
}

void define_opaque(struct parse *p, struct token word, struct token name)
{
	define_decl(p, record_kind(word), name.name, word.doc)->is_opaque = true;
}

void define_record(struct parse *p, struct token word, struct token name, struct decl *members,
		   attributes attributes, struct expr *guard, bool is_shared, bool is_packed)
{
	struct decl *d = define_guarded(p, record_kind(word), name.name, word.doc, guard);

	d->members.v = members->members.v;
	d->members.n = members->members.n;
	d->attributes = attributes;
	d->is_shared = is_shared;
	d->is_packed = is_packed;
}

struct member nested_member(struct parse *p, struct token word, struct decl *members,
			    struct token name)
{
	members->kind = record_kind(word);
	members->name = name.name;
	members->scope = p->scope;
	return (struct member){.name = name.name, .doc = word.doc, .nested = members};
}

/* ---- statements ---- */

static names path_of(struct token first, const names *rest)
{
	names path = {0};

	*vec_push(&path) = first.name;
	if (rest)
		vec_each(name, rest) * vec_push(&path) = *name;
	return path;
}

static struct stmt *new_stmt(struct token first, const names *path)
{
	struct stmt *s = mem_alloc(sizeof(*s));

	s->doc = first.doc;
	s->path = path_of(first, path);
	s->loc = path_loc(&s->path);
	return s;
}

struct stmt *word_stmt(struct token word, operands operands)
{
	return binding(word, NULL, operands);
}

struct stmt *condition_stmt(struct token word, struct expr *condition)
{
	struct stmt *s = new_stmt(word, NULL);

	s->condition = condition;
	return s;
}

struct stmt *binding(struct token group, const names *path, operands operands)
{
	struct stmt *s = new_stmt(group, path);

	s->operands = operands;
	if (operands.n)
		s->rest = loc_from_to(operands.v[0].loc, operands.v[operands.n - 1].loc);
	return s;
}

struct stmt *assignment(struct token group, const names *path, struct loc rest)
{
	struct stmt *s = new_stmt(group, path);

	s->is_assignment = true;
	s->rest = rest;
	return s;
}

/** Reports a part of a version that is too large. */
static unsigned int version_part(struct parse *p, struct token part)
{
	if ((uint64_t)part.value <= UINT16_MAX)
		return (unsigned int)part.value;
	diag(p->run, out_of_range, part.name.loc, "version", "0", mem_printf("%d", UINT16_MAX));
	return 0;
}

struct operand version_operand(struct parse *p, struct token major, struct token minor,
			       struct loc loc)
{
	return (struct operand){
		.kind = OPERAND_VERSION,
		.loc = loc,
		.value = version_make(version_part(p, major), version_part(p, minor))};
}

/* ---- interface ---- */

static void open_scope(struct parse *p, struct scope *scope, struct scope *outer, const char *name)
{
	scope->outer = outer;
	scope->prefix = mem_printf("%s_", name);
	scope->upper_prefix = upper(scope->prefix);
	p->scope = scope;
}

/** The interface of this name; one that only more of was seen yet waits to be defined. */
static struct interface *find_interface(const struct run *run, const char *name)
{
	const void *module = map_get(&run->modules, name);

	vec_each(i, &run->interfaces)
	{
		if (*i == module)
			return *i;
	}
	return NULL;
}

static struct interface *new_interface(struct parse *p, struct token name)
{
	struct interface *i = mem_alloc(sizeof(*i));

	i->name = name.name;
	open_scope(p, &i->scope, &p->run->scope, name.name.s);
	if (define(p->run, &p->run->modules, "module", &i->name, i))
		*vec_push(&p->run->interfaces) = i;
	return i;
}

void open_interface(struct parse *p, struct token keyword, struct token name, struct token major,
		    struct token minor)
{
	struct interface *i = find_interface(p->run, name.name.s);

	if (!i || i->is_defined)
		i = new_interface(p, name);
	i->is_defined = true;
	i->name = name.name;
	i->doc = keyword.doc;
	i->major = version_part(p, major);
	i->minor = version_part(p, minor);
	p->interface = i;
	p->scope = &i->scope;
}

void open_more(struct parse *p, struct token name)
{
	struct interface *i = find_interface(p->run, name.name.s);

	p->interface = i ? i : new_interface(p, name);
	p->scope = &p->interface->scope;
}

void open_group(struct parse *p, struct token keyword, struct token name, const names *table,
		struct expr *guard)
{
	struct group *g = mem_alloc(sizeof(*g)), *outer = p->group;

	*g = (struct group){.name = name.name, .doc = keyword.doc, .outer = outer, .guard = guard};
	if (table->n)
		g->table = table->v[0];
	p->group = g;
	if (!define_bare(p->run, &p->interface->group_map, "group", &g->name, g))
		return;
	if (outer)
		*vec_push(&outer->groups) = g;
	else
		*vec_push(&p->interface->groups) = g;
}

/** Each pass goes through all ops: they lie side by side, not each behind its statements. */
static struct op *new_op(struct parse *p)
{
	enum { BLOCK = 32 };

	if (!p->op_room) {
		p->op_room = BLOCK;
		p->op = mem_alloc(BLOCK * sizeof(*p->op));
	}
	p->op_room--;
	return p->op++;
}

void define_op(struct parse *p, const struct op *op)
{
	struct op *o = new_op(p);

	*o = *op;
	o->group = p->group;
	o->slot = (unsigned int)p->interface->ops.n;
	if (!define_bare(p->run, &p->interface->op_map, "op", &o->name, o))
		return;
	*vec_push(&p->interface->ops) = o;
	for (struct group *g = p->group; g; g = g->outer)
		*vec_push(&g->ops) = o;
}

void define_data(struct parse *p, struct token keyword, struct type type, struct token name,
		 attributes attributes, struct expr *guard, stmts stmts)
{
	struct data *d = mem_alloc(sizeof(*d));

	*d = (struct data){.name = name.name,
			   .doc = keyword.doc,
			   .group = p->group,
			   .type = type,
			   .attributes = attributes,
			   .guard = guard,
			   .stmts = stmts};
	if (!define_bare(p->run, &p->interface->data_map, "data", &d->name, d))
		return;
	*vec_push(&p->interface->data) = d;
}

/** Slots that later minor versions may give to ops: ops without a caller, each with a number. */
void define_spare(struct parse *p, struct token keyword, struct token count)
{
	enum { MAX_SPARE = 256 };

	if (count.value < 1 || count.value > MAX_SPARE) {
		diag(p->run, out_of_range, count.name.loc, keyword.name.s, "1",
		     mem_printf("%d", MAX_SPARE));
		return;
	}
	/* More than an interface can have are reported when the ops are counted. */
	for (int64_t n = count.value; n > 0 && p->interface->ops.n <= MAX_OPS; n--) {
		const char *name = mem_printf("%s_spare%u", p->group->name.s, p->group->spares++);

		define_op(p, &(struct op){.name = {intern(name), keyword.name.loc},
					  .doc = keyword.doc,
					  .type = {.name = {intern("void"), keyword.name.loc}},
					  .is_spare = true,
					  .fallback = {IMPL_TRAP, .loc = keyword.name.loc}});
	}
}

static struct registration *define_registration(struct parse *p, struct token keyword,
						struct name name, bool is_hooks)
{
	struct registration *r = mem_alloc(sizeof(*r));

	*r = (struct registration){.name = name,
				   .doc = keyword.doc,
				   .is_hooks = is_hooks,
				   .index = p->interface->registrations.n};
	if (define_bare(p->run, &p->interface->registration_map, "registration", &r->name, r))
		*vec_push(&p->interface->registrations) = r;
	return r;
}

void open_registration(struct parse *p, struct token keyword, struct token name)
{
	p->registration = define_registration(p, keyword, name.name, false);
}

void open_hooks(struct parse *p, struct token keyword, const names *path)
{
	struct name name = {intern(path_text(path, 0)), path_loc(path)};

	p->registration = define_registration(p, keyword, name, true);
}

void registration_member(struct parse *p, struct type type, struct token name, bool is_function,
			 params params, attributes attributes)
{
	struct registration_member *m;
	struct name *copy = mem_alloc(sizeof(*copy));

	*copy = name.name;
	if (!define_bare(p->run, &p->registration->member_map, "member", copy, copy))
		return;
	m = vec_push(&p->registration->members);
	*m = (struct registration_member){
		.name = name.name,
		.doc = type.doc,
		.type = type,
		.is_function = is_function,
		.params = params,
		.attributes = attributes,
	};
}

/* ---- abi ---- */

void open_abi(struct parse *p, struct token keyword, struct token name)
{
	struct abi *a = mem_alloc(sizeof(*a));

	*a = (struct abi){.name = name.name, .doc = keyword.doc};
	/* A binary interface stands alone: its header must too. */
	open_scope(p, &a->scope, NULL, name.name.s);
	p->abi = a;
	if (define(p->run, &p->run->modules, "module", &a->name, a))
		*vec_push(&p->run->abis) = a;
}

static void make_ways(struct param *result, params *params)
{
	result->way = mem_alloc(sizeof(*result->way));
	vec_each(p, params) p->way = mem_alloc(sizeof(*p->way));
}

void open_call(struct parse *p, struct token keyword, struct operand number, struct type type,
	       struct token name, params params, attributes attributes)
{
	enum { MAX_PARAMS = 127 };
	struct call *c = mem_alloc(sizeof(*c));

	if (params.n > MAX_PARAMS) {
		diag(p->run, too_many_params, params.v[MAX_PARAMS].name.loc, name.name.s,
		     counted(MAX_PARAMS, "parameter"));
		params.n = MAX_PARAMS;
	}
	*c = (struct call){.name = name.name,
			   .doc = keyword.doc,
			   .abi = p->abi,
			   .number = number.value,
			   .number_loc = number.loc,
			   .result = {.name = name.name, .type = type, .attributes = attributes},
			   .params = params,
			   .traits = {.arches = UINT_MAX}};
	make_ways(&c->result, &c->params);
	p->call = c;
	*vec_push(&p->abi->calls) = c;
}

void define_sub(struct parse *p, struct token keyword, struct operand number, struct token name,
		params params, attributes attributes, stmts stmts)
{
	struct subcall *s = mem_alloc(sizeof(*s));

	*s = (struct subcall){.name = name.name,
			      .doc = keyword.doc,
			      .number = number.value,
			      .number_loc = number.loc,
			      .result = {.name = name.name, .attributes = attributes},
			      .params = params,
			      .stmts = stmts,
			      .traits = {.arches = UINT_MAX}};
	make_ways(&s->result, &s->params);
	if (define(p->run, &p->call->sub_map, "sub-command", &s->name, s))
		*vec_push(&p->call->subs) = s;
}

void define_msr(struct parse *p, struct token keyword, struct operand number, struct type type,
		struct token name, stmts stmts)
{
	struct msr *m = mem_alloc(sizeof(*m));

	*m = (struct msr){.name = name.name,
			  .doc = keyword.doc,
			  .number = number.value,
			  .number_loc = number.loc,
			  .type = type,
			  .stmts = stmts};
	if (define(p->run, &p->abi->msr_map, "msr", &m->name, m))
		*vec_push(&p->abi->msrs) = m;
}

struct feature *new_feature(const struct feature *place)
{
	struct feature *f = mem_alloc(sizeof(*f));

	*f = *place;
	return f;
}

void define_feature(struct parse *p, struct token keyword, struct token name, struct feature *f,
		    stmts stmts, bool is_hint)
{
	f->name = name.name;
	f->doc = keyword.doc;
	f->is_hint = is_hint;
	f->stmts = stmts;
	if (define(p->run, &p->abi->feature_map, "feature", &f->name, f))
		*vec_push(&p->abi->features) = f;
}

/* ---- backend ---- */

void open_backend(struct parse *p, struct token keyword, struct token name, struct token interface,
		  const names *abi, struct expr *guard)
{
	struct backend *b = mem_alloc(sizeof(*b));

	*b = (struct backend){.name = name.name,
			      .doc = keyword.doc,
			      .interface_name = interface.name,
			      .guard = guard};
	if (abi->n)
		b->abi_name = abi->v[0];
	p->backend = b;
	if (define(p->run, &p->run->modules, "module", &b->name, b))
		*vec_push(&p->run->backends) = b;
}

void open_when(struct parse *p, struct expr *condition)
{
	struct when *w = mem_alloc(sizeof(*w));

	*w = (struct when){.outer = p->when, .condition = condition, .all = condition};
	if (p->when)
		w->all = new_expr(p, &(struct expr){.kind = EXPR_AND,
						    .loc = condition->loc,
						    .left = p->when->all,
						    .right = condition});
	*vec_push(&p->backend->whens) = w;
	p->when = w;
}

void open_phase(struct parse *p, struct token name)
{
	struct phase *phase = mem_alloc(sizeof(*phase));

	*phase = (struct phase){p->phase, name.name};
	*vec_push(&p->backend->phases) = phase;
	p->phase = phase;
}

void add_backend_stmt(struct parse *p, struct stmt *stmt)
{
	stmt->when = p->when;
	stmt->phase = p->phase;
	*vec_push(&p->backend->stmts) = stmt;
}

void define_rom(struct parse *p, struct token keyword, struct token name, struct token abi,
		stmts stmts)
{
	struct rom_image *m = mem_alloc(sizeof(*m));

	*m = (struct rom_image){
		.name = name.name, .doc = keyword.doc, .abi_name = abi.name, .stmts = stmts};
	if (define(p->run, &p->run->modules, "module", &m->name, m))
		*vec_push(&p->run->roms) = m;
}

void define_binding(struct parse *p, struct token keyword, struct token from, struct token on,
		    stmts stmts)
{
	struct mapping *m = mem_alloc(sizeof(*m));

	*m = (struct mapping){.name = {intern(mem_printf("%s on %s", from.name.s, on.name.s)),
				       loc_from_to(from.name.loc, on.name.loc)},
			      .doc = keyword.doc,
			      .from_name = from.name,
			      .on_name = on.name,
			      .stmts = stmts};
	if (define(p->run, &p->run->mapping_map, "binding", &m->name, m))
		*vec_push(&p->run->mappings) = m;
}
