/* What a backend does to its kernel beside the ops: hooks, data, capabilities, teardown. */
#include <string.h>

#include "backend.h"

const char *action_name(enum action_kind kind)
{
	static const char *const names[] = {
		[ACTION_HOOK] = "hook",
		[ACTION_SET] = "set",
		[ACTION_REPLACE] = "replace",
		[ACTION_RUN] = "run",
		[ACTION_CAPABILITY] = "capability",
		[ACTION_STATIC_KEY] = "static_key",
		[ACTION_TEARDOWN] = "teardown",
	};

	return names[kind];
}

typedef VEC(const struct action *) actions;

static struct action *new_action(const struct attributed *a, enum action_kind kind, struct loc loc)
{
	struct action *action = vec_push(&((struct backend *)a->thing)->actions);

	*action = (struct action){kind, a->s, loc, .target = "", .way = ""};
	return action;
}

/* ---- hooks by name ---- */

/** Names of all hooks, or of all members of one table, for suggestions. */
static struct map hook_names(const struct interface *i)
{
	struct map names = {0};

	vec_each(it, &i->registrations)
	{
		const struct registration *r = *it;

		if (r->is_hooks)
			vec_each(m, &r->members) map_add(
				&names, intern(mem_printf("%s.%s", r->name.s, m->name.s)), m);
	}
	return names;
}

static const struct registration *find_hooks(const struct interface *i, const char *name)
{
	const struct registration *r = map_get(&i->registration_map, name);

	return r && r->is_hooks ? r : NULL;
}

static const struct registration_member *hook_member(const struct registration *hooks,
						     const char *name)
{
	vec_each(m, &hooks->members)
	{
		if (m->name.s == name)
			return m;
	}
	return NULL;
}

const struct registration_member *find_hook(const struct interface *i, const names *path)
{
	names table = {.v = path->v, .n = path->n - 1};
	const struct registration *hooks = find_hooks(i, intern(path_text(&table, 0)));

	return hooks ? hook_member(hooks, path->v[path->n - 1].s) : NULL;
}

static void report_hook(struct run *run, const struct interface *i, const char *name,
			struct loc loc)
{
	struct map names = hook_names(i);

	diag(run, unknown_hook, loc, i->name.s, name, suggest(run, &names, name));
}

/** The hook that a statement's first operand names; NULL and a report if there is none. */
static const struct registration_member *hook_operand(const struct attributed *a, bool is_function)
{
	const struct operand *o = &a->s->operands.v[0];
	const struct registration_member *m = find_hook(a->module, &o->path);

	if (!m) {
		report_hook(a->run, a->module, path_text(&o->path, 0), o->loc);
	} else if (m->is_function != is_function) {
		diag(a->run, hook_kind, o->loc, path_text(&o->path, 0),
		     m->is_function ? "a function; write 'hook'" : "no function; write 'set'");
		m = NULL;
	} else {
		note_use(a->run, o->loc, m->name.loc);
	}
	return m;
}

/* ---- hook: functions of the kernel's ---- */

enum hook_value { HOOK_ALONE, HOOK_FUNCTION, HOOK_NUMBER };

static const struct hook_way {
	const char *name;
	enum hook_value value;
	const char *usage;
} hook_ways[] = {
	{"call", HOOK_FUNCTION, "hook PATH call FUNCTION;"},
	{"chain", HOOK_FUNCTION, "hook PATH chain FUNCTION;"},
	{"asm", HOOK_FUNCTION, "hook PATH asm FUNCTION;"},
	{"nop", HOOK_ALONE, "hook PATH nop;"},
	{"constant", HOOK_NUMBER, "hook PATH constant NUMBER;"},
	{"none", HOOK_ALONE, "hook PATH none;"},
};

static const struct hook_way *find_way(struct run *run, struct name word)
{
	for (size_t i = 0; i < NELEM(hook_ways); i++)
		if (is_word(word, hook_ways[i].name))
			return &hook_ways[i];
	diag(run, unknown_word, word.loc, word.s, "way to replace a hook",
	     "call chain asm nop constant none");
	return NULL;
}

static bool hook_value(const struct attributed *a, const struct hook_way *way,
		       const struct registration_member *m, struct value *value)
{
	static const char *const shapes[] = {
		[HOOK_ALONE] = "dw", [HOOK_FUNCTION] = "dww", [HOOK_NUMBER] = "dwc"};
	const struct interface *i = a->module;
	const operands *o = &a->s->operands;

	if (!shape_fits(shapes[way->value], o)) {
		report_operand(a, shape_misfit(shapes[way->value], o), way->usage);
		return false;
	}
	if (way->value == HOOK_NUMBER) {
		value->kind = VALUE_NUMBER;
		return type_is_void(&m->type) ||
		       resolve_number(a->run, &i->scope, &o->v[2], &m->type, m->name.s,
				      &value->number);
	}
	if (way->value == HOOK_FUNCTION)
		*value = (struct value){VALUE_SYMBOL, o->v[2].loc, word_at(a->s, 2).s, 0};
	return true;
}

static void check_result(struct run *run, const struct action *action,
			 const struct registration_member *m)
{
	const struct operand *way = &action->stmt->operands.v[1];
	bool is_nop = !strcmp(action->way, "nop"), is_constant = !strcmp(action->way, "constant");

	if (is_nop && !type_is_void(&m->type))
		diag(run, hook_result, way->loc, action->target, "a result", "constant NUMBER");
	if (is_constant && type_is_void(&m->type))
		diag(run, hook_result, way->loc, action->target, "no result", "nop");
}

void backend_hook(const struct attributed *a)
{
	const struct registration_member *m = hook_operand(a, true);
	const struct hook_way *way = find_way(a->run, word_at(a->s, 1));
	struct value value = {.kind = VALUE_NONE};
	struct action *action;

	if (!m || !way || !hook_value(a, way, m, &value))
		return;
	action = new_action(a, ACTION_HOOK, a->s->operands.v[0].loc);
	action->target = intern(path_text(&a->s->operands.v[0].path, 0));
	action->way = way->name;
	action->member = m;
	action->value = value;
	check_result(a->run, action, m);
}

/* ---- set and replace: data of the kernel's ---- */

static const char *const set_ways[] = {"with", "without", "call"};

/** The word before the value that says how, or ""; NULL if there is another one. */
static const char *set_way(const operands *o)
{
	if (o->n == 2)
		return "";
	for (size_t i = 0; i < NELEM(set_ways); i++)
		if (operand_is(&o->v[1], set_ways[i]))
			return set_ways[i];
	return NULL;
}

/** A value that a function computes. */
static bool computed_value(const struct attributed *a, struct value *value)
{
	const struct operand *o = &a->s->operands.v[2];

	*value = (struct value){.kind = VALUE_SYMBOL, .loc = o->loc};
	if (o->kind != OPERAND_PATH || o->path.n != 1)
		return false;
	value->s = o->path.v[0].s;
	return true;
}

void backend_set(const struct attributed *a)
{
	static const char usage[] = "set PATH VALUE; set PATH with|without BITS; or set PATH call "
				    "FUNCTION;";
	const struct registration_member *m = hook_operand(a, false);
	const operands *o = &a->s->operands;
	const char *way = set_way(o);
	struct value value;
	struct action *action;

	if (!m)
		return;
	if (!way || (!strcmp(way, "call") && !computed_value(a, &value))) {
		report_operand(a, way && o->n > 2 ? 2 : 1, usage);
		return;
	}
	if (strcmp(way, "call") != 0 &&
	    !member_value(a->run, a->module, m, &o->v[o->n - 1], &value))
		return;
	action = new_action(a, ACTION_SET, o->v[0].loc);
	action->target = intern(path_text(&o->v[0].path, 0));
	action->way = way;
	action->member = m;
	action->value = value;
}

/** MEMBER VALUE; as the new table has it. */
static void take_member(const struct attributed *a, const struct registration *hooks,
			const struct stmt *s, struct map *seen, struct action *action)
{
	const struct name *name = &s->path.v[0];
	const struct registration_member *m = hook_member(hooks, name->s);
	struct table_member member = {.member = m};

	if (!m)
		diag(a->run, unknown_attribute, name->loc, hooks->name.s, name->s,
		     suggest(a->run, &hooks->member_map, name->s));
	else if (map_add(seen, name->s, (void *)s))
		diag(a->run, repeated, name->loc, name->s);
	else if (s->operands.n != 1)
		report_value(a->run, m, operand_loc(&s->operands, 1, s->loc));
	else if (member_value(a->run, a->module, m, &s->operands.v[0], &member.value))
		*vec_push(&action->members) = member;
}

void backend_replace(const struct attributed *a)
{
	const struct operand *o = &a->s->operands.v[0];
	const char *target = intern(path_text(&o->path, 0));
	struct interface *i = a->module;
	const struct registration *hooks = find_hooks(i, target);
	struct action *action;
	struct map seen = {0};

	if (!hooks) {
		diag(a->run, unknown_hook, o->loc, i->name.s, target,
		     suggest(a->run, &i->registration_map, target));
		return;
	}
	note_use(a->run, o->loc, hooks->name.loc);
	action = new_action(a, ACTION_REPLACE, o->loc);
	action->target = target;
	action->value =
		(struct value){VALUE_SYMBOL, a->s->operands.v[1].loc, word_at(a->s, 1).s, 0};
	vec_each(s, &a->s->block) take_member(a, hooks, *s, &seen, action);
}

void backend_run(const struct attributed *a)
{
	struct action *action = new_action(a, ACTION_RUN, a->s->operands.v[0].loc);

	action->value =
		(struct value){VALUE_SYMBOL, a->s->operands.v[0].loc, word_at(a->s, 0).s, 0};
}

/* ---- switches: members of the hooks that have the statement's name ---- */

static void add_switch(const struct attributed *a, enum action_kind kind, struct name name,
		       struct name way)
{
	const struct interface *i = a->module;
	const char *table = a->s->path.v[0].s;
	const struct registration *hooks = find_hooks(i, table);
	const struct registration_member *m = hooks ? hook_member(hooks, name.s) : NULL;
	const char *path = intern(mem_printf("%s.%s", table, name.s));
	struct action *action;

	if (!m) {
		report_hook(a->run, i, path, name.loc);
		return;
	}
	note_use(a->run, name.loc, m->name.loc);
	action = new_action(a, kind, name.loc);
	action->target = path;
	action->way = way.s;
	action->member = m;
}

void backend_capability(const struct attributed *a)
{
	struct name way = word_at(a->s, 0);

	if (is_word(way, "force") || is_word(way, "clear"))
		add_switch(a, ACTION_CAPABILITY, word_at(a->s, 1), way);
	else
		report_operand(a, 0, "capability force|clear NAME;");
}

void backend_static_key(const struct attributed *a)
{
	struct name way = word_at(a->s, 1);

	if (is_word(way, "on") || is_word(way, "off"))
		add_switch(a, ACTION_STATIC_KEY, word_at(a->s, 0), way);
	else
		report_operand(a, 1, "static_key NAME on|off;");
}

/* ---- teardown ---- */

/* When memory that the hypervisor writes to must be taken back from it: for the next owner. */
static const char *const events[] = {"offline", "suspend", "kexec", "crash"};

static bool is_event(const char *word)
{
	for (size_t i = 0; i < NELEM(events); i++)
		if (!strcmp(events[i], word))
			return true;
	return false;
}

/** How many of the words in front are events. */
static size_t count_events(const struct stmt *s)
{
	size_t n = 0;

	while (n < s->operands.n && is_event(word_at(s, n).s))
		n++;
	return n;
}

static const struct shared *find_shared_by(const struct backend *b, const char *structure)
{
	vec_each(s, &b->shared)
	{
		if (s->structure.s == structure)
			return s;
	}
	return NULL;
}

void backend_teardown(const struct attributed *a)
{
	const operands *o = &a->s->operands;
	size_t n = o->n < 3 ? 0 : o->n - 2;

	if (!n || !is_word(word_at(a->s, n), "call")) {
		report_operand(a, count_events(a->s), "teardown EVENT... call FUNCTION;");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct name event = word_at(a->s, i);
		struct action *action;

		if (!is_event(event.s)) {
			diag(a->run, unknown_word, event.loc, event.s, "event of a teardown",
			     "offline suspend kexec crash");
			continue;
		}
		action = new_action(a, ACTION_TEARDOWN, event.loc);
		action->target = event.s;
		action->way = "call";
		action->value =
			(struct value){VALUE_SYMBOL, o->v[n + 1].loc, word_at(a->s, n + 1).s, 0};
	}
}

/** Reports memory that a teardown names and nobody shares. */
static void check_names(struct run *run, const struct backend *b, const struct stmt *teardown)
{
	vec_each(s, &teardown->block)
	{
		const struct name *name = &(*s)->path.v[0];

		if (!find_shared_by(b, name->s))
			diag(run, unknown_shared, name->loc, b->name.s, name->s, name->s);
	}
}

static bool is_named(const struct stmt *teardown, const struct shared *shared)
{
	vec_each(s, &teardown->block)
	{
		if ((*s)->path.v[0].s == shared->structure.s)
			return true;
	}
	return !teardown->has_block;
}

/** Is the memory taken back at the event, wherever it was given? */
static bool is_taken_back(const struct backend *b, const struct shared *shared, const char *event)
{
	vec_each(action, &b->actions)
	{
		struct clause clauses[] = {{shared->when, true}, {action->stmt->when, false}};

		if (action->kind == ACTION_TEARDOWN && !strcmp(action->target, event) &&
		    is_named(action->stmt, shared) && !can_hold(clauses, 2))
			return true;
	}
	return false;
}

static void check_shared(struct run *run, const struct backend *b, const struct shared *shared)
{
	struct out missing = {0};

	if (!shared->is_percpu || !shared->msr)
		return;
	for (size_t i = 0; i < NELEM(events); i++)
		if (!is_taken_back(b, shared, events[i]))
			put(&missing, "%s%s", missing.n ? ", " : "", events[i]);
	if (missing.n)
		diag(run, teardown_missing, shared->structure.loc, shared->structure.s,
		     text_of(&missing));
}

static void check_teardowns(struct run *run, const struct backend *b)
{
	const struct stmt *last = NULL;

	vec_each(a, &b->actions)
	{
		/* One statement is an action for each of its events. */
		if (a->kind == ACTION_TEARDOWN && a->stmt != last)
			check_names(run, b, a->stmt);
		last = a->stmt;
	}
	vec_each(s, &b->shared) check_shared(run, b, s);
}

/* ---- actions in each other's way ---- */

static bool is_same_phase(const struct action *a, const struct action *b)
{
	const struct phase *x = a->stmt->phase, *y = b->stmt->phase;

	return x == y || (x && y && x->name.s == y->name.s);
}

static bool may_meet(const struct action *a, const struct action *b)
{
	struct clause clauses[] = {{a->stmt->when, true}, {b->stmt->when, true}};

	return is_same_phase(a, b) && can_hold(clauses, 2);
}

static bool is_switch(const struct action *a)
{
	return a->kind == ACTION_CAPABILITY || a->kind == ACTION_STATIC_KEY;
}

static bool is_opposite(const struct action *a, const struct action *b)
{
	return is_switch(a) && a->kind == b->kind && a->target == b->target && a->way != b->way;
}

/** Is @part a hook in the table that @whole replaces? */
static bool is_part(const struct action *whole, const struct action *part)
{
	size_t n = strlen(whole->target);

	return whole->kind == ACTION_REPLACE && part->kind != ACTION_REPLACE &&
	       !strncmp(part->target, whole->target, n) && part->target[n] == '.';
}

/** Reports an action that changes what an earlier one of the list changes too, on some machine. */
static void check_meeting(struct run *run, const struct action *a, const actions *earlier)
{
	vec_each(it, earlier)
	{
		const struct action *first = *it;

		if (!(is_opposite(first, a) || is_part(first, a) || is_part(a, first)) ||
		    !may_meet(first, a))
			continue;
		diag(run, action_conflict, a->loc, a->target);
		diag_note(run, first->loc, "the other one is here");
		return;
	}
}

/** Hooks of one table are in one list with what replaces the table; switches have lists of their
 * own. */
static const char *topic(const struct action *a)
{
	const char *dot = strrchr(a->target, '.');

	if (is_switch(a) || a->kind == ACTION_REPLACE || !dot)
		return a->target;
	return intern_n(a->target, (size_t)(dot - a->target));
}

static void check_conflicts(struct run *run, const struct backend *b)
{
	/* More of one topic are not compared: nobody writes so many by hand. */
	enum { MAX_EARLIER = 64 };
	struct map topics = {0};

	vec_each(a, &b->actions)
	{
		actions *earlier = map_get(&topics, topic(a));

		if (!earlier) {
			earlier = mem_alloc(sizeof(*earlier));
			map_add(&topics, topic(a), earlier);
		}
		check_meeting(run, a, earlier);
		if (earlier->n < MAX_EARLIER)
			*vec_push(earlier) = a;
	}
}

/** Does the action put a value in the place of another one? */
static bool is_choice(const struct action *a)
{
	return (a->kind == ACTION_HOOK && strcmp(a->way, "chain") != 0) ||
	       (a->kind == ACTION_SET && (!*a->way || !strcmp(a->way, "call"))) ||
	       a->kind == ACTION_REPLACE || is_switch(a);
}

static const char *choice_key(const struct action *a)
{
	return intern(is_switch(a) ? mem_printf("%s %s", a->target, a->way) : a->target);
}

static void collect_choices(const struct backend *b, choices *choices)
{
	vec_each(a, &b->actions)
	{
		if (is_choice(a))
			*vec_push(choices) = (struct choice){choice_key(a), a->stmt->when,
							     a->stmt->phase, a->loc};
	}
}

void check_actions(struct run *run, struct backend *b)
{
	choices choices = {0};

	check_conflicts(run, b);
	collect_choices(b, &choices);
	check_choices(run, &choices);
	check_teardowns(run, b);
}
