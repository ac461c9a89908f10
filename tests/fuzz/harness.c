/*
 * What a fuzzer calls: a run of pvgen on an input from memory, in a process that lives on.
 *
 * TARGET is where the run ends: behind the lexer, behind the parser, or behind the last
 * emitter.  All before that is pvgen as it is, with its own main; only what would reach
 * beyond the process is replaced, by the linker (see rules.mk): files are not there, and
 * what would be written is looked at and dropped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"
#include "parser.h"

enum target { LEXER, PARSER, FRONTEND };

static const enum target target = TARGET;

int yylex(YYSTYPE *value, YYLTYPE *loc, struct parse *p, void *scanner);

/* The linker calls what is replaced __real_NAME, and what replaces it __wrap_NAME. */
int __real_main(int argc, char **argv);
FILE *__real_fopen(const char *path, const char *mode);
int __real_yyparse(struct parse *p, void *scanner);
bool __real_resolve(struct run *run);

FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_access(const char *path, int mode);
int __wrap_stat(const char *path, struct stat *st);
bool __wrap_write_outputs(struct run *run);
int __wrap_yyparse(struct parse *p, void *scanner);
bool __wrap_resolve(struct run *run);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool good)
{
	if (!good)
		abort();
}

/* ---- the outside ---- */

FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)path;
	(void)mode;
	errno = ENOENT;
	return NULL;
}

int __wrap_access(const char *path, int mode)
{
	(void)path;
	(void)mode;
	errno = ENOENT;
	return -1;
}

int __wrap_stat(const char *path, struct stat *st)
{
	(void)path;
	(void)st;
	errno = ENOENT;
	return -1;
}

/** Text files: no NUL came through from the input. */
bool __wrap_write_outputs(struct run *run)
{
	vec_each(out, &run->outputs) expect(!out->text.n || !memchr(out->text.v, 0, out->text.n));
	return true;
}

/* ---- where a run ends ---- */

/** Each token lies in the source, behind the one before it. */
static int read_tokens(struct parse *p, void *scanner)
{
	YYSTYPE value;
	YYLTYPE loc;
	uint32_t end = 0;

	while (yylex(&value, &loc, p, scanner)) {
		expect(loc.begin >= end && loc.end >= loc.begin && loc.end <= p->source->length);
		end = loc.end;
	}
	return 0;
}

int __wrap_yyparse(struct parse *p, void *scanner)
{
	return target == LEXER ? read_tokens(p, scanner) : __real_yyparse(p, scanner);
}

bool __wrap_resolve(struct run *run)
{
	return target == FRONTEND && __real_resolve(run);
}

/* ---- the run ---- */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stdin = fdopen(memfd_create("input", MFD_CLOEXEC), "r");
	stdout = stderr = __real_fopen("/dev/null", "w");
	expect(stdin && stdout);
	return 0;
}

static void set_input(const uint8_t *data, size_t size)
{
	expect(!ftruncate(fileno(stdin), 0));
	expect(pwrite(fileno(stdin), data, size, 0) == (ssize_t)size);
	rewind(stdin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* What is said about the input takes either form. */
	char *form = size % 2 ? "--diagnostics-format=json" : "--color=always";
	char *argv[] = {"pvgen", "build", form, "-", NULL};

	set_input(data, size);
	__real_main(4, argv);
	mem_reset();
	return 0;
}
