/*
 * Which backend does what, and how.  Completeness is an error: after this pass
 * each backend has one implementation of each op, written, inherited or by
 * default.
 */
#include <string.h>

#include "attributes.h"
#include "rom.h"
#include "thunk.h"

struct binding {
	struct run *run;
	struct backend *backend;
	struct op *op;
	struct stmt *stmt;
};

/** The operand if it is one word, else "". */
static const char *plain_word(const struct operand *o)
{
	return o->kind == OPERAND_PATH && o->path.n == 1 ? o->path.v[0].s : "";
}

/* ---- inline, call and the kinds without operands ---- */

static void report_abi(struct run *run, const struct backend *b, struct name name)
{
	diag(run, unknown_abi, name.loc, name.s,
	     suggest_one(run, b->abi ? b->abi->name.s : NULL, name.s));
}

/** The backend uses no abi, though perhaps there is one of this name. */
static void report_no_abi(struct run *run, const struct backend *b, struct name name,
			  struct loc loc)
{
	struct loc behind = b->interface_name.loc;

	diag(run, no_abi, loc, b->name.s, b->name.s, b->interface->name.s);
	behind.begin = behind.end;
	vec_each(a, &run->abis)
	{
		if ((*a)->name.s == name.s)
			diag_fix(run, behind, mem_printf(" on %s", name.s));
	}
}

static void report_binding(const struct binding *b, size_t i, const char *usage)
{
	diag(b->run, bad_operands, operand_loc(&b->stmt->operands, i, b->stmt->loc), op_path(b->op),
	     usage);
}

static bool check_operands(const struct binding *b, const char *shape, const char *usage)
{
	if (shape_fits(shape, &b->stmt->operands))
		return true;
	report_binding(b, shape_misfit(shape, &b->stmt->operands), usage);
	return false;
}

static bool bind_inline(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;
	struct template *t;

	if (!check_operands(b, "wws+", "inline ARCH \"INSTRUCTION\"...;"))
		return false;
	t = mem_alloc(sizeof(*t));
	t->arch = o->v[1].path.v[0];
	for (size_t i = 2; i < o->n; i++) {
		*vec_push(&t->insns) = o->v[i];
		template_check(b->run, &o->v[i]);
	}
	if (!arch_find(t->arch.s)) {
		diag(b->run, unknown_arch, t->arch.loc, t->arch.s, b->run->arch->name);
		return false;
	}
	impl->code = t;
	return true;
}

/** call FUNCTION; and asm FUNCTION; differ in who keeps the op's contract: compiler or author. */
static bool bind_function(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;

	if (!check_operands(b, "www?",
			    mem_printf("%s FUNCTION [cast|extern];", plain_word(&o->v[0]))))
		return false;
	impl->function = o->v[1].path.v[0].s;
	impl->is_cast = o->n == 3 && !strcmp(plain_word(&o->v[2]), "cast");
	impl->is_extern = o->n == 3 && !strcmp(plain_word(&o->v[2]), "extern");
	if (o->n == 3 && !impl->is_cast && !impl->is_extern) {
		diag(b->run, unknown_word, o->v[2].loc, plain_word(&o->v[2]),
		     "word about a function", "cast extern");
		return false;
	}
	return c_name(b->run, o->v[1].path.v[0]);
}

/** A constant that the backend's abi or interface defines, or NULL. */
static const struct decl *find_constant(const struct binding *b, const struct operand *o)
{
	const struct abi *abi = b->backend->abi;
	struct name name = {plain_word(o), o->loc};
	const struct decl *d = abi ? scope_find(b->run, &abi->scope, name) : NULL;

	if (!d)
		d = scope_find(b->run, &b->backend->interface->scope, name);
	return d && d->kind == DECL_CONST ? d : NULL;
}

/** A number that its place cannot hold, or an instruction cannot carry, would be cut. */
static bool check_number(struct binding *b, const struct operand *o, int64_t value,
			 const char *name, int64_t low, int64_t high)
{
	if (value >= low && value <= high)
		return true;
	diag(b->run, out_of_range, o->loc, name, mem_printf("%lld", (long long)low),
	     mem_printf("%lld", (long long)high));
	return false;
}

/** Any number of a result's width, signed or not. */
static bool check_result(struct binding *b, const struct operand *o, int64_t value)
{
	int64_t low, high;

	type_range(b->run, &b->op->type, &low, &high);
	return check_number(b, o, value, b->op->name.s, low, high);
}

static bool bind_constant(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;
	const struct decl *d;

	if (!check_operands(b, "wc", "constant NUMBER;"))
		return false;
	impl->value = o->v[1].value;
	if (o->v[1].kind == OPERAND_PATH) {
		d = find_constant(b, &o->v[1]);
		if (!d) {
			diag(b->run, unknown_const, o->v[1].loc, plain_word(&o->v[1]),
			     suggest_const(b->run, &b->backend->interface->scope,
					   plain_word(&o->v[1])));
			return false;
		}
		impl->value = d->value;
	}
	return type_is_void(&b->op->type) || check_result(b, &o->v[1], impl->value);
}

static bool bind_plain(struct binding *b, struct impl *impl)
{
	(void)impl;
	return check_operands(b, "w", mem_printf("%s;", plain_word(&b->stmt->operands.v[0])));
}

/** trap; or trap "REASON"; why no one calls the op here. */
static bool bind_trap(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;

	if (!check_operands(b, "ws?", "trap; or trap \"REASON\";"))
		return false;
	impl->reason = o->n == 2 ? o->v[1].string : NULL;
	return true;
}

static const struct {
	const char *name;
	enum impl_kind kind;
	bool (*bind)(struct binding *b, struct impl *impl);
} kinds[] = {
	{"inline", IMPL_INLINE, bind_inline},	    {"call", IMPL_CALL, bind_function},
	{"asm", IMPL_ASM, bind_function},	    {"nop", IMPL_NOP, bind_plain},
	{"identity", IMPL_IDENTITY, bind_plain},    {"zero", IMPL_CONSTANT, bind_plain},
	{"constant", IMPL_CONSTANT, bind_constant}, {"trap", IMPL_TRAP, bind_trap},
	{"inherit", IMPL_INHERIT, bind_plain},
};

const char *impl_name(enum impl_kind kind)
{
	static const char *const others[] = {
		[IMPL_HYPERCALL] = "hypercall", [IMPL_LOAD] = "load", [IMPL_STORE] = "store"};

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return others[kind];
}

static bool bind_kind(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;
	const char *word = o->n ? plain_word(&o->v[0]) : "";

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (!strcmp(kinds[i].name, word)) {
			impl->kind = kinds[i].kind;
			return kinds[i].bind(b, impl);
		}
	diag(b->run, unknown_word, operand_loc(o, 0, b->stmt->loc),
	     o->n ? operand_text(&o->v[0]) : "", "way to do an op",
	     "inline call asm nop identity zero constant trap inherit = load store");
	return false;
}

/* ---- load and store of shared memory ---- */

static struct shared *find_shared(const struct backend *b, const char *record)
{
	vec_each(s, &b->shared)
	{
		if (s->structure.s == record)
			return s;
	}
	return NULL;
}

bool shared_place(struct run *run, const struct backend *b, const names *path, size_t first,
		  struct place *place)
{
	const struct name *record = &path->v[first];
	struct shared *shared = find_shared(b, record->s);
	const struct decl *d;

	*place = (struct place){.shared = shared};
	if (!shared) {
		diag(run, unknown_shared, record->loc, b->name.s, record->s, record->s);
		return false;
	}
	shared->is_used = true;
	d = place->shared->decl;
	for (size_t i = first + 1; i < path->n; i++) {
		const struct member *m = d ? record_member(d, path->v[i].s) : NULL;

		if (!m) {
			diag(run, unknown_member, path->v[i].loc, path->v[i - 1].s, path->v[i].s,
			     suggest_member(run, d, path->v[i].s));
			return false;
		}
		if (m->is_array && i + 1 < path->n) {
			diag(run, array_path, path->v[i].loc, m->name.s);
			return false;
		}
		place->member = m;
		place->offset += m->offset;
		d = m->nested ? m->nested : type_record(&m->type);
	}
	return true;
}

/** load ABI.STRUCTURE.MEMBER; or store ABI.STRUCTURE.MEMBER VALUE; */
static bool bind_shared(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;
	const names *path = &o->v[1].path;
	struct place place;

	if (!b->backend->abi || path->v[0].s != b->backend->abi->name.s) {
		report_abi(b->run, b->backend, path->v[0]);
		return false;
	}
	if (!shared_place(b->run, b->backend, path, 1, &place))
		return false;
	if (!place.member || place.member->nested || place.member->is_array ||
	    (!type_scalar(&place.member->type) && !type_is_pointer(&place.member->type))) {
		diag(b->run, shared_width, path->v[path->n - 1].loc, path->v[path->n - 1].s);
		return false;
	}
	impl->place = place;
	return true;
}

static bool check_stored(struct binding *b, const struct impl *impl)
{
	unsigned int bits = (unsigned int)impl->place.member->size * 8;
	int64_t low = bits < 64 ? -(INT64_C(1) << (bits - 1)) : INT32_MIN;
	int64_t high = bits < 64 ? (INT64_C(1) << bits) - 1 : INT32_MAX;

	return check_number(b, &b->stmt->operands.v[2], impl->value, impl->place.member->name.s,
			    low, high);
}

static const char memory_usage[] = "= ABI.CALL(ARGUMENTS); = load ABI.STRUCTURE.MEMBER; or "
				   "= store ABI.STRUCTURE.MEMBER NUMBER;";

static bool bind_memory(struct binding *b, struct impl *impl)
{
	const operands *o = &b->stmt->operands;
	bool is_load = operand_is(&o->v[0], "load"), is_store = operand_is(&o->v[0], "store");

	if (!is_load && !is_store) {
		report_binding(b, 0, memory_usage);
		return false;
	}
	if (!check_operands(b, is_load ? "wd" : "wdi", memory_usage))
		return false;
	if (o->v[1].path.n < 3) {
		report_binding(b, 1, memory_usage);
		return false;
	}
	impl->kind = is_load ? IMPL_LOAD : IMPL_STORE;
	impl->value = is_store ? o->v[2].value : 0;
	if (is_store && !type_is_void(&b->op->type)) {
		diag(b->run, store_result, impl->loc, b->op->name.s);
		return false;
	}
	if (is_load && type_is_void(&b->op->type)) {
		diag(b->run, zero_void, impl->loc, b->op->name.s);
		return false;
	}
	return bind_shared(b, impl) && (is_load || check_stored(b, impl));
}

/* ---- hypercall expressions ---- */

static const struct param *op_param(const struct op *op, const char *name)
{
	vec_each(p, &op->params)
	{
		if (p->name.s == name)
			return p;
	}
	return NULL;
}

static const struct converter *find_converter(struct binding *b, struct name name)
{
	struct nearest n = suggest_begin(b->run, name.s);

	vec_each(c, &b->backend->converters)
	{
		if (c->name.s == name.s)
			return c;
		suggest_try(b->run, &n, c->name.s);
	}
	diag(b->run, unknown_converter, name.loc, b->backend->name.s, name.s,
	     suggest_end(b->run, n));
	return NULL;
}

static const char *kind_text(enum space space)
{
	return space == SPACE_NONE ? "no address"
				   : mem_printf("an address of kind @%s", space_name(space));
}

static const char *wanted_text(enum space space)
{
	return space == SPACE_NONE ? "none" : mem_printf("@%s", space_name(space));
}

/** What to write where @have is given and @want wanted. */
static const char *remedy(enum space have, enum space want)
{
	if (have == SPACE_NONE)
		return mem_printf("write '@%s' behind the op's parameter if it is one",
				  space_name(want));
	if (want == SPACE_NONE)
		return mem_printf("write '@%s' behind the call's parameter if it takes one",
				  space_name(have));
	return "name a converter";
}

static void report_space(struct binding *b, const struct argument *a, enum space have,
			 const char *wanting, enum space want)
{
	diag(b->run, address_kind, a->value.loc, a->param->name.s, kind_text(have), wanting,
	     wanted_text(want), remedy(have, want));
}

/** An address reaches the hypervisor only as the kind of address that it wants. */
static void check_space(struct binding *b, const struct argument *a, const struct param *target)
{
	enum space have = a->param->space;

	if (a->convert) {
		if (a->convert->from != have)
			report_space(b, a, have, a->convert->name.s, a->convert->from);
		have = a->convert->to;
	}
	if (have != target->space)
		report_space(b, a, have, target->name.s, target->space);
}

static void bind_argument(struct binding *b, struct argument *a, const struct param *target)
{
	const char *word = operand_text(&a->value);

	if (a->converter.s)
		a->convert = find_converter(b, a->converter);
	if (a->converter.s && !a->convert)
		return;
	a->param = op_param(b->op, plain_word(&a->value));
	if (!a->param && !a->converter.s)
		a->constant = find_constant(b, &a->value);
	if (a->constant || a->value.kind == OPERAND_INT) {
		check_argument(b->run, a, target);
		return;
	}
	if (!a->param) {
		diag(b->run, unknown_argument, a->value.loc, op_path(b->op), word,
		     suggest_param(b->run, &b->op->params, word));
		return;
	}
	check_argument(b->run, a, target);
	check_space(b, a, target);
}

static bool bind_arguments(struct binding *b, const struct impl *impl, const char *name,
			   const params *targets)
{
	arguments *args = &b->stmt->arguments;

	if (args->n != targets->n) {
		diag(b->run, argument_count, impl->loc, name, counted(targets->n, "argument"),
		     mem_printf("%u", args->n));
		return false;
	}
	for (size_t i = 0; i < args->n; i++)
		bind_argument(b, &args->v[i], &targets->v[i]);
	return true;
}

/** The abi that a path starts with, which is the backend's. */
static const struct abi *find_abi(struct run *run, const struct backend *b, const names *path,
				  struct loc loc)
{
	if (!b->abi)
		report_no_abi(run, b, path->v[0], loc);
	else if (path->v[0].s != b->abi->name.s || path->n < 2)
		report_abi(run, b, path->v[0]);
	else
		return b->abi;
	return NULL;
}

static const struct subcall *find_sub(struct run *run, const struct call *call, const names *path,
				      struct loc loc)
{
	const struct subcall *sub = path->n == 3 ? map_get(&call->sub_map, path->v[2].s) : NULL;

	if (path->n > 3)
		diag(run, bad_operands, loc, call->name.s, "ABI.CALL or ABI.CALL.SUB");
	else if (path->n < 3)
		diag(run, needs_sub, path->v[1].loc, call->name.s);
	else if (!sub)
		diag(run, unknown_sub, path->v[2].loc, call->name.s, path->v[2].s,
		     suggest(run, &call->sub_map, path->v[2].s));
	return sub;
}

const struct call *find_call(struct run *run, const struct backend *b, const names *path,
			     struct loc loc, const struct subcall **sub)
{
	const struct abi *abi = find_abi(run, b, path, loc);
	const struct call *call = abi ? abi_call(abi, path->v[1].s) : NULL;

	if (abi && !call)
		diag(run, unknown_call, path->v[1].loc, abi->name.s, path->v[1].s,
		     suggest(run, &abi->call_map, path->v[1].s));
	if (!call || (path->n == 2 && !call->subs.n))
		return call;
	*sub = find_sub(run, call, path, loc);
	return *sub ? call : NULL;
}

/** Has a ROM the code of the call, when one is found? */
static bool is_in_rom(const struct run *run, const struct backend *b, const struct call *call)
{
	return rom_abi(b) && !call->is_fixed && abi_entry_of(b->abi, call, run->arch)->takes_target;
}

/** What is jumped to finds its arguments where they are; they need not be named. */
static bool are_arguments_there(const struct binding *b, const struct impl *impl)
{
	return !b->stmt->arguments.n && b->op->tail && impl->call->traits.kind == KIND_JUMP &&
	       is_in_rom(b->run, b->backend, impl->call);
}

static bool bind_hypercall(struct binding *b, struct impl *impl)
{
	const names *path = &b->stmt->call;
	const struct abi *abi = b->backend->abi;

	impl->kind = IMPL_HYPERCALL;
	impl->call = find_call(b->run, b->backend, path, impl->loc, &impl->sub);
	if (!impl->call)
		return false;
	if (!abi_entry_of(abi, impl->call, b->run->arch)) {
		diag(b->run, no_entry, path->v[1].loc, abi->name.s, b->run->arch->name);
		return false;
	}
	if (are_arguments_there(b, impl))
		return true;
	return check_call_result(b->run, b->op, impl->call, impl->loc) &&
	       bind_arguments(b, impl, path->v[path->n - 1].s,
			      impl->sub ? &impl->sub->params : &impl->call->params);
}

/* ---- what an op allows ---- */

/** C functions may keep all registers, but no compiler makes them keep the flags. */
static void check_flags(struct run *run, const struct op *op, const struct impl *impl)
{
	bool is_function =
		impl->kind == IMPL_CALL || (impl->kind == IMPL_HYPERCALL && !impl->until);

	if (is_function && !op->tail && !op_changes_flags(run->arch, op))
		diag(run, flags_kept, impl->loc, op->name.s);
}

static void check_shape(struct run *run, const struct op *op, const struct impl *impl)
{
	const struct scalar *result = type_scalar(&op->type);

	if (impl->kind == IMPL_NOP && !type_is_void(&op->type))
		diag(run, nop_result, impl->loc, op->name.s);
	if (impl->kind == IMPL_CONSTANT && type_is_void(&op->type))
		diag(run, zero_void, impl->loc, op->name.s);
	if (impl->kind == IMPL_IDENTITY &&
	    (op->params.n != 1 || !result || !type_scalar(&op->params.v[0].type) ||
	     type_size(run->arch, &op->params.v[0].type) != type_size(run->arch, &op->type)))
		diag(run, identity_shape, impl->loc, op->name.s);
	if (op->tail && impl->kind != IMPL_INLINE && impl->kind != IMPL_CALL &&
	    impl->kind != IMPL_ASM && !impl->until)
		diag(run, tail_shape, impl->loc, op->name.s);
	check_flags(run, op, impl);
}

static const struct operand *first_privileged(const struct run *run, const struct template *t)
{
	vec_each(insn, &t->insns)
	{
		if (arch_is_privileged(run->arch, insn->string))
			return insn;
	}
	return NULL;
}

static void check_privilege(struct run *run, const struct backend *b, const struct impl *impl)
{
	const struct operand *insn =
		impl->kind == IMPL_INLINE ? first_privileged(run, impl->code) : NULL;

	if (b->is_deprivileged && insn && !impl->is_inherited)
		diag(run, inline_privileged, insn->loc, b->name.s, insn->string);
}

const char *privileged_part(const struct run *run, const struct op *op, const struct impl *native)
{
	const struct operand *insn;

	if (native->function && !(op->context & CONTEXT_UNPRIVILEGED))
		return native->function;
	if (native->kind != IMPL_INLINE)
		return NULL;
	insn = first_privileged(run, native->code);
	return insn ? insn->string : NULL;
}

/* ---- one op of one backend ---- */

/** Where the statement's implementation belongs; NULL and a report if one is there. */
static struct impl *new_impl(struct run *run, struct backend *b, struct op *op,
			     const struct stmt *s)
{
	struct impl *impl = &b->impls[op->slot];
	struct variant *v;

	if (s->when || s->phase) {
		v = vec_push(&b->variants);
		*v = (struct variant){op, s->loc, .when = s->when, .phase = s->phase};
		return &v->impl;
	}
	if (impl->kind == IMPL_NONE)
		return impl;
	diag(run, bound_twice, s->loc, op_path(op), b->name.s);
	diag_note(run, impl->stmt->loc, "the first one is here");
	return NULL;
}

static bool is_doable(struct run *run, const struct op *op, const struct stmt *s)
{
	if (op->is_left_out || !op_is_dead(op))
		return !op->is_left_out;
	diag(run, dead_op, s->loc, op_path(op), op->is_spare ? "spare" : "retired");
	diag_note(run, op->name.loc, "'%s' is defined here", op_path(op));
	return false;
}

static void bind_stmt(struct run *run, struct backend *b, struct stmt *s)
{
	struct op *op = find_op(run, b->interface, &s->path);
	struct binding binding = {run, b, op, s};
	struct impl *impl = op && is_doable(run, op, s) ? new_impl(run, b, op, s) : NULL;

	if (!impl)
		return;
	impl->loc = s->call.n ? path_loc(&s->call) : operand_loc(&s->operands, 0, s->loc);
	impl->stmt = s;
	impl->kind = IMPL_FAILED;
	if (!(s->call.n		 ? bind_hypercall(&binding, impl)
	      : s->is_assignment ? bind_memory(&binding, impl)
				 : bind_kind(&binding, impl)))
		impl->kind = IMPL_FAILED;
}

/** The first that may be for the configuration, and is for every machine. */
static struct template *native_template(const struct run *run, const struct op *op)
{
	vec_each(t, &op->natives)
	{
		if (arch_find((*t)->arch.s) == run->arch && !(*t)->when)
			return *t;
	}
	return NULL;
}

/** What bare hardware does where its backend says nothing: the op's template. */
static void complete_bare(struct run *run, struct backend *b, const struct op *op)
{
	struct impl *impl = &b->impls[op->slot];

	if (impl->kind == IMPL_INHERIT) {
		diag(run, bare_inherits, impl->loc, b->name.s);
		return;
	}
	if (impl->kind != IMPL_NONE || op_is_dead(op))
		return;
	impl->code = native_template(run, op);
	impl->kind = impl->code ? IMPL_INLINE : IMPL_NONE;
	impl->loc = impl->code ? impl->code->insns.v[0].loc : op->name.loc;
}

static void inherit(struct run *run, struct backend *b, const struct op *op, struct impl *impl)
{
	const struct backend *bare = b->interface->bare;
	struct impl native;
	const char *part;

	if (!bare) {
		diag(run, no_bare, impl->loc, b->interface->name.s);
		return;
	}
	native = bare->impls[op->slot];
	part = privileged_part(run, op, &native);
	if (b->is_deprivileged && part) {
		diag(run, inherit_privileged, impl->loc, b->name.s, op_path(op), part, op_path(op));
		diag_note(run, op->name.loc, "'%s' is defined here", op_path(op));
	}
	native.loc = impl->loc;
	native.is_inherited = true;
	*impl = native;
}

/** What an author can write for an op that is not implemented, and will be accepted. */
static const char *remedies(const struct run *run, const struct backend *b, const struct op *op)
{
	const struct backend *bare = b->interface->bare;
	const char *path = op_path(op);
	struct out o = {0};

	put(&o,
	    op->site == SITE_INLINE_ONLY ? "'%s inline ARCH \"INSTRUCTION\"...;'"
					 : "'%s call FUNCTION;'",
	    path);
	if (bare && bare != b && bare->impls[op->slot].kind != IMPL_NONE &&
	    !(b->is_deprivileged && privileged_part(run, op, &bare->impls[op->slot])))
		put(&o, " or '%s inherit;'", path);
	if (!op->tail)
		put(&o, " or '%s %s;', or give the op a default", path,
		    type_is_void(&op->type) ? "nop" : "zero");
	return text_of(&o);
}

static void report_missing(struct run *run, const struct backend *b, const struct op *op)
{
	diag(run, op_missing, b->name.loc, b->name.s, op_path(op), remedies(run, b, op));
	diag_note(run, op->name.loc, "'%s' is defined here", op_path(op));
}

/** What the op does where a backend says nothing. */
static void take_default(struct run *run, struct backend *b, const struct op *op, struct impl *impl)
{
	bool is_inherited = impl->is_inherited;

	if (op->fallback.kind != IMPL_INHERIT) {
		*impl = op->fallback;
		impl->is_inherited = is_inherited;
	} else if (!b->is_bare && !is_inherited) {
		impl->loc = b->name.loc;
		inherit(run, b, op, impl);
	}
}

/** Without a slot there is no function to call. */
static void check_inline_only(struct run *run, const struct backend *b, const struct op *op,
			      const struct impl *impl)
{
	bool is_function =
		impl->kind == IMPL_CALL || impl->kind == IMPL_ASM || impl->kind == IMPL_HYPERCALL;

	if (op->site == SITE_INLINE_ONLY && is_function)
		diag(run, inline_only, impl->loc, op_path(op), b->name.s);
}

/* ---- by a call whose code a ROM has ---- */

/** Of what a call changes and its op does not, the first; or NULL. */
static const char *first_more(const struct run *run, const struct op *op, const struct call *call)
{
	uint32_t more = call_changes(run->arch, call) & ~op_changes(run->arch, op);

	for (unsigned int i = 0; run->arch->registers[i]; i++)
		if (more >> i & 1)
			return run->arch->registers[i];
	return NULL;
}

/** The member of an op's frame at a place on the stack, or NULL. */
static const struct member *frame_member(const struct op *op, uint64_t offset)
{
	if (op->frame)
		vec_each(m, &op->frame->members)
		{
			if (m->offset == offset)
				return m;
		}
	return NULL;
}

static const char *bytes_text(uint64_t size)
{
	return mem_printf("%llu", (unsigned long long)size);
}

/** The call finds its arguments on the stack where the op's frame has them. */
static void check_frame(struct run *run, const struct op *op, const struct impl *impl)
{
	vec_each(p, &impl->call->params)
	{
		const struct carrier *at = &p->way->at;
		uint64_t offset = (uint64_t)at->slot * run->arch->word;
		const struct member *m = at->is_stack ? frame_member(op, offset) : NULL;

		if (at->is_stack && (!m || m->size != type_size(run->arch, &p->type)))
			diag(run, other_frame, impl->loc, impl->call->name.s,
			     bytes_text(type_size(run->arch, &p->type)), p->name.s, op_path(op),
			     m ? bytes_text(m->size) : "none");
	}
}

static void check_jump(struct run *run, const struct op *op, const struct impl *impl)
{
	bool is_jump = impl->call->traits.kind == KIND_JUMP;
	const char *more;

	if (op->tail != is_jump) {
		diag(run, other_return, impl->loc, op_path(op),
		     op->tail ? "does not return" : "returns", impl->call->name.s,
		     is_jump ? "does not" : "does");
		return;
	}
	if (!is_jump)
		return;
	more = first_more(run, op, impl->call);
	if (more)
		diag(run, changes_more, impl->loc, impl->call->name.s, more, op_path(op));
	check_frame(run, op, impl);
}

/** Until a ROM is bound, the op does what it does on bare hardware. */
static void complete_rom_call(struct run *run, struct backend *b, const struct op *op,
			      struct impl *impl)
{
	struct impl *until = mem_alloc(sizeof(*until));

	*until = (struct impl){.kind = IMPL_INHERIT, .loc = impl->loc};
	impl->until = until;
	/* Where groups are inherited too it was said there that nothing can be. */
	if (b->interface->bare || !b->inherits.n)
		inherit(run, b, op, until);
	if (until->kind == IMPL_NONE)
		take_default(run, b, op, until);
	check_jump(run, op, impl);
}

static void complete(struct run *run, struct backend *b, const struct op *op, struct impl *impl)
{
	bool does_inherit = false;

	if (op_is_dead(op)) {
		*impl = op->fallback;
		return;
	}
	if (impl->kind == IMPL_INHERIT) {
		does_inherit = true;
		inherit(run, b, op, impl);
	}
	if (impl->kind == IMPL_NONE)
		take_default(run, b, op, impl);
	/* What lacks in bare hardware is reported there. */
	if (impl->kind == IMPL_NONE && !does_inherit)
		report_missing(run, b, op);
	if (impl->kind == IMPL_NONE)
		return;
	if (impl->kind == IMPL_HYPERCALL && is_in_rom(run, b, impl->call))
		complete_rom_call(run, b, op, impl);
	check_shape(run, op, impl);
	check_inline_only(run, b, op, impl);
	check_privilege(run, b, impl);
}

/** Sites are bytes of their own from the phase on in which they are patched. */
static void check_phase(struct run *run, const struct interface *i, const struct variant *v)
{
	const struct name *patching = map_get(&i->phase_map, intern("patching"));
	const struct name *phase = v->phase ? map_get(&i->phase_map, v->phase->name.s) : NULL;

	if (!patching || !phase || phase <= patching || (v->op->context & CONTEXT_LATE))
		return;
	diag(run, late_phase, v->loc, op_path(v->op), phase->s);
	diag_note(run, v->op->name.loc, "the op is here");
}

static void complete_variant(struct run *run, struct backend *b, struct variant *v)
{
	struct impl *impl = &v->impl;

	if (impl->kind == IMPL_INHERIT && b->is_bare)
		diag(run, bare_inherits, impl->loc, b->name.s);
	else
		complete(run, b, v->op, impl);
	check_phase(run, b->interface, v);
}

static void check_variants(struct run *run, struct backend *b)
{
	choices choices = {0};

	vec_each(v, &b->variants)
	{
		complete_variant(run, b, v);
		*vec_push(&choices) =
			(struct choice){intern(op_path(v->op)), v->when, v->phase, v->loc};
	}
	check_choices(run, &choices);
}

/** Data with this path of groups and a name; NULL if there is none. */
static const struct data *find_data(const struct interface *i, const names *path)
{
	const struct data *d = map_get(&i->data_map, path->v[path->n - 1].s);

	return d && !strcmp(data_path(d), path_text(path, 0)) ? d : NULL;
}

/** A constant may be of the backend's abi. */
static const struct scope *scope_of(const struct backend *b, const struct operand *o)
{
	bool is_abi = b->abi && map_get(&b->abi->scope.map, plain_word(o));

	return is_abi ? &b->abi->scope : &b->interface->scope;
}

static bool take_value(struct run *run, const struct backend *b, const struct data *d,
		       const struct operand *o, struct value *value)
{
	*value = (struct value){VALUE_SYMBOL, o->loc, plain_word(o), 0};
	if (type_is_pointer(&d->type) && *value->s)
		return true;
	value->kind = o->kind == OPERAND_STRING ? VALUE_TEXT : VALUE_NUMBER;
	value->s = o->string;
	return data_value(run, scope_of(b, o), d, o, &value->number);
}

static void bind_data(struct run *run, struct backend *b, const struct data *d,
		      const struct stmt *s)
{
	struct datum datum = {.data = d, .stmt = s};

	if (!s->is_assignment || s->operands.n != 1)
		diag(run, bad_operands, operand_loc(&s->operands, s->is_assignment ? 1 : 0, s->loc),
		     data_path(d), "= VALUE;");
	else if (take_value(run, b, d, &s->operands.v[0], &datum.value))
		*vec_push(&b->data) = datum;
}

static void check_data(struct run *run, struct backend *b)
{
	choices choices = {0};
	struct map given = {0};

	vec_each(d, &b->data)
	{
		*vec_push(&choices) = (struct choice){intern(data_path(d->data)), d->stmt->when,
						      d->stmt->phase, d->stmt->loc};
		if (!d->stmt->when && !d->stmt->phase)
			map_add(&given, d->data->name.s, d);
	}
	check_choices(run, &choices);
	vec_each(it, &b->interface->data)
	{
		const struct data *d = *it;

		if (!d->value && !map_get(&given, d->name.s) &&
		    !map_get(&b->inherit_map, d->group->name.s))
			diag(run, data_missing, b->name.loc, b->name.s, data_path(d), data_path(d));
	}
}

static void bind_path(struct run *run, struct backend *b, struct stmt *s)
{
	const struct data *d = find_data(b->interface, &s->path);

	if (d)
		bind_data(run, b, d, s);
	else
		bind_stmt(run, b, s);
}

static void bind_stmts(struct run *run, struct backend *b)
{
	b->impls = mem_alloc((b->interface->ops.n + 1) * sizeof(*b->impls));
	vec_each(s, &b->stmts)
	{
		if ((*s)->path.n > 1)
			bind_path(run, b, *s);
	}
}

/** What a whole group inherits, as if each op said so that says nothing itself. */
static void bind_inheritance(struct run *run, struct backend *b, const struct inheritance *from)
{
	enum impl_kind kind = IMPL_INHERIT;

	/* Said once, not for each op. */
	if (b->is_bare || !b->interface->bare) {
		kind = IMPL_FAILED;
		if (b->is_bare)
			diag(run, bare_inherits, from->loc, b->name.s);
		else
			diag(run, no_bare, from->loc, b->interface->name.s);
	}
	vec_each(op, &from->group->ops)
	{
		struct impl *impl = &b->impls[(*op)->slot];

		if (impl->kind == IMPL_NONE)
			*impl = (struct impl){.kind = kind, .loc = from->loc};
	}
}

/** Does the backend do the op itself, not as bare hardware or by default? */
static bool is_own(const struct backend *b, const struct op *op)
{
	const struct impl *impl = &b->impls[op->slot];

	return impl->stmt && impl->kind != IMPL_INHERIT;
}

static void report_lone(struct run *run, const struct backend *b, struct loc loc,
			const struct op *own, const struct op *lacking, const struct op *op)
{
	diag(run, not_together, loc, b->name.s, op_path(own), op_path(lacking));
	diag_note(run, said_at(&op->stmts, "together", NULL), "'%s' says so here", op_path(op));
}

/** What belongs together with an op, and the variants of the op. */
struct company {
	VEC(struct bond {
		const struct op *op;
		const struct op *said; /* the one of the two that says it */
	})
	bonds;
	VEC(const struct variant *) variants;
};

/** Is there a variant of the op that comes into force exactly when @v does? */
static bool has_partner(const struct company *company, const struct variant *v)
{
	vec_each(other, &company->variants)
	{
		if ((*other)->when == v->when && (*other)->phase == v->phase)
			return true;
	}
	return false;
}

/** If both ops say it, each says it for itself. */
static void bind_together(struct company *company, const struct op *op, const struct op *said)
{
	vec_each(bond, &company->bonds)
	{
		if (bond->op != op)
			continue;
		bond->said = op == said ? bond->said : said;
		return;
	}
	*vec_push(&company->bonds) = (struct bond){op, said};
}

static struct company *companies_of(const struct backend *b)
{
	struct company *all = mem_alloc((b->interface->ops.n + 1) * sizeof(*all));

	vec_each(op, &b->interface->ops)
	{
		vec_each(other, &(*op)->together)
		{
			bind_together(&all[(*op)->slot], *other, *op);
			bind_together(&all[(*other)->slot], *op, *op);
		}
	}
	vec_each(v, &b->variants) * vec_push(&all[v->op->slot].variants) = v;
	return all;
}

static void check_variants_together(struct run *run, const struct backend *b)
{
	const struct company *all = companies_of(b);

	vec_each(v, &b->variants)
	{
		vec_each(bond, &all[v->op->slot].bonds)
		{
			if (!has_partner(&all[bond->op->slot], v))
				report_lone(run, b, v->loc, v->op, bond->op, bond->said);
		}
	}
}

static bool says_together(const struct op *op, const struct op *other)
{
	vec_each(it, &op->together)
	{
		if (*it == other)
			return true;
	}
	return false;
}

/** Of ops that belong together a backend does all or none; bare hardware always does all. */
static void check_together(struct run *run, const struct backend *b)
{
	vec_each(it, &b->interface->ops)
	{
		const struct op *op = *it;

		vec_each(other, &op->together)
		{
			const struct op *own = is_own(b, op) ? op : *other;

			/* Said by both it is reported at the first. */
			if (says_together(*other, op) && (*other)->slot < op->slot)
				continue;
			if (!(*other)->is_left_out && is_own(b, op) != is_own(b, *other))
				report_lone(run, b, b->impls[own->slot].stmt->loc, own,
					    own == op ? *other : op, op);
		}
	}
	if (b->variants.n)
		check_variants_together(run, b);
}

static void bind_backend(struct run *run, struct backend *b)
{
	bind_stmts(run, b);
	vec_each(from, &b->inherits) bind_inheritance(run, b, from);
	if (!b->is_bare)
		check_together(run, b);
}

bool bind(struct run *run)
{
	vec_each(b, &run->backends) bind_backend(run, *b);
	/* Bare hardware first: the others inherit from it. */
	vec_each(it, &run->interfaces)
	{
		struct interface *i = *it;

		vec_each(op, &i->ops)
		{
			if (i->bare)
				complete_bare(run, i->bare, *op);
		}
	}
	vec_each(b, &run->backends)
	{
		vec_each(op, &(*b)->interface->ops)
			complete(run, *b, *op, &(*b)->impls[(*op)->slot]);
		check_variants(run, *b);
		check_data(run, *b);
		check_symbols(run, *b);
	}
	return !run->errors;
}
