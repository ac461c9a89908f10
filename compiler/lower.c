/* All that depends on the architecture is decided here; emitters only print it. */
#include <string.h>

#include "pvgen.h"

struct lowering {
	struct run *run;
	struct backend *backend; /* NULL: of a rom, which has no shared memory */
	const struct op *op;
	const struct impl *impl;
	struct lowered *result;
};

static const char *place_text(const struct run *run, const struct place *p, const char *symbol)
{
	const char *at = mem_printf("%s+%llu", symbol, (unsigned long long)p->offset);

	return arch_expand(p->shared->is_percpu ? run->arch->percpu : run->arch->global, at, NULL);
}

static void push_insn(struct lowering *l, const char *text)
{
	*vec_push(&l->result->insns) =
		(struct insn){.text = text, .shape = text, .loc = l->impl->loc};
}

/* ---- placeholders in instruction text ---- */

/** A placeholder in the text of a string. */
struct placeholder {
	const struct operand *string;
	size_t begin, end; /* with its braces */
};

static struct loc placeholder_loc(const struct run *run, const struct placeholder *p)
{
	return source_in_string(run, p->string->loc, p->begin, p->end);
}

static names split_path(const struct run *run, const struct placeholder *p)
{
	const char *text = p->string->string;
	names path = {0};

	for (size_t begin = p->begin + 1; begin < p->end;) {
		size_t n = strcspn(text + begin, ".}");

		*vec_push(&path) =
			(struct name){intern_n(text + begin, n),
				      source_in_string(run, p->string->loc, begin, begin + n)};
		begin += n + 1;
	}
	return path;
}

/**
 * Per-CPU memory is reached through a segment: without it an access goes to the first copy, or to
 * none.  `lea` and `$` take the address alone.
 */
static void check_segment(struct lowering *l, const struct place *p, struct loc loc,
			  const struct out *before)
{
	const char *segment = arch_expand(l->run->arch->percpu, "", NULL);
	char last = before->n ? before->v[before->n - 1] : ' ';
	bool is_address = last == '$' || (before->n > 3 && !memcmp(before->v, "lea", 3));

	if (!p->shared->is_percpu || last == ':' || is_address)
		return;
	diag(l->run, lacking_segment, loc, p->shared->structure.s, segment);
}

/** {structure.member} is a place in shared memory, {name} is other code. */
static void put_placeholder(struct lowering *l, struct insn *insn, const struct placeholder *p,
			    struct out *o, struct out *shape)
{
	names path = split_path(l->run, p);
	struct place place;

	vec_each(name, &path)
	{
		if (!*name->s) {
			diag(l->run, bad_placeholder, placeholder_loc(l->run, p));
			return;
		}
	}
	put(shape, "%s", l->run->arch->elsewhere);
	if (path.n == 1) {
		put(o, "%s", path.v[0].s);
		insn->target = path.v[0].s;
	} else if (!l->backend) {
		diag(l->run, bad_placeholder, placeholder_loc(l->run, p));
	} else if (shared_place(l->run, l->backend, &path, 0, &place)) {
		check_segment(l, &place, placeholder_loc(l->run, p), o);
		put(o, "%s+%llu", place.shared->symbol, (unsigned long long)place.offset);
	}
}

static void lower_insn(struct lowering *l, const struct operand *source)
{
	struct insn *insn = vec_push(&l->result->insns);
	const char *s = source->string;
	struct placeholder p = {.string = source};
	struct out o = {0}, shape = {0};

	*insn = (struct insn){.loc = source->loc};
	while (*s) {
		size_t n = strcspn(s, "{");
		const char *end = strchr(s + n, '}');

		put_n(&o, s, n);
		put_n(&shape, s, n);
		s += n;
		if (!*s)
			break;
		p.begin = (size_t)(s - source->string);
		p.end = end ? (size_t)(end + 1 - source->string) : strlen(source->string);
		if (!end) {
			diag(l->run, bad_placeholder, placeholder_loc(l->run, &p));
			return;
		}
		put_placeholder(l, insn, &p, &o, &shape);
		s = end + 1;
	}
	insn->text = intern(text_of(&o));
	insn->shape = intern(text_of(&shape));
}

/* ---- one function a kind of implementation ---- */

static void lower_inline(struct lowering *l)
{
	l->result->form = FORM_INLINE;
	vec_each(insn, &l->impl->code->insns) lower_insn(l, insn);
}

static void lower_call(struct lowering *l)
{
	l->result->form = FORM_CALL;
	l->result->symbol = l->impl->function;
}

static void lower_hypercall(struct lowering *l)
{
	l->result->form = FORM_CALL;
}

static unsigned int log2_of(uint64_t size)
{
	return (unsigned int)__builtin_ctzll(size);
}

/** One instruction on shared memory: @pattern with the place's word as second or only @. */
static void push_access(struct lowering *l, const char *pattern, const char *value,
			unsigned int word)
{
	const struct run *run = l->run;
	struct place p = l->impl->place;
	const char *place, *shape;

	p.offset += word * run->arch->word;
	place = place_text(run, &p, p.shared->symbol);
	shape = place_text(run, &p, run->arch->elsewhere);
	l->result->form = FORM_INLINE;
	*vec_push(&l->result->insns) = (struct insn){
		.text = arch_expand(pattern, value ? value : place, place),
		.shape = arch_expand(pattern, value ? value : shape, shape),
		.loc = l->impl->loc,
	};
}

/** What is two words is so by two instructions. */
static void lower_load(struct lowering *l)
{
	const struct member *m = l->impl->place.member;
	const struct scalar *scalar = type_scalar(&m->type);
	const struct arch *arch = l->run->arch;
	bool is_signed = scalar && scalar->is_signed;
	uint64_t size = m->size < arch->word ? m->size : arch->word;

	push_access(l, (is_signed ? arch->load_signed : arch->load)[log2_of(size)], NULL, 0);
	if (m->size > arch->word)
		push_access(l, arch->load_high, NULL, 1);
	else if (word_count(arch, &l->op->type) > 1)
		push_insn(l, is_signed ? arch->sign_high
				       : arch_expand(arch->constant_high, "0", NULL));
}

static void lower_store(struct lowering *l)
{
	const struct arch *arch = l->run->arch;
	uint64_t size = l->impl->place.member->size;
	int64_t value = l->impl->value;

	if (size <= arch->word) {
		push_access(l, arch->store[log2_of(size)], mem_printf("%lld", (long long)value), 0);
		return;
	}
	for (unsigned int word = 0; word < 2; word++)
		push_access(l, arch->store[log2_of(arch->word)],
			    mem_printf("%d", (int)(value >> (32 * word))), word);
}

static void lower_nop(struct lowering *l)
{
	l->result->form = FORM_NOP;
}

static void lower_identity(struct lowering *l)
{
	if (!l->run->arch->identity) {
		lower_nop(l);
		return;
	}
	l->result->form = FORM_INLINE;
	push_insn(l, l->run->arch->identity);
}

static bool is_late(const struct op *op)
{
	return op->context & CONTEXT_LATE;
}

/** A late op's sites have room for one instruction, so two are called. */
static void lower_constant_pair(struct lowering *l)
{
	const struct arch *arch = l->run->arch;
	int64_t value = l->impl->value;

	l->result->form = is_late(l->op) ? FORM_CALL : FORM_INLINE;
	push_insn(l, arch_expand(arch->constant, mem_printf("%d", (int)value), NULL));
	push_insn(l, arch_expand(arch->constant_high, mem_printf("%d", (int)(value >> 32)), NULL));
}

static void lower_constant(struct lowering *l)
{
	const struct arch *arch = l->run->arch;
	int64_t value = l->impl->value;
	bool is_narrow = !arch->constant_wide || (value >= 0 && value <= UINT32_MAX);

	if (word_count(arch, &l->op->type) > 1) {
		lower_constant_pair(l);
		return;
	}
	l->result->form = FORM_INLINE;
	push_insn(l, arch_expand(is_narrow ? arch->constant : arch->constant_wide,
				 mem_printf("%lld", (long long)value), NULL));
}

/* The op's number behind the instruction lets a handler name the op. */
static void lower_trap(struct lowering *l)
{
	l->result->form = FORM_TRAP;
	push_insn(l, l->run->arch->trap);
	push_insn(l, mem_printf(".short %u", l->op->slot));
}

static void (*const lowerings[])(struct lowering *l) = {
	[IMPL_INLINE] = lower_inline,	    [IMPL_CALL] = lower_call,
	[IMPL_HYPERCALL] = lower_hypercall, [IMPL_LOAD] = lower_load,
	[IMPL_STORE] = lower_store,	    [IMPL_NOP] = lower_nop,
	[IMPL_IDENTITY] = lower_identity,   [IMPL_CONSTANT] = lower_constant,
	[IMPL_TRAP] = lower_trap,	    [IMPL_ASM] = lower_call,
};

/* ---- contracts ---- */

uint32_t register_bit(const struct arch *arch, const char *name)
{
	/* Nearly all names come from the architecture's own tables, which share their strings. */
	for (unsigned int i = 0; arch->registers[i]; i++)
		if (arch->registers[i] == name)
			return UINT32_C(1) << i;
	for (unsigned int i = 0; arch->registers[i]; i++)
		if (!strcmp(arch->registers[i], name))
			return UINT32_C(1) << i;
	return 0;
}

unsigned int word_count(const struct arch *arch, const struct type *type)
{
	if (type_is_void(type))
		return 0;
	return (unsigned int)((type_size(arch, type) + arch->word - 1) / arch->word);
}

bool pass_next(const struct arch *arch, struct passing *p, const struct type *type)
{
	unsigned int words = word_count(arch, type), registers = 0;

	while (arch->args[registers])
		registers++;
	if (p->stack || p->registers + words > registers) {
		p->stack += words;
		return false;
	}
	p->registers += words;
	return true;
}

struct passing op_passing(const struct arch *arch, const struct op *op)
{
	struct passing p = {0};

	vec_each(param, &op->params) pass_next(arch, &p, &param->type);
	return p;
}

bool has_body(const struct lowered *l)
{
	return l->form != FORM_CALL || l->insns.n;
}

/*
 * Arguments are results too: an op may change the registers that carry them,
 * however narrow it is, because not every compiler preserves those for
 * no_caller_saved_registers.
 */
uint32_t op_changes(const struct arch *arch, const struct op *op)
{
	uint32_t bits = 0;

	if (op->clobber == CLOBBER_NORMAL)
		for (const char *const *r = arch->volatiles; *r; r++)
			bits |= register_bit(arch, *r);
	if (op->clobber == CLOBBER_NORMAL || op->clobber == CLOBBER_FLAGS)
		bits |= register_bit(arch, "flags");
	vec_each(r, &op->registers) bits |= register_bit(arch, r->s);
	for (unsigned int i = 0; i < op_passing(arch, op).registers; i++)
		bits |= register_bit(arch, arch->args[i]);
	if (!type_is_void(&op->type))
		bits |= register_bit(arch, arch->result);
	if (word_count(arch, &op->type) > 1)
		bits |= register_bit(arch, arch->result_high);
	return bits;
}

bool op_changes_flags(const struct arch *arch, const struct op *op)
{
	return op_changes(arch, op) & register_bit(arch, "flags");
}

/*
 * Another CPU may have executed a part of what a late patch takes away; only of
 * one instruction there is no part.
 */
static void check_late(const struct lowering *l)
{
	if (!is_late(l->op) || l->result->form != FORM_INLINE || l->result->insns.n <= 1)
		return;
	diag(l->run, late_template, l->result->insns.v[1].loc, l->op->name.s, l->backend->name.s);
	diag_note(l->run, l->op->name.loc, "the op is here");
}

const char *lowered_symbol(const struct backend *b, const struct op *op)
{
	return mem_printf("%s_%s_%s", b->interface->name.s, b->name.s, op->name.s);
}

static void lower_impl(struct lowering *l, const char *symbol)
{
	l->result->symbol = symbol;
	lowerings[l->impl->kind](l);
	check_late(l);
}

static void lower_aside(struct run *run, struct backend *b, struct op *op, struct template *text,
			bool is_fixup)
{
	struct aside *aside = vec_push(&b->asides);

	*aside = (struct aside){.op = op, .is_fixup = is_fixup};
	aside->impl = (struct impl){.kind = IMPL_INLINE, .loc = text->insns.v[0].loc, .code = text};
	aside->lowered = mem_alloc(sizeof(*aside->lowered));
	lower_impl(&(struct lowering){run, b, op, &aside->impl, aside->lowered},
		   lowered_symbol(b, op));
}

/** The templates that bare hardware does not have in its slot, and all code behind faults. */
static void lower_asides(struct run *run, struct backend *b, struct op *op)
{
	vec_each(it, &op->natives)
	{
		struct template *t = *it;

		if (arch_find(t->arch.s) != run->arch)
			continue;
		if (b->impls[op->slot].code != t)
			lower_aside(run, b, op, t, false);
		vec_each(f, &t->faults)
		{
			struct template *fixup = mem_alloc(sizeof(*fixup));

			*fixup = (struct template){.arch = t->arch, .insns = f->fixup};
			if (f->fixup.n)
				lower_aside(run, b, op, fixup, true);
		}
	}
}

const struct impl *slot_impl(const struct backend *b, const struct op *op)
{
	const struct impl *impl = &b->impls[op->slot];

	return impl->until ? impl->until : impl;
}

static void lower_backend(struct run *run, struct backend *b)
{
	const struct interface *i = b->interface;

	b->lowered = mem_alloc((i->ops.n + 1) * sizeof(*b->lowered));
	vec_each(op, &i->ops) lower_impl(
		&(struct lowering){run, b, *op, slot_impl(b, *op), &b->lowered[(*op)->slot]},
		lowered_symbol(b, *op));
	vec_each(v, &b->variants)
	{
		const char *symbol = lowered_symbol(b, v->op);

		v->lowered = mem_alloc(sizeof(*v->lowered));
		lower_impl(&(struct lowering){run, b, v->op, &v->impl, v->lowered},
			   mem_printf("%s_v%zu", symbol, (size_t)(v - b->variants.v)));
	}
	vec_each(op, &i->ops)
	{
		if (b->is_bare && !op_is_dead(*op))
			lower_asides(run, b, *op);
	}
}

/** What happens without any backend: nothing, a value; else it traps. */
static const struct impl *default_of(const struct op *op)
{
	static const struct impl trap = {.kind = IMPL_TRAP};

	return op->fallback.kind == IMPL_NONE || op->fallback.kind == IMPL_INHERIT ? &trap
										   : &op->fallback;
}

static void lower_defaults(struct run *run, struct interface *i)
{
	struct backend *b = i->defaults = mem_alloc(sizeof(*b));

	*b = (struct backend){.name = {intern("default"), i->name.loc}, .interface = i};
	b->impls = mem_alloc((i->ops.n + 1) * sizeof(*b->impls));
	vec_each(op, &i->ops)
	{
		struct impl *impl = &b->impls[(*op)->slot];

		*impl = *default_of(*op);
		impl->loc = (*op)->name.loc;
	}
	lower_backend(run, b);
}

static void lower_line(struct run *run, struct rom_line *line)
{
	struct impl impl = {.kind = IMPL_INLINE, .loc = line->stmt->loc, .code = &line->code};

	line->lowered = mem_alloc(sizeof(*line->lowered));
	lower_inline(&(struct lowering){run, NULL, NULL, &impl, line->lowered});
}

static void lower_rom(struct run *run, struct rom_image *m)
{
	vec_each(line, &m->lines)
	{
		if ((*line)->way == ROM_INLINE)
			lower_line(run, *line);
	}
}

bool lower(struct run *run)
{
	vec_each(b, &run->backends) lower_backend(run, *b);
	vec_each(m, &run->roms) lower_rom(run, *m);
	vec_each(i, &run->interfaces)
	{
		if (run->arch->generates)
			lower_defaults(run, *i);
	}
	return !run->errors;
}
