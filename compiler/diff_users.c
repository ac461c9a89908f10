/* Who uses what changed: call sites in the old kernel's image, and the modules built for it. */
#include <string.h>

#include "diff_report.h"
#include "text.h"

bool is_unused(const struct diff *d, const struct op *op)
{
	const struct op_users *u = op->users;

	return u && users_are_known(&d->users) && !u->modules.n && !u->in_image.sites &&
	       !u->in_image.direct;
}

/* ---- text ---- */

enum { SHOWN = 8 /* modules in a line */ };

static void put_use(struct out *o, const char *name, struct slot_use use)
{
	put(o, "%s (", name);
	if (use.sites || !use.direct)
		put(o, "%s", counted(use.sites, "call site"));
	if (use.direct)
		put(o, "%s%u direct", use.sites ? ", " : "", use.direct);
	put(o, ")");
}

const char *change_users(const struct diff *d, const struct change *c)
{
	const struct op_users *u = c->op ? c->op->users : NULL;
	struct out o = {0};

	if (!u)
		return NULL;
	if (d->users.image && !d->users.image_fault)
		put_use(&o, d->users.image, u->in_image);
	for (uint32_t i = 0; i < u->modules.n && i < SHOWN; i++) {
		put(&o, o.n ? ", " : "");
		put_use(&o, u->modules.v[i].module, u->modules.v[i].use);
	}
	if (u->modules.n > SHOWN)
		put(&o, ", %s more", counted(u->modules.n - SHOWN, "module"));
	else if (d->users.directory && !u->modules.n)
		put(&o, "%sno module", o.n ? ", " : "");
	return text_of(&o);
}

/** Modules that use an op which is no longer where it was. */
static unsigned int count_moved(const struct diff *d)
{
	struct map moved = {0};

	vec_each(i, &d->old->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			if (!(*op)->users || !(*op)->users->has_moved)
				continue;
			vec_each(m, &(*op)->users->modules)
			{
				map_add(&moved, m->module, (void *)m->module);
			}
		}
	}
	return (unsigned int)moved.n;
}

static struct slot_use sum_of(const struct users *u, const struct slot_use *slots)
{
	struct slot_use sum = {0};

	for (unsigned int i = 0; i < u->n_slots; i++) {
		sum.sites += slots[i].sites;
		sum.direct += slots[i].direct;
	}
	return sum;
}

void put_users(struct out *o, const struct diff *d)
{
	const struct users *u = &d->users;

	if (u->image && u->image_fault) {
		put(o, "Not known what '%s' calls: %s\n", u->image, u->image_fault);
	} else if (u->image) {
		put_use(o, u->image, sum_of(u, u->in_image));
		put(o, "\n");
	}
	if (u->directory)
		put(o,
		    "%u of %s use the table; %u of them call an op whose slot moved or is gone\n",
		    u->modules.n, counted(u->n_modules, "module"), count_moved(d));
	vec_each(m, &u->unread)
	{
		put(o, "Not known what module '%s' calls: it %s\n", m->path, m->fault);
	}
}

/* ---- JSON ---- */

static void put_json_use(struct out *o, struct slot_use use)
{
	put(o, "\"sites\": %u, \"direct\": %u", use.sites, use.direct);
}

/** What is known of an op, as members of an object. */
static void put_json_op(struct out *o, const struct diff *d, const struct op_users *u)
{
	put(o, "\"slot\": %u, \"moved\": %s, \"image\": ", u->slot,
	    u->has_moved ? "true" : "false");
	if (d->users.image && !d->users.image_fault) {
		put(o, "{");
		put_json_use(o, u->in_image);
		put(o, "}");
	} else {
		put(o, "null");
	}
	put(o, ", \"modules\": ");
	if (!d->users.directory) {
		put(o, "null");
		return;
	}
	put(o, "[");
	vec_each(m, &u->modules)
	{
		put(o, "%s{\"module\": ", m == u->modules.v ? "" : ", ");
		put_json(o, m->module);
		put(o, ", ");
		put_json_use(o, m->use);
		put(o, "}");
	}
	put(o, "]");
}

void put_json_change_users(struct out *o, const struct diff *d, const struct change *c)
{
	if (!c->op || !c->op->users)
		return;
	put(o, ",\n\t\t \"users\": {");
	put_json_op(o, d, c->op->users);
	put(o, "}");
}

static void put_json_image(struct out *o, const struct users *u)
{
	if (!u->image) {
		put(o, "null");
		return;
	}
	put(o, "{\"file\": ");
	put_json(o, u->image);
	put(o, ", ");
	put_json_use(o, sum_of(u, u->in_image));
	put(o, ", \"fault\": ");
	if (u->image_fault)
		put_json(o, u->image_fault);
	else
		put(o, "null");
	put(o, "}");
}

static void put_json_modules(struct out *o, const struct diff *d)
{
	const struct users *u = &d->users;

	if (!u->directory) {
		put(o, "null");
		return;
	}
	put(o, "{\"directory\": ");
	put_json(o, u->directory);
	put(o, ", \"modules\": %u, \"users\": %u, \"moved\": %u, \"unread\": [", u->n_modules,
	    u->modules.n, count_moved(d));
	vec_each(m, &u->unread)
	{
		put(o, "%s{\"file\": ", m == u->unread.v ? "" : ", ");
		put_json(o, m->path);
		put(o, ", \"fault\": ");
		put_json(o, m->fault);
		put(o, "}");
	}
	put(o, "]}");
}

static void put_json_ops(struct out *o, const struct diff *d)
{
	const char *comma = "";

	vec_each(i, &d->old->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			if (!(*op)->users)
				continue;
			put(o, "%s\n\t\t{\"op\": ", comma);
			put_json(o, mem_printf("%s.%s", (*i)->name.s, op_path(*op)));
			put(o, ", ");
			put_json_op(o, d, (*op)->users);
			put(o, "}");
			comma = ",";
		}
	}
}

void put_json_users(struct out *o, const struct diff *d)
{
	if (!d->users.image && !d->users.directory)
		return;
	put(o, ",\n\t\"users\": {\"image\": ");
	put_json_image(o, &d->users);
	put(o, ", \"modules\": ");
	put_json_modules(o, d);
	put(o, ", \"ops\": [");
	put_json_ops(o, d);
	put(o, "]}");
}
