#include <string.h>

#include "pvgen.h"

/* Who has names as long as this does not type them. */
enum { MAX_WORD = 64 };

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/** How many letters must be put in, left out, replaced or swapped with the next to make b of a. */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][MAX_WORD], *before = rows[0], *last = rows[1], *row = rows[2], *free;
	size_t la = strlen(a), lb = strlen(b);

	if (la >= MAX_WORD || lb >= MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= lb; j++)
		last[j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(last[j], row[j - 1]) + 1;
			row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		free = before;
		before = last;
		last = row;
		row = free;
	}
	return last[lb];
}

/* Of a third of the letters, at most, another word is made. */
struct nearest nearest_to(const char *word)
{
	size_t n = strlen(word);
	struct nearest nearest = {.word = word, .length = n};

	if (n > 1 && n < MAX_WORD)
		nearest.distance = (unsigned int)n / 3 + 1;
	return nearest;
}

/** Are they so different in length that nothing else matters? */
static bool is_far(const struct nearest *n, const char *candidate)
{
	size_t length = strlen(candidate);

	return length > n->length + n->distance || n->length > length + n->distance;
}

/* Of words that are equally near the first in the alphabet is taken, whatever their order. */
void nearest_try(struct nearest *n, const char *candidate)
{
	unsigned int distance = is_far(n, candidate) ? 0 : edit_distance(n->word, candidate);
	int order = n->found ? strcmp(candidate, n->found) : -1;

	if (!distance || distance > n->distance || !order)
		return;
	n->is_unique = !n->found || distance < n->distance;
	if (!n->is_unique && order > 0)
		return;
	n->found = candidate;
	n->distance = distance;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

void nearest_try_list(struct nearest *n, const char *list)
{
	while (n->distance && *list) {
		size_t length = 0, whole = strcspn(list, " ,");

		while (is_letter(list[length]))
			length++;
		/* What is more than a word, like name(OPERAND), has no single edit. */
		if (length && length == whole)
			nearest_try(n, intern_n(list, length));
		if (list[whole] == ',')
			return;
		list += whole + strspn(list + whole, " ");
	}
}

const char *nearest_text(const struct nearest *n)
{
	return n->found ? mem_printf("; did you mean '%s'?", n->found) : "";
}

/* ---- among what is described ---- */

/* As many names are looked at in a run: who misspelt thousands is helped by some of them. */
enum { MAX_TRIES = 2000000 };

struct nearest suggest_begin(const struct run *run, const char *word)
{
	struct nearest n = nearest_to(word);

	if (run->tries > MAX_TRIES)
		n.distance = 0;
	return n;
}

void suggest_try(struct run *run, struct nearest *n, const char *candidate)
{
	run->tries++;
	nearest_try(n, candidate);
}

const char *suggest_end(struct run *run, struct nearest n)
{
	const char *text = nearest_text(&n);

	run->suggested = (struct suggested){text, n};
	return text;
}

const char *suggest(struct run *run, const struct map *map, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	for (size_t i = 0; n.distance && i < map->cap; i++)
		if (map->v[i].key)
			suggest_try(run, &n, map->v[i].key);
	return suggest_end(run, n);
}

const char *suggest_one(struct run *run, const char *known, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	if (known)
		suggest_try(run, &n, known);
	return suggest_end(run, n);
}

const char *suggest_member(struct run *run, const struct decl *record, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	if (record)
		vec_each(m, &record->members) suggest_try(run, &n, m->name.s);
	return suggest_end(run, n);
}

const char *suggest_param(struct run *run, const params *params, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	vec_each(p, params) suggest_try(run, &n, p->name.s);
	return suggest_end(run, n);
}

const char *suggest_const(struct run *run, const struct scope *scope, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	for (; n.distance && scope; scope = scope->outer)
		vec_each(d, &scope->decls)
		{
			if ((*d)->kind == DECL_CONST)
				suggest_try(run, &n, (*d)->name.s);
		}
	return suggest_end(run, n);
}

const char *suggest_interface(struct run *run, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	vec_each(i, &run->interfaces) suggest_try(run, &n, (*i)->name.s);
	return suggest_end(run, n);
}

const char *suggest_abi(struct run *run, const char *word)
{
	struct nearest n = suggest_begin(run, word);

	vec_each(a, &run->abis) suggest_try(run, &n, (*a)->name.s);
	return suggest_end(run, n);
}
