/*
 * The built object against the description: sites, patch tables, slots, and
 * what the patcher may run.  A check is a row; its diagnostic has its name.
 * What an object does not hold is not found good: the run ends without a verdict.
 */
#include <stdio.h>
#include <string.h>

#include "kallsyms.h"
#include "verify.h"

const char *hex(uint64_t value)
{
	return mem_printf("0x%llx", (unsigned long long)value);
}

const char *number(uint64_t value)
{
	return mem_printf("%llu", (unsigned long long)value);
}

const char *in_interface(const struct verify *v, const char *suffix)
{
	return mem_printf("%s_%s", v->interface->name.s, suffix);
}

void no_verdict(struct verify *v, const char *what, const char *why)
{
	fprintf(stderr, "pvgen: no verdict on %s: %s\n", what, why);
	v->run->evidence_missing = true;
}

uint64_t read_word(const struct verify *v, uint64_t address)
{
	unsigned int size = v->run->arch->word;
	const uint8_t *bytes = object_bytes(v->object, address, size);

	return bytes ? object_number(bytes, size) : 0;
}

bool is_code(const struct verify *v, uint64_t address)
{
	const struct object_section *s = object_section_at(v->object, address);

	return s && s->is_code;
}

uint64_t relative_target(const uint8_t *field, uint64_t address)
{
	return address + 4 + (uint64_t)(int64_t)(int32_t)object_number(field, 4);
}

struct cell cell_of(const struct linked *l, const struct op *op)
{
	return (struct cell){.linked = l,
			     .backend = l->backend,
			     .op = op,
			     .lowered = &l->backend->lowered[op->slot]};
}

void report_entry(const struct verify *v, enum diag_id id, const struct cell *e,
		  const char *backend, const char *fault)
{
	diag_report(v->run, id, e->backend->impls[e->op->slot].loc,
		    (const char *[]){op_path(e->op), backend, fault, NULL});
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

bool read_objects(struct run *run, struct object *image, struct object *parts)
{
	bool good = true;

	vec_each(path, &run->objects) good &= read_object(run, *path, image, parts);
	if (!good)
		return false;
	if (image->files.n && !image->symbols.n) {
		exports_add(image);
		kallsyms_add(image);
	}
	object_link(image);
	object_link(parts);
	return true;
}

static bool is_any(const struct object *o)
{
	(void)o;
	return true;
}

static void no_evidence(struct run *run, const char *why)
{
	fprintf(stderr, "pvgen: no verdict: %s\n", why);
	run->evidence_missing = true;
}

/** What pvgen knows to read; the last holds of any. */
static const struct kind {
	bool (*is)(const struct object *o);
	bool is_decided; /* what guards leave out must be known, else it is seen in the object */
	void (*verify)(struct verify *v);
} kinds[] = {
	{is_linux, false, verify_linux},
	{is_any, true, verify_own},
};

static const struct kind *kind_of(const struct object *o)
{
	const struct kind *kind = kinds;

	while (!kind->is(o))
		kind++;
	return kind;
}

bool verify(struct run *run)
{
	struct object image = {0}, parts = {0};
	verifications all = {0};
	const struct object *object = &parts;
	const struct kind *kind;

	if (!read_objects(run, &image, &parts))
		return false;
	if (image.files.n)
		object = &image;
	kind = kind_of(object);
	if (kind->is_decided && !decide(run)) {
		run->environment_failed = true;
		return false;
	}
	vec_each(i, &run->interfaces)
	{
		struct verify v = {.run = run,
				   .interface = *i,
				   .machine = run->arch->machine,
				   .object = object,
				   .parts = &parts};

		kind->verify(&v);
		if (v.slot_table.n)
			*vec_push(&all) = v;
	}
	if (!all.n)
		no_evidence(run, "no interface is described whose ops it has");
	return write_reports(run, &all) && !run->errors && !run->evidence_missing;
}
