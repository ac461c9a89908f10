#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvgen.h"

enum { STATUS_FINE, STATUS_INPUT, STATUS_ENVIRONMENT, STATUS_NO_EVIDENCE = 4 };

static const char usage[] =
	"usage: pvgen build [-I DIR] [--outdir DIR] [--emit=KIND[:FILE]]... [--arch=ARCH] FILE...\n"
	"       pvgen check [-I DIR] [--arch=ARCH] FILE...\n"
	"       pvgen verify [-I DIR] [--arch=ARCH] OBJECT... FILE.pvi...\n"
	"       pvgen --help | --version\n"
	"\n"
	"build writes the glue that the descriptions FILE... define; check only reports\n"
	"what is wrong with them.  FILE - is standard input.  verify compares a linked\n"
	"image, or relocatable objects together, with the descriptions FILE.pvi: sites,\n"
	"templates, slots, what the patcher runs; and with both, the revisions that the\n"
	"objects state.\n"
	"\n"
	"  -I DIR            look for imports here, after the importing file's directory\n"
	"  --outdir DIR      where files go (default: the current directory)\n"
	"  --emit=KIND       what to write (default: everything); repeatable\n"
	"  --emit=KIND:FILE  ... into FILE, - for standard output\n"
	"  --arch=ARCH       architecture (default: x86_64)\n"
	"\n"
	"Exit status: 0 fine, 1 errors in the input, 2 usage or environment, 3 a fault of pvgen.\n"
	"verify: 1 findings, 2 also an input that cannot be read, 4 not enough in the object\n"
	"to say that nothing is wrong.\n";

static const char version[] = "pvgen 0.1\n";

static int usage_error(const char *text, const char *word)
{
	fprintf(stderr, "pvgen: %s '%s'\nTry 'pvgen --help'.\n", text, word);
	return STATUS_ENVIRONMENT;
}

/** KIND or KIND:FILE; one FILE cannot take what several modules emit, which emit() checks. */
static bool add_request(struct run *run, const char *text)
{
	size_t n = strcspn(text, ":");

	for (size_t i = 0; i < emitter_count; i++) {
		if (strncmp(emitters[i].kind, text, n) || emitters[i].kind[n])
			continue;
		*vec_push(&run->requests) =
			(struct emit_request){&emitters[i], text[n] ? text + n + 1 : NULL};
		return true;
	}
	return false;
}

static void request_all(struct run *run)
{
	for (size_t i = 0; i < emitter_count; i++)
		*vec_push(&run->requests) = (struct emit_request){&emitters[i], NULL};
}

static int parse_option(struct run *run, int option)
{
	switch (option) {
	case 'I':
		*vec_push(&run->include_dirs) = optarg;
		return 0;
	case 'o':
		run->outdir = optarg;
		return 0;
	case 'e':
		return add_request(run, optarg) ? 0 : usage_error("unknown kind of output", optarg);
	case 'a':
		run->arch = arch_find(optarg);
		return run->arch ? 0 : usage_error("unknown architecture", optarg);
	default:
		fprintf(stderr, "Try 'pvgen --help'.\n");
		return STATUS_ENVIRONMENT;
	}
}

static int parse_options(struct run *run, int argc, char **argv)
{
	static const struct option options[] = {{"outdir", required_argument, NULL, 'o'},
						{"emit", required_argument, NULL, 'e'},
						{"arch", required_argument, NULL, 'a'},
						{0}};
	int option;

	while ((option = getopt_long(argc, argv, "I:", options, NULL)) != -1) {
		int status = parse_option(run, option);

		if (status)
			return status;
	}
	while (optind < argc)
		*vec_push(&run->inputs) = argv[optind++];
	if (!run->inputs.n)
		return usage_error("no input file after", argv[0]);
	if (!run->requests.n)
		request_all(run);
	return 0;
}

static bool (*const model_passes[])(struct run *run) = {
	parse_inputs, resolve, layout, bind, lower,
};

static bool (*const contract_passes[])(struct run *run) = {effects};

static bool (*const build_passes[])(struct run *run) = {
	emit,
	write_outputs,
};

/* A pass reports all that it finds; the next starts only when there was nothing. */
static bool run_passes(struct run *run, bool (*const *passes)(struct run *run), size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool good = passes[i](run);

		diag_flush(run);
		if (!good)
			return false;
	}
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

static bool check(struct run *run)
{
	return run_passes(run, model_passes, NELEM(model_passes)) &&
	       run_passes(run, contract_passes, NELEM(contract_passes));
}

static int command_check(struct run *run)
{
	return status_of(run, check(run));
}

static int command_build(struct run *run)
{
	return status_of(run, check(run) && run_passes(run, build_passes, NELEM(build_passes)));
}

static const struct {
	const char *name;
	int (*run)(struct run *run);
} commands[] = {
	{"build", command_build},
	{"check", command_check},
	{"verify", command_verify},
};

static int print_help(FILE *f, bool was_asked)
{
	fputs(usage, f);
	fputs("\nKinds:", f);
	for (size_t i = 0; i < emitter_count; i++)
		fprintf(f, " %s", emitters[i].kind);
	fputs("\n", f);
	return fflush(f) || !was_asked ? STATUS_ENVIRONMENT : STATUS_FINE;
}

static int print_version(void)
{
	fputs(version, stdout);
	return fflush(stdout) ? STATUS_ENVIRONMENT : STATUS_FINE;
}

int main(int argc, char **argv)
{
	struct run run = {.outdir = ".", .arch = &arch_table[0]};
	const char *word = argc > 1 ? argv[1] : "--help";
	const char *last = argv[argc - 1];

	/* A write past a limit, or to nobody, is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);

	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(last, "--help"))
		return print_help(argc > 1 ? stdout : stderr, argc > 1);
	if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		return print_version();
	for (size_t i = 0; i < NELEM(commands); i++) {
		int status;

		if (strcmp(commands[i].name, word) != 0)
			continue;
		status = parse_options(&run, argc - 1, argv + 1);
		return status ? status : commands[i].run(&run);
	}
	return usage_error("unknown command", word);
}
