/* Names that C cannot have: its own words, and two things that generated C would call the same. */
#include <string.h>

#include "binary.h"

/* Keywords of C and of GNU C, and what the headers that generated C includes, or the compiler,
 * define. */
static const char *const words[] = {
	"auto",		  "break",	   "case",	 "char",
	"const",	  "continue",	   "default",	 "do",
	"double",	  "else",	   "enum",	 "extern",
	"float",	  "for",	   "goto",	 "if",
	"inline",	  "int",	   "long",	 "register",
	"restrict",	  "return",	   "short",	 "signed",
	"sizeof",	  "static",	   "struct",	 "switch",
	"typedef",	  "union",	   "unsigned",	 "void",
	"volatile",	  "while",	   "asm",	 "typeof",
	"_Alignas",	  "_Alignof",	   "_Atomic",	 "_Bool",
	"_Complex",	  "_Generic",	   "_Imaginary", "_Noreturn",
	"_Static_assert", "_Thread_local", "__asm__",	 "__attribute__",
	"__typeof__",	  "bool",	   "true",	 "false",
	"NULL",		  "offsetof",	   "size_t",	 "ptrdiff_t",
	"wchar_t",	  "max_align_t",   "int8_t",	 "int16_t",
	"int32_t",	  "int64_t",	   "uint8_t",	 "uint16_t",
	"uint32_t",	  "uint64_t",	   "intptr_t",	 "uintptr_t",
	"linux",	  "unix",	   "i386",
};

bool c_name(struct run *run, struct name name)
{
	struct map *known = &run->c_words;

	if (!known->n)
		for (size_t i = 0; i < NELEM(words); i++)
			map_add(known, intern(words[i]), (void *)words[i]);
	if (!map_get(known, name.s))
		return true;
	diag(run, c_word, name.loc, name.s);
	return false;
}

/* ---- two things of one name ---- */

/** Tags, members of a backend's structure, and all other names: two of a kind are not the same. */
enum kind { TAG, FIELD, OTHER, KINDS };

struct names_of_c {
	struct run *run;
	struct map maps[KINDS];
};

/** A parameter stands beside the variables of a function that is generated. */
static void check_params(struct run *run, const params *params)
{
	vec_each(p, params)
	{
		if (!strncmp(p->name.s, "pv_", 3))
			diag(run, taken_name, p->name.loc, "parameter", p->name.s, p->name.s,
			     "a variable of its own");
	}
}

/** What generated C calls by a name. */
struct called {
	const char *what;
	const struct name *name; /* NULL: generated C's own */
};

static void report(struct run *run, const char *what, struct name name, const char *text,
		   const struct called *old)
{
	diag(run, taken_name, name.loc, what, name.s, text,
	     old->name ? mem_printf("%s '%s'", old->what, old->name->s) : old->what);
	if (old->name)
		diag_note(run, old->name->loc, "'%s' is defined here", old->name->s);
}

static void take(struct names_of_c *c, enum kind kind, const char *text, const char *what,
		 const struct name *name)
{
	struct called *new = mem_alloc(sizeof(*new)), *old;

	*new = (struct called){what, name};
	old = map_add(&c->maps[kind], intern(text), new);
	if (!old || !name)
		return;
	report(c->run, what, *name, text, old);
}

/* Behind the prefix, or if they are in capitals behind the prefix in capitals. */
static const struct {
	enum kind kind;
	const char *name;
} own[] = {
	{TAG, "op"},
	{TAG, "ops"},
	{TAG, "site"},
	{TAG, "site_kind"},
	{TAG, "form"},
	{TAG, "patch"},
	{TAG, "detect"},
	{TAG, "boot"},
	{TAG, "backend"},
	{TAG, "known"},
	{TAG, "rom"},
	{TAG, "rom_backend"},
	{TAG, "register"},
	{TAG, "canary"},
	{TAG, "canary_row"},
	{OTHER, "ops"},
	{OTHER, "op_names"},
	{OTHER, "form_names"},
	{OTHER, "site_length"},
	{OTHER, "known"},
	{OTHER, "nr_known"},
	{OTHER, "register_names"},
	{OTHER, "argument_registers"},
	{OTHER, "canary_rows"},
	{OTHER, "NR_OPS"},
	{OTHER, "NR_FORMS"},
	{OTHER, "NR_REGISTERS"},
	{OTHER, "NR_ARGUMENTS"},
	{OTHER, "NARROW"},
	{OTHER, "IMPLEMENTS"},
	{OTHER, "UNWRITTEN"},
	{OTHER, "SITE_CALL"},
	{OTHER, "SITE_TAIL"},
	{OTHER, "FORM_CALL"},
	{OTHER, "FORM_INLINE"},
	{OTHER, "FORM_NOP"},
	{OTHER, "FORM_TRAP"},
	{OTHER, "FORM_INDIRECT"},
	{OTHER, "DETECT_ALWAYS"},
	{OTHER, "DETECT_CPUID"},
	{OTHER, "DETECT_ROM"},
	{OTHER, "DETECT_START_INFO"},
	{OTHER, "hypercall_failed"},
	{TAG, "blob_header"},
	{TAG, "blob_entry"},
	{TAG, "blob_member"},
	{TAG, "blob_relocation"},
	{TAG, "blob_form"},
	{TAG, "blob_target"},
	{TAG, "binary_op"},
	{TAG, "binary_room"},
	{TAG, "binary_registration"},
	{TAG, "binary_member"},
	{TAG, "registration_number"},
	{TAG, "service"},
	{OTHER, "binary_ops"},
	{OTHER, "default_ops"},
	{OTHER, "default_patches"},
	{OTHER, "binary_registrations"},
	{OTHER, "binary_members"},
	{OTHER, "binary_services"},
	{OTHER, "BLOB_MAGIC"},
	{OTHER, "BLOB_FORMAT"},
	{OTHER, "BLOB_ABSENT"},
	{OTHER, "BLOB_NAME"},
	{OTHER, "BLOB_INSTANCES"},
	{OTHER, "BINARY_NAME"},
	{OTHER, "BINARY_MAJOR"},
	{OTHER, "BINARY_MINOR"},
	{OTHER, "BLOB_FIELD_64"},
	{OTHER, "BLOB_FIELD_32S"},
	{OTHER, "BLOB_FIELD_PC32"},
	{OTHER, "NR_BLOB_FIELDS"},
	{OTHER, "BLOB_TARGET_IMAGE"},
	{OTHER, "BLOB_TARGET_PERCPU"},
	{OTHER, "BLOB_TARGET_HOST"},
	{OTHER, "NR_BLOB_TARGETS"},
	{OTHER, "NR_REGISTRATIONS"},
	{OTHER, "NR_SERVICES"},
	{OTHER, "FEATURE_PERCPU"},
	{OTHER, "FEATURE_EXCEPTIONS"},
};

static void take_own(struct names_of_c *c, const struct scope *scope)
{
	for (size_t i = 0; i < NELEM(own); i++) {
		bool is_upper = own[i].name[0] < 'a';

		take(c, own[i].kind,
		     mem_printf("%s%s", is_upper ? scope->upper_prefix : scope->prefix,
				own[i].name),
		     "a thing of its own", NULL);
	}
	for (size_t i = 0; i < blob_service_count; i++)
		take(c, OTHER,
		     mem_printf("%sSERVICE_%s", scope->upper_prefix, blob_service_word(i)),
		     "a thing of its own", NULL);
}

static void take_macros(struct names_of_c *c, const char *stem, const char *const ends[2],
			const char *what, const struct name *name)
{
	for (size_t i = 0; i < 2; i++)
		take(c, OTHER, mem_printf("%s_%s", stem, ends[i]), what, name);
}

static void take_field(struct names_of_c *c, const struct scope *scope, const struct decl *d,
		       const struct bit_field *f)
{
	static const char *const ends[] = {"SHIFT", "MASK"};

	if (strcmp(f->name.s, "reserved") != 0)
		take_macros(c,
			    mem_printf("%s%s_%s", scope->upper_prefix, upper(d->name.s),
				       upper(f->name.s)),
			    ends, "bits", &f->name);
}

static void take_scope(struct names_of_c *c, const struct scope *scope)
{
	static const char *const kinds[] = {[DECL_CONST] = "constant",
					    [DECL_TYPEDEF] = "type",
					    [DECL_FUNCTION] = "type",
					    [DECL_STRUCT] = "structure",
					    [DECL_UNION] = "union"};

	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;
		bool is_record = d->kind == DECL_STRUCT || d->kind == DECL_UNION;
		const char *prefix = d->kind == DECL_CONST ? scope->upper_prefix : scope->prefix;

		take(c, is_record ? TAG : OTHER, mem_printf("%s%s", prefix, d->name.s),
		     kinds[d->kind], &d->name);
		vec_each(f, &d->fields) take_field(c, scope, d, f);
	}
}

static void take_op(struct names_of_c *c, const struct interface *i, const struct op *op)
{
	if (op->is_spare)
		return;
	if (!op->tail)
		take(c, OTHER, mem_printf("%s%s", i->scope.prefix, op->name.s), "op", &op->name);
	check_params(c->run, &op->params);
	if (has_wrapper_of_its_own(i, op))
		take(c, OTHER, op->wrapper.name.s, "wrapper", &op->wrapper.name);
}

/** A backend's structure has two members for each registration, a registration's its name. */
static void take_registrations(struct names_of_c *c, const struct interface *i)
{
	static const char *const fields[] = {"name",	"bare", "deprivileged", "priority",
					     "detect",	"init", "signature",	"ops",
					     "patches", "rom"};
	struct map none = {0};

	c->maps[FIELD] = none;
	for (size_t n = 0; n < NELEM(fields); n++)
		take(c, FIELD, fields[n], "a thing of its own", NULL);
	vec_each(it, &i->registrations)
	{
		const struct registration *r = *it;

		if (r->is_hooks)
			continue;
		take(c, TAG, mem_printf("%s%s", i->scope.prefix, r->name.s), "registration",
		     &r->name);
		take(c, OTHER, mem_printf("%sREGISTRATION_%s", i->scope.upper_prefix, r->name.s),
		     "registration", &r->name);
		take(c, FIELD, r->name.s, "registration", &r->name);
		take(c, FIELD, mem_printf("nr_%s", r->name.s), "registration", &r->name);
		vec_each(m, &r->members)
		{
			if (!strcmp(m->name.s, "name"))
				diag(c->run, taken_name, m->name.loc, "member", m->name.s,
				     m->name.s, "the name of what is provided");
		}
	}
}

/** An inner group is a member beside the ops of the group around it. */
static void check_group(struct names_of_c *c, const struct interface *i, const struct group *g)
{
	const struct op *op = g->outer ? map_get(&i->op_map, g->name.s) : NULL;

	take(c, TAG, mem_printf("%s%s_ops", i->scope.prefix, g->name.s), "group", &g->name);
	if (op && op->group == g->outer) {
		diag(c->run, taken_name, g->name.loc, "group", g->name.s, g->name.s,
		     mem_printf("op '%s'", op->name.s));
		diag_note(c->run, op->name.loc, "'%s' is defined here", op->name.s);
	}
	vec_each(inner, &g->groups) check_group(c, i, *inner);
}

static void take_interface(struct names_of_c *c, const struct interface *i)
{
	take_scope(c, &i->scope);
	vec_each(g, &i->groups) check_group(c, i, *g);
	vec_each(op, &i->ops) take_op(c, i, *op);
	take_registrations(c, i);
}

/* ---- an abi's header ---- */

static void take_call(struct names_of_c *c, const struct abi *a, const struct call *call)
{
	const char *up = a->scope.upper_prefix, *prefix = a->scope.prefix;

	check_params(c->run, &call->params);
	take(c, OTHER, mem_printf("%s%s", prefix, call->name.s), "call", &call->name);
	take(c, OTHER,
	     mem_printf("%s%s_%s", up, call->is_fixed ? "OFFSET" : "HYPERCALL", call->name.s),
	     "call", &call->name);
	if (a->multicall)
		take(c, OTHER, mem_printf("%smulticall_%s", prefix, call->name.s), "call",
		     &call->name);
	vec_each(it, &call->subs)
	{
		const struct subcall *s = *it;

		check_params(c->run, &s->params);
		take(c, OTHER, mem_printf("%s%s_%s", prefix, call->name.s, s->name.s),
		     "sub-command", &s->name);
		take(c, OTHER, mem_printf("%s%s_%s", up, call->name.s, s->name.s), "sub-command",
		     &s->name);
	}
}

static void take_feature(struct names_of_c *c, const struct abi *a, const struct feature *f)
{
	static const char *const ends[] = {"LEAF", "BIT"};
	const char *kind = f->is_hint ? "HINT" : "FEATURE";

	take_macros(c, mem_printf("%s%s_%s", a->scope.upper_prefix, kind, upper(f->name.s)), ends,
		    f->is_hint ? "hint" : "feature", &f->name);
}

static void take_abi(struct names_of_c *c, const struct abi *a)
{
	static const char *const macros[] = {
		"CPUID_SIGNATURE", "CPUID_FIRST", "CPUID_LAST", "CPUID_STEP", "DMI_SIGNATURE",
		"ROM_FROM",	   "ROM_TO",	  "ROM_STEP",	"ROM_SLOT",   "NR_TARGETS"};
	const char *up = a->scope.upper_prefix;

	for (size_t i = 0; i < NELEM(macros); i++)
		take(c, OTHER, mem_printf("%s%s", up, macros[i]), "a thing of its own", NULL);
	if (a->rom)
		take(c, OTHER, mem_printf("%stargets", a->scope.prefix), "a thing of its own",
		     NULL);
	take_scope(c, &a->scope);
	vec_each(m, &a->msrs)
		take(c, OTHER, mem_printf("%sMSR_%s", up, upper((*m)->name.s)), "msr", &(*m)->name);
	vec_each(f, &a->features) take_feature(c, a, *f);
	vec_each(call, &a->calls)
	{
		if (abi_call(a, (*call)->name.s) == *call)
			take_call(c, a, *call);
	}
}

bool check_c_names(struct run *run)
{
	struct names_of_c c = {.run = run};

	vec_each(i, &run->interfaces) take_own(&c, &(*i)->scope);
	take_scope(&c, &run->scope);
	vec_each(i, &run->interfaces) take_interface(&c, *i);
	vec_each(a, &run->abis) take_abi(&c, *a);
	run->c_taken = c.maps[OTHER];
	return !run->errors;
}

/** A kernel that has its own header of an abi may give a hypercall's function another name. */
static bool is_certain(const struct called *called)
{
	return strcmp(called->what, "call") && strcmp(called->what, "sub-command");
}

void check_symbol(struct run *run, struct name symbol)
{
	static const struct called generated = {"a thing of its own", NULL};
	const struct called *old = map_get(&run->c_taken, symbol.s);

	if (!strncmp(symbol.s, "pvgen_", 6))
		old = &generated;
	if (old && is_certain(old))
		report(run, "symbol", symbol, symbol.s, old);
}
