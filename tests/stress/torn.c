/* SPDX-License-Identifier: MIT */
/*
 * One thread changes a site between the forms that the patcher gives it, the
 * others execute it.  Each way to store the bytes is a row; what the executing
 * threads see that is none of the forms is counted.
 *
 *	torn [-u] [-t SECONDS] [-n EXECUTIONS] [ROW...]
 *
 * -u: a row ends with the first wrong result.  -n: all rows over and over until
 * there were so many executions.  Each row runs in a process of its own, because
 * what a torn instruction does is not limited to the site.
 */
#include <linux/membarrier.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"
#include "arena.h"

#define SITE_MAX   8
#define LINE	   64
#define ARGUMENT   5 /* of the op */
#define BREAKPOINT 0xcc
#define BURST	   1000 /* executions between two looks at the clock of the patching thread */
#define PATIENCE   10	/* seconds that a row may need to end */

/* ---- the site and its forms ---- */

enum form { ORIGINAL, PLAIN, OTHER, FORMS };

/* An op, how many of the forms it is changed between, and its result in each. */
struct subject {
	enum pv_op op;
	unsigned int forms;
	unsigned long results[FORMS];
};

/* Each form is one instruction, and it ends where the site ends. */
static const struct subject one_instruction = {
	PV_OP_probe, FORMS, {0x55555555, 0x11111111, 0x33333333}};

/* Whoever is in the called function returns into the middle of the site. */
static const struct subject call_inside = {
	PV_OP_helped_first, PLAIN + 1, {0x55555555, -(ARGUMENT * 3ul + 2)}};

static const struct subject *subject;

/* The table that the linker collects: whatever walks it finds the site. */
__attribute__((section("pv_sites"), used)) static struct pv_site site;

/* The site's bytes in each form, made by the patcher. */
static uint8_t bytes[FORMS][SITE_MAX];

static unsigned long unpatched(unsigned long a, unsigned long b)
{
	(void)a, (void)b;
	return subject->results[ORIGINAL];
}

static void take_form(enum form form, const char *backend)
{
	uint8_t *at = pv_site_address(&site);
	struct pv_patch_refusal refusal;

	host_write_site(&site);
	if (backend && !pv_patch_sites(&site, &site + 1, host_backend(backend), &refusal))
		pv_host_report(refusal.reason, refusal.index);
	memcpy(bytes[form], at, site.length);
}

/* A function that consists of the site, at this offset into a cache line. */
static void place_site(unsigned int offset)
{
	uint8_t *at = arena_at(4096 + offset);

	arena_add_site(&site, at, subject->op);
	at[site.length] = 0xc3; /* ret */
	((op_function **)&pv_ops)[subject->op] = unpatched;
	take_form(ORIGINAL, NULL);
	take_form(PLAIN, "plain");
	if (subject->forms > OTHER)
		take_form(OTHER, "other");
}

/* ---- ways to store ---- */

/* Between two steps of a row that gives the others time to see what is there. */
static void pass(void)
{
}

static void dawdle(void)
{
	for (unsigned int i = 0; i < 100; i++)
		asm volatile("pause");
}

static void (*between)(void);

static void put(uint8_t *to, uint8_t byte)
{
	*(volatile uint8_t *)to = byte;
}

static void store_bytes(uint8_t *at, enum form form)
{
	for (unsigned int i = 0; i < site.length; i++) {
		put(at + i, bytes[form][i]);
		between();
	}
}

static void store_4_2(uint8_t *at, enum form form)
{
	uint32_t low;
	uint16_t high;

	memcpy(&low, bytes[form], sizeof(low));
	memcpy(&high, bytes[form] + sizeof(low), sizeof(high));
	asm volatile("movl %0, (%1)" : : "r"(low), "r"(at) : "memory");
	between();
	asm volatile("movw %0, 4(%1)" : : "r"(high), "r"(at) : "memory");
}

/* With the bytes behind the site, which stay. */
static void store_8(uint8_t *at, enum form form)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	memcpy(&word, bytes[form], site.length);
	asm volatile("movq %0, (%1)" : : "r"(word), "r"(at) : "memory");
}

static void synchronise(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		pv_host_report("membarrier", -1);
}

static void store_int3_with(uint8_t *at, enum form form, void (*sync)(void))
{
	put(at, BREAKPOINT);
	sync();
	between();
	for (unsigned int i = 1; i < site.length; i++)
		put(at + i, bytes[form][i]);
	between();
	sync();
	put(at, bytes[form][0]);
	sync();
}

static void store_int3(uint8_t *at, enum form form)
{
	store_int3_with(at, form, synchronise);
}

static void store_int3_alone(uint8_t *at, enum form form)
{
	store_int3_with(at, form, pass);
}

/* The runtime's own way, which knows no original form: it was patched before. */
static void store_late(uint8_t *at, enum form form)
{
	static const char *const names[] = {[PLAIN] = "plain", [OTHER] = "other"};
	static enum form now = OTHER;
	struct pv_patch_refusal refusal;

	(void)at;
	if (form == ORIGINAL || form == now)
		return;
	if (!pv_patch_late(site.op, host_backend(names[now]), host_backend(names[form]), &refusal))
		pv_host_report(refusal.reason, refusal.index);
	now = form;
}

/* `offset` into a cache line. */
static const struct row {
	const char *name;
	void (*store)(uint8_t *at, enum form form);
	void (*between)(void);
	unsigned int offset;
	const struct subject *subject;
} rows[] = {
	{"bytewise", store_bytes, pass, 0, &one_instruction},
	{"bytewise-slow", store_bytes, dawdle, 0, &one_instruction},
	{"4+2", store_4_2, pass, 0, &one_instruction},
	{"4+2-across-line", store_4_2, pass, LINE - 3, &one_instruction},
	{"8-across-line", store_8, pass, LINE - 3, &one_instruction},
	{"8-across-16", store_8, pass, 12, &one_instruction},
	{"8-aligned", store_8, pass, 8, &one_instruction},
	{"int3", store_int3, pass, 0, &one_instruction},
	{"int3-slow", store_int3, dawdle, 0, &one_instruction},
	{"int3-across-line", store_int3, pass, LINE - 3, &one_instruction},
	{"int3-unsynchronised", store_int3_alone, pass, 0, &one_instruction},
	{"pv_patch_late", store_late, pass, 0, &one_instruction},
	{"int3-call-inside", store_int3, pass, 0, &call_inside},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- the executing threads ---- */

/* Seen by the process that started the row, even if the row's own ends badly. */
static struct tally {
	unsigned long patches, executions, traps, wrong, faults;
	bool done;
} * tally;

static volatile bool stop;
static bool is_late;
static __thread sigjmp_buf recover;

static void count(unsigned long *counter, unsigned long n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

/* The runtime knows its own. */
static bool is_breakpoint(unsigned long address)
{
	return is_late ? pv_late_trap(address) : address == (uintptr_t)pv_site_address(&site);
}

/* Whoever meets the breakpoint tries again; anything else is a torn instruction. */
static void fault(int number, siginfo_t *info, void *context)
{
	greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)info;
	if (number == SIGTRAP && is_breakpoint(*rip - 1)) {
		count(&tally->traps, 1);
		--*rip;
		return;
	}
	count(&tally->faults, 1);
	siglongjmp(recover, 1);
}

static void catch_faults(void)
{
	static const int numbers[] = {SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE};
	struct sigaction action = {.sa_sigaction = fault,
				   .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static bool is_result(unsigned long result)
{
	for (unsigned int i = 0; i < subject->forms; i++)
		if (result == subject->results[i])
			return true;
	return false;
}

static void burst(op_function *entry)
{
	unsigned long wrong = 0;

	for (unsigned int i = 0; i < BURST; i++)
		wrong += !is_result(entry(ARGUMENT, 0));
	count(&tally->executions, BURST);
	if (wrong)
		count(&tally->wrong, wrong);
}

/* A torn instruction may have moved the stack pointer: handlers have their own. */
static void *execute(void *unused)
{
	stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};

	sigaltstack(&stack, NULL);
	sigsetjmp(recover, 0);
	while (!stop)
		burst((op_function *)pv_site_address(&site));
	return unused;
}

/* ---- a row ---- */

static double wall_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static bool until_wrong;

static bool is_over(double end)
{
	return wall_seconds() > end || (until_wrong && tally->wrong + tally->faults);
}

static void patch(const struct row *row, double seconds)
{
	double end = wall_seconds() + seconds;
	uint64_t random = 1;

	while (!is_over(end))
		for (unsigned int i = 0; i < 16; i++) {
			row->store(pv_site_address(&site), host_random(&random) % subject->forms);
			tally->patches++;
		}
}

static unsigned int executors(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors > 2 ? processors - 1 : 1;
}

static void run_row(const struct row *row, double seconds)
{
	unsigned int nr = executors();
	pthread_t threads[nr];

	host_open_text();
	subject = row->subject;
	place_site(row->offset);
	between = row->between;
	is_late = row->store == store_late;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		pv_host_report("membarrier: cannot register", -1);
	catch_faults();
	for (unsigned int i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, execute, NULL))
			pv_host_report("no thread", i);
	patch(row, seconds);
	stop = true;
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	tally->done = true;
	_exit(0);
}

/* ---- all rows ---- */

static struct tally totals[ROWS];
static unsigned int lost[ROWS];

/* A torn instruction may also loop for ever. */
static void wait_for(pid_t child, double seconds)
{
	double end = wall_seconds() + seconds;

	while (!waitpid(child, NULL, WNOHANG)) {
		if (wall_seconds() > end)
			kill(child, SIGKILL);
		usleep(10000);
	}
}

static void start_row(unsigned int number, double seconds)
{
	struct tally *total = &totals[number];
	pid_t child;

	*tally = (struct tally){0};
	fflush(stdout);
	child = fork();
	if (child < 0)
		pv_host_report("no process", child);
	if (!child)
		run_row(&rows[number], seconds);
	wait_for(child, seconds + PATIENCE);
	total->patches += tally->patches;
	total->executions += tally->executions;
	total->traps += tally->traps;
	total->wrong += tally->wrong;
	total->faults += tally->faults;
	lost[number] += !tally->done;
}

static bool is_asked_for(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static unsigned long run_round(double seconds, char **names)
{
	unsigned long executions = 0;

	for (unsigned int i = 0; i < ROWS; i++) {
		if (is_asked_for(rows[i].name, names))
			start_row(i, seconds);
		executions += totals[i].executions;
	}
	return executions;
}

static void report(unsigned int rounds, unsigned long executions)
{
	printf("torn writes, %s, %u executing thread(s), %u process(es) a row, %lu executions\n",
	       host_cpu(), executors(), rounds, executions);
	printf("%-20s %12s %14s %12s %10s %8s %6s\n", "row", "patches", "executions", "traps",
	       "wrong", "faults", "lost");
	for (unsigned int i = 0; i < ROWS; i++) {
		const struct tally *t = &totals[i];

		if (t->patches || lost[i])
			printf("%-20s %12lu %14lu %12lu %10lu %8lu %6u\n", rows[i].name, t->patches,
			       t->executions, t->traps, t->wrong, t->faults, lost[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned long least = 1, executions;
	unsigned int rounds = 0;
	double seconds = 2;
	int option;

	while ((option = getopt(argc, argv, "ut:n:")) != -1) {
		if (option == 't')
			seconds = atof(optarg);
		else if (option == 'n')
			least = strtoul(optarg, NULL, 0);
		else if (option == 'u')
			until_wrong = true;
		else
			return 2;
	}
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED)
		pv_host_report("no memory", -1);
	do {
		rounds++;
		executions = run_round(seconds, argv + optind);
	} while (executions < least);
	report(rounds, executions);
	return 0;
}
