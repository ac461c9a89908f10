/* SPDX-License-Identifier: MIT */
/*
 * An image that holds backends, and a machine whose own is not among them.  Of
 * the backends only single functions are used here, those that need nothing to
 * be installed.
 */
#include "kernel.h"
#include "pv_host.h"

/* Memory of a ROM is in the first MiB. */
#define ROM_REACH 0x100000

static void say(const struct voice *voice, const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	voice->write(text, end - text);
}

/* Say so, whatever it takes; then, if no other backend stands in, stop the machine. */
static void report_missing(const struct pv_boot *boot, const struct pv_known *missing,
			   const struct pv_backend *instead)
{
	struct voice voice = find_voice(boot);

	say(&voice, "PV missing ");
	say(&voice, missing->name);
	say(&voice, " instead ");
	say(&voice, instead ? instead->name : "none");
	say(&voice, "\n");
	if (!instead)
		voice.stop(PV_SHUTDOWN_REBOOT);
}

/* As the machine has it: a mutant of it is not asked. */
static const struct pv_backend *found;

const struct pv_backend *find_backend(const struct machine *machine)
{
	const struct pv_known *missing;

	found = pv_detect(&machine->boot, &missing);
	if (missing)
		report_missing(&machine->boot, missing, found);
	return found;
}

/* Refusals, and answers that could not be used. */
static void report_notes(void)
{
	unsigned int count, i;
	const struct pv_rom_note *notes = pv_rom_notes(&count);

	for (i = 0; i < count; i++)
		if (notes[i].refused)
			print("PV rom refused address=%x part=%s reason=%s\n",
			      (unsigned long)notes[i].address, notes[i].what, notes[i].reason);
		else
			print("PV rom unused call=%s reason=%s\n", notes[i].what, notes[i].reason);
}

static const char *call_name(const struct pv_rom *rom, unsigned int number)
{
	const struct pv_rom_call *call = rom->calls;

	while (call->number != number)
		call++;
	return call->name;
}

/* What the ROM has, and which ops it is bound to. */
static void report_rom(const struct pv_rom_backend *backend)
{
	static const char *const answers[] = {
		[PV_ROM_NONE] = "none", [PV_ROM_CALL] = "call", [PV_ROM_NOP] = "nop"};
	const struct pv_rom *rom = backend->rom;
	unsigned int i;

	for (i = 0; i < rom->nr_calls; i++)
		print("PV rom call %s answer=%s\n", rom->calls[i].name,
		      answers[pv_rom_answered(rom, rom->calls[i].number)]);
	for (i = 0; i < backend->nr_bindings; i++)
		print("PV rom op %s call=%s whole=%u\n", pv_op_names[backend->bindings[i].op],
		      call_name(rom, backend->bindings[i].call),
		      (unsigned long)backend->bindings[i].whole);
}

void report_found(void)
{
	report_notes();
	if (found->rom)
		report_rom(found->rom);
}

/* All of the first MiB, where a ROM finds its own memory. */
bool backend_owns(const void *va)
{
	return found->rom && va < pv_host_va(ROM_REACH);
}

/* What is linked in lies where the rest of the image does; this is asked of a page. */
bool backend_has_text(const void *va)
{
	const char *page = (const char *)((unsigned long)va & ~(PAGE_SIZE - 1));

	return pv_rom_has(page, PAGE_SIZE);
}

bool backend_has_rodata(const void *va)
{
	(void)va;
	return false;
}
