/* `pvgen backend new`: the description of a new backend, and the C that it asks for. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "backend.h"
#include "skeleton.h"

/* Characters of a line, of which a long remark loses its end. */
enum { LINE = 97 };

/** What was asked for, once it is known to be possible. */
struct plan {
	const struct run *run;
	const char *name;
	const char *path; /* of the description */
	const struct interface *interface;
	const struct abi *abi; /* or NULL */
	bool *is_own;	       /* by slot: nothing but the backend can do the op */
	struct out *out;
};

static bool refuse(struct run *run, const char *text)
{
	fprintf(stderr, "pvgen: %s\n", text);
	run->environment_failed = true;
	run->errors++;
	return false;
}

/* ---- paths ---- */

static const char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_printf("%.*s", (int)(slash == path ? 1 : slash - path), path) : ".";
}

static const char *path_of(const struct run *run, const struct name *name)
{
	return run->sources.v[name->loc.file]->path;
}

/** @to as seen from the directory, both absolute and without detours. */
static const char *relative(const char *directory, const char *to)
{
	size_t common = 0;
	struct out o = {0};

	for (size_t i = 0; directory[i] == to[i] && to[i]; i++)
		if (to[i + 1] == '/' && (directory[i + 1] == '/' || !directory[i + 1]))
			common = i + 1;
	for (const char *rest = directory + common; (rest = strchr(rest, '/')) && rest[1]; rest++)
		put(&o, "../");
	put(&o, "%s", to + common + 1);
	return text_of(&o);
}

/** The path from the root, without detours, of what exists. */
static const char *absolute(const char *path)
{
	return realpath(path, mem_alloc(PATH_MAX));
}

/** How the new description names a file that it imports. */
static const char *import_path(const struct plan *p, const char *path)
{
	return relative(absolute(directory_of(p->path)), absolute(path));
}

/* ---- the description: head ---- */

static void put_imports(const struct plan *p)
{
	const char *interface = path_of(p->run, &p->interface->name);
	const char *abi = p->abi ? path_of(p->run, &p->abi->name) : interface;

	put(p->out, "language 1;\nimport \"%s\";\n", import_path(p, interface));
	if (abi != interface)
		put(p->out, "import \"%s\";\n", import_path(p, abi));
}

/** As in a string of a description. */
static const char *escaped(const char *s)
{
	struct out o = {0};

	for (; *s; s++)
		put(&o, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	return text_of(&o);
}

/** What CPUID says of the machine: as asked for, else as the abi says; NULL: not known. */
static const char *known_signature(const struct plan *p)
{
	const char *asked = p->run->backend.signature;

	if (asked || !p->abi)
		return asked;
	vec_each(s, &p->abi->signatures)
	{
		if (!strcmp(s->source.s, "cpuid"))
			return s->text;
	}
	return NULL;
}

static void put_detection(const struct plan *p)
{
	const char *signature = known_signature(p);

	if (!signature)
		put(p->out, "    // To decide: how its machine is found: `cpuid` with the 12 bytes "
			    "that it has in leaf\n"
			    "    // 0x40000000, `start_info`, or `always`.\n");
	put(p->out, "    detect cpuid \"%s\";\n",
	    signature ? escaped(signature) : mem_printf("%.12s", p->name));
	put(p->out, "    // Of the backends that find their machine the highest wins:\n    //");
	vec_each(b, &p->interface->backends)
		put(p->out, " %s has %u%s", (*b)->name.s, (*b)->priority,
		    b + 1 < p->interface->backends.v + p->interface->backends.n ? "," : ".");
	put(p->out, "\n    priority 10;\n    init %s_init;\n", p->name);
}

static void put_abi(const struct plan *p)
{
	put(p->out,
	    "\n    // An op can be a hypercall: `= %s.CALL(ARGUMENTS);` in place of `call "
	    "FUNCTION;`.\n"
	    "    // Kinds of address that differ need a function between them:\n"
	    "    //     converter NAME from KIND to KIND call FUNCTION;\n",
	    p->abi->name.s);
	vec_each(d, &p->abi->scope.decls)
	{
		if ((*d)->is_shared)
			put(p->out,
			    "    // To load and store it: `shared %s percpu|global SYMBOL;`\n",
			    (*d)->name.s);
	}
	if (p->abi->multicall)
		put(p->out,
		    "    // Ops may queue calls; `flush FUNCTION;` then makes them before any "
		    "other.\n");
}

/* ---- the description: one binding an op ---- */

static const struct impl *native_of(const struct plan *p, const struct op *op)
{
	return p->interface->bare ? &p->interface->bare->impls[op->slot] : NULL;
}

/** What keeps the op from being inherited, or NULL. */
static const char *obstacle(const struct plan *p, const struct op *op)
{
	const struct impl *native = native_of(p, op);

	if (!native)
		return "no backend given is bare hardware";
	return p->run->backend.is_deprivileged ? privileged_part(p->run, op, native) : NULL;
}

/** No compiler keeps the flags, nor what is live when a tail op is jumped to. */
static bool is_for_assembly(const struct plan *p, const struct op *op)
{
	return op->tail || !op_changes_flags(p->run->arch, op);
}

static bool has_default(const struct op *op)
{
	return op->fallback.kind != IMPL_NONE && op->fallback.kind != IMPL_INHERIT;
}

/** Of ops that belong together the backend does all itself if it has to do one. */
static void find_own(struct plan *p)
{
	const struct interface *i = p->interface;
	bool is_more = true;

	p->is_own = mem_alloc((i->ops.n + 1) * sizeof(*p->is_own));
	vec_each(op, &i->ops) p->is_own[(*op)->slot] = !has_default(*op) && obstacle(p, *op);
	while (is_more) {
		is_more = false;
		vec_each(op, &i->ops)
		{
			vec_each(other, &(*op)->together)
			{
				bool *a = &p->is_own[(*op)->slot], *b = &p->is_own[(*other)->slot];

				is_more |= *a != *b;
				*a = *b = *a || *b;
			}
		}
	}
}

struct first_way {
	const char *binding;
	const char *remark;
	bool is_default; /* not to be said */
};

static struct first_way first_way(const struct plan *p, const struct op *op)
{
	const struct impl *native = native_of(p, op);
	const char *own = mem_printf("%s %s_%s;", is_for_assembly(p, op) ? "asm" : "call", p->name,
				     op->name.s);
	const char *why = obstacle(p, op);
	bool is_by_default = native && !native->stmt && native->kind != IMPL_INLINE;

	if (p->is_own[op->slot] && (has_default(op) || !why))
		return (struct first_way){own, "with what it belongs to", false};
	if (has_default(op) && (why || is_by_default))
		return (struct first_way){own, mem_printf("default: %s", plain_way(&op->fallback)),
					  true};
	if (why)
		return (struct first_way){own, mem_printf("not inherited: %s", why), false};
	return (struct first_way){
		"inherit;",
		mem_printf("%s: %s", p->interface->bare->name.s, way_text(p->run, native)), false};
}

static void put_binding(const struct plan *p, const struct op *op, int width)
{
	struct first_way way = first_way(p, op);
	const char *line = mem_printf("    %s%-*s %-*s // %s", way.is_default ? "// " : "",
				      width + (way.is_default ? 0 : 3), op_path(op),
				      (int)strlen(p->name) + 24, way.binding, way.remark);

	/* The end of a long remark says least. */
	put(p->out, "%.*s%s\n", LINE, line, strlen(line) > LINE ? "..." : "");
}

static const struct group *outermost(const struct group *g)
{
	while (g->outer)
		g = g->outer;
	return g;
}

/** A first value of the data's type. */
static const char *first_value(const struct plan *p, const struct data *d)
{
	if (!type_is_pointer(&d->type))
		return "0";
	if (strcmp(d->type.name.s, "char") != 0)
		return mem_printf("%s_%s", p->name, d->name.s);
	return mem_printf("\"%s\"", p->name);
}

static void put_data(const struct plan *p, const struct data *d, int width)
{
	bool has_default = d->value;

	put(p->out, "    %s%-*s = %s;%s\n", has_default ? "// " : "", width + (has_default ? 0 : 3),
	    data_path(d), first_value(p, d),
	    has_default ? "    // has a default" : "    // to decide");
}

static void put_group(const struct plan *p, const struct group *g)
{
	size_t width = 0;

	put(p->out, "\n    // ---- %s ----\n", g->name.s);
	vec_each(op, &g->ops)
	{
		size_t n = strlen(op_path(*op));

		width = n > width ? n : width;
	}
	vec_each(op, &g->ops)
	{
		if (!op_is_dead(*op))
			put_binding(p, *op, (int)width);
	}
	vec_each(d, &p->interface->data)
	{
		if (outermost((*d)->group) == g)
			put_data(p, *d, (int)width);
	}
}

/* ---- the description: registrations ---- */

static void put_comment(const struct plan *p, const char *indent, const char *doc)
{
	while (doc && *doc) {
		size_t n = strcspn(doc, "\n");

		put(p->out, "%s//%s%.*s\n", indent, n ? " " : "", (int)n, doc);
		doc += n + (doc[n] == '\n');
	}
}

/** What bare hardware gives for the member, as a remark, or NULL. */
static const char *native_value(const struct plan *p, const struct registration *r, size_t member)
{
	const struct backend *bare = p->interface->bare;
	const struct value *value;

	vec_each(q, &bare->provisions)
	{
		if (q->registration != r)
			continue;
		value = &q->values.v[member];
		return value->kind == VALUE_NONE
			       ? NULL
			       : mem_printf("%s: %s", bare->name.s, value_text(value));
	}
	return NULL;
}

static void put_value(const struct plan *p, const struct registration *r, size_t n)
{
	const struct registration_member *m = &r->members.v[n];
	const char *remark = p->interface->bare ? native_value(p, r, n) : NULL;
	const char *value = m->is_function || type_is_pointer(&m->type)
				    ? mem_printf("%s_%s_%s", p->name, r->name.s, m->name.s)
				    : "1";

	put(p->out, "        %s%-12s %-*s", m->is_optional ? "// " : "", m->name.s,
	    remark ? (int)strlen(p->name) + 24 : 0, mem_printf("%s;", value));
	if (remark)
		put(p->out, " // %s", remark);
	put(p->out, "\n");
}

static void put_registration(const struct plan *p, const struct registration *r)
{
	put(p->out, "\n");
	put_comment(p, "    ", r->doc);
	put(p->out, "    provide %s %s {\n", r->name.s, p->name);
	for (size_t n = 0; n < r->members.n; n++)
		put_value(p, r, n);
	put(p->out, "    }\n");
}

static void put_description(const struct plan *p)
{
	put(p->out,
	    "\n/// To decide: which machine this is, and what it is like for a kernel.\n"
	    "backend %s for %s%s%s {\n",
	    p->name, p->interface->name.s, p->abi ? " on " : "", p->abi ? p->abi->name.s : "");
	if (p->run->backend.is_deprivileged)
		put(p->out, "    deprivileged;\n");
	put_detection(p);
	if (p->abi)
		put_abi(p);
	vec_each(g, &p->interface->groups) put_group(p, *g);
	if (p->interface->registrations.n)
		put(p->out,
		    "\n    // ---- beside the ops; leave out what the machine has not ----\n");
	vec_each(r, &p->interface->registrations)
	{
		if (!(*r)->is_hooks)
			put_registration(p, *r);
	}
	put(p->out, "}\n");
}

/* ---- can it be? ---- */

static bool is_module(const void *module, const void *list, size_t n)
{
	void *const *v = list;

	while (n--)
		if (*v++ == module)
			return true;
	return false;
}

static bool is_name(const char *s)
{
	if (isdigit((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static bool find_interface(struct run *run, struct plan *p)
{
	const char *name = run->backend.interface;

	if (!name && run->interfaces.n == 1) {
		p->interface = run->interfaces.v[0];
		return true;
	}
	if (!name)
		return refuse(run,
			      "several interfaces, or none, are described: say --for=INTERFACE");
	p->interface = map_get(&run->modules, intern(name));
	if (is_module(p->interface, run->interfaces.v, run->interfaces.n))
		return true;
	return refuse(run,
		      mem_printf("unknown interface '%s'%s", name, suggest_interface(run, name)));
}

static bool find_abi(struct run *run, struct plan *p)
{
	const char *name = run->backend.abi;

	p->abi = name ? map_get(&run->modules, intern(name)) : NULL;
	if (!name || is_module(p->abi, run->abis.v, run->abis.n))
		return true;
	return refuse(run, mem_printf("unknown abi '%s'%s", name, suggest_abi(run, name)));
}

static bool check_signature(struct run *run)
{
	const char *signature = run->backend.signature;

	if (!signature || (*signature && strlen(signature) <= 12))
		return true;
	return refuse(run, "a cpuid signature has 1 to 12 bytes");
}

static bool find_modules(struct run *run, struct plan *p)
{
	const struct name *other = map_get(&run->modules, intern(p->name));

	if (!*p->name || !is_name(p->name))
		return refuse(run,
			      mem_printf("'%s' is no name for a backend: letters, digits and _",
					 p->name));
	if (other)
		return refuse(run, mem_printf("'%s' is defined already, in '%s'", p->name,
					      path_of(run, other)));
	vec_each(path, &run->inputs)
	{
		if (!strcmp(*path, "-"))
			return refuse(run, "a new backend cannot import standard input");
	}
	return check_signature(run) && find_interface(run, p) && find_abi(run, p);
}

static const char *description_path(const struct plan *p)
{
	const char *beside = path_of(p->run, &p->interface->name);

	if (p->run->backend.description)
		return p->run->backend.description;
	return path_beside(beside, mem_printf("%s.pvi", p->name));
}

/** What the run was told, and nothing that it found. */
static struct run run_again(const struct run *run)
{
	return (struct run){
		.inputs = run->inputs,
		.include_dirs = run->include_dirs,
		.settings = run->settings,
		.arch = run->arch,
		.stdin_name = run->stdin_name,
		.diag = run->diag,
		.backend = run->backend,
	};
}

bool draft_backend(struct run *run, const char *name)
{
	struct output draft = {0};
	struct plan p = {.run = run, .name = name, .out = &draft.text};

	if (!find_modules(run, &p))
		return false;
	p.path = description_path(&p);
	if (!absolute(directory_of(p.path)))
		return refuse(run, mem_printf("cannot write '%s': %s", p.path, strerror(errno)));
	find_own(&p);
	put_imports(&p);
	put_description(&p);
	draft.path = p.path;
	*run = run_again(run);
	run->draft = draft;
	return true;
}

/* ---- its C ---- */

static struct out *file_of(struct run *run, const struct backend *b, const struct written *w)
{
	const char *path = mem_printf("%s/%s/%s.%s", run->backend.directory, b->name.s, w->topic,
				      w->declaration ? "c" : "S");
	struct output *out;

	vec_each(old, &run->outputs)
	{
		if (!strcmp(old->path, path))
			return &old->text;
	}
	out = vec_push(&run->outputs);
	*out = (struct output){.path = path, .is_created = true};
	put_head(b, w, &out->text);
	return &out->text;
}

static bool report_existing(struct run *run)
{
	struct out existing = {0};
	struct stat st;

	vec_each(out, &run->outputs)
	{
		if (!lstat(out->path, &st))
			put(&existing, " '%s'", out->path);
	}
	return !existing.n ||
	       refuse(run, mem_printf("nothing was written, because there is already%s",
				      text_of(&existing)));
}

bool skeleton(struct run *run, const char *name)
{
	const struct backend *b = map_get(&run->modules, intern(name));
	struct output *draft = vec_push(&run->outputs);
	writtens list = written_by(b);

	*draft = run->draft;
	draft->is_created = true;
	vec_each(w, &list) put_stub(run, b, w, file_of(run, b, w));
	return report_existing(run);
}
