/*
 * A binary interface as JSON: what the description says, and where each value travels.  What is not
 * said has no key.
 */
#include <limits.h>

#include "manifest.h"
#include "text.h"

/* ---- keys behind another; none if there is nothing to say ---- */

static void key_text(struct out *o, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	put(o, ", \"%s\": ", key);
	put_json(o, value);
}

static void key_true(struct out *o, const char *key, bool value)
{
	if (value)
		put(o, ", \"%s\": true", key);
}

static void key_number(struct out *o, const char *key, int64_t value)
{
	put(o, ", \"%s\": %lld", key, (long long)value);
}

static void key_words(struct out *o, const char *key, const names *words)
{
	if (!words->n)
		return;
	put(o, ", \"%s\": [", key);
	vec_each(w, words)
	{
		put(o, "%s", w == words->v ? "" : ", ");
		put_json(o, w->s);
	}
	put(o, "]");
}

static void key_arches(struct out *o, unsigned int arches)
{
	names words = {0};

	for (size_t i = 0; i < arch_count && arches != UINT_MAX; i++)
		if (arches & arch_bit(&arch_table[i]))
			*vec_push(&words) = (struct name){.s = arch_table[i].name};
	key_words(o, "arch", &words);
}

/* ---- texts ---- */

const char *registers_text(const struct registers *r)
{
	if (r->high.s)
		return mem_printf("%s:%s", r->high.s, r->low.s);
	return r->low.s ? r->low.s : "";
}

const char *carrier_text(const struct carrier *at)
{
	return at->is_stack ? mem_printf("stack[%lld]", (long long)at->slot)
			    : registers_text(&at->registers);
}

const char *bits_text(const struct bits *bits)
{
	return bits->is_said ? mem_printf("%lld:%lld", (long long)bits->high, (long long)bits->low)
			     : "";
}

const char *errors_text(const struct errors *e)
{
	const char *more = e->reg.s ? e->reg.s : bits_text(&e->bits);

	return e->domain ? mem_printf("%s%s%s", domain_name(e->domain), *more ? " " : "", more)
			 : "";
}

static void key_version(struct out *o, const char *key, int64_t version)
{
	key_text(o, key, version ? version_text(version) : NULL);
}

static void key_life(struct out *o, const struct life *life)
{
	key_version(o, "since", life->since);
	key_version(o, "deprecated", life->deprecated);
	key_true(o, "deprecated", life->is_deprecated && !life->deprecated);
	key_version(o, "retired", life->retired);
}

static names clobber_words(const struct clobbers *c)
{
	names words = {0};

	if (c->args)
		*vec_push(&words) = (struct name){.s = "args"};
	if (c->memory)
		*vec_push(&words) = (struct name){.s = "memory"};
	vec_each(r, &c->registers) * vec_push(&words) = *r;
	if (c->is_said && !words.n)
		*vec_push(&words) = (struct name){.s = "none"};
	return words;
}

const char *clobbers_text(const struct clobbers *c)
{
	names words = clobber_words(c);
	struct out o = {0};

	vec_each(w, &words) put(&o, "%s%s", w == words.v ? "" : " ", w->s);
	return text_of(&o);
}

static void key_clobbers(struct out *o, const struct clobbers *c)
{
	names words = clobber_words(c);

	key_words(o, "clobbers", &words);
}

/* ---- entries ---- */

static void put_preset(const struct preset *p, struct out *o)
{
	put(o, "{\"place\": \"%s\"", carrier_text(&p->carrier));
	if (p->value.kind == OPERAND_PATH)
		key_text(o, "value", p->value.path.v[0].s);
	else
		key_number(o, "value", p->value.value);
	key_text(o, "bits", bits_text(&p->carrier.bits));
	put(o, "}");
}

static void put_entry(const struct entry *e, struct out *o)
{
	names code = {0}, args = {0};

	vec_each(insn, &e->code.insns) * vec_push(&code) = (struct name){.s = insn->string};
	vec_each(r, &e->args) * vec_push(&args) = (struct name){.s = registers_text(r)};
	put(o, "{\"arch\": \"%s\"", e->code.arch.s);
	key_text(o, "name", e->name.s);
	key_words(o, "code", &code);
	key_text(o, "when", e->condition ? expr_text(e->condition) : NULL);
	key_text(o, "number", carrier_text(&e->number));
	key_text(o, "number_bits", bits_text(&e->number.bits));
	key_words(o, "args", &args);
	key_true(o, "stack", e->takes_stack);
	key_text(o, "result", registers_text(&e->result));
	key_clobbers(o, &e->clobbers);
	key_text(o, "errors", errors_text(&e->errors));
	key_words(o, "flat", &e->flat);
	put(o, ", \"fixed\": [");
	vec_each(p, &e->presets)
	{
		put(o, "%s", p == e->presets.v ? "" : ", ");
		put_preset(p, o);
	}
	put(o, "]}");
}

static void put_entries(const struct abi *a, struct out *o)
{
	put(o, "\"entries\": [");
	vec_each(e, &a->entries)
	{
		put(o, "%s", separator(e == a->entries.v, "\t\t\t"));
		put_entry(*e, o);
	}
	put(o, "]");
}

/* ---- calls ---- */

static const char *direction_text(enum direction direction)
{
	static const char *const texts[] = {
		[DIR_NONE] = "", [DIR_IN] = "in", [DIR_OUT] = "out", [DIR_INOUT] = "inout"};

	return texts[direction];
}

static void put_param(const struct param *p, struct out *o)
{
	put(o, "{\"name\": \"%s\"", p->name.s);
	key_text(o, "type", c_declare(&p->type, ""));
	key_text(o, "direction", direction_text(p->direction));
	key_text(o, "space", p->space ? space_name(p->space) : NULL);
	key_text(o, "at", p->at.n ? path_text(&p->at, 0) : NULL);
	key_text(o, "place", carrier_text(&p->way->at));
	key_text(o, "bits", bits_text(&p->way->at.bits));
	put(o, "}");
}

static void key_params(struct out *o, const params *params)
{
	put(o, ", \"params\": [");
	vec_each(p, params)
	{
		put(o, "%s", p == params->v ? "" : ", ");
		put_param(p, o);
	}
	put(o, "]");
}

static void key_options(struct out *o, const struct traits *t)
{
	if (!t->options.n)
		return;
	put(o, ", \"options\": [");
	vec_each(option, &t->options)
	{
		put(o, "%s{\"name\": \"%s\"", option == t->options.v ? "" : ", ", option->name.s);
		key_text(o, "text", option->text);
		key_text(o, "plane", option->plane.s);
		put(o, "}");
	}
	put(o, "]");
}

/** What a ROM may answer, if that is not what it may where nothing is said. */
static const names *answer_words(const struct traits *t)
{
	unsigned int usual = 1u << (t->kind == KIND_JUMP ? ANSWER_JUMP : ANSWER_CALL);
	unsigned int answers = t->relocations == usual ? 0 : t->relocations;
	names *words = mem_alloc(sizeof(*words));

	for (enum rom_answer i = 0; i < ANSWERS; i++)
		if (answers >> i & 1)
			*vec_push(words) = (struct name){.s = answer_name(i)};
	return words;
}

static void key_traits(struct out *o, const struct traits *t)
{
	key_arches(o, t->arches);
	key_text(o, "kind", t->kind == KIND_FUNCTION ? NULL : kind_name(t->kind));
	key_text(o, "entry", t->entry.s);
	key_clobbers(o, &t->clobbers);
	key_text(o, "errors", errors_text(&t->errors));
	key_words(o, "flat", &t->flat);
	key_true(o, "optional", t->is_optional);
	key_words(o, "needs", &t->needs);
	key_words(o, "defer", &t->defer);
	key_words(o, "resumes", &t->resumes);
	key_words(o, "relocations", answer_words(t));
	key_life(o, &t->life);
	key_text(o, "plane", t->plane.s);
	key_options(o, t);
}

static void put_sub(const struct subcall *s, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"number\": %lld", s->name.s, (long long)s->number);
	key_params(o, &s->params);
	key_text(o, "uses", s->arm.n ? path_text(&s->arm, 0) : NULL);
	key_traits(o, &s->traits);
	put(o, "}");
}

const char *fixes_text(const struct call *c)
{
	struct out o = {0};

	vec_each(f, &c->fixed)
		put(&o, "%s%s = %s", o.n ? ", " : "", path_text(&f->path, 0), f->value);
	return text_of(&o);
}

static void put_call(const struct call *c, struct out *o)
{
	put(o, "{\"name\": \"%s\", \"number\": %lld", c->name.s, (long long)c->number);
	key_true(o, "fixed", c->is_fixed);
	key_text(o, "type", c_declare(&c->result.type, ""));
	key_text(o, "place", carrier_text(&c->result.way->at));
	key_text(o, "bits", bits_text(&c->result.way->at.bits));
	key_params(o, &c->params);
	key_traits(o, &c->traits);
	key_text(o, "selector", c->selector.n ? path_text(&c->selector, 0) : NULL);
	key_text(o, "selector_bits", bits_text(&c->selector_bits));
	key_text(o, "fix", fixes_text(c));
	put(o, ", \"subs\": [");
	vec_each(s, &c->subs)
	{
		put(o, "%s", separator(s == c->subs.v, "\t\t\t\t"));
		put_sub(*s, o);
	}
	put(o, "]}");
}

static void put_calls(const struct abi *a, struct out *o)
{
	put(o, "\"calls\": [");
	vec_each(c, &a->calls)
	{
		put(o, "%s", separator(c == a->calls.v, "\t\t\t"));
		put_call(*c, o);
	}
	put(o, "]");
}

static void put_reservations(const struct abi *a, struct out *o)
{
	put(o, "\"reserved\": [");
	vec_each(r, &a->reservations)
	{
		put(o, "%s{\"first\": %lld", separator(r == a->reservations.v, "\t\t\t"),
		    (long long)r->first);
		key_number(o, "last", r->last);
		key_text(o, "reason", r->reason);
		put(o, "}");
	}
	put(o, "]");
}

/* ---- what is counted, and what of it can be had ---- */

static void put_planes(const struct abi *a, struct out *o)
{
	put(o, "\"planes\": [");
	vec_each(it, &a->planes)
	{
		const struct plane *plane = *it;
		names memory = {0};

		vec_each(place, &plane->memory) * vec_push(&memory) =
			(struct name){.s = path_text(&place->path, 0)};
		put(o, "%s{\"name\": \"%s\"", separator(it == a->planes.v, "\t\t\t"),
		    plane->name.s);
		key_text(o, "text", plane->text);
		key_words(o, "memory", &memory);
		put(o, "}");
	}
	put(o, "]");
}

void put_covers(struct out *o, const covers *covers)
{
	put(o, "[");
	vec_each(c, covers)
	{
		names by = {0};

		vec_each(s, &c->by) * vec_push(&by) = (struct name){.s = *s};
		put(o, "%s{\"element\": \"%s\", \"verdict\": \"%s\"",
		    separator(c == covers->v, "\t\t\t"), c->element->name.s,
		    coverage_name(c->verdict));
		key_words(o, c->is_like ? "like" : "by", &by);
		key_text(o, "text", c->text);
		put(o, "}");
	}
	put(o, "]");
}

/* ---- what the machine tells ---- */

static void put_signatures(const struct abi *a, struct out *o)
{
	put(o, "\"signatures\": [");
	vec_each(s, &a->signatures)
	{
		put(o, "%s{\"source\": \"%s\"", separator(s == a->signatures.v, "\t\t\t"),
		    s->source.s);
		key_text(o, "text", s->text);
		key_number(o, "first", s->first);
		key_number(o, "last", s->last);
		key_number(o, "step", s->step);
		put(o, "}");
	}
	put(o, "]");
}

static void put_features(const struct abi *a, struct out *o)
{
	put(o, "\"features\": [");
	vec_each(it, &a->features)
	{
		const struct feature *f = *it;

		put(o, "%s{\"name\": \"%s\"", separator(it == a->features.v, "\t\t\t"), f->name.s);
		key_true(o, "hint", f->is_hint);
		key_text(o, "source", path_text(&f->source, 0));
		key_true(o, "from_base", f->base.s != NULL);
		key_number(o, "leaf", f->leaf);
		key_text(o, "word", f->word.s);
		key_number(o, "bit", f->bit);
		key_words(o, "needs", &f->needs);
		key_life(o, &f->life);
		put(o, "}");
	}
	put(o, "]");
}

static void put_msrs(const struct abi *a, struct out *o)
{
	put(o, "\"msrs\": [");
	vec_each(it, &a->msrs)
	{
		const struct msr *m = *it;

		put(o, "%s{\"name\": \"%s\"", separator(it == a->msrs.v, "\t\t\t"), m->name.s);
		key_number(o, "number", m->number);
		key_text(o, "type", c_declare(&m->type, ""));
		key_true(o, "read", m->is_read);
		key_true(o, "write", m->is_written);
		key_true(o, "percpu", m->is_percpu);
		key_words(o, "needs", &m->needs);
		key_life(o, &m->life);
		put(o, "}");
	}
	put(o, "]");
}

static void put_rule(const struct rule *r, struct out *o)
{
	put(o, "{\"member\": \"%s\"", r->member.s);
	key_words(o, "texts", &r->texts);
	if (!r->texts.n) {
		key_text(o, "relation", r->is_least ? "least" : "equal");
		key_number(o, "value", r->value);
	}
	put(o, "}");
}

/** What each kind of answer is as a number. */
static void put_relocations(const struct rom *rom, struct out *o)
{
	const char *between = "";

	put(o, ", \"relocations\": {");
	for (enum rom_answer i = 0; i < ANSWERS; i++) {
		if (!rom->kinds[i])
			continue;
		put(o, "%s\"%s\": %lld", between, answer_name(i), (long long)rom->kinds[i]->value);
		between = ", ";
	}
	put(o, "}");
}

static void put_rom(const struct rom *rom, struct out *o)
{
	put(o, "\"rom\": {\"header\": \"%s\"", rom->header->name.s);
	key_number(o, "from", rom->from);
	key_number(o, "to", rom->to);
	key_number(o, "step", rom->step);
	key_text(o, "length", rom->length.s);
	key_number(o, "unit", rom->unit);
	key_true(o, "sum", rom->has_sum);
	key_number(o, "slot", rom->slot);
	key_text(o, "find", rom->find ? rom->find->name.s : NULL);
	key_text(o, "enter", rom->enter ? rom->enter->name.s : NULL);
	key_text(o, "top", rom->top.s);
	if (rom->address && rom->kind) {
		key_text(o, "address", rom->address->name.s);
		key_text(o, "kind", rom->kind->name.s);
	}
	put_relocations(rom, o);
	put(o, ", \"rules\": [");
	vec_each(r, &rom->rules)
	{
		put(o, "%s", separator(r == rom->rules.v, "\t\t\t"));
		put_rule(r, o);
	}
	put(o, "]}");
}

/* ---- constants and types ---- */

static const char *value_text(const struct decl *d)
{
	return d->is_negative ? mem_printf("%lld", (long long)d->value)
			      : mem_printf("%llu", (unsigned long long)d->value);
}

static void put_constants(const struct scope *scope, struct out *o)
{
	bool first = true;

	put(o, "\"constants\": [");
	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if (d->kind != DECL_CONST)
			continue;
		put(o, "%s{\"name\": \"%s\", \"value\": %s}", separator(first, "\t\t\t"), d->name.s,
		    value_text(d));
		first = false;
	}
	put(o, "]");
}

static void put_members(const struct decl *d, const char *path, uint64_t base, bool first,
			struct out *o)
{
	vec_each(m, &d->members)
	{
		const char *name = mem_printf("%s%s", path, m->name.s);
		const struct decl *inner = m->nested ? m->nested : type_record(&m->type);

		put(o, "%s{\"name\": \"%s\", \"type\": \"%s\", \"offset\": %llu, \"size\": %llu}",
		    separator(first, "\t\t\t\t"), name, m->nested ? "" : type_text(&m->type),
		    (unsigned long long)(base + m->offset), (unsigned long long)m->size);
		first = false;
		if (inner && !m->is_array)
			put_members(inner, mem_printf("%s.", name), base + m->offset, false, o);
	}
}

static void put_structs(const struct scope *scope, struct out *o)
{
	bool first = true;

	put(o, "\"structs\": [");
	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if ((d->kind != DECL_STRUCT && d->kind != DECL_UNION) || d->is_opaque)
			continue;
		put(o,
		    "%s{\"name\": \"%s\", \"kind\": \"%s\", \"shared\": %s, \"size\": %llu, "
		    "\"align\": %llu, \"members\": [",
		    separator(first, "\t\t\t"), d->name.s,
		    d->kind == DECL_UNION ? "union" : "struct", d->is_shared ? "true" : "false",
		    (unsigned long long)d->size, (unsigned long long)d->align);
		put_members(d, "", 0, true, o);
		put(o, "]}");
		first = false;
	}
	put(o, "]");
}

static void put_fields(const struct decl *d, struct out *o)
{
	put(o, ", \"fields\": [");
	vec_each(f, &d->fields) put(o, "%s{\"name\": \"%s\", \"high\": %lld, \"low\": %lld}",
				    separator(f == d->fields.v, "\t\t\t\t"), f->name.s,
				    (long long)f->high, (long long)f->low);
	put(o, "]");
}

static void put_bits(const struct scope *scope, struct out *o)
{
	bool first = true;

	put(o, "\"bits\": [");
	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if (!d->is_bits)
			continue;
		put(o, "%s{\"name\": \"%s\"", separator(first, "\t\t\t"), d->name.s);
		key_text(o, "type", c_declare(&d->type, ""));
		put_fields(d, o);
		put(o, "}");
		first = false;
	}
	put(o, "]");
}

/** Names of other types, or of functions' types. */
static void put_typedefs(const struct scope *scope, struct out *o)
{
	bool first = true;

	put(o, "\"typedefs\": [");
	vec_each(it, &scope->decls)
	{
		const struct decl *d = *it;

		if ((d->kind != DECL_TYPEDEF || d->is_bits) && d->kind != DECL_FUNCTION)
			continue;
		put(o, "%s{\"name\": \"%s\"", separator(first, "\t\t\t"), d->name.s);
		key_text(o, "type", type_text(&d->type));
		if (d->kind == DECL_FUNCTION)
			key_text(o, "params", c_params(&d->params));
		put(o, "}");
		first = false;
	}
	put(o, "]");
}

void put_scope(const struct scope *scope, struct out *o)
{
	static void (*const parts[])(const struct scope *scope, struct out *o) = {
		put_constants, put_typedefs, put_bits, put_structs};

	for (size_t i = 0; i < NELEM(parts); i++) {
		put(o, "%s", i ? ",\n\t\t " : "");
		parts[i](scope, o);
	}
}

const char *multicall_text(const struct abi *abi)
{
	return abi->multicall ? mem_printf("%s %s %s", abi->multicall->name.s, abi->multicall_op,
					   abi->multicall_args)
			      : "";
}

void put_abi_model(const struct abi *a, struct out *o)
{
	static const char next[] = ",\n\t\t ";

	put(o, "{\"name\": \"%s\", \"layout\": \"%s\"", a->name.s, a->scope.arch->name);
	key_arches(o, a->arches);
	key_text(o, "multicall", multicall_text(a));
	put(o, "%s", next);
	put_entries(a, o);
	put(o, "%s", next);
	put_calls(a, o);
	put(o, "%s", next);
	put_reservations(a, o);
	put(o, "%s", next);
	put_planes(a, o);
	put(o, "%s", next);
	put_signatures(a, o);
	put(o, "%s", next);
	put_features(a, o);
	put(o, "%s", next);
	put_msrs(a, o);
	put(o, "%s", next);
	if (a->rom) {
		put_rom(a->rom, o);
		put(o, "%s", next);
	}
	put_scope(&a->scope, o);
	put(o, "}");
}
