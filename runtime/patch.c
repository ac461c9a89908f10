/* SPDX-License-Identifier: MIT */
/*
 * The patcher.  It must not contain or call a site of an op: an instruction that
 * is being rewritten must not be executed.  For this reason pv.h is not included.
 */
#include "internal.h"
#include "pv_host.h"

/* Longest instruction: SDM vol. 2, section 2.3.11. */
#define INSTRUCTION_MAX 15
/* Longest no-op without prefixes: 0f 1f 84 with 32-bit displacement (SDM vol. 2, NOP). */
#define NOP_BASE_MAX 8
#define NO_RELOC     0xff

/* Override of the segment that is used anyway: ignored in 64-bit mode. */
#define PREFIX_DS	0x3e
#define PREFIX_OPERAND	0x66
#define NOP_BYTE	0x90
#define CALL_LENGTH	5
#define INDIRECT_LENGTH 6

static const uint8_t nops[NOP_BASE_MAX + 1][NOP_BASE_MAX] = {
	[1] = {0x90},
	[2] = {0x66, 0x90},
	[3] = {0x0f, 0x1f, 0x00},
	[4] = {0x0f, 0x1f, 0x40, 0x00},
	[5] = {0x0f, 0x1f, 0x44, 0x00, 0x00},
	[6] = {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	[7] = {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	[8] = {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
};

/* The final bytes of one site, while they are put together. */
struct image {
	uint8_t bytes[PV_SITE_MAX];
	unsigned int length;
};

static void append(struct image *image, const void *bytes, unsigned int length)
{
	const uint8_t *from = bytes;

	while (length--)
		image->bytes[image->length++] = *from++;
}

static void append_byte(struct image *image, uint8_t byte, unsigned int count)
{
	while (count--)
		image->bytes[image->length++] = byte;
}

static void append_word(struct image *image, int64_t value)
{
	int32_t word = value;

	append(image, &word, sizeof(word));
}

static void append_nop(struct image *image, unsigned int length)
{
	unsigned int base = length < NOP_BASE_MAX ? length : NOP_BASE_MAX;

	append_byte(image, PREFIX_OPERAND, length - base);
	append(image, nops[base], base);
}

/* As few no-ops as there can be. */
static void fill(struct image *image, unsigned int site_length)
{
	while (image->length < site_length) {
		unsigned int room = site_length - image->length;

		append_nop(image, room < INSTRUCTION_MAX ? room : INSTRUCTION_MAX);
	}
}

static bool is_legacy_prefix(uint8_t byte)
{
	static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
					   0x66, 0x67, 0xf0, 0xf2, 0xf3};
	unsigned int i;

	for (i = 0; i < sizeof(prefixes); i++)
		if (byte == prefixes[i])
			return true;
	return false;
}

/* Opcodes on which 3e means something (branch hint, notrack) or may come to mean something. */
static bool is_branch(const uint8_t *code)
{
	static const struct {
		uint8_t first, last;
	} ranges[] = {
		{0x70, 0x7f}, /* jcc rel8 */
		{0xc2, 0xc3}, /* ret */
		{0xca, 0xcb}, /* far ret */
		{0xe0, 0xe3}, /* loop, jrcxz */
		{0xe9, 0xe9}, /* jmp rel32 */
		{0xeb, 0xeb}, /* jmp rel8 */
		{0xff, 0xff}, /* indirect call and jmp, among others */
	};
	unsigned int i;

	if (code[0] == 0x0f)
		return (code[1] & 0xf0) == 0x80; /* jcc rel32 */
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code[0] >= ranges[i].first && code[0] <= ranges[i].last)
			return true;
	return false;
}

/*
 * Lengthen the instruction that comes next instead of spending a no-op on the
 * room that is left.  Behind a tail jump nothing is executed, so there is no
 * no-op to save.
 */
static void append_prefixes(struct image *image, const struct pv_site *site, const uint8_t *code,
			    unsigned int first, unsigned int length)
{
	unsigned int room = INSTRUCTION_MAX - first, spare = site->length - length;

	if (site->kind == PV_SITE_TAIL || is_legacy_prefix(code[0]) || is_branch(code))
		return;
	append_byte(image, PREFIX_DS, spare < room ? spare : room);
}

static bool fits_word(int64_t value)
{
	return value == (int32_t)value;
}

static const char *build_call(struct image *image, const struct pv_site *site, uintptr_t target)
{
	const uint8_t opcode = site->kind == PV_SITE_TAIL ? 0xe9 : 0xe8;
	int64_t distance;

	append_prefixes(image, site, &opcode, CALL_LENGTH, CALL_LENGTH);
	distance = target - ((uintptr_t)pv_site_address(site) + image->length + CALL_LENGTH);
	if (!fits_word(distance))
		return "target out of reach";
	append_byte(image, opcode, 1);
	append_word(image, distance);
	return NULL;
}

static const char *build_inline(struct image *image, const struct pv_site *site,
				const struct pv_patch *patch)
{
	const uint8_t *to = pv_site_address(site);
	unsigned int start;
	int32_t field;
	int64_t moved;

	if (patch->length > site->length)
		return "template longer than the site";
	append_prefixes(image, site, patch->code, patch->first, patch->length);
	start = image->length;
	append(image, patch->code, patch->length);
	if (patch->reloc == NO_RELOC)
		return NULL;
	__builtin_memcpy(&field, patch->code + patch->reloc, sizeof(field));
	moved = field + (int64_t)((uintptr_t)patch->code - (uintptr_t)(to + start));
	if (!fits_word(moved))
		return "target out of reach";
	field = moved;
	__builtin_memcpy(image->bytes + start + patch->reloc, &field, sizeof(field));
	return NULL;
}

/* The op's number behind the trap is for whoever handles the exception. */
static void build_trap(struct image *image, uint16_t op)
{
	append(image, "\x0f\x0b", 2);
	append(image, &op, sizeof(op));
}

/* All bytes of a site as they must become, or the reason why they cannot. */
static const char *build(struct image *image, const struct pv_site *site,
			 const struct pv_backend *backend)
{
	const struct pv_patch *patch = &backend->patches[site->op];
	const char *reason = NULL;

	image->length = 0;
	if (patch->form == PV_FORM_CALL)
		reason = build_call(image, site, ((const uintptr_t *)backend->ops)[site->op]);
	else if (patch->form == PV_FORM_INLINE)
		reason = build_inline(image, site, patch);
	else if (patch->form == PV_FORM_TRAP)
		build_trap(image, site->op);
	else if (patch->form == PV_FORM_INDIRECT)
		append(image, pv_site_address(site), site->length);
	if (!reason)
		fill(image, site->length);
	return reason;
}

/* The record makes sense by itself. */
static const char *check_record(const struct pv_site *site)
{
	const uint8_t *code = pv_site_address(site);

	if (site->op >= PV_NR_OPS)
		return "no such op";
	if (site->length != pv_site_length[site->op] || site->length < INDIRECT_LENGTH)
		return "wrong length";
	if (site->kind != PV_SITE_CALL && site->kind != PV_SITE_TAIL)
		return "no such kind";
	if (code < pv_text_begin || code + site->length > pv_text_end)
		return "outside the text";
	return NULL;
}

/* The bytes at the site are the indirect call or jump that the compiler puts there. */
static const char *check_bytes(const struct pv_site *site)
{
	const uint8_t *code = pv_site_address(site);
	const uint8_t *slot = (const uint8_t *)&pv_ops + site->op * sizeof(void *);
	int32_t displacement;
	unsigned int i;

	if (code[0] != 0xff || code[1] != (site->kind == PV_SITE_TAIL ? 0x25 : 0x15))
		return "wrong opcode";
	__builtin_memcpy(&displacement, code + 2, sizeof(displacement));
	if (code + INDIRECT_LENGTH + displacement != slot)
		return "wrong slot";
	for (i = INDIRECT_LENGTH; i < site->length; i++)
		if (code[i] != NOP_BYTE)
			return "wrong filler";
	return NULL;
}

static const char *check(const struct pv_site *site, const struct pv_backend *backend)
{
	struct image image;
	const char *reason = check_record(site);

	if (!reason)
		reason = check_bytes(site);
	if (!reason)
		reason = build(&image, site, backend);
	return reason;
}

const char *pv_site_bytes(uint8_t bytes[PV_SITE_MAX], const struct pv_site *site,
			  const struct pv_backend *backend)
{
	const char *reason = check_record(site);
	struct image image;

	if (!reason)
		reason = build(&image, site, backend);
	if (!reason)
		__builtin_memcpy(bytes, image.bytes, image.length);
	return reason;
}

bool pv_patch_sites(const struct pv_site *begin, const struct pv_site *end,
		    const struct pv_backend *backend, struct pv_patch_refusal *refusal)
{
	const struct pv_site *site;
	struct image image;

	for (site = begin; site < end; site++) {
		const char *reason = check(site, backend);

		if (reason) {
			refusal->index = site - begin;
			refusal->address = (unsigned long)pv_site_address(site);
			refusal->op = site->op;
			refusal->reason = reason;
			return false;
		}
	}
	for (site = begin; site < end; site++) {
		build(&image, site, backend);
		__builtin_memcpy(pv_site_address(site), image.bytes, image.length);
	}
	pv_serialise();
	return true;
}
