/*
 * DWARF: what compilers say of types, where a kernel keeps it.  Read by libdw; a type's number is
 * where it stands in .debug_info.
 */
#include <string.h>

#include "libraries.h"
#include "payload.h"
#include "types.h"

#ifndef HAVE_DW

struct types *dwarf_read(const struct object *o, const char **fault)
{
	(void)o;
	*fault = mem_printf("of DWARF nothing is known: %s", missing_library("libdw-dev"));
	return NULL;
}

#else

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

struct dwarf {
	struct types types; /* first: what at() and so on are called with */
	Dwarf *info;
	struct map known; /* types by their numbers, as text */
};

static const struct {
	int tag;
	enum ctype_kind kind;
} kinds[] = {
	{DW_TAG_base_type, CTYPE_NUMBER},	 {DW_TAG_pointer_type, CTYPE_POINTER},
	{DW_TAG_const_type, CTYPE_CONST},	 {DW_TAG_volatile_type, CTYPE_QUALIFIED},
	{DW_TAG_restrict_type, CTYPE_QUALIFIED}, {DW_TAG_atomic_type, CTYPE_QUALIFIED},
	{DW_TAG_typedef, CTYPE_TYPEDEF},	 {DW_TAG_structure_type, CTYPE_STRUCT},
	{DW_TAG_union_type, CTYPE_UNION},	 {DW_TAG_enumeration_type, CTYPE_ENUM},
	{DW_TAG_array_type, CTYPE_ARRAY},	 {DW_TAG_subroutine_type, CTYPE_FUNCTION},
	{DW_TAG_subprogram, CTYPE_FUNCTION},	 {DW_TAG_unspecified_type, CTYPE_VOID},
};

static enum ctype_kind kind_of(Dwarf_Die *die)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (kinds[i].tag == dwarf_tag(die))
			return kinds[i].kind;
	return CTYPE_BROKEN;
}

/* ---- attributes ---- */

static bool number_of(Dwarf_Die *die, unsigned int name, uint64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &word))
		return false;
	*value = word;
	return true;
}

static const char *name_of(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? name : "";
}

static uint64_t type_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &type))
		return 0;
	return dwarf_dieoffset(&type);
}

static bool is_declaration(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_declaration);
}

/* ---- parts of types ---- */

/** Bits are counted from the beginning of the structure, or as DWARF did until version 3. */
static void place_member(Dwarf_Die *die, struct types *types, struct cmember *m)
{
	uint64_t from_top, size = 0, bytes = 0;

	number_of(die, DW_AT_data_member_location, &bytes);
	number_of(die, DW_AT_bit_size, &m->width);
	m->bit = bytes * 8;
	if (number_of(die, DW_AT_data_bit_offset, &from_top)) {
		m->bit = from_top;
	} else if (m->width && number_of(die, DW_AT_bit_offset, &from_top)) {
		if (!number_of(die, DW_AT_byte_size, &size))
			size = ctype_size(types, m->type);
		m->bit += size * 8 - from_top - m->width;
	}
}

static void add_part(struct types *types, Dwarf_Die *die, struct ctype *t)
{
	struct cmember m = {.name = name_of(die), .type = type_of(die)};
	uint64_t count = 0;

	if (t->kind == CTYPE_ARRAY && dwarf_tag(die) == DW_TAG_subrange_type) {
		if (number_of(die, DW_AT_upper_bound, &count))
			count++;
		else
			number_of(die, DW_AT_count, &count);
		t->size = count && t->size > UINT64_MAX / count ? 0 : t->size * count;
	} else if (t->kind == CTYPE_FUNCTION && dwarf_tag(die) == DW_TAG_unspecified_parameters) {
		t->is_variadic = true;
	} else if (t->kind == CTYPE_FUNCTION && dwarf_tag(die) == DW_TAG_formal_parameter) {
		*vec_push(&t->members) = m;
	} else if (ctype_is_record(t) && dwarf_tag(die) == DW_TAG_member) {
		place_member(die, types, &m);
		*vec_push(&t->members) = m;
	}
}

static void read_number(Dwarf_Die *die, struct ctype *t)
{
	uint64_t encoding = 0;

	number_of(die, DW_AT_encoding, &encoding);
	t->is_bool = encoding == DW_ATE_boolean;
	t->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	if (encoding == DW_ATE_float)
		t->kind = CTYPE_FLOAT;
}

static const struct ctype *read_type(struct types *types, Dwarf_Die *die)
{
	struct ctype *t = mem_alloc(sizeof(*t));
	Dwarf_Die part;

	*t = (struct ctype){.kind = kind_of(die), .name = name_of(die), .target = type_of(die)};
	number_of(die, DW_AT_byte_size, &t->size);
	if (t->kind == CTYPE_POINTER)
		t->size = 8;
	if (t->kind == CTYPE_ARRAY)
		t->size = 1;
	if (t->kind == CTYPE_NUMBER)
		read_number(die, t);
	if (ctype_is_record(t) && is_declaration(die)) {
		t->is_union = t->kind == CTYPE_UNION;
		t->kind = CTYPE_OPAQUE;
	} else if (!dwarf_child(die, &part)) {
		do
			add_part(types, &part, t);
		while (!dwarf_siblingof(&part, &part));
	}
	return t;
}

static const struct ctype *type_at(struct types *types, uint64_t id)
{
	struct dwarf *d = (struct dwarf *)types;
	const char *key = id ? intern(mem_printf("%llx", (unsigned long long)id)) : NULL;
	const struct ctype *t = id ? map_get(&d->known, key) : &ctype_void;
	Dwarf_Die die;

	if (t)
		return t;
	t = dwarf_offdie(d->info, id, &die) ? read_type(types, &die) : &ctype_broken;
	map_add(&d->known, key, (void *)t);
	return t;
}

/* ---- units ---- */

/** Calls for what stands directly in units, until it returns true. */
static bool each_die(const struct dwarf *d, bool (*see)(void *context, Dwarf_Die *die),
		     void *context)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;
	uint8_t type;

	while (!dwarf_get_units(d->info, cu, &cu, NULL, &type, &unit, NULL)) {
		/* What assemblers say of their labels is nothing that somebody wrote. */
		if (type != DW_UT_compile || dwarf_srclang(&unit) == DW_LANG_Mips_Assembler ||
		    dwarf_child(&unit, &die))
			continue;
		do
			if (see(context, &die))
				return true;
		while (!dwarf_siblingof(&die, &die));
	}
	return false;
}

struct search {
	const char *name;
	unsigned int nth;
	uint64_t found;
};

static bool see_struct(void *context, Dwarf_Die *die)
{
	struct search *s = context;

	if (dwarf_tag(die) != DW_TAG_structure_type || strcmp(name_of(die), s->name) != 0 ||
	    is_declaration(die) || s->nth--)
		return false;
	s->found = dwarf_dieoffset(die);
	return true;
}

static uint64_t find_struct(struct types *types, const char *name, unsigned int nth)
{
	struct search s = {name, nth, 0};

	each_die((struct dwarf *)types, see_struct, &s);
	return s.found;
}

struct visit {
	void (*see)(void *context, const char *name, uint64_t type);
	void *context;
};

static bool see_function(void *context, Dwarf_Die *die)
{
	const struct visit *v = context;

	if (dwarf_tag(die) == DW_TAG_subprogram && !is_declaration(die))
		v->see(v->context, name_of(die), dwarf_dieoffset(die));
	return false;
}

static void each_function(struct types *types,
			  void (*see)(void *context, const char *name, uint64_t type),
			  void *context)
{
	struct visit v = {see, context};

	each_die((struct dwarf *)types, see_function, &v);
}

/* ---- the file ---- */

/** Relocatable objects too: their sections are put together first. */
static Dwarf *open_file(const char *path)
{
	static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf,
						 .find_debuginfo = dwfl_standard_find_debuginfo,
						 .section_address = dwfl_offline_section_address};
	Dwfl *all = dwfl_begin(&callbacks);
	Dwfl_Module *module = all ? dwfl_report_offline(all, path, path, -1) : NULL;
	Dwarf_Addr bias;

	if (!module || dwfl_report_end(all, NULL, NULL))
		return NULL;
	return dwfl_module_getdwarf(module, &bias);
}

static bool has_section(const struct object *o, const char *name)
{
	vec_each(s, &o->sections)
	{
		if (!strcmp(s->name, name))
			return true;
	}
	return false;
}

struct types *dwarf_read(const struct object *o, const char **fault)
{
	struct dwarf *d = mem_alloc(sizeof(*d));

	if (!has_section(o, ".debug_info")) {
		*fault = "there is no section .debug_info";
		return NULL;
	}
	d->info = open_file(o->files.v[0].path);
	if (!d->info) {
		*fault = "section .debug_info cannot be read";
		return NULL;
	}
	d->types = (struct types){.source = "DWARF",
				  .summary = "DWARF, section .debug_info",
				  .leaves_out_assembly = true,
				  .at = type_at,
				  .find = find_struct,
				  .each_function = each_function};
	return &d->types;
}

#endif
