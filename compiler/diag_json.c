/* Diagnostics as one JSON document; lines count from 1, characters from 0, in bytes. */
#include "diag_form.h"
#include "text.h"

static void put_string(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	put_json(o, value);
	put(o, ", ");
}

static void put_place(struct diag_printer *p, struct loc loc)
{
	struct position begin = source_position(p->run, loc);
	struct position end = source_position(p->run, (struct loc){loc.file, loc.end, loc.end});

	put_string(&p->text, "path", begin.path);
	put(&p->text, "\"start_line\": %u, \"start_char\": %u, \"end_line\": %u, \"end_char\": %u",
	    begin.line, begin.column - 1, end.line, end.column - 1);
}

/** A list of texts with places. */
static void put_remark(struct diag_printer *p, const char *key, const struct diag_remark *r)
{
	put(&p->text, "{");
	put_string(&p->text, key, r->text);
	put_place(p, r->loc);
	put(&p->text, "}");
}

void diag_begin_json(struct diag_printer *p)
{
	put(&p->text, "{\"version\": 1, \"diagnostics\": [");
}

void diag_print_json(struct diag_printer *p, const struct diagnostic *d)
{
	put(&p->text, "%s\n\t{", p->shown++ ? "," : "");
	put_string(&p->text, "severity", diag_kind(d));
	put_string(&p->text, "category", diag_name(d->id));
	put_string(&p->text, "code", diag_code(d->id));
	put_string(&p->text, "message", d->text);
	put_place(p, d->loc);
	put(&p->text, ",\n\t \"notes\": [");
	vec_each(note, &d->notes)
	{
		put(&p->text, note == d->notes.v ? "" : ", ");
		put_remark(p, "message", note);
	}
	put(&p->text, "], \"fixes\": [");
	vec_each(fix, &d->fixes)
	{
		put(&p->text, fix == d->fixes.v ? "" : ", ");
		put_remark(p, "replacement", fix);
	}
	put(&p->text, "]}");
}

void diag_end_json(struct diag_printer *p, size_t hidden)
{
	put(&p->text, "%s], \"hidden\": %zu}\n", p->shown ? "\n" : "", hidden);
}
