/*
 * A ROM: its header, the entry points of its calls, and the code that finds them.  All is in one
 * section, which is linked at 0 and runs wherever the guest finds it: places are distances.
 *
 *   header | PCI data structure | plug-and-play header | texts | code | table of calls
 */
#include <stdlib.h>
#include <string.h>

#include "thunk.h"

/* Sizes and fields by PCI Firmware Specification 3.0, 5.1.2, and Plug and Play BIOS 1.0A, 3.2. */
enum { BIOS_ENTRY = 3 };

enum { PCI_SIZE = 24, PCI_X86 = 0, PCI_LAST = 0x80, PNP_SIZE = 32, PNP_UNIT = 16 };

/** A row of the table of calls. */
enum { ROW_SIZE = 8 };

/** Where things are that the header points to. */
struct rom_places {
	uint64_t pci, pnp, texts, end;
};

static struct rom_places places_of(const struct rom_image *m)
{
	struct rom_places p = {.pci = (m->abi->rom->header->size + 3) / 4 * 4};

	p.pnp = p.pci + (m->pci ? PCI_SIZE : 0);
	if (m->pnp)
		p.pnp = (p.pnp + PNP_UNIT - 1) / PNP_UNIT * PNP_UNIT;
	p.texts = p.end = p.pnp + (m->pnp ? PNP_SIZE : 0);
	for (size_t i = 0; m->pnp && i < 2; i++)
		p.end += strlen(m->pnp->operands.v[i].string) + 1;
	vec_each(v, &m->values) p.end += v->text ? strlen(v->text) + 1 : 0;
	return p;
}

/** Where the text of a member is. */
static uint64_t text_place(const struct rom_image *m, const struct rom_value *value)
{
	uint64_t place = places_of(m).texts;

	for (size_t i = 0; m->pnp && i < 2; i++)
		place += strlen(m->pnp->operands.v[i].string) + 1;
	vec_each(v, &m->values)
	{
		if (v == value)
			break;
		place += v->text ? strlen(v->text) + 1 : 0;
	}
	return place;
}

static void put_org(const struct rom_image *m, uint64_t offset, struct out *o)
{
	put(o, "\t.org %s + 0x%llx\n", m->name.s, (unsigned long long)offset);
}

/* ---- the header ---- */

/** What a number in the header is: of the ROM's statements, else as guests ask for it. */
static int64_t member_value(const struct rom_image *m, const struct member *member)
{
	const struct rom_value *v = rom_value_of(m, member);
	struct rom_places p = places_of(m);

	if (v)
		return v->text ? (int64_t)text_place(m, v) : v->number;
	if (m->pci && member == rom_member_at(m, 0x18, 2))
		return (int64_t)p.pci;
	if (m->pnp && member == rom_member_at(m, 0x1a, 2))
		return (int64_t)p.pnp;
	vec_each(r, &m->abi->rom->rules)
	{
		if (r->member.s == member->name.s)
			return r->value;
	}
	return 0;
}

static void put_number(const struct rom_image *m, const struct member *member, struct out *o)
{
	static const char *const directives[] = {
		[1] = ".byte", [2] = ".short", [4] = ".long", [8] = ".quad"};
	uint64_t mask = bits_mask((int64_t)member->size * 8 - 1, 0);

	put(o, "\t%s 0x%llx\t/* %s */\n", directives[member->size],
	    (unsigned long long)((uint64_t)member_value(m, member) & mask), member->name.s);
}

static const char *label_of(const struct rom_image *m, const struct call *c)
{
	return mem_printf("pvgen_%s_call_%s", m->name.s, c->name.s);
}

/** Something in the header: a number, the jump for the BIOS, a slot of a call. */
struct header_item {
	uint64_t offset;
	const struct member *member;
	const char *bios;
	const struct call *call;
};

typedef VEC(struct header_item) header_items;

static int by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct header_item *)a)->offset;
	uint64_t y = ((const struct header_item *)b)->offset;

	return x < y ? -1 : x > y;
}

static header_items items_of(const struct rom_image *m)
{
	header_items items = {0};

	vec_each(member, &m->abi->rom->header->members)
	{
		if (type_scalar(&member->type) && !member->is_array && member_value(m, member))
			*vec_push(&items) = (struct header_item){member->offset, .member = member};
	}
	if (m->bios)
		*vec_push(&items) = (struct header_item){
			BIOS_ENTRY, .bios = m->bios->operands.v[0].path.v[0].s};
	vec_each(it, &m->abi->calls)
	{
		const struct call *c = *it;

		if (c->is_fixed && (c == m->abi->rom->find || rom_line_of(m, c)))
			*vec_push(&items) = (struct header_item){(uint64_t)c->number, .call = c};
	}
	qsort(items.v, items.n, sizeof(*items.v), by_offset);
	return items;
}

/** The assembler goes forward only. */
static void put_header(const struct rom_image *m, struct out *o)
{
	header_items items = items_of(m);

	vec_each(item, &items)
	{
		put_org(m, item->offset, o);
		if (item->member)
			put_number(m, item->member, o);
		else if (item->bios)
			put(o, "\t.byte 0xe9\t/* a 16-bit jump */\n\t.short %s - (. + 2)\n",
			    item->bios);
		else
			put(o, "\tjmp %s\n", label_of(m, item->call));
	}
}

static int64_t number_at(const struct rom_image *m, const struct operand *o)
{
	const struct decl *d =
		o->kind == OPERAND_PATH ? map_get(&m->abi->scope.map, o->path.v[0].s) : NULL;

	return d ? d->value : o->value;
}

static void put_pci(const struct rom_image *m, uint64_t place, struct out *o)
{
	put(o, "\n\t/* PCI data structure */\n");
	put_org(m, place, o);
	put(o, "\t.ascii \"PCIR\"\n\t.short 0x%llx, 0x%llx\t/* vendor, device */\n",
	    (unsigned long long)number_at(m, &m->pci->operands.v[0]) & 0xffff,
	    (unsigned long long)number_at(m, &m->pci->operands.v[1]) & 0xffff);
	put(o,
	    "\t.short 0, %d\t/* no product data, size */\n"
	    "\t.byte 0, 0, 0, 0\t/* revision, class */\n"
	    "\t.short 0, 0\t/* length, which is sealed, and revision of the code */\n"
	    "\t.byte 0x%x, 0x%x\t/* for a PC's processor, the last image */\n",
	    PCI_SIZE, PCI_X86, PCI_LAST);
}

static unsigned int byte_sum(uint64_t value)
{
	return (unsigned int)(value & 0xff) + (unsigned int)(value >> 8 & 0xff);
}

/** All bytes of it have the sum 0. */
static void put_pnp(const struct rom_image *m, const struct rom_places *p, struct out *o)
{
	uint64_t product = p->texts + strlen(m->pnp->operands.v[0].string) + 1;
	unsigned int sum = '$' + 'P' + 'n' + 'P' + 1 + PNP_SIZE / PNP_UNIT + byte_sum(p->texts) +
			   byte_sum(product);

	put(o, "\n\t/* plug-and-play header: it boots nothing */\n");
	put_org(m, p->pnp, o);
	put(o,
	    "\t.ascii \"$PnP\"\n\t.byte 1, %d\t/* revision, units of %d bytes */\n"
	    "\t.short 0\n\t.byte 0, 0x%x\t/* sum */\n\t.long 0\n"
	    "\t.short 0x%llx, 0x%llx\t/* maker, product */\n",
	    PNP_SIZE / PNP_UNIT, PNP_UNIT, -sum & 0xff, (unsigned long long)p->texts,
	    (unsigned long long)product);
}

static void put_data(const struct rom_image *m, struct out *o)
{
	struct rom_places p = places_of(m);

	if (m->pci)
		put_pci(m, p.pci, o);
	if (m->pnp)
		put_pnp(m, &p, o);
	put(o, "\n");
	put_org(m, p.texts, o);
	for (size_t i = 0; m->pnp && i < 2; i++)
		put(o, "\t.asciz %s\n", c_string(m->pnp->operands.v[i].string));
	vec_each(v, &m->values)
	{
		if (v->text)
			put(o, "\t.asciz %s\n", c_string(v->text));
	}
	put_org(m, p.end, o);
}

/* ---- calls ---- */

static void put_label(const struct rom_image *m, const struct call *c, struct out *o)
{
	put(o, "%s:\n\tpv_rom_count %lld\n", label_of(m, c), (long long)(c->number & 0xff));
}

static void put_inline(const struct run *run, const struct rom_image *m,
		       const struct rom_line *line, struct out *o)
{
	put_label(m, line->call, o);
	vec_each(insn, &line->lowered->insns)
	{
		/* The assembler's errors point into the description. */
		emit_origin(run, insn->loc, o);
		put(o, "\t%s\n", insn->text);
	}
	if (line->call->traits.kind != KIND_JUMP)
		put(o, "\tret\n");
}

/** Where nothing is counted the function is the entry point. */
static void put_function(const struct rom_image *m, const struct rom_line *line, struct out *o)
{
	put(o, ".ifdef PV_ROM_TRACE\n");
	put_label(m, line->call, o);
	put(o, "\tjmp %s\n.else\n\t.set %s, %s\n.endif\n", line->function.s,
	    label_of(m, line->call), line->function.s);
}

static void put_line(const struct run *run, const struct rom_image *m, const struct rom_line *line,
		     struct out *o)
{
	if (line->way == ROM_NOP || line->way == ROM_NONE)
		return;
	put(o, "\n");
	emit_doc(o, "", line->stmt->doc ? line->stmt->doc : line->call->doc);
	if (line->way == ROM_INLINE)
		put_inline(run, m, line, o);
	else
		put_function(m, line, o);
}

/* ---- what finds them ---- */

static void put_row(const struct rom_image *m, const struct rom_line *line, struct out *o)
{
	const struct rom *rom = m->abi->rom;
	enum rom_answer answer = rom_answer_of(line);
	uint64_t kind = (uint64_t)rom->kinds[answer]->value << (rom->kind->low - 32);
	bool has_code = answer == ANSWER_CALL || answer == ANSWER_JUMP;

	put(o, "\t.long %s, 0x%llx",
	    has_code ? mem_printf("%s - %s", label_of(m, line->call), m->name.s) : "0",
	    (unsigned long long)kind);
	if (line)
		put(o, "\t/* %s: %s */", line->call->name.s, answer_name(answer));
	put(o, "\n");
}

/** The lines by number of their calls: a search for each number would take long for many calls. */
static const struct rom_line **by_number(const struct rom_image *m, unsigned int n)
{
	const struct rom_line **rows = mem_alloc(n * sizeof(*rows));

	vec_each(line, &m->lines)
	{
		if (!(*line)->call->is_fixed)
			rows[(*line)->call->number] = *line;
	}
	return rows;
}

/** A row a number, and one more for all numbers behind. */
static void put_table(const struct rom_image *m, struct out *o)
{
	unsigned int n = abi_targets(m->abi);
	const struct rom_line **rows = by_number(m, n);

	put(o,
	    "\n\t/* Of each number: the distance of its code from the header, the kind. */\n"
	    "\t.balign 4\npvgen_%s_table:\n",
	    m->name.s);
	for (unsigned int i = 0; i < n; i++)
		put_row(m, rows[i], o);
	put_row(m, NULL, o);
}

/** A register that the call may change and that carries nothing. */
static const char *scratch_of(const struct arch *arch, const struct call *find)
{
	const struct registers *result = &find->result.way->at.registers;
	const char *number = find->params.v[0].way->at.registers.low.s;
	uint32_t changes = call_changes(arch, find);

	for (size_t i = 1; arch->registers[i]; i++) {
		const char *r = arch->registers[i];

		if ((changes >> i & 1) && strcmp(r, number) != 0 && strcmp(r, result->low.s) != 0 &&
		    strcmp(r, result->high.s) != 0)
			return r;
	}
	return NULL;
}

/** The address is where the ROM is found, which a call pushes, and the distance of the code. */
static void put_find(const struct rom_image *m, const struct arch *arch, struct out *o)
{
	const struct call *find = m->abi->rom->find;
	const char *number = find->params.v[0].way->at.registers.low.s, *name = m->name.s;
	const struct registers *r = &find->result.way->at.registers;
	const char *here = scratch_of(arch, find), *low = r->low.s, *high = r->high.s;
	unsigned int n = abi_targets(m->abi);

	put(o, "\n");
	emit_doc(o, "", find->doc);
	put_label(m, find, o);
	put(o, "\tcmp $%u, %%%s\n\tjb 1f\n\tmov $%u, %%%s\n", n, number, n, number);
	put(o, "1:\tcall 2f\n2:\tpop %%%s\n", here);
	put(o, "\tmov pvgen_%s_table + %d - 2b(%%%s,%%%s,%d), %%%s\n", name, ROW_SIZE / 2, here,
	    number, ROW_SIZE, high);
	put(o, "\tmov pvgen_%s_table - 2b(%%%s,%%%s,%d), %%%s\n", name, here, number, ROW_SIZE,
	    low);
	put(o, "\ttest %%%s, %%%s\n\tje 3f\n", low, low);
	put(o, "\tlea %s - 2b(%%%s,%%%s), %%%s\n3:\tret\n", name, here, low, low);
	put_table(m, o);
}

/** The code compares, and puts another number in the place of one that no call has. */
static bool may_work(const struct arch *arch, const struct call *find, const char *number)
{
	uint32_t changes = call_changes(arch, find);

	return (changes & register_bit(arch, "flags")) && (changes & register_bit(arch, number)) &&
	       scratch_of(arch, find);
}

const char *rom_gap(const struct arch *arch, const struct rom_image *m)
{
	const struct rom *rom = m->abi->rom;
	const struct call *find = rom->find;
	const struct registers *result = &find->result.way->at.registers;
	const struct registers *number =
		find->params.n == 1 ? &find->params.v[0].way->at.registers : NULL;

	if (!arch->has_roms)
		return "ROMs for this architecture";
	if (!number || !number->low.s || number->high.s || !result->high.s ||
	    !strcmp(number->low.s, result->high.s))
		return "a ROM that finds calls otherwise than by a number in one register, with an "
		       "answer in two";
	if (!may_work(arch, find, number->low.s))
		return "a ROM that finds calls without changing flags, the number's register or "
		       "one more";
	if (rom->address->low || rom->address->high != 31 || rom->kind->low < 32)
		return "a ROM whose answer is not an address in its low word and a kind in its "
		       "high one";
	return NULL;
}

/* ---- the files ---- */

/* No register and no flag changes. */
static const char count_macro[] =
	"/* With PV_ROM_TRACE, an I/O port: each call writes its number there. */\n"
	".macro pv_rom_count number\n"
	".ifdef PV_ROM_TRACE\n"
	"\tpush %eax\n"
	"\tmov $\\number, %al\n"
	"\tout %al, $PV_ROM_TRACE\n"
	"\tpop %eax\n"
	".endif\n"
	".endm\n\n";

void emit_rom_code(const struct run *run, const void *module, struct out *o)
{
	const struct rom_image *m = module;

	emit_banner(o, source_origin(run, m->name.loc));
	emit_doc(o, "", m->doc);
	put(o, "%s\t.section .rom, \"ax\"\n\t.globl %s\n%s:\n", count_macro, m->name.s, m->name.s);
	put_header(m, o);
	put_data(m, o);
	put(o, "\n\t.balign 16\n");
	vec_each(line, &m->lines) put_line(run, m, *line, o);
	put_find(m, run->arch, o);
	put(o, "\n\t.section .note.GNU-stack, \"\", @progbits\n");
}

static void put_prototype(const struct rom_line *line, struct out *o)
{
	const struct call *c = line->call;

	emit_doc(o, "",
		 mem_printf("%s%s%s", c->doc ? c->doc : "", c->doc && line->stmt->doc ? "\n" : "",
			    line->stmt->doc ? line->stmt->doc : ""));
	put(o, "%s%s(%s);\n\n", call_returns(c) ? "" : "__attribute__((noreturn)) ",
	    c_declare(&c->result.type, line->function.s), c_params(&c->params));
}

/** Hidden: what is in the ROM is reached by its distance. */
void emit_rom_header(const struct run *run, const void *module, struct out *o)
{
	const struct rom_image *m = module;
	const char *up = upper(m->name.s);
	struct map seen = {0};

	emit_banner(o, source_origin(run, m->name.loc));
	put(o, "#ifndef PVGEN_ROM_%s_H\n#define PVGEN_ROM_%s_H\n\n#include \"%s.h\"\n\n", up, up,
	    m->abi->name.s);
	put(o, "#pragma GCC visibility push(hidden)\n\n");
	vec_each(line, &m->lines)
	{
		if ((*line)->way == ROM_CALL && !map_add(&seen, (*line)->function.s, *line))
			put_prototype(*line, o);
	}
	put(o, "#pragma GCC visibility pop\n\n#endif\n");
}
