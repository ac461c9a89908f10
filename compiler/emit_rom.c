/* How a ROM is found and asked, and what of a backend it may answer, as C. */
#include <string.h>

#include "expr.h"
#include "rom.h"
#include "thunk.h"

/* ---- what is known of the ROM: beside the interface's tables ---- */

static void put_member(const struct rom *rom, const char *name, struct out *o)
{
	const struct member *m = record_member(rom->header, name);

	put(o, "{%llu, %llu}", (unsigned long long)m->offset, (unsigned long long)m->size);
}

static void put_rules(const struct abi *a, struct out *o)
{
	put(o, "static const struct pv_rom_rule pvgen_%s_rules[] = {\n", a->name.s);
	vec_each(r, &a->rom->rules)
	{
		if (r->texts.n)
			continue;
		put(o, "\t{\"%s\", ", r->member.s);
		put_member(a->rom, r->member.s, o);
		put(o, ", %s, 0x%llx},\n", r->is_least ? "true" : "false",
		    (unsigned long long)r->value);
	}
	put(o, "};\n\n");
}

static void put_text_lists(const struct abi *a, struct out *o)
{
	vec_each(r, &a->rom->rules)
	{
		if (!r->texts.n)
			continue;
		put(o, "static const char *const pvgen_%s_text_%s[] = {", a->name.s, r->member.s);
		vec_each(t, &r->texts) put(o, "%s, ", c_string(t->s));
		put(o, "NULL};\n");
	}
}

static void put_texts(const struct abi *a, struct out *o)
{
	put(o, "static const struct pv_rom_text pvgen_%s_texts[] = {\n", a->name.s);
	vec_each(r, &a->rom->rules)
	{
		if (!r->texts.n)
			continue;
		put(o, "\t{\"%s\", ", r->member.s);
		put_member(a->rom, r->member.s, o);
		put(o, ", pvgen_%s_text_%s},\n", a->name.s, r->member.s);
	}
	put(o, "};\n\n");
}

/** In the order of enum rom_answer. */
static const char *const answer_names[] = {"PV_ROM_NONE", "PV_ROM_CALL", "PV_ROM_JUMP",
					   "PV_ROM_NOP"};

static void put_answers(const struct call *c, struct out *o)
{
	const char *between = "";

	for (enum rom_answer i = 0; i < ANSWERS; i++) {
		if (!(call_answers(c) >> i & 1))
			continue;
		put(o, "%s1 << %s", between, answer_names[i]);
		between = " | ";
	}
}

static void put_calls(const struct abi *a, struct out *o)
{
	put(o, "static const struct pv_rom_call pvgen_%s_calls[] = {\n", a->name.s);
	vec_each(it, &a->calls)
	{
		const struct call *c = *it;

		if (c->is_fixed || abi_call(a, c->name.s) != c)
			continue;
		put(o, "\t{\"%s\", %lld, ", c->name.s, (long long)c->number);
		put_answers(c, o);
		put(o, ", %s},\n", c->traits.is_optional ? "false" : "true");
	}
	put(o, "};\n\n");
}

static void put_field(const char *name, const struct bit_field *f, struct out *o)
{
	put(o, "\t.%s = {%lld, 0x%llx},\n", name, (long long)f->low,
	    (unsigned long long)bits_mask(f->high, f->low));
}

static void put_kinds(const struct rom *rom, struct out *o)
{
	put(o, "\t.kinds = {");
	for (enum rom_answer i = 0; i < ANSWERS; i++)
		put(o, "%s[%s] = 0x%x", i ? ", " : "", answer_names[i],
		    rom->kinds[i] ? (unsigned int)rom->kinds[i]->value : UINT32_MAX);
	put(o, "},\n");
}

static void put_list(const struct abi *a, const char *name, struct out *o)
{
	put(o, "\t.%s = pvgen_%s_%s,\n\t.nr_%s = sizeof(pvgen_%s_%s) / sizeof(pvgen_%s_%s[0]),\n",
	    name, a->name.s, name, name, a->name.s, name, a->name.s, name);
}

static void put_rom(const struct interface *i, const struct abi *a, struct out *o)
{
	const struct rom *rom = a->rom;

	put(o, "const struct pv_rom %srom_%s = {\n\t.name = \"%s\",\n", i->scope.prefix, a->name.s,
	    a->name.s);
	put(o, "\t.from = 0x%llx,\n\t.to = 0x%llx,\n\t.step = %lld,\n",
	    (unsigned long long)rom->from, (unsigned long long)rom->to, (long long)rom->step);
	put(o, "\t.header_size = %llu,\n\t.length = ", (unsigned long long)rom->header->size);
	put_member(rom, rom->length.s, o);
	put(o, ",\n\t.unit = %lld,\n\t.sum = %s,\n", (long long)rom->unit,
	    rom->has_sum ? "true" : "false");
	if (rom->top.s) {
		put(o, "\t.top = ");
		put_member(rom, rom->top.s, o);
		put(o, ",\n");
	}
	put_list(a, "rules", o);
	put_list(a, "texts", o);
	put(o, "\t.find = %lld,\n\t.enter = %lld,\n", (long long)rom->find->number,
	    rom->enter ? (long long)rom->enter->number : 0);
	put_field("address", rom->address, o);
	put_field("kind", rom->kind, o);
	put_kinds(rom, o);
	put_list(a, "calls", o);
	put(o, "\t.targets = %stargets,\n\t.nr_targets = %u,\n};\n\n", a->scope.prefix,
	    abi_targets(a));
}

static bool is_found_by_rom(const struct backend *b)
{
	return b->detections.n && b->detections.v[0].kind == DETECT_ROM;
}

const struct abi *rom_abi(const struct backend *b)
{
	return is_found_by_rom(b) ? b->abi : NULL;
}

/** Is there a backend before @b that is found by the same ROM? */
static bool is_known_before(const struct interface *i, const struct backend *b)
{
	vec_each(it, &i->backends)
	{
		if (*it == b)
			return false;
		if (rom_abi(*it) == b->abi)
			return true;
	}
	return false;
}

void emit_roms(const struct interface *i, struct out *o)
{
	vec_each(it, &i->backends)
	{
		const struct abi *a = rom_abi(*it);

		if (!a || is_known_before(i, *it))
			continue;
		put(o, "#include \"%s_rom.h\"\n#include \"%s.h\"\n\n", i->name.s, a->name.s);
		put(o, "/* What the ROM has answered: addresses of calls by their numbers. */\n");
		put(o, "uintptr_t %stargets[%sNR_TARGETS];\n\n", a->scope.prefix,
		    a->scope.upper_prefix);
		put_rules(a, o);
		put_text_lists(a, o);
		put_texts(a, o);
		put_calls(a, o);
		put_rom(i, a, o);
	}
}

/* ---- what of a backend the ROM may answer ---- */

const struct call *probed_call(const struct backend *b, const struct when *when)
{
	const struct expr *e = when && !when->outer ? when->condition : NULL;
	const names *path = e && e->operands.n == 1 ? &e->operands.v[0].path : NULL;
	const struct call *call;

	if (!path || path->n != 2 || !e->atom || !e->atom->word ||
	    strcmp(e->atom->word, "probe") != 0 || !rom_abi(b))
		return NULL;
	call = abi_call(b->abi, path->v[1].s);
	return call && !call->is_fixed ? call : NULL;
}

static bool is_rom_call(const struct impl *impl)
{
	return impl->until != NULL;
}

/** A function in assembly may serve ops of different types, so C has a name for each use. */
static const char *variant_symbol(const struct backend *b, const struct variant *v)
{
	if (v->impl.kind != IMPL_ASM)
		return v->impl.function;
	return mem_printf("pvgen_%s_v%zu", lowered_symbol(b, v->op), (size_t)(v - b->variants.v));
}

static bool has_thunk(const struct run *run, const struct backend *b, const struct op *op)
{
	const struct impl *impl = &b->impls[op->slot];

	return is_rom_call(impl) && !thunk_of(run, op, impl).is_fill;
}

void emit_thunks(const struct run *run, const struct backend *b, struct out *o)
{
	vec_each(op, &b->interface->ops)
	{
		if (has_thunk(run, b, *op))
			emit_thunk(run, b, *op, o);
	}
}

static void put_declarations(const struct run *run, const struct backend *b, struct out *o)
{
	put(o, "extern const struct pv_rom %srom_%s;\n", b->interface->scope.prefix,
	    b->abi->name.s);
	vec_each(op, &b->interface->ops)
	{
		if (has_thunk(run, b, *op))
			put(o, "void %s(void);\n", thunk_symbol(b, *op));
	}
	vec_each(v, &b->variants)
	{
		if (v->impl.kind == IMPL_ASM)
			put(o, "void %s(void) __asm__(\"%s\");\n", variant_symbol(b, v),
			    v->impl.function);
	}
	put(o, "\n");
}

/** Whole is an op that is the call, and nothing else. */
static void put_binding(const struct backend *b, const struct op *op, const struct call *call,
			bool is_whole, const char *function, struct out *o)
{
	put(o, "\t{%sOP_%s, %sHYPERCALL_%s, %s, ", b->interface->scope.upper_prefix, op->name.s,
	    b->abi->scope.upper_prefix, call->name.s, is_whole ? "true" : "false");
	if (function)
		put(o, "(uintptr_t)%s},\n", function);
	else
		put(o, "0},\n");
}

static void put_bindings(const struct run *run, const struct backend *b, struct out *o)
{
	put(o, "/* Of two for one op the last one counts whose call is there. */\n"
	       "static const struct pv_rom_binding pvgen_bindings[] = {\n");
	vec_each(op, &b->interface->ops)
	{
		const struct impl *impl = &b->impls[(*op)->slot];

		if (is_rom_call(impl))
			put_binding(b, *op, impl->call, true,
				    has_thunk(run, b, *op) ? thunk_symbol(b, *op) : NULL, o);
	}
	/* The first one of the description is the one that counts. */
	for (size_t n = b->variants.n; n-- > 0;) {
		const struct variant *v = &b->variants.v[n];

		put_binding(b, v->op, probed_call(b, v->when), false, variant_symbol(b, v), o);
	}
	put(o, "};\n\n");
}

/* ---- what is provided only where the ROM has a call ---- */

static bool is_conditional(const struct backend *b, const struct registration *r)
{
	vec_each(p, &b->provisions)
	{
		if (p->registration == r && p->when)
			return true;
	}
	return false;
}

static void put_provided(const struct backend *b, const struct registration *r, struct out *o)
{
	const char *name = r->name.s, *indent;
	size_t n = 0, total = 0;

	vec_each(p, &b->provisions) total += p->registration == r;
	put(o, "\tstatic struct %s_%s %s[%zu];\n\tunsigned int nr_%s = 0;\n\n",
	    b->interface->name.s, name, name, total, name);
	vec_each(p, &b->provisions)
	{
		const struct call *call = probed_call(b, p->when);

		if (p->registration != r)
			continue;
		indent = call ? "\t\t" : "\t";
		if (call)
			put(o, "\tif (%stargets[%sHYPERCALL_%s])\n", b->abi->scope.prefix,
			    b->abi->scope.upper_prefix, call->name.s);
		put(o, "%s%s[nr_%s++] = pvgen_%s[%zu];\n", indent, name, name, name, n++);
	}
	put(o, "\tbackend->%s = %s;\n\tbackend->nr_%s = nr_%s;\n", name, name, name, name);
}

/** A function for each registration, and one that calls them. */
static bool emit_provide(const struct backend *b, struct out *o)
{
	const struct interface *i = b->interface;
	struct out calls = {0};

	vec_each(it, &i->registrations)
	{
		const struct registration *r = *it;

		if (!is_conditional(b, r))
			continue;
		put(o, "static void pvgen_provide_%s(struct %s_backend *backend)\n{\n", r->name.s,
		    i->name.s);
		put_provided(b, r, o);
		put(o, "}\n\n");
		put(&calls, "\tpvgen_provide_%s(backend);\n", r->name.s);
	}
	if (!calls.n)
		return false;
	put(o,
	    "/* Takes away what the ROM has no call for. */\n"
	    "static void pvgen_provide(struct %s_backend *backend)\n{\n%s}\n\n",
	    i->name.s, text_of(&calls));
	return true;
}

void emit_rom_backend(const struct run *run, const struct backend *b, struct out *o)
{
	bool provides;

	put_declarations(run, b, o);
	put_bindings(run, b, o);
	provides = emit_provide(b, o);
	put(o, "static const struct pv_rom_backend pvgen_rom = {\n\t.rom = &%srom_%s,\n",
	    b->interface->scope.prefix, b->abi->name.s);
	put(o, "\t.bindings = pvgen_bindings,\n"
	       "\t.nr_bindings = sizeof(pvgen_bindings) / sizeof(pvgen_bindings[0]),\n");
	put(o, "%s};\n\n", provides ? "\t.provide = pvgen_provide,\n" : "");
}
