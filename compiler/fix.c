/* `check --fix`: makes the edits that the diagnostics suggest, each in its file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

typedef VEC(struct diag_remark) edits;

static int by_begin(const void *a, const void *b)
{
	const struct diag_remark *x = a, *y = b;

	if (x->loc.file != y->loc.file)
		return x->loc.file < y->loc.file ? -1 : 1;
	if (x->loc.begin != y->loc.begin)
		return x->loc.begin < y->loc.begin ? -1 : 1;
	if (x->loc.end != y->loc.end)
		return x->loc.end < y->loc.end ? -1 : 1;
	return strcmp(x->text, y->text);
}

/** All edits in the order of the text. */
static edits sorted_edits(const struct run *run)
{
	edits all = {0};

	vec_each(d, &run->diagnostics)
	{
		vec_each(fix, &d->fixes) * vec_push(&all) = *fix;
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_begin);
	return all;
}

/** Leaves the first of those that are the same or overlap; returns how many overlap. */
static size_t choose(edits *all)
{
	size_t kept = 0, overlapping = 0;

	vec_each(e, all)
	{
		const struct diag_remark *before = kept ? &all->v[kept - 1] : NULL;

		if (!before || before->loc.file != e->loc.file || before->loc.end < e->loc.begin)
			all->v[kept++] = *e;
		else if (by_begin(before, e))
			overlapping++;
	}
	all->n = kept;
	return overlapping;
}

static struct out edited(const struct source *s, const struct diag_remark *edit, size_t n)
{
	struct out text = {0};
	uint32_t at = 0;

	for (; n; n--, edit++) {
		put_n(&text, s->text + at, edit->loc.begin - at);
		put(&text, "%s", edit->text);
		at = edit->loc.end;
	}
	put_n(&text, s->text + at, s->length - at);
	return text;
}

/** What the file is to hold, and its text as it was, which is kept beside it. */
static bool add_outputs(struct run *run, const struct source *s, struct out text, outputs *files,
			outputs *kept)
{
	struct output old = {.path = s->path};

	put_n(&old.text, s->text, s->length);
	if (!output_is_current(&old))
		return run_failed(run, "'%s' has changed since it was read", s->path);
	old.path = mem_printf("%s~", s->path);
	old.like = s->path;
	*vec_push(kept) = old;
	*vec_push(files) = (struct output){.path = s->path, .text = text};
	return true;
}

static size_t edits_of_file(const edits *all, size_t first)
{
	size_t n = 1;

	while (first + n < all->n && all->v[first + n].loc.file == all->v[first].loc.file)
		n++;
	return n;
}

bool apply_fixes(struct run *run)
{
	edits all = sorted_edits(run);
	size_t overlapping = choose(&all);
	const struct source *s;
	outputs files = {0}, kept = {0};

	for (size_t i = 0, n; i < all.n; i += n) {
		n = edits_of_file(&all, i);
		s = run->sources.v[all.v[i].loc.file];
		if (!add_outputs(run, s, edited(s, &all.v[i], n), &files, &kept))
			return false;
	}
	if (!places_are_free(run, &kept) || !write_files(run, &kept) || !write_files(run, &files))
		return false;
	fprintf(stderr, "pvgen: %u edit%s made%s\n", all.n, all.n == 1 ? "" : "s",
		all.n ? "; the old text is in FILE~" : "");
	if (overlapping)
		fprintf(stderr, "pvgen: %zu not made where others were; run again\n", overlapping);
	return true;
}
