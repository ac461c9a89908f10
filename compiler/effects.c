/*
 * What the instructions of a template change, against what its op may change.
 *
 * The table below is reviewed by hand; the tests compare each row with a
 * disassembler's knowledge.  An instruction that it lacks is an error unless
 * its text says what it writes, in a comment of the assembler:
 *
 *	"vmcall # writes rax rbx"
 *
 * Source: Intel SDM vol. 2.
 */
#include <string.h>

#include "thunk.h"

enum { LAST = 1 << 0, FIRST = 1 << 1 };

enum flow { FLOW_NEXT, FLOW_BRANCH, FLOW_JUMP, FLOW_CALL, FLOW_END };

/** Mnemonics with one behaviour; a * stands for a condition. */
struct effect {
	const char *names;
	const char *suffixes;	  /* of the operand's size, that each name may have */
	const char *implicit;	  /* registers beside those that operands name */
	unsigned char operands;	  /* LAST, FIRST: which of them it writes */
	signed char stack;	  /* words pushed */
	enum flow flow;		  /* where execution goes on */
	unsigned char n_operands; /* 0: any number */
};

/* Names, suffixes, implicit registers; then the members that are not 0. */
#define ROW(n, s, i, ...)                                                                          \
	{                                                                                          \
		.names = n, .suffixes = s, .implicit = i __VA_OPT__(, ) __VA_ARGS__                \
	}

/* What is the same in 32-bit and in 64-bit code; registers by names that both have. */
static const struct effect x86_rows[] = {
	ROW("mov lea not", "bwlq", "", .operands = LAST),
	ROW("movzbw movzbl movzwl movsbw movsbl movswl", "", "", .operands = LAST),
	ROW("cmov* bswap", "wlq", "", .operands = LAST),
	ROW("set*", "", "", .operands = LAST),
	ROW("add sub or and xor adc sbb inc dec neg", "bwlq", "flags", .operands = LAST),
	ROW("shl sal shr sar rol ror rcl rcr shld shrd", "bwlq", "flags", .operands = LAST),
	ROW("btr bts btc bsf bsr popcnt lzcnt tzcnt", "wlq", "flags", .operands = LAST),
	ROW("rdrand rdseed lar lsl", "wlq", "flags", .operands = LAST),
	ROW("imul", "wlq", "flags", .operands = LAST, .n_operands = 2),
	ROW("imul", "wlq", "flags", .operands = LAST, .n_operands = 3),
	ROW("imul", "bwlq", "ax dx flags", .n_operands = 1),
	ROW("mul div idiv", "bwlq", "ax dx flags"),
	ROW("cmp test", "bwlq", "flags"),
	ROW("bt", "wlq", "flags"),
	ROW("verr verw", "", "flags"),
	ROW("xchg", "bwlq", "", .operands = FIRST | LAST),
	ROW("xadd", "bwlq", "flags", .operands = FIRST | LAST),
	ROW("cmpxchg", "bwlq", "ax flags", .operands = LAST),
	ROW("cmpxchg8b", "", "ax dx flags"),
	ROW("cli sti cld std stc clc cmc sahf clac stac", "", "flags"),
	ROW("lahf cbtw cwtl cbw cwde", "", "ax"),
	ROW("cwtd cltd cwd cdq", "", "dx"),
	ROW("stosb stosw stosl", "", "di"),
	ROW("movsb movsw movsl", "", "di si"),
	ROW("lodsb lodsw lodsl", "", "ax si"),
	ROW("hlt nop pause wbinvd wbnoinvd invd clts", "", ""),
	ROW("lfence mfence sfence serialize", "", ""),
	ROW("wrmsr xsetbv monitor mwait int3 ud2", "", ""),
	ROW("rdmsr rdtsc rdpmc xgetbv", "", "ax dx"),
	ROW("rdtscp", "", "ax dx cx"),
	ROW("cpuid", "", "ax bx cx dx"),
	ROW("lgdt lidt sgdt sidt", "q", ""),
	ROW("lldt ltr lmsw", "w", ""),
	ROW("invlpg invpcid clflush clflushopt clwb", "", ""),
	ROW("str sldt smsw", "wlq", "", .operands = LAST),
	ROW("rdpid", "", "", .operands = LAST),
	ROW("in", "bwl", "", .operands = LAST),
	ROW("out", "bwl", ""),
	ROW("j* jecxz", "", "", .flow = FLOW_BRANCH),
};

static const struct effect x86_64_rows[] = {
	ROW("movabs", "bwlq", "", .operands = LAST),
	ROW("movzbq movzwq movsbq movswq movslq", "", "", .operands = LAST),
	ROW("cmpxchg16b", "", "ax dx flags"),
	ROW("push", "q", "", .stack = 1),
	ROW("pop", "q", "", .operands = LAST, .stack = -1),
	ROW("pushf", "q", "", .stack = 1),
	ROW("popf", "q", "flags", .stack = -1),
	ROW("cltq cdqe", "", "ax"),
	ROW("cqto cqo", "", "dx"),
	ROW("stosq", "", "di"),
	ROW("movsq", "", "di si"),
	ROW("lodsq", "", "ax si"),
	ROW("swapgs endbr64", "", ""),
	ROW("wrfsbase wrgsbase", "lq", ""),
	ROW("rdfsbase rdgsbase", "lq", "", .operands = LAST),
	ROW("ret iretq iretl sysretq sysretl sysexitq sysexitl lretq", "", "", .flow = FLOW_END),
	ROW("jrcxz", "", "", .flow = FLOW_BRANCH),
	ROW("jmp", "q", "", .flow = FLOW_JUMP),
	ROW("call", "q", "", .flow = FLOW_CALL),
};

static const struct effect i386_rows[] = {
	ROW("push", "l", "", .stack = 1),
	ROW("pop", "l", "", .operands = LAST, .stack = -1),
	ROW("pushf", "l", "", .stack = 1),
	ROW("popf", "l", "flags", .stack = -1),
	ROW("endbr32", "", ""),
	ROW("ret iret iretl sysexit lret", "", "", .flow = FLOW_END),
	ROW("jcxz", "", "", .flow = FLOW_BRANCH),
	ROW("jmp", "l", "", .flow = FLOW_JUMP),
	ROW("call", "l", "", .flow = FLOW_CALL),
};

/* Words before the mnemonic, and what they add. */
static const struct effect x86_prefixes[] = {
	ROW("lock", "", ""),
	ROW("rep repe repz repne repnz", "", "cx"),
};

/* MOV to and from these leaves the status flags undefined: SDM vol. 2, MOV. */
static const struct effect x86_operands[] = {
	ROW("%cr %dr %db", "", "flags"),
	ROW("%cs %ds %es %fs %gs %ss", "", ""),
};

static const char *const x86_conditions[] = {
	"o",   "no", "b",  "c", "nae", "ae", "nb", "nc", "e",	"z",  "ne", "nz", "be", "na", "a",
	"nbe", "s",  "ns", "p", "pe",  "np", "po", "l",	 "nge", "ge", "nl", "le", "ng", "g",  "nle",
};

/* All names of a register; the first is the one that descriptions use. */
static const char *const x86_64_registers[] = {
	"flags",
	"rax eax ax al ah",
	"rbx ebx bx bl bh",
	"rcx ecx cx cl ch",
	"rdx edx dx dl dh",
	"rsi esi si sil",
	"rdi edi di dil",
	"rbp ebp bp bpl",
	"r8 r8d r8w r8b",
	"r9 r9d r9w r9b",
	"r10 r10d r10w r10b",
	"r11 r11d r11w r11b",
	"r12 r12d r12w r12b",
	"r13 r13d r13w r13b",
	"r14 r14d r14w r14b",
	"r15 r15d r15w r15b",
	"rsp esp sp spl",
};

static const char *const i386_registers[] = {
	"flags",  "eax ax al ah", "ebx bx bl bh", "ecx cx cl ch", "edx dx dl dh",
	"esi si", "edi di",	  "ebp bp",	  "esp sp",
};

enum { MAX_REGISTERS = 32, MAX_OPERANDS = 4, MAX_PUSHED = 16 };

struct rows {
	const struct effect *v;
	size_t n;
};

struct effects {
	struct rows instructions[2], prefixes, operands;
	char no_suffix; /* that instructions have elsewhere, but not here; or 0 */
	const char *const *conditions;
	size_t n_conditions;
	const char *const *registers;
	size_t n_registers;
	const char *stack; /* pointer */
};

#define ROWS(a)                                                                                    \
	{                                                                                          \
		a, NELEM(a)                                                                        \
	}

const struct effects effects_x86_64 = {
	.instructions = {ROWS(x86_rows), ROWS(x86_64_rows)},
	.prefixes = ROWS(x86_prefixes),
	.operands = ROWS(x86_operands),
	.conditions = x86_conditions,
	.n_conditions = NELEM(x86_conditions),
	.registers = x86_64_registers,
	.n_registers = NELEM(x86_64_registers),
	.stack = "rsp",
};

const struct effects effects_i386 = {
	.instructions = {ROWS(x86_rows), ROWS(i386_rows)},
	.no_suffix = 'q',
	.prefixes = ROWS(x86_prefixes),
	.operands = ROWS(x86_operands),
	.conditions = x86_conditions,
	.n_conditions = NELEM(x86_conditions),
	.registers = i386_registers,
	.n_registers = NELEM(i386_registers),
	.stack = "esp",
};

/* ---- one template ---- */

/** What has been looked up in the table, by its name; templates say the same words again and again.
 */
struct known {
	struct map registers; /* number + 2; 1: there is none of this name */
	struct map prefixes;
	struct map rows[MAX_OPERANDS + 1]; /* by the number of operands */
};

/** Whose template it is, and what it may do. */
struct contract {
	const struct op *op;	 /* or NULL: of a */
	const struct call *call; /* ... of an abi */
	const char *module;	 /* backend, or rom */
	bool leaves;		 /* it does not come back */
};

/** A walk over the instructions of one template, in their order. */
struct walk {
	struct run *run;
	const struct effects *table;
	struct known *known;
	const struct contract *contract;
	const struct insn *insn;
	uint32_t written;			   /* registers, by bit */
	uint32_t written_at_branch;		   /* ... when some branch was taken */
	const struct insn *writers[MAX_REGISTERS]; /* the last of each register */
	struct pushed {
		int reg; /* -1: no register */
		bool is_original;
		const struct insn *by;
	} pushed[MAX_PUSHED], pushed_at_branch[MAX_PUSHED]; /* and at any branch */
	int depth;
	int branch_depth; /* of the stack at all branches and labels; -1: there was none */
	bool has_branched;
	const struct insn *unbalancing; /* where the stack can first be another one, or NULL */
};

/** One instruction: what its operands are. */
struct statement {
	char *mnemonic;
	char *operands[MAX_OPERANDS];
	unsigned int n;
};

/* ---- contracts, in diagnostics ---- */

static const char *kind_of(const struct contract *c)
{
	return c->op ? "op" : "call";
}

static const char *name_of(const struct contract *c)
{
	return c->op ? op_path(c->op) : c->call->name.s;
}

static const char *module_kind(const struct contract *c)
{
	return c->op ? "backend" : "rom";
}

/** What "template of % '%' in % '%'" names. */
#define WHOSE(c) kind_of(c), name_of(c), module_kind(c), (c)->module

/* ---- registers ---- */

/** Of the first of the words; strcspn() is for longer texts than these. */
static size_t word_length(const char *words)
{
	size_t n = 0;

	while (words[n] && words[n] != ' ')
		n++;
	return n;
}

static bool word_in(const char *words, const char *word, size_t n)
{
	while (*words) {
		size_t length = word_length(words);

		if (length == n && !strncmp(words, word, n))
			return true;
		words += length + (words[length] == ' ');
	}
	return false;
}

/** Number of the register with this name or alias; -1 if there is none. */
static int register_find(const struct walk *w, const char *name, size_t n)
{
	const char *key = intern_n(name, n);
	intptr_t known = (intptr_t)map_get(&w->known->registers, key);
	int reg = (int)w->table->n_registers - 1;

	if (known)
		return (int)known - 2;
	while (reg >= 0 && !word_in(w->table->registers[reg], name, n))
		reg--;
	map_add(&w->known->registers, key, (void *)(intptr_t)(reg + 2));
	return reg;
}

static void write_register(struct walk *w, int reg)
{
	w->written |= UINT32_C(1) << reg;
	w->writers[reg] = w->insn;
}

/** False if one of the words is no register. */
static bool write_words(struct walk *w, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " \t,");
		int reg = register_find(w, words, n);

		if (reg >= 0)
			write_register(w, reg);
		else if (n != 4 || strncmp(words, "none", 4))
			return false;
		words += n + strspn(words + n, " \t,");
	}
	return true;
}

/** Is the register one of those that the op may change? */
static bool is_allowed(const struct walk *w, uint32_t changes, const char *name)
{
	const char *const *registers = w->run->arch->registers;

	/* What does not return leaves no stack behind that anyone relies on. */
	if (w->contract->leaves && !strcmp(name, w->table->stack))
		return true;
	/* Where a call goes to for good has its own flags, or takes them from what it is given. */
	if (w->contract->leaves && w->contract->call && !strcmp(name, "flags"))
		return true;
	for (size_t i = 0; registers[i]; i++)
		if (!strcmp(registers[i], name))
			return changes >> i & 1;
	return false;
}

/* ---- rows ---- */

static bool condition_fits(const struct effects *t, const char *word)
{
	for (size_t i = 0; i < t->n_conditions; i++)
		if (!strcmp(t->conditions[i], word))
			return true;
	return false;
}

/** Is @word this name of a row, with one of its suffixes if that is @suffixed? */
static bool name_fits(const struct effects *t, const struct effect *row, const char *name, size_t n,
		      const char *word, bool suffixed)
{
	size_t length = strlen(word) - suffixed;
	bool has_condition = name[n - 1] == '*';

	if (suffixed &&
	    (!length || word[length] == t->no_suffix || !strchr(row->suffixes, word[length])))
		return false;
	n -= has_condition;
	if (length < n || strncmp(name, word, n))
		return false;
	if (has_condition)
		return condition_fits(t, intern_n(word + n, length - n));
	return length == n;
}

static bool row_fits(const struct effects *t, const struct effect *row, const char *word,
		     bool suffixed)
{
	const char *name = row->names;

	while (*name) {
		size_t n = word_length(name);

		if (name_fits(t, row, name, n, word, suffixed))
			return true;
		name += n + (name[n] == ' ');
	}
	return false;
}

/** The row of a mnemonic; the name as it stands wins over one with a suffix. */
static const struct effect *row_find(const struct effects *t, struct rows rows, const char *word,
				     unsigned int n_operands, bool suffixed)
{
	for (size_t i = 0; i < rows.n; i++) {
		const struct effect *row = &rows.v[i];

		if ((!row->n_operands || row->n_operands == n_operands) &&
		    row_fits(t, row, word, suffixed))
			return row;
	}
	return NULL;
}

static const struct effect *known_row(struct map *known, const struct walk *w,
				      const struct rows *rows, size_t n, const char *word,
				      unsigned int n_operands)
{
	static const struct effect none;
	const struct effect *row = map_get(known, word);

	if (!row) {
		for (size_t i = 0; i < 2 * n && !row; i++)
			row = row_find(w->table, rows[i % n], word, n_operands, i >= n);
		map_add(known, word, (void *)(row ? row : &none));
	}
	return row == &none ? NULL : row;
}

/* ---- text to statements ---- */

static char *skip_blanks(char *s)
{
	return s + strspn(s, " \t");
}

static void cut_blanks(char *s)
{
	size_t n = strlen(s);

	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		s[--n] = 0;
}

/** The next operand: to a comma outside of parentheses. */
static char *next_operand(char **rest)
{
	char *operand = skip_blanks(*rest), *end = operand;
	int depth = 0;

	for (; *end && (*end != ',' || depth); end++)
		depth += (*end == '(') - (*end == ')');
	*rest = *end ? end + 1 : end;
	*end = 0;
	cut_blanks(operand);
	return operand;
}

/** False: more operands than any instruction has. */
static bool split_statement(char *text, struct statement *s)
{
	char *rest = text + strcspn(text, " \t");

	*s = (struct statement){.mnemonic = text};
	if (*rest)
		*rest++ = 0;
	for (rest = skip_blanks(rest); *rest;) {
		if (s->n == MAX_OPERANDS)
			return false;
		s->operands[s->n++] = next_operand(&rest);
	}
	return true;
}

/* ---- effects of one statement ---- */

/** Is the operand a register, of the program or of the machine, and not memory or a number? */
static bool is_register(const char *operand)
{
	return *operand == '%' && !strchr(operand, ':');
}

/** The row of an operand that is a register of the machine, not of the program. */
static const struct effect *special_row(const struct walk *w, const char *operand)
{
	enum { PREFIX = 3 };
	const struct rows *rows = &w->table->operands;

	for (size_t i = 0; i < rows->n && is_register(operand); i++)
		if (word_in(rows->v[i].names, operand, PREFIX))
			return &rows->v[i];
	return NULL;
}

/** What was pushed may have been overwritten. */
static void forget_pushed(struct walk *w)
{
	for (int i = 0; i < w->depth && i < MAX_PUSHED; i++)
		w->pushed[i].is_original = false;
}

/** An operand that the instruction writes: a register, or memory, which is no matter here. */
static bool write_operand(struct walk *w, const char *operand)
{
	int reg;

	if (!is_register(operand)) {
		if (strstr(operand, mem_printf("(%%%s", w->table->stack)))
			forget_pushed(w);
		return true;
	}
	reg = register_find(w, operand + 1, strlen(operand + 1));
	if (reg >= 0)
		write_register(w, reg);
	return reg >= 0 || special_row(w, operand);
}

/** What follows does not find the stack as it was, or is not reached. */
static void unbalance(struct walk *w)
{
	if (!w->unbalancing)
		w->unbalancing = w->insn;
}

static void push(struct walk *w, const struct statement *s)
{
	const char *from = s->n && s->operands[0][0] == '%' ? s->operands[0] + 1 : "";
	int reg = register_find(w, from, strlen(from));

	if (w->depth < MAX_PUSHED)
		w->pushed[w->depth] = (struct pushed){
			reg, reg >= 0 && !(w->written & UINT32_C(1) << reg), w->insn};
	w->depth++;
}

/** A register gets back what it had when the template began, or something else. */
static void pop(struct walk *w, const struct statement *s)
{
	const char *to = s->n && s->operands[0][0] == '%' ? s->operands[0] + 1 : "";
	int reg = register_find(w, to, strlen(to));
	struct pushed top;

	if (--w->depth < 0) {
		unbalance(w);
		w->depth = 0;
		return;
	}
	top = w->depth < MAX_PUSHED ? w->pushed[w->depth] : (struct pushed){.reg = -1};
	if (reg >= 0 && top.reg == reg && top.is_original)
		w->written &= ~(UINT32_C(1) << reg);
}

/** What holds on both of two ways to a place. */
static void meet(struct pushed *stack, const struct pushed *other)
{
	for (int i = 0; i < MAX_PUSHED; i++)
		stack[i].is_original &= other[i].is_original && stack[i].reg == other[i].reg;
}

static void note_branch_depth(struct walk *w)
{
	if (w->branch_depth >= 0 && w->branch_depth != w->depth)
		unbalance(w);
	w->branch_depth = w->depth;
}

/** Branches go forward to a label like 1:, so that one pass sees all that can be executed. */
static void branch(struct walk *w, const struct statement *s)
{
	const char *to = s->n ? s->operands[0] : "";
	size_t n = strspn(to, "0123456789");

	if (!w->has_branched)
		memcpy(w->pushed_at_branch, w->pushed, sizeof(w->pushed));
	meet(w->pushed_at_branch, w->pushed);
	note_branch_depth(w);
	w->written_at_branch |= w->written;
	w->has_branched = true;
	if (!n || strcmp(to + n, "f") != 0)
		diag(w->run, template_branch, w->insn->loc, WHOSE(w->contract));
}

/** To other code for good, which only what does not come back may do, or over instructions. */
static void jump(struct walk *w, const struct statement *s)
{
	if (!w->contract->leaves)
		branch(w, s);
}

static void follow(struct walk *w, const struct effect *row, const struct statement *s)
{
	if (row->stack > 0)
		push(w, s);
	else if (row->stack < 0)
		pop(w, s);
	if (row->flow == FLOW_BRANCH)
		branch(w, s);
	else if (row->flow == FLOW_JUMP)
		jump(w, s);
	else if (row->flow == FLOW_END)
		unbalance(w);
}

static bool apply_row(struct walk *w, const struct effect *row, const struct statement *s)
{
	bool good = true;

	write_words(w, row->implicit);
	if (s->n && (row->operands & FIRST))
		good = write_operand(w, s->operands[0]);
	if (s->n && (row->operands & LAST))
		good &= write_operand(w, s->operands[s->n - 1]);
	for (unsigned int i = 0; i < s->n; i++) {
		const struct effect *special = special_row(w, s->operands[i]);

		if (special)
			write_words(w, special->implicit);
	}
	follow(w, row, s);
	/* Of a {function} the prototype says what it keeps; of other callees nothing does. */
	return good && (row->flow != FLOW_CALL || w->insn->target);
}

/** Behind the prefixes, whose effects are taken in. */
static char *skip_prefixes(struct walk *w, char *text)
{
	const struct effect *row;

	for (;;) {
		size_t n = strcspn(text, " \t");

		row = known_row(&w->known->prefixes, w, &w->table->prefixes, 1, intern_n(text, n),
				0);
		if (!row)
			return text;
		write_words(w, row->implicit);
		text = skip_blanks(text + n);
	}
}

/** Takes in one instruction; false if the table does not know it. */
static bool apply_statement(struct walk *w, char *text)
{
	const struct effect *row;
	struct statement s;

	text = skip_prefixes(w, text);
	if (!*text)
		return true;
	if (!split_statement(text, &s))
		return false;
	row = known_row(&w->known->rows[s.n], w, w->table->instructions,
			NELEM(w->table->instructions), intern(s.mnemonic), s.n);
	return row && apply_row(w, row, &s);
}

/** Behind a label: the text after its colon, else NULL. */
static char *after_label(char *text)
{
	size_t n = strcspn(text, " \t:,(%$");

	return n && text[n] == ':' ? skip_blanks(text + n + 1) : NULL;
}

static void label(struct walk *w)
{
	note_branch_depth(w);
	w->written |= w->written_at_branch;
	if (w->has_branched)
		meet(w->pushed, w->pushed_at_branch);
}

static bool take_statement(struct walk *w, char *text)
{
	char *rest;

	for (text = skip_blanks(text); (rest = after_label(text)); text = rest)
		label(w);
	cut_blanks(text);
	return !*text || apply_statement(w, text);
}

/* ---- text of one string ---- */

/** "# writes REGISTER...": -1 without it, else whether all words are registers. */
static int declared(struct walk *w, char *comment)
{
	char *words = comment ? skip_blanks(comment) : NULL;

	if (!words || strncmp(words, "writes", 6) || !strchr(" \t", words[6]))
		return -1;
	cut_blanks(words);
	return write_words(w, skip_blanks(words + 6));
}

/** One instruction, and what its comment says. */
static void take_insn(struct walk *w)
{
	char *code = mem_text(w->insn->text, strlen(w->insn->text)), *comment = strchr(code, '#');
	bool is_known;
	int said;

	for (char *c = code; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (comment)
		*comment++ = 0;
	is_known = take_statement(w, code);
	said = declared(w, comment);
	if (!said || (!is_known && said < 0))
		diag(w->run, unknown_effect, w->insn->loc, w->insn->text, WHOSE(w->contract));
}

/* ---- the verdict on a template ---- */

static void report_written(const struct walk *w)
{
	const struct contract *c = w->contract;
	const struct arch *arch = w->run->arch;
	uint32_t changes = c->op ? op_changes(arch, c->op) : call_changes(arch, c->call);

	for (size_t i = 0; i < w->table->n_registers; i++) {
		const char *names = w->table->registers[i], *name;

		if (!(w->written & UINT32_C(1) << i))
			continue;
		name = intern_n(names, word_length(names));
		if (is_allowed(w, changes, name))
			continue;
		diag(w->run, undeclared_write, w->writers[i]->loc, WHOSE(c), name, kind_of(c),
		     kind_of(c));
		diag_note(w->run, c->op ? c->op->name.loc : c->call->name.loc,
			  "the %s and its clobbers are here", kind_of(c));
	}
}

static void check_insns(struct run *run, struct known *known, const struct contract *contract,
			const struct lowered *l, bool is_balanced)
{
	struct walk w = {.run = run,
			 .table = run->arch->effects,
			 .known = known,
			 .contract = contract,
			 .branch_depth = -1};

	vec_each(insn, &l->insns)
	{
		w.insn = insn;
		take_insn(&w);
	}
	if (w.depth && !w.unbalancing)
		w.unbalancing = w.pushed[w.depth < MAX_PUSHED ? w.depth - 1 : MAX_PUSHED - 1].by;
	/* What does not come back takes its stack along; its registers are for where it goes. */
	if (is_balanced && !contract->leaves && w.unbalancing)
		diag(run, unbalanced_stack, w.unbalancing->loc, WHOSE(contract));
	report_written(&w);
}

static void check_template(struct run *run, struct known *known, const struct backend *b,
			   const struct op *op, const struct impl *impl, const struct lowered *l,
			   bool is_balanced)
{
	const struct contract contract = {.op = op, .module = b->name.s, .leaves = op->tail};

	if (l->form == FORM_INLINE && !impl->is_inherited)
		check_insns(run, known, &contract, l, is_balanced);
}

static void check_line(struct run *run, struct known *known, const struct rom_image *m,
		       const struct rom_line *line)
{
	const struct contract contract = {
		.call = line->call, .module = m->name.s, .leaves = !call_returns(line->call)};

	if (line->way == ROM_INLINE && line->module == m)
		check_insns(run, known, &contract, line->lowered, true);
}

bool effects(struct run *run)
{
	struct known known = {0};

	vec_each(b, &run->backends)
	{
		vec_each(op, &(*b)->interface->ops)
			check_template(run, &known, *b, *op, slot_impl(*b, *op),
				       &(*b)->lowered[(*op)->slot], true);
		vec_each(v, &(*b)->variants)
			check_template(run, &known, *b, v->op, &v->impl, v->lowered, true);
		/* What is on the stack where an instruction faults is not known. */
		vec_each(a, &(*b)->asides)
			check_template(run, &known, *b, a->op, &a->impl, a->lowered, !a->is_fixup);
	}
	vec_each(m, &run->roms)
	{
		vec_each(line, &(*m)->lines) check_line(run, &known, *m, *line);
	}
	return !run->errors;
}
