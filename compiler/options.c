/* A new option is a row below and a function that applies it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

static const char version[] = "pvgen 0.1\n";

int usage_error(const char *text, const char *word)
{
	fprintf(stderr, "pvgen: %s '%s'\nTry 'pvgen --help'.\n", text, word);
	return STATUS_ENVIRONMENT;
}

/* ---- one function an option: what its argument does, STATUS_FINE or a report ---- */

static int add_include(struct run *run, const char *directory)
{
	*vec_push(&run->include_dirs) = directory;
	return STATUS_FINE;
}

static int add_setting(struct run *run, const char *text)
{
	*vec_push(&run->settings) = text;
	return STATUS_FINE;
}

static int set_outdir(struct run *run, const char *directory)
{
	run->outdir = directory;
	return STATUS_FINE;
}

/** KIND or KIND:FILE; one FILE cannot take what several modules emit, which emit() checks. */
static int add_request(struct run *run, const char *text)
{
	size_t n = strcspn(text, ":");

	for (size_t i = 0; i < emitter_count; i++) {
		if (strncmp(emitters[i].kind, text, n) || emitters[i].kind[n])
			continue;
		*vec_push(&run->requests) =
			(struct emit_request){&emitters[i], text[n] ? text + n + 1 : NULL};
		return STATUS_FINE;
	}
	return usage_error("unknown kind of output", text);
}

static int set_arch(struct run *run, const char *name)
{
	run->arch = arch_find(name);
	return run->arch ? STATUS_FINE : usage_error("unknown architecture", name);
}

static int set_stdin_name(struct run *run, const char *path)
{
	run->stdin_name = path;
	return STATUS_FINE;
}

static int set_form(struct run *run, const char *word)
{
	return diag_set_form(&run->diag, word) ? STATUS_FINE
					       : usage_error("unknown form of diagnostics", word);
}

static int set_diagnostics_file(struct run *run, const char *path)
{
	run->diag.path = path;
	return STATUS_FINE;
}

static int set_color(struct run *run, const char *word)
{
	return diag_set_color(&run->diag, word)
		       ? STATUS_FINE
		       : usage_error("--color takes auto, always or never, not", word);
}

static int set_max_errors(struct run *run, const char *number)
{
	return diag_set_limit(&run->diag, number)
		       ? STATUS_FINE
		       : usage_error("--max-errors takes a number, not", number);
}

static int set_parseable_fixits(struct run *run, const char *unused)
{
	(void)unused;
	run->diag.has_parseable_fixes = true;
	return STATUS_FINE;
}

static const struct option_row {
	const char *name;     /* NULL: the letter alone */
	char letter;	      /* 0: the name alone */
	const char *argument; /* NULL: takes none */
	const char *help;
	unsigned int commands;
	int (*apply)(struct run *run, const char *argument);
} rows[] = {
	{NULL, 'I', "DIR", "look for imports here, after the importing file's directory", FOR_ALL,
	 add_include},
	{NULL, 'D', "SYM[=VALUE]", "value of a configuration symbol; true without one", FOR_ALL,
	 add_setting},
	{"outdir", 0, "DIR", "where files go (default: the current directory)", FOR_BUILD,
	 set_outdir},
	{"emit", 0, "KIND[:FILE]",
	 "write this kind (default: all), into FILE; - is standard output", FOR_BUILD, add_request},
	{"arch", 0, "ARCH", "architecture (default: x86_64)", FOR_ALL, set_arch},
	{"stdin-name", 0, "PATH", "what standard input is called in messages", FOR_ALL,
	 set_stdin_name},
	{"diagnostics-format", 0, "FORM",
	 "text (default), short: one line each, or json: one document on standard output", FOR_ALL,
	 set_form},
	{"diagnostics-file", 0, "FILE", "write the diagnostics into FILE", FOR_ALL,
	 set_diagnostics_file},
	{"color", 0, "WHEN", "auto (default; NO_COLOR, CLICOLOR_FORCE), always or never", FOR_ALL,
	 set_color},
	{"max-errors", 0, "N",
	 "show at most N errors and N warnings (default: text 20, json all; 0: all)", FOR_ALL,
	 set_max_errors},
	{"parseable-fixits", 0, NULL, "also say edits as fix-it:\"FILE\":{L:C-L:C}:\"TEXT\"",
	 FOR_ALL, set_parseable_fixits},
};

/* ---- the command line ---- */

/* Long options are numbered from here, beyond all letters. */
enum { FIRST_LONG = 256 };

static void make_getopt(const struct command *command, struct option *longs, struct out *letters)
{
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct option_row *row = &rows[i];

		if (!(row->commands & command->bit))
			continue;
		if (row->letter)
			put(letters, "%c%s", row->letter, row->argument ? ":" : "");
		if (row->name)
			*longs++ = (struct option){row->name, row->argument != NULL, NULL,
						   FIRST_LONG + (int)i};
	}
}

static const struct option_row *find_row(int option)
{
	if (option >= FIRST_LONG)
		return &rows[option - FIRST_LONG];
	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].letter == option)
			return &rows[i];
	return NULL;
}

static void request_all(struct run *run)
{
	for (size_t i = 0; i < emitter_count; i++)
		*vec_push(&run->requests) = (struct emit_request){&emitters[i], NULL};
}

/** Diagnostics and an output in one stream would be neither. */
static int check_stdout(const struct run *run)
{
	vec_each(request, &run->requests)
	{
		if (request->path && !strcmp(request->path, "-") && diag_owns_stdout(&run->diag))
			return usage_error(
				"the diagnostics and an output would both go to standard output",
				"-");
	}
	return STATUS_FINE;
}

int parse_options(struct run *run, const struct command *command, int argc, char **argv)
{
	struct option longs[NELEM(rows) + 1] = {0};
	struct out letters = {0};
	int option;

	make_getopt(command, longs, &letters);
	while ((option = getopt_long(argc, argv, text_of(&letters), longs, NULL)) != -1) {
		const struct option_row *row = find_row(option);
		int status;

		if (!row) {
			fprintf(stderr, "Try 'pvgen --help'.\n");
			return STATUS_ENVIRONMENT;
		}
		status = row->apply(run, optarg);
		if (status)
			return status;
	}
	while (optind < argc)
		*vec_push(&run->inputs) = argv[optind++];
	if (!run->inputs.n)
		return usage_error("no input file after", argv[0]);
	if (!run->requests.n)
		request_all(run);
	return check_stdout(run);
}

/* ---- help ---- */

static const char *spelling(const struct option_row *row)
{
	struct out o = {0};

	if (row->letter)
		put(&o, "-%c%s%s", row->letter, row->argument ? " " : "",
		    row->argument ? row->argument : "");
	if (row->name)
		put(&o, "%s--%s%s%s", row->letter ? ", " : "", row->name, row->argument ? "=" : "",
		    row->argument ? row->argument : "");
	return text_of(&o);
}

static void print_commands(FILE *f)
{
	for (size_t i = 0; i < command_count; i++)
		fprintf(f, "%s pvgen %s [OPTION]... %s\n",
			i ? "      " : "usage:", commands[i].name, commands[i].operands);
	fputs("       pvgen --help | --version\n\n", f);
	for (size_t i = 0; i < command_count; i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
}

int print_help(FILE *f, bool was_asked)
{
	print_commands(f);
	fputs("\nA FILE - is standard input.\n\n", f);
	for (size_t i = 0; i < NELEM(rows); i++)
		fprintf(f, "  %-26s %s\n", spelling(&rows[i]), rows[i].help);
	fputs("\nKinds:", f);
	for (size_t i = 0; i < emitter_count; i++)
		fprintf(f, " %s", emitters[i].kind);
	fputs("\n\nExit status: 0 fine, 1 errors in the input, 2 usage or environment, 3 a fault "
	      "of\n"
	      "pvgen.  verify: 1 findings, 2 also an input that cannot be read, 4 not enough in "
	      "the\n"
	      "object to say that nothing is wrong.\n",
	      f);
	return fflush(f) || !was_asked ? STATUS_ENVIRONMENT : STATUS_FINE;
}

int print_version(void)
{
	fputs(version, stdout);
	return fflush(stdout) ? STATUS_ENVIRONMENT : STATUS_FINE;
}
