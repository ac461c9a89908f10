/* SPDX-License-Identifier: MIT */
/* Page tables, and the translations that a processor remembers of them. */
#include "judge.h"

enum { LEVEL_PT = 1, LEVEL_PD = 2, CURRENT_AS = 16, DEFER = 32, CLONE = 32, ZEROED = 64 };

static u32 page_a[1024] __attribute__((aligned(4096)));
static u32 page_b[1024] __attribute__((aligned(4096)));
static u64 table[512] __attribute__((aligned(4096)));

#define SIGN_A 0xaaaa0001
#define SIGN_B 0xbbbb0002

static pte entry_of(const void *page, u32 flags)
{
	return physical(page) | PTE_PRESENT | PTE_WRITE | flags;
}

static u32 arena(void)
{
	return *word_at(ARENA);
}

/* The arena is page A, and the processor knows. */
static pte *prepare(u32 flags)
{
	pte *entry = pte_of(ARENA);

	page_a[0] = SIGN_A;
	page_b[0] = SIGN_B;
	*entry = entry_of(page_a, flags);
	invlpg(ARENA);
	expect(arena() == SIGN_A, "the arena is not page A");
	return entry;
}

/* Now it is page B, and the processor does not know: else nothing could be seen of a flush. */
static void make_stale(u32 flags)
{
	*prepare(flags) = entry_of(page_b, flags);
	expect(arena() == SIGN_A, "no stale translation");
}

static void expect_fresh(void)
{
	expect(arena() == SIGN_B, "the translation is stale");
}

/* ---- CR3 ---- */

extern pte root[], directory[];

/* Another tree, in which the arena's table is another. */
static u32 other_tree(void)
{
	static pte tables[sizeof(pte) == 8 ? 4 * 512 : 1024] __attribute__((aligned(4096)));
	static pte leaf[TABLE_ENTRIES] __attribute__((aligned(4096)));
	static u64 pointers[4] __attribute__((aligned(32)));

	for (u32 i = 0; i < ARRAY_SIZE(tables); i++)
		tables[i] = directory[i];
	tables[ARENA >> TABLE_SHIFT] = entry_of(leaf, 0);
	leaf[(ARENA >> 12) % TABLE_ENTRIES] = entry_of(page_b, 0);
	for (u32 i = 0; i < 4; i++)
		pointers[i] = (physical(tables) + i * 4096) | PTE_PRESENT;
	return sizeof(pte) == 8 ? physical(pointers) : physical(tables);
}

void judge_SetCR3(void)
{
	u32 old = read_cr3(), other = other_tree();

	prepare(0);
	begin(CALL_SetCR3);
	trial.in.eax = other;
	invoke();
	expect(read_cr3() == other, "cr3 has another value");
	expect_fresh();
	write_cr3(old);
	make_stale(0);
	begin(CALL_SetCR3);
	trial.in.eax = old;
	invoke();
	expect_fresh();
}

void judge_GetCR3(void)
{
	u32 old = read_cr3(), other = other_tree();

	write_cr3(other);
	begin(CALL_GetCR3);
	invoke();
	expect(after.out.eax == other, "another value");
	write_cr3(old);
}

/* ---- entries ---- */

static void begin_set(enum vmi_call call, const void *entry, u64 value, u32 flags)
{
	begin(call);
	trial.in.eax = (u32)value;
	if (call == CALL_SetPxELong) {
		trial.in.edx = HIGH(value);
		trial.in.ecx = (u32)entry;
		trial.words[0] = flags;
		trial.nr_words = 1;
	} else {
		trial.in.edx = (u32)entry;
		trial.in.ecx = flags;
	}
}

/* In a table that is not in use: the entry and no other. */
static void set_apart(enum vmi_call call, u32 size)
{
	static const u8 index = 16;
	u64 value = size == 8 ? 0x8000000123456067 : 0x23456067;
	u8 *bytes = (u8 *)table;
	u64 read = 0;

	for (u32 i = 0; i < sizeof(table); i++)
		bytes[i] = 0x5a;
	begin_set(call, bytes + index * size, value, LEVEL_PT);
	invoke();
	for (u32 i = 0; i < size; i++)
		read |= (u64)bytes[index * size + i] << 8 * i;
	expect(read == value, "the entry has another value");
	expect(bytes[index * size - 1] == 0x5a && bytes[(index + 1) * size] == 0x5a,
	       "another entry changed");
}

/* In a table that is; afterwards the processor is told. */
static void set_in_use(enum vmi_call call, u32 flags)
{
	pte *entry = prepare(0);

	begin_set(call, entry, entry_of(page_b, 0), LEVEL_PT | flags);
	invoke();
	invlpg(ARENA);
	expect_fresh();
	begin_set(call, entry, 0, LEVEL_PT | flags);
	invoke();
	expect(*entry == 0, "the entry stays");
}

/* The same a level higher. */
static void set_directory(enum vmi_call call)
{
	pte *entry = directory_of(ARENA), old = *entry;

	prepare(0);
	*entry = 0;
	begin_set(call, entry, old, LEVEL_PD | CURRENT_AS | ARENA);
	invoke();
	expect(*entry == old, "the directory has another value");
	*entry = old;
	write_cr3(read_cr3());
	expect(arena() == SIGN_A, "the arena is not page A");
}

static void judge_set(enum vmi_call call, u32 size)
{
	set_apart(call, size);
	if (size != sizeof(pte))
		return;
	set_in_use(call, 0);
	set_in_use(call, CURRENT_AS | ARENA);
	set_directory(call);
}

void judge_SetPxE(void)
{
	judge_set(CALL_SetPxE, 4);
}

static volatile u64 watched;
static u64 allowed[2];

/* After each instruction: the old entry, the new one, or one that is not present. */
static void watch(void)
{
	if (watched != allowed[0] && watched != allowed[1])
		expect(!(watched & PTE_PRESENT), "half an entry was present");
}

static void step_through(u64 from, u64 to)
{
	watched = allowed[0] = from;
	allowed[1] = to;
	begin_set(CALL_SetPxELong, (void *)&watched, to, LEVEL_PT);
	trial.flags |= FLAG_TF;
	on_step = watch;
	invoke();
	expect(watched == to, "the entry has another value");
}

void judge_SetPxELong(void)
{
	u64 one = 0x8000000011111067, other = 0x0000000f22222067;
	u32 steps = interrupts[1];

	judge_set(CALL_SetPxELong, 8);
	step_through(one, other);
	step_through(other, 0);
	step_through(0, one);
	step_through(one, 0xf22222000);
	expect(interrupts[1] >= steps + 8, "it was not stepped through");
}

/* The guest wrote the entry itself. */
static void judge_update(enum vmi_call call)
{
	pte *entry, value = entry_of(page_b, 0);
	static const u32 flags[] = {0, CURRENT_AS | ARENA, CURRENT_AS | DEFER | ARENA};

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		entry = prepare(0);
		*entry = value;
		begin(call);
		trial.in.eax = (u32)entry;
		trial.in.edx = LEVEL_PT | flags[i];
		invoke();
		expect(*entry == value, "the entry changed");
		invlpg(ARENA);
		expect_fresh();
	}
}

void judge_UpdatePxE(void)
{
	judge_update(CALL_UpdatePxE);
}

void judge_UpdatePxELong(void)
{
	judge_update(CALL_UpdatePxELong);
}

/* ---- pages ---- */

/* On bare hardware a frame is what it is. */
static void judge_identity(enum vmi_call call)
{
	static const u32 values[] = {0, 0x1000, 0x00123000, 0xfee00000, 0xfffff000};

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		begin(call);
		trial.in.eax = values[i];
		invoke();
		expect(after.out.eax == values[i], "another frame");
	}
}

void judge_MachineToPhysical(void)
{
	judge_identity(CALL_MachineToPhysical);
}

void judge_PhysicalToMachine(void)
{
	judge_identity(CALL_PhysicalToMachine);
}

static bool filled_with(u64 value)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i] != value)
			return false;
	return true;
}

static void allocate(u32 flags, u64 content)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = content;
	begin(CALL_AllocatePage);
	trial.in.eax = physical(table) >> 12;
	trial.in.edx = flags;
	trial.in.ecx = flags & CLONE ? physical(page_a) >> 12 : 0;
	trial.words[0] = flags & CLONE ? 4 : 0;
	trial.words[1] = flags & CLONE ? 4 : 0;
	trial.nr_words = 2;
	invoke();
	expect(filled_with(content), "the page changed");
}

/* As Linux does it: what is to be a clone is one already. */
void judge_AllocatePage(void)
{
	allocate(LEVEL_PT, 0);
	allocate(LEVEL_PT | ZEROED, 0);
	for (u32 i = 0; i < ARRAY_SIZE(page_a); i++)
		page_a[i] = 0;
	allocate(LEVEL_PD | CLONE, 0);
}

void judge_ReleasePage(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(table); i++)
		table[i] = 0x1234567812345678;
	for (u32 level = LEVEL_PT; level <= LEVEL_PD; level++) {
		begin(CALL_ReleasePage);
		trial.in.eax = physical(table) >> 12;
		trial.in.edx = level;
		invoke();
	}
	expect(filled_with(0x1234567812345678), "the page changed");
}

/* ---- translations ---- */

#define CR4_PGE 0x80

void judge_InvalPage(void)
{
	u32 cr4 = read_cr4();

	make_stale(0);
	begin(CALL_InvalPage);
	trial.in.eax = ARENA;
	invoke();
	expect_fresh();
	write_cr4(cr4 | CR4_PGE);
	make_stale(PTE_GLOBAL);
	begin(CALL_InvalPage);
	trial.in.eax = ARENA + 0x123;
	invoke();
	expect_fresh();
	write_cr4(cr4);
}

static void flush(u32 how, u32 flags)
{
	u32 cr3 = read_cr3(), cr4 = read_cr4();

	make_stale(flags);
	begin(CALL_FlushTLB);
	trial.in.eax = how;
	invoke();
	expect(read_cr3() == cr3 && read_cr4() == cr4, "a control register changed");
	expect_fresh();
}

void judge_FlushTLB(void)
{
	u32 cr4 = read_cr4();

	flush(1, 0);
	flush(3, 0);
	write_cr4(cr4 | CR4_PGE);
	flush(1, 0);
	flush(2, PTE_GLOBAL);
	flush(3, PTE_GLOBAL);
	write_cr4(cr4);
}

void judge_SetLinearMapping(void)
{
	for (u32 slot = 0; slot < 4; slot++) {
		begin(CALL_SetLinearMapping);
		trial.in.eax = slot;
		trial.in.edx = slot ? ARENA + slot * 4096 : KERNEL_BASE;
		trial.in.ecx = slot ? 1 : FRAMES;
		trial.words[0] = slot ? physical(page_a) >> 12 : 0;
		trial.nr_words = 1;
		invoke();
	}
}

static void set_lazy(u32 mode)
{
	begin(CALL_SetLazyMode);
	trial.in.eax = mode;
	invoke();
}

/* What was written in a window is there when the window is closed. */
void judge_SetLazyMode(void)
{
	enum vmi_call set = sizeof(pte) == 8 ? CALL_SetPxELong : CALL_SetPxE;
	pte *entry = prepare(0);

	set_lazy(1);
	if (answers[set].kind == RELOC_CALL) {
		begin_set(set, entry, entry_of(page_b, 0), LEVEL_PT | CURRENT_AS | DEFER | ARENA);
		invoke();
	} else {
		*entry = entry_of(page_b, 0);
	}
	set_lazy(0);
	expect(*entry == entry_of(page_b, 0), "the entry was not written");
	invlpg(ARENA);
	expect_fresh();
	set_lazy(2);
	set_lazy(0);
}
