/*
 * The hypervisor's half of an abi, as a ROM: `rom NAME for ABI { }`.  A line for each call of the
 * abi says how the ROM does it, the other statements what stands in the ROM's header.
 */
#include <string.h>

#include "attributes.h"
#include "rom.h"
#include "thunk.h"

/* ---- a line of a call ---- */

struct lining {
	const struct attributed *a;
	struct rom_image *m;
	struct rom_line *line;
};

static void take_inline(struct lining *l)
{
	const operands *o = &l->a->s->operands;

	l->line->code.arch = (struct name){l->m->abi->scope.arch->name, o->v[0].loc};
	for (size_t i = 1; i < o->n; i++) {
		template_check(l->a->run, &o->v[i]);
		*vec_push(&l->line->code.insns) = o->v[i];
	}
}

static void take_function(struct lining *l)
{
	l->line->function = word_at(l->a->s, 1);
	c_name(l->a->run, l->line->function);
}

static void take_nop(struct lining *l)
{
	if (call_answers(l->line->call) & 1u << ANSWER_NOP)
		return;
	diag(l->a->run, rom_nop, l->a->s->operands.v[0].loc, l->line->call->name.s);
	diag_note(l->a->run, l->line->call->name.loc, "'relocations' of the call would say 'nop'");
}

static void take_none(struct lining *l)
{
	l->line->reason = l->a->s->operands.v[1].string;
	if (l->line->call->traits.is_optional)
		return;
	diag(l->a->run, rom_none, l->a->s->operands.v[0].loc, l->line->call->name.s);
	diag_note(l->a->run, l->line->call->name.loc, "the call is not 'optional'");
}

static const struct {
	const char *name, *shape, *usage;
	void (*take)(struct lining *l);
} ways[ROM_WAYS] = {
	[ROM_INLINE] = {"inline", "ws+", "CALL inline \"INSTRUCTION\"...;", take_inline},
	[ROM_CALL] = {"call", "ww", "CALL call FUNCTION;", take_function},
	[ROM_ASM] = {"asm", "ww", "CALL asm FUNCTION;", take_function},
	[ROM_NOP] = {"nop", "w", "CALL nop;", take_nop},
	[ROM_NONE] = {"none", "ws", "CALL none \"REASON\";", take_none},
};

const char *rom_way_name(enum rom_way way)
{
	return ways[way].name;
}

static enum rom_way find_way(const struct operand *o)
{
	enum rom_way way = 0;

	while (way < ROM_WAYS && !operand_is(o, ways[way].name))
		way++;
	return way;
}

/** Adds a line; false and a report if there is no such call, or another line has it. */
static bool add_line(const struct attributed *a, struct rom_image *m, struct rom_line *line)
{
	struct name word = a->s->path.v[0];
	const struct rom_line *first = map_add(&m->line_map, word.s, line);

	line->call = abi_call(m->abi, word.s);
	if (!line->call) {
		diag(a->run, unknown_call, word.loc, m->abi->name.s, word.s,
		     suggest(a->run, &m->abi->call_map, word.s));
	} else if (first) {
		diag(a->run, repeated, word.loc, word.s);
		diag_note(a->run, first->stmt->loc, "it was said here first");
	} else if (line->call == m->abi->rom->find) {
		diag(a->run, rom_find, word.loc, word.s);
	} else {
		*vec_push(&m->lines) = line;
		return true;
	}
	return false;
}

static void rom_line(const struct attributed *a, struct rom_image *m, enum rom_way way)
{
	struct rom_line *line = mem_alloc(sizeof(*line));
	const char *shape = ways[way].shape;

	*line = (struct rom_line){.name = a->s->path.v[0], .stmt = a->s, .way = way, .module = m};
	if (!add_line(a, m, line))
		return;
	if (shape_fits(shape, &a->s->operands))
		ways[way].take(&(struct lining){a, m, line});
	else
		report_operand(a, shape_misfit(shape, &a->s->operands), ways[way].usage);
}

/** A word that names a call, but not how it is done. */
static bool report_line(const struct attributed *a)
{
	const struct rom_image *m = a->thing;
	const struct operand *o = a->s->operands.v;

	if (!map_get(&m->abi->call_map, a->s->path.v[0].s))
		return false;
	if (a->s->operands.n && o->kind == OPERAND_PATH)
		diag(a->run, unknown_word, o->loc, operand_text(o), "way to do a call",
		     "inline call asm nop none");
	else
		report_operand(a, 0, "CALL inline|call|asm|nop|none ...;");
	return true;
}

/* ---- what stands in the header ---- */

/** The header's member that a statement names, as a value to be filled in; a report if it is none.
 */
static struct rom_value *add_value(const struct attributed *a)
{
	struct rom_image *m = a->thing;
	const struct decl *header = m->abi->rom->header;
	struct name name = word_at(a->s, 0);
	struct rom_value *value;

	vec_each(v, &m->values)
	{
		if (v->name.s == name.s) {
			diag(a->run, repeated, name.loc, name.s);
			diag_note(a->run, v->name.loc, "it was said here first");
		}
	}
	if (!record_member(header, name.s))
		diag(a->run, unknown_member, name.loc, header->name.s, name.s,
		     suggest_member(a->run, header, name.s));
	value = vec_push(&m->values);
	*value = (struct rom_value){.name = name, .stmt = a->s};
	return value;
}

static void rom_set(const struct attributed *a)
{
	const struct rom_image *m = a->thing;
	const struct operand *o = &a->s->operands.v[1];
	struct rom_value *value = add_value(a);
	const struct decl *d;

	value->number = o->value;
	if (o->kind != OPERAND_PATH)
		return;
	d = find_const(a->run, &m->abi->scope, o->path.v[0]);
	value->number = d ? d->value : 0;
}

static void rom_text(const struct attributed *a)
{
	add_value(a)->text = a->s->operands.v[1].string;
}

static void rom_pci(const struct attributed *a)
{
	struct rom_image *m = a->thing;

	m->pci = a->s;
	vec_each(o, &a->s->operands)
	{
		const struct decl *d = o->kind == OPERAND_PATH
					       ? find_const(a->run, &m->abi->scope, o->path.v[0])
					       : NULL;
		struct operand number = {.loc = o->loc, .value = d ? d->value : o->value};

		in_range(a->run, "pci", &number, 0, UINT16_MAX);
	}
}

static void rom_pnp(const struct attributed *a)
{
	((struct rom_image *)a->thing)->pnp = a->s;
}

static void rom_bios(const struct attributed *a)
{
	((struct rom_image *)a->thing)->bios = a->s;
	c_name(a->run, word_at(a->s, 0));
}

static void rom_like(const struct attributed *a)
{
	((struct rom_image *)a->thing)->like = a->s;
}

static const struct attribute_row image_rows[] = {
	{"set", "wc", "set MEMBER VALUE;", rom_set, REPEAT},
	{"text", "ws", "text MEMBER \"STRING\";", rom_text, REPEAT},
	{"pci", "cc", "pci VENDOR DEVICE;", rom_pci, ONCE},
	{"pnp", "ss", "pnp \"MAKER\" \"PRODUCT\";", rom_pnp, ONCE},
	{"bios", "w", "bios FUNCTION;", rom_bios, ONCE},
	{"like", "w", "like ROM;", rom_like, ONCE},
};

static const struct table image_table = {"a rom of a hypervisor", image_rows, NELEM(image_rows),
					 report_line};

/* ---- the module ---- */

/** The abi, which must be one that is found in a ROM; NULL and a report if it is not. */
static struct abi *find_abi(struct run *run, const struct rom_image *m)
{
	struct abi *abi = NULL;

	vec_each(a, &run->abis)
	{
		if (map_get(&run->modules, m->abi_name.s) == *a)
			abi = *a;
	}
	if (!abi)
		diag(run, unknown_abi, m->abi_name.loc, m->abi_name.s,
		     suggest_abi(run, m->abi_name.s));
	else if (abi->scope.arch != run->arch)
		diag(run, not_here, m->abi_name.loc, abi->name.s, run->arch->name);
	else if (!run->arch->generates)
		diag(run, no_generation, m->name.loc, "rom", m->name.s, run->arch->name);
	else if (!abi->rom)
		diag(run, no_rom, m->abi_name.loc, abi->name.s, "no ROM is for it");
	else
		return abi;
	return NULL;
}

void resolve_rom(struct run *run, struct rom_image *m)
{
	stmts rest = {0};

	m->abi = find_abi(run, m);
	if (!m->abi)
		return;
	note_use(run, m->name.loc, m->abi->name.loc);
	vec_each(s, &m->stmts)
	{
		enum rom_way way = (*s)->operands.n ? find_way((*s)->operands.v) : ROM_WAYS;

		if (way < ROM_WAYS)
			rom_line(&(struct attributed){run, m->abi, m, *s}, m, way);
		else
			*vec_push(&rest) = *s;
	}
	apply_all(run, &image_table, m->abi, m, &rest);
}

/** The rom of this name, which must be for the same abi; NULL and a report if it is not. */
static struct rom_image *find_like(struct run *run, const struct rom_image *m, struct name name)
{
	struct map names = {0};

	vec_each(it, &run->roms)
	{
		map_add(&names, (*it)->name.s, *it);
		if ((*it)->name.s != name.s || !(*it)->abi)
			continue;
		if ((*it)->abi == m->abi)
			return *it;
		diag(run, rom_other_abi, name.loc, name.s, (*it)->abi->name.s, m->abi->name.s);
		return NULL;
	}
	diag(run, unknown_rom, name.loc, name.s, suggest(run, &names, name.s));
	return NULL;
}

/** In a circle there would be lines that only some of the roms have. */
void complete_rom(struct run *run, struct rom_image *m)
{
	struct rom_image *other;

	if (!m->like || !m->abi || m->is_complete)
		return;
	m->is_complete = true;
	other = find_like(run, m, word_at(m->like, 0));
	if (!other)
		return;
	note_use(run, m->name.loc, other->name.loc);
	m->is_completing = true;
	complete_rom(run, other);
	if (other->is_completing)
		diag(run, rom_circle, word_at(m->like, 0).loc, other->name.s);
	m->is_completing = false;
	vec_each(line, &other->lines)
	{
		if (!map_add(&m->line_map, (*line)->call->name.s, *line))
			*vec_push(&m->lines) = *line;
	}
}

const struct rom_line *rom_line_of(const struct rom_image *m, const struct call *call)
{
	return map_get(&m->line_map, call->name.s);
}

const struct rom_value *rom_value_of(const struct rom_image *m, const struct member *member)
{
	vec_each(v, &m->values)
	{
		if (v->name.s == member->name.s)
			return v;
	}
	return NULL;
}

const struct member *rom_member_at(const struct rom_image *m, uint64_t offset, uint64_t size)
{
	vec_each(member, &m->abi->rom->header->members)
	{
		if (member->offset == offset && member->size >= size)
			return member;
	}
	return NULL;
}

const char *rom_words(const struct stmt *stmt, size_t first)
{
	struct out o = {0};

	for (size_t i = first; stmt && i < stmt->operands.n; i++)
		put(&o, "%s%s", i == first ? "" : " ", operand_text(&stmt->operands.v[i]));
	return text_of(&o);
}

enum rom_answer rom_answer_of(const struct rom_line *line)
{
	if (!line || line->way == ROM_NONE)
		return ANSWER_NONE;
	if (line->way == ROM_NOP)
		return ANSWER_NOP;
	return call_answers(line->call) & 1u << ANSWER_CALL ? ANSWER_CALL : ANSWER_JUMP;
}

/* ---- pass: against the abi, whose structures are laid out ---- */

#define NO_TABLE "nobody can ask a ROM for its calls"

/** The abi says what an answer means: the table of calls holds answers. */
static void check_answers(struct run *run, const struct rom_image *m)
{
	const struct rom *rom = m->abi->rom;
	bool is_given[ANSWERS] = {[ANSWER_NONE] = true};

	vec_each(line, &m->lines) is_given[rom_answer_of(*line)] |= !(*line)->call->is_fixed;
	if (!rom->find)
		diag(run, rom_incomplete, m->abi_name.loc, m->abi->name.s, "find", NO_TABLE);
	if (!rom->address || !rom->kind)
		diag(run, rom_incomplete, m->abi_name.loc, m->abi->name.s, "answer", NO_TABLE);
	for (enum rom_answer i = 0; i < ANSWERS; i++)
		if (is_given[i] && !rom->kinds[i])
			diag(run, rom_incomplete, m->abi_name.loc, m->abi->name.s,
			     mem_printf("relocation %s", answer_name(i)), NO_TABLE);
}

/** Each call of the architecture has a line; what finds the others, pvgen writes. */
static void check_complete(struct run *run, const struct rom_image *m)
{
	vec_each(it, &m->abi->calls)
	{
		const struct call *c = *it;
		bool is_optional = c->traits.is_optional;

		if (abi_call(m->abi, c->name.s) != c || c == m->abi->rom->find ||
		    !(c->traits.arches & arch_bit(run->arch)) || rom_line_of(m, c))
			continue;
		diag(run, rom_line_missing, m->name.loc, m->name.s,
		     is_optional ? "optional" : "mandatory", c->name.s,
		     is_optional ? mem_printf("%s none \"REASON\";", c->name.s)
				 : mem_printf("%s asm FUNCTION;", c->name.s));
		diag_note(run, c->name.loc, "'%s' is described here", c->name.s);
	}
}

/** Does the carrier have the words from @word on that C passes in registers? */
static bool is_in_registers(const struct arch *arch, const struct carrier *at, unsigned int word,
			    unsigned int words)
{
	const struct registers *r = &at->registers;

	return r->low.s && !strcmp(r->low.s, arch->args[word]) &&
	       (words == 1 ? !r->high.s : r->high.s && !strcmp(r->high.s, arch->args[word + 1]));
}

/** Where C would not find an argument; NULL: each is where it looks. */
static const char *misplaced(const struct arch *arch, const struct call *c)
{
	struct passing passing = {0}, before;

	vec_each(p, &c->params)
	{
		unsigned int words = word_count(arch, &p->type);
		const struct carrier *at = &p->way->at;
		bool good;

		before = passing;
		good = pass_next(arch, &passing, &p->type)
			       ? is_in_registers(arch, at, before.registers, words)
			       : at->is_stack && at->slot == before.stack;
		if (!good || at->bits.is_said || is_output(p))
			return mem_printf("C does not find '%s' where it is", p->name.s);
	}
	return NULL;
}

static bool is_result_of_c(const struct arch *arch, const struct call *c)
{
	const struct registers *r = &c->result.way->at.registers;
	unsigned int words = word_count(arch, &c->result.type);

	if (!words)
		return true;
	return r->low.s && !strcmp(r->low.s, arch->result) &&
	       (words == 1 ? !r->high.s : r->high.s && !strcmp(r->high.s, arch->result_high));
}

/** Registers that any C function may change. */
static uint32_t changes_of_c(const struct arch *arch)
{
	uint32_t bits = register_bit(arch, "flags");

	for (const char *const *r = arch->volatiles; *r; r++)
		bits |= register_bit(arch, *r);
	return bits;
}

/** The first of what any C function may change, and the call may not; or NULL. */
static const char *kept_by_call(const struct arch *arch, const struct call *c)
{
	uint32_t kept = changes_of_c(arch) & ~call_changes(arch, c);

	for (size_t i = 0; arch->registers[i]; i++)
		if (kept >> i & 1)
			return arch->registers[i];
	return NULL;
}

/** As a function with so many words of arguments, and of a result. */
static bool is_called_by_c(const struct arch *arch, const struct call *c, unsigned int arguments,
			   unsigned int results)
{
	unsigned int words = 0;

	vec_each(p, &c->params) words += word_count(arch, &p->type);
	return words == arguments && word_count(arch, &c->result.type) == results &&
	       !misplaced(arch, c) && is_result_of_c(arch, c) &&
	       !(call_changes(arch, c) & ~changes_of_c(arch));
}

const char *rom_fixed_gap(const struct arch *arch, const struct rom *rom)
{
	if (arch->has_roms && !is_called_by_c(arch, rom->find, 1, 2))
		return "asking a ROM otherwise than by a C function of a number, with an answer in "
		       "two words";
	if (arch->has_roms && rom->enter && !is_called_by_c(arch, rom->enter, 0, 1))
		return "entering by another call than a C function without arguments that gives "
		       "back a number";
	return NULL;
}

/** Why the call's code is no C function; NULL if it can be one. */
static const char *not_c(const struct arch *arch, const struct call *c)
{
	const char *kept = kept_by_call(arch, c);

	if (c->traits.kind == KIND_JUMP)
		return "it is jumped to";
	if (kept)
		return mem_printf("it must keep %s", kept);
	if (!is_result_of_c(arch, c))
		return "its result is elsewhere than C leaves one";
	return misplaced(arch, c);
}

/** Where C calls the function so. */
static const char *prototype(const struct rom_line *line)
{
	struct out o = {0};

	put(&o, "%s(", c_declare(&line->call->result.type, ""));
	vec_each(p, &line->call->params)
		put(&o, "%s%s", p == line->call->params.v ? "" : ", ", c_declare(&p->type, ""));
	put(&o, "%s)", line->call->params.n ? "" : "void");
	return text_of(&o);
}

/** A function in C may do several calls, if these have one type. */
static void check_prototypes(struct run *run, const struct rom_image *m)
{
	struct map seen = {0};

	vec_each(it, &m->lines)
	{
		const struct rom_line *line = *it, *old;

		old = line->way == ROM_CALL ? map_add(&seen, line->function.s, *it) : NULL;
		if (!old || (old->module != m && line->module != m) ||
		    !strcmp(prototype(old), prototype(line)))
			continue;
		diag(run, function_twice, line->function.loc, line->function.s, old->call->name.s,
		     line->call->name.s, prototype(old), prototype(line));
		diag_note(run, old->function.loc, "it is '%s' here", old->call->name.s);
	}
}

/** The abi says how each call is made; false and a report if not. */
static bool check_entries(struct run *run, const struct rom_image *m)
{
	vec_each(line, &m->lines)
	{
		if (abi_entry_of(m->abi, (*line)->call, run->arch))
			continue;
		diag(run, no_entry, m->abi_name.loc, m->abi->name.s, run->arch->name);
		return false;
	}
	return true;
}

/** Of a line that is another ROM's, too. */
static void check_own_name(struct run *run, const struct rom_image *m, struct name function)
{
	if (function.s != m->name.s)
		return;
	diag(run, duplicate, function.loc, "symbol", function.s);
	diag_note(run, m->name.loc, "the ROM begins by this name");
}

static void check_functions(struct run *run, const struct rom_image *m)
{
	check_prototypes(run, m);
	if (m->bios) {
		check_own_name(run, m, word_at(m->bios, 0));
		check_symbol(run, word_at(m->bios, 0));
	}
	vec_each(it, &m->lines)
	{
		const struct rom_line *line = *it;
		const char *reason;

		check_own_name(run, m, line->function);
		if (!line->function.s || line->module != m)
			continue;
		check_symbol(run, line->function);
		reason = line->way == ROM_CALL ? not_c(run->arch, line->call) : NULL;
		if (!reason)
			continue;
		diag(run, rom_not_c, line->stmt->operands.v[0].loc, line->call->name.s, reason);
		diag_note(run, line->call->name.loc, "'%s' is described here", line->call->name.s);
	}
}

/* ---- the header ---- */

/** A statement that pvgen fills members of the header from, at offsets that standards fix. */
static const struct standard {
	const char *statement;
	uint64_t offset, size;
	const char *what;
} standards[] = {
	/* PCI Firmware Specification 3.0, 5.1.1: expansion ROM header. */
	{"bios", 0x03, 3, "the BIOS looks for code"},
	{"pci", 0x18, 2, "firmware looks for the PCI data structure"},
	/* Plug and Play BIOS Specification 1.0A, 3.1. */
	{"pnp", 0x1a, 2, "the BIOS looks for the plug-and-play header"},
};

static const struct stmt *standard_stmt(const struct rom_image *m, size_t i)
{
	return (const struct stmt *const[]){m->bios, m->pci, m->pnp}[i];
}

static bool is_length(const struct rom_image *m, const struct member *member)
{
	return member->name.s == m->abi->rom->length.s;
}

/** Does it say what the member is, whatever a statement would fill in? */
static bool decides(const struct rule *rule, bool is_code)
{
	return rule->texts.n || !rule->is_least || (is_code && rule->value > 0);
}

/** The member that a statement fills in is nobody else's. */
static void check_standard(struct run *run, const struct rom_image *m, const struct standard *s,
			   const struct stmt *stmt, const struct member *member)
{
	const struct rom_value *v = rom_value_of(m, member);

	if (v) {
		diag(run, repeated, v->name.loc, v->name.s);
		diag_note(run, stmt->loc, "'%s' fills it in", s->statement);
	}
	if (is_length(m, member))
		diag(run, rom_sealed, stmt->loc, member->name.s);
	vec_each(r, &m->abi->rom->rules)
	{
		if (r->member.s != member->name.s || !decides(r, stmt == m->bios))
			continue;
		diag(run, repeated, stmt->loc, member->name.s);
		diag_note(run, r->member.loc, "the abi says what it is");
	}
}

static void check_standards(struct run *run, const struct rom_image *m)
{
	for (size_t i = 0; i < NELEM(standards); i++) {
		const struct standard *s = &standards[i];
		const struct stmt *stmt = standard_stmt(m, i);
		const struct member *member = rom_member_at(m, s->offset, s->size);

		if (stmt && member)
			check_standard(run, m, s, stmt, member);
		else if (stmt)
			diag(run, header_place, stmt->loc, m->abi->rom->header->name.s,
			     mem_printf("0x%llx", (unsigned long long)s->offset), s->what);
	}
}

/** Is the member filled in from a statement of its own kind? */
static const char *filled_by(const struct rom_image *m, const struct member *member)
{
	for (size_t i = 0; i < NELEM(standards); i++)
		if (standard_stmt(m, i) &&
		    rom_member_at(m, standards[i].offset, standards[i].size) == member)
			return standards[i].statement;
	return NULL;
}

static bool is_among(const names *texts, const char *text)
{
	vec_each(t, texts)
	{
		if (!strcmp(t->s, text))
			return true;
	}
	return false;
}

/** "GPL" or "GPL v2" */
static const char *alternatives(const names *texts)
{
	struct out o = {0};

	vec_each(t, texts) put(&o, "%s\"%s\"", t == texts->v ? "" : " or ", t->s);
	return text_of(&o);
}

/** Reports a number that guests do not take. */
static void check_number(struct run *run, const struct abi *abi, const struct rule *rule,
			 const struct member *member, const struct rom_value *v)
{
	const struct operand number = {.loc = v->stmt->operands.v[1].loc, .value = v->number};
	int64_t low, high;

	type_range(run, &member->type, &low, &high);
	if (rule->is_least && v->number < rule->value)
		in_range(run, member->name.s, &number, rule->value, high);
	if (!rule->is_least && v->number != rule->value)
		diag(run, rom_other_number, number.loc, member->name.s,
		     mem_printf("%lld (0x%llx)", (long long)rule->value,
				(unsigned long long)rule->value),
		     abi->name.s);
}

/** What a ROM would say of a member, so that guests take it. */
static const char *rule_line(const struct rule *rule)
{
	if (rule->texts.n)
		return mem_printf("text %s \"%s\";", rule->member.s, rule->texts.v[0].s);
	return mem_printf("set %s %lld;", rule->member.s, (long long)rule->value);
}

static void check_rule(struct run *run, const struct rom_image *m, const struct rule *rule,
		       const struct member *member)
{
	const struct rom_value *v = rom_value_of(m, member);
	bool is_needed = rule->texts.n || (rule->is_least && rule->value > 0);

	if (!v && is_needed && !filled_by(m, member))
		diag(run, rom_lacks, m->name.loc, m->name.s, member->name.s, m->abi->name.s,
		     rule_line(rule));
	else if (v && rule->texts.n && (!v->text || !is_among(&rule->texts, v->text)))
		diag(run, rom_other_text, v->stmt->operands.v[1].loc, m->abi->name.s,
		     alternatives(&rule->texts));
	else if (v && !rule->texts.n)
		check_number(run, m->abi, rule, member, v);
}

static void check_value(struct run *run, const struct rom_image *m, const struct rom_value *v)
{
	const struct member *member = record_member(m->abi->rom->header, v->name.s);
	const struct operand *o = &v->stmt->operands.v[1];
	int64_t low, high;

	if (is_length(m, member)) {
		diag(run, rom_sealed, v->name.loc, v->name.s);
		return;
	}
	if (member->is_array || !type_scalar(&member->type)) {
		diag(run, not_a_number, v->name.loc, v->name.s);
		return;
	}
	type_range(run, &member->type, &low, &high);
	/* A text may be anywhere. */
	in_range(run, member->name.s,
		 &(struct operand){.loc = o->loc, .value = v->text ? UINT16_MAX : v->number}, low,
		 high);
}

/** A jump to each call at a fixed place takes bytes in which nothing else can be. */
static void check_jump_places(struct run *run, const struct rom_image *m, struct name name,
			      uint64_t offset, uint64_t size)
{
	vec_each(it, &m->abi->calls)
	{
		const struct call *c = *it;
		uint64_t begin = (uint64_t)c->number;

		if (c->is_fixed && offset < begin + FIXED_JUMP && begin < offset + size)
			diag(run, slot_overlap, name.loc, name.s, c->name.s);
	}
}

static void check_place(struct run *run, const struct rom_image *m, struct name name)
{
	const struct member *member = record_member(m->abi->rom->header, name.s);

	if (!member->is_array)
		check_jump_places(run, m, name, member->offset, member->size);
}

/** Of all that is in the header. */
static void check_places(struct run *run, const struct rom_image *m)
{
	const struct rom *rom = m->abi->rom;

	vec_each(v, &m->values) check_place(run, m, v->name);
	vec_each(r, &rom->rules)
	{
		if (decides(r, true) && !rom_value_of(m, record_member(rom->header, r->member.s)))
			check_place(run, m, r->member);
	}
	if (rom->length.s)
		check_place(run, m, rom->length);
	for (size_t i = 0; i < NELEM(standards); i++)
		if (standard_stmt(m, i))
			check_jump_places(
				run, m,
				(struct name){standards[i].statement, standard_stmt(m, i)->loc},
				standards[i].offset, standards[i].size);
}

static void check_header(struct run *run, const struct rom_image *m)
{
	check_standards(run, m);
	check_places(run, m);
	vec_each(v, &m->values) check_value(run, m, v);
	vec_each(r, &m->abi->rom->rules)
		check_rule(run, m, r, record_member(m->abi->rom->header, r->member.s));
}

bool bind_roms(struct run *run)
{
	vec_each(m, &run->roms)
	{
		check_answers(run, *m);
		check_complete(run, *m);
		if (check_entries(run, *m))
			check_functions(run, *m);
		check_header(run, *m);
	}
	return !run->errors;
}
