/* The manifest's part about ROMs: what each does of its abi. */
#include "manifest.h"

static void put_line(struct out *o, const struct rom_line *line)
{
	put(o, "{");
	put_key(o, "call", line->name.s);
	put(o, ", ");
	put_key(o, "way", rom_way_name(line->way));
	put(o, ", ");
	put_key(o, "code", rom_words(line->stmt, 1));
	put(o, "}");
}

static void put_value(struct out *o, const struct rom_value *v)
{
	put(o, "{");
	put_key(o, "name", v->name.s);
	put(o, ", ");
	put_key(o, "value", v->text ? v->text : mem_printf("%lld", (long long)v->number));
	put(o, "}");
}

void put_rom_image(struct out *o, const struct rom_image *m)
{
	put(o, "{");
	put_key(o, "name", m->name.s);
	put(o, ", ");
	put_key(o, "abi", m->abi->name.s);
	put(o, ", ");
	put_key(o, "pci", rom_words(m->pci, 0));
	put(o, ", ");
	put_key(o, "pnp", rom_words(m->pnp, 0));
	put(o, ", ");
	put_key(o, "bios", rom_words(m->bios, 0));
	put(o, ", \"header\": [");
	vec_each(v, &m->values)
	{
		put(o, "%s", separator(v == m->values.v, "\t\t\t"));
		put_value(o, v);
	}
	put(o, "], \"lines\": [");
	vec_each(line, &m->lines)
	{
		put(o, "%s", separator(line == m->lines.v, "\t\t\t"));
		put_line(o, *line);
	}
	put(o, "]}");
}
