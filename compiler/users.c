/*
 * Who calls the ops of a kernel: its image, and the modules that are loaded into it.  Which slot is
 * whose the image knows best; where it does not say, or none is given, the description does, if it
 * leaves no choice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "kallsyms.h"
#include "kernel_types.h"
#include "users.h"

/** An op and its slot; NO_SLOT: it has none that is known. */
struct placed {
	struct op *op;
	unsigned int slot;
};

enum { NO_SLOT = MAX_OPS };

typedef VEC(struct placed) places;

/* ---- slots as the description has them ---- */

/** Is the table of the interface Linux's? */
static bool is_of_linux(const struct interface *i)
{
	return !strcmp(mem_printf("%s_ops", i->name.s), linux_table);
}

static places places_in(const struct run *run)
{
	places all = {0};

	vec_each(i, &run->interfaces)
	{
		unsigned int slot = 0;

		vec_each(op, &(*i)->ops)
		{
			bool is_in_table =
				is_of_linux(*i) && op_has_slot(*op) && !*group_table((*op)->group);

			*vec_push(&all) = (struct placed){*op, is_in_table ? slot++ : NO_SLOT};
		}
	}
	return all;
}

static bool is_decided(const struct op *op)
{
	const struct group *g = op->group;

	while (g && expr_truth(g->guard) == TRUTH_TRUE)
		g = g->outer;
	return !g && expr_truth(op->guard) == TRUTH_TRUE;
}

/** Does the description say of each op in the table whether it is there? */
static bool check_decided(struct run *run, const places *all)
{
	vec_each(p, all)
	{
		if (p->slot != NO_SLOT && !is_decided(p->op))
			return run_failed(run,
					  "which slot is whose depends on the configuration: set "
					  "it by -D, or name the kernel's image by --image");
	}
	return true;
}

/* ---- slots as the image has them ---- */

static const struct record_field *member(const struct record *r, const char *name, size_t n)
{
	vec_each(f, &r->fields)
	{
		if (!strncmp(f->name, name, n) && !f->name[n])
			return f;
	}
	return NULL;
}

/** Where the member of a dotted path is. */
static bool find_member(struct types *types, const struct record *r, const char *path,
			uint64_t *offset)
{
	struct record inner = *r;
	const struct record_field *f = NULL;

	*offset = 0;
	for (;; path++) {
		size_t n = strcspn(path, ".");

		f = member(&inner, path, n);
		if (!f)
			return false;
		*offset += f->offset;
		path += n;
		if (!*path)
			return true;
		inner = (struct record){0};
		if (!types_record_of(types, f->type, &inner))
			return false;
	}
}

static unsigned int slot_from(const struct users *u, uint64_t offset)
{
	uint64_t slot = offset / u->word;

	return offset % u->word || slot >= u->n_slots ? NO_SLOT : (unsigned int)slot;
}

/** False if the image does not tell. */
static bool take_slots(struct users *u, const struct object *o, places *all)
{
	const char *fault;
	struct types *types = btf_read(o, &fault);
	struct record r;
	uint64_t offset;

	if (!types || !types_record(types, linux_table_record, &r) || r.size / u->word >= NO_SLOT)
		return false;
	u->n_slots = (unsigned int)(r.size / u->word);
	vec_each(p, all)
	{
		p->slot = find_member(types, &r, op_path(p->op), &offset) ? slot_from(u, offset)
									  : NO_SLOT;
	}
	return true;
}

/* ---- the image ---- */

static const char *count_sites(const struct run *run, const struct users *u, const struct object *o)
{
	const struct object_symbol *table = object_symbol(o, linux_table);
	struct slot_array slots = {.word = u->word, .n = u->n_slots};
	unsigned int n = 0;
	const char *fault;

	if (!table)
		return mem_printf("nothing says where %s is: it has no symbol", linux_table);
	slots.address = table->address;
	fault = count_call_sites(o, run->arch->machine, &slots, table, u->in_image);
	for (unsigned int i = 0; i < u->n_slots; i++)
		n += u->in_image[i].sites;
	return fault || n ? fault : "it has no record of a call site";
}

static const char *open_image(const struct run *run, const char *path, struct object *o)
{
	struct object_file f;
	const char *fault = object_open(&f, run->arch->machine, path);

	if (!fault)
		fault = object_add(o, f);
	if (!fault && !f.is_linked)
		fault = "is no linked image";
	if (fault)
		return fault;
	if (!o->symbols.n)
		exports_add(o);
	object_link(o);
	return NULL;
}

static bool read_image(struct run *run, struct users *u, places *all)
{
	struct mem_outer *outer = mem_enter();
	struct object o = {0};
	const char *fault = open_image(run, u->image, &o), *no_sites = NULL;
	bool is_told = !fault && take_slots(u, &o, all);
	char why[200] = "";

	if (!fault)
		no_sites = count_sites(run, u, &o);
	if (fault || no_sites)
		snprintf(why, sizeof(why), "%s", fault ? fault : no_sites);
	mem_leave(outer);
	if (fault && run->diff.image)
		return run_failed(run, "'%s' %s", u->image, why);
	u->image_fault = *why ? mem_printf("it %s", why) : NULL;
	return fault || is_told || check_decided(run, all);
}

/* ---- each op's ---- */

static bool is_used(struct slot_use use)
{
	return use.sites || use.direct;
}

static int by_use(const void *a, const void *b)
{
	const struct op_user *x = a, *y = b;

	if (x->use.sites != y->use.sites)
		return x->use.sites > y->use.sites ? -1 : 1;
	if (x->use.direct != y->use.direct)
		return x->use.direct > y->use.direct ? -1 : 1;
	return strcmp(x->module, y->module);
}

static struct op_users *users_of(const struct users *u, unsigned int slot)
{
	struct op_users *users = mem_alloc(sizeof(*users));

	users->slot = slot;
	users->in_image = u->in_image[slot];
	vec_each(m, &u->modules)
	{
		if (is_used(m->slots[slot]))
			*vec_push(&users->modules) = (struct op_user){m->name, m->slots[slot]};
	}
	if (users->modules.n)
		qsort(users->modules.v, users->modules.n, sizeof(*users->modules.v), by_use);
	return users;
}

/** Nothing can be counted: if nobody asked for it that is all the same. */
static bool no_slots(struct run *run, struct users *u)
{
	u->image_fault = mem_printf("no op of OLD has a slot in %s", linux_table);
	return run->diff.image || u->directory ? run_failed(run, "%s", u->image_fault) : true;
}

bool find_users(struct run *run, const char *image, struct users *u)
{
	places all = places_in(run);

	u->image = run->diff.image ?: image;
	if (!u->image && !run->diff.modules)
		return true;
	u->word = run->arch->word;
	u->in_image = mem_alloc(MAX_OPS * sizeof(*u->in_image));
	vec_each(p, &all)
	{
		if (p->slot != NO_SLOT && p->slot >= u->n_slots)
			u->n_slots = p->slot + 1;
	}
	u->directory = run->diff.modules;
	if (u->image ? !read_image(run, u, &all) : !check_decided(run, &all))
		return false;
	if (!u->n_slots)
		return no_slots(run, u);
	if (u->directory && !read_modules(run, u))
		return false;
	vec_each(p, &all)
	{
		if (p->slot != NO_SLOT)
			p->op->users = users_of(u, p->slot);
	}
	return true;
}

bool users_are_known(const struct users *u)
{
	return u->image && !u->image_fault && u->directory && !u->unread.n;
}
