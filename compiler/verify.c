/*
 * The built object against the description: sites, patch tables, slots, and
 * what the patcher may run.  A check is a row; its diagnostic has its name.
 * What an object does not hold is not found good: the run ends without a verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

struct site {
	uint64_t record, address;
	unsigned int op, length, kind;
};

/** A backend that is linked in. */
struct linked {
	const struct backend *backend;
	uint64_t ops, patches; /* addresses */
};

struct verify {
	struct run *run;
	const struct interface *interface;
	const struct machine *machine;
	const struct object *object; /* that runs */
	const struct object *parts;  /* relocatable files: the same, or what it was linked of */
	VEC(struct site) sites;	     /* by address, once sorted */
	VEC(struct linked) linked;
	uint64_t slots;		/* address of the ops that callers go through */
	const uint8_t *lengths; /* of sites, by op; NULL: not in the object */
	unsigned int n_patches, n_slots, n_functions, n_revisions, n_unfollowed;
};

/** One entry of a table that a backend has by op. */
struct cell {
	const struct linked *linked;
	const struct backend *backend;
	const struct op *op;
	const struct lowered *lowered;
	const uint8_t *patch; /* a record of the patch table */
	uint64_t target;      /* what the slot holds */
};

static const char *hex(uint64_t value)
{
	return mem_printf("0x%llx", (unsigned long long)value);
}

static const char *number(uint64_t value)
{
	return mem_printf("%llu", (unsigned long long)value);
}

static const char *in_interface(const struct verify *v, const char *suffix)
{
	return mem_printf("%s_%s", v->interface->name.s, suffix);
}

static void no_verdict(struct verify *v, const char *what, const char *why)
{
	fprintf(stderr, "pvgen: no verdict on %s: %s\n", what, why);
	v->run->evidence_missing = true;
}

static uint64_t read_word(const struct verify *v, uint64_t address)
{
	unsigned int size = v->run->arch->word;
	const uint8_t *bytes = object_bytes(v->object, address, size);

	return bytes ? object_number(bytes, size) : 0;
}

static bool is_code(const struct verify *v, uint64_t address)
{
	const struct object_section *s = object_section_at(v->object, address);

	return s && s->is_code;
}

/** The pc-relative word at an address, as the address that it means. */
static uint64_t relative_target(const uint8_t *field, uint64_t address)
{
	return address + 4 + (uint64_t)(int64_t)(int32_t)object_number(field, 4);
}

/* ---- sites: each check says what is wrong, or NULL ---- */

static const char *check_site_op(const struct verify *v, const struct site *s)
{
	if (s->op < v->interface->ops.n)
		return NULL;
	return mem_printf("the interface has %s", counted(v->interface->ops.n, "op"));
}

static const char *check_site_length(const struct verify *v, const struct site *s)
{
	if (!v->lengths || v->lengths[s->op] == s->length)
		return NULL;
	return mem_printf("%s, but sites of this op have %u", counted(s->length, "byte"),
			  v->lengths[s->op]);
}

static const char *check_site_kind(const struct verify *v, const struct site *s)
{
	if (s->kind == (v->interface->ops.v[s->op]->tail ? 1u : 0u))
		return NULL;
	return mem_printf("kind %u", s->kind);
}

static const char *check_site_place(const struct verify *v, const struct site *s)
{
	if (s->length >= v->run->arch->slot_site && is_code(v, s->address) &&
	    object_bytes(v->object, s->address, s->length))
		return NULL;
	return "not inside of one executable section";
}

static const char *check_site_slot(const struct verify *v, const struct site *s)
{
	const struct op *op = v->interface->ops.v[s->op];
	const uint8_t *code = object_bytes(v->object, s->address, s->length);
	const uint8_t *opcode = op->tail ? v->machine->jump_slot : v->machine->call_slot;
	uint64_t slot = v->slots + (uint64_t)s->op * v->run->arch->word, target;

	if (memcmp(code, opcode, 2) != 0)
		return mem_printf("the bytes %02x %02x are no indirect %s", code[0], code[1],
				  op->tail ? "jump" : "call");
	target = relative_target(code + 2, s->address + 2);
	if (!v->slots || target == slot)
		return NULL;
	return mem_printf("it goes through %s, but the op's slot is %s", hex(target), hex(slot));
}

static const char *check_site_filler(const struct verify *v, const struct site *s)
{
	const uint8_t *code = object_bytes(v->object, s->address, s->length);

	for (unsigned int i = v->run->arch->slot_site; i < s->length; i++)
		if (code[i] != v->machine->filler)
			return mem_printf("byte %u is %02x", i, code[i]);
	return NULL;
}

static const char *check_site_line(const struct verify *v, const struct site *s)
{
	unsigned int line = v->run->arch->line;

	if (!(v->interface->ops.v[s->op]->context & CONTEXT_LATE) ||
	    s->address / line == (s->address + s->length - 1) / line)
		return NULL;
	return mem_printf("%s across a boundary of %u", counted(s->length, "byte"), line);
}

/** In this order; the first that fails is reported, those behind it rely on it. */
static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct site *s);
} site_checks[] = {
	{D_site_op, check_site_op},	{D_site_length, check_site_length},
	{D_site_kind, check_site_kind}, {D_site_place, check_site_place},
	{D_site_slot, check_site_slot}, {D_site_filler, check_site_filler},
	{D_site_line, check_site_line},
};

static void report_site(const struct verify *v, enum diag_id id, const struct site *s,
			const char *fault)
{
	bool is_known = s->op < v->interface->ops.n;
	const struct op *op = is_known ? v->interface->ops.v[s->op] : NULL;

	diag_report(v->run, id, op ? op->name.loc : v->interface->name.loc,
		    (const char *[]){op ? op_path(op) : number(s->op),
				     object_place(v->object, s->address), fault, NULL});
}

static void check_site(struct verify *v, const struct site *s)
{
	for (size_t i = 0; i < NELEM(site_checks); i++) {
		const char *fault = site_checks[i].check(v, s);

		if (fault) {
			report_site(v, site_checks[i].id, s, fault);
			return;
		}
	}
}

static int by_address(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void check_overlap(struct verify *v)
{
	if (v->sites.n)
		qsort(v->sites.v, v->sites.n, sizeof(*v->sites.v), by_address);
	for (size_t i = 1; i < v->sites.n; i++) {
		const struct site *s = &v->sites.v[i];

		if (s->address - s[-1].address < s[-1].length)
			report_site(v, D_site_overlap, s,
				    mem_printf("it begins inside of the site at %s",
					       hex(s[-1].address)));
	}
}

static void check_sites(struct verify *v)
{
	vec_each(s, &v->sites) check_site(v, s);
	check_overlap(v);
}

/* ---- patch tables ---- */

static uint64_t patch_code(const struct cell *e)
{
	return object_number(e->patch, 8);
}

enum { PATCH_FORM = 8, PATCH_LENGTH = 9, PATCH_FIRST = 10, PATCH_RELOCATION = 11 };

static bool is_template(const struct cell *e)
{
	return e->lowered->form == FORM_INLINE || e->lowered->form == FORM_TRAP;
}

static const char *check_patch_form(const struct verify *v, const struct cell *e)
{
	static const char *const forms[] = {"call", "inline", "nop", "trap"};
	unsigned int form = e->patch[PATCH_FORM];

	(void)v;
	if (form != (unsigned int)e->lowered->form)
		return mem_printf("%s, but described as %s",
				  form < NELEM(forms) ? forms[form] : number(form),
				  forms[e->lowered->form]);
	if (is_template(e) != !!patch_code(e))
		return is_template(e) ? "there is no code" : "there is code";
	return NULL;
}

/** The name of a template's function, where the object has it, is where its code must be. */
static const char *check_patch_code(const struct verify *v, const struct cell *e)
{
	const struct object_symbol *s = object_symbol(v->object, e->lowered->symbol);
	uint64_t code = patch_code(e);

	if (!is_template(e))
		return NULL;
	if (!is_code(v, code) || !object_bytes(v->object, code, e->patch[PATCH_LENGTH]))
		return mem_printf("%s is not inside of one executable section", hex(code));
	if (s && code != s->address + sizeof(v->machine->landing_pad))
		return mem_printf("it is at %s, which is not the body of %s",
				  object_place(v->object, code), s->name);
	return NULL;
}

static const char *check_patch_length(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH];

	if (!is_template(e))
		return NULL;
	if (!length || length > e->op->budget)
		return mem_printf("%s, but the op's budget is %u", counted(length, "byte"),
				  e->op->budget);
	if (v->lengths && length > v->lengths[e->op->slot])
		return mem_printf("%s, but the op's sites have %u", counted(length, "byte"),
				  v->lengths[e->op->slot]);
	return NULL;
}

/** Whole instructions up to the length, the first as long as the table says. */
static const char *check_patch_first(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH], at = 0;
	const uint8_t *code = object_bytes(v->object, patch_code(e), length);
	struct insn_form insn;

	if (e->lowered->form != FORM_INLINE)
		return NULL;
	while (at < length) {
		if (!v->machine->decode(code + at, length - at, &insn))
			return mem_printf("no instruction that is known ends at byte %u or before",
					  length);
		if (!at && insn.length != e->patch[PATCH_FIRST])
			return mem_printf("the first instruction has %s, not %u",
					  counted(insn.length, "byte"), e->patch[PATCH_FIRST]);
		at += insn.length;
	}
	return NULL;
}

/** The symbol that the template's text refers to relative to its own place, or NULL. */
static const char *named_target(const struct cell *e)
{
	const char *target = NULL;

	vec_each(insn, &e->lowered->insns) target = insn->target ? insn->target : target;
	return target;
}

/** What is wrong with one reference of a template to @to. */
static const char *reference_fault(const struct verify *v, const struct cell *e,
				   const struct insn_form *insn, unsigned int at, uint64_t to)
{
	const char *name = named_target(e);
	const struct object_symbol *s = name ? map_get(&v->object->names, intern(name)) : NULL;

	if (at + insn->field != e->patch[PATCH_RELOCATION] || insn->field_size != 4)
		return mem_printf("byte %u refers to %s, which a copy elsewhere would miss; name "
				  "the symbol in braces",
				  at + insn->field, object_place(v->object, to));
	if (s && s->address != to)
		return mem_printf("byte %u refers to %s, but described is %s", at + insn->field,
				  object_place(v->object, to), name);
	return NULL;
}

/** Is it a branch to another place of the same template? */
static bool is_inside(const struct insn_form *insn, unsigned int at, unsigned int length)
{
	int64_t to = at + insn->target;

	return insn->relative == FIELD_JUMP && to >= 0 && to <= length;
}

static const char *check_patch_relocation(const struct verify *v, const struct cell *e)
{
	unsigned int length = e->patch[PATCH_LENGTH], n = 0;
	const uint8_t *code = object_bytes(v->object, patch_code(e), length);
	unsigned int relocation = e->patch[PATCH_RELOCATION];
	struct insn_form insn;

	for (unsigned int at = 0; e->lowered->form == FORM_INLINE && at < length;
	     at += insn.length) {
		const char *fault;

		if (!v->machine->decode(code + at, length - at, &insn))
			break;
		if (!insn.relative || is_inside(&insn, at, length))
			continue;
		fault = reference_fault(v, e, &insn, at,
					patch_code(e) + at + (uint64_t)insn.target);
		if (fault)
			return fault;
		n++;
	}
	if (n == (relocation != NO_RELOCATION))
		return NULL;
	return mem_printf("byte %u is adjusted, but no reference is there", relocation);
}

static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct cell *e);
} patch_checks[] = {
	{D_patch_form, check_patch_form},
	{D_patch_code, check_patch_code},
	{D_patch_length, check_patch_length},
	{D_patch_first, check_patch_first},
	{D_patch_relocation, check_patch_relocation},
};

static void report_entry(const struct verify *v, enum diag_id id, const struct cell *e,
			 const char *backend, const char *fault)
{
	diag_report(v->run, id, e->backend->impls[e->op->slot].loc,
		    (const char *[]){op_path(e->op), backend, fault, NULL});
}

static void check_patch(struct verify *v, const struct cell *e)
{
	for (size_t i = 0; i < NELEM(patch_checks); i++) {
		const char *fault = patch_checks[i].check(v, e);

		if (fault) {
			report_entry(v, patch_checks[i].id, e, e->backend->name.s, fault);
			return;
		}
	}
	v->n_patches++;
}

static struct cell cell_of(const struct linked *l, const struct op *op)
{
	return (struct cell){.linked = l,
			     .backend = l->backend,
			     .op = op,
			     .lowered = &l->backend->lowered[op->slot]};
}

static void check_patches(struct verify *v)
{
	vec_each(l, &v->linked)
	{
		vec_each(op, &v->interface->ops)
		{
			struct cell e = cell_of(l, *op);

			e.patch = object_bytes(v->object, l->patches + (*op)->slot * PATCH_SIZE,
					       PATCH_SIZE);
			if (e.patch)
				check_patch(v, &e);
			else
				report_entry(v, D_patch_form, &e, l->backend->name.s,
					     "the table ends before it");
		}
	}
}

/** Sites have room for the longest template and no more, if all of them are here. */
static void check_lengths(struct verify *v)
{
	vec_each(op, &v->interface->ops)
	{
		unsigned int longest = v->run->arch->slot_site;
		const char *backend = "";

		vec_each(l, &v->linked)
		{
			const uint8_t *patch = object_bytes(
				v->object, l->patches + (*op)->slot * PATCH_SIZE, PATCH_SIZE);

			if (!patch || patch[PATCH_LENGTH] <= longest)
				continue;
			longest = patch[PATCH_LENGTH];
			backend = l->backend->name.s;
		}
		if (v->lengths[(*op)->slot] != longest)
			diag(v->run, site_room, (*op)->name.loc, op_path(*op),
			     counted(v->lengths[(*op)->slot], "byte"), number(longest), backend);
	}
}

/* ---- slots ---- */

static const char *check_slot_null(const struct verify *v, const struct cell *e)
{
	(void)v;
	return e->target ? NULL : "nothing";
}

static const char *check_landing_pad(const struct verify *v, const struct cell *e)
{
	const uint8_t *pad = v->machine->landing_pad;
	size_t n = sizeof(v->machine->landing_pad);
	const uint8_t *code = object_bytes(v->object, e->target, n);

	if (is_code(v, e->target) && code && !memcmp(code, pad, n))
		return NULL;
	return object_place(v->object, e->target);
}

static bool has_name(const struct verify *v, uint64_t address, const char *text)
{
	const char *name = intern(text);

	vec_each(s, &v->object->symbols)
	{
		if (s->address == address && s->name == name)
			return true;
	}
	return false;
}

static const char *check_slot_target(const struct verify *v, const struct cell *e)
{
	const char *symbol = e->lowered->symbol;

	if (!object_symbol(v->object, symbol) || has_name(v, e->target, symbol))
		return NULL;
	return mem_printf("%s, but described is %s", object_place(v->object, e->target), symbol);
}

static const struct {
	enum diag_id id;
	const char *(*check)(const struct verify *v, const struct cell *e);
} slot_checks[] = {
	{D_null_slot, check_slot_null},
	{D_slot_target, check_slot_target},
	{D_landing_pad, check_landing_pad},
};

static void check_slot(struct verify *v, const struct cell *e, const char *backend)
{
	for (size_t i = 0; i < NELEM(slot_checks); i++) {
		const char *fault = slot_checks[i].check(v, e);

		if (fault) {
			report_entry(v, slot_checks[i].id, e, backend, fault);
			return;
		}
	}
	v->n_slots++;
}

static void check_table(struct verify *v, const struct linked *l, uint64_t table,
			const char *backend)
{
	vec_each(op, &v->interface->ops)
	{
		struct cell e = cell_of(l, *op);

		e.target = read_word(v, table + (uint64_t)(*op)->slot * v->run->arch->word);
		check_slot(v, &e, backend);
	}
}

/** Each backend's table, and that which holds until one is installed. */
static void check_slots(struct verify *v)
{
	vec_each(l, &v->linked)
	{
		check_table(v, l, l->ops, l->backend->name.s);
		if (l->backend->is_bare && v->slots)
			check_table(v, l, v->slots, "(before any is installed)");
	}
}

/* ---- what the patcher may run ---- */

/** A function that the patcher reaches, and from where. */
struct reached {
	const struct object_symbol *function;
	size_t from; /* index of its caller */
};

struct reach {
	struct verify *v;
	VEC(struct reached) functions;
	struct map seen; /* by name of the address */
};

static void reach_function(struct reach *r, const struct object_symbol *f, size_t from)
{
	if (!map_add(&r->seen, intern(hex(f->address)), (void *)f))
		*vec_push(&r->functions) = (struct reached){f, from};
}

static const char *chain(const struct reach *r, size_t i)
{
	struct out o = {0};

	put(&o, "%s", r->functions.v[i].function->name);
	while (r->functions.v[i].from != i) {
		i = r->functions.v[i].from;
		put(&o, " < %s", r->functions.v[i].function->name);
	}
	return text_of(&o);
}

static uint64_t function_end(const struct object *o, const struct object_symbol *f)
{
	const struct object_section *s = object_section_at(o, f->address);
	uint64_t end = s ? s->address + s->size : f->address;

	if (f->size)
		return f->address + f->size < end ? f->address + f->size : end;
	for (size_t i = 0; i < o->functions.n; i++)
		if (o->functions.v[i]->address > f->address && o->functions.v[i]->address < end)
			return o->functions.v[i]->address;
	return end;
}

static void follow(struct reach *r, size_t i, uint64_t target)
{
	const struct object_symbol *to = object_function(r->v->object, target);

	if (to)
		reach_function(r, to, i);
	else if (!map_add(&r->seen, intern(hex(target)), r))
		no_verdict(r->v, "the patcher",
			   mem_printf("%s calls %s, which is not in the object", chain(r, i),
				      hex(target)));
}

/** Follows each direct call and jump out of a function. */
static void scan_function(struct reach *r, size_t i)
{
	const struct object *o = r->v->object;
	const struct object_symbol *f = r->functions.v[i].function;
	uint64_t at = f->address, end = function_end(o, f);
	const uint8_t *code = object_bytes(o, at, end - at);
	struct insn_form insn;

	for (; code && at < end; at += insn.length, code += insn.length) {
		uint64_t target;

		if (!r->v->machine->decode(code, end - at, &insn)) {
			no_verdict(r->v, "the patcher",
				   mem_printf("unknown instruction at %s", object_place(o, at)));
			return;
		}
		r->v->n_unfollowed += insn.is_indirect;
		target = at + (uint64_t)insn.target;
		if (insn.relative > FIELD_DATA && (target < f->address || target >= end))
			follow(r, i, target);
	}
}

/**
 * Where patching starts: the function that patches all sites, before which none is
 * what it will be; and those that patch late sites, when all others are long done.
 */
static void reach_patchers(struct reach *r, bool is_late)
{
	const char *first = in_interface(r->v, "patch_sites");
	const char *prefix = in_interface(r->v, "patch_");

	vec_each(f, &r->v->object->functions)
	{
		const char *name = (*f)->name;

		if (!strcmp(name, first)
			    ? !is_late
			    : is_late && (*f)->is_global && !strncmp(name, prefix, strlen(prefix)))
			reach_function(r, *f, r->functions.n);
	}
}

/** Reports the first site, of a kind that is being patched, in each function that is reached. */
static void report_reached(const struct reach *r, bool is_late)
{
	const struct verify *v = r->v;
	struct map holders = {0};

	vec_each(s, &v->sites)
	{
		const struct object_symbol *f = object_function(v->object, s->address);
		bool is_patched =
			!is_late || (s->op < v->interface->ops.n &&
				     (v->interface->ops.v[s->op]->context & CONTEXT_LATE));

		if (f && is_patched)
			map_add(&holders, intern(hex(f->address)), (void *)s);
	}
	for (size_t i = 0; i < r->functions.n; i++) {
		uint64_t address = r->functions.v[i].function->address;
		const struct site *s = map_get(&holders, intern(hex(address)));

		if (s)
			report_site(v, D_patcher_site, s, chain(r, i));
	}
}

static void check_patcher(struct verify *v, bool is_late)
{
	struct reach r = {.v = v};

	reach_patchers(&r, is_late);
	if (!r.functions.n && !is_late)
		no_verdict(v, "the patcher",
			   mem_printf("no function %s is in the object",
				      in_interface(v, "patch_sites")));
	for (size_t i = 0; i < r.functions.n; i++)
		scan_function(&r, i);
	report_reached(&r, is_late);
	v->n_functions += (unsigned int)r.functions.n;
}

/* ---- revisions that implementations state ---- */

/** Functions of this op that a file defines, as text. */
static const char *implementers(const struct verify *v, const struct op *op, size_t file)
{
	struct out o = {0};

	vec_each(l, &v->linked)
	{
		const struct impl *impl = &l->backend->impls[op->slot];
		const struct object_symbol *s =
			impl->function ? object_symbol(v->parts, impl->function) : NULL;

		if (s && s->file == file && !impl->is_inherited)
			put(&o, "%s%s of backend '%s'", o.n ? ", " : "", impl->function,
			    l->backend->name.s);
	}
	return o.n ? text_of(&o) : "an implementation";
}

static void check_revision(struct verify *v, const char *record, size_t file)
{
	const char *equals = strchr(record, '=');
	const struct op *op =
		equals ? map_get(&v->interface->op_map, intern_n(record, (size_t)(equals - record)))
		       : NULL;
	unsigned long revision = equals ? strtoul(equals + 1, NULL, 10) : 0;

	v->n_revisions++;
	if (!op)
		diag(v->run, revision_op, v->interface->name.loc, record,
		     v->parts->files.v[file].path);
	else if (revision != op->revision)
		diag(v->run, stale_revision, op->name.loc, op_path(op), implementers(v, op, file),
		     v->parts->files.v[file].path, number(revision), number(op->revision));
}

static void check_revisions(struct verify *v)
{
	const char *name = mem_printf(".%s.implements", v->interface->name.s);

	vec_each(s, &v->parts->sections)
	{
		const char *text = (const char *)s->bytes;

		if (strcmp(s->name, name) != 0 || !text)
			continue;
		for (uint64_t at = 0; at < s->size && memchr(text + at, 0, s->size - at);
		     at += strlen(text + at) + 1)
			check_revision(v, text + at, s->file);
	}
}

/* ---- what the object holds ---- */

static void take_site(struct verify *v, uint64_t address, const uint8_t *record)
{
	*vec_push(&v->sites) = (struct site){
		.record = address,
		.address = address + (uint64_t)(int64_t)(int32_t)object_number(record, 4),
		.op = (unsigned int)object_number(record + 4, 2),
		.length = record[6],
		.kind = record[7],
	};
}

static void take_sites(struct verify *v)
{
	const char *name = in_interface(v, "sites");
	bool is_found = false;

	vec_each(s, &v->object->sections)
	{
		if (strcmp(s->name, name) != 0 || !s->bytes)
			continue;
		is_found = true;
		for (uint64_t at = 0; at + SITE_SIZE <= s->size; at += SITE_SIZE)
			take_site(v, s->address + at, s->bytes + at);
		if (s->size % SITE_SIZE)
			no_verdict(v, "sites", mem_printf("%s ends inside of a record", name));
	}
	if (!is_found)
		no_verdict(v, "sites", mem_printf("there is no section %s", name));
}

static const struct backend *find_backend(const struct verify *v, const uint8_t *name, size_t room)
{
	vec_each(b, &v->run->backends)
	{
		size_t n = strlen((*b)->name.s) + 1;

		if ((*b)->interface == v->interface && n <= room && !memcmp((*b)->name.s, name, n))
			return *b;
	}
	return NULL;
}

static void take_backend(struct verify *v, uint64_t record)
{
	uint64_t name = read_word(v, record + BACKEND_NAME);
	const struct object_section *s = object_section_at(v->object, name);
	const uint8_t *text = object_bytes(v->object, name, 1);
	const struct backend *b =
		text ? find_backend(v, text, s->size - (name - s->address)) : NULL;

	if (b)
		*vec_push(&v->linked) = (struct linked){b, read_word(v, record + BACKEND_OPS),
							read_word(v, record + BACKEND_PATCHES)};
	else
		no_verdict(v, "a backend",
			   mem_printf("the one at %s is not described", hex(record)));
}

static void take_backends(struct verify *v)
{
	const char *name = in_interface(v, "backends");
	unsigned int word = v->run->arch->word;

	vec_each(s, &v->object->sections)
	{
		if (strcmp(s->name, name) != 0 || !s->bytes)
			continue;
		for (uint64_t at = 0; at + word <= s->size; at += word)
			take_backend(v, object_number(s->bytes + at, word));
	}
	if (!v->linked.n)
		no_verdict(v, "slots and templates",
			   mem_printf("there is no backend in section %s", name));
}

static void take_tables(struct verify *v)
{
	const struct object_symbol *slots = object_symbol(v->object, in_interface(v, "ops"));
	const struct object_symbol *lengths =
		object_symbol(v->object, in_interface(v, "site_length"));

	if (slots)
		v->slots = slots->address;
	else
		no_verdict(v, "slots of sites",
			   mem_printf("there is no symbol %s", in_interface(v, "ops")));
	if (lengths)
		v->lengths = object_bytes(v->object, lengths->address, v->interface->ops.n);
	if (!v->lengths)
		no_verdict(v, "lengths of sites",
			   mem_printf("there is no table %s", in_interface(v, "site_length")));
}

/** Are all backends that are described linked in too? */
static bool is_complete(const struct verify *v)
{
	size_t n = 0;

	vec_each(b, &v->run->backends) n += (*b)->interface == v->interface;
	return n == v->linked.n;
}

static void print_summary(const struct verify *v)
{
	FILE *f = diag_owns_stdout(&v->run->diag) ? stderr : stdout;

	fprintf(f, "%s: %s, %s, %s of %s, %s of the patcher (%s not followed), %s\n",
		v->object->files.v[0].path, counted(v->sites.n, "site"),
		counted(v->n_patches, "patch record"), counted(v->n_slots, "slot"),
		counted(v->linked.n, "backend"), counted(v->n_functions, "function"),
		counted(v->n_unfollowed, "indirect call"),
		counted(v->n_revisions, "stated revision"));
}

static void verify_interface(struct verify *v)
{
	take_tables(v);
	take_backends(v);
	take_sites(v);
	check_sites(v);
	check_patches(v);
	if (v->lengths && is_complete(v))
		check_lengths(v);
	check_slots(v);
	check_patcher(v, false);
	check_patcher(v, true);
	check_revisions(v);
	print_summary(v);
}

static bool read_failed(struct run *run, const char *path, const char *fault)
{
	return run_failed(run, "'%s' %s", path, fault);
}

static bool read_object(struct run *run, const char *path, struct object *image,
			struct object *parts)
{
	struct object_file f;
	const char *fault = object_open(&f, run->arch->machine, path);

	if (!fault && f.is_linked && image->files.n)
		fault = "is a second linked image; verify one at a time";
	if (!fault)
		fault = object_add(f.is_linked ? image : parts, f);
	return fault ? read_failed(run, path, fault) : true;
}

static bool read_objects(struct run *run, struct object *image, struct object *parts)
{
	bool good = true;

	vec_each(path, &run->objects) good &= read_object(run, *path, image, parts);
	if (!good)
		return false;
	object_link(image);
	object_link(parts);
	return true;
}

bool verify(struct run *run)
{
	struct object image = {0}, parts = {0};

	if (!read_objects(run, &image, &parts))
		return false;
	if (!run->interfaces.n) {
		fprintf(stderr, "pvgen: no verdict: no interface is described\n");
		run->evidence_missing = true;
	}
	vec_each(i, &run->interfaces)
	{
		struct verify v = {.run = run,
				   .interface = *i,
				   .machine = run->arch->machine,
				   .object = image.files.n ? &image : &parts,
				   .parts = &parts};

		verify_interface(&v);
	}
	return !run->errors && !run->evidence_missing;
}
