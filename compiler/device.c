/* Registers and bits by which a hypervisor tells what it is and offers. */
#include "device.h"

#include <string.h>

#include "convention.h"

/* ---- signatures ---- */

enum { CPUID_SIGNATURE = 12 };

void abi_signature(const struct attributed *a)
{
	struct abi *abi = a->thing;
	const operands *o = &a->s->operands;
	struct signature s = {.source = word_at(a->s, 0), .text = o->v[1].string};
	bool is_cpuid = is_word(s.source, "cpuid");
	size_t n = strlen(s.text);

	if (!is_cpuid && !is_word(s.source, "dmi"))
		diag(a->run, unknown_word, s.source.loc, s.source.s, "source of a signature",
		     "cpuid dmi");
	else if (is_cpuid ? o->n != 3 && o->n != 5 : o->n != 2)
		report_operand(a, is_cpuid && o->n > 3 ? 4 : 2,
			       "signature cpuid \"TEXT\" LEAF; signature cpuid \"TEXT\" FIRST LAST "
			       "STEP; or signature dmi \"TEXT\";");
	if (is_cpuid && (!n || n > CPUID_SIGNATURE))
		diag(a->run, bad_signature, o->v[1].loc);
	s.first = o->n > 2 ? o->v[2].value : 0;
	s.last = o->n == 5 ? o->v[3].value : s.first;
	s.step = o->n == 5 ? o->v[4].value : 1;
	if (s.last < s.first || s.step < 1)
		diag(a->run, bad_order, o->v[s.last < s.first ? 3 : 4].loc, "scan");
	*vec_push(&abi->signatures) = s;
}

/* ---- msrs ---- */

struct about_msr {
	struct about about;
	struct msr *msr;
};

static struct msr *msr_of(const struct attributed *a)
{
	return ((struct about_msr *)a->thing)->msr;
}

static void msr_read(const struct attributed *a)
{
	msr_of(a)->is_read = true;
}

static void msr_write(const struct attributed *a)
{
	msr_of(a)->is_written = true;
}

static void msr_percpu(const struct attributed *a)
{
	msr_of(a)->is_percpu = true;
}

static const struct attribute_row msr_rows[] = {
	{"read", "", "read;", msr_read, ONCE},
	{"write", "", "write;", msr_write, ONCE},
	{"percpu", "", "percpu;", msr_percpu, ONCE},
	LIFE_ROWS,
};

static const struct table msr_table = {"an msr", msr_rows, NELEM(msr_rows), NULL};

static void resolve_msr(struct run *run, struct abi *abi, struct map *numbers, struct msr *m)
{
	struct about_msr about = {{&m->life, &m->needs, NULL, NULL, NULL}, m};
	const struct msr *old =
		map_add(numbers, intern(mem_printf("%lld", (long long)m->number)), m);

	if (old) {
		diag(run, duplicate, m->number_loc, "number of msr", m->name.s);
		diag_note(run, old->number_loc, "'%s' has this number", old->name.s);
	}
	if (m->number < 0 || m->number > UINT32_MAX)
		diag(run, out_of_range, m->number_loc, m->name.s, "0", "0xffffffff");
	resolve_type(run, &abi->scope, &m->type);
	if (!m->type.is_broken && (type_is_pointer(&m->type) || !type_scalar(&m->type)))
		diag(run, not_a_number, m->type.loc, m->name.s);
	apply_all(run, &msr_table, abi, &about, &m->stmts);
	if (!m->is_read && !m->is_written)
		m->is_read = m->is_written = true;
}

/* ---- features ---- */

static const struct attribute_row feature_rows[] = {LIFE_ROWS};

static const struct table feature_table = {"a feature", feature_rows, NELEM(feature_rows), NULL};

static bool has_cpuid_signature(const struct abi *abi)
{
	vec_each(s, &abi->signatures)
	{
		if (is_word(s->source, "cpuid"))
			return true;
	}
	return false;
}

static int64_t check_cpuid(struct run *run, const struct abi *abi, const struct feature *f)
{
	static const char *const words[] = {"eax", "ebx", "ecx", "edx", NULL};
	const char *const *w = words;

	while (*w && !is_word(f->word, *w))
		w++;
	if (!*w)
		diag(run, unknown_word, f->word.loc, f->word.s, "word of cpuid", list_text(words));
	if (f->base.s && !is_word(f->base, "base"))
		diag(run, unknown_word, f->base.loc, f->base.s, "start of leaves", "base");
	else if (f->base.s && !has_cpuid_signature(abi))
		diag(run, no_base, f->base.loc, abi->name.s);
	return 32;
}

/** The structure that a call or sub-command fills in, or NULL. */
static const struct decl *filled(const params *params)
{
	vec_each(p, params)
	{
		if (p->direction > DIR_IN && p->type.stars && p->type.decl)
			return p->type.decl;
	}
	return NULL;
}

static const struct decl *answer_of(const struct abi *abi, const names *source)
{
	const struct call *call = abi_call(abi, source->v[0].s);
	const struct subcall *sub =
		call && source->n == 2 ? map_get(&call->sub_map, source->v[1].s) : NULL;

	if (!call || source->n > 2 || (source->n == 2 && !sub))
		return NULL;
	return filled(sub ? &sub->params : &call->params);
}

/** A word of what a call answers: CALL(ARGUMENT).MEMBER or CALL.SUB(ARGUMENT).MEMBER. */
static int64_t check_answer(struct run *run, const struct abi *abi, const struct feature *f)
{
	const struct decl *d = answer_of(abi, &f->source);
	const struct member *m = d ? record_member(d, f->word.s) : NULL;

	if (!d) {
		diag(run, unknown_source, path_loc(&f->source), path_text(&f->source, 0));
		return 64;
	}
	if (!m || m->nested || m->is_array || !type_scalar(&m->type)) {
		diag(run, unknown_member, f->word.loc, d->name.s, f->word.s,
		     m ? " that is a number" : suggest_member(run, d, f->word.s));
		return 64;
	}
	return (int64_t)type_size(abi->scope.arch, &m->type) * 8;
}

static const char *feature_key(const struct feature *f)
{
	return intern(mem_printf("%s(%s%lld).%s[%lld]", path_text(&f->source, 0),
				 f->base.s ? "base + " : "", (long long)f->leaf, f->word.s,
				 (long long)f->bit));
}

static void resolve_feature(struct run *run, struct abi *abi, struct map *bits, struct feature *f)
{
	struct about about = {&f->life, &f->needs, NULL, NULL, NULL};
	bool is_cpuid = f->source.n == 1 && is_word(f->source.v[0], "cpuid");
	int64_t width = is_cpuid ? check_cpuid(run, abi, f) : check_answer(run, abi, f);
	const struct feature *old = map_add(bits, feature_key(f), f);

	check_bits(run, f->bit_loc, f->bit, f->bit, width);
	if (old) {
		diag(run, duplicate, f->loc, "bit of feature", f->name.s);
		diag_note(run, old->loc, "'%s' has this bit", old->name.s);
	}
	apply_all(run, &feature_table, abi, &about, &f->stmts);
}

void resolve_devices(struct run *run, struct abi *abi)
{
	struct map numbers = {0}, bits = {0};

	vec_each(m, &abi->msrs) resolve_msr(run, abi, &numbers, *m);
	vec_each(f, &abi->features) resolve_feature(run, abi, &bits, *f);
}
