/* SPDX-License-Identifier: MIT */
/*
 * A QEMU plugin that counts the instructions which ops cost, to the last one.
 *
 *	qemu-system-x86_64 -plugin build/cost.so,out=FILE ...
 *
 * The guest marks an op's call by no-ops (marker_begin and marker_end of
 * compiler/arch.c).  What is executed between the two is counted by where it
 * stands: in the site, in the padding at the site's end, elsewhere in the guest,
 * in the hypervisor.  FILE gets a line for each op: its number, these four
 * counts for the shortest of its calls (no interrupt disturbed it), how many
 * calls were as short, and how many there were.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* QEMU 7.2 installs no header; this is what is used of include/qemu/qemu-plugin.h. */
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data), int flags,
					    void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr,
						uint64_t immediate);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id, void *), void *data);

#define EXPORT		 __attribute__((visibility("default")))
#define REGISTERS_UNUSED 0
#define ADD_U64		 0

EXPORT int qemu_plugin_version = 1;

/*
 * Where a hypervisor's code is: what x86_64 reserves for it (xen/include/asm-x86/config.h), and
 * where the guest of i386 (KERNEL_BASE of tests/boot/i386/arch_layout.h) has the ROMs of a PC
 * mapped.
 */
static const struct {
	uint64_t begin, end;
} hypervisors[] = {
	{0xffff800000000000, 0xffff880000000000},
	{0xc00c0000, 0xc0100000},
};

/* nopl DISPLACEMENT(%rax) begins, nopl DISPLACEMENT(%rcx) ends a measurement. */
#define MARKER_LENGTH 7
#define MODRM_BEGIN   0x80
#define MODRM_END     0x81
#define MARKER_MAGIC  0x50

#define SITES_MAX 4096
#define OPS_MAX	  4096

enum place { SITE, PADDING, GUEST, HYPERVISOR, NR_PLACES };

struct counts {
	uint64_t at[NR_PLACES];
};

struct marker {
	bool is_begin;
	unsigned int length, op;
};

struct range {
	uint64_t begin, end;
};

static struct range sites[SITES_MAX];
static size_t nr_sites;

static struct counts now, at_begin;
static unsigned int op_begun = OPS_MAX;

static struct result {
	struct counts best;
	unsigned int as_short, calls;
} results[OPS_MAX];

static const char *out_path;

/* ---- what an instruction is ---- */

static bool read_marker(const struct qemu_plugin_insn *insn, struct marker *marker)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	uint32_t displacement;

	if (qemu_plugin_insn_size(insn) != MARKER_LENGTH || code[0] != 0x0f || code[1] != 0x1f)
		return false;
	memcpy(&displacement, code + 3, sizeof(displacement));
	if (displacement >> 24 != MARKER_MAGIC)
		return false;
	marker->is_begin = code[2] == MODRM_BEGIN;
	marker->length = displacement >> 16 & 0xff;
	marker->op = displacement & 0xffff;
	return (code[2] == MODRM_BEGIN || code[2] == MODRM_END) && marker->op < OPS_MAX;
}

/* What 32-bit code has for lack of 0f 1f: a register to itself, by MOV and by LEA without offset.
 */
static bool is_move_to_itself(const uint8_t *code, const uint8_t *end)
{
	static const uint8_t forms[][7] = {
		{0x89, 0xf6}, {0x8d, 0x76}, {0x8d, 0x74, 0x26}, {0x8d, 0xb6}, {0x8d, 0xb4, 0x26},
	};
	static const uint8_t lengths[] = {2, 3, 4, 6, 7};
	size_t i;

	for (i = 0; i < sizeof(lengths); i++)
		if (end - code == lengths[i] && !memcmp(code, forms[i], lengths[i]))
			return true;
	return false;
}

static bool is_nop(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	const uint8_t *end = code + qemu_plugin_insn_size(insn);

	while (code < end && (*code == 0x66 || *code == 0x2e || *code == 0x3e))
		code++;
	if (is_move_to_itself(code, end))
		return true;
	if (code + 1 < end)
		return code[0] == 0x0f && code[1] == 0x1f;
	return code < end && *code == 0x90;
}

static const struct range *find_site(uint64_t address)
{
	size_t i;

	for (i = 0; i < nr_sites; i++)
		if (address >= sites[i].begin && address < sites[i].end)
			return &sites[i];
	return NULL;
}

/* A site is known before its first instruction is: the marker stands in front of it. */
static void add_site(uint64_t address, unsigned int length)
{
	if (!find_site(address) && nr_sites < SITES_MAX)
		sites[nr_sites++] = (struct range){address, address + length};
}

/* Nothing but no-ops from here to the end of the site: a template's own are not padding. */
static bool is_padding(const struct qemu_plugin_tb *tb, size_t index, const struct range *site)
{
	for (; index < qemu_plugin_tb_n_insns(tb); index++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);

		if (qemu_plugin_insn_vaddr(insn) >= site->end)
			break;
		if (!is_nop(insn))
			return false;
	}
	return true;
}

static bool is_hypervisor(uint64_t address)
{
	size_t i;

	for (i = 0; i < sizeof(hypervisors) / sizeof(hypervisors[0]); i++)
		if (address >= hypervisors[i].begin && address < hypervisors[i].end)
			return true;
	return false;
}

static enum place find_place(const struct qemu_plugin_tb *tb, size_t index)
{
	uint64_t address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, index));
	const struct range *site = find_site(address);

	if (site)
		return is_padding(tb, index, site) ? PADDING : SITE;
	return is_hypervisor(address) ? HYPERVISOR : GUEST;
}

/* ---- what is executed ---- */

static void begin(unsigned int vcpu, void *op)
{
	(void)vcpu;
	op_begun = (uintptr_t)op;
	at_begin = now;
}

static uint64_t sum(const struct counts *counts)
{
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++)
		all += counts->at[i];
	return all;
}

static void keep_shortest(struct result *result, const struct counts *counts)
{
	uint64_t length = sum(counts), shortest = sum(&result->best);

	if (!result->calls++ || length < shortest) {
		result->best = *counts;
		result->as_short = 0;
	}
	result->as_short += length == sum(&result->best);
}

static void end(unsigned int vcpu, void *op)
{
	struct counts counts;
	unsigned int i;

	(void)vcpu;
	if (op_begun != (uintptr_t)op)
		return;
	for (i = 0; i < NR_PLACES; i++)
		counts.at[i] = now.at[i] - at_begin.at[i];
	op_begun = OPS_MAX;
	keep_shortest(&results[(uintptr_t)op], &counts);
}

/* ---- what QEMU calls ---- */

static void translate_insn(const struct qemu_plugin_tb *tb, size_t index)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
	struct marker marker;

	if (!read_marker(insn, &marker)) {
		qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64,
							   &now.at[find_place(tb, index)], 1);
		return;
	}
	if (marker.is_begin)
		add_site(qemu_plugin_insn_vaddr(insn) + MARKER_LENGTH, marker.length);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, marker.is_begin ? begin : end,
					       REGISTERS_UNUSED, (void *)(uintptr_t)marker.op);
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		translate_insn(tb, i);
}

static void print_result(FILE *out, unsigned int op)
{
	const struct result *result = &results[op];
	unsigned int i;

	if (!result->calls)
		return;
	fprintf(out, "%u", op);
	for (i = 0; i < NR_PLACES; i++)
		fprintf(out, " %llu", (unsigned long long)result->best.at[i]);
	fprintf(out, " %u %u\n", result->as_short, result->calls);
}

static void write_results(plugin_id id, void *unused)
{
	FILE *out = fopen(out_path, "w");
	unsigned int op;

	(void)id, (void)unused;
	if (!out) {
		perror(out_path);
		return;
	}
	for (op = 0; op < OPS_MAX; op++)
		print_result(out, op);
	if (fclose(out))
		perror(out_path);
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
		fprintf(stderr, "cost plugin: give it out=FILE\n");
		return -1;
	}
	out_path = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, write_results, NULL);
	return out_path ? 0 : -1;
}
