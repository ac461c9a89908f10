/*
 * A linked Linux kernel as sites, slots and what these may hold.  Names of ops
 * come from its description of itself (BTF): a member of the structure of all
 * ops is the op of that path.  Names of Linux's own below are those of its
 * patching and of the tools around it; of ops there are none.
 */
#include <stdio.h>
#include <string.h>

#include "kallsyms.h"
#include "verify_linux.h"

static const struct generation generations[] = {
	{"Linux 5.13 to 6.7", ".parainstructions", "paravirt_patch_site", "instr", false, "len",
	 "type"},
	{"Linux 6.8 and later", ".altinstructions", "alt_instr", "instr_offset", true, "instrlen",
	 NULL},
};

/* What else may stand at a site: its place, and the place of what replaces it. */
static const struct generation alternatives = {NULL,	    ".altinstructions",
					       "alt_instr", "instr_offset",
					       true,	    "replacementlen",
					       NULL},
			       replacements = {NULL, ".altinstructions", "alt_instr", "repl_offset",
					       true, "replacementlen",	 NULL};

const char *const linux_patchers[] = {"apply_paravirt", "apply_retpolines", "apply_returns",
				      "apply_alternatives", NULL};
const char *const linux_nops[] = {"_paravirt_nop", "paravirt_nop", "nop_func", NULL};
const char *const linux_generics[] = {
	"_paravirt_nop", "paravirt_nop", "nop_func",	  "_paravirt_ident_64",
	"paravirt_BUG",	 "BUG_func",	 "paravirt_ret0", NULL};
const char linux_thunk[] = "__raw_callee_save_";
static const char *const copiers[] = {"memcpy", "__memcpy", NULL};
static const char *const returners[] = {"__x86_return_thunk", NULL};
static const char *const entries[] = {"__fentry__", NULL};

static const struct generation *find_generation(const struct object *o)
{
	for (size_t i = 0; i < NELEM(generations); i++)
		if (object_section(o, generations[i].section))
			return &generations[i];
	return NULL;
}

bool is_linux(const struct object *o)
{
	return o->files.n && find_generation(o);
}

/* ---- names ---- */

bool is_listed(const struct kernel *k, uint64_t address, const char *const *list)
{
	for (; *list; list++) {
		const struct object_symbol *s = object_symbol(k->v->object, *list);

		if (s && s->address == address)
			return true;
	}
	return false;
}

const char *behind_thunk(const char *name)
{
	size_t n = strlen(linux_thunk);

	return strncmp(name, linux_thunk, n) ? name : name + n;
}

/* ---- slots ---- */

static const struct op *op_of(const struct verify *v, const char *path)
{
	vec_each(op, &v->interface->ops)
	{
		if (!strcmp(op_path(*op), path))
			return *op;
	}
	return NULL;
}

/** Does a group of this path, or one inside of it, exist? */
static bool is_group(const struct verify *v, const char *path)
{
	size_t n = strlen(path);

	vec_each(op, &v->interface->ops)
	{
		const char *other = op_path(*op);

		if (!strncmp(other, path, n) && other[n] == '.')
			return true;
	}
	return false;
}

/** A member that is an op, or a word that hides the type of one. */
static bool is_leaf(const struct kernel *k, const char *path, const struct record_field *f)
{
	struct record inner;

	if (op_of(k->v, path) || !types_record_of(k->types, f->type, &inner))
		return true;
	return !is_group(k->v, path) && inner.fields.n == 1 &&
	       ctype_is_untyped_pointer(k->types, inner.fields.v[0].type);
}

static void take_slot(struct kernel *k, const char *path, const struct record_field *f,
		      uint64_t offset)
{
	const struct verify *v = k->v;
	uint64_t number = offset / v->run->arch->word;
	const struct op *op = op_of(v, path);
	const char *fault;

	if (number >= v->slot_table.n)
		return;
	v->slot_table.v[number] = (struct slot){path, op};
	if (!op) {
		diag(v->run, slot_undescribed, v->interface->name.loc, path, v->interface->name.s);
		return;
	}
	fault = types_pointer_fault(v->run, k->types, f->type, op);
	if (fault)
		diag(v->run, op_signature, op->name.loc, path, fault);
}

/* Structures do not nest deeper in any kernel. */
enum { DEEPEST = 8 };

static void take_members(struct kernel *k, const struct record *r, const char *prefix,
			 uint64_t offset, unsigned int depth)
{
	vec_each(f, &r->fields)
	{
		const char *path = *prefix ? mem_printf("%s.%s", prefix, f->name) : f->name;
		struct record inner;

		if (depth == DEEPEST || is_leaf(k, path, f))
			take_slot(k, path, f, offset + f->offset);
		else if (types_record_of(k->types, f->type, &inner))
			take_members(k, &inner, path, offset + f->offset, depth + 1);
	}
}

static bool has_slot(const struct verify *v, const struct op *op)
{
	vec_each(s, &v->slot_table)
	{
		if (s->op == op)
			return true;
	}
	return false;
}

static const char *guard_text(const struct op *op)
{
	return mem_printf("%s%s", op->group->guard ? expr_text(op->group->guard) : "",
			  op->guard ? mem_printf(" %s", expr_text(op->guard)) : "");
}

/** Reports ops without a slot, though the same guard leaves others in. */
static void check_missing(const struct verify *v)
{
	struct map guards = {0};

	vec_each(s, &v->slot_table)
	{
		if (s->op)
			map_add(&guards, intern(guard_text(s->op)), (void *)s->op);
	}
	vec_each(op, &v->interface->ops)
	{
		const struct op *other = map_get(&guards, intern(guard_text(*op)));

		if (other && (*op)->site != SITE_STATIC_CALL && !has_slot(v, *op))
			diag(v->run, slot_missing, (*op)->name.loc, op_path(*op), op_path(other));
	}
}

/** Is there a group or an op of the interface in the structure? */
static bool is_described(const struct kernel *k, const struct record *r)
{
	vec_each(f, &r->fields)
	{
		if (is_group(k->v, f->name) || op_of(k->v, f->name))
			return true;
	}
	return false;
}

static bool take_slots(struct kernel *k)
{
	struct verify *v = k->v;
	const struct object_symbol *s = object_symbol(v->object, linux_table);
	struct record r;

	if (!types_record(k->types, linux_table_record, &r)) {
		no_verdict(v, "slots", mem_printf("BTF has no struct %s", linux_table_record));
		return false;
	}
	if (!is_described(k, &r))
		return false;
	for (uint64_t i = 0; i < r.size / v->run->arch->word && i < MAX_OPS; i++)
		*vec_push(&v->slot_table) =
			(struct slot){mem_printf("%llu", (unsigned long long)i), NULL};
	take_members(k, &r, "", 0, 0);
	check_missing(v);
	if (s)
		v->slots = s->address;
	return true;
}

/* ---- sites ---- */

static const struct record_field *find_field(const struct record *r, const char *name)
{
	vec_each(f, &r->fields)
	{
		if (name && !strcmp(f->name, name))
			return f;
	}
	return NULL;
}

/* No record is larger. */
enum { LARGEST_RECORD = 256 };

/** False if the record has no number of this name. */
static bool take_part(const struct record *r, const char *name, struct record_part *part)
{
	const struct record_field *f = find_field(r, name);

	if (!f || !f->size || f->size > 8 || f->offset > r->size || f->size > r->size - f->offset)
		return false;
	*part = (struct record_part){f->offset, f->size};
	return true;
}

static bool read_form(const struct kernel *k, const struct generation *g, struct record_form *form)
{
	struct record r;

	if (!types_record(k->types, g->record, &r) || r.size > LARGEST_RECORD)
		return false;
	*form = (struct record_form){
		.section = g->section, .size = r.size, .is_relative = g->is_relative};
	return take_part(&r, g->place, &form->place) && take_part(&r, g->length, &form->length) &&
	       (!g->slot || take_part(&r, g->slot, &form->slot));
}

/** The slot that the code at an address goes through; the number of slots if there is none. */
static unsigned int decoded_slot(const struct verify *v, uint64_t address)
{
	const struct slot_array slots = {v->slots, v->run->arch->word, v->slot_table.n};

	return v->slots ? called_slot(v->object, v->machine, &slots, address) : slots.n;
}

/** Calls for each record of a section, with where it stands. */
static void take_sites(struct kernel *k, const struct object_section *s,
		       const struct record_form *f)
{
	for (uint64_t at = 0; at + f->size <= s->size; at += f->size) {
		struct site site = {.record = s->address + at};

		site.address = record_place(f, s->bytes + at, s->address + at);
		site.length = (unsigned int)record_number(s->bytes + at, &f->length);
		site.op = f->slot.size ? (unsigned int)record_number(s->bytes + at, &f->slot)
				       : decoded_slot(k->v, site.address);
		if (f->slot.size || site.op < k->v->slot_table.n)
			*vec_push(&k->v->sites) = site;
	}
}

/** Where only the code tells, several records may be of one site. */
static void drop_repeated(struct verify *v)
{
	size_t kept = 0;

	sort_sites(v);
	for (size_t i = 0; i < v->sites.n; i++)
		if (!kept || v->sites.v[i].address != v->sites.v[kept - 1].address)
			v->sites.v[kept++] = v->sites.v[i];
	v->sites.n = (uint32_t)kept;
}

/** Is it a direct call, which the patcher makes of any site? */
static bool is_direct_call(const struct verify *v, uint64_t address, unsigned int length)
{
	const uint8_t *code = object_bytes(v->object, address, length);

	return !code || (length == 5 && code[0] == 0xe8);
}

/** Notes what may stand at sites instead of calls. */
static void take_alternatives(struct kernel *k)
{
	const struct object_section *s = object_section(k->v->object, alternatives.section);
	struct record_form at, by;

	if (!s || !read_form(k, &alternatives, &at) || !read_form(k, &replacements, &by))
		return;
	for (uint64_t i = 0; i + at.size <= s->size; i += at.size) {
		const uint8_t *record = s->bytes + i;
		uint64_t place = record_place(&at, record, s->address + i);
		uint64_t code = record_place(&by, record, s->address + i);
		unsigned int length = (unsigned int)record_number(record, &at.length);
		struct site *site = site_at(k->v, place);

		if (site && length && !is_direct_call(k->v, code, length))
			site->inlined = length;
	}
}

/** The slots' place is where all sites agree that it is. */
static void locate_slots(struct verify *v)
{
	vec_each(s, &v->sites)
	{
		const uint8_t *code = object_bytes(v->object, s->address, v->run->arch->slot_site);

		if (v->slots || !code || memcmp(code, v->machine->call_slot, 2) != 0)
			continue;
		v->slots = relative_target(code + 2, s->address + 2) -
			   (uint64_t)s->op * v->run->arch->word;
	}
}

static bool read_sites(struct kernel *k)
{
	struct verify *v = k->v;
	const struct object_section *s = object_section(v->object, k->generation->section);
	struct record_form form;

	if (!read_form(k, k->generation, &form)) {
		no_verdict(v, "sites",
			   mem_printf("BTF has no struct %s as it is known here",
				      k->generation->record));
		return false;
	}
	take_sites(k, s, &form);
	if (s->size % form.size)
		no_verdict(v, "sites",
			   mem_printf("%s ends inside of a record", k->generation->section));
	if (!k->generation->slot)
		drop_repeated(v);
	locate_slots(v);
	if (!v->sites.n || !v->slots)
		no_verdict(v, "sites",
			   mem_printf("nothing says where %s is: it has no symbol", linux_table));
	return v->sites.n && v->slots;
}

/* ---- all of it ---- */

/** Backends that put anything into slots. */
static unsigned int count_backends(const struct verify *v)
{
	unsigned int n = 0;

	vec_each(b, &v->run->backends)
	{
		bool has_target = false;

		vec_each(t, &v->targets) has_target |= t->backend == *b;
		n += has_target;
	}
	return n;
}

static void print_summary(const struct kernel *k)
{
	const struct verify *v = k->v;
	FILE *f = summary_stream(v->run);
	unsigned int n_inlined = 0, n_described = 0;

	vec_each(s, &v->sites) n_inlined += s->inlined != 0;
	vec_each(s, &v->slot_table) n_described += s->op != NULL;
	fprintf(f,
		"%s: %s; %s in %s, %u of them also inline; %s without a record; %s, %u of them "
		"described; %s of %s; %s of the patcher (%s not followed, %u not decoded)%s\n",
		v->object->files.v[0].path, k->generation->name, counted(v->sites.n, "site"),
		k->generation->section, n_inlined, counted(k->strays.n, "call"),
		counted(v->slot_table.n, "slot"), n_described, counted(v->targets.n, "target"),
		counted(count_backends(v), "backend"), counted(v->n_functions, "function"),
		counted(v->n_unfollowed, "indirect call"), v->n_undecoded,
		v->object->files.v[0].n_symbols
			? ""
			: "; names without sizes, so tables that no code copies are hidden");
}

void verify_linux(struct verify *v)
{
	struct kernel k = {.v = v, .generation = find_generation(v->object)};
	const char *fault;

	k.types = btf_read(v->object, &fault);
	if (!k.types) {
		no_verdict(v, "slots, sites and signatures", fault);
		return;
	}
	if (!take_slots(&k) || !read_sites(&k))
		return;
	check_sites(v);
	take_alternatives(&k);
	check_records(&k);
	k.space = (struct code_space){.object = v->object,
				      .low = v->slots,
				      .high = v->slots + v->slot_table.n * v->run->arch->word,
				      .copiers = copiers,
				      .returners = returners,
				      .entries = entries,
				      .indirect = "__x86_indirect_thunk_"};
	find_targets(&k);
	find_owners(&k);
	check_targets(&k);
	check_strays(&k);
	check_patcher_of(v, linux_patchers);
	print_summary(&k);
}
