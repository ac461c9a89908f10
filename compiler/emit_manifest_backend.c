/* A backend in the manifest: how it is found, and what it does under conditions and in phases. */
#include "manifest.h"

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

static void put_variants(struct out *o, const struct backend *b)
{
	put(o, "\"variants\": [");
	vec_each(v, &b->variants)
	{
		put(o, "%s{\"op\": \"%s\", ", separator(v == b->variants.v, "\t\t\t"),
		    op_path(v->op));
		put_situation(o, v->when, v->phase);
		put(o, ", \"form\": \"%s\", \"symbol\": \"%s\", ", form_name(v->lowered),
		    v->lowered->symbol);
		put_truth(o, "inherited", v->impl.is_inherited);
		put(o, "}");
	}
	put(o, "]");
}

void put_backend(struct out *o, const struct backend *b)
{
	put(o, "{\"name\": \"%s\", \"interface\": \"%s\", ", b->name.s, b->interface->name.s);
	put_key(o, "abi", b->abi ? b->abi->name.s : "");
	put(o, ", \"priority\": %u, ", b->priority);
	put_truth(o, "bare", b->is_bare);
	put(o, ", ");
	put_truth(o, "deprivileged", b->is_deprivileged);
	put(o, ",\n\t\t ");
	put_variants(o, b);
	put(o, "}");
}
