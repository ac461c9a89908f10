/* From an op's convention to that of a call whose code a ROM has. */
#include "thunk.h"

#include <string.h>

/** Of a register that a part's name tells. */
static uint32_t whole_bit(const struct arch *arch, const char *name)
{
	const char *whole = arch_register(arch, name);

	return whole ? register_bit(arch, whole) : 0;
}

static uint32_t registers_bits(const struct arch *arch, const struct registers *r)
{
	return (r->low.s ? whole_bit(arch, r->low.s) : 0) |
	       (r->high.s ? whole_bit(arch, r->high.s) : 0);
}

uint32_t call_changes(const struct arch *arch, const struct call *call)
{
	const struct entry *e = abi_entry_of(call->abi, call, arch);
	const struct clobbers *c = call_clobbers(e, call);
	uint32_t bits = registers_bits(arch, &call->result.way->at.registers);

	vec_each(r, &c->registers) bits |= whole_bit(arch, r->s);
	if (c->args)
		vec_each(r, &e->args) bits |= registers_bits(arch, r);
	vec_each(p, &call->params)
	{
		if (is_output(p))
			bits |= registers_bits(arch, &p->way->at.registers);
	}
	return bits;
}

const char *target_call(const struct arch *arch, const struct call *call)
{
	const struct entry *e = abi_entry_of(call->abi, call, arch);
	const char *slot = mem_printf("%stargets+%lld", call->abi->scope.prefix,
				      (long long)call->number * arch->word);
	const char *operand =
		arch_expand(arch->call_slot, slot, NULL) + strcspn(arch->call_slot, "*");
	struct out o = {0};

	vec_each(insn, &e->code.insns)
	{
		const char *s = insn->string, *hole = strstr(s, "{target}");

		put(&o, "%s", insn == e->code.insns.v ? "" : "; ");
		if (hole)
			put(&o, "%.*s%s%s", (int)(hole - s), s, operand, hole + strlen("{target}"));
		else
			put(&o, "%s", s);
	}
	return text_of(&o);
}

/* ---- where the op has what the call wants ---- */

static unsigned int words_of(const struct arch *arch, const struct param *p)
{
	return word_count(arch, &p->type);
}

static bool is_signed(const struct type *type)
{
	const struct scalar *scalar = type_scalar(type);

	return scalar && scalar->is_signed;
}

/** A word of one of the op's arguments. */
static struct origin param_origin(const struct arch *arch, const struct op *op,
				  const struct param *wanted, unsigned int word)
{
	struct passing p = {0};

	vec_each(param, &op->params)
	{
		struct passing before = p;
		bool in_registers = pass_next(arch, &p, &param->type);

		if (param != wanted)
			continue;
		if (in_registers)
			return (struct origin){ORIGIN_REGISTER,
					       .reg = arch->args[before.registers + word]};
		return (struct origin){ORIGIN_STACK, .slot = before.stack + word};
	}
	return (struct origin){.kind = ORIGIN_NUMBER};
}

/** What is not there of a wider word is 0. */
static struct origin argument_origin(const struct arch *arch, const struct op *op,
				     const struct argument *a, unsigned int word)
{
	int64_t value = a->constant ? a->constant->value : a->value.value;

	if (!a->param)
		return (struct origin){ORIGIN_NUMBER, .number = (int32_t)(value >> 32 * word)};
	if (word >= words_of(arch, a->param))
		return (struct origin){.kind = ORIGIN_NUMBER};
	return param_origin(arch, op, a->param, word);
}

static void pass_word(const struct arch *arch, struct thunk *t, const struct carrier *at,
		      unsigned int word, struct origin from)
{
	size_t slot = (size_t)at->slot + word;
	const char *reg = word ? at->registers.high.s : at->registers.low.s;

	if (!at->is_stack) {
		*vec_push(&t->moves) = (struct move){arch_register(arch, reg), from};
		return;
	}
	while (t->stack.n <= slot)
		*vec_push(&t->stack) = (struct origin){.kind = ORIGIN_NUMBER};
	t->stack.v[slot] = from;
}

static void pass_arguments(const struct arch *arch, struct thunk *t, const struct op *op,
			   const struct impl *impl)
{
	const params *targets = &impl->call->params;

	for (size_t i = 0; i < impl->stmt->arguments.n; i++)
		for (unsigned int word = 0; word < words_of(arch, &targets->v[i]); word++)
			pass_word(arch, t, &targets->v[i].way->at, word,
				  argument_origin(arch, op, &impl->stmt->arguments.v[i], word));
}

/* ---- the result ---- */

/** The op's callers take it for granted that a result fills its registers. */
static void end_result(const struct arch *arch, struct thunk *t, const struct op *op,
		       const struct call *call)
{
	const struct type *type = &call->result.type;
	uint64_t size = type_is_void(type) ? 0 : type_size(arch, type);
	uint64_t wanted = type_is_void(&op->type) ? 0 : type_size(arch, &op->type);

	if (wanted <= size)
		return;
	if (size < arch->word)
		*vec_push(&t->ending) =
			(is_signed(type) ? arch->extend_signed : arch->extend)[size / 2];
	if (wanted > arch->word)
		*vec_push(&t->ending) = is_signed(type)
						? arch->sign_high
						: arch_expand(arch->constant_high, "0", NULL);
}

static bool is_result_in_place(const struct arch *arch, const struct op *op,
			       const struct call *call)
{
	const struct registers *r = &call->result.way->at.registers;

	if (type_is_void(&op->type))
		return true;
	if (strcmp(arch_register(arch, r->low.s), arch->result) != 0)
		return false;
	return !r->high.s || !strcmp(arch_register(arch, r->high.s), arch->result_high);
}

/* ---- fill or wrap ---- */

static bool is_in_place(const struct thunk *t)
{
	vec_each(m, &t->moves)
	{
		if (m->from.kind != ORIGIN_REGISTER || strcmp(m->from.reg, m->to) != 0)
			return false;
	}
	for (unsigned int i = 0; i < t->stack.n; i++)
		if (t->stack.v[i].kind != ORIGIN_STACK || t->stack.v[i].slot != i)
			return false;
	return true;
}

struct thunk thunk_of(const struct run *run, const struct op *op, const struct impl *impl)
{
	const struct arch *arch = run->arch;
	struct thunk t = {0};
	uint32_t changes = call_changes(arch, impl->call);

	pass_arguments(arch, &t, op, impl);
	end_result(arch, &t, op, impl->call);
	t.is_fill = is_in_place(&t) && !t.ending.n && !(changes & ~op_changes(arch, op));
	vec_each(m, &t.moves) changes |= whole_bit(arch, m->to);
	t.keeps = changes & ~op_changes(arch, op);
	/* A jump has no way back on which something could be restored. */
	t.is_fill |= impl->call->traits.kind == KIND_JUMP;
	return t;
}

/** The number's bits that the call's narrower parameter has not are still there. */
static bool is_cut(const struct arch *arch, const struct param *from, const struct param *to)
{
	uint64_t have = type_size(arch, &from->type), want = type_size(arch, &to->type);

	return want < arch->word && (have > want || is_signed(&from->type) != is_signed(&to->type));
}

static bool is_widened(const struct arch *arch, const struct param *from, const struct param *to)
{
	return is_signed(&from->type) && words_of(arch, from) < words_of(arch, to);
}

/** Why an argument does not become what the call finds. */
static const char *argument_gap(const struct arch *arch, const struct argument *a,
				const struct param *to)
{
	if (is_output(to))
		return "thunks around values that come back in registers";
	if (a->convert)
		return "thunks that call a converter";
	if (a->param && is_widened(arch, a->param, to))
		return "thunks that widen a signed number";
	if (a->param && is_cut(arch, a->param, to))
		return "thunks that narrow a number";
	return NULL;
}

/** What is jumped to finds its arguments where they are, or not at all. */
static const char *jump_gap(const struct run *run, const struct op *op, const struct impl *impl)
{
	struct thunk t = {0};

	pass_arguments(run->arch, &t, op, impl);
	return is_in_place(&t) ? NULL : "jumps with arguments that must be moved first";
}

const char *thunk_gap(const struct run *run, const struct op *op, const struct impl *impl)
{
	const char *gap = impl->sub ? "sub-commands of a call that a ROM has"
				    : target_gap(run->arch, impl->call);

	if (gap)
		return gap;
	if (impl->call->traits.kind == KIND_JUMP)
		return jump_gap(run, op, impl);
	if (!is_result_in_place(run->arch, op, impl->call))
		return "thunks around a result in another register";
	for (size_t i = 0; !gap && i < impl->stmt->arguments.n; i++)
		gap = argument_gap(run->arch, &impl->stmt->arguments.v[i],
				   &impl->call->params.v[i]);
	return gap ? gap : run->arch->pop ? NULL : "calls of a ROM on this architecture";
}

/* ---- text ---- */

struct writer {
	const struct arch *arch;
	struct out *out;
	unsigned int pushed; /* words since the entry */
};

static void put_insn(struct writer *w, const char *pattern, const char *a, const char *b)
{
	put(w->out, "\t%s\n", arch_expand(pattern, a, b));
}

static const char *register_text(const char *reg)
{
	return mem_printf("%%%s", reg);
}

/** Above the words that were pushed lies the way back, and then the op's arguments. */
static const char *origin_text(const struct writer *w, const struct origin *s)
{
	if (s->kind == ORIGIN_REGISTER)
		return register_text(s->reg);
	if (s->kind == ORIGIN_NUMBER)
		return mem_printf("$%d", s->number);
	return arch_expand(w->arch->stack_word,
			   mem_printf("%u", (w->pushed + 1 + s->slot) * w->arch->word), NULL);
}

static void push_text(struct writer *w, const char *what)
{
	put_insn(w, w->arch->push, what, NULL);
	w->pushed++;
}

/** Is the register still to be read by a move other than @except? */
static bool is_read(const struct move *moves, size_t n, size_t except, const char *reg)
{
	for (size_t i = 0; i < n; i++)
		if (i != except && moves[i].from.kind == ORIGIN_REGISTER &&
		    !strcmp(moves[i].from.reg, reg))
			return true;
	return false;
}

/** A move whose register nobody reads any more; @n if all that are left wait for each other. */
static size_t free_move(const struct move *moves, size_t n)
{
	size_t i = 0;

	while (i < n && is_read(moves, n, i, moves[i].to))
		i++;
	return i;
}

/** The value that was in the one register is in the other now. */
static void follow_exchange(struct move *moves, size_t n, const char *a, const char *b)
{
	for (size_t i = 0; i < n; i++) {
		struct origin *s = &moves[i].from;

		if (s->kind != ORIGIN_REGISTER)
			continue;
		if (!strcmp(s->reg, a))
			s->reg = b;
		else if (!strcmp(s->reg, b))
			s->reg = a;
	}
}

/** All moves as if they happened at once. */
static void put_moves(struct writer *w, struct move *moves, size_t n)
{
	while (n) {
		size_t i = free_move(moves, n);
		struct move m = moves[i < n ? i : 0];
		bool is_done = m.from.kind == ORIGIN_REGISTER && !strcmp(m.from.reg, m.to);

		if (i == n && !is_done) {
			put_insn(w, w->arch->exchange, register_text(m.from.reg),
				 register_text(m.to));
			follow_exchange(moves, n, m.from.reg, m.to);
		} else if (!is_done) {
			put_insn(w, w->arch->move, origin_text(w, &m.from), register_text(m.to));
		}
		i = i < n ? i : 0;
		moves[i] = moves[--n];
	}
}

static bool is_flags(const char *reg)
{
	return !strcmp(reg, "flags");
}

/** Flags first, so that nothing else has changed them yet. */
static void put_saves(struct writer *w, uint32_t keeps)
{
	for (unsigned int i = 0; w->arch->registers[i]; i++) {
		if (!(keeps >> i & 1))
			continue;
		if (is_flags(w->arch->registers[i]))
			put(w->out, "\t%s\n", w->arch->push_flags);
		else
			put_insn(w, w->arch->push, register_text(w->arch->registers[i]), NULL);
		w->pushed++;
	}
}

static void put_restores(struct writer *w, uint32_t keeps)
{
	for (unsigned int i = 32; i-- > 0;) {
		if (!(keeps >> i & 1))
			continue;
		if (is_flags(w->arch->registers[i]))
			put(w->out, "\t%s\n", w->arch->pop_flags);
		else
			put_insn(w, w->arch->pop, register_text(w->arch->registers[i]), NULL);
	}
}

static void put_thunk(struct writer *w, const struct call *call, struct thunk *t)
{
	put_saves(w, t->keeps);
	for (unsigned int i = t->stack.n; i-- > 0;)
		push_text(w, origin_text(w, &t->stack.v[i]));
	put_moves(w, t->moves.v, t->moves.n);
	put(w->out, "\t%s\n", target_call(w->arch, call));
	if (t->stack.n)
		put_insn(w, w->arch->drop, mem_printf("%u", t->stack.n * w->arch->word), NULL);
	vec_each(insn, &t->ending) put(w->out, "\t%s\n", *insn);
	put_restores(w, t->keeps);
	put(w->out, "\t%s\n", w->arch->ret);
}

const char *thunk_symbol(const struct backend *b, const struct op *op)
{
	return mem_printf("pvgen_%s", lowered_symbol(b, op));
}

void emit_thunk(const struct run *run, const struct backend *b, const struct op *op, struct out *o)
{
	const struct impl *impl = &b->impls[op->slot];
	const char *s = thunk_symbol(b, op);
	struct writer w = {run->arch, o, 0};
	struct thunk t = thunk_of(run, op, impl);

	put(o, "\n/* %s by %s */\n\t.globl %s\n\t.type %s, @function\n%s:\n\t%s\n", op_path(op),
	    impl->call->name.s, s, s, s, run->arch->landing_pad);
	put_thunk(&w, impl->call, &t);
	put(o, "\t.size %s, . - %s\n", s, s);
}
