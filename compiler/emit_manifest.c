/* The whole model for machines, as JSON: ops, slots, targets by name, binary interfaces. */
#include <string.h>

#include "manifest.h"
#include "text.h"

void put_key(struct out *o, const char *key, const char *value)
{
	put(o, "\"%s\": ", key);
	put_json(o, value);
}

void put_optional(struct out *o, const char *key, const char *value)
{
	if (value)
		put_key(o, key, value);
	else
		put(o, "\"%s\": null", key);
}

const char *separator(bool is_first, const char *indent)
{
	return mem_printf("%s\n%s", is_first ? "" : ",", indent);
}

static void put_configuration(const struct run *run, struct out *o)
{
	put(o, "\"configuration\": [");
	vec_each(it, &run->configs)
	{
		const struct config *c = *it;

		put(o, "%s{\"name\": \"%s\", \"type\": \"%s\", \"value\": %s}",
		    separator(it == run->configs.v, "\t\t"), c->name.s, c->is_bool ? "bool" : "int",
		    c->is_set ? mem_printf("%lld", (long long)c->value) : "null");
	}
	put(o, "]");
}

void emit_manifest(const struct run *run, const void *module, struct out *o)
{
	const struct interface *interface = module;

	put(o, "{\n\t");
	put_configuration(run, o);
	put(o, ",\n\t\"types\": {");
	put_scope(&run->scope, o);
	put(o, "},\n\t\"interfaces\": [\n\t\t");
	put_interface(interface, o);
	put(o, "],\n\t\"abis\": [");
	vec_each(a, &run->abis)
	{
		put(o, "%s", separator(a == run->abis.v, "\t\t"));
		put_abi_model(*a, o);
	}
	put(o, "],\n\t\"bindings\": [");
	vec_each(it, &run->mappings)
	{
		const struct mapping *m = *it;

		put(o, "%s{\"from\": \"%s\", \"on\": \"%s\", \"lines\": ",
		    separator(it == run->mappings.v, "\t\t"), m->from->name.s, m->on->name.s);
		put_covers(o, &m->covers);
		put(o, "}");
	}
	put(o, "],\n\t\"roms\": [");
	vec_each(m, &run->roms)
	{
		put(o, "%s", separator(m == run->roms.v, "\t\t"));
		put_rom_image(o, *m);
	}
	put(o, "],\n\t\"backends\": [");
	vec_each(b, &interface->backends)
	{
		put(o, "%s", separator(b == interface->backends.v, "\t\t"));
		put_backend(o, *b);
	}
	put(o, "]\n}\n");
}
