#include <stdio.h>
#include <string.h>

#include "attributes.h"

enum { MAX_ARRAY = 1 << 20 };

/* The first stands in for a type that was reported. */
static const struct scalar scalars[] = {
	{"int", "int", 4, true},
	{"u8", "uint8_t", 1, false},
	{"u16", "uint16_t", 2, false},
	{"u32", "uint32_t", 4, false},
	{"u64", "uint64_t", 8, false},
	{"s8", "int8_t", 1, true},
	{"s16", "int16_t", 2, true},
	{"s32", "int32_t", 4, true},
	{"s64", "int64_t", 8, true},
	{"bool", "bool", 1, false},
	{"char", "char", 1, true},
	{"signed char", "signed char", 1, true},
	{"unsigned char", "unsigned char", 1, false},
	{"short", "short", 2, true},
	{"unsigned short", "unsigned short", 2, false},
	{"unsigned", "unsigned int", 4, false},
	{"unsigned int", "unsigned int", 4, false},
	{"long", "long", 0, true},
	{"unsigned long", "unsigned long", 0, false},
	{"long long", "long long", 8, true},
	{"unsigned long long", "unsigned long long", 8, false},
};

static const struct {
	const char *name;
	enum direction direction;
} directions[] = {{"in", DIR_IN}, {"out", DIR_OUT}, {"inout", DIR_INOUT}};

static const struct {
	const char *name;
	enum space space;
} spaces[] = {
	{"va", SPACE_VA},   {"pa", SPACE_PA},	{"gpa", SPACE_GPA},
	{"pfn", SPACE_PFN}, {"mfn", SPACE_MFN}, {"ma", SPACE_MA},
};

enum space space_find(const char *name)
{
	for (size_t i = 0; i < NELEM(spaces); i++)
		if (!strcmp(spaces[i].name, name))
			return spaces[i].space;
	return SPACE_NONE;
}

const char *space_name(enum space space)
{
	for (size_t i = 0; i < NELEM(spaces); i++)
		if (spaces[i].space == space)
			return spaces[i].name;
	return "none";
}

/* ---- names ---- */

struct decl *scope_find(struct run *run, const struct scope *scope, struct name name)
{
	for (; scope; scope = scope->outer) {
		struct decl *d = map_get(&scope->map, name.s);

		if (!d)
			continue;
		note_use(run, name.loc, d->name.loc);
		return d;
	}
	return NULL;
}

/* ---- types ---- */

/** What a type is behind the names that typedefs gave it. */
static const struct type *type_behind(const struct type *type)
{
	while (!type->stars && type->decl && type->decl->kind == DECL_TYPEDEF)
		type = &type->decl->type;
	return type;
}

bool type_is_void(const struct type *type)
{
	type = type_behind(type);
	return !type->stars && !type->scalar && !type->decl;
}

/** Is it a function, not a pointer to one? */
static bool type_is_function(const struct type *type)
{
	type = type_behind(type);
	return !type->stars && type->decl && type->decl->kind == DECL_FUNCTION;
}

bool is_output(const struct param *p)
{
	return p->direction > DIR_IN && !type_is_pointer(&p->type);
}

bool type_is_pointer(const struct type *type)
{
	return type_behind(type)->stars;
}

bool type_is_text(const struct type *type)
{
	return type->stars == 1 && type->is_const && type->scalar &&
	       !strcmp(type->scalar->name, "char");
}

const struct decl *type_record(const struct type *type)
{
	const struct decl *d;

	type = type_behind(type);
	d = type->stars ? NULL : type->decl;
	return d && (d->kind == DECL_STRUCT || d->kind == DECL_UNION) ? d : NULL;
}

static const struct member *only_member(const struct type *type)
{
	const struct decl *d = type_record(type);

	if (!d || d->members.n != 1 || d->members.v[0].nested || d->members.v[0].is_array)
		return NULL;
	return &d->members.v[0];
}

const struct scalar *type_scalar(const struct type *type)
{
	/* Structures that contain themselves are found when they are laid out. */
	for (unsigned int depth = 0; depth <= MAX_TYPE_DEPTH; depth++) {
		const struct member *m;

		type = type_behind(type);
		if (type->stars)
			return NULL;
		if (type->scalar)
			return type->scalar;
		m = only_member(type);
		if (!m)
			return NULL;
		type = &m->type;
	}
	return NULL;
}

const struct member *type_wrapped(const struct type *type)
{
	const struct member *m = only_member(type);

	return m && type_scalar(&m->type) ? m : NULL;
}

void type_range(const struct run *run, const struct type *type, int64_t *low, int64_t *high)
{
	const struct scalar *scalar = type_scalar(type);
	unsigned int bits = (unsigned int)type_size(run->arch, type) * 8;

	*low = bits < 64 ? -(INT64_C(1) << (bits - 1)) : INT64_MIN;
	*high = bits < 64 ? (INT64_C(1) << bits) - 1 : INT64_MAX;
	if (scalar && !strcmp(scalar->name, "bool")) {
		*low = 0;
		*high = 1;
	}
}

bool resolve_number(struct run *run, const struct scope *scope, const struct operand *o,
		    const struct type *type, const char *name, int64_t *value)
{
	const char *word = o->kind == OPERAND_PATH ? path_text(&o->path, 0) : NULL;
	const struct decl *d =
		word ? scope_find(run, scope, (struct name){intern(word), o->loc}) : NULL;
	int64_t low, high;

	if (word && (!d || d->kind != DECL_CONST)) {
		diag(run, unknown_const, o->loc, word, suggest_const(run, scope, word));
		return false;
	}
	*value = word ? d->value : o->value;
	type_range(run, type, &low, &high);
	if (*value >= low && *value <= high)
		return true;
	diag(run, out_of_range, o->loc, name, mem_printf("%lld", (long long)low),
	     mem_printf("%lld", (long long)high));
	return false;
}

const struct member *record_member(const struct decl *record, const char *name)
{
	vec_each(m, &record->members)
	{
		if (m->name.s == name)
			return m;
	}
	return NULL;
}

/** The tag that a use of this declaration carries. */
static const char *tag_of(const struct decl *d)
{
	return d->kind == DECL_UNION ? "union" : d->kind == DECL_STRUCT ? "struct" : NULL;
}

const char *suggest_type(struct run *run, const struct scope *scope, const char *tag,
			 const char *word)
{
	struct nearest n = suggest_begin(run, word);

	for (size_t i = 0; !tag && i < NELEM(scalars); i++)
		suggest_try(run, &n, scalars[i].name);
	for (; n.distance && scope; scope = scope->outer)
		vec_each(it, &scope->decls)
		{
			const struct decl *d = *it;

			if (d->kind != DECL_CONST &&
			    !strcmp(tag ? tag : "", tag_of(d) ? tag_of(d) : ""))
				suggest_try(run, &n, d->name.s);
		}
	return suggest_end(run, n);
}

/** What makes the tag of a use that of its declaration. */
static void fix_tag(struct run *run, const struct type *type, const char *tag)
{
	struct loc loc = type->name.loc;

	if (type->tag && tag) {
		diag_fix(run, type->tag_loc, tag);
		return;
	}
	loc.end = loc.begin;
	if (type->tag)
		loc.begin = type->tag_loc.begin;
	diag_fix(run, loc, tag ? mem_printf("%s ", tag) : "");
}

static void report_wrong_tag(struct run *run, const struct type *type, const struct decl *d)
{
	const char *tag = tag_of(d);

	diag(run, wrong_tag, type->name.loc, type->name.s,
	     type->tag ? type->tag : mem_printf("typedef; write '%s' before it", tag));
	fix_tag(run, type, tag);
	diag_note(run, d->name.loc, "'%s' is defined here", d->name.s);
}

/** The declaration that a type's name means, or NULL and a report. */
static struct decl *find_type(struct run *run, const struct scope *scope, const struct type *type)
{
	struct decl *d = scope_find(run, scope, type->name);

	if (!d) {
		diag(run, unknown_type, type->name.loc, type->name.s,
		     suggest_type(run, scope, type->tag, type->name.s));
		d = map_get(&run->scope.map, type->name.s);
		if (d)
			diag_note(run, d->name.loc,
				  "'%s' is defined outside, but an abi sees its own types only; a "
				  "pointer to others is 'void *'",
				  d->name.s);
		return NULL;
	}
	if (d->kind == DECL_CONST) {
		diag(run, not_a_type, type->name.loc, type->name.s);
		diag_note(run, d->name.loc, "'%s' is a constant", d->name.s);
		return NULL;
	}
	if (!type->tag != !tag_of(d) || (type->tag && strcmp(type->tag, tag_of(d)) != 0)) {
		report_wrong_tag(run, type, d);
		return NULL;
	}
	return d;
}

static const struct scalar *find_scalar(const char *name)
{
	for (size_t i = 0; i < NELEM(scalars); i++)
		if (!strcmp(scalars[i].name, name))
			return &scalars[i];
	return NULL;
}

void resolve_type(struct run *run, const struct scope *scope, struct type *type)
{
	if (type->scalar || type->decl || (!type->tag && !strcmp(type->name.s, "void")))
		return;
	type->scalar = type->tag ? NULL : find_scalar(type->name.s);
	if (type->scalar)
		return;
	type->decl = find_type(run, scope, type);
	if (!type->decl) {
		type->is_broken = true;
		type->scalar = &scalars[0];
	}
}

/** Reports a type that no variable can have. */
static bool check_value_type(struct run *run, const struct type *type, struct name name)
{
	const struct decl *d = type_record(type);

	if (type->is_broken)
		return false;
	if (type_is_void(type) || type_is_function(type)) {
		diag(run, void_value, name.loc, name.s);
		return false;
	}
	if (d && d->is_opaque) {
		diag(run, opaque_value, type->name.loc, d->name.s);
		return false;
	}
	return true;
}

const struct decl *find_const(struct run *run, const struct scope *scope, struct name name)
{
	const struct decl *d = scope_find(run, scope, name);

	if (d && d->kind == DECL_CONST)
		return d;
	diag(run, unknown_const, name.loc, name.s, suggest_const(run, scope, name.s));
	return NULL;
}

/* ---- structures ---- */

static void resolve_count(struct run *run, const struct scope *scope, struct member *m)
{
	if (m->count_name.s) {
		const struct decl *d = find_const(run, scope, m->count_name);

		m->count = d ? (uint64_t)d->value : 1;
	}
	if (m->is_array && (m->count < 1 || m->count > MAX_ARRAY)) {
		diag(run, bad_array, m->count_name.loc);
		m->count = 1;
	}
}

static void resolve_members(struct run *run, const struct scope *scope, struct decl *d)
{
	struct map seen = {0};

	vec_each(m, &d->members)
	{
		const struct name *old = map_add(&seen, m->name.s, &m->name);

		c_name(run, m->name);
		if (old) {
			diag(run, duplicate, m->name.loc, "member", m->name.s);
			diag_note(run, old->loc, "the first definition is here");
		}
		if (m->nested) {
			m->count = 1;
			resolve_members(run, scope, m->nested);
			continue;
		}
		resolve_member_shape(run, m);
		resolve_type(run, scope, &m->type);
		check_value_type(run, &m->type, m->name);
		resolve_count(run, scope, m);
		if (!m->doc)
			m->doc = m->type.doc;
	}
}

enum need { NEED_FINE, NEED_ITSELF, NEED_DEEP };

static enum need need_of(struct decl *d, unsigned int depth);

static enum need need_of_type(const struct type *type, unsigned int depth)
{
	return type->decl ? need_of(type->decl, depth + 1) : NEED_FINE;
}

/** C needs the whole of a typedef before its name is used, even behind a pointer. */
static enum need need_of(struct decl *d, unsigned int depth)
{
	enum need need;

	if (d->kind != DECL_TYPEDEF && d->kind != DECL_FUNCTION)
		return NEED_FINE;
	if (d->in_layout || depth > MAX_TYPE_DEPTH)
		return d->in_layout ? NEED_ITSELF : NEED_DEEP;
	if (d->align)
		return NEED_FINE;
	d->in_layout = true;
	need = need_of_type(&d->type, depth);
	for (size_t i = 0; i < d->params.n && need == NEED_FINE; i++)
		need = need_of_type(&d->params.v[i].type, depth);
	d->in_layout = false;
	d->align = need == NEED_FINE;
	return need;
}

/* After the report it is an int without parameters, so that nothing else follows from it. */
static void check_typedef(struct run *run, struct decl *d)
{
	enum need need = need_of(d, 0);

	if (need == NEED_FINE)
		return;
	if (need == NEED_DEEP)
		diag(run, too_deep, d->name.loc, d->name.s);
	else
		diag(run, recursive_type, d->name.loc, d->name.s);
	d->type = (struct type){.name = d->type.name, .scalar = &scalars[0]};
	d->params.n = 0;
	d->align = 1;
}

/* All typedefs come before anything that looks through them. */
static void resolve_typedefs(struct run *run, struct scope *scope)
{
	vec_each(d, &scope->decls)
	{
		if ((*d)->kind != DECL_TYPEDEF && (*d)->kind != DECL_FUNCTION)
			continue;
		resolve_type(run, scope, &(*d)->type);
		vec_each(p, &(*d)->params) resolve_type(run, scope, &p->type);
	}
}

static void check_typedefs(struct run *run, struct scope *scope)
{
	vec_each(d, &scope->decls)
	{
		check_typedef(run, *d);
	}
}

static void resolve_scope(struct run *run, struct scope *scope)
{
	vec_each(d, &scope->decls)
	{
		if ((*d)->kind == DECL_FUNCTION)
			resolve_params(run, scope, &(*d)->params);
		if ((*d)->is_bits)
			resolve_bits(run, *d);
		resolve_shape(run, *d);
		resolve_members(run, scope, *d);
	}
}

void each_scope(struct run *run, void (*visit)(struct run *run, struct scope *scope))
{
	visit(run, &run->scope);
	vec_each(i, &run->interfaces) visit(run, &(*i)->scope);
	vec_each(a, &run->abis) visit(run, &(*a)->scope);
}

/* ---- parameters ---- */

static enum direction direction_find(const char *name)
{
	for (size_t i = 0; i < NELEM(directions); i++)
		if (!strcmp(directions[i].name, name))
			return directions[i].direction;
	return DIR_NONE;
}

/** Takes @word of a parameter by value: the kernel's function from it to the word in a register. */
static bool say_word(struct run *run, struct param *p, const struct attribute *a)
{
	if (strcmp(a->name.s, "word") != 0)
		return false;
	if (p->word)
		diag(run, repeated, a->name.loc, a->name.s);
	else if (!shape_fits("w", &a->operands))
		report_attribute(run, a, "w", "@word(FUNCTION)");
	else
		p->word = a->operands.v[0].path.v[0].s;
	return true;
}

/** Where attributes stand, and what is known there. */
struct holder {
	const char *place, *known;
	bool has_direction;
	bool (*say)(struct run *run, struct param *p, const struct attribute *a);
};

static const struct holder holders[] = {
	{"a parameter", "; known: in out inout va pa gpa pfn mfn ma word(FUNCTION)", true,
	 say_word},
	{"a parameter of a sub-command", "; known: in out inout va pa gpa pfn mfn ma at(MEMBER)",
	 true, say_at},
	{"a parameter",
	 "; known: in out inout va pa gpa pfn mfn ma reg(REGISTER) stack(WORD) bits(BITS)", true,
	 say_carrier},
	{"a result", "; known: va pa gpa pfn mfn ma reg(REGISTER)", false, say_carrier},
};

enum { OF_FUNCTION, OF_SUB, OF_CALL, OF_RESULT };

static void apply_word(struct run *run, struct param *p, const struct attribute *a,
		       enum direction direction, enum space space)
{
	if ((direction && p->direction) || (space && p->space))
		diag(run, repeated, a->name.loc, a->name.s);
	else if (a->operands.n)
		report_attribute(run, a, "", mem_printf("@%s", a->name.s));
	p->direction = p->direction ? p->direction : direction;
	p->space = p->space ? p->space : space;
}

/** What a parameter's attribute says, once: a direction, a kind of address or a place. */
static void apply_attribute(struct run *run, const struct holder *h, struct param *p,
			    const struct attribute *a)
{
	enum direction direction = h->has_direction ? direction_find(a->name.s) : DIR_NONE;
	enum space space = space_find(a->name.s);

	if (direction || space)
		apply_word(run, p, a, direction, space);
	else if (!h->say(run, p, a))
		diag(run, unknown_attribute, a->name.loc, h->place, a->name.s, h->known);
}

/** What is const can only be read. */
static void report_no_direction(struct run *run, const struct param *p)
{
	struct loc behind = {p->name.loc.file, p->name.loc.end, p->name.loc.end};

	diag(run, no_direction, p->name.loc, p->name.s);
	if (p->type.is_const)
		diag_fix(run, behind, " @in");
}

/** The word after which the parameter comes back. */
static struct loc direction_loc(const struct param *p)
{
	const struct attribute *a = p->attributes.v;

	while (direction_find(a->name.s) <= DIR_IN)
		a++;
	return a->name.loc;
}

static void check_direction(struct run *run, const struct param *p)
{
	bool is_function = p->type.decl && p->type.decl->kind == DECL_FUNCTION;

	if (is_function)
		return;
	if (!type_is_pointer(&p->type)) {
		bool is_in_register = p->way && p->way->said.registers.low.s;

		if (p->direction > DIR_IN && !is_in_register && !p->at.n)
			diag(run, out_value, direction_loc(p), p->name.s);
		return;
	}
	if (p->direction == DIR_NONE && !run->has_unknown_pointers)
		report_no_direction(run, p);
	if (p->type.is_const && p->direction > DIR_IN)
		diag(run, const_direction, direction_loc(p), p->name.s);
}

static void resolve_param(struct run *run, const struct scope *scope, const struct holder *h,
			  struct param *p)
{
	resolve_type(run, scope, &p->type);
	vec_each(a, &p->attributes) apply_attribute(run, h, p, a);
	if (!check_value_type(run, &p->type, p->name))
		return;
	if (type_record(&p->type) && !type_wrapped(&p->type))
		diag(run, by_value, p->name.loc, p->name.s);
	check_direction(run, p);
}

static void resolve_all_params(struct run *run, const struct scope *scope, const struct holder *h,
			       params *params)
{
	struct map seen = {0};

	vec_each(p, params)
	{
		const struct name *old = map_add(&seen, p->name.s, &p->name);

		c_name(run, p->name);
		if (old) {
			diag(run, duplicate, p->name.loc, "parameter", p->name.s);
			diag_note(run, old->loc, "the first definition is here");
		}
		resolve_param(run, scope, h, p);
	}
}

void resolve_params(struct run *run, const struct scope *scope, params *params)
{
	resolve_all_params(run, scope, &holders[OF_FUNCTION], params);
}

void resolve_call_params(struct run *run, const struct scope *scope, params *params)
{
	resolve_all_params(run, scope, &holders[OF_CALL], params);
}

void resolve_sub_params(struct run *run, const struct scope *scope, params *params)
{
	resolve_all_params(run, scope, &holders[OF_SUB], params);
}

void resolve_result_attributes(struct run *run, struct param *result)
{
	vec_each(a, &result->attributes) apply_attribute(run, &holders[OF_RESULT], result, a);
}

/* ---- modules ---- */

void resolve_result(struct run *run, const struct scope *scope, struct type *type, struct name name)
{
	resolve_type(run, scope, type);
	if (type_is_function(type) || (type_record(type) && !type_wrapped(type)))
		diag(run, by_value, name.loc, name.s);
}

/** Where a word is all that a parameter can be, the words that fit are counted as parameters. */
static void check_param_count(struct run *run, const struct op *op)
{
	struct passing p = {0};
	size_t max = run->arch->stack_words;

	while (run->arch->args[max - run->arch->stack_words])
		max++;
	vec_each(param, &op->params)
	{
		pass_next(run->arch, &p, &param->type);
		if (p.stack <= run->arch->stack_words)
			continue;
		diag(run, too_many_params, param->name.loc, op->name.s,
		     counted(max, run->arch->stack_words ? "word" : "parameter"));
		return;
	}
}

static void resolve_interface(struct run *run, struct interface *i)
{
	if (!i->is_defined)
		diag(run, unknown_interface, i->name.loc, i->name.s,
		     "; only more of it is described here");
	if (!run->arch->generates) {
		diag(run, no_generation, i->name.loc, "interface", i->name.s, run->arch->name);
		return;
	}
	if (i->ops.n > MAX_OPS)
		diag(run, too_many_ops, i->name.loc, i->name.s);
	resolve_interface_stmts(run, i);
	vec_each(it, &i->ops)
	{
		struct op *op = *it;

		resolve_result(run, &i->scope, &op->type, op->name);
		resolve_params(run, &i->scope, &op->params);
		check_param_count(run, op);
		resolve_op(run, i, op);
	}
	vec_each(d, &i->data)
	{
		resolve_type(run, &i->scope, &(*d)->type);
		if (check_value_type(run, &(*d)->type, (*d)->name))
			resolve_data(run, i, *d);
	}
	vec_each(r, &i->registrations)
	{
		vec_each(m, &(*r)->members)
		{
			resolve_result(run, &i->scope, &m->type, m->name);
			resolve_params(run, &i->scope, &m->params);
		}
		resolve_registration(run, *r);
	}
}

static void choose_arches(struct run *run)
{
	run->scope.arch = run->arch;
	vec_each(i, &run->interfaces)(*i)->scope.arch = run->arch;
	vec_each(a, &run->abis) choose_arch(run, *a);
}

bool resolve(struct run *run)
{
	run->has_unknown_pointers = pointers_are_unknown(run);
	choose_arches(run);
	each_scope(run, resolve_typedefs);
	each_scope(run, check_typedefs);
	each_scope(run, resolve_scope);
	vec_each(i, &run->interfaces) resolve_interface(run, *i);
	vec_each(a, &run->abis) resolve_abi(run, *a);
	vec_each(b, &run->backends) resolve_backend(run, *b);
	vec_each(m, &run->roms) resolve_rom(run, *m);
	vec_each(m, &run->roms) complete_rom(run, *m);
	return !run->errors;
}
