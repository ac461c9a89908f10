/* `pvgen explain`: what explain.txt says about diagnostics. */
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char entries[] =
#include "explain.inc"
	;

/** What stands below the entry's first line, up to the next one; NULL if there is none. */
static const char *find_entry(const char *name, size_t *length)
{
	const char *head = mem_printf("\n== %s\n", name);
	const char *begin = strstr(entries, head);
	const char *end;

	if (!begin)
		return NULL;
	begin += strlen(head);
	end = strstr(begin, "\n== ");
	*length = end ? (size_t)(end - begin) : strlen(begin);
	return begin;
}

/* Lines of an entry that begin a part, and what is printed for them. */
static const struct {
	const char *mark, *shown;
} parts[] = {
	{"-- wrong", "\nWrong:\n\n"},
	{"-- right", "\nRight:\n\n"},
	{"-- elsewhere", ""}, /* there is no example */
};

/** A line of an entry; examples are indented. */
static void print_line(const char *line, size_t n, bool *is_example)
{
	for (size_t i = 0; i < NELEM(parts); i++)
		if (!strncmp(line, parts[i].mark, strlen(parts[i].mark))) {
			fputs(parts[i].shown, stdout);
			*is_example = true;
			return;
		}
	printf("%s%.*s\n", n && *is_example ? "    " : "", (int)n, line);
}

/* How severities are named where one is explained, and where all are listed. */
static const struct {
	const char *whole, *before, *behind;
} severities[] = {
	[ERROR] = {"an error", "", ""},
	[WARNING] = {"a warning", "-W", ""},
	[SILENT] = {"a warning that has to be asked for", "-W", " (has to be asked for)"},
};

static void print_entry(enum diag_id id)
{
	bool is_example = false;
	size_t length = 0;
	const char *text = find_entry(diag_name(id), &length), *end = text + length;

	printf("%s %s, %s\n\n", diag_code(id), diag_name(id), severities[diag_default(id)].whole);
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);

		print_line(text, n, &is_example);
		text += n + 1;
	}
}

static void print_list(void)
{
	for (unsigned int id = 0; id < D_COUNT; id++) {
		enum severity severity = diag_default(id);

		printf("%s  %s%s%s\n", diag_code(id), severities[severity].before, diag_name(id),
		       severities[severity].behind);
	}
}

static bool print_one(const char *word, bool is_first)
{
	struct nearest n = nearest_to(word);
	enum diag_id id = diag_find(word);

	if (id < D_COUNT) {
		fputs(is_first ? "" : "\n", stdout);
		print_entry(id);
		return true;
	}
	for (id = 0; id < D_COUNT; id++)
		nearest_try(&n, diag_name(id));
	fprintf(stderr, "pvgen: unknown diagnostic '%s'%s\n", word,
		n.found ? mem_printf("; did you mean '%s'?", n.found) : "");
	return false;
}

int command_explain(struct run *run)
{
	bool good = true;

	if (!run->inputs.n)
		print_list();
	vec_each(word, &run->inputs) good &= print_one(*word, word == run->inputs.v);
	return good ? STATUS_FINE : STATUS_ENVIRONMENT;
}
