/* A backend in the manifest: how it is found, and what it does beside its ops from the start. */
#include "backend.h"
#include "manifest.h"
#include "text.h"

static const char *const indent = "\t\t\t";

static void put_truth(struct out *o, const char *key, bool value)
{
	put(o, "\"%s\": %s", key, value ? "true" : "false");
}

/** From which phase on, under which condition: empty texts are "from the start" and "always". */
static void put_situation(struct out *o, const struct when *when, const struct phase *phase)
{
	put_key(o, "phase", phase ? phase->name.s : "");
	put(o, ", ");
	put_key(o, "when", when_text(when));
}

static void put_value(struct out *o, const char *key, const struct value *value)
{
	if (value->kind == VALUE_NUMBER)
		put(o, "\"%s\": %lld", key, (long long)value->number);
	else if (value->kind == VALUE_NONE)
		put(o, "\"%s\": null", key);
	else
		put_key(o, key, value->s);
}

static void put_detections(struct out *o, const struct backend *b)
{
	put(o, "\"detect\": [");
	vec_each(d, &b->detections)
	{
		put(o, "%s{\"way\": \"%s\", ", separator(d == b->detections.v, indent),
		    detect_name(d->kind));
		put_key(o, "text", d->text);
		put(o, ", \"number\": %lld, \"leaves\": %u, ", (long long)d->number, d->leaves);
		if (d->is_by_leaf)
			put(o, "\"priority\": \"leaf\", ");
		else
			put(o, "\"priority\": %u, ", d->has_priority ? d->priority : b->priority);
		put_key(o, "when", when_text(d->when));
		put(o, "}");
	}
	put(o, "]");
}

static void put_code(struct out *o, const struct lowered *lowered)
{
	put(o, "\"code\": [");
	vec_each(insn, &lowered->insns)
	{
		put(o, "%s", insn == lowered->insns.v ? "" : ", ");
		put_json(o, insn->text);
	}
	put(o, "], ");
}

/** How an op is done: the word of the description, and what it needs. */
static void put_impl(struct out *o, const struct impl *impl, const struct lowered *lowered)
{
	bool is_constant = impl->kind == IMPL_CONSTANT;

	put_key(o, "way", is_constant ? "constant" : impl_name(impl->kind));
	put(o, ", \"form\": \"%s\", \"symbol\": \"%s\", \"value\": ", form_name(lowered),
	    lowered->symbol);
	if (is_constant)
		put(o, "%lld, ", (long long)impl->value);
	else
		put(o, "null, ");
	if (lowered->insns.n && impl->stmt && !impl->is_inherited)
		put_code(o, lowered);
	/* What the backend says itself is neither inherited nor a default. */
	put_truth(o, "own", impl->stmt && !impl->is_inherited);
	put(o, ", ");
	put_truth(o, "inherited", impl->is_inherited);
}

static void put_bases(struct out *o, const struct backend *b)
{
	put(o, "\"ops\": [");
	vec_each(it, &b->interface->ops)
	{
		const struct op *op = *it;

		put(o, "%s{\"op\": \"%s\", ", separator(it == b->interface->ops.v, indent),
		    op_path(op));
		put_impl(o, &b->impls[op->slot], &b->lowered[op->slot]);
		put(o, "}");
	}
	put(o, "]");
}

static void put_variants(struct out *o, const struct backend *b)
{
	put(o, "\"variants\": [");
	vec_each(v, &b->variants)
	{
		put(o, "%s{\"op\": \"%s\", ", separator(v == b->variants.v, indent),
		    op_path(v->op));
		put_situation(o, v->when, v->phase);
		put(o, ", ");
		put_impl(o, &v->impl, v->lowered);
		put(o, "}");
	}
	put(o, "]");
}

static void put_data(struct out *o, const struct backend *b)
{
	put(o, "\"data\": [");
	vec_each(d, &b->data)
	{
		put(o, "%s{\"name\": \"%s\", ", separator(d == b->data.v, indent),
		    data_path(d->data));
		put_situation(o, d->stmt->when, d->stmt->phase);
		put(o, ", ");
		put_value(o, "value", &d->value);
		put(o, "}");
	}
	put(o, "]");
}

static void put_members(struct out *o, const struct action *a)
{
	put(o, "%s", a->members.n ? ", \"members\": {" : "");
	vec_each(m, &a->members)
	{
		put(o, "%s", m == a->members.v ? "" : ", ");
		put_value(o, m->member->name.s, &m->value);
	}
	put(o, "%s", a->members.n ? "}" : "");
}

static void put_actions(struct out *o, const struct backend *b)
{
	put(o, "\"actions\": [");
	vec_each(a, &b->actions)
	{
		put(o, "%s{\"action\": \"%s\", \"target\": \"%s\", \"way\": \"%s\", ",
		    separator(a == b->actions.v, indent), action_name(a->kind), a->target, a->way);
		put_value(o, "value", &a->value);
		put(o, ", ");
		put_situation(o, a->stmt->when, a->stmt->phase);
		put_members(o, a);
		put(o, "}");
	}
	put(o, "]");
}

static void put_provisions(struct out *o, const struct backend *b)
{
	put(o, "\"provisions\": [");
	vec_each(p, &b->provisions)
	{
		put(o, "%s{\"registration\": \"%s\", ", separator(p == b->provisions.v, indent),
		    p->registration->name.s);
		put_key(o, "name", p->name.s);
		put(o, ", ");
		put_situation(o, p->when, p->phase);
		put(o, ", \"values\": {");
		for (size_t n = 0; n < p->values.n; n++) {
			put(o, "%s", n ? ", " : "");
			put_value(o, p->registration->members.v[n].name.s, &p->values.v[n]);
		}
		put(o, "}}");
	}
	put(o, "]");
}

static void put_shared(struct out *o, const struct backend *b)
{
	put(o, "\"shared\": [");
	vec_each(s, &b->shared)
	{
		put(o,
		    "%s{\"structure\": \"%s\", \"place\": \"%s\", \"symbol\": \"%s\", "
		    "\"through\": \"%s\", ",
		    separator(s == b->shared.v, indent), s->structure.s,
		    s->is_percpu ? "percpu" : "global", s->symbol, s->through ? s->through : "");
		put_truth(o, "decrypted", s->is_decrypted);
		put(o, ", ");
		put_key(o, "when", when_text(s->when));
		put(o, "}");
	}
	put(o, "]");
}

static void put_converters(struct out *o, const struct backend *b)
{
	put(o, "\"converters\": [");
	vec_each(c, &b->converters) put(
		o, "%s{\"name\": \"%s\", \"from\": \"%s\", \"to\": \"%s\", \"function\": \"%s\"}",
		separator(c == b->converters.v, indent), c->name.s, space_name(c->from),
		space_name(c->to), c->function);
	put(o, "]");
}

static void put_uses(struct out *o, const struct backend *b)
{
	put(o, "\"uses\": ");
	put_covers(o, &b->covers);
}

static void put_head(struct out *o, const struct backend *b)
{
	put(o, "{\"name\": \"%s\", \"interface\": \"%s\", ", b->name.s, b->interface->name.s);
	put_key(o, "abi", b->abi ? b->abi->name.s : "");
	put(o, ", \"priority\": %u, ", b->priority);
	put_truth(o, "bare", b->is_bare);
	put(o, ", ");
	put_truth(o, "deprivileged", b->is_deprivileged);
	put(o, ", ");
	put_truth(o, "ignores_nopv", b->ignores_nopv);
	put(o, ", ");
	put_key(o, "guard", b->guard ? expr_text(b->guard) : "");
	put(o, ", ");
	put_key(o, "init", b->init);
	put(o, ", ");
	put_key(o, "flush", b->flush);
}

void put_backend(struct out *o, const struct backend *b)
{
	static void (*const parts[])(struct out * o, const struct backend *b) = {
		put_head,    put_detections, put_bases,	 put_variants,	 put_data,
		put_actions, put_provisions, put_shared, put_converters, put_uses,
	};

	for (size_t i = 0; i < NELEM(parts); i++) {
		put(o, "%s", i ? ",\n\t\t " : "");
		parts[i](o, b);
	}
	put(o, "}");
}
