/* SPDX-License-Identifier: MIT */
/* Each call that the ROM has, made with all registers known; a line says what came of it. */
#include "judge.h"

struct trial trial;
struct outcome after;
u32 flags_after, words_taken;
bool ends_in_user;
static u32 number;			  /* of the call that is judged, */
static u32 made;			  /* and of that which is made for it */
static u32 broken;			  /* bits of its contract */
static const char *wrong;		  /* the first thing that it did not do */
static const char *subject, *wrong_about; /* of which case */
static const char *remarks[4];		  /* what is right, but could be otherwise */

static const u8 changes[NR_CALLS] = {
#define CALL(number, name, changes, empty) [number] = changes,
#include "calls.def"
#undef CALL
};

static const bool empty_is_right[NR_CALLS] = {
#define CALL(number, name, changes, empty) [number] = empty,
#include "calls.def"
#undef CALL
};

static void (*const judges[NR_CALLS])(void) = {
#define CALL(number, name, changes, empty) [number] = judge_##name,
#include "calls.def"
#undef CALL
};

/* What a call can break beside registers and flags, behind their bits. */
enum {
	STACK_POINTER = 256,
	STACK = 512,
	SEGMENTS = 1024,
	TRAP = 2048,
	PLACE = 4096,
	NEVER_BACK = 8192,
};
static const char *const parts[] = {
	"eax",	 "ecx", "edx",	 "ebx",	     "esi",  "edi",   "ebp",
	"flags", "esp", "stack", "segments", "trap", "place", "return",
};

/* ---- one call ---- */

static const struct registers canaries = {
	0xa11ce001, 0xc0ffee02, 0xdecade03, 0xbabe1e04, 0x5eed5e05, 0xd00dad06, 0xebb0a507,
};

struct trial *begin(enum vmi_call call)
{
	static bool other;

	other = !other;
	trial = (struct trial){
		.target = answers[call].address,
		.in = canaries,
		.flags = FLAG_ALWAYS | (other ? FLAG_ARITHMETIC : 0),
		.data = KERNEL_DS,
	};
	made = call;
	flags_after = words_taken = 0;
	ends_in_user = false;
	return &trial;
}

static u32 changed_registers(const struct registers *in, const struct registers *out)
{
	const u32 *a = &in->eax, *b = &out->eax;
	u32 bits = 0;

	for (u32 i = 0; i < sizeof(*in) / 4; i++)
		bits |= (a[i] != b[i]) << i;
	return bits;
}

/* Whatever may change, the flags that are not arithmetic are the caller's. */
static u32 changed_flags(u32 may_change)
{
	u32 expected = flags_after ? flags_after : trial.flags;
	u32 kept = may_change & FLAGS ? ~(u32)FLAG_ARITHMETIC : ~0u;

	return (after.flags ^ expected) & kept ? FLAGS : 0;
}

static u32 changed_stack(void)
{
	u32 bits = 0;

	if (after.esp != trial_esp + 4 * words_taken)
		bits |= STACK_POINTER;
	if (after.above[0] != ABOVE_FIRST || after.above[1] != ABOVE_SECOND)
		bits |= STACK;
	if (after.ds != trial.data || after.es != trial.data || after.fs != KERNEL_DS ||
	    after.gs != USER_DS)
		bits |= SEGMENTS;
	return bits;
}

/* Registers as they were when it trapped. */
static void take_from_trap(void)
{
	after.out = (struct registers){last.eax, last.ecx, last.edx, last.ebx,
				       last.esi, last.edi, last.ebp};
}

static u32 run(void)
{
	u32 trapped;

	counts[made]++;
	trial_runs = true;
	trapped = trial_run(&trial);
	trial_runs = false;
	on_step = NULL;
	return trapped;
}

/* The same of code that is not the ROM's. */
bool returns(void)
{
	counts[made]--;
	return !run();
}

/* A trap in the ROM's first instruction: nothing has changed yet, the return address is on the
 * stack. */
void compare_trapped(void)
{
	take_from_trap();
	broken |= changed_registers(&trial.in, &after.out);
	if (last_address + offsetof(struct frame, esp) != trial_esp - 4)
		broken |= STACK_POINTER;
	if (after.above[0] != ABOVE_FIRST || after.above[1] != ABOVE_SECOND)
		broken |= STACK;
}

/* A trap is no end, unless the call ends in user mode: then it is false. */
bool attempt(void)
{
	u32 may_change = changes[made];
	bool trapped = run();

	if (trapped && !(ends_in_user && (last.cs & 3 || last.eflags & FLAG_VM)))
		return false;
	if (trapped)
		take_from_trap();
	broken |= changed_registers(&trial.in, &after.out) & ~may_change;
	if (!trapped)
		broken |= changed_flags(may_change) | changed_stack();
	return true;
}

void invoke(void)
{
	if (attempt())
		return;
	broken |= TRAP;
	expect(false, "it trapped");
}

void expect(bool good, const char *what)
{
	if (good || wrong)
		return;
	wrong = what;
	wrong_about = subject;
}

/* Of which of several cases is judged now. */
void about(const char *what)
{
	subject = what;
}

void note(const char *text)
{
	for (u32 i = 0; i < ARRAY_SIZE(remarks); i++) {
		if (!remarks[i])
			remarks[i] = text;
		if (remarks[i] == text)
			return;
	}
}

static void start(void)
{
	broken = 0;
	wrong = subject = NULL;
	for (u32 i = 0; i < ARRAY_SIZE(remarks); i++)
		remarks[i] = NULL;
}

/* ---- its line ---- */

static void say_contract(void)
{
	const char *separator = "";

	if (!broken)
		say("ok");
	for (u32 i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!(broken & (1u << i)))
			continue;
		say("%s%s", separator, parts[i]);
		separator = ",";
	}
}

static void say_line(const char *reloc)
{
	say("ROM call=%u name=%s reloc=%s", number, call_names[number], reloc);
	if (answers[number].kind == RELOC_CALL || answers[number].kind == RELOC_JUMP)
		say(" at=%x", answers[number].address - rom_base);
	for (u32 i = 0; i < ARRAY_SIZE(remarks) && remarks[i]; i++)
		say("%s%s", i ? "," : " note=", remarks[i]);
	say(" contract=");
	say_contract();
	say(" meaning=%s", wrong ? wrong : "ok");
	say(wrong && wrong_about ? " (%s)\n" : "\n", wrong_about);
}

static bool inside(u32 address)
{
	return address >= rom_base + 144 && address < rom_base + rom_size;
}

static void judge_call(void)
{
	static const char *const kinds[] = {"none", "call", "jump", "nop"};
	const struct answer *answer = &answers[number];

	start();
	watchdog();
	if (answer->kind > RELOC_NOP || answer->reserved) {
		expect(false, "no such relocation");
		say_line("unknown");
		return;
	}
	if (answer->kind == RELOC_NONE) {
		say("ROM call=%u name=%s reloc=none\n", number, call_names[number]);
		return;
	}
	if (answer->kind == RELOC_NOP)
		expect(empty_is_right[number], "nothing is no answer");
	else if (!inside(answer->address))
		broken = PLACE;
	else
		judges[number]();
	say_line(kinds[answer->kind]);
}

/* ---- the two calls that have fixed places ---- */

static void judge_get_reloc(void)
{
	static const u32 beyond[] = {NR_CALLS, 255, 0x100, 0x80000000, 0xffffffff};

	start();
	for (u32 i = 0; i < NR_CALLS + ARRAY_SIZE(beyond); i++) {
		begin(0);
		trial.target = rom_base + 0x88;
		trial.in.eax = i < NR_CALLS ? i : beyond[i - NR_CALLS];
		counts[FIXED_RELOC]++;
		trial_runs = true;
		if (trial_run(&trial))
			broken |= TRAP;
		trial_runs = false;
		broken |= changed_registers(&trial.in, &after.out) & ~C_CALL;
		broken |= changed_flags(C_CALL) | changed_stack();
		if (i >= NR_CALLS)
			expect((after.out.edx & 0xff) == RELOC_NONE, "a call that is not");
		else
			expect(after.out.eax == answers[i].address &&
				       after.out.edx == answers[i].kind,
			       "another answer");
	}
	say("ROM fixed=get_reloc contract=");
	say_contract();
	say(" meaning=%s\n", wrong ? wrong : "ok");
}

static void say_counts(void)
{
	for (u32 i = 0; i < NR_COUNTED; i++) {
		const char *name = i == FIXED_INIT    ? "vmi_init"
				   : i == FIXED_RELOC ? "get_reloc"
						      : call_names[i];

		if (counts[i])
			say("ROM count number=%u name=%s calls=%u\n", i, name, counts[i]);
	}
}

/*
 * What does not come back: the last of all, if it is wanted.  A processor that is shut down is
 * ended by the watchdog; one that should have rebooted stands still.
 */
void judge_the_end(const char *options)
{
	static const struct {
		const char *word;
		u32 call, how;
	} ends[] = {
		{"soft", CALL_Reboot, 0},
		{"hard", CALL_Reboot, 1},
		{"shutdown", CALL_Shutdown, 0},
	};

	for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!has_word(options, ends[i].word))
			continue;
		begin(ends[i].call);
		trial.in.eax = ends[i].how;
		say("ROM leaving by=%s\n", ends[i].word);
		if (ends[i].call == CALL_Reboot)
			no_watchdog();
		attempt();
		say("ROM came back\n");
	}
}

void judge(void)
{
	u32 hash = rom_hash();

	for (number = 0; number < NR_CALLS; number++)
		if (number != CALL_Reboot && number != CALL_Shutdown)
			judge_call();
	judge_get_reloc();
	say_counts();
	say("ROM image sum=%u same=%u\n", rom_sum(), rom_hash() == hash);
}
