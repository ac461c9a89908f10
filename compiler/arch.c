/*
 * An architecture is a row.  Sources: System V ABI for AMD64, section 3.2.3
 * (registers), that for i386, figure 2.1 (alignment in structures), with arguments
 * in registers as gcc's -mregparm=3 passes them, AAPCS64, RISC-V psABI; Intel SDM vol. 2
 * (instructions), vol. 3, section 5.9 (privileged instructions; PUSHF, POPF and those that store a
 * system register are here too, because without CR4.UMIP they run and do the wrong thing).
 */
#include <string.h>

#include "object.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/*
 * RDI points to two arrays of words, one for each of `registers` in this order.
 * Load all from the first; behind the call, store all to the second.  The stack
 * is aligned as at any call.
 */
static const char x86_64_canary_enter[] =
	"\tpush %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n"
	"\tpush %rdi\n\tpush 0(%rdi)\n\tpopf\n"
	"\tmov 8(%rdi), %rax\n\tmov 16(%rdi), %rbx\n\tmov 24(%rdi), %rcx\n"
	"\tmov 32(%rdi), %rdx\n\tmov 40(%rdi), %rsi\n\tmov 56(%rdi), %rbp\n"
	"\tmov 64(%rdi), %r8\n\tmov 72(%rdi), %r9\n\tmov 80(%rdi), %r10\n"
	"\tmov 88(%rdi), %r11\n\tmov 96(%rdi), %r12\n\tmov 104(%rdi), %r13\n"
	"\tmov 112(%rdi), %r14\n\tmov 120(%rdi), %r15\n\tmov 48(%rdi), %rdi\n";

static const char x86_64_canary_leave[] =
	"\tpushf\n\tpush %rdi\n\tmov 16(%rsp), %rdi\n"
	"\tmov %rax, 136(%rdi)\n\tmov %rbx, 144(%rdi)\n\tmov %rcx, 152(%rdi)\n"
	"\tmov %rdx, 160(%rdi)\n\tmov %rsi, 168(%rdi)\n\tmov %rbp, 184(%rdi)\n"
	"\tmov %r8, 192(%rdi)\n\tmov %r9, 200(%rdi)\n\tmov %r10, 208(%rdi)\n"
	"\tmov %r11, 216(%rdi)\n\tmov %r12, 224(%rdi)\n\tmov %r13, 232(%rdi)\n"
	"\tmov %r14, 240(%rdi)\n\tmov %r15, 248(%rdi)\n"
	"\tpop 176(%rdi)\n\tpop 128(%rdi)\n\tpop %rdi\n\tcld\n"
	"\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n";

/*
 * The same with the address in EAX.  What is passed on the stack, `stack` words, is in
 * a third array; the caller of a site takes it off again, as any caller does.
 */
static const char i386_canary_enter[] =
	"\tpush %ebx\n\tpush %ebp\n\tpush %esi\n\tpush %edi\n\tpush %eax\n"
	"\t.if \\stack > 2\n\tpush 72(%eax)\n\t.endif\n"
	"\t.if \\stack > 1\n\tpush 68(%eax)\n\t.endif\n"
	"\t.if \\stack > 0\n\tpush 64(%eax)\n\t.endif\n"
	"\tpush 0(%eax)\n\tpopf\n"
	"\tmov 8(%eax), %ebx\n\tmov 12(%eax), %ecx\n\tmov 16(%eax), %edx\n"
	"\tmov 20(%eax), %esi\n\tmov 24(%eax), %edi\n\tmov 28(%eax), %ebp\n"
	"\tmov 4(%eax), %eax\n";

static const char i386_canary_leave[] =
	"\tlea 4 * \\stack(%esp), %esp\n"
	"\tpushf\n\tpush %eax\n\tmov 8(%esp), %eax\n"
	"\tmov %ebx, 40(%eax)\n\tmov %ecx, 44(%eax)\n\tmov %edx, 48(%eax)\n"
	"\tmov %esi, 52(%eax)\n\tmov %edi, 56(%eax)\n\tmov %ebp, 60(%eax)\n"
	"\tpop 36(%eax)\n\tpop 32(%eax)\n\tpop %eax\n\tcld\n"
	"\tpop %edi\n\tpop %esi\n\tpop %ebp\n\tpop %ebx\n";

/*
 * nopl DISPLACEMENT(%rax) and (%rcx): no compiler has a reason for such a
 * displacement.  It holds 0x50, the length of the site, the op.  The site
 * follows at once: where a line begins, none needs filler to be inside one.
 */
#define MARKER_BEGIN ".balign 64; .byte 0x0f, 0x1f, 0x80; .long 0x50000000 + (@ << 16) + @"
#define MARKER_END   ".byte 0x0f, 0x1f, 0x81; .long 0x50000000 + @"

static const char *const x86_privileged[] = {
	"cli",	   "sti",    "hlt",	"lgdt",	    "lidt",   "lldt",	 "ltr",	   "lmsw",
	"clts",	   "invd",   "wbinvd",	"wbnoinvd", "invlpg", "invpcid", "rdmsr",  "wrmsr",
	"rdpmc",   "xsetbv", "monitor", "mwait",    "stac",   "clac",	 "swapgs", "sysret",
	"sysexit", "iret",   "in",	"ins",	    "out",    "outs",	 "pushf",  "popf",
	"sgdt",	   "sidt",   "sldt",	"smsw",	    "str",    NULL,
};

const struct arch arch_table[] = {
	{
		.name = "x86_64",
		.word = 8,
		.max_align = 8,
		.registers = LIST("flags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
				  "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
		.parts = LIST("eax", "rax", "ebx", "rbx", "ecx", "rcx", "edx", "rdx", "esi", "rsi",
			      "edi", "rdi", "ebp", "rbp"),
		.segments = LIST("cs", "ds", "es", "fs", "gs", "ss"),
		.linux_config = "CONFIG_X86_64",
		.generates = true,
		.has_blobs = true,
		.args = LIST("rdi", "rsi", "rdx", "rcx", "r8", "r9"),
		.volatiles = LIST("rax", "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11"),
		.result = "rax",
		.pointer = ".quad",
		.identity = "mov %rdi, %rax",
		.constant = "mov $@, %eax", /* keeps the flags, for ops that must */
		.constant_wide = "mov $@, %rax",
		.trap = "ud2",
		.address = "lea @(%rip), %rax",
		.landing_pad = "endbr64",
		.ret = "ret",
		.call_slot = "call *@(%rip)",
		.jump_slot = "jmp *@(%rip)",
		.slot_site = 6,
		.default_budget = 16,
		.line = 64,
		.marker_begin = MARKER_BEGIN,
		.marker_end = MARKER_END,
		.canary_enter = x86_64_canary_enter,
		.canary_leave = x86_64_canary_leave,
		.percpu = "%gs:@",
		.global = "@",
		.elsewhere = "0x7fff0000",
		.load = LIST("movzbl @, %eax", "movzwl @, %eax", "movl @, %eax", "movq @, %rax"),
		.load_signed =
			LIST("movsbq @, %rax", "movswq @, %rax", "movslq @, %rax", "movq @, %rax"),
		.store = LIST("movb $@, @", "movw $@, @", "movl $@, @", "movq $@, @"),
		.privileged = x86_privileged,
		.privileged_suffixes = "bwlq",
		.privileged_operands = LIST("%cr", "%dr", "%db"),
		.effects = &effects_x86_64,
		.machine = &machine_x86_64,
	},
	{
		.name = "i386",
		.has_roms = true,
		.word = 4,
		.max_align = 4,
		.registers = LIST("flags", "eax", "ebx", "ecx", "edx", "esi", "edi", "ebp"),
		.parts = LIST(NULL),
		.segments = LIST("cs", "ds", "es", "fs", "gs", "ss"),
		.linux_config = "CONFIG_X86_32",
		.generates = true,
		.args = LIST("eax", "edx", "ecx"),
		.volatiles = LIST("eax", "edx", "ecx"),
		.result = "eax",
		.result_high = "edx",
		/* In a stub each is in a register that a call keeps: ebx, esi, edi. */
		.stack_words = 3,
		.push = "push @",
		.pop = "pop @",
		.move = "mov @, @",
		.exchange = "xchg @, @",
		.push_flags = "pushf",
		.pop_flags = "popf",
		.stack_word = "@(%esp)",
		.extend = LIST("movzbl %al, %eax", "movzwl %ax, %eax"),
		.extend_signed = LIST("movsbl %al, %eax", "movswl %ax, %eax"),
		.copy_argument = "push @(%esp)",
		.copy_size = 4,
		.drop = "lea @(%esp), %esp",
		.constant = "mov $@, %eax",
		.constant_high = "mov $@, %edx",
		.trap = "ud2",
		.address = "mov $@, %eax",
		.landing_pad = "endbr32",
		.ret = "ret",
		.call_slot = "call *@",
		.jump_slot = "jmp *@",
		.slot_site = 6,
		.default_budget = 16,
		.line = 64,
		.marker_begin = MARKER_BEGIN,
		.marker_end = MARKER_END,
		.canary_enter = i386_canary_enter,
		.canary_leave = i386_canary_leave,
		.percpu = "%fs:@",
		.global = "@",
		.elsewhere = "0x7fff0000",
		.pointer = ".long",
		.load = LIST("movzbl @, %eax", "movzwl @, %eax", "movl @, %eax"),
		.load_signed = LIST("movsbl @, %eax", "movswl @, %eax", "movl @, %eax"),
		.load_high = "movl @, %edx",
		.sign_high = "cltd",
		.store = LIST("movb $@, @", "movw $@, @", "movl $@, @"),
		.privileged = x86_privileged,
		.privileged_suffixes = "bwl",
		.privileged_operands = LIST("%cr", "%dr", "%db"),
		.effects = &effects_i386,
		.machine = &machine_i386,
	},
	{
		.name = "arm64",
		.word = 8,
		.max_align = 8,
		.registers = LIST("flags", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",
				  "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
				  "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
				  "x27", "x28", "x29", "x30"),
		.parts = LIST("w0", "x0", "w1", "x1", "w2", "x2", "w3", "x3"),
	},
	{
		.name = "riscv64",
		.word = 8,
		.max_align = 8,
		.registers = LIST("ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2",
				  "a3", "a4", "a5", "a6", "a7", "s0", "s1", "s2", "s3", "s4", "s5",
				  "s6", "s7", "s8", "s9", "s10", "s11"),
		.parts = LIST(NULL),
	},
};

const size_t arch_count = NELEM(arch_table);

const struct arch *arch_find(const char *name)
{
	for (size_t i = 0; i < arch_count; i++)
		if (!strcmp(arch_table[i].name, name))
			return &arch_table[i];
	return NULL;
}

unsigned int arch_bit(const struct arch *arch)
{
	return 1u << (arch - arch_table);
}

static const char *find_text(const char *const *list, const char *text)
{
	for (; *list; list++)
		if (!strcmp(*list, text))
			return *list;
	return NULL;
}

const char *arch_register(const struct arch *arch, const char *name)
{
	for (const char *const *part = arch->parts; *part; part += 2)
		if (!strcmp(part[0], name))
			return find_text(arch->registers, part[1]);
	return find_text(arch->registers, name);
}

/** @word with or without a suffix of the operand's size. */
static bool is_mnemonic(const struct arch *arch, const char *row, const char *word, size_t n)
{
	size_t length;

	/* Nearly all differ here. */
	if (*row != *word)
		return false;
	length = strlen(row);
	if (n < length || strncmp(row, word, length))
		return false;
	return n == length || (n == length + 1 && strchr(arch->privileged_suffixes, word[length]));
}

/** Any word of the statement counts: the mnemonic may follow labels and prefixes. */
static bool is_privileged_statement(const struct arch *arch, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, " \t,:");

		for (const char *const *p = arch->privileged; *p; p++)
			if (is_mnemonic(arch, *p, s, n))
				return true;
		for (const char *const *p = arch->privileged_operands; *p; p++)
			if (**p == *s && !strncmp(*p, s, strlen(*p)))
				return true;
		s += n + strspn(s + n, " \t,:");
	}
	return false;
}

bool arch_is_privileged(const struct arch *arch, const char *text)
{
	char *copy = mem_text(text, strlen(text)), *rest = copy, *statement;

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	while ((statement = strsep(&rest, ";\n")))
		if (is_privileged_statement(arch, statement + strspn(statement, " \t")))
			return true;
	return false;
}

const char *arch_expand(const char *pattern, const char *a, const char *b)
{
	const char *texts[] = {a, b};
	struct out o = {0};
	size_t n = 0;

	while (*(pattern = put_until(&o, pattern, "@"))) {
		put(&o, "%s", texts[n++]);
		pattern++;
	}
	return intern(text_of(&o));
}
