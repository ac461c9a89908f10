/* SPDX-License-Identifier: MIT */
/*
 * Runs what the callers of a mix do, each use by itself, and prints what happens: a line an event.
 * judge.py knows both versions and says what it means.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"

#define ROOMS	  6
#define ROOM_SIZE 2048
#define JUNK_BYTE 0xa5

/* CF PF AF ZF SF OF */
#define STATUS_FLAGS 0x8d5ul
#define TOP_BITS     0x8000000080008080ul

static unsigned char rooms[ROOMS][ROOM_SIZE];
static sigjmp_buf before_use;

/* What the judge can be made to overlook, to see that it matters. */
static int is_blind_to_top_bits, is_blind_to_registers;

unsigned long judge_registers[16];
unsigned long judge_instruction;
unsigned long judge_result;

static unsigned long hash(unsigned long seed, const char *text)
{
	for (; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 0x100000001b3ul;
	return seed ^ seed >> 29;
}

unsigned long judge_sentinel(const char *name, const char *member)
{
	unsigned long bits = hash(hash(0xcbf29ce484222325ul, name), member);

	return is_blind_to_top_bits ? bits & 0x7f : bits | TOP_BITS;
}

void *judge_room(unsigned int nth)
{
	memset(rooms[nth], JUNK_BYTE, ROOM_SIZE);
	return rooms[nth];
}

void judge_check_room(const char *name, unsigned int nth, size_t size)
{
	for (; size < ROOM_SIZE; size++)
		if (rooms[nth][size] != JUNK_BYTE) {
			printf("overrun %s %zu\n", name, size);
			return;
		}
}

void judge_event(const char *kind, const char *name, const char *member, unsigned long value,
		 int is_signed, size_t size)
{
	printf("%s %s%s%s %lu %d %zu\n", kind, name, *member ? "->" : "", member, value, is_signed,
	       size);
}

void judge_heard(const char *name)
{
	printf("heard %s\n", name);
}

void judge_share(const char *name, const void *memory)
{
	const struct judge_reader *reader;

	for (reader = judge_readers; reader->name; reader++)
		if (!strcmp(reader->name, name)) {
			judge_heard(name);
			reader->read(memory);
		}
}

void judge_trap(void)
{
	__builtin_trap();
}

void judge_stray(void)
{
	printf("stray\n");
	__builtin_trap();
}

void judge_unknown_call(unsigned long number)
{
	printf("unknown %lu\n", number);
}

void judge_check_alive(const unsigned long *values)
{
	char name[3];
	unsigned int i;

	for (i = 0; i < JUDGE_ALIVE_VALUES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (values[i] != judge_sentinel("v", name) && !is_blind_to_registers) {
			printf("lost value\n");
			return;
		}
	}
}

/* ---- calls from assembly: generated canaries know how ---- */

/* As in the generated header of canaries, whatever its prefix. */
enum { FLAGS, RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, NR_REGISTERS = 16 };
static const unsigned char argument_registers[] = {RDI, RSI, RDX, RCX, R8, R9};
static const char *const register_names[NR_REGISTERS] = {"flags", "rax", "rbx", "rcx", "rdx", "rsi",
							 "rdi",	  "rbp", "r8",	"r9",  "r10", "r11",
							 "r12",	  "r13", "r14", "r15"};

struct canary {
	unsigned long before[NR_REGISTERS], after[NR_REGISTERS];
};

static void poison(struct canary *canary)
{
	unsigned int i;

	for (i = 0; i < NR_REGISTERS; i++)
		canary->before[i] = judge_sentinel("register", register_names[i]);
	canary->before[FLAGS] = 0x202 | STATUS_FLAGS;
}

static void report_lost(const struct canary *canary, unsigned long may_change)
{
	unsigned int i;

	for (i = 0; i < NR_REGISTERS; i++) {
		unsigned long mask = i == FLAGS ? STATUS_FLAGS : ~0ul;

		if ((canary->before[i] ^ canary->after[i]) & mask && !(may_change >> i & 1))
			printf("lost %s\n", register_names[i]);
	}
}

unsigned long judge_call_from_assembly(void (*run)(void *), unsigned long may_change,
				       const unsigned long *arguments, unsigned int number)
{
	struct canary canary;
	unsigned int i;

	poison(&canary);
	for (i = 0; i < number; i++)
		canary.before[argument_registers[i]] = arguments[i];
	run(&canary);
	if (!is_blind_to_registers)
		report_lost(&canary, may_change);
	return canary.after[RAX];
}

/* ---- the other side of a numbered call: the instruction that enters it is a macro ---- */

/* In the order of their encodings. */
static const char *const encoded[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

/* Whether its stub lets a register change is for judge.py to say. */
void judge_serve_and_compare(void);
void judge_serve_and_compare(void)
{
	unsigned long before[16];
	unsigned int i;

	memcpy(before, judge_registers, sizeof(before));
	judge_serve();
	for (i = 0; i < 16 && !is_blind_to_registers; i++)
		if (before[i] != judge_registers[i])
			printf("lost %s\n", encoded[i]);
}

__asm__(".text\n"
	".globl judge_vmcall\n"
	"judge_vmcall:\n"
	"	movq $0, judge_instruction(%rip)\n"
	"	jmp judge_enter\n"
	".globl judge_vmmcall\n"
	"judge_vmmcall:\n"
	"	movq $1, judge_instruction(%rip)\n"
	"judge_enter:\n"
	"	mov %rax, judge_registers+0(%rip)\n"
	"	mov %rcx, judge_registers+8(%rip)\n"
	"	mov %rdx, judge_registers+16(%rip)\n"
	"	mov %rbx, judge_registers+24(%rip)\n"
	"	mov %rsp, judge_registers+32(%rip)\n"
	"	mov %rbp, judge_registers+40(%rip)\n"
	"	mov %rsi, judge_registers+48(%rip)\n"
	"	mov %rdi, judge_registers+56(%rip)\n"
	"	mov %r8, judge_registers+64(%rip)\n"
	"	mov %r9, judge_registers+72(%rip)\n"
	"	mov %r10, judge_registers+80(%rip)\n"
	"	mov %r11, judge_registers+88(%rip)\n"
	"	mov %r12, judge_registers+96(%rip)\n"
	"	mov %r13, judge_registers+104(%rip)\n"
	"	mov %r14, judge_registers+112(%rip)\n"
	"	mov %r15, judge_registers+120(%rip)\n"
	"	and $-16, %rsp\n"
	"	call judge_serve_and_compare\n"
	"	mov judge_registers+0(%rip), %rax\n"
	"	mov judge_registers+8(%rip), %rcx\n"
	"	mov judge_registers+16(%rip), %rdx\n"
	"	mov judge_registers+24(%rip), %rbx\n"
	"	mov judge_registers+32(%rip), %rsp\n"
	"	mov judge_registers+40(%rip), %rbp\n"
	"	mov judge_registers+48(%rip), %rsi\n"
	"	mov judge_registers+56(%rip), %rdi\n"
	"	mov judge_registers+64(%rip), %r8\n"
	"	mov judge_registers+72(%rip), %r9\n"
	"	mov judge_registers+80(%rip), %r10\n"
	"	mov judge_registers+88(%rip), %r11\n"
	"	mov judge_registers+96(%rip), %r12\n"
	"	mov judge_registers+104(%rip), %r13\n"
	"	mov judge_registers+112(%rip), %r14\n"
	"	mov judge_registers+120(%rip), %r15\n"
	"	ret\n");

/* ---- the run ---- */

static void caught(int number)
{
	printf("crash %s\n", sigabbrev_np(number));
	siglongjmp(before_use, 1);
}

static void catch_all(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGALRM, SIGABRT};
	static unsigned char stack[1 << 16];
	struct sigaction action = {.sa_handler = caught, .sa_flags = SA_ONSTACK | SA_NODEFER};
	stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	unsigned int i;

	sigaltstack(&other, NULL);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

static void print_numbers(const char *kind, const struct judge_number *number)
{
	for (; number->name; number++)
		printf("%s %s %lu 0 8\n", kind, number->name, number->value);
}

static void run(const struct judge_use *use)
{
	static const char *const ways[] = {"stub", "slot", "asm", "call", "memory"};

	printf("use %s %s\n", use->name, ways[use->way]);
	alarm(5);
	if (!sigsetjmp(before_use, 1))
		use->run(use->way);
	alarm(0);
	printf("end\n");
}

int main(void)
{
	const struct judge_use *use;

	is_blind_to_top_bits = !!getenv("JUDGE_BLIND_TO_TOP_BITS");
	is_blind_to_registers = !!getenv("JUDGE_BLIND_TO_REGISTERS");
	catch_all();
	print_numbers("constant", judge_said_numbers);
	print_numbers("known", judge_known_numbers);
	for (use = judge_uses; use->name; use++)
		run(use);
	return 0;
}
