/*
 * ELF files, read with distrust: every offset, size and index is checked
 * against the file before it is used.  Source: System V ABI, chapter 4
 * (headers, sections, symbols), and its supplements for AMD64 and i386, section
 * 4.4 (relocations).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "payload.h"

enum {
	LITTLE_ENDIAN_DATA = 1,
	TYPE_RELOCATABLE = 1,
	TYPE_SHARED = 3,
	SECTION_SYMTAB = 2,
	SECTION_RELA = 4,
	SECTION_NOBITS = 8,
	SECTION_REL = 9,
	FLAG_WRITE = 1,
	FLAG_ALLOC = 2,
	FLAG_EXECUTE = 4,
	INDEX_RESERVED = 0xff00,
	INDEX_ABSOLUTE = 0xfff1,
	INDEX_COMMON = 0xfff2,
	SYMBOL_NOTYPE = 0,
	SYMBOL_FUNCTION = 2,
	SYMBOL_SECTION = 3,
	BIND_LOCAL = 0,
	BIND_WEAK = 2,
};

/* No kernel is larger; sums of two such numbers cannot overflow. */
#define SIZE_LIMIT (UINT64_C(1) << 36)

/* Where the sections of relocatable files start; 0 stays an address of nothing. */
#define FIRST_ADDRESS UINT64_C(0x100000)

uint64_t object_number(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

/** Where a number is in a header or an entry. */
struct place_in {
	uint8_t at, size;
};

struct relocation_row {
	unsigned int type, size;
	bool is_relative;
};

struct elf {
	uint16_t machine;
	uint8_t class, header, section, symbol, relocation; /* sizes */
	struct place_in table, entry, count, names;	    /* of the sections, in the header */
	struct place_in flags, address, offset, size, link, info, align, entries; /* of a section */
	struct place_in symbol_info, symbol_section, symbol_value, symbol_size;
	struct place_in place, type, target, addend; /* of a relocation; no addend: in its place */
	unsigned int relocations;		     /* type of the sections with them */
	const struct relocation_row *rows;
	size_t n_rows;
};

static const struct relocation_row rows_x86_64[] = {
	{1, 8, false},	/* R_X86_64_64 */
	{2, 4, true},	/* R_X86_64_PC32 */
	{4, 4, true},	/* R_X86_64_PLT32 */
	{10, 4, false}, /* R_X86_64_32 */
	{11, 4, false}, /* R_X86_64_32S */
	{12, 2, false}, /* R_X86_64_16 */
	{13, 2, true},	/* R_X86_64_PC16 */
	{14, 1, false}, /* R_X86_64_8 */
	{15, 1, true},	/* R_X86_64_PC8 */
	{24, 8, true},	/* R_X86_64_PC64 */
};

static const struct relocation_row rows_i386[] = {
	{1, 4, false},	/* R_386_32 */
	{2, 4, true},	/* R_386_PC32 */
	{4, 4, true},	/* R_386_PLT32 */
	{20, 2, false}, /* R_386_16 */
	{21, 2, true},	/* R_386_PC16 */
	{22, 1, false}, /* R_386_8 */
	{23, 1, true},	/* R_386_PC8 */
};

static const struct elf elves[] = {
	{
		.machine = 62,
		.class = 2,
		.header = 64,
		.section = 64,
		.symbol = 24,
		.relocation = 24,
		.table = {40, 8},
		.entry = {58, 2},
		.count = {60, 2},
		.names = {62, 2},
		.flags = {8, 8},
		.address = {16, 8},
		.offset = {24, 8},
		.size = {32, 8},
		.link = {40, 4},
		.info = {44, 4},
		.align = {48, 8},
		.entries = {56, 8},
		.symbol_info = {4, 1},
		.symbol_section = {6, 2},
		.symbol_value = {8, 8},
		.symbol_size = {16, 8},
		.place = {0, 8},
		.type = {8, 4},
		.target = {12, 4},
		.addend = {16, 8},
		.relocations = SECTION_RELA,
		.rows = rows_x86_64,
		.n_rows = NELEM(rows_x86_64),
	},
	{
		.machine = 3,
		.class = 1,
		.header = 52,
		.section = 40,
		.symbol = 16,
		.relocation = 8,
		.table = {32, 4},
		.entry = {46, 2},
		.count = {48, 2},
		.names = {50, 2},
		.flags = {8, 4},
		.address = {12, 4},
		.offset = {16, 4},
		.size = {20, 4},
		.link = {24, 4},
		.info = {28, 4},
		.align = {32, 4},
		.entries = {36, 4},
		.symbol_info = {12, 1},
		.symbol_section = {14, 2},
		.symbol_value = {4, 4},
		.symbol_size = {8, 4},
		.place = {0, 4},
		.type = {4, 1},
		.target = {5, 3},
		.relocations = SECTION_REL,
		.rows = rows_i386,
		.n_rows = NELEM(rows_i386),
	},
};

static uint64_t number_at(const uint8_t *bytes, struct place_in p)
{
	return object_number(bytes + p.at, p.size);
}

static void write_number(uint8_t *bytes, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

/* ---- a file ---- */

static const char *read_stream(struct object_file *f, FILE *stream)
{
	struct stat status;

	if (fstat(fileno(stream), &status))
		return strerror(errno);
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > SIZE_LIMIT)
		return "is no regular file of a sensible size";
	f->size = (size_t)status.st_size;
	f->bytes = mem_alloc(f->size + 1);
	return fread(f->bytes, 1, f->size, stream) == f->size ? NULL : "cannot be read to its end";
}

static const char *read_file(struct object_file *f)
{
	FILE *stream = fopen(f->path, "rb");
	const char *fault;

	if (!stream)
		return mem_printf("cannot be read: %s", strerror(errno));
	fault = read_stream(f, stream);
	fclose(stream);
	return fault;
}

static bool in_file(const struct object_file *f, uint64_t offset, uint64_t size)
{
	return offset <= f->size && size <= f->size - offset;
}

/** There is one for each machine. */
static const struct elf *elf_of(const struct machine *m)
{
	const struct elf *elf = elves;

	while (elf->machine != m->elf_machine)
		elf++;
	return elf;
}

static const char *check_header(struct object_file *f, const struct machine *m)
{
	static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
	uint64_t type;

	f->elf = elf_of(m);
	if (f->size < f->elf->header || memcmp(f->bytes, magic, sizeof(magic)) != 0)
		return "is no ELF file";
	if (f->bytes[4] != f->elf->class || f->bytes[5] != LITTLE_ENDIAN_DATA ||
	    object_number(f->bytes + 18, 2) != m->elf_machine)
		return "is an ELF file for another architecture";
	type = object_number(f->bytes + 16, 2);
	if (type < TYPE_RELOCATABLE || type > TYPE_SHARED)
		return "is neither a linked image nor a relocatable object";
	f->is_linked = type != TYPE_RELOCATABLE;
	return NULL;
}

/** The header of a section, by its index in the file; NULL if there is none. */
static const uint8_t *section_header(const struct object_file *f, uint64_t index)
{
	uint64_t table = number_at(f->bytes, f->elf->table);

	if (index >= number_at(f->bytes, f->elf->count))
		return NULL;
	return f->bytes + table + index * f->elf->section;
}

static uint64_t header_type(const uint8_t *header)
{
	return object_number(header + 4, 4);
}

/** The bytes of a section, or NULL if it does not lie in the file. */
static uint8_t *section_bytes(const struct object_file *f, const uint8_t *header, uint64_t *size)
{
	uint64_t offset = number_at(header, f->elf->offset);

	*size = number_at(header, f->elf->size);
	if (header_type(header) == SECTION_NOBITS || !in_file(f, offset, *size))
		return NULL;
	return f->bytes + offset;
}

/** A string of a string table; NULL if it does not end in it. */
static const char *string_in(const struct object_file *f, const uint8_t *table, uint64_t offset)
{
	uint64_t size;
	const uint8_t *bytes = table ? section_bytes(f, table, &size) : NULL;

	if (!bytes || offset >= size || !memchr(bytes + offset, 0, size - offset))
		return NULL;
	return intern((const char *)bytes + offset);
}

/* ---- sections ---- */

static void place_section(struct object *o, struct object_section *s, uint64_t align)
{
	if (align < 1 || align > SIZE_LIMIT || (align & (align - 1)))
		align = 1;
	if (o->end < FIRST_ADDRESS)
		o->end = FIRST_ADDRESS;
	s->address = (o->end + align - 1) & ~(align - 1);
	o->end = s->address + s->size;
}

static const char *read_section(struct object *o, struct object_file *f, const uint8_t *header,
				const uint8_t *names)
{
	uint64_t flags = number_at(header, f->elf->flags);
	struct object_section s = {.name = string_in(f, names, object_number(header, 4)),
				   .address = number_at(header, f->elf->address),
				   .is_loaded = flags & FLAG_ALLOC,
				   .is_code = flags & FLAG_EXECUTE,
				   .is_writable = flags & FLAG_WRITE,
				   .file = o->files.n - 1};

	if (!s.name)
		return "has a section without a name";
	s.bytes = section_bytes(f, header, &s.size);
	if (header_type(header) && header_type(header) != SECTION_NOBITS && !s.bytes)
		return "has a section that lies outside of it";
	f->claimed += s.bytes ? s.size : 0;
	if (s.size > SIZE_LIMIT || o->end > SIZE_LIMIT || f->claimed > f->size)
		return "has sections of an impossible size";
	if (s.is_loaded && !f->is_linked)
		place_section(o, &s, number_at(header, f->elf->align));
	*vec_push(&o->sections) = s;
	return NULL;
}

static const char *read_sections(struct object *o, struct object_file *f)
{
	uint64_t n = number_at(f->bytes, f->elf->count);
	const uint8_t *names;

	if (number_at(f->bytes, f->elf->entry) != f->elf->section || !n)
		return "has no sections";
	if (!in_file(f, number_at(f->bytes, f->elf->table), n * f->elf->section))
		return "ends before its section headers";
	names = section_header(f, number_at(f->bytes, f->elf->names));
	f->first_section = o->sections.n;
	f->n_sections = n;
	for (uint64_t i = 0; i < n; i++) {
		const char *fault = read_section(o, f, section_header(f, i), names);

		if (fault)
			return fault;
	}
	return NULL;
}

/* ---- symbols ---- */

static const char *place_symbol(const struct object *o, const struct object_file *f, uint64_t index,
				struct object_symbol *s)
{
	s->is_defined = index != 0 && index != INDEX_COMMON;
	if (!s->is_defined || index == INDEX_ABSOLUTE)
		return NULL;
	if (index >= INDEX_RESERVED || index >= f->n_sections)
		return "has a symbol in a section that does not exist";
	if (!f->is_linked)
		s->address += o->sections.v[f->first_section + index].address;
	return NULL;
}

/* Labels of assembly have no type, but what calls them does not care; what marks a section's end is
 * none of them. */
static bool is_function(const struct object *o, const struct object_file *f, uint64_t index,
			unsigned int type, uint64_t value)
{
	const struct object_section *s;

	if (type == SYMBOL_FUNCTION)
		return true;
	if (type != SYMBOL_NOTYPE || !index || index >= f->n_sections)
		return false;
	s = &o->sections.v[f->first_section + index];
	return s->is_code && value - (f->is_linked ? s->address : 0) < s->size;
}

static const char *read_symbol(struct object *o, const struct object_file *f, const uint8_t *entry,
			       const uint8_t *strings)
{
	const struct elf *elf = f->elf;
	uint64_t index = number_at(entry, elf->symbol_section);
	uint64_t info = number_at(entry, elf->symbol_info);
	unsigned int type = info & 15, bind = (unsigned int)info >> 4;
	struct object_symbol s = {
		.name = string_in(f, strings, object_number(entry, 4)),
		.address = number_at(entry, elf->symbol_value),
		.size = number_at(entry, elf->symbol_size),
		.is_global = bind != BIND_LOCAL,
		.is_weak = bind == BIND_WEAK,
		.is_function = is_function(o, f, index, type, number_at(entry, elf->symbol_value)),
		.file = o->files.n - 1};
	const char *fault = place_symbol(o, f, index, &s);

	if (!s.name)
		return "has a symbol without a name";
	if (s.size > SIZE_LIMIT)
		return "has a symbol of an impossible size";
	if (fault)
		return fault;
	*vec_push(&o->symbols) = s;
	return NULL;
}

static const uint8_t *find_header(const struct object_file *f, uint64_t type)
{
	for (uint64_t i = 0; i < f->n_sections; i++)
		if (header_type(section_header(f, i)) == type)
			return section_header(f, i);
	return NULL;
}

static const char *read_symbols(struct object *o, struct object_file *f)
{
	const uint8_t *header = find_header(f, SECTION_SYMTAB), *entries, *strings;
	uint64_t size;

	f->first_symbol = o->symbols.n;
	if (!header)
		return NULL;
	entries = section_bytes(f, header, &size);
	strings = section_header(f, number_at(header, f->elf->link));
	if (!entries || number_at(header, f->elf->entries) != f->elf->symbol)
		return "has a symbol table that cannot be read";
	f->n_symbols = size / f->elf->symbol;
	for (uint64_t i = 0; i < f->n_symbols; i++) {
		const char *fault = read_symbol(o, f, entries + i * f->elf->symbol, strings);

		if (fault)
			return fault;
	}
	return NULL;
}

const char *object_open(struct object_file *f, const struct machine *m, const char *path)
{
	const char *fault;

	*f = (struct object_file){.path = path};
	fault = read_file(f);
	if (!fault)
		fault = payload_unpack(f);
	return fault ? fault : check_header(f, m);
}

const char *object_add(struct object *o, struct object_file file)
{
	struct object_file *f = vec_push(&o->files);
	const char *fault;

	*f = file;
	fault = read_sections(o, f);
	return fault ? fault : read_symbols(o, f);
}

/* ---- names ---- */

/* Which definition a name means: the first of the lowest rank. */
static unsigned int rank(const struct object_symbol *s)
{
	return !s->is_global ? 2 : s->is_weak;
}

static void name_symbols(struct object *o)
{
	enum { RANKS = 3 };

	for (unsigned int r = 0; r < RANKS; r++)
		vec_each(s, &o->symbols)
		{
			if (s->is_defined && *s->name && rank(s) == r)
				map_add(&o->names, s->name, s);
		}
}

const struct object_symbol *object_mention(const struct object *o, const char *name)
{
	return map_get(&o->names, intern(name));
}

const struct object_symbol *object_symbol(const struct object *o, const char *name)
{
	const struct object_symbol *s = object_mention(o, name);

	return s && s->is_defined ? s : NULL;
}

/** What is defined in no file gets an address too, so that references to it can be told apart. */
static void place_undefined(struct object *o)
{
	enum { ROOM = 4096 };

	vec_each(s, &o->symbols)
	{
		const struct object_symbol *other;

		if (s->is_defined || !*s->name)
			continue;
		other = map_get(&o->names, s->name);
		if (!other) {
			s->address = o->end += ROOM;
			map_add(&o->names, s->name, s);
		} else {
			s->address = other->address;
		}
	}
}

/* ---- relocations ---- */

static const struct relocation_row *relocation_find(const struct elf *elf, uint64_t type)
{
	for (size_t i = 0; i < elf->n_rows; i++)
		if (elf->rows[i].type == type)
			return &elf->rows[i];
	return NULL;
}

/** What an entry of relocations is about: a field inside of a section, and a symbol. */
struct relocation {
	const struct relocation_row *row;
	const struct object_symbol *symbol;
	uint64_t offset, addend;
};

/** What the file has in the field, with its sign: what is loaded may be relocated already. */
static uint64_t written_addend(const struct object *o, const struct object_file *f,
			       const struct object_section *s, const struct relocation *r)
{
	size_t index = (size_t)(s - o->sections.v) - f->first_section;
	uint64_t size, sign = UINT64_C(1) << (8 * r->row->size - 1);
	const uint8_t *bytes = section_bytes(f, section_header(f, index), &size);

	return (object_number(bytes + r->offset, r->row->size) ^ sign) - sign;
}

static bool read_relocation(const struct object *o, const struct object_file *f,
			    const struct object_section *s, const uint8_t *entry,
			    struct relocation *r)
{
	const struct elf *elf = f->elf;
	uint64_t symbol = number_at(entry, elf->target);

	r->offset = number_at(entry, elf->place);
	r->row = relocation_find(elf, number_at(entry, elf->type));
	if (!r->row || symbol >= f->n_symbols || r->offset > s->size ||
	    r->row->size > s->size - r->offset)
		return false;
	r->symbol = &o->symbols.v[f->first_symbol + symbol];
	r->addend = elf->addend.size ? number_at(entry, elf->addend) : written_addend(o, f, s, r);
	return true;
}

static void relocate(struct object *o, const struct object_file *f, struct object_section *s,
		     const uint8_t *entry)
{
	struct relocation r;
	uint64_t value;

	if (!read_relocation(o, f, s, entry, &r))
		return;
	value = r.symbol->address + r.addend;
	if (r.row->is_relative)
		value -= s->address + r.offset;
	write_number(s->bytes + r.offset, value, r.row->size);
}

/** The section that a section's relocations are for, if it has any and that one is loaded. */
static struct object_section *relocated(const struct object *o, const struct object_file *f,
					const uint8_t *header)
{
	uint64_t target = number_at(header, f->elf->info);
	struct object_section *s;

	if (header_type(header) != f->elf->relocations || target >= f->n_sections)
		return NULL;
	s = &o->sections.v[f->first_section + target];
	return s->is_loaded && s->bytes ? s : NULL;
}

static void relocate_section(struct object *o, const struct object_file *f, const uint8_t *header)
{
	struct object_section *s = relocated(o, f, header);
	uint64_t size;
	const uint8_t *entries = section_bytes(f, header, &size);

	for (uint64_t i = 0; s && entries && i < size / f->elf->relocation; i++)
		relocate(o, f, s, entries + i * f->elf->relocation);
}

static void find_references(const struct object *o, const struct object_file *f,
			    const uint8_t *header, const char *name, references *all)
{
	const struct object_section *s = relocated(o, f, header);
	uint64_t size;
	const uint8_t *entries = section_bytes(f, header, &size);
	struct relocation r;

	for (uint64_t i = 0; s && entries && i < size / f->elf->relocation; i++) {
		if (!read_relocation(o, f, s, entries + i * f->elf->relocation, &r) ||
		    r.symbol->name != name)
			continue;
		/* What is relative is so to the end of its field, where an instruction ends. */
		*vec_push(all) = (struct object_reference){
			.at = s->address + r.offset,
			.behind = r.addend + (r.row->is_relative ? r.row->size : 0)};
	}
}

references object_references(const struct object *o, const struct object_symbol *symbol)
{
	references all = {0};

	vec_each(f, &o->files)
	{
		for (uint64_t i = 0; i < f->n_sections && !f->is_linked; i++)
			find_references(o, f, section_header(f, i), symbol->name, &all);
	}
	return all;
}

/** Bytes of relocated sections are written, so what is read twice must be a copy. */
static void copy_bytes(struct object *o)
{
	vec_each(s, &o->sections)
	{
		if (s->bytes && s->is_loaded && !o->files.v[s->file].is_linked)
			s->bytes = memcpy(mem_alloc(s->size + 1), s->bytes, s->size);
	}
}

static const char *keep_relocation(const struct object *o, const struct object_file *f,
				   const uint8_t *entry, object_relocations *list)
{
	const struct elf *elf = f->elf;
	uint64_t symbol = number_at(entry, elf->target);

	if (symbol >= f->n_symbols)
		return "has a relocation of a symbol that does not exist";
	*vec_push(list) = (struct object_relocation){
		.place = number_at(entry, elf->place),
		.type = (unsigned int)number_at(entry, elf->type),
		.symbol = &o->symbols.v[f->first_symbol + symbol],
		.addend = (int64_t)number_at(entry, elf->addend),
	};
	return NULL;
}

static const char *keep_section(const struct object *o, const struct object_file *f,
				const uint8_t *header, object_relocations *list)
{
	uint64_t target = number_at(header, f->elf->info), size;
	const uint8_t *entries = section_bytes(f, header, &size);
	const char *fault = NULL;

	if (header_type(header) != f->elf->relocations || !entries || target >= f->n_sections ||
	    !o->sections.v[f->first_section + target].is_loaded)
		return NULL;
	for (uint64_t i = 0; i < size / f->elf->relocation && !fault; i++)
		fault = keep_relocation(o, f, entries + i * f->elf->relocation, list);
	return fault;
}

const char *object_kept(const struct object *o, object_relocations *list)
{
	const struct object_file *f = o->files.v;
	const char *fault = NULL;

	for (uint64_t i = 0; i < f->n_sections && !fault; i++)
		fault = keep_section(o, f, section_header(f, i), list);
	return fault;
}

/* ---- addresses ---- */

static int by_section(const void *a, const void *b)
{
	uint64_t x = (*(const struct object_section *const *)a)->address;
	uint64_t y = (*(const struct object_section *const *)b)->address;

	return x < y ? -1 : x > y;
}

/* Of functions at one address, that with a size comes first. */
static int by_function(const void *a, const void *b)
{
	const struct object_symbol *x = *(const struct object_symbol *const *)a;
	const struct object_symbol *y = *(const struct object_symbol *const *)b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size > y->size ? -1 : x->size < y->size;
}

static void sort_sections(struct object *o)
{
	vec_each(s, &o->sections)
	{
		if (s->is_loaded && s->size)
			*vec_push(&o->loaded) = s;
	}
	if (o->loaded.n)
		qsort(o->loaded.v, o->loaded.n, sizeof(*o->loaded.v), by_section);
}

/** A function without a size reaches to the next; a label inside of a function is none. */
static void sort_functions(struct object *o)
{
	size_t kept = 0;

	vec_each(s, &o->symbols)
	{
		if (s->is_function && s->is_defined)
			*vec_push(&o->functions) = s;
	}
	if (o->functions.n)
		qsort(o->functions.v, o->functions.n, sizeof(*o->functions.v), by_function);
	for (size_t i = 0; i < o->functions.n; i++) {
		const struct object_symbol *s = o->functions.v[i];
		const struct object_symbol *last = kept ? o->functions.v[kept - 1] : NULL;

		if (!last || s->address - last->address >= (last->size ? last->size : 1))
			o->functions.v[kept++] = s;
	}
	o->functions.n = kept;
}

void object_link(struct object *o)
{
	copy_bytes(o);
	name_symbols(o);
	place_undefined(o);
	vec_each(f, &o->files)
	{
		for (uint64_t i = 0; i < f->n_sections && !f->is_linked; i++)
			relocate_section(o, f, section_header(f, i));
	}
	sort_sections(o);
	sort_functions(o);
}

const struct object_section *object_section(const struct object *o, const char *name)
{
	vec_each(s, &o->sections)
	{
		if (s->bytes && !strcmp(s->name, name))
			return s;
	}
	return NULL;
}

const struct object_section *object_section_at(const struct object *o, uint64_t address)
{
	size_t low = 0, high = o->loaded.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->loaded.v[middle]->address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - o->loaded.v[low - 1]->address >= o->loaded.v[low - 1]->size)
		return NULL;
	return o->loaded.v[low - 1];
}

const uint8_t *object_bytes(const struct object *o, uint64_t address, uint64_t n)
{
	const struct object_section *s = object_section_at(o, address);

	if (!s || !s->bytes || n > s->size - (address - s->address))
		return NULL;
	return s->bytes + (address - s->address);
}

/** How many functions begin at an address or before it. */
static size_t functions_to(const struct object *o, uint64_t address)
{
	size_t low = 0, high = o->functions.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->functions.v[middle]->address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct object_symbol *object_function(const struct object *o, uint64_t address)
{
	size_t n = functions_to(o, address);
	const struct object_symbol *s;

	if (!n)
		return NULL;
	s = o->functions.v[n - 1];
	if (!s->size && object_section_at(o, s->address) != object_section_at(o, address))
		return NULL;
	return !s->size || address - s->address < s->size ? s : NULL;
}

uint64_t object_function_end(const struct object *o, const struct object_symbol *f)
{
	const struct object_section *s = object_section_at(o, f->address);
	uint64_t end = s ? s->address + s->size : f->address;
	size_t n = functions_to(o, f->address);

	if (f->size)
		return f->address + f->size < end ? f->address + f->size : end;
	if (n < o->functions.n && o->functions.v[n]->address < end)
		return o->functions.v[n]->address;
	return end;
}

const char *object_place(const struct object *o, uint64_t address)
{
	const struct object_symbol *s = object_function(o, address);

	if (!s)
		return mem_printf("0x%llx", (unsigned long long)address);
	return mem_printf("0x%llx (%s+0x%llx)", (unsigned long long)address, s->name,
			  (unsigned long long)(address - s->address));
}
