/* Statements of the calls of an abi and of their sub-commands. */
#include <string.h>

#include "convention.h"

#define SUBS_USAGE                                                                                 \
	"subs in PARAMETER; subs in PARAMETER.MEMBER; or subs in PARAMETER.MEMBER bits HIGH:LOW;"

static struct traits *traits_of(const struct attributed *a)
{
	return ((struct about *)a->thing)->traits;
}

/* ---- what both can say ---- */

static void say_arch(const struct attributed *a)
{
	struct abi *abi = a->module;

	traits_of(a)->arches = arches_from(a);
	vec_each(o, &a->s->operands)
	{
		const struct arch *arch = arch_find(o->path.v[0].s);

		if (arch && !(abi->arches & arch_bit(arch)))
			diag(a->run, not_here, o->loc, abi->name.s, arch->name);
	}
}

static const struct {
	const char *name;
	enum call_kind kind;
} kinds[] = {{"function", KIND_FUNCTION},
	     {"noreturn", KIND_NORETURN},
	     {"jump", KIND_JUMP},
	     {"asm_only", KIND_ASM_ONLY}};

static void say_kind(const struct attributed *a)
{
	struct name word = word_at(a->s, 0);

	for (size_t i = 0; i < NELEM(kinds); i++)
		if (is_word(word, kinds[i].name)) {
			traits_of(a)->kind = kinds[i].kind;
			return;
		}
	diag(a->run, unknown_word, word.loc, word.s, "kind of call",
	     "function noreturn jump asm_only");
}

const char *kind_name(enum call_kind kind)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "";
}

bool call_returns(const struct call *call)
{
	return call->traits.kind != KIND_JUMP && call->traits.kind != KIND_NORETURN;
}

static void say_clobbers(const struct attributed *a)
{
	traits_of(a)->clobbers = clobbers_from(a);
}

static void say_errors(const struct attributed *a)
{
	traits_of(a)->errors = errors_from(a);
}

static void say_flat(const struct attributed *a)
{
	words_from(a->s, &traits_of(a)->flat);
}

static void say_optional(const struct attributed *a)
{
	traits_of(a)->is_optional = true;
}

static void say_defer(const struct attributed *a)
{
	words_from(a->s, &traits_of(a)->defer);
}

/* clang-format off */
#define TRAIT_ROWS                                                                                 \
	{"arch", "w+", "arch ARCH...;", say_arch, ONCE},                                           \
	{"kind", "w", "kind function|noreturn|jump|asm_only;", say_kind, ONCE},                         \
	{"clobbers", "w+", "clobbers none|args|memory|REGISTER...;", say_clobbers, ONCE},          \
	{"errors", "ww?b?", ERRORS_USAGE, say_errors, ONCE},                                       \
	{"flat", "w+", "flat SEGMENT...;", say_flat, ONCE},                                        \
	{"optional", "", "optional;", say_optional, ONCE},                                         \
	{"relocations", "w+", "relocations call|jump|nop...;", say_relocations, ONCE},             \
	{"defer", "w+", "defer MODE...;", say_defer, ONCE},                                        \
	{"plane", "w", "plane NAME;", say_plane, ONCE},                                            \
	{"option", "ws", "option NAME \"WHAT\";", say_option, REPEAT | BLOCK},                     \
	LIFE_ROWS
/* clang-format on */

/* ---- calls alone ---- */

static const struct param *call_param(struct run *run, const struct call *call, struct name name)
{
	vec_each(p, &call->params)
	{
		if (p->name.s == name.s)
			return p;
	}
	diag(run, unknown_param, name.loc, call->name.s, name.s,
	     suggest_param(run, &call->params, name.s));
	return NULL;
}

/** The member of an argument's element that a path names, or NULL and a report. */
static const struct member *element_member(struct run *run, const struct param *element,
					   const names *path, size_t first)
{
	const struct decl *d = element->type.decl;
	const struct member *m = NULL;

	for (size_t i = first; i < path->n; i++) {
		m = d ? record_member(d, path->v[i].s) : NULL;
		if (!m) {
			diag(run, unknown_member, path->v[i].loc,
			     i ? path->v[i - 1].s : element->name.s, path->v[i].s,
			     suggest_member(run, d, path->v[i].s));
			return NULL;
		}
		if (m->is_array && i + 1 < path->n) {
			diag(run, array_path, path->v[i].loc, m->name.s);
			return NULL;
		}
		d = m->nested ? m->nested : type_record(&m->type);
	}
	return m;
}

static void call_subs(const struct attributed *a)
{
	struct call *call = ((struct about *)a->thing)->call;
	const struct bits *bits = &call->selector_bits;
	const struct member *m;
	const struct type *type;
	const struct param *p;

	call->selector = a->s->operands.v[1].path;
	bits_from(a, 2, SUBS_USAGE, &call->selector_bits);
	p = call_param(a->run, call, call->selector.v[0]);
	if (!p)
		return;
	call->element = call->selector.n > 1 ? p : NULL;
	m = call->element ? element_member(a->run, p, &call->selector, 1) : NULL;
	type = m && !m->nested ? &m->type : &p->type;
	if (bits->is_said && type_scalar(type))
		check_bits(a->run, bits->loc, bits->high, bits->low,
			   (int64_t)type_size(((struct abi *)a->module)->scope.arch, type) * 8);
}

static void call_fix(const struct attributed *a)
{
	struct abi *abi = a->module;
	struct call *call = ((struct about *)a->thing)->call;
	const names *path = &a->s->operands.v[0].path;
	const struct operand *value = &a->s->operands.v[1];
	const struct param *p = call_param(a->run, call, path->v[0]);
	const struct decl *d = NULL;

	if (p && path->n > 1 && !element_member(a->run, p, path, 1))
		return;

	if (value->kind == OPERAND_PATH) {
		d = find_const(a->run, &abi->scope, value->path.v[0]);
		if (!d)
			return;
	}
	*vec_push(&call->fixed) =
		(struct fixed){p, *path,
			       d ? mem_printf("%s%s", d->scope->upper_prefix, d->name.s)
				 : mem_printf("%lld", (long long)value->value)};
}

static void call_entry(const struct attributed *a)
{
	traits_of(a)->entry = word_at(a->s, 0);
}

/** The field of the result that says how far the call came, if the result has fields. */
static bool has_field(const struct type *type, const char *name)
{
	if (!type->decl || type->stars || !type->decl->is_bits)
		return false;
	vec_each(f, &type->decl->fields)
	{
		if (f->name.s == name)
			return true;
	}
	return false;
}

static void call_resumes(const struct attributed *a)
{
	struct call *call = ((struct about *)a->thing)->call;
	struct name field = word_at(a->s, 2);

	words_from(a->s, &call->traits.resumes);
	call_param(a->run, call, word_at(a->s, 0));
	if (!is_word(word_at(a->s, 1), "from"))
		report_operand(a, 1, "resumes PARAMETER from FIELD;");
	if (!has_field(&call->result.type, field.s))
		diag(a->run, unknown_member, field.loc, "result", field.s, "");
}

static const struct attribute_row call_rows[] = {
	{"subs", "wdw?b?", SUBS_USAGE, call_subs, ONCE},
	{"fix", "dc", "fix PARAMETER VALUE; or fix PARAMETER.MEMBER VALUE;", call_fix, REPEAT},
	{"entry", "w", "entry NAME;", call_entry, ONCE},
	{"resumes", "www", "resumes PARAMETER from FIELD;", call_resumes, ONCE},
	TRAIT_ROWS,
};

static const struct table call_table = {"a call", call_rows, NELEM(call_rows), NULL};

/* ---- sub-commands alone ---- */

static void sub_arm(const struct attributed *a)
{
	struct about *about = a->thing;

	about->sub->arm = a->s->operands.v[0].path;
	if (about->call->element)
		element_member(a->run, about->call->element, &about->sub->arm, 0);
	else
		diag(a->run, no_element, a->s->loc, about->call->name.s);
}

static const struct attribute_row sub_rows[] = {
	{"uses", "d", "uses MEMBER;", sub_arm, ONCE},
	TRAIT_ROWS,
};

static const struct table sub_table = {"a sub-command", sub_rows, NELEM(sub_rows), NULL};

/** A structure travels in the element whole: the parameter points to one. */
static void place_in_element(struct run *run, const struct call *call, struct param *p)
{
	const struct member *m = element_member(run, call->element, &p->at, 0);
	const struct decl *record = m && !m->nested ? type_record(&m->type) : NULL;
	bool is_pointer = type_is_pointer(&p->type);

	p->is_embedded = record && p->type.stars == 1 && p->type.decl == record;
	if (!m || p->is_embedded ||
	    (!record && !m->nested && is_pointer == type_is_pointer(&m->type)))
		return;
	diag(run, not_the_member, p->name.loc, p->name.s, path_text(&p->at, 0));
}

/** Each parameter of a sub-command has a place: a parameter of the call, or in the element. */
static void check_sub_params(struct run *run, const struct call *call, struct subcall *sub)
{
	vec_each(p, &sub->params)
	{
		bool found = false;

		vec_each(q, &call->params) found |= q->name.s == p->name.s;
		if (p->at.n && call->element)
			place_in_element(run, call, p);
		else if (!found)
			diag(run, no_place, p->name.loc, p->name.s);
	}
}

static void number_sub(struct run *run, const struct call *call, struct map *numbers,
		       struct subcall *s)
{
	const struct bits *bits = &call->selector_bits;
	const struct subcall *old =
		map_add(numbers, intern(mem_printf("%lld", (long long)s->number)), s);

	if (old) {
		diag(run, duplicate, s->number_loc, "number of sub-command", s->name.s);
		diag_note(run, old->number_loc, "'%s' has this number", old->name.s);
	}
	if (bits->is_said && (uint64_t)s->number > bits_mask(bits->high - bits->low, 0))
		diag(run, out_of_range, s->number_loc, s->name.s, "0",
		     mem_printf("%llu", (unsigned long long)bits_mask(bits->high - bits->low, 0)));
}

static void resolve_sub(struct run *run, struct abi *abi, struct call *call, struct subcall *s)
{
	struct about about = {&s->traits.life, &s->traits.needs, &s->traits, call, s};

	s->result.type = call->result.type;
	resolve_result_attributes(run, &s->result);
	resolve_sub_params(run, &abi->scope, &s->params);
	apply_all(run, &sub_table, abi, &about, &s->stmts);
	check_sub_params(run, call, s);
}

void resolve_call(struct run *run, struct abi *abi, struct call *call)
{
	struct about about = {&call->traits.life, &call->traits.needs, &call->traits, call, NULL};
	struct map numbers = {0};

	resolve_result_attributes(run, &call->result);
	resolve_call_params(run, &abi->scope, &call->params);
	apply_all(run, &call_table, abi, &about, &call->stmts);
	if (call->subs.n && !call->selector.n)
		diag(run, no_selector, call->name.loc, call->name.s);
	vec_each(s, &call->subs)
	{
		number_sub(run, call, &numbers, *s);
		resolve_sub(run, abi, call, *s);
	}
}
