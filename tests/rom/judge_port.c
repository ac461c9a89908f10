/* SPDX-License-Identifier: MIT */
/* Ports, the I/O privilege level, and the local APIC. */
#include "judge.h"

/* PCI's configuration: in its window is the maker and kind of the bridge. */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_FIRST   0x80000000

/* QEMU's own channel: what it is asked for, a byte a time. */
#define FW_CFG	     0x510
#define FW_CFG_DATA  0x511
#define FW_SIGNATURE 0
#define FW_ID	     1

/* The second serial port, a 16550, which hears what it says itself. */
#define COM2	     0x2f8
#define COM2_FIFO    0x2fa
#define COM2_MODEM   0x2fc
#define COM2_SCRATCH 0x2ff

static u32 bridge(void)
{
	outl(PCI_ADDRESS, PCI_FIRST);
	return inl(PCI_DATA);
}

/* Twice: with the arithmetic flags set and clear, which it must keep. */
static void in_twice(enum vmi_call call, u16 port, u32 mask, u32 value)
{
	for (u32 i = 0; i < 2; i++) {
		begin(call);
		trial.in.edx = port;
		invoke();
		expect((after.out.eax & mask) == value, "another value");
	}
}

void judge_INL(void)
{
	in_twice(CALL_INL, PCI_DATA, ~0u, bridge());
}

void judge_INB(void)
{
	outb(COM2_SCRATCH, 0xa5);
	in_twice(CALL_INB, COM2_SCRATCH, 0xff, 0xa5);
}

void judge_INW(void)
{
	in_twice(CALL_INW, PCI_DATA, 0xffff, bridge() & 0xffff);
	in_twice(CALL_INW, PCI_DATA + 2, 0xffff, bridge() >> 16);
}

/* ---- strings ---- */

#define COUNT 5
static u8 buffer[4 * COUNT + 2];

static bool guards_are_whole(u32 size)
{
	return buffer[0] == 0x77 && buffer[1 + COUNT * size] == 0x77;
}

/* From the buffer's second byte on. */
static void read_string(enum vmi_call call, u16 port, u32 size)
{
	for (u32 i = 0; i < sizeof(buffer); i++)
		buffer[i] = 0x77;
	begin(call);
	trial.in.edx = port;
	trial.in.edi = (u32)buffer + 1;
	trial.in.ecx = COUNT;
	invoke();
	expect(after.out.ecx == 0, "the count is not zero");
	expect(after.out.edi == (u32)buffer + 1 + COUNT * size, "the address is another");
	expect(guards_are_whole(size), "more or less than the string");
}

static void expect_bridge(u32 size)
{
	u32 value = bridge();

	for (u32 i = 0; i < COUNT * size; i++)
		expect(buffer[1 + i] == (u8)(value >> 8 * (i % size)), "another string");
}

void judge_INSB(void)
{
	static const char text[] = "QEMU";

	for (u32 i = 0; i < 2; i++) {
		outw(FW_CFG, FW_SIGNATURE);
		read_string(CALL_INSB, FW_CFG_DATA, 1);
		for (u32 j = 0; j < COUNT; j++)
			expect(buffer[1 + j] == (u8)text[j], "another string");
	}
}

void judge_INSW(void)
{
	bridge();
	for (u32 i = 0; i < 2; i++) {
		read_string(CALL_INSW, PCI_DATA, 2);
		expect_bridge(2);
	}
}

void judge_INSL(void)
{
	bridge();
	for (u32 i = 0; i < 2; i++) {
		read_string(CALL_INSL, PCI_DATA, 4);
		expect_bridge(4);
	}
}

/* ---- out ---- */

static void out(enum vmi_call call, u16 port, u32 value)
{
	begin(call);
	trial.in.edx = port;
	trial.in.eax = value;
	invoke();
}

void judge_OUTB(void)
{
	for (u8 value = 0x5a; value != 0x5c; value++) {
		out(CALL_OUTB, COM2_SCRATCH, 0x33333300 | value);
		expect(inb(COM2_SCRATCH) == value, "another value");
	}
}

/* The first byte of what was asked for. */
static u8 fw_byte(void)
{
	return inb(FW_CFG_DATA);
}

void judge_OUTW(void)
{
	for (u32 i = 0; i < 2; i++) {
		outw(FW_CFG, FW_ID);
		out(CALL_OUTW, FW_CFG, 0x33330000 | FW_SIGNATURE);
		expect(fw_byte() == 'Q', "another value");
	}
}

/* Registers of the bridge: who made it, and of which class it is. */
static const u32 bridge_registers[] = {PCI_FIRST, PCI_FIRST | 8};

static u32 bridge_register(u32 i)
{
	outl(PCI_ADDRESS, bridge_registers[i]);
	return inl(PCI_DATA);
}

void judge_OUTL(void)
{
	for (u32 i = 0; i < 2; i++) {
		u32 value = bridge_register(i);

		bridge_register(!i);
		out(CALL_OUTL, PCI_ADDRESS, bridge_registers[i]);
		expect(inl(PCI_DATA) == value, "another value");
	}
}

static void write_string(enum vmi_call call, u16 port, const void *from, u32 count, u32 size)
{
	begin(call);
	trial.in.edx = port;
	trial.in.esi = (u32)from;
	trial.in.ecx = count;
	invoke();
	expect(after.out.ecx == 0, "the count is not zero");
	expect(after.out.esi == (u32)from + count * size, "the address is another");
}

void judge_OUTSB(void)
{
	static const u8 text[] = {0x12, 0x34, 0x56, 0x78, 0x9a};

	outb(COM2_MODEM, 0x10);
	for (u32 i = 0; i < 2; i++) {
		outb(COM2_FIFO, 0x07);
		write_string(CALL_OUTSB, COM2, text, sizeof(text), 1);
		for (u32 j = 0; j < sizeof(text); j++)
			expect(inb(COM2) == text[j], "another string");
	}
}

void judge_OUTSW(void)
{
	static const u16 keys[] = {FW_ID, FW_ID, FW_SIGNATURE};

	for (u32 i = 0; i < 2; i++) {
		outw(FW_CFG, FW_ID);
		write_string(CALL_OUTSW, FW_CFG, keys, ARRAY_SIZE(keys), 2);
		expect(fw_byte() == 'Q', "another string");
	}
}

void judge_OUTSL(void)
{
	for (u32 i = 0; i < 2; i++) {
		u32 value = bridge_register(1);

		bridge_register(0);
		write_string(CALL_OUTSL, PCI_ADDRESS, bridge_registers, 2, 4);
		expect(inl(PCI_DATA) == value, "another string");
	}
}

/* ---- privilege ---- */

void judge_SetIOPLMask(void)
{
	static const u32 levels[] = {0x3000, 0x1000, 0};
	u32 before = 0;

	for (u32 i = 0; i < ARRAY_SIZE(levels); i++) {
		begin(CALL_SetIOPLMask);
		trial.flags |= before;
		trial.in.eax = levels[i];
		flags_after = FLAG_ALWAYS | levels[i];
		invoke();
		expect((after.flags & FLAG_IOPL) == levels[i], "another level");
		before = levels[i];
	}
}

void judge_IODelay(void)
{
	begin(CALL_IODelay);
	invoke();
}

/* ---- local APIC ---- */

#define APIC_VERSION 0x30
#define APIC_TPR     0x80

/* Linux gave the offset; the specification says the address. */
static u32 apic_place(enum vmi_call call, u32 offset)
{
	begin(call);
	trial.in.eax = offset;
	trial.in.edx = 0x20;
	if (attempt()) {
		note("offset");
		return offset;
	}
	note("address");
	return APIC_BASE + offset;
}

void judge_APICRead(void)
{
	u32 place = apic_place(CALL_APICRead, APIC_VERSION);

	begin(CALL_APICRead);
	trial.in.eax = place;
	invoke();
	expect(after.out.eax == apic_read(APIC_VERSION), "another value");
}

void judge_APICWrite(void)
{
	u32 place = apic_place(CALL_APICWrite, APIC_TPR);

	for (u32 value = 0x20; value <= 0x40; value += 0x20) {
		begin(CALL_APICWrite);
		trial.in.eax = place;
		trial.in.edx = value;
		invoke();
		expect(apic_read(APIC_TPR) == value, "another value");
	}
	apic_write(APIC_TPR, 0);
}

/* ---- other processors: here is none, so only the contract can be seen ---- */

void judge_SetInitialAPState(void)
{
	static u8 state[92] __attribute__((aligned(4096)));

	begin(CALL_SetInitialAPState);
	trial.in.eax = (u32)state;
	trial.in.edx = 1;
	invoke();
}

/* No public text says what it does. */
void judge_SetCallbacks(void)
{
	begin(CALL_SetCallbacks);
	invoke();
}
