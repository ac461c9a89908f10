/* A new option is a row below and a function that applies it. */
#include <stdio.h>
#include <string.h>

#include "coverage.h"
#include "diff.h"
#include "options.h"
#include "status.h"

const char pvgen_version[] = "0.1";

static int usage_fault(const char *text)
{
	fprintf(stderr, "pvgen: %s\nTry 'pvgen --help'.\n", text);
	return STATUS_ENVIRONMENT;
}

int usage_error(const char *text, const char *word)
{
	return usage_fault(mem_printf("%s '%s'", text, word));
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

/** Understood by find_kind(), when the profile is known. */
static int add_request(struct run *run, const char *text)
{
	*vec_push(&run->requests) = (struct emit_request){.path = text};
	return STATUS_FINE;
}

static int set_licence(struct run *run, const char *text)
{
	if (!*text || text[strcspn(text, "*\n")])
		return usage_error("no licence as SPDX writes it:", text);
	run->licence = text;
	return STATUS_FINE;
}

static int set_profile(struct run *run, const char *name)
{
	for (size_t i = 0; i < profile_count; i++)
		if (!strcmp(profiles[i].name, name)) {
			run->profile = &profiles[i];
			return STATUS_FINE;
		}
	return usage_error("unknown profile", name);
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

static int want_fixes(struct run *run, const char *unused)
{
	(void)unused;
	run->is_fixing = true;
	return STATUS_FINE;
}

static int set_output(struct run *run, const char *path)
{
	run->output_path = path;
	return STATUS_FINE;
}

static int set_structure(struct run *run, const char *name)
{
	run->structure = name;
	return STATUS_FINE;
}

static int set_interface(struct run *run, const char *name)
{
	run->backend.interface = name;
	return STATUS_FINE;
}

static int set_abi(struct run *run, const char *name)
{
	run->backend.abi = name;
	return STATUS_FINE;
}

static int set_description(struct run *run, const char *path)
{
	run->backend.description = path;
	return STATUS_FINE;
}

static int set_directory(struct run *run, const char *path)
{
	run->backend.directory = path;
	return STATUS_FINE;
}

static int add_form(struct run *run, const char *text)
{
	if (!status_knows(text))
		return usage_error("unknown form of the status", text);
	*vec_push(&run->backend.forms) = text;
	return STATUS_FINE;
}

static int add_diff_report(struct run *run, const char *text)
{
	if (!diff_knows(text))
		return usage_error("unknown form of the report", text);
	*vec_push(&run->diff.forms) = text;
	return STATUS_FINE;
}

static int add_coverage_form(struct run *run, const char *text)
{
	if (!coverage_knows(text))
		return usage_error("unknown form of the coverage", text);
	*vec_push(&run->coverage_forms) = text;
	return STATUS_FINE;
}

static int set_gate(struct run *run, const char *words)
{
	bool is_none = !strcmp(words, "none");

	if (is_none)
		run->diff.gate = 0;
	return is_none || audiences_from(words, &run->diff.gate)
		       ? STATUS_FINE
		       : usage_error("--gate takes source, backend, module, peer, or none, not",
				     words);
}

static int set_image(struct run *run, const char *path)
{
	run->diff.image = path;
	return STATUS_FINE;
}

static int set_modules(struct run *run, const char *directory)
{
	run->diff.modules = directory;
	return STATUS_FINE;
}

static int add_waivers(struct run *run, const char *path)
{
	*vec_push(&run->diff.waivers) = path;
	return STATUS_FINE;
}

static int add_report(struct run *run, const char *text)
{
	if (!report_knows(text))
		return usage_error("unknown form of the report", text);
	*vec_push(&run->reports) = text;
	return STATUS_FINE;
}

static int set_check_only(struct run *run, const char *nothing)
{
	(void)nothing;
	run->is_check_only = true;
	return STATUS_FINE;
}

static int set_signature(struct run *run, const char *text)
{
	run->backend.signature = text;
	return STATUS_FINE;
}

static int set_deprivileged(struct run *run, const char *nothing)
{
	(void)nothing;
	run->backend.is_deprivileged = true;
	return STATUS_FINE;
}

static int add_path_map(struct run *run, const char *text)
{
	size_t n = strcspn(text, "=");

	if (!text[n])
		return usage_error("--file-prefix-map takes OLD=NEW, not", text);
	*vec_push(&run->path_maps) = (struct path_map){intern_n(text, n), text + n + 1};
	return STATUS_FINE;
}

static int want_depend(struct run *run, const char *unused)
{
	(void)unused;
	run->depend.is_wanted = true;
	return STATUS_FINE;
}

static int want_phony(struct run *run, const char *unused)
{
	run->depend.has_phony = true;
	return want_depend(run, unused);
}

static int set_depend_file(struct run *run, const char *path)
{
	run->depend.path = path;
	return want_depend(run, NULL);
}

static int add_target(struct run *run, const char *text)
{
	*vec_push(&run->depend.targets) = text;
	return want_depend(run, NULL);
}

static int add_quoted_target(struct run *run, const char *path)
{
	return add_target(run, make_name(path));
}

static int set_warning(struct run *run, const char *text)
{
	const char *fault = diag_set_warning(&run->diag, text);

	return fault ? usage_fault(fault) : STATUS_FINE;
}

static int set_in_place(struct run *run, const char *nothing)
{
	(void)nothing;
	run->is_in_place = true;
	return STATUS_FINE;
}

static const struct option_row {
	const char *name;     /* "-I": the argument may be joined to it; "--arch": with = */
	const char *argument; /* NULL: takes none */
	const char *help;
	unsigned int commands;
	int (*apply)(struct run *run, const char *argument);
} rows[] = {
	{"-I", "DIR", "look for imports here, after the importing file's directory", FOR_MODEL,
	 add_include},
	{"-D", "SYM[=VALUE]", "value of a configuration symbol; true without one", FOR_MODEL,
	 add_setting},
	{"-w", NULL, "replace each file by what fmt makes of it", FOR_FMT, set_in_place},
	{"--outdir", "DIR", "where files go (default: the current directory)", FOR_BUILD,
	 set_outdir},
	{"--emit", "KIND[:FILE]",
	 "write this kind (default: all but snapshot), into FILE; - is standard output", FOR_BUILD,
	 add_request},
	{"--profile", "NAME", "for whom: kernel (default), or linux: in the form of its headers",
	 FOR_BUILD | FOR_SYNC, set_profile},
	{"--spdx", "LICENCE", "licence of what is written (default: none; of linux: GPL-2.0)",
	 FOR_BUILD, set_licence},
	{"-o", "FILE", "into FILE what the one --emit asks for", FOR_BUILD, set_output},
	{"-o", "FILE", "write the description into FILE", FOR_IMPORT, set_output},
	{"--struct", "NAME", "structure of the ops in an image (default: Linux's, or pv_ops)",
	 FOR_IMPORT | FOR_DIFF, set_structure},
	{"-o", "FILE", "where the blob goes", FOR_SEAL, set_output},
	{"-MD", NULL, "write a make rule: outputs, and all files read, into FIRST-OUTPUT.d",
	 FOR_BUILD, want_depend},
	{"-MF", "FILE", "write that rule into FILE", FOR_BUILD, set_depend_file},
	{"-MP", NULL, "and an empty rule for each import, which may then disappear", FOR_BUILD,
	 want_phony},
	{"-MT", "TARGET", "name this in the rule in place of the outputs; may be repeated",
	 FOR_BUILD, add_target},
	{"-MQ", "FILE", "the same, with what is special to make quoted", FOR_BUILD,
	 add_quoted_target},
	{"--file-prefix-map", "OLD=NEW", "in outputs, NEW stands for OLD at the beginning of paths",
	 FOR_BUILD, add_path_map},
	{"--arch", "ARCH", "architecture (default: x86_64)", FOR_MODEL, set_arch},
	{"--stdin-name", "PATH", "what standard input is called in messages", FOR_ALL,
	 set_stdin_name},
	{"--diagnostics-format", "FORM",
	 "text (default), short: one line each, or json: one document on standard output", FOR_ALL,
	 set_form},
	{"--diagnostics-file", "FILE", "write the diagnostics into FILE", FOR_ALL,
	 set_diagnostics_file},
	{"--color", "WHEN", "auto (default; NO_COLOR, CLICOLOR_FORCE), always or never", FOR_ALL,
	 set_color},
	{"--max-errors", "N",
	 "show at most N errors and N warnings (default: text 20, json all; 0: all)", FOR_ALL,
	 set_max_errors},
	{"-W", "[no-]NAME", "show this warning, or not; -Weverything; -W[no-]error[=NAME]", FOR_ALL,
	 set_warning},
	{"--parseable-fixits", NULL, "also say edits as fix-it:\"FILE\":{L:C-L:C}:\"TEXT\"",
	 FOR_ALL, set_parseable_fixits},
	{"--fix", NULL, "edit the files as the messages suggest, and keep the old text in FILE~",
	 FOR_CHECK | FOR_SYNC, want_fixes},
	{"--for", "INTERFACE", "interface of the new backend (default: the only one)", FOR_NEW,
	 set_interface},
	{"--on", "ABI", "binary interface that the new backend calls", FOR_NEW, set_abi},
	{"--deprivileged", NULL, "the kernel must not execute privileged instructions there",
	 FOR_NEW, set_deprivileged},
	{"--cpuid", "SIGNATURE", "how the new backend's machine names itself in CPUID", FOR_NEW,
	 set_signature},
	{"--idl", "FILE", "its description (default: NAME.pvi beside the interface's)", FOR_NEW,
	 set_description},
	{"--dir", "DIR", "holds a folder for each backend (default: backends)",
	 FOR_NEW | FOR_STATUS | FOR_SYNC, set_directory},
	{"--format", "FORM[:FILE]", "of the status: text (default), json or html; may be repeated",
	 FOR_STATUS, add_form},
	{"--format", "FORM[:FILE]",
	 "of the report: text (default), json, md, html, sarif, junit or github; may be repeated",
	 FOR_DIFF, add_diff_report},
	{"--format", "FORM[:FILE]",
	 "of the coverage: text (default), json or html; may be repeated", FOR_COVERAGE,
	 add_coverage_form},
	{"--gate", "AUDIENCES",
	 "whom a break fails: of source,backend,module,peer (default: all), or none", FOR_DIFF,
	 set_gate},
	{"--image", "FILE", "the old kernel, whose call sites count (default: OLD, if it is one)",
	 FOR_DIFF, set_image},
	{"--modules", "DIR", "its modules: who uses what changed", FOR_DIFF, set_modules},
	{"--waivers", "FILE", "accept the breaks that this file names; may be repeated", FOR_DIFF,
	 add_waivers},
	{"--report", "FORM[:FILE]",
	 "what was seen: text (a line a slot), sites (a line a site) or json; may be repeated",
	 FOR_VERIFY, add_report},
	{"--check", NULL, "write nothing, only say what there is to do", FOR_SYNC | FOR_FMT,
	 set_check_only},
};

/* ---- the command line ---- */

static bool is_long(const char *name)
{
	return name[1] == '-';
}

/** What stands behind the option's name in the word; NULL: the word is not this option. */
static const char *match(const struct option_row *row, const char *word)
{
	size_t n = strlen(row->name);

	if (strncmp(word, row->name, n))
		return NULL;
	if (!word[n] || (row->argument && !is_long(row->name)) ||
	    (is_long(row->name) && word[n] == '='))
		return word + n;
	return NULL;
}

/* Names are never abbreviated: what is unique today would be ambiguous tomorrow. */
static const struct option_row *find_row(const struct command *command, const char *word)
{
	for (size_t i = 0; i < NELEM(rows); i++)
		if ((rows[i].commands & command->bit) && match(&rows[i], word))
			return &rows[i];
	return NULL;
}

/** Applies the option at *word, and leaves there the last word that it took. */
static int apply_option(struct run *run, const struct command *command, const char *const **word)
{
	const struct option_row *row = find_row(command, **word);
	const char *joined = row ? match(row, **word) : NULL;

	if (!row)
		return usage_error("unknown option", **word);
	if (*joined && !row->argument)
		return usage_error("no argument belongs to", row->name);
	if (*joined || !row->argument)
		return row->apply(run, joined + (*joined == '=' && is_long(row->name)));
	if (!*++*word)
		return usage_error("an argument is missing after", row->name);
	return row->apply(run, **word);
}

static int no_blobs(const struct run *run)
{
	return usage_error("say --arch=x86_64, for which alone there are blobs, not",
			   run->arch->name);
}

/** KIND or KIND:FILE; one FILE cannot take what several modules emit, which emit() checks. */
static int find_kind(const struct run *run, struct emit_request *request)
{
	const struct profile *profile = run->profile;
	const char *text = request->path;
	size_t n = strcspn(text, ":");

	for (size_t i = 0; i < profile->n; i++) {
		const struct emitter *e = &profile->emitters[i];

		if (strncmp(e->kind, text, n) || e->kind[n])
			continue;
		if (!emitter_suits(e, run->arch))
			return no_blobs(run);
		*request = (struct emit_request){e, text[n] ? text + n + 1 : NULL};
		return STATUS_FINE;
	}
	return usage_error("unknown kind of output", text);
}

static int find_kinds(struct run *run)
{
	int status = STATUS_FINE;

	vec_each(request, &run->requests)
	{
		if (!status)
			status = find_kind(run, request);
	}
	return status;
}

static void request_all(struct run *run)
{
	for (size_t i = 0; i < run->profile->n; i++)
		if (emitter_is_usual(&run->profile->emitters[i], run->arch))
			*vec_push(&run->requests) =
				(struct emit_request){&run->profile->emitters[i], NULL};
}

/** Diagnostics and an output in one stream would be neither. */
static int check_stdout(const struct run *run, const struct command *command)
{
	bool is_taken = run->depend.path && !strcmp(run->depend.path, "-");

	is_taken |= command->bit == FOR_FMT && !run->is_check_only && !run->is_in_place;
	vec_each(request, &run->requests) is_taken |= request->path && !strcmp(request->path, "-");
	if (!is_taken || !diag_owns_stdout(&run->diag))
		return STATUS_FINE;
	return usage_error("the diagnostics and an output would both go to standard output", "-");
}

/** -o FILE is the FILE of the one --emit that names none. */
static int place_output(struct run *run, const struct command *command)
{
	if (!run->output_path || command->bit != FOR_BUILD)
		return STATUS_FINE;
	if (run->requests.n != 1 || run->requests.v[0].path)
		return usage_error("one --emit, without a file, belongs to -o", run->output_path);
	run->requests.v[0].path = run->output_path;
	return STATUS_FINE;
}

static bool has_stdin(const struct run *run)
{
	vec_each(path, &run->inputs)
	{
		if (!strcmp(*path, "-"))
			return true;
	}
	return false;
}

int parse_options(struct run *run, const struct command *command, const char *const *words)
{
	bool is_over = false;
	int status;

	for (const char *const *word = words; *word; word++) {
		if (!is_over && !strcmp(*word, "--")) {
			is_over = true;
		} else if (is_over || (*word)[0] != '-' || !(*word)[1]) {
			*vec_push(&run->inputs) = *word;
		} else {
			status = apply_option(run, command, &word);
			if (status)
				return status;
		}
	}
	if (!run->inputs.n && command->bit != FOR_EXPLAIN)
		return usage_error("no input file after", command->name);
	if (run->is_fixing && has_stdin(run))
		return usage_error("--fix cannot edit standard input,", "-");
	if (command->bit == FOR_SEAL && !run->arch->generates)
		return no_blobs(run);
	status = find_kinds(run);
	if (!status)
		status = place_output(run, command);
	if (!run->requests.n)
		request_all(run);
	return status ? status : check_stdout(run, command);
}

/* ---- help ---- */

static const char *spelling(const struct option_row *row)
{
	const char *between = is_long(row->name) ? "=" : " ";

	return row->argument ? mem_printf("%s%s%s", row->name, between, row->argument) : row->name;
}

/** Of a command alone, or without one of all. */
static bool is_about(const struct command *only, unsigned int bits)
{
	return !only || (bits & only->bit);
}

static void print_commands(FILE *f, const struct command *only)
{
	const char *before = "usage:";

	for (size_t i = 0; i < command_count; i++) {
		if (!is_about(only, commands[i].bit))
			continue;
		fprintf(f, "%s pvgen %s %s\n", before, commands[i].name, commands[i].operands);
		before = "      ";
	}
	if (!only)
		fputs("       pvgen [COMMAND] --help\n       pvgen --version\n", f);
	fputs("\n", f);
	for (size_t i = 0; i < command_count; i++)
		if (is_about(only, commands[i].bit))
			fprintf(f, "  %-14s %s\n", commands[i].name, commands[i].help);
}

static void print_options(FILE *f, const struct command *only)
{
	const char *before = "\n";

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (!is_about(only, rows[i].commands))
			continue;
		fprintf(f, "%s  %-26s %s\n", before, spelling(&rows[i]), rows[i].help);
		before = "";
	}
}

/** Of the profiles; the first is the default. */
static void print_kinds(FILE *f)
{
	for (size_t i = 0; i < profile_count; i++) {
		fprintf(f, i ? "Kinds of %s:" : "\nKinds:", profiles[i].name);
		for (size_t k = 0; k < profiles[i].n; k++)
			fprintf(f, " %s", profiles[i].emitters[k].kind);
		fputs("\n", f);
	}
}

int print_help(FILE *f, const struct command *only, bool was_asked)
{
	print_commands(f, only);
	fputs("\nA FILE - is standard input; -- ends options; @FILE stands for the words in "
	      "FILE.\n",
	      f);
	print_options(f, only);
	if (is_about(only, FOR_BUILD))
		print_kinds(f);
	fputs("\nExit status: 0 fine, 1 errors in the input, 2 usage or environment, 3 a fault "
	      "of\n"
	      "pvgen.  verify: 1 findings, 2 also an input that cannot be read, 4 not enough in "
	      "the\n"
	      "object to say that nothing is wrong.  diff: 1 a break that is gated, 2 also an "
	      "input\n"
	      "with errors, 4 an image that does not tell its types; import: the same.\n",
	      f);
	return was_asked ? STATUS_FINE : STATUS_ENVIRONMENT;
}

int print_version(void)
{
	printf("pvgen %s\n", pvgen_version);
	return STATUS_FINE;
}
