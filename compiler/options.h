/* options.c, response.c: the command line. */
#ifndef PVGEN_OPTIONS_H
#define PVGEN_OPTIONS_H

#include <stdio.h>

#include "pvgen.h"

/* A fault of pvgen that it does not notice raises a signal. */
enum { STATUS_FINE, STATUS_INPUT, STATUS_ENVIRONMENT, STATUS_INTERNAL, STATUS_NO_EVIDENCE };

struct command {
	const char *name;
	const char *operands; /* as shown in the usage */
	const char *help;
	int (*run)(struct run *run);
	unsigned int bit; /* in option_row.commands */
};

enum {
	FOR_BUILD = 1 << 0,
	FOR_CHECK = 1 << 1,
	FOR_VERIFY = 1 << 2,
	FOR_NEW = 1 << 3,
	FOR_STATUS = 1 << 4,
	FOR_SYNC = 1 << 5,
	FOR_EXPLAIN = 1 << 6,
	FOR_FMT = 1 << 7,
	FOR_DIFF = 1 << 8,
	FOR_IMPORT = 1 << 9,
	FOR_COVERAGE = 1 << 10,
	FOR_SEAL = 1 << 11,
	FOR_ALL = ~FOR_EXPLAIN,			       /* that read descriptions */
	FOR_MODEL = FOR_ALL & ~(FOR_FMT | FOR_IMPORT), /* and ask what they mean */
};

extern const char pvgen_version[];
extern const struct command commands[];
extern const size_t command_count;

struct words {
	const char **v;
	size_t n, cap;
	bool are_over; /* options, by -- */
};

/** Appends the arguments, and for @FILE the words in it; false after a report. */
bool expand_words(char **argv, struct words *words);

/** Reads the words behind the command's name, up to NULL: STATUS_FINE, or the exit status. */
int parse_options(struct run *run, const struct command *command, const char *const *words);

/** fmt.c: the status to exit with. */
int command_fmt(struct run *run);

/** Puts all descriptions below them in place of directories; false after a report. */
bool find_descriptions(struct run *run);

/** Reports a fault of the command line; the status to exit with. */
int usage_error(const char *text, const char *word);

/** `pvgen explain`: its operands are the inputs. */
int command_explain(struct run *run);

/** --help, of one command or of all, and --version, made of the tables; the status to exit with. */
int print_help(FILE *f, const struct command *only, bool was_asked);
int print_version(void);

#endif
