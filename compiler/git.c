/*
 * git:REV:PATH.  Git itself is run, with argument vectors; what it has to say it says on its own
 * standard error.  REV is made a tree once, so that a branch that moves meanwhile is no matter.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git.h"
#include "path.h"

extern char **environ;

struct git {
	const char *shown; /* what paths get before them in messages: git:REV: */
	const char *rev;
	const char *tree; /* its number */
	const char *here; /* the current directory */
	const char *top;  /* the work tree's */
	struct map files; /* those that were looked for, by their path below the top */
};

struct git_file {
	const char *mode; /* as Git writes it; "" if there is no such file */
	const char *id;
	struct source *source; /* or NULL: not read */
};

static const char mode_tree[] = "040000", mode_link[] = "120000", mode_module[] = "160000";

/* ---- processes ---- */

enum { ARGUMENTS = 8 };

static const char git_refused[] = "git has refused it";

static int spawn(const char *const *words, int out, int other, pid_t *pid)
{
	const char *arguments[ARGUMENTS + 3] = {"git", "--literal-pathspecs"};
	posix_spawn_file_actions_t actions;
	int status;

	for (size_t i = 0; i < ARGUMENTS && words[i]; i++)
		arguments[i + 2] = words[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, other);
	status = posix_spawnp(pid, "git", &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/** Reads all that it prints; NULL, or what went wrong. */
static const char *collect(int in, pid_t pid, struct out *text)
{
	FILE *f = fdopen(in, "r");
	const char *problem = f ? source_read_all(f, 0, text) : strerror(errno);
	int status = -1;

	if (f)
		fclose(f);
	else
		close(in);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!problem && (!WIFEXITED(status) || WEXITSTATUS(status)))
		problem = git_refused;
	return problem;
}

/** Runs Git with these words, which end with NULL; NULL, or why there is nothing in @text. */
static const char *run_git(const char *const *words, struct out *text)
{
	int ends[2], status;
	pid_t pid;

	if (pipe(ends))
		return strerror(errno);
	status = spawn(words, ends[1], ends[0], &pid);
	close(ends[1]);
	if (!status)
		return collect(ends[0], pid, text);
	close(ends[0]);
	return mem_printf("cannot run git: %s", strerror(status));
}

/** The one line that it prints. */
static const char *ask_git(const char *const *words, const char **problem)
{
	struct out text = {0};

	*problem = run_git(words, &text);
	return intern_n(text_of(&text), strcspn(text_of(&text), "\n"));
}

/* ---- the revision ---- */

static bool find_top(struct run *run, struct git *git, const char *operand)
{
	char here[PATH_MAX];
	const char *problem;

	if (!getcwd(here, sizeof(here)))
		return run_failed(run, "cannot read '%s': %s", operand, strerror(errno));
	git->here = intern(here);
	git->top = ask_git((const char *[]){"rev-parse", "--show-toplevel", NULL}, &problem);
	if (!problem)
		return true;
	return run_failed(run, "cannot read '%s': %s", operand,
			  problem == git_refused ? "no work tree of Git is here" : problem);
}

static bool find_tree(struct run *run, struct git *git, const char *operand)
{
	const char *tree = mem_printf("%s^{tree}", git->rev), *problem;

	git->tree =
		ask_git((const char *[]){"rev-parse", "--verify", "--quiet", tree, NULL}, &problem);
	if (problem == git_refused)
		problem = mem_printf("no revision '%s'; `git log --all` has those that are here, "
				     "`git fetch` others",
				     git->rev);
	return !problem || run_failed(run, "cannot read '%s': %s", operand, problem);
}

const char *git_enter(struct run *run, const char *operand)
{
	struct git *git;
	size_t n;

	if (strncmp(operand, "git:", 4))
		return operand;
	n = 4 + strcspn(operand + 4, ":");
	if (n == 4 || operand[4] == '-' || !operand[n] || !operand[n + 1]) {
		run_failed(run, "'%s' is not git:REV:PATH; a file of that name is './%s'", operand,
			   operand);
		return NULL;
	}
	git = mem_alloc(sizeof(*git));
	git->shown = intern_n(operand, n + 1);
	git->rev = intern_n(operand + 4, n - 4);
	if (!find_top(run, git, operand) || !find_tree(run, git, operand))
		return NULL;
	run->git = git;
	if (git_exists(run, operand + n + 1))
		return operand + n + 1;
	run_failed(run, "cannot read '%s': %s", operand,
		   git_has(run, operand + n + 1) ? "no such file in that revision"
						 : "it is outside of the work tree");
	return NULL;
}

/* ---- files ---- */

/** The path below the work tree's top; NULL if it is elsewhere. */
static const char *below_top(const struct git *git, const char *path)
{
	const char *absolute = path_joined(path[0] == '/' ? "/" : git->here, path);
	size_t n = strlen(git->top);

	if (strncmp(absolute, git->top, n) || (absolute[n] && absolute[n] != '/'))
		return NULL;
	return absolute + n + (absolute[n] == '/');
}

/** "MODE TYPE ID\tPATH" */
static void read_entry(struct git_file *f, const char *entry)
{
	const char *id = strchr(entry, ' ');

	f->mode = intern_n(entry, strcspn(entry, " "));
	id = id ? strchr(id + 1, ' ') : NULL;
	f->id = id ? intern_n(id + 1, strcspn(id + 1, "\t")) : "";
}

static struct git_file *look_up(struct git *git, const char *below)
{
	struct out text = {0};
	struct git_file *f = map_get(&git->files, intern(below));

	if (f)
		return f;
	f = mem_alloc(sizeof(*f));
	f->mode = *below ? "" : mode_tree;
	if (*below &&
	    !run_git((const char *[]){"ls-tree", "-z", "--full-tree", git->tree, "--", below, NULL},
		     &text) &&
	    text.n)
		read_entry(f, text_of(&text));
	map_add(&git->files, intern(below), f);
	return f;
}

bool git_has(const struct run *run, const char *path)
{
	return run->git && below_top(run->git, path);
}

bool git_exists(struct run *run, const char *path)
{
	const char *below = below_top(run->git, path);

	return below && *look_up(run->git, below)->mode;
}

bool git_is_directory(struct run *run, const char *path)
{
	return !strcmp(look_up(run->git, below_top(run->git, path))->mode, mode_tree);
}

static const char *mode_problem(const char *mode)
{
	if (!*mode)
		return "no such file in that revision";
	if (!strcmp(mode, mode_tree))
		return strerror(EISDIR);
	if (!strcmp(mode, mode_link))
		return "a symbolic link; name the file that it leads to";
	return strcmp(mode, mode_module) ? NULL : "a module of its own";
}

struct opened git_open(struct run *run, const char *path)
{
	struct git_file *f = look_up(run->git, below_top(run->git, path));
	struct opened opened = {f->source, mode_problem(f->mode), false};
	struct out text = {0};

	if (opened.source || opened.problem)
		return opened;
	opened.problem = run_git((const char *[]){"cat-file", "blob", f->id, NULL}, &text);
	if (opened.problem)
		return opened;
	f->source = source_draft(run, mem_printf("%s%s", run->git->shown, path), &text);
	return (struct opened){f->source, NULL, true};
}

/** Is it a description, and nothing on its way hidden? */
static bool is_wanted(const char *below)
{
	const char *dot = strrchr(below, '.');

	return dot && !strcmp(dot, ".pvi") && below[0] != '.' && !strstr(below, "/.");
}

bool git_add_directory(struct run *run, const char *path, paths *paths)
{
	const char *below = below_top(run->git, path), *problem;
	const char *inside = *below ? mem_printf("%s/", below) : "";
	struct out text = {0};

	problem = run_git((const char *[]){"ls-tree", "-r", "-z", "--name-only", "--full-tree",
					   run->git->tree, *below ? inside : NULL, NULL},
			  &text);
	if (problem)
		return run_failed(run, "cannot read '%s%s': %s", run->git->shown, path, problem);
	for (const char *s = text_of(&text); s < text_of(&text) + text.n; s += strlen(s) + 1)
		if (is_wanted(s + strlen(inside)))
			*vec_push(paths) = mem_printf("%s/%s", path, s + strlen(inside));
	return true;
}

const char *git_plain(const struct run *run, const char *shown)
{
	size_t n = run->git ? strlen(run->git->shown) : 0;

	return n && !strncmp(shown, run->git->shown, n) ? shown + n : shown;
}
