/* SPDX-License-Identifier: MIT */
/*
 * A ROM that does calls: found, checked, asked, bound.  Whatever is read of it may be wrong: it is
 * used only where it cannot lead out of the ROM's own bytes and the addresses that it keeps.
 */
#include "internal.h"
#include "pv_host.h"
#include "pv_rom.h"

#define NO_RELOC  0xff
#define NOTES_MAX 128

/* The ROM that was found, by guest-physical address too; no length: there is none. */
static struct {
	const uint8_t *at;
	uint32_t address, length;
} area;
static const struct pv_rom *looked_for;

static struct pv_rom_note notes[NOTES_MAX];
static unsigned int nr_notes;

/* The backend that comes of it. */
static struct pv_ops ops;
static struct pv_patch patches[PV_NR_OPS];
static struct pv_backend bound;

static void note(const uint8_t *at, const char *what, const char *reason, bool refused)
{
	if (nr_notes < NOTES_MAX)
		notes[nr_notes++] = (struct pv_rom_note){
			.address = at, .what = what, .reason = reason, .refused = refused};
}

const struct pv_rom_note *pv_rom_notes(unsigned int *count)
{
	*count = nr_notes;
	return notes;
}

bool pv_rom_has(const void *va, unsigned long size)
{
	uintptr_t begin = (uintptr_t)va, rom = (uintptr_t)area.at;

	return begin < rom + area.length && rom < begin + size;
}

/* Where a call is that has nothing to do: changes no register. */
static __attribute__((naked)) void nothing(void)
{
	asm("ret");
}

enum pv_rom_answer pv_rom_answered(const struct pv_rom *rom, unsigned int call)
{
	uintptr_t target = call < rom->nr_targets ? rom->targets[call] : 0;

	if (!target)
		return PV_ROM_NONE;
	return target == (uintptr_t)nothing ? PV_ROM_NOP : PV_ROM_CALL;
}

/* ---- the header ---- */

static uint32_t member(const uint8_t *at, struct pv_rom_member place)
{
	uint32_t value = 0, i;

	for (i = 0; i < place.size; i++)
		value |= (uint32_t)at[place.offset + i] << 8 * i;
	return value;
}

static bool is_signature(const struct pv_rom_rule *rule)
{
	return !rule->least && rule->member.size > 1;
}

static bool holds(const struct pv_rom_rule *rule, const uint8_t *at)
{
	uint32_t value = member(at, rule->member);

	return rule->least ? value >= rule->value : value == rule->value;
}

static bool has_signatures(const struct pv_rom *rom, const uint8_t *at)
{
	const struct pv_rom_rule *rule;

	for (rule = rom->rules; rule < rom->rules + rom->nr_rules; rule++)
		if (is_signature(rule) && !holds(rule, at))
			return false;
	return true;
}

/* What is wrong with a ROM, and why; no reason: nothing. */
struct fault {
	const char *what, *reason;
};
static const struct fault fine = {NULL, NULL};

/* Before any byte behind the header is read: the rest stands on it. */
static struct fault check_length(const struct pv_rom *rom, const uint8_t *at, uint32_t room)
{
	uint32_t units = member(at, rom->length);

	if (units * (uint64_t)rom->unit > room)
		return (struct fault){"length", "reaches out of the window"};
	if (units * rom->unit < rom->header_size)
		return (struct fault){"length", "less than a header"};
	return fine;
}

static struct fault check_rules(const struct pv_rom *rom, const uint8_t *at, uint32_t length)
{
	const struct pv_rom_rule *rule;

	(void)length;
	for (rule = rom->rules; rule < rom->rules + rom->nr_rules; rule++)
		if (!holds(rule, at))
			return (struct fault){rule->name, "another value"};
	return fine;
}

static struct fault check_sum(const struct pv_rom *rom, const uint8_t *at, uint32_t length)
{
	uint8_t sum = 0;

	while (rom->sum && length)
		sum += at[--length];
	return sum ? (struct fault){"sum", "not 0"} : fine;
}

static bool is_text(const char *text, const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at && *at == (uint8_t)*text)
		at++, text++;
	return at < end && !*at && !*text;
}

static struct fault check_texts(const struct pv_rom *rom, const uint8_t *at, uint32_t length)
{
	const struct pv_rom_text *text;

	for (text = rom->texts; text < rom->texts + rom->nr_texts; text++) {
		uint32_t offset = member(at, text->member);
		const char *const *each = text->texts;

		while (*each && !(offset && is_text(*each, at + offset, at + length)))
			each++;
		if (!*each)
			return (struct fault){text->name, "another text"};
	}
	return fine;
}

static struct fault check_top(const struct pv_rom *rom, const uint8_t *at, uint32_t length)
{
	uint32_t top = member(at, rom->top);

	(void)length;
	if (!top || (pv_host_top && top >= pv_host_top))
		return fine;
	return (struct fault){"top", "addresses that the kernel has"};
}

/* ---- its answers ---- */

/* Where a call is, and as what; if it cannot be used, why. */
struct answer {
	enum pv_rom_answer kind;
	uintptr_t target;
	const char *reason;
};

static enum pv_rom_answer kind_of(const struct pv_rom *rom, uint64_t raw)
{
	uint64_t kind = (raw & rom->kind.mask) >> rom->kind.shift;
	unsigned int i;

	for (i = 0; i < PV_NR_ROM_ANSWERS && rom->kinds[i] != kind; i++)
		;
	return i;
}

static bool is_code(const struct pv_rom *rom, const uint8_t *at, uint32_t length, uintptr_t target)
{
	uint32_t top = member(at, rom->top);

	if (top && target >= top)
		return true;
	return target - (uintptr_t)at < length && target - (uintptr_t)at >= rom->header_size;
}

static struct answer ask(const struct pv_rom *rom, const uint8_t *at, uint32_t length,
			 const struct pv_rom_call *call)
{
	static const char *const refused[] = {
		[PV_ROM_NONE] = NULL,
		[PV_ROM_CALL] = "a call will not do",
		[PV_ROM_JUMP] = "a jump will not do",
		[PV_ROM_NOP] = "it is not nothing",
		[PV_NR_ROM_ANSWERS] = "no such answer",
	};
	uint64_t (*find)(uint32_t number) = (void *)(at + rom->find);
	uint64_t raw = find(call->number);
	struct answer answer = {kind_of(rom, raw), 0, NULL};

	if (!(call->answers >> answer.kind & 1)) {
		answer.reason = refused[answer.kind];
		answer.kind = PV_ROM_NONE;
	}
	if (answer.kind == PV_ROM_NOP)
		answer.target = (uintptr_t)nothing;
	if (answer.kind == PV_ROM_NONE || answer.kind == PV_ROM_NOP)
		return answer;
	answer.target = (raw & rom->address.mask) >> rom->address.shift;
	if (!is_code(rom, at, length, answer.target))
		return (struct answer){PV_ROM_NONE, 0, "outside of the ROM"};
	return answer;
}

static struct fault check_calls(const struct pv_rom *rom, const uint8_t *at, uint32_t length)
{
	const struct pv_rom_call *call;

	for (call = rom->calls; call < rom->calls + rom->nr_calls; call++) {
		struct answer answer = {PV_ROM_CALL, 0, NULL};

		if (call->mandatory)
			answer = ask(rom, at, length, call);
		if (answer.kind == PV_ROM_NONE)
			return (struct fault){call->name, answer.reason ? answer.reason : "none"};
	}
	return fine;
}

/* ---- which one ---- */

/* Its code is run only when all else is as it must be. */
static struct fault check(const struct pv_rom *rom, const uint8_t *at, uint32_t room)
{
	static struct fault (*const checks[])(const struct pv_rom *, const uint8_t *, uint32_t) = {
		check_rules, check_sum, check_texts, check_top, check_calls,
	};
	struct fault fault = check_length(rom, at, room);
	uint32_t length = member(at, rom->length) * rom->unit;
	unsigned int i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]) && !fault.reason; i++)
		fault = checks[i](rom, at, length);
	return fault;
}

static bool is_good(const struct pv_rom *rom, uint32_t address)
{
	uint32_t room = rom->to - address;
	const uint8_t *at = pv_host_va(address);
	struct fault fault;

	if (room < rom->header_size || !has_signatures(rom, at))
		return false;
	fault = check(rom, at, room);
	if (fault.reason)
		note(at, fault.what, fault.reason, true);
	return !fault.reason;
}

/* The first at this address or behind it. */
static bool find_from(const struct pv_rom *rom, uint32_t address)
{
	area.length = 0;
	while (address < rom->to && !is_good(rom, address))
		address += rom->step;
	if (address >= rom->to)
		return false;
	area.at = pv_host_va(address);
	area.address = address;
	area.length = member(area.at, rom->length) * rom->unit;
	return true;
}

/* Asked again it says the same, unless the ROM was refused meanwhile. */
bool pv_rom_find(const struct pv_rom *rom)
{
	if (looked_for == rom)
		return area.length;
	looked_for = rom;
	return find_from(rom, rom->from);
}

/* ---- the backend ---- */

static bool enter(const struct pv_rom *rom)
{
	int (*code)(void) = (void *)(area.at + rom->enter);

	return !rom->enter || code() >= 0;
}

/* False if it has lost a call since it was asked for the first time. */
static bool ask_all(const struct pv_rom *rom)
{
	const struct pv_rom_call *call;
	bool complete = true;

	for (call = rom->calls; call < rom->calls + rom->nr_calls; call++) {
		struct answer answer = ask(rom, area.at, area.length, call);

		if (answer.reason)
			note(area.at, call->name, answer.reason, false);
		rom->targets[call->number] = answer.target;
		complete &= !call->mandatory || answer.kind != PV_ROM_NONE;
	}
	return complete;
}

static void bind(const struct pv_rom *rom, const struct pv_rom_binding *binding)
{
	enum pv_rom_answer answer = pv_rom_answered(rom, binding->call);
	bool is_nothing = answer == PV_ROM_NOP;
	uintptr_t function = binding->function;

	if (answer == PV_ROM_NONE || (is_nothing && !binding->whole))
		return;
	if (is_nothing || !function)
		function = rom->targets[binding->call];
	((uintptr_t *)&ops)[binding->op] = function;
	patches[binding->op] = (struct pv_patch){
		.form = is_nothing ? PV_FORM_NOP : PV_FORM_CALL,
		.reloc = NO_RELOC,
	};
}

static void build(const struct pv_backend *backend)
{
	const struct pv_rom_backend *rom = backend->rom;
	const struct pv_rom_binding *binding;

	ops = *backend->ops;
	__builtin_memcpy(patches, backend->patches, sizeof(patches));
	for (binding = rom->bindings; binding < rom->bindings + rom->nr_bindings; binding++)
		bind(rom->rom, binding);
	bound = *backend;
	bound.ops = &ops;
	bound.patches = patches;
	if (rom->provide)
		rom->provide(&bound);
}

/* NULL: it has begun, and what its calls are is known. */
static const char *begin(const struct pv_rom *rom)
{
	if (!enter(rom))
		return "it did not begin";
	return ask_all(rom) ? NULL : "it has forgotten a call";
}

/* One that will not, as on another hypervisor than its own, leaves the next its turn. */
const struct pv_backend *pv_rom_bind(const struct pv_backend *backend)
{
	const struct pv_rom *rom = backend->rom->rom;
	/* Another form may have been looked for last. */
	bool found = pv_rom_find(rom);

	while (found) {
		const char *reason = begin(rom);

		if (!reason) {
			build(backend);
			return &bound;
		}
		note(area.at, "enter", reason, true);
		found = find_from(rom, area.address + rom->step);
	}
	return NULL;
}
