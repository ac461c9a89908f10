/* What a hypervisor on the other side sees: numbers, registers, entries, signatures. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "manifest.h"

static const char *place_text(const struct carrier *c)
{
	const char *bits = bits_text(&c->bits);

	return *bits ? mem_printf("%s bits %s", carrier_text(c), bits) : carrier_text(c);
}

/* ---- clobbers: sets of words ---- */

static bool has_register(const struct clobbers *c, const char *reg)
{
	vec_each(r, &c->registers)
	{
		if (r->s == reg)
			return true;
	}
	return false;
}

static bool clobbers_more(const struct clobbers *a, const struct clobbers *b)
{
	if ((a->args && !b->args) || (a->memory && !b->memory))
		return true;
	vec_each(r, &a->registers)
	{
		if (!has_register(b, r->s))
			return true;
	}
	return false;
}

static void diff_clobbers(struct diff *d, const struct at *at, const struct clobbers *old,
			  const struct clobbers *new)
{
	const char *a = clobbers_text(old), *b = clobbers_text(new);

	if (clobbers_more(new, old))
		change(d, R_REG_CLOBBER, at, "%s -> %s", a, b);
	if (clobbers_more(old, new))
		change(d, R_CC_CLOBBER_SHRINK, at, "%s -> %s", a, b);
	/* What says nothing itself has what its entry says. */
	if (old->is_said != new->is_said && !strcmp(a, b))
		change(d, R_ANN, at, "clobbers %s", new->is_said ? "said" : "not said");
}

/* ---- life ---- */

static void diff_life(struct diff *d, const struct at *at, const struct life *old,
		      const struct life *new)
{
	if (old->is_deprecated != new->is_deprecated)
		change(d, new->is_deprecated ? R_DEP_ADD : R_DEP_UNDO, at, "%s",
		       new->is_deprecated ? "deprecated" : "no longer deprecated");
	if (!old->retired != !new->retired)
		change(d, new->retired ? R_DEP_ADD : R_DEP_UNDO, at, "retired: %s",
		       new->retired ? version_text(new->retired) : "no longer");
	else if (old->retired != new->retired || old->deprecated != new->deprecated ||
		 old->since != new->since)
		change(d, R_ANN, at, "since: %s -> %s", version_text(old->since),
		       version_text(new->since));
}

/* ---- architectures: a set of bits, 0 or all is everywhere ---- */

static void diff_arches(struct diff *d, const struct at *at, unsigned int old, unsigned int new)
{
	old = old ? old : UINT_MAX;
	new = new ? new : UINT_MAX;
	if (old & ~new)
		change(d, R_NUM_DEL, at, "not on all architectures where it was");
	if (new & ~old)
		change(d, R_NUM_ADD, at, "on more architectures");
}

/* ---- entries ---- */

static const char *code_text(const struct entry *e)
{
	struct out o = {0};

	vec_each(insn, &e->code.insns) put(&o, "%s%s", o.n ? "; " : "", insn->string);
	return text_of(&o);
}

static const char *args_text(const struct entry *e)
{
	struct out o = {0};

	vec_each(r, &e->args) put(&o, "%s%s", o.n ? " " : "", registers_text(r));
	put(&o, "%s", e->takes_stack ? " stack" : "");
	return text_of(&o);
}

static const char *presets_text(const struct entry *e)
{
	struct out o = {0};

	vec_each(p, &e->presets) put(&o, "%s%s = %s", o.n ? ", " : "", place_text(&p->carrier),
				     operand_text(&p->value));
	return text_of(&o);
}

FACT(get_code, entry, fact_text(code_text(x)))
FACT(get_condition, entry, fact_text(x->condition ? expr_text(x->condition) : ""))
FACT(get_number, entry, fact_text(place_text(&x->number)))
FACT(get_args, entry, fact_text(args_text(x)))
FACT(get_result, entry, fact_text(registers_text(&x->result)))
FACT(get_presets, entry, fact_text(presets_text(x)))
FACT(get_errors, entry, fact_text(errors_text(&x->errors)))
FACT(get_flat, entry, fact_words(&x->flat))

static const struct property entry_rows[] = {
	{"instructions", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_code},
	{"when", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_condition},
	{"number", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_number},
	{"args", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_args},
	{"result register", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_result},
	{"fixed", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_presets},
	{"errors", R_RET_ERRSPACE, R_RET_ERRSPACE, R_RET_ERRSPACE, get_errors},
	{"flat", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_flat},
};

/** An entry as a thing with a name: its architecture, and what calls say to have it. */
struct named_entry {
	struct name name;
	const struct entry *entry;
};

typedef VEC(struct named_entry) named_entries;

static named_entries named_entries_of(const struct abi *abi)
{
	named_entries all = {0};

	vec_each(it, &abi->entries)
	{
		const struct entry *e = *it;
		const char *name = mem_printf("entry %s%s%s", e->code.arch.s, e->name.s ? " " : "",
					      e->name.s ? e->name.s : "");

		*vec_push(&all) = (struct named_entry){{intern(name), e->code.arch.loc}, e};
	}
	return all;
}

static void diff_entries(struct diff *d, const struct at *at, const struct abi *old,
			 const struct abi *new)
{
	named_entries x = named_entries_of(old), y = named_entries_of(new);
	pairs pairs = pair_values(&x, &y);

	vec_each(p, &pairs)
	{
		const struct named_entry *a = p->old, *b = p->new;
		struct at inner = at_pair(at, a ? &a->name : NULL, b ? &b->name : NULL);

		if (!a || !b) {
			change(d, R_REG_TRAP, &inner, "%s", code_text(a ? a->entry : b->entry));
			continue;
		}
		diff_facts(d, &inner, entry_rows, a->entry, b->entry);
		diff_clobbers(d, &inner, &a->entry->clobbers, &b->entry->clobbers);
	}
}

/* ---- where values travel ---- */

static const char *way_text(const struct param *p)
{
	return p->way ? place_text(&p->way->at) : "";
}

FACT(get_way, param, fact_text(way_text(x)))
FACT(get_at, param, fact_text(x->at.n ? path_text(&x->at, 0) : ""))

static const struct property way_rows[] = {
	{"place", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_way},
	{"at", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_at},
};

/** Parameters that came or went took others with them, which is said where they did. */
static void diff_ways(struct diff *d, const struct at *at, const params *old, const params *new)
{
	if (old->n != new->n)
		return;
	for (uint32_t i = 0; i < old->n; i++) {
		const struct param *a = &old->v[i], *b = &new->v[i];
		struct at inner = at_pair(at, &a->name, &b->name);

		if (a->name.s == b->name.s)
			diff_facts(d, &inner, way_rows, a, b);
	}
}

/* ---- what calls and sub-commands say alike ---- */

FACT(get_kind, traits, fact_text(kind_name(x->kind)))
FACT(get_entry, traits, fact_text(x->entry.s))
FACT(get_domain, traits, fact_text(errors_text(&x->errors)))
FACT(get_segments, traits, fact_words(&x->flat))
FACT(get_optional, traits, fact_number(x->is_optional))
FACT(get_needs, traits, fact_words(&x->needs))
FACT(get_defer, traits, fact_words(&x->defer))
FACT(get_resumes, traits, fact_words(&x->resumes))

static const struct property trait_rows[] = {
	{"kind", R_CC_NORETURN, R_CC_NORETURN, R_CC_NORETURN, get_kind},
	{"entry", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_entry},
	{"errors", R_RET_ERRSPACE, R_RET_ERRSPACE, R_RET_ERRSPACE, get_domain},
	{"flat", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_segments},
	{"optional", R_NUM_OPTIONAL, R_NUM_OPTIONAL, R_NUM_OPTIONAL, get_optional},
	{"needs", R_NUM_OPTIONAL, R_NUM_OPTIONAL, R_NUM_OPTIONAL, get_needs},
	{"defer", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_defer},
	{"resumes", R_CC_CONTEXT, R_CC_CONTEXT, R_CC_CONTEXT, get_resumes},
};

static void diff_traits(struct diff *d, const struct at *at, const struct traits *old,
			const struct traits *new)
{
	diff_facts(d, at, trait_rows, old, new);
	diff_clobbers(d, at, &old->clobbers, &new->clobbers);
	diff_arches(d, at, old->arches, new->arches);
	diff_life(d, at, &old->life, &new->life);
	diff_options(d, at, old, new);
}

/* ---- numbers ---- */

/** What has a number: a call, a sub-command, a register. */
struct numbered {
	struct name name;
	const void *thing;
	int64_t number;
	bool has_probe; /* who calls it can find out whether it is there */
	bool is_fixed;	/* the number is a place in memory */
	bool is_asked;	/* a ROM is asked for it, whoever calls it */
};

typedef VEC(struct numbered) numbereds;

/** What has each number, old and new. */
struct owners {
	struct map old, new;
};

static const char *number_key(int64_t number)
{
	return intern(mem_printf("%lld", (long long)number));
}

static struct owners owners_of(const pairs *pairs)
{
	struct owners owners = {{0}, {0}};

	vec_each(p, pairs)
	{
		const struct numbered *a = p->old, *b = p->new;

		if (a)
			map_add(&owners.old, number_key(a->number), (void *)a);
		if (b)
			map_add(&owners.new, number_key(b->number), (void *)b);
	}
	return owners;
}

static const struct numbered *owner_of(const struct map *owners, int64_t number)
{
	return map_get(owners, number_key(number));
}

static const struct reservation *reservation_of(const struct abi *abi, int64_t number)
{
	vec_each(r, &abi->reservations)
	{
		if (r->first <= number && number <= r->last)
			return r;
	}
	return NULL;
}

/** One that is new; @old is NULL where numbers cannot be reserved. */
static void diff_new_number(struct diff *d, const struct at *at, const struct owners *owners,
			    const struct numbered *n, const struct abi *old)
{
	const struct numbered *before = owner_of(&owners->old, n->number);

	if (before)
		change(d, R_NUM_SWAP, at, "%lld was %s", (long long)n->number, before->name.s);
	else if (old && reservation_of(old, n->number))
		change(d, R_NUM_RESERVED, at, "%lld was reserved", (long long)n->number);
	change(d,
	       n->has_probe  ? R_NUM_ADD
	       : n->is_asked ? R_NUM_MANDATORY
			     : R_NUM_ADD_NOPROBE,
	       at, "%lld", (long long)n->number);
}

static void diff_number(struct diff *d, const struct at *at, const struct owners *owners,
			const struct numbered *a, const struct numbered *b)
{
	bool is_taken;

	if (a->number == b->number)
		return;
	is_taken = owner_of(&owners->old, b->number) || owner_of(&owners->new, a->number);
	change(d, is_taken ? R_NUM_SWAP : R_NUM_CHANGE, at, "%lld -> %lld", (long long)a->number,
	       (long long)b->number);
}

/** One that is gone; @new is NULL where numbers cannot be reserved. */
static void diff_old_number(struct diff *d, const struct at *at, const struct owners *owners,
			    const struct numbered *n, const struct abi *new)
{
	long long number = n->number;

	change(d, R_NUM_DEL, at, "%lld", number);
	if (!new || n->is_fixed || owner_of(&owners->new, number) || reservation_of(new, number))
		return;
	change(d, R_NUM_OPEN, at, "%lld", number);
	diff_insert_inside(d, new->name.loc,
			   mem_printf("reserved number %lld \"was %s\";", number, n->name.s));
}

/** @abis, old and new, are NULL where numbers cannot be reserved. */
static void diff_numbers(struct diff *d, const struct at *at, const numbereds *old,
			 const numbereds *new, const struct abi *const *abis,
			 void (*compare)(struct diff *d, const struct at *at, const void *old,
					 const void *new))
{
	pairs pairs = pair_values(old, new);
	struct owners owners = owners_of(&pairs);

	vec_each(p, &pairs)
	{
		const struct numbered *a = p->old, *b = p->new;
		struct at inner = at_pair(at, a ? &a->name : NULL, b ? &b->name : NULL);

		if (!a) {
			diff_new_number(d, &inner, &owners, b, abis ? abis[0] : NULL);
		} else if (!b) {
			diff_old_number(d, &inner, &owners, a, abis ? abis[1] : NULL);
		} else {
			diff_number(d, &inner, &owners, a, b);
			compare(d, &inner, a->thing, b->thing);
		}
	}
}

/* ---- sub-commands ---- */

static bool has_probe(const struct traits *t)
{
	return t->is_optional || t->needs.n;
}

FACT(get_arm, subcall, fact_text(x->arm.n ? path_text(&x->arm, 0) : ""))

static const struct property sub_rows[] = {
	{"uses", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_arm}};

static void diff_sub(struct diff *d, const struct at *at, const void *old, const void *new)
{
	const struct subcall *a = old, *b = new;

	diff_params(d, at, &a->params, &b->params);
	diff_ways(d, at, &a->params, &b->params);
	diff_facts(d, at, sub_rows, a, b);
	diff_traits(d, at, &a->traits, &b->traits);
}

static numbereds numbered_subs(const struct call *c)
{
	numbereds all = {0};

	vec_each(it, &c->subs)
	{
		const struct subcall *s = *it;

		*vec_push(&all) = (struct numbered){
			s->name, s,    s->number, has_probe(&s->traits) || has_probe(&c->traits),
			false,	 false};
	}
	return all;
}

/* ---- calls ---- */

FACT(get_fixed, call, fact_number(x->is_fixed))
FACT(get_fixes, call, fact_text(fixes_text(x)))
FACT(get_call_way, call, fact_text(way_text(&x->result)))
FACT(get_selector, call, fact_text(x->selector.n ? path_text(&x->selector, 0) : ""))
FACT(get_selector_bits, call, fact_text(bits_text(&x->selector_bits)))

static const struct property call_rows[] = {
	{"at a fixed place", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_fixed},
	{"place of the result", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_call_way},
	{"fixed values", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_fixes},
	{"subs in", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_selector},
	{"bits of subs", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_selector_bits},
};

/** Is the call's code in a ROM, which is asked for it? */
static bool is_asked(const struct call *c)
{
	return c->abi->rom && !c->is_fixed;
}

/** What ROMs may answer, and what they must not. */
static void diff_answers(struct diff *d, const struct at *at, const struct call *old,
			 const struct call *new)
{
	unsigned int a = call_answers(old), b = call_answers(new);

	if (!is_asked(old) || !is_asked(new))
		return;
	if (old->traits.is_optional != new->traits.is_optional)
		change(d, new->traits.is_optional ? R_NUM_LACKED : R_NUM_MANDATORY, at, "%lld",
		       (long long)new->number);
	for (enum rom_answer i = ANSWER_CALL; i < ANSWERS; i++)
		if ((a ^ b) >> i & 1)
			change(d, b >> i & 1 ? R_NUM_ANSWER_ADD : R_NUM_ANSWER_DEL, at, "%s",
			       answer_name(i));
}

static void diff_call(struct diff *d, const struct at *at, const void *old, const void *new)
{
	const struct call *a = old, *b = new;
	numbereds x = numbered_subs(a), y = numbered_subs(b);
	struct traits traits = a->traits;

	/* Of a ROM this is a matter of its answers. */
	if (is_asked(a) && is_asked(b))
		traits.is_optional = b->traits.is_optional;
	diff_result(d, at, &a->result.type, &b->result.type);
	if (a->result.space != b->result.space)
		change(d, R_REG_PTRKIND, at, "result: %s -> %s", space_name(a->result.space),
		       space_name(b->result.space));
	diff_params(d, at, &a->params, &b->params);
	diff_ways(d, at, &a->params, &b->params);
	diff_facts(d, at, call_rows, a, b);
	diff_traits(d, at, &traits, &b->traits);
	diff_answers(d, at, a, b);
	diff_numbers(d, at, &x, &y, NULL, diff_sub);
}

/** Of one name there is one for each architecture; each is paired with its own. */
static int by_arches(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	const struct call *p = x->thing, *q = y->thing;

	if (p->traits.arches != q->traits.arches)
		return p->traits.arches < q->traits.arches ? -1 : 1;
	if (x->name.loc.file != y->name.loc.file)
		return x->name.loc.file < y->name.loc.file ? -1 : 1;
	return x->name.loc.begin < y->name.loc.begin ? -1 : 1;
}

static numbereds numbered_calls(const struct abi *abi)
{
	numbereds all = {0};

	vec_each(it, &abi->calls)
	{
		const struct call *c = *it;

		*vec_push(&all) = (struct numbered){
			c->name, c, c->number, has_probe(&c->traits), c->is_fixed, is_asked(c)};
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_arches);
	return all;
}

/* ---- registers of the machine ---- */

static const char *access_text(const struct msr *m)
{
	return mem_printf("%s%s%s", m->is_read ? "read " : "", m->is_written ? "write " : "",
			  m->is_percpu ? "percpu" : "");
}

FACT(get_access, msr, fact_text(access_text(x)))
FACT(get_msr_needs, msr, fact_words(&x->needs))

static const struct property msr_rows[] = {
	{"access", R_NUM_ACCESS, R_NUM_ACCESS, R_NUM_ACCESS, get_access},
	{"needs", R_NUM_OPTIONAL, R_NUM_OPTIONAL, R_NUM_OPTIONAL, get_msr_needs},
};

static void diff_msr(struct diff *d, const struct at *at, const void *old, const void *new)
{
	const struct msr *a = old, *b = new;

	diff_result(d, at, &a->type, &b->type);
	diff_facts(d, at, msr_rows, a, b);
	diff_life(d, at, &a->life, &b->life);
}

static numbereds numbered_msrs(const struct abi *abi)
{
	numbereds all = {0};

	vec_each(it, &abi->msrs)
	{
		const struct msr *m = *it;

		*vec_push(&all) =
			(struct numbered){m->name, m, m->number, m->needs.n, false, false};
	}
	return all;
}

/* ---- features ---- */

static const char *bit_text(const struct feature *f)
{
	return mem_printf("%s(%s%s%lld).%s[%lld]", path_text(&f->source, 0),
			  f->base.s ? f->base.s : "", f->base.s ? " + " : "", (long long)f->leaf,
			  f->word.s, (long long)f->bit);
}

FACT(get_bit, feature, fact_text(bit_text(x)))
FACT(get_hint, feature, fact_number(x->is_hint))
FACT(get_feature_needs, feature, fact_words(&x->needs))

static const struct property feature_rows[] = {
	{"bit", R_VER_FEATBIT, R_VER_FEATBIT, R_VER_FEATBIT, get_bit},
	{"hint", R_VER_FEATDEL, R_VER_FEATDEL, R_VER_FEATDEL, get_hint},
	{"needs", R_VER_FEATURE, R_VER_FEATURE, R_VER_FEATURE, get_feature_needs},
};

/** The feature that had the bit, if this is new; or NULL. */
static const struct feature *bit_before(const struct abi *old, const struct feature *f)
{
	vec_each(it, &old->features)
	{
		if (!strcmp(bit_text(*it), bit_text(f)))
			return *it;
	}
	return NULL;
}

static void diff_features(struct diff *d, const struct at *at, const struct abi *old,
			  const struct abi *new)
{
	pairs pairs = pair_pointers(&old->features, &new->features);

	vec_each(p, &pairs)
	{
		const struct feature *a = p->old, *b = p->new, *before;
		struct at inner = at_pair(at, p->old, p->new);

		if (a && b) {
			diff_facts(d, &inner, feature_rows, a, b);
			diff_life(d, &inner, &a->life, &b->life);
		} else if (a) {
			change(d, R_VER_FEATDEL, &inner, "%s", bit_text(a));
		} else if ((before = bit_before(old, b))) {
			change(d, R_VER_FEATBIT, &inner, "%s was %s", bit_text(b), before->name.s);
		} else {
			change(d, R_VER_FEATURE, &inner, "%s", bit_text(b));
		}
	}
}

/* ---- reservations, signatures, ROMs ---- */

static const char *reserved_text(const struct abi *abi)
{
	struct out o = {0};

	vec_each(r, &abi->reservations)
		put(&o, "%s%lld-%lld", o.n ? " " : "", (long long)r->first, (long long)r->last);
	return text_of(&o);
}

static const char *reasons_text(const struct abi *abi)
{
	struct out o = {0};

	vec_each(r, &abi->reservations) put(&o, "%s%s", o.n ? ", " : "", r->reason);
	return text_of(&o);
}

static bool is_reserved_in(const struct abi *abi, const struct reservation *r)
{
	vec_each(other, &abi->reservations)
	{
		if (other->first <= r->first && r->last <= other->last)
			return true;
	}
	return false;
}

/** Numbers that were reserved are open, or the other way round. */
static void diff_reservations(struct diff *d, const struct at *at, const struct abi *old,
			      const struct abi *new)
{
	const char *a = reserved_text(old), *b = reserved_text(new);
	bool is_less = false;

	vec_each(r, &old->reservations) is_less |= !is_reserved_in(new, r);
	if (strcmp(a, b) != 0)
		change(d, is_less ? R_NUM_UNRESERVE : R_NUM_RESERVE, at, "%s -> %s",
		       *a ? a : "nothing", *b ? b : "nothing");
	else if (strcmp(reasons_text(old), reasons_text(new)) != 0)
		change(d, R_ANN, at, "reasons of reservations: %s -> %s", reasons_text(old),
		       reasons_text(new));
}

static const char *signatures_text(const struct abi *abi)
{
	struct out o = {0};

	vec_each(s, &abi->signatures)
		put(&o, "%s%s \"%s\" 0x%llx 0x%llx 0x%llx", o.n ? ", " : "", s->source.s, s->text,
		    (long long)s->first, (long long)s->last, (long long)s->step);
	return text_of(&o);
}

static void put_rule(struct out *o, const struct rule *r)
{
	put(o, " %s %s %lld", r->member.s, r->is_least ? "least" : "equal", (long long)r->value);
	vec_each(text, &r->texts) put(o, " \"%s\"", text->s);
}

static const char *rom_magic_text(const struct rom *r)
{
	struct out o = {0};

	put(&o, "header %s, scan 0x%llx 0x%llx %lld,", r->header->name.s, (long long)r->from,
	    (long long)r->to, (long long)r->step);
	vec_each(rule, &r->rules) put_rule(&o, rule);
	put(&o, " length %s %lld%s", r->length.s ? r->length.s : "", (long long)r->unit,
	    r->has_sum ? " sum" : "");
	return text_of(&o);
}

static void put_answer_bits(struct out *o, const struct bit_field *f)
{
	put(o, " %s %lld:%lld", f->name.s, (long long)f->high, (long long)f->low);
}

static const char *rom_place_text(const struct rom *r)
{
	struct out o = {0};

	put(&o, "slot %lld, find %s", (long long)r->slot, r->find ? r->find->name.s : "none");
	if (r->enter)
		put(&o, ", enter %s", r->enter->name.s);
	if (r->top.s)
		put(&o, ", top %s", r->top.s);
	if (r->address && r->kind) {
		put(&o, ", answer");
		put_answer_bits(&o, r->address);
		put_answer_bits(&o, r->kind);
	}
	for (enum rom_answer i = 0; i < ANSWERS; i++)
		if (r->kinds[i])
			put(&o, ", %s %lld", answer_name(i), (long long)r->kinds[i]->value);
	return text_of(&o);
}

FACT(get_multicall, abi, fact_text(multicall_text(x)))
FACT(get_signatures, abi, fact_text(signatures_text(x)))
FACT(get_rom_magic, abi, fact_text(x->rom ? rom_magic_text(x->rom) : ""))
FACT(get_rom_place, abi, fact_text(x->rom ? rom_place_text(x->rom) : ""))

static const struct property abi_rows[] = {
	{"multicall", R_REG_ASSIGN, R_REG_ASSIGN, R_REG_ASSIGN, get_multicall},
	{"signatures", R_VER_MAGIC, R_VER_MAGIC, R_VER_MAGIC, get_signatures},
	{"rom", R_VER_MAGIC, R_VER_MAGIC, R_VER_MAGIC, get_rom_magic},
	{"places in the rom", R_REG_TRAP, R_REG_TRAP, R_REG_TRAP, get_rom_place},
};

void diff_abi(struct diff *d, const struct at *at, const struct abi *old, const struct abi *new)
{
	numbereds calls[] = {numbered_calls(old), numbered_calls(new)};
	numbereds msrs[] = {numbered_msrs(old), numbered_msrs(new)};

	diff_arches(d, at, old->says_arch ? old->arches : 0, new->says_arch ? new->arches : 0);
	diff_scope(d, at, &old->scope, &new->scope);
	diff_entries(d, at, old, new);
	diff_numbers(d, at, &calls[0], &calls[1], (const struct abi *[]){old, new}, diff_call);
	diff_numbers(d, at, &msrs[0], &msrs[1], NULL, diff_msr);
	diff_features(d, at, old, new);
	diff_reservations(d, at, old, new);
	diff_planes(d, at, old, new);
	diff_facts(d, at, abi_rows, old, new);
}
