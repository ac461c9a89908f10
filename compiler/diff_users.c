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

bool has_users(const struct diff *d)
{
	return d->users.image || d->users.directory;
}

/* ---- text ---- */

enum { SHOWN = 8 /* modules in a line */ };

/** "kvm (2 call sites, 1 direct)", behind what is there */
static void put_use(struct out *o, const char *name, struct slot_use use)
{
	put(o, "%s%s (", o->n ? ", " : "", name);
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
	if (u->in_image.sites || u->in_image.direct)
		put_use(&o, d->users.image, u->in_image);
	for (uint32_t i = 0; i < u->modules.n && i < SHOWN; i++)
		put_use(&o, u->modules.v[i].module, u->modules.v[i].use);
	if (u->modules.n > SHOWN)
		put(&o, ", %s more", counted(u->modules.n - SHOWN, "module"));
	return o.n ? text_of(&o) : "nobody who was looked at";
}

typedef VEC(const char *) texts;

/** Modules that use an op which is no longer where it was. */
static texts find_moved(const struct diff *d)
{
	struct map seen = {0};
	texts moved = {0};

	vec_each(i, &d->old->interfaces)
	{
		vec_each(op, &(*i)->ops)
		{
			if (!(*op)->users || !(*op)->users->has_moved)
				continue;
			vec_each(m, &(*op)->users->modules)
			{
				if (!map_add(&seen, m->module, (void *)m->module))
					*vec_push(&moved) = m->module;
			}
		}
	}
	return moved;
}

static const char *moved_note(const struct diff *d)
{
	texts moved = find_moved(d);
	struct out o = {0};

	put(&o, "Modules that call one whose slot moved or is gone: %u", moved.n);
	for (uint32_t i = 0; i < moved.n && i < SHOWN; i++)
		put(&o, "%s%s", i ? ", " : " (", moved.v[i]);
	if (moved.n > SHOWN)
		put(&o, ", %u more", moved.n - SHOWN);
	put(&o, moved.n ? ")" : "");
	return text_of(&o);
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

static const char *image_note(const struct users *u)
{
	struct slot_use sum = sum_of(u, u->in_image);

	if (u->image_fault)
		return mem_printf("Not known what '%s' calls: %s", u->image, u->image_fault);
	return mem_printf("Call sites of the ops in %s: %u, direct calls: %u", u->image, sum.sites,
			  sum.direct);
}

void tell_users(const struct diff *d, names *notes)
{
	const struct users *u = &d->users;

	if (u->image)
		vec_push(notes)->s = image_note(u);
	if (u->directory) {
		vec_push(notes)->s = mem_printf("Modules that use the ops: %u of %u", u->modules.n,
						u->n_modules);
		vec_push(notes)->s = moved_note(d);
	}
	vec_each(m, &u->unread)
	{
		vec_push(notes)->s =
			mem_printf("Not known what module '%s' calls: it %s", m->path, m->fault);
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
	    u->modules.n, find_moved(d).n);
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
	if (!has_users(d))
		return;
	put(o, ",\n\t\"users\": {\"image\": ");
	put_json_image(o, &d->users);
	put(o, ", \"modules\": ");
	put_json_modules(o, d);
	put(o, ", \"ops\": [");
	put_json_ops(o, d);
	put(o, "]}");
}
