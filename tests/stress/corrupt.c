/* SPDX-License-Identifier: MIT */
/*
 * Damaged tables and damaged text: each is refused, with the first site that is
 * not as the assembler wrote it, and then no byte has changed; or it lists only
 * sites that are as they were, and then these and no others are patched.
 *
 * What must happen is decided here without the patcher: from the table and the
 * text before the damage.
 *
 *	corrupt [FIRST [COUNT]]		damage number FIRST and the following
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "original.h"

#define DAMAGE_COUNT 10000

/* The table that is handed over, and how much of it. */
static struct pv_site table[ORIGINAL_MAX];
static unsigned int nr;
/* Bytes that the end lacks to be the end of a record. */
static unsigned int cut;

/* What it is patched for, and an op that this backend cannot do; PV_NR_OPS: none. */
static struct pv_backend backend;
static struct pv_patch patches[PV_NR_OPS];
static struct pv_ops ops;
static unsigned int bad_op;

/* The text when the patcher starts, and what it must be when it returns. */
static uint8_t before[ORIGINAL_TEXT_MAX], after[ORIGINAL_TEXT_MAX];
static uint64_t state;

static unsigned int any(unsigned int bound)
{
	return host_random(&state) % bound;
}

static struct pv_site *any_record(void)
{
	return &table[any(nr)];
}

static uint8_t *any_site(void)
{
	return pv_site_address(any_record());
}

static void point_to(struct pv_site *site, uintptr_t address)
{
	site->offset = address - (uintptr_t)&site->offset;
}

static void flip(void *byte)
{
	*(uint8_t *)byte ^= 1 << any(8);
}

/* ---- damage of the table ---- */

static void flip_table(void)
{
	for (unsigned int i = any(3) + 1; i; i--)
		flip((uint8_t *)table + any(nr * sizeof(table[0])));
}

static void swap_records(void)
{
	struct pv_site *a = any_record(), *b = any_record(), old = *a;

	*a = *b;
	*b = old;
}

/* The same sites in another order. */
static void exchange_records(void)
{
	struct pv_site *a = any_record(), *b = any_record(), old = *a;
	uintptr_t at_a = (uintptr_t)pv_site_address(a), at_b = (uintptr_t)pv_site_address(b);

	*a = *b;
	*b = old;
	point_to(a, at_b);
	point_to(b, at_a);
}

static void repeat_record(void)
{
	struct pv_site *a = any_record(), *b = any_record();
	uintptr_t at = (uintptr_t)pv_site_address(a);

	*b = *a;
	point_to(b, at);
}

static void drop_records(void)
{
	nr -= any(nr);
}

static void cut_record(void)
{
	nr = any(nr) + 1;
	cut = any(sizeof(table[0]) - 1) + 1;
}

static void shift_table(void)
{
	unsigned int from = any(nr * sizeof(table[0])), by = any(16) + 1;
	uint8_t *bytes = (uint8_t *)table;

	if (from + by < nr * sizeof(table[0]))
		memmove(bytes + from + by, bytes + from, nr * sizeof(table[0]) - from - by);
}

static void random_record(void)
{
	uint64_t bits = host_random(&state);

	memcpy(any_record(), &bits, sizeof(bits));
}

/* The interesting places: just outside, half outside, the ends of the address space. */
static void point_outside(void)
{
	const uintptr_t places[] = {(uintptr_t)pv_text_begin, (uintptr_t)pv_text_end, 0};

	point_to(any_record(), places[any(3)] - 16 + any(32));
}

/* There is a site as it should be, but part of it, or all, is not in the text. */
static void write_outside(void)
{
	struct pv_site *site = any_record();

	point_to(site, any(2) ? (uintptr_t)pv_text_begin - 1 - any(site->length)
			      : (uintptr_t)pv_text_end - any(site->length));
	host_write_site(site);
}

static void point_anywhere(void)
{
	any_record()->offset = host_random(&state);
}

static void point_to_other(void)
{
	point_to(any_record(), (uintptr_t)any_site());
}

static void change_op(void)
{
	any_record()->op = any(2) ? any(PV_NR_OPS) : any(0x10000);
}

static void change_length(void)
{
	any_record()->length = any(2) ? pv_site_length[any(PV_NR_OPS)] : any(0x100);
}

static void change_kind(void)
{
	any_record()->kind = any(2) ? any(2) : any(0x100);
}

/* ---- damage of the text ---- */

static void flip_text(void)
{
	flip((uint8_t *)pv_text_begin + any(pv_text_end - pv_text_begin));
}

static void flip_site(void)
{
	const struct pv_site *site = any_record();

	flip(pv_site_address(site) + any(site->length));
}

static void change_opcode(void)
{
	any_site()[any(2)] = host_random(&state);
}

/* To a slot nearby, to another byte, or far away. */
static void change_slot(void)
{
	static const unsigned int steps[] = {1, 8, 256, 65536};
	uint8_t *field = any_site() + 2;
	int32_t displacement;

	memcpy(&displacement, field, sizeof(displacement));
	displacement += steps[any(4)] * (any(2 * PV_NR_OPS) - PV_NR_OPS);
	memcpy(field, &displacement, sizeof(displacement));
}

static void change_filler(void)
{
	const struct pv_site *site;

	do
		site = any_record();
	while (site->length == 6);
	pv_site_address(site)[6 + any(site->length - 6)] = host_random(&state);
}

static void swap_sites(void)
{
	uint8_t old[6], *a = any_site(), *b = any_site();

	memcpy(old, a, sizeof(old));
	memmove(a, b, sizeof(old));
	memcpy(b, old, sizeof(old));
}

/* A site that was patched before. */
static void patch_before(void)
{
	const struct pv_site *site = any_record();

	original_patched((uint8_t *)pv_text_begin, pv_site_address(site), site->length,
			 any(ORIGINAL_BACKENDS));
}

/* ---- damage of the backend: no site of one op can be patched ---- */

static struct pv_patch *any_patch(enum pv_form form)
{
	do
		bad_op = any(PV_NR_OPS);
	while (patches[bad_op].form != form);
	return &patches[bad_op];
}

static void change_form(void)
{
	any_patch(PV_FORM_INLINE)->form = PV_NR_FORMS + any(0x100 - PV_NR_FORMS);
}

static void lengthen_template(void)
{
	struct pv_patch *patch = any_patch(PV_FORM_INLINE);

	patch->length = pv_site_length[bad_op] + 1 + any(100);
}

static void move_function(void)
{
	any_patch(PV_FORM_CALL);
	((uintptr_t *)&ops)[bad_op] ^= (uintptr_t)1 << (33 + any(31));
}

static const struct damage {
	const char *name;
	void (*do_it)(void);
} damages[] = {
	{"flip bits of the table", flip_table},
	{"swap records", swap_records},
	{"swap records and adjust them", exchange_records},
	{"repeat a record", repeat_record},
	{"drop records at the end", drop_records},
	{"cut a record off", cut_record},
	{"shift the table", shift_table},
	{"random record", random_record},
	{"offset just outside", point_outside},
	{"offset anywhere", point_anywhere},
	{"site outside", write_outside},
	{"offset of another site", point_to_other},
	{"op", change_op},
	{"length", change_length},
	{"kind", change_kind},
	{"flip a bit of the text", flip_text},
	{"flip a bit of a site", flip_site},
	{"opcode", change_opcode},
	{"slot", change_slot},
	{"filler", change_filler},
	{"swap two sites' bytes", swap_sites},
	{"patched before", patch_before},
	{"form of a backend", change_form},
	{"template too long", lengthen_template},
	{"function too far", move_function},
};
#define DAMAGES (sizeof(damages) / sizeof(damages[0]))

static unsigned int refused[DAMAGES], harmless[DAMAGES];

/* ---- what must happen, and what does ---- */

static bool is_good(const struct pv_site *site)
{
	return original_has(site) && site->op != bad_op;
}

/* Index of the first record that must be refused; nr: all are good. */
static unsigned int first_bad(void)
{
	unsigned int i = 0;

	if (cut)
		return nr - 1;
	while (i < nr && is_good(&table[i]))
		i++;
	return i;
}

static void expect(unsigned int bad, unsigned int number)
{
	memcpy(before, pv_text_begin, original_size);
	memcpy(after, before, original_size);
	for (unsigned int i = 0; bad == nr && i < nr; i++)
		original_patched(after, pv_site_address(&table[i]), table[i].length, number);
}

static bool is_named(const struct pv_patch_refusal *refusal, unsigned int bad)
{
	if (refusal->index != bad || !refusal->reason)
		return false;
	if (cut)
		return refusal->op == PV_NR_OPS;
	return refusal->op == table[bad].op &&
	       refusal->address == (uintptr_t)pv_site_address(&table[bad]);
}

/* Reading behind the end is as wrong as writing to it. */
static bool patch(struct pv_patch_refusal *refusal)
{
	uint8_t *end = (uint8_t *)&table[nr] - cut, *limit = (uint8_t *)&table[ORIGINAL_MAX];
	bool patched;

	ASAN_POISON_MEMORY_REGION(end, limit - end);
	patched = pv_patch_sites(table, (const struct pv_site *)end, &backend, refusal);
	ASAN_UNPOISON_MEMORY_REGION(end, limit - end);
	return patched;
}

static struct {
	const char *text;
	unsigned int count;
} reasons[16];

static void count_reason(const char *text)
{
	unsigned int i = 0;

	while (reasons[i].text && strcmp(reasons[i].text, text))
		i++;
	reasons[i].text = text;
	reasons[i].count++;
}

static const char *judge(unsigned int kind, bool patched, unsigned int bad,
			 const struct pv_patch_refusal *refusal)
{
	if (patched != (bad == nr))
		return patched ? "patched" : "refused";
	if (memcmp(pv_text_begin, after, original_size))
		return "wrong bytes";
	if (patched) {
		harmless[kind]++;
		return NULL;
	}
	if (!is_named(refusal, bad))
		return "wrong site named";
	count_reason(refusal->reason);
	refused[kind]++;
	return NULL;
}

static void take_backend(unsigned int number)
{
	backend = *original_backend[number];
	memcpy(patches, backend.patches, sizeof(patches));
	ops = *backend.ops;
	backend.patches = patches;
	backend.ops = &ops;
	bad_op = PV_NR_OPS;
}

static void try(unsigned int seed)
{
	unsigned int kind = seed % DAMAGES, bad, number = seed / DAMAGES % ORIGINAL_BACKENDS;
	struct pv_patch_refusal refusal = {0};
	const char *wrong;

	state = seed;
	nr = original_count;
	cut = 0;
	original_restore(table);
	take_backend(number);
	damages[kind].do_it();
	bad = first_bad();
	expect(bad, number);
	wrong = judge(kind, patch(&refusal), bad, &refusal);
	if (!wrong)
		return;
	printf("damage %u (%s): %s; site %u, %s\n", seed, damages[kind].name, wrong, refusal.index,
	       refusal.reason ? refusal.reason : "no reason");
	exit(1);
}

int main(int argc, char **argv)
{
	unsigned int first = argc > 1 ? atoi(argv[1]) : 0;
	unsigned int count = argc > 2 ? atoi(argv[2]) : DAMAGE_COUNT;

	original_keep();
	for (unsigned int seed = first; seed < first + count; seed++)
		try(seed);
	printf("%u sites, damage %u to %u\n", original_count, first, first + count - 1);
	for (unsigned int i = 0; i < DAMAGES; i++)
		printf("damage %6u refused %6u harmless  %s\n", refused[i], harmless[i],
		       damages[i].name);
	for (unsigned int i = 0; reasons[i].text; i++)
		printf("reason %6u  %s\n", reasons[i].count, reasons[i].text);
	return 0;
}
