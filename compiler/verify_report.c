/* What was seen in an object, beside what was found wrong. */
#include <string.h>

#include "text.h"
#include "verify.h"

static const char *form_of(const struct site *s)
{
	return s->inlined ? "call or inline" : "call";
}

static const char *path_of(const struct verify *v, unsigned int slot)
{
	return slot < v->slot_table.n ? v->slot_table.v[slot].path : number(slot);
}

static const char *backend_of(const struct target *t)
{
	return t->backend ? t->backend->name.s : "?";
}

const char *name_at(const struct verify *v, uint64_t address)
{
	const struct object_symbol *s = object_function(v->object, address);

	if (!address)
		return "nothing";
	return s && s->address == address ? s->name : object_place(v->object, address);
}

/* ---- as text: a line a slot ---- */

/** Sites of a slot: how many, how many of them also inline, and their lengths. */
struct tally {
	unsigned int n, n_inlined, least, most;
};

static struct tally tally_of(const struct verify *v, unsigned int slot)
{
	struct tally t = {0};

	vec_each(s, &v->sites)
	{
		if (s->op != slot)
			continue;
		t.least = !t.n || s->length < t.least ? s->length : t.least;
		t.most = s->length > t.most ? s->length : t.most;
		t.n++;
		t.n_inlined += s->inlined != 0;
	}
	return t;
}

static void put_tally(const struct tally *t, struct out *o)
{
	put(o, "%s", counted(t->n, "site"));
	if (t->n)
		put(o, " of %s bytes",
		    t->least == t->most ? number(t->least)
					: mem_printf("%u to %u", t->least, t->most));
	if (t->n_inlined)
		put(o, ", %u also inline", t->n_inlined);
}

static void put_slot_text(const struct verify *v, unsigned int slot, struct out *o)
{
	struct tally t = tally_of(v, slot);

	put(o, "%s%s: ", path_of(v, slot), v->slot_table.v[slot].op ? "" : " (not described)");
	put_tally(&t, o);
	vec_each(target, &v->targets)
	{
		if (target->slot == slot)
			put(o, "; %s: %s", backend_of(target), name_at(v, target->address));
	}
	put(o, "\n");
}

static void put_text(const struct verify *v, struct out *o)
{
	for (unsigned int slot = 0; slot < v->slot_table.n; slot++)
		put_slot_text(v, slot, o);
}

/* ---- a line a site ---- */

static void put_sites(const struct verify *v, struct out *o)
{
	vec_each(s, &v->sites) put(o, "%s: %s, %s, %s\n", object_place(v->object, s->address),
				   path_of(v, s->op), counted(s->length, "byte"), form_of(s));
}

/* ---- as JSON ---- */

static void put_key(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	put_json(o, value);
}

static void put_next_key(struct out *o, const char *key, const char *value)
{
	put(o, ", ");
	put_key(o, key, value);
}

static void put_json_site(const struct verify *v, const struct site *s, struct out *o)
{
	put(o, "\t\t\t{");
	put_key(o, "address", hex(s->address));
	put_next_key(o, "place", object_place(v->object, s->address));
	put_next_key(o, "op", path_of(v, s->op));
	put(o, ", \"length\": %u, \"inline\": %u}", s->length, s->inlined);
}

static void put_json_slot(const struct verify *v, unsigned int slot, struct out *o)
{
	const char *comma = "";

	put(o, "\t\t\t{");
	put_key(o, "op", path_of(v, slot));
	put(o, ", \"described\": %s, \"sites\": %u, \"targets\": [",
	    v->slot_table.v[slot].op ? "true" : "false", tally_of(v, slot).n);
	vec_each(t, &v->targets)
	{
		if (t->slot != slot)
			continue;
		put(o, "%s{", comma);
		put_key(o, "backend", backend_of(t));
		put_next_key(o, "function", name_at(v, t->address));
		put_next_key(o, "source", t->source);
		put(o, "}");
		comma = ", ";
	}
	put(o, "]}");
}

static void put_one_json(const struct verify *v, struct out *o)
{
	put(o, "\t\t{");
	put_key(o, "interface", v->interface->name.s);
	put(o, ",\n\t\t \"slots\": [");
	for (unsigned int slot = 0; slot < v->slot_table.n; slot++) {
		put(o, slot ? ",\n" : "\n");
		put_json_slot(v, slot, o);
	}
	put(o, "],\n\t\t \"sites\": [");
	vec_each(s, &v->sites)
	{
		put(o, s == v->sites.v ? "\n" : ",\n");
		put_json_site(v, s, o);
	}
	put(o, "]}");
}

/* ---- forms ---- */

static void put_each_text(const verifications *all, struct out *o)
{
	vec_each(v, all) put_text(v, o);
}

static void put_each_site(const verifications *all, struct out *o)
{
	vec_each(v, all) put_sites(v, o);
}

static void put_all_json(const verifications *all, struct out *o)
{
	put(o, "{\"version\": 1, ");
	put_key(o, "object", all->n ? all->v->object->files.v[0].path : "");
	put(o, ",\n\t\"interfaces\": [\n");
	vec_each(v, all)
	{
		put(o, v == all->v ? "" : ",\n");
		put_one_json(v, o);
	}
	put(o, "]}\n");
}

static const struct {
	const char *name;
	void (*put)(const verifications *all, struct out *o);
} forms[] = {{"text", put_each_text}, {"sites", put_each_site}, {"json", put_all_json}};

bool report_knows(const char *request)
{
	return report_form(forms, request);
}

bool write_reports(struct run *run, const verifications *all)
{
	vec_each(request, &run->reports)
	{
		report_form(forms, *request)->put(all, report_output(run, *request));
	}
	return write_outputs(run);
}

FILE *summary_stream(const struct run *run)
{
	bool is_taken = diag_owns_stdout(&run->diag);

	vec_each(request, &run->reports)
	{
		is_taken |= !strchr(*request, ':');
	}
	return is_taken ? stderr : stdout;
}
