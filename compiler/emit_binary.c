/*
 * The binary interface: its header, the kernel's half (tables by number, what stands in for ops
 * that a blob lacks), and the frame of a backend's blob, which `pvgen seal` fills in.
 */
#include <string.h>

#include "binary.h"

/* ---- header: layouts and numbers ---- */

static const char *field_type(const struct blob_field *f)
{
	static const char *const types[] = {
		[1] = "uint8_t", [2] = "uint16_t", [4] = "uint32_t", [8] = "uint64_t"};

	return f->size == 1 && f->count ? "char" : types[f->size];
}

static void emit_record(const struct interface *i, const struct blob_record *r, struct out *o)
{
	const char *tag = mem_printf("%s_blob_%s", i->name.s, r->name);

	emit_doc(o, "", r->doc);
	put(o, "struct %s {\n", tag);
	for (size_t n = 0; n < r->n; n++) {
		const struct blob_field *f = &r->fields[n];

		emit_doc(o, "\t", f->doc);
		put(o, f->count ? "\t%s %s[%u];\n" : "\t%s %s;\n", field_type(f), f->name,
		    f->count);
	}
	put(o, "};\n_Static_assert(sizeof(struct %s) == %u, \"size in blobs\");\n", tag,
	    blob_size(r));
	for (size_t n = 0; n < r->n; n++)
		put(o, "_Static_assert(offsetof(struct %s, %s) == %u, \"place in blobs\");\n", tag,
		    r->fields[n].name, blob_offset(r, r->fields[n].name));
	put(o, "\n");
}

/* @ is the interface's name, ^ the same in capitals. */
static const char enums[] =
	"/** What a relocation changes: a word, 32 bits that are extended with their sign, or 32 "
	"bits\n"
	" * relative to their own place. */\n"
	"enum @_blob_form { ^_BLOB_FIELD_64, ^_BLOB_FIELD_32S, ^_BLOB_FIELD_PC32, "
	"^_NR_BLOB_FIELDS };\n\n"
	"/** What is added: the place of the blob, that of CPU 0's copy of the per-CPU template "
	"less\n"
	" * the template's, or the address of a service. */\n"
	"enum @_blob_target { ^_BLOB_TARGET_IMAGE, ^_BLOB_TARGET_PERCPU, ^_BLOB_TARGET_HOST, "
	"^_NR_BLOB_TARGETS };\n\n";

static const char tables[] =
	"/** What callers expect of an op, by its number. */\n"
	"struct @_binary_op {\n"
	"\tuint16_t revision;\n"
	"\t/** Minor version that brought it; 0: it was there from the start. */\n"
	"\tuint16_t since;\n"
	"\t/** A slot without an op. */\n"
	"\tbool dead;\n"
	"\t/** It can be left out: @_default_ops has what happens then. */\n"
	"\tbool has_default;\n"
	"};\n"
	"extern const struct @_binary_op @_binary_ops[^_NR_OPS];\n"
	"extern const struct @_ops @_default_ops;\n"
	"extern const struct @_patch @_default_patches[^_NR_OPS];\n\n"
	"/** The most of one kind that a blob registers. */\n"
	"#define ^_BLOB_INSTANCES 2\n\n"
	"/** Room for what a blob registers. */\n"
	"struct @_binary_room {\n";

static const char rows[] =
	"};\n\n"
	"/** A registration: where struct @_backend has it, and how many of it; room; its members. "
	"*/\n"
	"struct @_binary_registration {\n"
	"\tconst char *name;\n"
	"\tuint16_t pointer, count, room, size;\n"
	"\tuint16_t first_member, nr_members;\n"
	"};\n"
	"extern const struct @_binary_registration "
	"@_binary_registrations[^_NR_REGISTRATIONS];\n\n"
	"struct @_binary_member {\n"
	"\tconst char *name;\n"
	"\tuint16_t offset;\n"
	"\tuint8_t size;\n"
	"\t/** An address in the blob, not a number. */\n"
	"\tbool is_place;\n"
	"\tbool is_optional;\n"
	"};\n"
	"extern const struct @_binary_member @_binary_members[];\n\n"
	"/** Addresses of the services, by number. */\n"
	"extern const uintptr_t @_binary_services[^_NR_SERVICES];\n\n";

static void emit_numbers(const struct interface *i, struct out *o)
{
	const char *up = i->scope.upper_prefix, *n = i->name.s;

	put(o, "/** Number of a registration. */\nenum %s_registration_number {\n", n);
	vec_each(r, &i->registrations)
		put(o, "\t%sREGISTRATION_%s = %zu,\n", up, (*r)->name.s, (*r)->index);
	put(o, "\t%sNR_REGISTRATIONS = %u\n};\n\n", up, i->registrations.n);
	put(o, "/** Number of a service of the kernel's. */\nenum %s_service {\n", n);
	for (size_t s = 0; s < blob_service_count; s++)
		put(o, "\t%sSERVICE_%s = %zu,\n", up, blob_service_word(s), s);
	put(o, "\t%sNR_SERVICES = %zu\n};\n\n", up, blob_service_count);
	for (size_t f = 0; f < blob_feature_count; f++)
		put(o, "/** Feature: %s. */\n#define %sFEATURE_%s 0x%llxull\n",
		    blob_features[f].doc, up, blob_features[f].name, 1ull << f);
	put(o, "\n");
}

void emit_binary_header(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;
	const char *up = i->scope.upper_prefix;

	emit_banner(o, source_origin(run, i->name.loc));
	put(o, "#ifndef PVGEN_%s_BINARY_H\n#define PVGEN_%s_BINARY_H\n\n#include \"%s_ops.h\"\n\n",
	    upper(i->name.s), upper(i->name.s), i->name.s);
	put(o, "/** The binary interface, as docs/binary-abi.md has it. */\n");
	put(o, "#define %sBLOB_MAGIC %s\n#define %sBLOB_FORMAT %d\n", up, c_string(blob_magic), up,
	    BLOB_FORMAT);
	put(o, "#define %sBLOB_ABSENT 0x%x\n#define %sBLOB_NAME 0xff\n", up, BLOB_ABSENT, up);
	put(o, "#define %sBINARY_NAME \"%s\"\n", up, i->name.s);
	put(o, "#define %sBINARY_MAJOR %u\n#define %sBINARY_MINOR %u\n\n", up, i->major, up,
	    i->minor);
	for (size_t n = 0; n < blob_record_count; n++)
		emit_record(i, blob_records[n], o);
	emit_pattern(i, enums, o);
	emit_numbers(i, o);
	emit_pattern(i, tables, o);
	vec_each(r, &i->registrations) put(o, "\tstruct %s_%s %s[%sBLOB_INSTANCES];\n", i->name.s,
					   (*r)->name.s, (*r)->name.s, up);
	emit_pattern(i, rows, o);
	put(o, "#endif\n");
}

/* ---- the kernel's half ---- */

static void emit_op_rows(const struct interface *i, struct out *o)
{
	emit_pattern(i, "const struct @_binary_op @_binary_ops[^_NR_OPS] = {\n", o);
	vec_each(it, &i->ops)
	{
		const struct op *op = *it;

		put(o, "\t{%u, %u, %s, %s}, /* %s */\n", op->revision,
		    op->since ? (unsigned int)(op->since->value & INT32_MAX) : 0,
		    op_is_dead(op) ? "true" : "false",
		    i->defaults->lowered[op->slot].form != FORM_TRAP ? "true" : "false",
		    op_path(op));
	}
	put(o, "};\n\n");
}

static void emit_member_rows(const struct interface *i, struct out *o)
{
	emit_pattern(i, "const struct @_binary_member @_binary_members[] = {\n", o);
	vec_each(r, &i->registrations)
	{
		const char *tag = mem_printf("struct %s_%s", i->name.s, (*r)->name.s);

		vec_each(m, &(*r)->members)
			put(o, "\t{\"%s\", offsetof(%s, %s), sizeof(((%s *)0)->%s), %s, %s},\n",
			    m->name.s, tag, m->name.s, tag, m->name.s,
			    m->is_function || type_is_pointer(&m->type) ? "true" : "false",
			    m->is_optional ? "true" : "false");
	}
	put(o, "\t{NULL, 0, 0, false, false},\n};\n\n");
}

static void emit_registration_rows(const struct interface *i, struct out *o)
{
	const char *n = i->name.s;
	unsigned int first = 0;

	emit_pattern(i,
		     "const struct @_binary_registration "
		     "@_binary_registrations[^_NR_REGISTRATIONS] = {\n",
		     o);
	vec_each(it, &i->registrations)
	{
		const struct registration *r = *it;
		const char *s = r->name.s;

		put(o,
		    "\t{\"%s\", offsetof(struct %s_backend, %s), offsetof(struct %s_backend, "
		    "nr_%s),\n\t offsetof(struct %s_binary_room, %s), sizeof(struct %s_%s), %u, "
		    "%u},\n",
		    s, n, s, n, s, n, s, n, s, first, r->members.n);
		first += r->members.n;
	}
	put(o, "};\n");
}

void emit_binary_tables(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;

	emit_banner(o, source_origin(run, i->name.loc));
	put(o, "#include \"%s_binary.h\"\n\n", i->name.s);
	emit_backend_slots(i->defaults, o);
	emit_op_rows(i, o);
	emit_member_rows(i, o);
	emit_registration_rows(i, o);
}

void emit_binary_code(const struct run *run, const void *module, struct out *o)
{
	const struct interface *i = module;

	emit_backend_templates(run, i->defaults, o);
	put(o, "\n\t.section .rodata\n\t.balign 8\n\t.globl %s_binary_services\n", i->name.s);
	put(o, "%s_binary_services:\n", i->name.s);
	for (size_t s = 0; s < blob_service_count; s++)
		put(o, "\t.quad %s\n", arch_expand(blob_services[s], i->name.s, NULL));
}

/* ---- frame of a blob ---- */

static const char *said_number(uint64_t value)
{
	return mem_printf("%llu", (unsigned long long)value);
}

static const char *form_value(const struct backend *b)
{
	(void)b;
	return said_number(BLOB_FORMAT);
}

static const char *size_value(const struct backend *b)
{
	(void)b;
	return said_number(blob_size(&blob_header));
}

static const char *major_value(const struct backend *b)
{
	return said_number(b->interface->major);
}

static const char *minor_value(const struct backend *b)
{
	return said_number(b->interface->minor);
}

static const char *entries_value(const struct backend *b)
{
	return said_number(b->interface->ops.n);
}

static const char *members_value(const struct backend *b)
{
	(void)b;
	return mem_printf("(.Lblob_members_end - .Lblob_members) / %u", blob_size(&blob_member));
}

static const char *init_value(const struct backend *b)
{
	return b->init ? b->init : "0";
}

static const char *offered_value(const struct backend *b)
{
	uint64_t bits = 0;

	vec_each(p, &b->provisions) bits |= UINT64_C(1) << (p->registration->index & 63);
	return mem_printf("0x%llx", (unsigned long long)bits);
}

static const char *priority_value(const struct backend *b)
{
	return said_number(b->priority);
}

static const char *bare_value(const struct backend *b)
{
	return said_number(b->is_bare);
}

static const char *deprivileged_value(const struct backend *b)
{
	return said_number(b->is_deprivileged);
}

static const char *detect_value(const struct backend *b)
{
	return said_number(b->detections.v[0].kind);
}

/* What the assembler and the linker know; the rest is sealed. */
static const struct {
	const char *field;
	const char *linked; /* symbol of the linker script's */
	const char *(*value)(const struct backend *b);
} header_values[] = {
	{"format", NULL, form_value},
	{"header_size", NULL, size_value},
	{"major", NULL, major_value},
	{"minor", NULL, minor_value},
	{"memory_size", "blob_memory_size", NULL},
	{"rodata_end", "blob_rodata_end", NULL},
	{"text_end", "blob_text_end", NULL},
	{"data_end", "blob_data_end", NULL},
	{"percpu", "blob_percpu", NULL},
	{"percpu_size", "blob_percpu_size", NULL},
	{"percpu_align", "blob_percpu_align", NULL},
	{"entries", ".Lblob_entries", NULL},
	{"nr_entries", NULL, entries_value},
	{"members", ".Lblob_members", NULL},
	{"nr_members", NULL, members_value},
	{"exceptions", "blob_exceptions", NULL},
	{"nr_exceptions", "blob_nr_exceptions", NULL},
	{"init", NULL, init_value},
	{"offered", NULL, offered_value},
	{"priority", NULL, priority_value},
	{"bare", NULL, bare_value},
	{"deprivileged", NULL, deprivileged_value},
	{"detect", NULL, detect_value},
};

static const char *header_value(const struct backend *b, const char *field)
{
	for (size_t i = 0; i < NELEM(header_values); i++)
		if (!strcmp(header_values[i].field, field))
			return header_values[i].value ? header_values[i].value(b)
						      : header_values[i].linked;
	return "0";
}

static const char *header_text(const struct backend *b, const char *field)
{
	if (!strcmp(field, "magic"))
		return blob_magic;
	if (!strcmp(field, "interface"))
		return b->interface->name.s;
	if (!strcmp(field, "name"))
		return b->name.s;
	return b->detections.v[0].kind == DETECT_CPUID ? b->detections.v[0].text : "";
}

static const char *const directives[] = {
	[1] = ".byte", [2] = ".short", [4] = ".long", [8] = ".quad"};

static void emit_header_field(const struct backend *b, const struct blob_field *f, struct out *o)
{
	const char *text = header_text(b, f->name);

	if (f->count && f->size == 1)
		put(o, strlen(text) < f->count ? "\t.ascii %s\n\t.skip %zu\n" : "\t.ascii %s\n",
		    c_string(text), f->count - strlen(text));
	else
		put(o, f->count ? "\t%s %s, 0\n" : "\t%s %s\n", directives[f->size],
		    header_value(b, f->name));
}

static void emit_frame_header(const struct backend *b, struct out *o)
{
	put(o, "\n\t.section .blob.header, \"a\", @progbits\n\t.balign 8\n");
	for (size_t n = 0; n < blob_header.n; n++) {
		put(o, "\t/* %s */\n", blob_header.fields[n].name);
		emit_header_field(b, &blob_header.fields[n], o);
	}
}

static void emit_entry(const struct backend *b, const struct op *op, struct out *o)
{
	const struct lowered *l = &b->lowered[op->slot];
	const char *s = l->symbol;

	put(o, "\t/* %s */\n", op_path(op));
	if (op_is_dead(op)) {
		put(o, "\t.long 0, 0\n\t.byte 0x%x, 0, 0, 0\n\t.short 0, 0\n", BLOB_ABSENT);
		return;
	}
	put(o, "\t.long %s, ", s);
	if (l->form == FORM_INLINE)
		put(o, ".L%s_code\n\t.byte %d, .L%s_end - .L%s_code, .L%s_first - .L%s_code\n", s,
		    l->form, s, s, s, s);
	else
		put(o, "0\n\t.byte %d, 0, 0\n", l->form);
	emit_patch_relocation(l, o);
	put(o, "\t.short %u, 0\n", op->revision);
}

/** Strings stand behind the rows. */
static void emit_member(const struct provision *p, unsigned int instance, unsigned int number,
			const struct value *v, unsigned int row, struct out *o)
{
	const char *value = v->kind == VALUE_NUMBER ? mem_printf("%lld", (long long)v->number)
			    : v->kind == VALUE_TEXT ? mem_printf(".Lblob_text_%u", row)
						    : v->s;

	put(o, "\t.byte %zu, %u, %u, %d\n\t.long 0\n\t.quad %s\n", p->registration->index, instance,
	    number, v->kind != VALUE_NUMBER, value);
	if (v->kind == VALUE_TEXT)
		put(o, "\t.pushsection .rodata\n.Lblob_text_%u:\n\t.asciz %s\n\t.popsection\n", row,
		    c_string(v->s));
}

static void emit_members(const struct backend *b, struct out *o)
{
	const struct registration *last = NULL;
	unsigned int instance = 0, row = 0;

	vec_each(p, &b->provisions)
	{
		struct value name = {.kind = VALUE_TEXT, .s = p->name.s};

		instance = p->registration == last ? instance + 1 : 0;
		last = p->registration;
		put(o, "\t/* %s %s */\n", last->name.s, p->name.s);
		emit_member(p, instance, 0xff, &name, row++, o);
		for (unsigned int n = 0; n < p->values.n; n++)
			if (p->values.v[n].kind != VALUE_NONE)
				emit_member(p, instance, n, &p->values.v[n], row++, o);
	}
}

void emit_blob_frame(const struct run *run, const void *module, struct out *o)
{
	const struct backend *b = module;

	emit_banner(o, source_origin(run, b->name.loc));
	put(o, "/* The frame of a blob, in place of %s.S: see docs/binary-abi.md. */\n", b->name.s);
	put(o, "#include \"%s.S\"\n", b->name.s);
	emit_frame_header(b, o);
	put(o, "\n\t.section .blob.tables, \"a\", @progbits\n\t.balign 8\n.Lblob_entries:\n");
	vec_each(op, &b->interface->ops) emit_entry(b, *op, o);
	put(o, "\t.balign 8\n.Lblob_members:\n");
	emit_members(b, o);
	put(o, ".Lblob_members_end:\n");
}
