/* SPDX-License-Identifier: MIT */
/* What a kernel does to come up: through its ops and sites, whoever they belong to by now. */
#include "judge.h"

extern char user_begin[], user_hello[], user_sysenter[], user_end[], enter_user[], sysenter_entry[];
static u8 user_page[4096] __attribute__((aligned(4096)));
static u8 user_stack[4096] __attribute__((aligned(4096)));
static u8 sysenter_stack[1024] __attribute__((aligned(16)));

bool has_word(const char *options, const char *word)
{
	for (; *options; options++) {
		const char *a = options, *b = word;

		while (*b && *a == *b)
			a++, b++;
		if (!*b && (!*a || *a == ' '))
			return true;
	}
	return false;
}

static void prepare_user(void)
{
	for (char *from = user_begin, *to = (char *)user_page; from < user_end;)
		*to++ = *from++;
	DO(SetPxE, set_pte, pte_of(USER_CODE), physical(user_page) | PTE_PRESENT | PTE_USER);
	DO(SetPxE, set_pte, pte_of(USER_STACK - 4096),
	   physical(user_stack) | PTE_PRESENT | PTE_USER | PTE_WRITE);
	DO(FlushTLB, flush_user);
	wrmsr(0x174, KERNEL_CS);
	wrmsr(0x175, (u32)sysenter_stack + sizeof(sysenter_stack));
	wrmsr(0x176, (u32)sysenter_entry);
}

/* Into user mode by the site of IRET, until it makes a system call that ends it. */
static u32 user_trip(const char *function)
{
	struct trial trip = {
		.target = (u32)enter_user,
		.jump = 1,
		.flags = FLAG_ALWAYS,
		.data = USER_DS,
		.nr_words = 5,
		.words = {USER_CODE + (u32)(function - user_begin), USER_CS, FLAG_ALWAYS | FLAG_IF,
			  USER_STACK, USER_DS},
	};

	trial_runs = true;
	trial_run(&trip);
	trial_runs = false;
	if (last.vector != VECTOR_USER)
		stop("user vector=%u error=%x eip=%x address=%x", last.vector, last.error, last.eip,
		     last_fault);
	return last.eax;
}

static void load_tables(void)
{
	u32 eax = 0, ebx, ecx = 0, edx;

	DO(CPUID, cpuid, &eax, &ebx, &ecx, &edx);
	DO(SetGDT, load_gdt, &gdt_pointer);
	DO(WriteIDTEntry, write_idt_entry, idt, VECTOR_OTHER, (u32)idt[VECTOR_OTHER],
	   HIGH(idt[VECTOR_OTHER]));
	DO(SetIDT, load_idt, &idt_pointer);
	DO(SetTR, load_tr);
	DO(UpdateKernelStack, load_sp0, tss.sp0);
	DO(SetCR0, write_cr0, DO(GetCR0, read_cr0));
	DO(CLTS, clts);
	DO(IODelay, io_delay);
	DO(InvalPage, flush_one, ARENA);
	asm volatile("int %0" : : "i"(VECTOR_OTHER));
}

/* A ROM that has cycles has alarms. */
static void check_timer(void)
{
	static const u32 needed[] = {CALL_GetCycleCounter, CALL_SetAlarm, CALL_CancelAlarm};

	for (u32 i = 0; i < ARRAY_SIZE(needed); i++)
		if (answers[needed[i]].kind != RELOC_CALL)
			stop("timer without %s", call_names[needed[i]]);
}

/* By the local APIC, if the machine has nothing else; as the first kernels for VMI had it, by line
 * 0. */
static u32 wire(void)
{
	return on_xen ? 0x10000 : 0;
}

static u32 ticks(void)
{
	return interrupts[on_xen ? VECTOR_ALARM : VECTOR_IRQ0];
}

static void set_alarm(void)
{
	u64 FN (*frequency)(void) = (void *)answers[CALL_GetCycleFrequency].address;
	u64 FN (*counter)(u32) = (void *)answers[CALL_GetCycleCounter].address;
	void FN (*alarm)(u32, u64, u64) = (void *)answers[CALL_SetAlarm].address;
	u32 period = (u32)frequency() / 100;

	alarm(0x100 | wire(), counter(0) + period, period);
	counts[CALL_GetCycleFrequency]++;
	counts[CALL_GetCycleCounter]++;
	counts[CALL_SetAlarm]++;
}

/* A hundred a second, as it was usual. */
static void start_timer(void)
{
	if (on_xen)
		DO(APICWrite, apic_write, 0x320, VECTOR_ALARM);
	else
		pic_mask(0xfe);
	if (vmi_timer)
		set_alarm();
	else
		pit_again(11932);
}

static void stop_timer(void)
{
	if (vmi_timer) {
		u32 FN (*cancel)(u32) = (void *)answers[CALL_CancelAlarm].address;

		cancel(wire());
		counts[CALL_CancelAlarm]++;
	}
	if (on_xen)
		return;
	pit_quiet();
	pic_mask(0xff);
}

/* Ticks come when interrupts are on, and do not when they are off. */
static void count_ticks(void)
{
	u32 flags = save_fl(), seen;

	irq_enable();
	for (u32 patience = 0; ticks() < 2; patience++)
		if (patience == 2000000)
			stop("no interrupt came");
	irq_disable();
	seen = ticks();
	wait_us(30000);
	if (ticks() != seen || (save_fl() & FLAG_IF))
		stop("an interrupt came");
	restore_fl(flags | FLAG_IF);
	irq_disable();
	for (u32 i = 0; i < 2; i++)
		DO(Halt, halt);
	irq_disable();
	if (ticks() < seen + 2)
		stop("nothing woke it");
	restore_fl(flags);
}

void boot(const char *options)
{
	u64 start;

	load_tables();
	start = DO(RDTSC, read_tsc);
	if (vmi_timer)
		check_timer();
	start_timer();
	count_ticks();
	stop_timer();
	if (DO(RDTSC, read_tsc) <= start)
		stop("time stands still");
	prepare_user();
	if (user_trip(user_hello) != 2)
		stop("user did not come back");
	if (has_word(options, "sysenter") && user_trip(user_sysenter) != 3)
		stop("user did not come back");
	say("ROM booted timer=%s\n", vmi_timer ? "vmi" : "pit");
}
