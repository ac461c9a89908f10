/* SPDX-License-Identifier: MIT */
/*
 * Damaged blobs, taken by the kernel's own code under sanitizers: each is
 * refused with a reason, and then nothing was written; or taken, and then what
 * the kernel would call or copy lies inside of it.
 *
 *	mutate BLOB				take it as it is
 *	mutate BLOB FIRST COUNT			damage number FIRST and the following
 *	mutate BLOB NUMBER OUT			write what damage NUMBER makes of it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pv_blob.h"
#include "services.h"

#define WINDOW	    0x40000ul
#define UNTOUCHED   0xa5
#define FILE_MAX    0x40000ul
#define REASONS_MAX 64

/* The kernel's room; behind it is what must not change. */
__attribute__((aligned(4096))) uint8_t pv_blob_window[WINDOW + 4096];
const unsigned long pv_blob_window_size = WINDOW;

static uint8_t original[FILE_MAX];
static unsigned long original_size;

/* The file that is taken, and its end. */
static uint8_t *file;
static unsigned long size, offset;
static uint64_t state, needs;

static uint64_t draw(void)
{
	uint64_t x = state = state * 6364136223846793005u + 1442695040888963407u;

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	return x ^ x >> 33;
}

static unsigned long any(unsigned long bound)
{
	return draw() % bound;
}

static struct pv_blob_header *header(void)
{
	return (struct pv_blob_header *)file;
}

static const struct pv_blob_header *whole(void)
{
	return (const struct pv_blob_header *)original;
}

/* ---- damage ---- */

static void flip_any(void)
{
	for (unsigned long n = any(3) + 1; n; n--)
		file[any(size)] ^= 1 << any(8);
}

static void flip_header(void)
{
	file[any(sizeof(struct pv_blob_header))] ^= 1 << any(8);
}

/* Values at which comparisons and sums go wrong. */
static uint32_t edge(void)
{
	const uint32_t edges[] = {
		0,
		1,
		4,
		8,
		4095,
		4096,
		0x7fffffff,
		0x80000000,
		0xfffff000,
		0xfffffff8,
		0xffffffff,
		whole()->file_size,
		whole()->memory_size,
		whole()->rodata_end,
		whole()->text_end,
		whole()->data_end,
		whole()->percpu,
		whole()->entries,
		whole()->members,
		whole()->relocations,
		WINDOW,
		WINDOW + 4096,
		0x10000000,
		0x20000001,
		0x15555556,
	};

	return edges[any(sizeof(edges) / sizeof(edges[0]))] + (any(3) ? 0 : any(17) - 8);
}

static void put_edge(void)
{
	const unsigned long first = offsetof(struct pv_blob_header, file_size);
	const unsigned long words = (offsetof(struct pv_blob_header, required) - first) / 4;
	uint32_t value = edge();

	memcpy(file + first + 4 * any(words), &value, sizeof(value));
}

static void put_edges(void)
{
	for (unsigned long n = any(3) + 2; n; n--)
		put_edge();
}

static void truncate_file(void)
{
	size = any(any(2) ? size : 2 * sizeof(struct pv_blob_header));
}

static void shorten_header(void)
{
	header()->file_size = any(size);
}

static void change_magic(void)
{
	file[any(8)] = draw();
}

static void change_format(void)
{
	header()->format += 1 + any(3);
}

static void change_version(void)
{
	if (any(2))
		header()->major += 1 + any(5);
	else
		header()->minor += 1 + any(5);
}

static void change_name(void)
{
	char *names[] = {header()->interface, header()->name, header()->signature};

	memset(names[any(3)], any(2) ? 0 : 'x', 15 + any(2));
}

static void change_feature(void)
{
	header()->required |= 1ull << any(64);
}

static void change_offer(void)
{
	header()->offered = draw();
}

static void need_more(void)
{
	needs = draw();
}

static void change_services(void)
{
	header()->nr_services = any(2) ? PV_NR_SERVICES + 1 + any(9) : any(PV_NR_SERVICES);
}

static void change_detection(void)
{
	services_machine = any(2);
	services_privileged = any(2);
	header()->detect = any(6);
	header()->deprivileged = any(2);
}

static struct pv_blob_entry *any_entry(void)
{
	return (struct pv_blob_entry *)(file + whole()->entries) + any(whole()->nr_entries);
}

static void function_outside(void)
{
	any_entry()->function = any(2) ? edge() : whole()->text_end + any(4096);
}

static void function_inside(void)
{
	any_entry()->function += any(64) - 32;
}

static void change_entry_form(void)
{
	any_entry()->form = any(256);
}

static void change_template(void)
{
	struct pv_blob_entry *e = any_entry();

	while (e->form != PV_FORM_INLINE)
		e = any_entry();
	if (any(2))
		e->code = edge();
	if (any(2))
		e->length = any(256);
	if (any(2))
		e->first = any(256);
	if (any(2))
		e->reloc = any(256);
}

static void change_revision(void)
{
	any_entry()->revision += 1 + any(3);
}

static void drop_entries(void)
{
	header()->nr_entries -= 1 + any(header()->nr_entries);
}

static void swap_entries(void)
{
	struct pv_blob_entry *a = any_entry(), *b = any_entry(), old = *a;

	*a = *b;
	*b = old;
}

static struct pv_blob_member *any_member(void)
{
	return (struct pv_blob_member *)(file + whole()->members) + any(whole()->nr_members);
}

static void change_member(void)
{
	struct pv_blob_member *m = any_member();
	uint8_t *bytes[] = {&m->registration, &m->instance, &m->member, &m->kind};

	*bytes[any(4)] = any(2) ? any(4) : any(256);
}

static void change_member_value(void)
{
	any_member()->value = any(2) ? draw() : edge();
}

static void change_init(void)
{
	header()->init = any(2) ? edge() : any(whole()->text_end);
}

static struct pv_blob_relocation *any_relocation(void)
{
	return (struct pv_blob_relocation *)(file + whole()->relocations) +
	       any(whole()->nr_relocations);
}

static void relocation_place(void)
{
	any_relocation()->place = any(2) ? edge() : any(whole()->memory_size);
}

static void relocation_kind(void)
{
	struct pv_blob_relocation *r = any_relocation();

	if (any(2))
		r->form = any(any(2) ? PV_NR_BLOB_FIELDS : 256);
	if (any(2))
		r->target = any(any(2) ? PV_NR_BLOB_TARGETS : 256);
	if (any(2))
		r->service = any(any(2) ? PV_NR_SERVICES : 65536);
}

static void swap_relocations(void)
{
	struct pv_blob_relocation *a = any_relocation(), *b = any_relocation(), old = *a;

	*a = *b;
	*b = old;
}

/* The value that is there, so that the sum is out of reach. */
static void relocation_value(void)
{
	const struct pv_blob_relocation *r = any_relocation();
	uint32_t value = 0x7fffffff - any(256);

	memcpy(file + r->place, &value, sizeof(value));
}

static void overlap_tables(void)
{
	uint32_t *places[] = {&header()->entries, &header()->members, &header()->exceptions,
			      &header()->percpu, &header()->relocations};

	*places[any(5)] = *places[any(5)] + 8 * any(3);
}

/* So many that the bytes they take are few again in 32 bits. */
static void count_too_far(void)
{
	struct {
		uint32_t *count, size;
	} const tables[] = {
		{&header()->nr_entries, sizeof(struct pv_blob_entry)},
		{&header()->nr_members, sizeof(struct pv_blob_member)},
		{&header()->nr_exceptions, 8},
		{&header()->nr_relocations, sizeof(struct pv_blob_relocation)},
	};
	unsigned long i = any(4);

	*tables[i].count += (1ull << 32) / tables[i].size;
}

static void grow_percpu(void)
{
	if (any(2))
		header()->percpu_size = PV_BLOB_PERCPU + 8 * (1 + any(64));
	else
		header()->percpu_align = 128 << any(8);
}

static void move_file(void)
{
	offset = 1 + any(7);
}

static const struct damage {
	const char *name;
	void (*do_it)(void);
	/* Whatever it changes, there is no blob any more. */
	bool is_fatal;
} damages[] = {
	{"flip bits", flip_any, false},
	{"flip a bit of the header", flip_header, false},
	{"a number at the edge", put_edge, false},
	{"several numbers at the edge", put_edges, false},
	{"file cut off", truncate_file, true},
	{"header says cut off", shorten_header, true},
	{"magic", change_magic, true},
	{"format", change_format, true},
	{"version", change_version, false},
	{"names", change_name, false},
	{"feature", change_feature, false},
	{"registrations offered", change_offer, false},
	{"registrations needed", need_more, false},
	{"services", change_services, false},
	{"machine", change_detection, false},
	{"function outside", function_outside, false},
	{"function moved", function_inside, false},
	{"form of an entry", change_entry_form, false},
	{"template", change_template, false},
	{"revision", change_revision, false},
	{"entries dropped", drop_entries, false},
	{"entries swapped", swap_entries, false},
	{"member", change_member, false},
	{"value of a member", change_member_value, false},
	{"init", change_init, false},
	{"place of a relocation", relocation_place, false},
	{"kind of a relocation", relocation_kind, false},
	{"relocations swapped", swap_relocations, true},
	{"value to relocate", relocation_value, false},
	{"tables overlap", overlap_tables, false},
	{"counts that overflow", count_too_far, true},
	{"per-CPU data", grow_percpu, true},
	{"file not aligned", move_file, false},
};
#define DAMAGES (sizeof(damages) / sizeof(damages[0]))

/* With sums as they were, and with sums that fit. */
static unsigned int refused[DAMAGES][2], taken[DAMAGES][2];

static struct {
	const char *text;
	unsigned int count;
} reasons[REASONS_MAX];

static void count_reason(const char *text)
{
	unsigned int i = 0;

	while (reasons[i].text && strcmp(reasons[i].text, text))
		i++;
	reasons[i].text = text;
	reasons[i].count++;
}

/* The same sums as compiler/binary.c makes. */
static void correct_sums(void)
{
	uint32_t sums[2] = {0}, word;

	if (size < sizeof(struct pv_blob_header))
		return;
	for (unsigned long at = 16; at + 4 <= size && at < header()->file_size; at += 4) {
		memcpy(&word, file + at, sizeof(word));
		sums[0] += word;
		sums[1] += sums[0];
	}
	memcpy(file + 8, sums, sizeof(sums));
}

/* ---- what must be ---- */

static bool is_untouched(unsigned long from)
{
	while (from < sizeof(pv_blob_window) && pv_blob_window[from] == UNTOUCHED)
		from++;
	return from == sizeof(pv_blob_window);
}

static bool is_in_text(uintptr_t address)
{
	return (address >= (uintptr_t)pv_blob_bounds.rodata_end &&
		address < (uintptr_t)pv_blob_bounds.text_end);
}

static bool is_function(uintptr_t address)
{
	return is_in_text(address) && !memcmp((const void *)address, "\xf3\x0f\x1e\xfa", 4);
}

static bool is_default(const struct pv_backend *backend, unsigned int op)
{
	return ((const uintptr_t *)backend->ops)[op] == ((const uintptr_t *)&pv_default_ops)[op];
}

/* Reads what a kernel would call, copy or show. */
static const char *judge_taken(const struct pv_backend *backend)
{
	for (unsigned int op = 0; op < PV_NR_OPS; op++) {
		const struct pv_patch *p = &backend->patches[op];

		if (is_default(backend, op))
			continue;
		if (!is_function(((const uintptr_t *)backend->ops)[op]))
			return "a function outside";
		if (p->form == PV_FORM_INLINE && (!is_in_text((uintptr_t)p->code) ||
						  p->code + p->length > pv_blob_bounds.text_end ||
						  p->length > pv_site_length[op]))
			return "a template outside";
		if (p->form > PV_FORM_TRAP)
			return "an unknown form";
	}
	if (backend->init && !is_function((uintptr_t)backend->init))
		return "an init outside";
	for (unsigned int i = 0; i < backend->nr_clocksource; i++)
		if (!is_function((uintptr_t)backend->clocksource[i].read))
			return "a member outside";
	return is_untouched(pv_blob_bounds.end - pv_blob_window) ? NULL : "written behind the end";
}

static const struct pv_backend *take(struct pv_blob_refusal *refusal)
{
	/* Of the exact size: reading behind it is as wrong as writing. */
	uint8_t *copy = malloc(size + offset + !size);
	const struct pv_backend *backend;

	memcpy(copy + offset, file, size);
	memset(pv_blob_window, UNTOUCHED, sizeof(pv_blob_window));
	backend = pv_blob_load(copy + offset, size, NULL, needs, refusal);
	free(copy);
	return backend;
}

/* ---- runs ---- */

/* True if anything is another now. */
static bool damage(unsigned int number, bool with_sums)
{
	bool changed;

	state = number;
	file = realloc(file, original_size);
	memcpy(file, original, original_size);
	size = original_size;
	offset = 0;
	needs = 0;
	services_machine = services_privileged = true;
	damages[number % DAMAGES].do_it();
	changed = size != original_size || memcmp(file, original, size);
	if (with_sums)
		correct_sums();
	return changed;
}

static bool run(unsigned int number)
{
	unsigned int kind = number % DAMAGES;
	bool with_sums = number / DAMAGES % 2;
	struct pv_blob_refusal refusal = {0};
	const struct pv_backend *backend;
	const char *fault = NULL;
	bool changed;

	changed = damage(number, with_sums);
	backend = take(&refusal);
	if (backend)
		fault = judge_taken(backend);
	else if (!refusal.reason || !is_untouched(0))
		fault = "refused without a reason, or half";
	if (backend)
		taken[kind][with_sums]++;
	else
		refused[kind][with_sums]++, count_reason(refusal.reason);
	/* The sums are over all that is not checked by itself. */
	if (backend && changed && (!with_sums || damages[kind].is_fatal))
		fault = "taken";
	if (fault)
		printf("damage %u (%s): %s\n", number, damages[kind].name, fault);
	return !fault;
}

static int run_all(unsigned int first, unsigned int count)
{
	bool good = true;

	for (unsigned int number = first; number < first + count; number++)
		good &= run(number);
	for (unsigned int i = 0; i < DAMAGES; i++)
		printf("damage %5u refused %5u taken, sums corrected %5u refused %5u taken  %s\n",
		       refused[i][0], taken[i][0], refused[i][1], taken[i][1], damages[i].name);
	for (unsigned int i = 0; i < REASONS_MAX && reasons[i].text; i++)
		printf("reason %6u  %s\n", reasons[i].count, reasons[i].text);
	return !good;
}

static int run_whole(void)
{
	struct pv_blob_refusal refusal = {0};
	const struct pv_backend *backend;

	file = original;
	size = original_size;
	backend = take(&refusal);
	if (!backend)
		printf("refused %s %s %lu\n", refusal.reason, refusal.name ? refusal.name : "none",
		       refusal.number);
	else
		printf("taken %s\n", backend->name);
	return 0;
}

static int write_one(unsigned int number, const char *path)
{
	FILE *f = fopen(path, "wb");

	damage(number, number / DAMAGES % 2);
	if (!f || fwrite(file, 1, size, f) != size || fclose(f))
		perror(path);
	return 0;
}

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;

	if (!f) {
		perror("no blob");
		return 2;
	}
	original_size = fread(original, 1, sizeof(original), f);
	fclose(f);
	if (argc < 4)
		return run_whole();
	if (argv[3][strspn(argv[3], "0123456789")])
		return write_one(strtoul(argv[2], NULL, 0), argv[3]);
	return run_all(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
}
