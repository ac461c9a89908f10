/* SPDX-License-Identifier: MIT */
/*
 * The patcher.  It must not contain or call a site of an op: an instruction that
 * is being rewritten must not be executed.  For this reason pv.h is not included.
 */
#include "internal.h"
#include "machine.h"
#include "pv_host.h"
#include CODE_HEADER

/* Longest instruction: SDM vol. 2, section 2.3.11. */
#define INSTRUCTION_MAX 15
#define NO_RELOC	0xff
#define NOT_BUILT	0xff

/*
 * Override of the segment that is used anyway: ignored in 64-bit mode; in 32-bit code DS and SS
 * are one, or C would not work.
 */
#define PREFIX_DS	0x3e
#define NOP_BYTE	0x90
#define CALL_LENGTH	5
#define INDIRECT_LENGTH 6

/*
 * The final bytes of the sites of one op.  All get the same, but for one field
 * that holds a distance from the site.
 */
struct image {
	/* The field is anchor - (address of the site & mask). */
	uintptr_t anchor, mask;
	/* Why no site can have these bytes, or NULL. */
	const char *reason;
	/* enum pv_site_kind for which it was built, or NOT_BUILT. */
	uint8_t kind;
	/* Offset of the field. */
	uint8_t field;
	/* Bytes so far; 0: the sites stay as they are. */
	uint8_t length;
	uint8_t bytes[PV_SITE_MAX];
};

/* Too large for the stack of a kernel.  Of one batch: there is one at a time. */
static struct image images[PV_NR_OPS];

static uint32_t load_word(const uint8_t *from)
{
	uint32_t word;

	__builtin_memcpy(&word, from, sizeof(word));
	return word;
}

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

static void append_nop(struct image *image, unsigned int length)
{
	unsigned int base = length < NOP_BASE_MAX ? length : NOP_BASE_MAX;

	append_byte(image, NOP_PREFIX, length - base);
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
static void append_prefixes(struct image *image, const uint8_t *code, unsigned int first,
			    unsigned int spare)
{
	unsigned int room = INSTRUCTION_MAX - first;

	if (image->kind == PV_SITE_TAIL || is_legacy_prefix(code[0]) || is_branch(code))
		return;
	append_byte(image, PREFIX_DS, spare < room ? spare : room);
}

static void build_call(struct image *image, enum pv_op op, const struct pv_backend *backend)
{
	const uint8_t code[CALL_LENGTH] = {image->kind == PV_SITE_TAIL ? 0xe9 : 0xe8};

	append_prefixes(image, code, CALL_LENGTH, pv_site_length[op] - CALL_LENGTH);
	image->field = image->length + 1;
	append(image, code, CALL_LENGTH);
	image->anchor = ((const uintptr_t *)backend->ops)[op] - image->length;
	image->mask = UINTPTR_MAX;
}

static void build_inline(struct image *image, enum pv_op op, const struct pv_backend *backend)
{
	const struct pv_patch *patch = &backend->patches[op];
	unsigned int start;

	if (patch->length > pv_site_length[op]) {
		image->reason = "template longer than the site";
		return;
	}
	append_prefixes(image, patch->code, patch->first, pv_site_length[op] - patch->length);
	start = image->length;
	append(image, patch->code, patch->length);
	if (patch->reloc == NO_RELOC)
		return;
	image->field = start + patch->reloc;
	image->anchor =
		(uintptr_t)patch->code + (int32_t)load_word(patch->code + patch->reloc) - start;
	image->mask = UINTPTR_MAX;
}

/* The op's number behind the trap is for whoever handles the exception. */
static void build_trap(struct image *image, enum pv_op op, const struct pv_backend *backend)
{
	const uint16_t number = op;

	(void)backend;
	append(image, "\x0f\x0b", 2);
	append(image, &number, sizeof(number));
}

static void build_nothing(struct image *image, enum pv_op op, const struct pv_backend *backend)
{
	(void)image, (void)op, (void)backend;
}

static void (*const builders[PV_NR_FORMS])(struct image *, enum pv_op,
					   const struct pv_backend *) = {
	[PV_FORM_CALL] = build_call,	    [PV_FORM_INLINE] = build_inline,
	[PV_FORM_NOP] = build_nothing,	    [PV_FORM_TRAP] = build_trap,
	[PV_FORM_INDIRECT] = build_nothing,
};

/* Without a distance the field is what stands there anyway: no site needs to ask. */
static void fix_field(struct image *image)
{
	image->field = 0;
	image->anchor = (int32_t)load_word(image->bytes);
}

/* Not inline: the loops over the sites nearly always do without it. */
static __attribute__((noinline)) void build(struct image *image, enum pv_op op, uint8_t kind,
					    const struct pv_backend *backend)
{
	uint8_t form = backend->patches[op].form;

	image->mask = 0;
	image->reason = form < PV_NR_FORMS ? NULL : "no such form";
	image->kind = kind;
	image->length = 0;
	if (!image->reason)
		builders[form](image, op, backend);
	if (form != PV_FORM_INDIRECT && !image->reason)
		fill(image, pv_site_length[op]);
	if (!image->mask)
		fix_field(image);
}

/* The work of building is done once an op, not once a site. */
static struct image *image_of(const struct pv_site *site, const struct pv_backend *backend)
{
	struct image *image = &images[site->op];

	if (image->kind != site->kind)
		build(image, site->op, site->kind, backend);
	return image;
}

/* Images of an earlier batch may be another backend's. */
static void forget_images(void)
{
	unsigned int op;

	for (op = 0; op < PV_NR_OPS; op++)
		images[op].kind = NOT_BUILT;
}

static int64_t field_value(const struct image *image, const uint8_t *code)
{
	return (intptr_t)(image->anchor - ((uintptr_t)code & image->mask));
}

static const char *check_reach(const struct image *image, const uint8_t *code)
{
	int64_t value = field_value(image, code);

	if (value != (int32_t)value)
		return "target out of reach";
	return image->reason;
}

/* Compared as distances: the sum of an address and a length may wrap around. */
static bool is_text(const uint8_t *code, unsigned int length)
{
	uintptr_t size = (uintptr_t)pv_text_end - (uintptr_t)pv_text_begin;

	return length <= size && (uintptr_t)code - (uintptr_t)pv_text_begin <= size - length;
}

/* The record makes sense by itself. */
static const char *check_record(const struct pv_site *site)
{
	if (site->op >= PV_NR_OPS)
		return "no such op";
	if (site->length != pv_site_length[site->op] || site->length < INDIRECT_LENGTH)
		return "wrong length";
	if (site->kind != PV_SITE_CALL && site->kind != PV_SITE_TAIL)
		return "no such kind";
	if (!is_text(pv_site_address(site), site->length))
		return "outside the text";
	return NULL;
}

/*
 * Words from the end.  The first may begin in the displacement, so what it has
 * too much is shifted out: a loop over bytes would be mispredicted at each site.
 */
static bool is_filler(const uint8_t *site, unsigned int length)
{
	const uint32_t want = 0x01010101u * NOP_BYTE;
	unsigned int left = length - INDIRECT_LENGTH;
	const uint8_t *code = site + length - sizeof(want);

	for (; left > sizeof(want); left -= sizeof(want), code -= sizeof(want))
		if (load_word(code) != want)
			return false;
	return !((uint64_t)(load_word(code) ^ want) >> 8 * (sizeof(want) - left));
}

/* The bytes at the site are the indirect call or jump that the compiler puts there. */
static const char *check_bytes(const struct pv_site *site, const uint8_t *code)
{
	static const uint16_t opcodes[] = {[PV_SITE_CALL] = 0x15ff, [PV_SITE_TAIL] = 0x25ff};
	uintptr_t slot = (uintptr_t)&pv_ops + site->op * sizeof(void *);
	uint16_t opcode;

	__builtin_memcpy(&opcode, code, sizeof(opcode));
	if (opcode != opcodes[site->kind])
		return "wrong opcode";
	if (slot_of(code, INDIRECT_LENGTH, load_word(code + sizeof(opcode))) != slot)
		return "wrong slot";
	if (!is_filler(code, site->length))
		return "wrong filler";
	return NULL;
}

static const char *check(const struct pv_site *site, const struct pv_backend *backend)
{
	const uint8_t *code = pv_site_address(site);
	const char *reason = check_record(site);

	if (!reason)
		reason = check_bytes(site, code);
	if (!reason)
		reason = check_reach(image_of(site, backend), code);
	return reason;
}

static void store_word(uint8_t *to, uint32_t word)
{
	__builtin_memcpy(to, &word, sizeof(word));
}

/* Six or seven bytes: put together in a register, since memory that was just written is slow to
 * read. */
static void write_short(const struct image *image, uint32_t field, uint8_t *to)
{
	unsigned int shift = 8 * image->field;
	uint64_t bytes;

	__builtin_memcpy(&bytes, image->bytes, sizeof(bytes));
	bytes = (bytes & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)field << shift;
	store_word(to, bytes);
	store_word(to + image->length - 4, bytes >> 8 * (image->length - 4));
}

/* The last word may overlap the one before. */
static void write_long(struct image *image, uint32_t field, uint8_t *to)
{
	const uint8_t *from = image->bytes;
	unsigned int at;

	store_word(image->bytes + image->field, field);
	for (at = 0; at + sizeof(uint64_t) < image->length; at += sizeof(uint64_t))
		__builtin_memcpy(to + at, from + at, sizeof(uint64_t));
	__builtin_memcpy(to + image->length - 8, from + image->length - 8, sizeof(uint64_t));
}

/*
 * What a site at this address becomes; `to` is that address or a buffer.  Only
 * final bytes are stored: a site never holds a template with another's field.
 */
static void write_image(struct image *image, const uint8_t *code, uint8_t *to)
{
	uint32_t field = field_value(image, code);

	if (!image->length)
		return;
	if (image->length < sizeof(uint64_t))
		write_short(image, field, to);
	else
		write_long(image, field, to);
}

/* Built on the stack: a batch's images may be of another backend. */
const char *pv_site_bytes(uint8_t bytes[PV_SITE_MAX], const struct pv_site *site,
			  const struct pv_backend *backend)
{
	const uint8_t *code = pv_site_address(site);
	const char *reason = check_record(site);
	struct image image;

	if (reason)
		return reason;
	build(&image, site->op, site->kind, backend);
	reason = check_reach(&image, code);
	if (!reason && image.length)
		write_image(&image, code, bytes);
	else if (!reason)
		__builtin_memcpy(bytes, code, site->length);
	return reason;
}

static bool check_table(const struct pv_site *begin, const struct pv_site *end,
			struct pv_patch_refusal *refusal)
{
	unsigned long size = (uintptr_t)end - (uintptr_t)begin;

	if (size % sizeof(*begin) == 0)
		return true;
	*refusal = (struct pv_patch_refusal){
		.index = size / sizeof(*begin),
		.op = PV_NR_OPS,
		.reason = "table cut off",
	};
	return false;
}

static bool check_sites(const struct pv_site *begin, const struct pv_site *end,
			const struct pv_backend *backend, struct pv_patch_refusal *refusal)
{
	const struct pv_site *site;

	for (site = begin; site < end; site++) {
		const char *reason = check(site, backend);

		if (!reason)
			continue;
		refusal->index = site - begin;
		refusal->address = (unsigned long)pv_site_address(site);
		refusal->op = site->op;
		refusal->reason = reason;
		return false;
	}
	return true;
}

bool pv_patch_sites(const struct pv_site *begin, const struct pv_site *end,
		    const struct pv_backend *backend, struct pv_patch_refusal *refusal)
{
	const struct pv_site *site;

	forget_images();
	if (!check_table(begin, end, refusal) || !check_sites(begin, end, backend, refusal))
		return false;
	for (site = begin; site < end; site++) {
		uint8_t *code = pv_site_address(site);

		write_image(image_of(site, backend), code, code);
	}
	pv_serialise();
	return true;
}
