/* Words of the command line about diagnostics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

bool diag_set_color(struct diag_options *options, const char *word)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	for (unsigned int i = 0; i < NELEM(words); i++)
		if (!strcmp(words[i], word)) {
			options->color = i;
			return true;
		}
	return false;
}

bool diag_set_limit(struct diag_options *options, const char *number)
{
	char *end;

	errno = 0;
	options->limit = strtoul(number, &end, 10);
	options->has_limit = true;
	return *number >= '0' && *number <= '9' && !*end && !errno;
}

/* ---- -W ---- */

static void want(struct diag_choice *choice)
{
	choice->is_wanted = SAID;
}

static void reject(struct diag_choice *choice)
{
	choice->is_wanted = DENIED;
}

static void make_error(struct diag_choice *choice)
{
	choice->is_wanted = SAID;
	choice->is_error = SAID;
}

static void make_warning(struct diag_choice *choice)
{
	choice->is_error = DENIED;
}

/* The first prefix that fits, and what it says about the name that follows. */
static const struct {
	const char *prefix;
	void (*apply)(struct diag_choice *choice);
} forms[] = {
	{"error=", make_error},
	{"no-error=", make_warning},
	{"no-", reject},
	{"", want},
};

static const char *unknown(const char *name)
{
	struct nearest n = nearest_to(name);

	for (unsigned int id = 0; id < D_COUNT; id++)
		if (diag_default(id) != ERROR)
			nearest_try(&n, diag_name(id));
	return mem_printf("unknown warning '%s'%s", name,
			  n.found ? mem_printf("; did you mean '%s'?", n.found) : "");
}

static const char *set_one(struct diag_options *options, const char *text)
{
	size_t i = 0, n;
	enum diag_id id;

	while (n = strlen(forms[i].prefix), strncmp(text, forms[i].prefix, n) != 0)
		i++;
	id = diag_find(text + n);
	if (id == D_COUNT)
		return unknown(text + n);
	if (diag_default(id) == ERROR)
		return mem_printf("'%s' is an error, whatever -W says", text + n);
	forms[i].apply(&options->choices[id]);
	return NULL;
}

const char *diag_set_warning(struct diag_options *options, const char *text)
{
	if (!strcmp(text, "everything"))
		options->all_are_wanted = true;
	else if (!strcmp(text, "error") || !strcmp(text, "no-error"))
		options->all_are_errors = *text == 'e';
	else
		return set_one(options, text);
	return NULL;
}
