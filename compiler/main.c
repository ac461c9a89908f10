#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "diff.h"
#include "git.h"
#include "import.h"
#include "options.h"
#include "skeleton.h"
#include "status.h"
#include "sync.h"
#include "waiver.h"

static bool (*const model_passes[])(struct run *run) = {
	parse_inputs, configure, resolve, check_c_names, layout, bind, bind_roms, cover, lower,
};

static bool (*const contract_passes[])(struct run *run) = {effects};

static bool (*const build_passes[])(struct run *run) = {
	decide, find_unknown, find_gaps, emit, depend, write_outputs,
};

/* A pass reports all that it finds; the next starts only when there was nothing. */
static bool run_passes(struct run *run, bool (*const *passes)(struct run *run), size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!passes[i](run))
			return false;
	return true;
}

static int status_of(const struct run *run, bool good)
{
	if (good)
		return STATUS_FINE;
	return run->environment_failed ? STATUS_ENVIRONMENT : STATUS_INPUT;
}

/** Descriptions are named *.pvi; all else is an object. */
static void split_inputs(struct run *run)
{
	size_t kept = 0;

	vec_each(path, &run->inputs)
	{
		const char *dot = strrchr(*path, '.');

		if (!strcmp(*path, "-") || (dot && !strcmp(dot, ".pvi")))
			run->inputs.v[kept++] = *path;
		else
			*vec_push(&run->objects) = *path;
	}
	run->inputs.n = kept;
}

static bool (*const verify_passes[])(struct run *run) = {effects, verify};

static int command_verify(struct run *run)
{
	split_inputs(run);
	if (!run->objects.n)
		return usage_error("no object after", "verify");
	if (!run_passes(run, model_passes, NELEM(model_passes)))
		return STATUS_ENVIRONMENT;
	if (run_passes(run, verify_passes, NELEM(verify_passes)))
		return STATUS_FINE;
	if (run->environment_failed)
		return STATUS_ENVIRONMENT;
	return run->errors ? STATUS_INPUT : STATUS_NO_EVIDENCE;
}

static bool (*const seal_passes[])(struct run *run) = {effects, seal, write_outputs};

static int command_seal(struct run *run)
{
	split_inputs(run);
	if (run->objects.n != 1)
		return usage_error("one linked image belongs to", "seal");
	if (!run->output_path)
		return usage_error("-o FILE is missing after", "seal");
	if (!run_passes(run, model_passes, NELEM(model_passes)))
		return STATUS_ENVIRONMENT;
	if (run_passes(run, seal_passes, NELEM(seal_passes)))
		return STATUS_FINE;
	return run->environment_failed || !run->errors ? STATUS_ENVIRONMENT : STATUS_INPUT;
}

static bool check(struct run *run)
{
	return run_passes(run, model_passes, NELEM(model_passes)) &&
	       run_passes(run, contract_passes, NELEM(contract_passes));
}

static int command_check(struct run *run)
{
	return status_of(run, check(run) && lint(run));
}

static int command_build(struct run *run)
{
	return status_of(run, check(run) && lint(run) &&
				      run_passes(run, build_passes, NELEM(build_passes)));
}

static int command_backend_new(struct run *run)
{
	const char *name = run->inputs.v[0];

	run->inputs.v++;
	if (!--run->inputs.n)
		return usage_error("no description after", name);
	/* Once for what there is, and once more with the new one. */
	return status_of(run, check(run) && draft_backend(run, name) && check(run) &&
				      skeleton(run, name) && write_outputs(run) &&
				      print_outputs(run));
}

static int command_backend_status(struct run *run)
{
	split_inputs(run);
	if (!run->inputs.n)
		return usage_error("no description after", "backend status");
	/* What is wrong with the sources is no reason to show nothing of them. */
	return status_of(run, check(run) && status(run) && write_outputs(run) && !run->errors);
}

static int command_backend_sync(struct run *run)
{
	return status_of(run, check(run) && sync_backends(run));
}

/** Reads what a built image tells of its ops, as a description: the status. */
static int import_side(struct run *run, const char *path)
{
	const char *fault;

	if (!import_image(run, path, &run->draft.text, &fault)) {
		run_failed(run, "'%s' %s", path, fault);
		return STATUS_NO_EVIDENCE;
	}
	run->draft.path = path;
	run->inputs.n = 0;
	return parse_inputs(run) ? STATUS_FINE : STATUS_ENVIRONMENT;
}

/** Reads one of two descriptions or images to be compared, in a run of its own: the status. */
static int parse_side(struct run *run, const char *operand)
{
	const char *path = git_enter(run, operand);

	if (!path)
		return STATUS_ENVIRONMENT;
	if (!run->git && is_image(path))
		return import_side(run, path);
	run->inputs.v = mem_alloc(sizeof(*run->inputs.v));
	*run->inputs.v = path;
	run->inputs.n = run->inputs.cap = 1;
	run->reads_snapshots = true;
	return find_descriptions(run) && parse_inputs(run) ? STATUS_FINE : STATUS_ENVIRONMENT;
}

/** The passes behind the parser, which ask what the other side declares. */
static bool resolve_side(struct run *run, const struct run *other)
{
	run->other = other;
	return run_passes(run, model_passes + 1, NELEM(model_passes) - 1);
}

/** Of one side all that is wrong is shown, of the other nothing. */
static int show_side(struct run *run, const struct run *side, int status)
{
	run->sources = side->sources;
	run->diagnostics = side->diagnostics;
	return status;
}

static int command_diff(struct run *run)
{
	const char *const *paths = run->inputs.v;
	struct run old = *run;
	struct diff d = {.old = &old, .new = run, .operands = paths};
	int status;

	if (run->inputs.n != 2)
		return usage_error("OLD and NEW belong to", "diff");
	if (!strcmp(paths[0], "-") && !strcmp(paths[1], "-"))
		return usage_error("OLD and NEW cannot both be standard input,", "-");
	status = parse_side(&old, paths[0]);
	if (status)
		return show_side(run, &old, status);
	status = parse_side(run, paths[1]);
	if (status)
		return status;
	if (!resolve_side(&old, run))
		return show_side(run, &old, STATUS_ENVIRONMENT);
	if (!resolve_side(run, &old))
		return STATUS_ENVIRONMENT;
	if (!find_users(&old, old.draft.path, &d.users))
		return STATUS_ENVIRONMENT;
	if (!read_waivers(run, &d.waivers))
		return STATUS_ENVIRONMENT;
	diff_compare(&d);
	if (!diff_waive(&d))
		return STATUS_ENVIRONMENT;
	diff_report(run, &d);
	if (!places_are_free(&old, &run->outputs) || !write_outputs(run))
		return STATUS_ENVIRONMENT;
	return diff_is_gated(&d) ? STATUS_INPUT : STATUS_FINE;
}

static int command_coverage(struct run *run)
{
	const char *const *words = run->inputs.v;

	if (run->inputs.n < 3)
		return usage_error("FROM, ON and descriptions belong to", "coverage");
	run->inputs.v += 2;
	run->inputs.n -= 2;
	return status_of(run,
			 check(run) && coverage(run, words[0], words[1]) && write_outputs(run));
}

const struct command commands[] = {
	{"build", "[OPTION]... FILE...", "write the glue that the descriptions FILE define",
	 command_build, FOR_BUILD},
	{"check", "[OPTION]... FILE...", "only report what is wrong with them", command_check,
	 FOR_CHECK},
	{"fmt", "[OPTION]... FILE...",
	 "print the descriptions FILE, or those below directories, well laid out", command_fmt,
	 FOR_FMT},
	{"verify", "[OPTION]... OBJECT... FILE.pvi...",
	 "compare a linked image, a Linux kernel, or relocatable objects together, with the "
	 "descriptions",
	 command_verify, FOR_VERIFY},
	{"seal", "[OPTION]... -o FILE IMAGE FILE.pvi...",
	 "make the blob of the binary interface, or the ROM, of a linked image that agrees with "
	 "the descriptions",
	 command_seal, FOR_SEAL},
	{"backend new", "[OPTION]... NAME FILE...",
	 "write what the author of a new backend starts from: its description, its C",
	 command_backend_new, FOR_NEW},
	{"backend status", "[OPTION]... [OBJECT]... FILE.pvi...",
	 "what is done of each backend, and where; revisions from the objects, else the sources",
	 command_backend_status, FOR_STATUS},
	{"backend sync", "[OPTION]... FILE...",
	 "add to the backends' sources what is to be written, report what does not fit",
	 command_backend_sync, FOR_SYNC},
	{"diff", "[OPTION]... OLD NEW",
	 "what changed between two descriptions, directories of them or snapshots, each perhaps as "
	 "git:REV:PATH, and whom it breaks",
	 command_diff, FOR_DIFF},
	{"coverage", "[OPTION]... FROM ON FILE...",
	 "which calls of the abi ON can be had through the interface or abi FROM, and what is lost",
	 command_coverage, FOR_COVERAGE},
	{"import", "[OPTION]... IMAGE",
	 "print the description of the ops that a built kernel or object has", command_import,
	 FOR_IMPORT},
	{"explain", "[CODE|NAME]...", "say more about these diagnostics, or list all",
	 command_explain, FOR_EXPLAIN},
};

const size_t command_count = NELEM(commands);

/** How many of the words are the command's name: 1 or 2, or 0. */
static size_t words_of(const struct command *command, const char *const *words)
{
	if (!strchr(command->name, ' '))
		return !strcmp(command->name, words[0]);
	return words[1] && !strcmp(command->name, mem_printf("%s %s", words[0], words[1])) ? 2 : 0;
}

static const struct command *find_command(const char *const *words, size_t *n_words)
{
	for (size_t i = 0; i < NELEM(commands); i++) {
		*n_words = words_of(&commands[i], words);
		if (*n_words)
			return &commands[i];
	}
	return NULL;
}

/** What may be meant as the name of a command: the first word, and the second of several. */
static const char *command_words(const char *const *words)
{
	if (strcmp(words[0], "backend") || !words[1])
		return words[0];
	return mem_printf("%s %s", words[0], words[1]);
}

/** Runs the command; its words end with NULL. */
static int run_command(const char *const *words, size_t n)
{
	struct run run = {.outdir = ".",
			  .stdin_name = "<stdin>",
			  .profile = &profiles[0],
			  .arch = &arch_table[0],
			  .backend = {.directory = "backends"},
			  .diff = {.gate = ALL_AUDIENCES}};
	size_t n_words = 0;
	const struct command *command = find_command(words, &n_words);
	int status;

	if (!strcmp(words[0], "--help") || !strcmp(words[0], "-h") ||
	    !strcmp(words[n - 1], "--help"))
		return print_help(stdout, command, true);
	if (!strcmp(words[0], "--version") || !strcmp(words[0], "-V"))
		return print_version();
	if (!command)
		return usage_error("unknown command", command_words(words));
	status = parse_options(&run, command, words + n_words);
	if (status)
		return status;
	status = command->run(&run);
	if (!diag_flush(&run) || (run.is_fixing && !apply_fixes(&run)))
		return STATUS_ENVIRONMENT;
	return status;
}

/** Whether all that was printed has arrived shows last; the status to exit with. */
static int finish(int status)
{
	bool arrived = !fflush(stdout) && !ferror(stdout);

	if (arrived || status == STATUS_ENVIRONMENT)
		return status;
	/* Why a write failed long ago is forgotten; one more says it again. */
	fputc('\n', stdout);
	fflush(stdout);
	fprintf(stderr, "pvgen: cannot write '<stdout>': %s\n", strerror(errno));
	return STATUS_ENVIRONMENT;
}

int main(int argc, char **argv)
{
	struct words words = {0};

	/* A write past a limit, or to nobody, is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);

	if (!expand_words(argc > 0 ? argv + 1 : argv, &words))
		return STATUS_ENVIRONMENT;
	if (!words.n)
		return print_help(stderr, NULL, false);
	*vec_push(&words) = NULL;
	return finish(run_command(words.v, words.n - 1));
}
