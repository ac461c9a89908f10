/* SPDX-License-Identifier: MIT */
/*
 * A ROM is found, checked, asked and bound as Linux 2.6.21 to 2.6.36 did it, after the facts that
 * are known of these kernels: order of the checks, four styles of binding, what each makes of an
 * answer.
 */
#include "judge.h"

/* struct vrom_header: offsets. */
enum {
	ROM_LENGTH = 0x02,
	ROM_SIGNATURE = 0x08,
	ROM_MINOR = 0x0c,
	ROM_MAJOR = 0x0d,
	ROM_TOP = 0x10,
	ROM_LICENCE = 0x16,
	ROM_PCI = 0x18,
	ROM_INIT = 0x80,
	ROM_RELOC = 0x88,
};

u32 rom_base, rom_size;
struct answer answers[NR_CALLS];
u32 counts[NR_COUNTED], bound[NR_COUNTED];
bool vmi_timer;
u32 fixmap_top = 0xfffff000;

const char *const call_names[NR_CALLS] = {
#define CALL(number, name, changes, empty) [number] = #name,
#include "calls.def"
#undef CALL
};

/* ---- finding ---- */

static u8 byte_at(u32 address)
{
	return *(volatile u8 *)address;
}

static u32 half_at(u32 address)
{
	return byte_at(address) | byte_at(address + 1) << 8;
}

static bool same(u32 text, const char *other)
{
	while (*other && byte_at(text) == (u8)*other)
		text++, other++;
	return byte_at(text) == (u8)*other;
}

static bool free_licence(u32 rom)
{
	u32 text = half_at(rom + ROM_LICENCE);

	return text && (same(rom + text, "GPL") || same(rom + text, "GPL v2"));
}

/* In this order; the sum is for the BIOS to check. */
static const char *objection(u32 rom)
{
	if (byte_at(rom + ROM_MAJOR) != 3)
		return "version";
	if (!half_at(rom + ROM_PCI))
		return "pci";
	if (!free_licence(rom))
		return "licence";
	return NULL;
}

static bool take(u32 rom)
{
	const char *why = objection(rom);
	u32 pci = rom + half_at(rom + ROM_PCI);

	say("ROM at=%x version=%u.%u top=%x", rom - KERNEL_BASE, byte_at(rom + ROM_MAJOR),
	    byte_at(rom + ROM_MINOR), *word_at(rom + ROM_TOP));
	say(" vendor=%x device=%x", half_at(pci + 4), half_at(pci + 6));
	if (why) {
		say(" refused=%s\n", why);
		return false;
	}
	if (*word_at(rom + ROM_TOP))
		fixmap_top = *word_at(rom + ROM_TOP) - 4096;
	say(" fixmap=%x\n", fixmap_top);
	return true;
}

bool rom_find(void)
{
	for (u32 rom = KERNEL_BASE + 0xc0000; rom < KERNEL_BASE + 0xe0000; rom += 2048) {
		if (half_at(rom) != 0xaa55 || *word_at(rom + ROM_SIGNATURE) != 0x696d5663)
			continue;
		if (take(rom)) {
			rom_base = rom;
			rom_size = byte_at(rom + ROM_LENGTH) * 512u;
			return true;
		}
	}
	return false;
}

u8 rom_sum(void)
{
	u8 sum = 0;

	for (u32 i = 0; i < rom_size; i++)
		sum += byte_at(rom_base + i);
	return sum;
}

/* FNV-1a. */
u32 rom_hash(void)
{
	u32 hash = 0x811c9dc5;

	for (u32 i = 0; i < rom_size; i++)
		hash = (hash ^ byte_at(rom_base + i)) * 0x01000193;
	return hash;
}

/* ---- asking ---- */

struct answer rom_ask(u32 number)
{
	u64 FN (*get_reloc)(u32) = (void *)(rom_base + ROM_RELOC);
	u64 answer;

	counts[FIXED_RELOC]++;
	answer = get_reloc(number);
	return (struct answer){(u32)answer, HIGH(answer) & 0xff, HIGH(answer) >> 8};
}

/* ---- binding by patching ---- */

void *slot_irq_enable, *slot_irq_disable, *slot_save_fl, *slot_restore_fl, *slot_iret,
	*slot_sysexit;
extern char native_irq_enable[], native_irq_disable[], native_save_fl[], native_restore_fl[];
extern char native_iret[], native_sysexit[];

struct site {
	u8 *text;
	u8 number, length, unused[2];
};
extern const struct site sites_begin[], sites_end[];

static void fill_with_nops(u8 *text, u32 from, u32 to)
{
	while (from < to)
		text[from++] = 0x90;
}

/* A site that has no answer stays a call through the slot. */
static void patch(const struct site *site)
{
	static const u8 opcodes[] = {[RELOC_CALL] = 0xe8, [RELOC_JUMP] = 0xe9};
	struct answer answer = rom_ask(site->number);
	u32 used = 0;

	if (answer.kind == RELOC_NONE)
		return;
	if (answer.kind == RELOC_CALL || answer.kind == RELOC_JUMP) {
		if (site->length < 5)
			stop("site is too short for call %u", site->number);
		site->text[0] = opcodes[answer.kind];
		*(u32 *)(site->text + 1) = answer.address - (u32)(site->text + 5);
		used = 5;
		bound[site->number] = 1;
	}
	fill_with_nops(site->text, used, site->length);
}

static void fill_flag_slots(void)
{
	static const struct {
		void **slot;
		u32 number;
	} rows[] = {
		{&slot_irq_enable, SITE_ENABLE},
		{&slot_irq_disable, SITE_DISABLE},
		{&slot_save_fl, SITE_SAVE},
		{&slot_restore_fl, SITE_RESTORE},
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer answer = rom_ask(rows[i].number);

		if (answer.kind == RELOC_CALL)
			*rows[i].slot = (void *)answer.address;
	}
	/* These two have nothing but their sites. */
	slot_iret = (void *)0xbadbab0;
	slot_sysexit = (void *)0xfeedbab0;
}

/* ---- binding by filling and by wrapping ---- */

static void FN native_load_gdt(const struct pointer *pointer)
{
	asm volatile("lgdt %0" : : "m"(*pointer));
}

static void FN native_load_idt(const struct pointer *pointer)
{
	asm volatile("lidt %0" : : "m"(*pointer));
}

static void FN native_clts(void)
{
	asm volatile("clts");
}

static void FN native_halt(void)
{
	asm volatile("sti; hlt" : : : "memory");
}

static void FN native_write_cr0(u32 value)
{
	write_cr0(value);
}

static u32 FN native_read_cr0(void)
{
	return read_cr0();
}

static u64 FN native_read_tsc(void)
{
	return rdtsc();
}

static void FN native_flush_one(u32 address)
{
	invlpg(address);
}

static void FN native_io_delay(void)
{
	outb(0x80, 0);
}

static void FN native_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	u32 words[4];

	cpuid(*eax, *ecx, words);
	*eax = words[0];
	*ebx = words[1];
	*ecx = words[2];
	*edx = words[3];
}

static void FN native_write_idt_entry(u64 *table, u32 vector, u32 low, u32 high)
{
	table[vector] = (u64)high << 32 | low;
}

static void FN native_load_tr(void)
{
	gdt[TSS / 8] &= ~(2ull << 40);
	asm volatile("ltr %w0" : : "r"(TSS));
}

static void FN native_load_sp0(u32 sp0)
{
	tss.sp0 = sp0;
}

static void FN native_set_pte(pte *entry, pte value)
{
	*entry = value;
}

static void FN native_flush_user(void)
{
	write_cr3(read_cr3());
}

static void FN native_apic_write(u32 offset, u32 value)
{
	apic_write(offset, value);
}

static void FN do_nothing(void)
{
}

struct ops ops = {
	native_load_gdt,   native_load_idt,	   native_clts,
	native_halt,	   native_write_cr0,	   native_read_cr0,
	native_read_tsc,   native_flush_one,	   native_io_delay,
	native_cpuid,	   native_write_idt_entry, native_load_tr,
	native_load_sp0,   native_set_pte,	   native_flush_user,
	native_apic_write,
};

/* Calls through a pointer of the kernel's, with what the ROM wants in the registers. */
static void *wrapped[NR_CALLS];

static void FN vmi_cpuid(u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	counts[CALL_CPUID]++;
	asm volatile("call *%6"
		     : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx)
		     : "0"(*eax), "2"(*ecx), "m"(wrapped[CALL_CPUID])
		     : "cc");
}

static void FN vmi_write_idt_entry(u64 *table, u32 vector, u32 low, u32 high)
{
	void FN (*write)(u64 *, u32, u32, u32) = wrapped[CALL_WriteIDTEntry];

	counts[CALL_WriteIDTEntry]++;
	write(table, vector, low, high);
}

static void FN vmi_load_tr(void)
{
	void FN (*set_tr)(u32) = wrapped[CALL_SetTR];

	gdt[TSS / 8] &= ~(2ull << 40);
	counts[CALL_SetTR]++;
	set_tr(TSS);
}

static void FN vmi_load_sp0(u32 sp0)
{
	void FN (*update)(u32, u32) = wrapped[CALL_UpdateKernelStack];

	tss.sp0 = sp0;
	counts[CALL_UpdateKernelStack]++;
	update(KERNEL_DS, sp0);
}

#ifdef PAE
#define CALL_SET_PTE CALL_SetPxELong
static void FN vmi_set_pte(pte *entry, pte value)
{
	void FN (*set)(u64, pte *, u32) = wrapped[CALL_SET_PTE];

	counts[CALL_SET_PTE]++;
	set(value, entry, 1);
}
#else
#define CALL_SET_PTE CALL_SetPxE
static void FN vmi_set_pte(pte *entry, pte value)
{
	void FN (*set)(u32, pte *, u32) = wrapped[CALL_SET_PTE];

	counts[CALL_SET_PTE]++;
	set(value, entry, 1);
}
#endif

static void FN vmi_flush_user(void)
{
	void FN (*flush)(u32) = wrapped[CALL_FlushTLB];

	counts[CALL_FlushTLB]++;
	flush(1);
}

struct row {
	u32 number;
	void *slot;
	void *wrapper; /* NULL: the ROM's call itself */
};

static const struct row rows[] = {
	{CALL_SetGDT, &ops.load_gdt, NULL},
	{CALL_SetIDT, &ops.load_idt, NULL},
	{CALL_CLTS, &ops.clts, NULL},
	{CALL_Halt, &ops.halt, NULL},
	{CALL_SetCR0, &ops.write_cr0, NULL},
	{CALL_GetCR0, &ops.read_cr0, NULL},
	{CALL_RDTSC, &ops.read_tsc, NULL},
	{CALL_InvalPage, &ops.flush_one, NULL},
	{CALL_IODelay, &ops.io_delay, NULL},
	{CALL_APICWrite, &ops.apic_write, NULL},
	{CALL_CPUID, &ops.cpuid, vmi_cpuid},
	{CALL_WriteIDTEntry, &ops.write_idt_entry, vmi_write_idt_entry},
	{CALL_SetTR, &ops.load_tr, vmi_load_tr},
	{CALL_UpdateKernelStack, &ops.load_sp0, vmi_load_sp0},
	{CALL_SET_PTE, &ops.set_pte, vmi_set_pte},
	{CALL_FlushTLB, &ops.flush_user, vmi_flush_user},
};

/* Filled: a call, or nothing to do; of anything else the kernel knows nothing and keeps its own. */
static void fill(const struct row *row, struct answer answer)
{
	if (answer.kind == RELOC_CALL) {
		*(void **)row->slot = (void *)answer.address;
		bound[row->number] = 1;
	} else if (answer.kind == RELOC_NOP) {
		*(void **)row->slot = do_nothing;
	} else if (answer.kind != RELOC_NONE) {
		say("ROM unknown relocation %u for %s\n", answer.kind, call_names[row->number]);
	}
}

/* Wrapped: nothing to do, and no call, both leave the kernel's own. */
static void wrap(const struct row *row, struct answer answer)
{
	if (answer.kind == RELOC_JUMP)
		stop("jump for wrapped %s", call_names[row->number]);
	if (answer.kind != RELOC_CALL)
		return;
	wrapped[row->number] = (void *)answer.address;
	*(void **)row->slot = row->wrapper;
}

static void bind_ops(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		struct answer answer = rom_ask(rows[i].number);

		if (rows[i].wrapper)
			wrap(&rows[i], answer);
		else
			fill(&rows[i], answer);
	}
	vmi_timer = rom_ask(CALL_GetCycleFrequency).kind != RELOC_NONE;
}

/* Nothing may write to a ROM; not every machine would stop it. */
static void protect(void)
{
	for (u32 page = rom_base; page < rom_base + rom_size; page += 4096)
		*pte_of(page) &= ~(pte)PTE_WRITE;
	write_cr3(read_cr3());
}

/* So that the ROM finds page tables by their addresses in the kernel. */
static void tell_mapping(void)
{
	struct answer answer = rom_ask(CALL_SetLinearMapping);
	void FN (*set)(u32, u32, u32, u32) = (void *)answer.address;

	if (answer.kind != RELOC_CALL)
		return;
	counts[CALL_SetLinearMapping]++;
	set(0, KERNEL_BASE, FRAMES, 0);
}

void rom_native(void)
{
	slot_irq_enable = native_irq_enable;
	slot_irq_disable = native_irq_disable;
	slot_save_fl = native_save_fl;
	slot_restore_fl = native_restore_fl;
	slot_iret = native_iret;
	slot_sysexit = native_sysexit;
}

bool rom_activate(void)
{
	int FN (*init)(void) = (void *)(rom_base + ROM_INIT);
	u32 cs;
	int result;

	protect();
	counts[FIXED_INIT]++;
	result = init();
	if (result) {
		say("ROM init failed %u\n", (u32)-result);
		return false;
	}
	asm volatile("mov %%cs, %0" : "=r"(cs));
	say("ROM entered rpl=%u\n", cs & 3);
	for (u32 i = 0; i < NR_CALLS; i++)
		answers[i] = rom_ask(i);
	fill_flag_slots();
	bind_ops();
	for (const struct site *site = sites_begin; site < sites_end; site++)
		patch(site);
	tell_mapping();
	return true;
}
