/* SPDX-License-Identifier: MIT */
/*
 * A ROM, damaged in its header, texts and answers, found and bound by the kernel's own code.
 * Whatever that believes of it, it must not read outside of the window, which has no pages around
 * it, nor put an address outside of the ROM behind an op.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* For what it remembers from one ROM to the next. */
#include "../../runtime/rom.c"

#define FROM	    0xc0000u
#define WINDOW	    0x4000u
#define STEP	    0x800u
#define UNIT	    256u
#define ROM_PLACE   (WINDOW - STEP)
#define CALLS	    8u
#define TRIALS	    10000u
#define REASONS_MAX 16

/* An answer in the ROM's table: an offset that its code adds to its own address, and a kind. */
struct row {
	uint32_t offset, kind;
};

struct header {
	uint32_t signature;
	uint8_t version, units, pad, minor;
	uint16_t text;
	/* What enter does: 1 refuses, 2 forgets the first call. */
	uint16_t enter;
	uint32_t top;
	char code[112];
	/* Behind the header, as far as the ROM's form says. */
	struct row rows[CALLS];
	char licence[16];
	uint8_t body[64];
};
#define HEADER_SIZE offsetof(struct header, rows)
_Static_assert(HEADER_SIZE == 128 && offsetof(struct header, code) == 16 &&
		       offsetof(struct header, enter) == 10,
	       "the code counts on it");

/* find and enter, which go where `code` is: each ROM is at a place of its own. */
asm("	.section .rodata\n"
    "code_begin:\n"
    "	lea code_begin - 16(%rip), %rdx\n"
    "	lea 128(%rdx), %rcx\n"
    "	mov 4(%rcx,%rdi,8), %eax\n"
    "	mov (%rcx,%rdi,8), %ecx\n"
    "	add %edx, %ecx\n"
    "	shl $32, %rax\n"
    "	or %rcx, %rax\n"
    "	ret\n"
    "code_enter:\n"
    "	lea code_begin - 16(%rip), %rdx\n"
    "	movzwl 10(%rdx), %ecx\n"
    "	mov $-1, %eax\n"
    "	cmp $1, %ecx\n"
    "	je 1f\n"
    "	xor %eax, %eax\n"
    "	cmp $2, %ecx\n"
    "	jne 1f\n"
    "	movl $10, 132(%rdx)\n"
    "1:	ret\n"
    "code_end:\n"
    "	.text\n");
extern const char code_begin[], code_enter[], code_end[];

static uint8_t *window;
static uintptr_t targets[CALLS];
static unsigned long refused, taken;
static struct {
	const char *text;
	unsigned long count;
} reasons[REASONS_MAX];

/* Above the window, and for half of all words above them. */
const uintptr_t pv_host_top = 0x80000000;

void *pv_host_va(unsigned long pa)
{
	return window + pa - FROM;
}

/* ---- its form ---- */

#define MEMBER(name)                                                                               \
	{                                                                                          \
		offsetof(struct header, name), sizeof(((struct header *)0)->name)                  \
	}

static const struct pv_rom_rule rules[] = {
	{"signature", MEMBER(signature), false, 0x2a2b2c2d},
	{"version", MEMBER(version), false, 3},
	{"minor", MEMBER(minor), true, 2},
};
static const char *const licences[] = {"one", "another", NULL};
static const struct pv_rom_text texts[] = {{"licence", MEMBER(text), licences}};

#define BIT(answer) (1u << PV_ROM_##answer)
static const struct pv_rom_call calls[CALLS] = {
	{"must", 0, BIT(JUMP), true},
	{"call", 1, BIT(CALL) | BIT(NONE), false},
	{"call or nothing", 2, BIT(CALL) | BIT(NOP) | BIT(NONE), false},
	{"thunk", 3, BIT(CALL) | BIT(NONE), false},
	{"thunk or nothing", 4, BIT(CALL) | BIT(NOP) | BIT(NONE), false},
	{"function or nothing", 5, BIT(CALL) | BIT(NOP) | BIT(NONE), false},
	{"jump", 6, BIT(JUMP) | BIT(NONE), false},
	{"unbound", 7, BIT(CALL) | BIT(NONE), false},
};

/* An op a call: op N is done by call N; these stand in for functions before it. */
#define FUNCTION 0x1000u
static const struct pv_rom_binding bindings[] = {
	{0, 0, true, 0},	{1, 1, true, 0},	 {2, 2, true, 0}, {3, 3, true, FUNCTION},
	{4, 4, true, FUNCTION}, {5, 5, false, FUNCTION}, {6, 6, true, 0},
};
#define NR_BINDINGS (sizeof(bindings) / sizeof(bindings[0]))

static struct pv_rom form = {
	.name = "form",
	.from = FROM,
	.to = FROM + WINDOW,
	.step = STEP,
	.header_size = HEADER_SIZE,
	.length = MEMBER(units),
	.unit = UNIT,
	.sum = true,
	.top = MEMBER(top),
	.rules = rules,
	.nr_rules = sizeof(rules) / sizeof(rules[0]),
	.texts = texts,
	.nr_texts = 1,
	.find = offsetof(struct header, code),
	.address = {0, UINT32_MAX},
	.kind = {32, (uint64_t)UINT32_MAX << 32},
	.kinds = {10, 11, 12, 13},
	.calls = calls,
	.nr_calls = CALLS,
	.targets = targets,
	.nr_targets = CALLS,
};
static const struct pv_rom_backend of_rom = {&form, bindings, NR_BINDINGS, NULL};
static const struct pv_ops native_ops;
static const struct pv_patch native_patches[PV_NR_OPS];
static const struct pv_backend backend = {
	.name = "rom",
	.ops = &native_ops,
	.patches = native_patches,
	.rom = &of_rom,
};

/* ---- damage ---- */

static void make(struct header *rom)
{
	static const uint8_t kinds[CALLS] = {12, 11, 13, 11, 13, 13, 12, 10};
	unsigned int i;

	*rom = (struct header){.signature = 0x2a2b2c2d, .version = 3, .minor = 2};
	rom->units = (sizeof(*rom) + UNIT - 1) / UNIT;
	rom->text = offsetof(struct header, licence);
	strcpy(rom->licence, "another");
	memcpy(rom->code, code_begin, code_end - code_begin);
	for (i = 0; i < CALLS; i++)
		rom->rows[i] = (struct row){offsetof(struct header, body) + i, kinds[i]};
}

/* The least address that it may keep, and a call there; or just below. */
static void keep_addresses(struct header *rom, unsigned int trial)
{
	rom->top = pv_host_top;
	rom->rows[1].offset = pv_host_top - (uint32_t)(uintptr_t)rom - (trial & 1);
}

/* So that the bytes to the end of the length that it claims, or of the window, have the sum 0. */
static void correct_sum(struct header *rom)
{
	const uint8_t *bytes = (const uint8_t *)rom;
	unsigned int i, length = rom->units * UNIT < STEP ? rom->units * UNIT : STEP;
	uint8_t sum = 0;

	for (i = 0; i < length; i++)
		sum += bytes[i];
	rom->pad -= sum;
}

/* Not of the code: what passes the checks is run. */
static uint8_t *some_byte(struct header *rom)
{
	unsigned int offset;

	do
		offset = rand() % offsetof(struct header, body);
	while (offset >= offsetof(struct header, code) && offset < HEADER_SIZE);
	return (uint8_t *)rom + offset;
}

/* Small values mean more than others. */
static void damage(struct header *rom)
{
	unsigned int count = 1 + rand() % 3;

	while (count--)
		*some_byte(rom) = rand() % 2 ? rand() % 20 : rand();
}

/* ---- what came of it ---- */

static void count_reason(const char *text)
{
	unsigned int i = 0;

	while (reasons[i].text && strcmp(reasons[i].text, text))
		i++;
	reasons[i].text = text;
	reasons[i].count++;
}

static void fail(const char *what, unsigned int trial)
{
	printf("trial %u: %s\n", trial, what);
	exit(1);
}

static bool inside(const struct header *rom, uintptr_t target)
{
	uintptr_t offset = target - (uintptr_t)rom;

	if (rom->top && target >= rom->top)
		return true;
	return offset >= HEADER_SIZE && offset < rom->units * UNIT && offset < STEP;
}

/* The op is what the answer in the table makes of it, and nothing else is. */
static void judge_op(const struct header *rom, const struct pv_backend *made, unsigned int i,
		     unsigned int trial)
{
	const struct pv_rom_binding *binding = &bindings[i];
	const struct row *row = &rom->rows[binding->call];
	uintptr_t slot = ((const uintptr_t *)made->ops)[binding->op];
	uint8_t form_is = made->patches[binding->op].form, permitted = calls[i].answers;
	bool is_call = row->kind == (permitted & BIT(JUMP) ? 12 : 11) &&
		       inside(rom, (uint32_t)((uintptr_t)rom + row->offset));
	bool is_nop = row->kind == 13 && (permitted & BIT(NOP)) && binding->whole;

	if (is_nop ? form_is != PV_FORM_NOP || slot != (uintptr_t)nothing : form_is != PV_FORM_CALL)
		fail("form", trial);
	if (!is_nop && !is_call && slot)
		fail("bound to nothing", trial);
	if (rom->top && rom->top < pv_host_top)
		fail("addresses of the kernel", trial);
	if (is_call && slot != (binding->function ?: (uint32_t)((uintptr_t)rom + row->offset)))
		fail("bound to another place", trial);
}

static void judge(const struct header *rom, unsigned int trial)
{
	const struct pv_backend *made = pv_rom_bind(&backend);
	unsigned int i;

	if (!made != (rom->enter == 1 || rom->enter == 2) || (!made && pv_rom_find(&form)))
		fail("enter", trial);
	if (!made) {
		refused++;
		return;
	}
	taken++;
	for (i = 0; i < NR_BINDINGS; i++)
		judge_op(rom, made, i, trial);
	for (i = 0; i < CALLS; i++)
		if (targets[i] && targets[i] != (uintptr_t)nothing && !inside(rom, targets[i]))
			fail("a target outside", trial);
}

static void try(unsigned int trial)
{
	struct header *rom = (struct header *)(window + ROM_PLACE);
	unsigned int i;

	memset(window, 0, WINDOW);
	make(rom);
	if (trial % 4 > 1)
		keep_addresses(rom, trial);
	if (trial)
		damage(rom);
	if (!trial || rand() % 8)
		correct_sum(rom);
	looked_for = NULL;
	nr_notes = 0;
	if (pv_rom_find(&form))
		judge(rom, trial);
	else
		refused++;
	for (i = 0; i < nr_notes; i++)
		count_reason(notes[i].reason);
}

int main(void)
{
	const size_t size = WINDOW + 2 * 0x10000;
	uint8_t *place =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int i;

	window = place + 0x10000;
	if (place == MAP_FAILED || mprotect(window, WINDOW, PROT_READ | PROT_WRITE | PROT_EXEC))
		return 1;
	form.enter = form.find + (code_enter - code_begin);
	srand(1);
	for (i = 0; i <= TRIALS; i++)
		try(i);
	printf("refused %lu taken %lu\n", refused, taken);
	for (i = 0; reasons[i].text; i++)
		printf("reason %lu %s\n", reasons[i].count, reasons[i].text);
	return 0;
}
