/* SPDX-License-Identifier: MIT */
/*
 * Time of the forms that an op can have at its site, in user mode.
 *
 *	forms RUNS
 *
 * Prints a line for each op, form and run: ticks of the time-stamp counter for
 * one execution.  A run times all forms in turn, so that what disturbs the
 * machine disturbs them alike; forms.py makes ratios within a run.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Sites behind each other in one block, and calls of a block in one timing. */
#define SITES  "64"
#define NSITES 64
#define CALLS  64

/* What the bodies read and write: RDI is a value or &forms_word, RSI a value. */
uint64_t forms_word;
uint8_t forms_mask;

/* The body as a function, behind a pointer, and as a block of sites in each form. */
#define OP(op, body)                                                                               \
	__asm__(".text\n"                                                                          \
		"\t.balign 64\nfunction_" #op ": endbr64\n\t" body "\n\tret\n"                     \
		"\t.data\n\t.balign 8\nslot_" #op ": .quad function_" #op "\n");                   \
	BLOCK(op, inline, body)                                                                    \
	BLOCK(op, prefixes, ".byte 0x3e, 0x3e, 0x3e\n\t" body)                                     \
	BLOCK(op, noop, body "\n\tnopl (%rax)")                                                    \
	BLOCK(op, call, "call function_" #op)                                                      \
	BLOCK(op, indirect, "call *slot_" #op "(%rip)")                                            \
	BLOCK(op, retpoline, "mov slot_" #op "(%rip), %r11\n\tcall retpoline")

#define BLOCK(op, form, site)                                                                      \
	__asm__(".text\n"                                                                          \
		"\t.balign 64\nblock_" #op "_" #form ": endbr64\n"                                 \
		"\tsub $8, %rsp\n"                                                                 \
		"\t.rept " SITES "\n\t" site "\n\t.endr\n"                                         \
		"\tadd $8, %rsp\n\tret\n");                                                        \
	unsigned long block_##op##_##form(unsigned long, unsigned long);

/* The processor predicts the return to the loop, which goes nowhere. */
__asm__(".text\n\t.balign 64\n"
	"retpoline: call 2f\n"
	"1:\tpause\n\tlfence\n\tjmp 1b\n"
	"2:\tmov %r11, (%rsp)\n\tret\n");

/* Bodies of pte_val and set_pte on bare hardware; of irq_disable and save_fl on Xen. */
OP(identity, "mov %rdi, %rax")
OP(write, "mov %rsi, (%rdi)")
OP(store, "movb $1, forms_mask(%rip)")
OP(test, "testb $0xff, forms_mask(%rip)\n\tsetz %ah\n\tadd %ah, %ah")

/* What a body must have done when its block was called with 0x1234 or &forms_word, and 77. */

static bool identity_is_done(unsigned long result)
{
	return result == 0x1234;
}

static bool write_is_done(unsigned long result)
{
	(void)result;
	return forms_word == 77;
}

static bool store_is_done(unsigned long result)
{
	(void)result;
	return forms_mask == 1;
}

static bool test_is_done(unsigned long result)
{
	return (result & 0x200) == (forms_mask ? 0 : 0x200);
}

#define FORM(op, form, argument)                                                                   \
	{                                                                                          \
#op, #form, block_##op##_##form, op##_is_done, argument                            \
	}
#define FORMS(op, argument)                                                                        \
	FORM(op, inline, argument), FORM(op, prefixes, argument), FORM(op, noop, argument),        \
		FORM(op, call, argument), FORM(op, indirect, argument),                            \
		FORM(op, retpoline, argument)

static const struct form {
	const char *op, *name;
	unsigned long (*block)(unsigned long, unsigned long);
	bool (*is_done)(unsigned long result);
	uintptr_t argument;
} forms[] = {
	FORMS(identity, 0x1234),
	FORMS(write, (uintptr_t)&forms_word),
	FORMS(store, 0),
	FORMS(test, 0),
};

#define NFORMS (sizeof(forms) / sizeof(forms[0]))

/* Neither moves past what is timed: SDM vol. 2, LFENCE and RDTSC. */
static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static double time_form(const struct form *form)
{
	uint64_t begin;
	unsigned int i;

	form->block(form->argument, 77);
	begin = ticks();
	for (i = 0; i < CALLS; i++)
		form->block(form->argument, 77);
	return (double)(ticks() - begin) / (CALLS * NSITES);
}

static bool works(const struct form *form)
{
	forms_word = 0;
	forms_mask = 0;
	return form->is_done(form->block(form->argument, 77));
}

int main(int argc, char **argv)
{
	long runs = argc == 2 ? strtol(argv[1], NULL, 10) : 0, run;
	unsigned int i;

	for (i = 0; i < NFORMS; i++)
		if (!works(&forms[i])) {
			fprintf(stderr, "forms: %s as %s does not do its work\n", forms[i].op,
				forms[i].name);
			return 1;
		}
	for (run = 0; run < runs; run++)
		for (i = 0; i < NFORMS; i++)
			printf("%s %s %ld %.4f\n", forms[i].op, forms[i].name, run,
			       time_form(&forms[i]));
	return runs > 0 ? 0 : 2;
}
