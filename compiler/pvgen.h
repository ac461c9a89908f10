/*
 * pvgen: from descriptions of paravirtual interfaces to their glue.
 *
 *   .pvi text -> tokens -> model -> resolved -> checked -> lowered -> emitted
 *
 * This header is the table of contents: one section a source file, in the
 * order of the passes.
 */
#ifndef PVGEN_H
#define PVGEN_H

#include "diag.h"
#include "suggest.h"
#include "util.h"

/*
 * Conditions, and types that lean on each other, deeper than this are a mistake; the stack must not
 * end it, nor the length of the paths of members.
 */
enum { MAX_DEPTH = 1000, MAX_TYPE_DEPTH = 256 };

/* A site's record has 16 bits for the number of an op. */
enum { MAX_OPS = 1 << 16 };

/* ---- the model, built by the parser, completed by the later passes ------ */

/** A word of the source, interned, and its place. */
struct name {
	const char *s;
	struct loc loc;
};

typedef VEC(struct name) names;

enum direction { DIR_NONE, DIR_IN, DIR_OUT, DIR_INOUT };
enum space { SPACE_NONE, SPACE_VA, SPACE_PA, SPACE_GPA, SPACE_PFN, SPACE_MFN, SPACE_MA };

struct scalar {
	const char *name;   /* in a description */
	const char *c_name; /* in generated C */
	unsigned int size;  /* in bytes; 0: as wide as the architecture's long */
	bool is_signed;
};

struct type {
	struct name name;
	struct loc loc;	 /* of all of it, from const to the last star */
	const char *tag; /* "struct", "union" or NULL */
	struct loc tag_loc;
	const char *doc; /* of the declaration that starts with this type */
	unsigned int stars;
	bool is_const;		     /* of what the first * points to, or of the value */
	bool is_broken;		     /* reported; nothing else follows from it */
	const struct scalar *scalar; /* resolved: this or decl, or neither for void */
	struct decl *decl;
};

enum operand_kind {
	OPERAND_PATH,
	OPERAND_PAIR, /* high:low, in path */
	OPERAND_INT,
	OPERAND_RANGE, /* high:low, in value and low */
	OPERAND_STRING,
	OPERAND_VERSION,
};

struct operand {
	enum operand_kind kind;
	struct loc loc;
	names path;
	int64_t value; /* of a version: version_make */
	int64_t low;   /* of an integer its value, as a range of one bit */
	const char *string;
};

typedef VEC(struct operand) operands;

/** MAJOR.MINOR as one number that compares as versions do. */
static inline int64_t version_make(unsigned int major, unsigned int minor)
{
	return (int64_t)major << 32 | minor;
}

/** Since when, until when. */
struct life {
	bool is_deprecated;
	int64_t since, deprecated, retired; /* versions; 0: not said */
};

/** `@name` or `@name(operands)` behind a parameter, a result or a member. */
struct attribute {
	struct name name;
	operands operands;
};

typedef VEC(struct attribute) attributes;
typedef VEC(struct stmt *) stmts;

/** A symbol of the kernel's configuration: `config bool NAME;` or `config int NAME;`. */
struct config {
	struct name name;
	const char *doc;
	bool is_bool;
	bool is_set; /* by -D */
	int64_t value;
};

enum expr_kind {
	EXPR_PATH,
	EXPR_INT,
	EXPR_CALL, /* path(operands) */
	EXPR_NOT,  /* of left */
	EXPR_OR,   /* of left and right, and so on */
	EXPR_AND,
	EXPR_EQUAL,
	EXPR_UNEQUAL,
	EXPR_LESS,
	EXPR_MORE,
	EXPR_AT_MOST,
	EXPR_AT_LEAST,
};

enum expr_type { TYPE_BROKEN, TYPE_TRUTH, TYPE_NUMBER };

/** A condition: of the configuration (`if`), or of the machine at boot (`when`). */
struct expr {
	enum expr_kind kind;
	struct loc loc;
	struct expr *left, *right;
	unsigned int depth;
	names path;
	operands operands;
	int64_t value;
	enum expr_type type;	     /* resolved: TYPE_BROKEN if it was reported */
	const struct atom *atom;     /* of a path or call: the row that says what it means */
	const char *text;	     /* ... interned: the same question has the same text */
	const struct config *config; /* ... and what it means */
	const struct feature *feature;
	const struct derived *derived;
};

/** A bit by which a hypervisor says what it offers, or advises: SOURCE(LEAF).WORD[BIT]. */
struct feature {
	struct name name;
	struct loc loc; /* of the place */
	const char *doc;
	bool is_hint;
	names source;
	struct name base; /* .s is NULL if LEAF is a number alone */
	int64_t leaf;
	struct name word;
	int64_t bit;
	struct loc bit_loc;
	stmts stmts;
	struct life life;
	names needs;
};

struct member {
	struct name name;
	const char *doc;
	struct type type;
	attributes attributes;
	struct decl *nested; /* a struct or union defined in place */
	bool is_array;
	struct name count_name;		   /* .s is NULL if it is a number */
	uint64_t count;			   /* of an array's elements, else 1 */
	const struct operand *said_offset; /* by the description, or NULL */
	uint64_t offset, size;
};

/** Bits of a number that mean something together. */
struct bit_field {
	struct name name;
	const char *doc;
	struct loc loc; /* of the bits */
	int64_t high, low;
};

typedef VEC(struct bit_field) bit_fields;

enum decl_kind { DECL_CONST, DECL_TYPEDEF, DECL_FUNCTION, DECL_STRUCT, DECL_UNION };

typedef VEC(struct param) params;

/** A constant or a type. */
struct decl {
	struct name name;
	enum decl_kind kind;
	const char *doc;
	struct scope *scope;
	bool is_opaque, is_packed, is_shared;
	struct expr *guard;			      /* of a record, or NULL */
	const struct operand *said_size, *said_align; /* of a record, or NULL */
	bool is_negative;			      /* DECL_CONST, written with - */
	bool is_bits; /* DECL_TYPEDEF of a number whose bits have names */
	bit_fields fields;
	attributes attributes;
	int64_t value;	  /* DECL_CONST */
	struct type type; /* DECL_TYPEDEF, and what a DECL_FUNCTION returns */
	params params;	  /* DECL_FUNCTION */
	VEC(struct member) members;
	uint64_t size, align;	      /* 0: not laid out yet */
	uint64_t paths, paths_length; /* of members, and of those of structures inside */
	bool in_layout;		      /* to find a structure that contains itself */
	bool is_broken;		      /* has no layout, which was reported */
};

/** Names that are seen from inside, and the prefix that they have in C. */
struct scope {
	struct scope *outer;
	const struct arch *arch;  /* that lays its structures out */
	const char *prefix;	  /* "xen_", or "" */
	const char *upper_prefix; /* "XEN_" */
	struct map map;
	VEC(struct decl *) decls; /* in source order */
};

/** A register, or two that hold one value. */
struct registers {
	struct name high; /* .s is NULL: one register */
	struct name low;  /* .s is NULL: none */
};

/** Bits HIGH:LOW of a value; all of it if they were not said. */
struct bits {
	bool is_said;
	struct loc loc;
	int64_t high, low;
};

/** Where a value travels between caller and hypervisor. */
struct carrier {
	struct registers registers;
	bool is_stack;
	int64_t slot; /* word of the arguments on the stack */
	struct loc slot_loc;
	struct bits bits;
};

/** How a value of a call travels. */
struct way {
	struct carrier said; /* by the description */
	struct carrier at;   /* on the architecture at hand */
};

/** Of a function, or a call's result. */
struct param {
	struct name name;
	struct type type;
	attributes attributes;
	enum direction direction;
	enum space space;
	names at;	  /* place in the element of an argument array */
	bool is_embedded; /* what it points to is there, not the pointer */
	const char *word; /* Linux: function from the value to its word; NULL: a member is it */
	struct way *way;  /* NULL: it is not of a call */
};

/** Around statements of a backend: `when CONDITION { }`, innermost first. */
struct when {
	const struct when *outer;
	struct expr *condition;
	struct expr *all; /* with those around it */
	bool is_broken;	  /* reported; nothing else follows from it */
};

/** Around statements of a backend: `phase NAME { }`; phases do not nest. */
struct phase {
	const struct phase *outer;
	struct name name;
};

/** An argument of a hypercall expression: a value, or converter(value). */
struct argument {
	struct name converter; /* .s is NULL without one */
	struct operand value;
	const struct param *param;   /* the op's, or NULL for a number */
	const struct decl *constant; /* ... that has a name, or NULL */
	const struct converter *convert;
};

typedef VEC(struct argument) arguments;

/** `path operands;`: an attribute or a binding, known by its first words. */
struct stmt {
	struct loc loc;	 /* of the path */
	struct loc rest; /* operands or assignment, if there are any */
	const char *doc;
	names path;
	operands operands;
	bool has_block;
	stmts block;
	bool is_assignment; /* path = ... */
	names call;	    /* ... is call(arguments) */
	arguments arguments;
	struct expr *condition; /* of `if` and `when` */
	const struct when *when;
	const struct phase *phase;
};

/** An instruction of a template that may fault, and what is done then. */
struct fault {
	struct loc loc;
	unsigned int insn; /* from 1 */
	int64_t label;	   /* where execution goes on; 0: behind the template, after the fixup */
	operands fixup;
};

/** Instruction text for one architecture. */
struct template
{
	struct name arch;
	operands insns;
	struct expr *guard, *when; /* of an op's: NULL, or where only it is for */
	VEC(struct fault) faults;
	unsigned int weight; /* as which number of instructions a compiler takes its text; 0: as
				they are */
};

/** What beyond its result an op may change. */
enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_TEXT, VALUE_SYMBOL };

/** What a backend gives for a member of a registration, for data or a hook. */
struct value {
	enum value_kind kind;
	struct loc loc;
	const char *s; /* of TEXT and SYMBOL */
	int64_t number;
};

enum clobber { CLOBBER_NORMAL, CLOBBER_NONE, CLOBBER_FLAGS, CLOBBER_SET };

enum context {
	CONTEXT_NOINSTR = 1 << 0,
	CONTEXT_HOT = 1 << 1,
	CONTEXT_EARLY = 1 << 2,
	CONTEXT_LATE = 1 << 3,
	CONTEXT_PURE = 1 << 4,
	CONTEXT_UNPRIVILEGED = 1 << 5,
};

enum impl_kind {
	IMPL_NONE,
	IMPL_INLINE,
	IMPL_CALL,
	IMPL_ASM,
	IMPL_HYPERCALL,
	IMPL_LOAD,
	IMPL_STORE,
	IMPL_NOP,
	IMPL_IDENTITY,
	IMPL_CONSTANT,
	IMPL_TRAP,
	IMPL_INHERIT,
	IMPL_FAILED, /* reported; nothing else follows from it */
};

/** A member of a shared structure. */
struct place {
	const struct shared *shared;
	const struct member *member;
	uint64_t offset;
};

/** How one backend does one op. */
struct impl {
	enum impl_kind kind;
	struct loc loc;		 /* of the words that say how */
	struct template *code;	 /* INLINE */
	const char *function;	 /* CALL, ASM */
	bool is_cast;		 /* its type is not the op's, which fits all the same */
	bool is_extern;		 /* Linux: the header of the calls declares it */
	const struct call *call; /* HYPERCALL */
	const struct subcall *sub;
	const struct stmt *stmt;
	struct place place; /* LOAD, STORE */
	int64_t value;	    /* STORE, CONSTANT */
	const char *reason; /* TRAP; or NULL */
	bool is_inherited;
	const struct impl
		*until; /* HYPERCALL through a ROM: what the op does before one is bound */
};

typedef VEC(struct op *) ops;

/** Ops that may wait: from a begin to an end, or to a flush, what is deferred has no effect. */
struct batch {
	struct name name;
	const char *doc;
	ops begin, end, flush;
};

/** What is true when a slot holds the function of bare hardware. */
struct derived {
	struct name name;
	const char *doc;
	const struct op *op;
	struct name unless; /* capability of the processor that says the opposite; .s may be NULL */
};

/** C that the kernel's header carries, as it was written. */
struct raw {
	struct loc loc;
	struct name header; /* which: types, calls, always */
	operands lines;
	struct expr *guard;
};

/** How callers reach an op. */
enum site_kind { SITE_SLOT, SITE_STATIC_CALL, SITE_INLINE_ONLY, SITE_NEVER_PATCHED };

/** A function of the kernel's that calls an op: its name, its order of the parameters. */
struct wrapper {
	struct name name; /* .s is NULL: there is none */
	VEC(const struct param *) params;
};

struct op {
	struct name name;
	const char *doc;
	struct group *group;
	unsigned int slot;
	struct type type;
	attributes attributes;
	enum space space; /* of the result */
	params params;
	struct expr *guard;
	bool is_left_out; /* its guard, or one around it, is false */
	stmts stmts;
	struct expr *callers; /* NULL, or where only there are any */
	bool is_spare;	      /* a slot without an op yet */
	enum clobber clobber;
	names registers; /* of CLOBBER_SET */
	unsigned int context;
	unsigned int budget; /* bytes that a call site may have */
	unsigned int revision;
	bool tail;
	const struct decl *frame; /* what a tail op finds on the stack */
	enum site_kind site;
	bool is_asm_callable, is_always_inline;
	bool is_stub_placed;  /* by `stubs` of the interface */
	struct name asm_name; /* of its macro; .s is NULL: pvgen's own */
	const struct operand *since, *deprecated, *retired; /* versions; NULL: not said */
	const char *advice;				    /* to callers of a deprecated one */
	bool is_deprecated, is_retired; /* in this version; retired is a slot that traps */
	ops pairs, together;
	VEC(const struct batch *) defer;
	struct wrapper wrapper;
	VEC(struct template *) natives;
	struct impl fallback;	/* INHERIT: as bare hardware does */
	unsigned int unknown;	/* what nobody knows of it: a bit for each aspect, see unknown.h */
	struct op_users *users; /* in the kernel that was asked about, see users.h; or NULL */
};

/** A value beside the functions of a group. */
struct data {
	struct name name;
	const char *doc;
	struct group *group;
	struct type type;
	attributes attributes;
	struct expr *guard;
	stmts stmts;
	const struct operand *value; /* by default; NULL: each backend gives one */
	int64_t number;		     /* of a value that is no string */
};

struct group {
	struct name name;
	const char *doc;
	struct group *outer;   /* NULL: of the interface itself */
	struct name table;     /* .s is NULL: the interface's own */
	struct name structure; /* what a kernel calls it; .s is NULL: named after the group */
	struct expr *guard;
	bool is_left_out;
	ops ops; /* with those of inner groups, by slot */
	VEC(struct group *) groups;
	unsigned int spares;
};

/** What a backend offers beside the ops, or of `hooks` may replace. */
struct registration {
	struct name name; /* of hooks: dotted */
	const char *doc;
	bool is_hooks;
	VEC(struct registration_member {
		struct name name;
		const char *doc;
		struct type type;
		bool is_function;
		params params;
		attributes attributes;
		bool is_optional;
	})
	members;
	struct map member_map;
	size_t index; /* in its interface */
};

struct interface {
	struct name name;
	const char *doc;
	bool is_defined; /* else only more of it was seen */
	unsigned int major, minor;
	unsigned int unknown; /* what nobody knows of it and its ops: aspects */
	struct scope scope;
	stmts stmts;
	names phases;		    /* of a boot, in order */
	struct map phase_map;	    /* names in it */
	VEC(struct group *) groups; /* without inner ones */
	ops ops;		    /* of all groups, by slot */
	VEC(struct data *) data;    /* of all groups */
	VEC(struct batch *) batches;
	VEC(struct derived *) derived;
	struct map batch_map, derived_map;
	struct name native_unless; /* capability where no native template stands; or .s is NULL */
	VEC(struct raw) raws;
	ops stubs; /* whose call stubs come first in a header, in this order */
	VEC(struct registration *) registrations;
	struct map op_map, data_map, group_map, registration_map;
	VEC(struct backend *) backends;
	struct backend *bare;	  /* the one that is bare hardware */
	struct backend *defaults; /* of ops that a blob lacks: a backend that no description has */
};

/** How a call's result tells that it failed. */
enum error_domain {
	ERRORS_UNSAID,
	ERRORS_NONE,
	ERRORS_NEGATIVE,  /* an error's number, negated */
	ERRORS_POSITIVE,  /* its number */
	ERRORS_STATUS,	  /* not 0, in bits of the result */
	ERRORS_PAIR,	  /* not 0; the value comes in another register */
	ERRORS_UNCHANGED, /* a register is as it was before */
};

struct errors {
	enum error_domain domain;
	struct name reg;  /* of PAIR, UNCHANGED */
	struct bits bits; /* of STATUS */
};

struct clobbers {
	bool is_said;
	bool args, memory;
	names registers;
};

enum call_kind {
	KIND_FUNCTION,
	KIND_NORETURN, /* called, does not come back */
	KIND_JUMP,     /* jumped to, does not come back */
	KIND_ASM_ONLY, /* cannot be called from C */
};

/** A way to make a call that counts by itself: `option NAME "WHAT" { plane NAME; }`. */
struct call_option {
	struct name name;
	const char *text;
	struct name plane; /* .s is NULL: as that of the call */
};

/** What a ROM answers who asks for the code of a call. */
enum rom_answer { ANSWER_NONE, ANSWER_CALL, ANSWER_JUMP, ANSWER_NOP, ANSWERS };

/** What calls and sub-commands can say alike. */
struct traits {
	unsigned int arches; /* a bit each; 0: all */
	enum call_kind kind;
	struct errors errors;
	struct clobbers clobbers;
	names flat; /* segments that must be */
	struct name entry;
	bool is_optional;
	unsigned int relocations; /* a bit for each that a ROM may answer; 0: not said */
	struct life life;
	names needs, defer;
	names resumes;	   /* parameter, field of the result */
	struct name plane; /* .s is NULL: not said */
	VEC(struct call_option) options;
};

struct subcall {
	struct name name;
	const char *doc;
	int64_t number;
	struct loc number_loc;
	struct param result;
	params params;
	stmts stmts;
	struct traits traits;
	names arm; /* member of the element that only this sub-command has */
};

/** A numbered register by which a hypervisor is asked or told. */
struct msr {
	struct name name;
	const char *doc;
	int64_t number;
	struct loc number_loc;
	struct type type;
	stmts stmts;
	bool is_read, is_written, is_percpu;
	struct life life;
	names needs;
};

struct call {
	struct name name;
	const char *doc;
	struct abi *abi;
	int64_t number; /* of a fixed one: offset from the start of the table or ROM */
	struct loc number_loc;
	bool is_fixed;
	struct param result;
	params params;
	stmts stmts;
	struct traits traits;
	struct call *variant;	     /* next call of the same name, for other architectures */
	names selector;		     /* subs in PATH */
	struct bits selector_bits;   /* ... in some bits of it */
	const struct param *element; /* parameter that points to the element with the number */
	VEC(struct fixed {
		const struct param *param;
		names path; /* parameter, and member of its element */
		const char *value;
	})
	fixed;
	VEC(struct subcall *) subs;
	struct map sub_map;
};

/** How a hypercall is made on one architecture. */
struct entry {
	struct template code;	 /* {number} stands for the call's number */
	const struct arch *arch; /* NULL: reported */
	struct name name;	 /* .s is NULL: of calls that name none */
	bool takes_target;	 /* there is a {target}, the address that belongs to the number */
	struct carrier number;
	VEC(struct registers) args;
	bool takes_stack; /* for the arguments that are left */
	struct registers result;
	VEC(struct preset {
		struct carrier carrier;
		struct operand value;
	})
	presets;
	struct clobbers clobbers;
	struct errors errors;
	names flat;
	struct expr *condition; /* at boot; NULL: if no entry before it fits */
};

/** How a guest finds out that the hypervisor is there. */
struct signature {
	struct name source; /* cpuid or dmi */
	const char *text;
	int64_t first, last, step; /* leaves of cpuid where it may be */
};

/** Numbers that no call may have. */
struct reservation {
	struct loc loc;
	int64_t first, last;
	const char *reason;
};

/** A piece of code in the guest's memory with the hypervisor's half of the interface. */
struct rom {
	struct decl *header;
	int64_t from, to, step; /* where it may begin */
	struct name length;
	int64_t unit;	 /* bytes that it counts */
	struct name top; /* first address that belongs to the hypervisor; .s is NULL: not said */
	bool has_sum;
	int64_t slot;		  /* bytes of each fixed entry, 0: not said */
	const struct call *find;  /* turns a call's number into an answer */
	const struct call *enter; /* begins paravirtual mode; or NULL */
	/* Bits of an answer: where the code is, and how to come to it. */
	const struct bit_field *address, *kind;
	const struct decl *kinds[ANSWERS]; /* values of the second; NULL: not said */
	VEC(struct rule {
		struct name member;
		bool is_least; /* else exactly the value */
		int64_t value;
		names texts; /* of strings one of which stands there */
	})
	rules;
};

/** What serves one purpose: `plane NAME "WHAT" { memory PLACE...; }`. */
struct plane {
	struct name name;
	const char *text; /* or NULL */
	operands memory;  /* places in shared memory that do what a call could */
};

/** What of an abi is counted: a call, a sub-command, an option of these, a place in memory. */
struct element {
	struct name name; /* "CALL.SUB.OPTION", "STRUCTURE.MEMBER" */
	const struct plane *plane;
	const struct call *call; /* NULL: memory */
	const struct subcall *sub;
	const struct call_option *option;
	const char *doc;
	size_t index; /* in its abi */
};

/** How much of an element can be had through something else. */
enum coverage {
	COVERED_NOT,
	COVERED_INSIDE, /* that uses it, but nobody can ask for it */
	COVERED_PARTLY,
	COVERED_FULLY,
	COVERAGES
};

/** `full ELEMENT by THING... "REMARK";` and its like, about one element. */
struct cover {
	struct name name; /* of the element, where the line has it */
	const struct element *element;
	enum coverage verdict;
	VEC(const char *) by; /* as the description names them, interned */
	bool is_like;	      /* these do the same, without it */
	const char *text;     /* what is lost, or a remark; or NULL */
};

typedef VEC(struct cover) covers;

/** `binding FROM on ON { }`: what of one abi can be expressed through another. */
struct mapping {
	struct name name; /* "FROM on ON" */
	const char *doc;
	struct name from_name, on_name;
	const struct abi *from, *on;
	stmts stmts;
	covers covers;
};

struct abi {
	struct name name;
	const char *doc;
	struct scope scope;
	stmts stmts;
	bool says_arch;
	unsigned int arches; /* where it exists: a bit each */
	VEC(struct entry *) entries;
	VEC(struct call *) calls;
	VEC(struct msr *) msrs;
	VEC(struct feature *) features;
	VEC(struct signature) signatures;
	VEC(struct reservation) reservations;
	struct rom *rom; /* NULL: it is not found in one */
	struct map call_map, msr_map, feature_map;
	struct decl *multicall;
	const char *multicall_op, *multicall_args;
	struct map number_map; /* calls by number, as text */
	VEC(struct plane *) planes;
	VEC(struct element *) elements; /* in source order; without planes all are in none */
	struct map plane_map, element_map;
};

/** A C function from one kind of address to another. */
struct converter {
	struct name name;
	enum space from, to;
	const char *function;
};

struct shared {
	struct name structure;
	struct decl *decl;
	bool is_percpu;
	bool is_decrypted; /* where memory is encrypted, this is not */
	bool is_used;	   /* by an op */
	const char *symbol;
	const char *through;   /* by which the hypervisor learns the place: an msr or a call */
	const struct msr *msr; /* if it is an msr */
	const struct when *when;
};

struct provision {
	const struct registration *registration;
	struct name name;
	VEC(struct value) values; /* one a member, in the registration's order */
	const struct when *when;
	const struct phase *phase;
};

enum action_kind {
	ACTION_HOOK,	   /* a function of the kernel's gives way to another */
	ACTION_SET,	   /* data of the kernel's */
	ACTION_REPLACE,	   /* a whole table of hooks */
	ACTION_RUN,	   /* a function is called */
	ACTION_CAPABILITY, /* of the processor, forced or cleared */
	ACTION_STATIC_KEY,
	ACTION_TEARDOWN, /* a function is called when memory must be taken back */
};

/** As in a description: "hook", "set"... */
const char *action_name(enum action_kind kind);

/** What a backend does to its kernel beside ops and provisions. */
struct action {
	enum action_kind kind;
	const struct stmt *stmt;
	struct loc loc;	    /* of the target */
	const char *target; /* dotted; of TEARDOWN the event */
	const char *way;    /* the word that says how, or "" */
	const struct registration_member *member;
	struct value value;
	VEC(struct table_member {
		const struct registration_member *member;
		struct value value;
	})
	members; /* of REPLACE, as far as they were said */
};

enum detect {
	DETECT_ALWAYS,
	DETECT_START_INFO,
	DETECT_CPUID,
	DETECT_DMI,
	DETECT_PROBE,
	DETECT_SETUP_DATA,
	DETECT_ROM,
};

/** As in a description: "cpuid"... */
const char *detect_name(enum detect detect);

/** One way to find out that this is the backend's machine. */
struct detection {
	enum detect kind;
	struct loc loc;
	const char *text;    /* signature, text, function */
	int64_t number;	     /* of SETUP_DATA */
	unsigned int leaves; /* that must be there at least; 0: not said */
	unsigned int priority;
	bool has_priority, is_by_leaf; /* the higher its leaf the better */
	const struct when *when;
};

/** Value of data beside ops. */
struct datum {
	const struct data *data;
	const struct stmt *stmt;
	struct value value;
};

/** "inherit GROUP": ops of a group that the backend does as bare hardware does. */
struct inheritance {
	const struct group *group;
	struct loc loc;
};

/** How a backend does an op under a condition, or from a phase on. */
struct variant {
	struct op *op;
	struct loc loc; /* where the op is named */
	struct impl impl;
	const struct when *when;   /* NULL: always */
	const struct phase *phase; /* NULL: from the start */
	struct lowered *lowered;
};

/** Native code that is for some machines or configurations only, or follows a fault. */
struct aside {
	struct op *op;
	struct impl impl;
	struct lowered *lowered;
	bool is_fixup;
};

/** What the kernel calls the table that has a backend's slots of one group. */
struct group_table {
	const struct backend *backend;
	const struct group *group;
	struct name name;
};

struct backend {
	struct name name;
	const char *doc;
	struct name interface_name, abi_name;
	struct expr *guard;
	struct interface *interface;
	struct abi *abi;
	stmts stmts;
	bool is_bare, is_deprivileged;
	unsigned int priority;
	bool ignores_nopv;
	VEC(struct detection) detections;
	const char *init, *flush;
	VEC(struct shared) shared;
	VEC(struct converter) converters;
	VEC(struct provision) provisions; /* sorted by registration once resolved */
	VEC(struct inheritance) inherits;
	struct map inherit_map; /* by group */
	VEC(struct when *) whens;
	VEC(struct phase *) phases;
	VEC(struct group_table) tables;
	names probes;		      /* functions that conditions call */
	struct impl *impls;	      /* by slot: from the start, under no condition */
	struct lowered *lowered;      /* by slot */
	VEC(struct variant) variants; /* in source order */
	VEC(struct aside) asides;     /* of bare hardware: checked, but not written */
	VEC(struct action) actions;   /* in source order */
	VEC(struct datum) data;	      /* in source order */
	const struct stmt *uses;      /* its block says what it does with the abi; or NULL */
	covers covers;		      /* ... resolved */
};

/** As in a description: how a ROM does a call. */
enum rom_way { ROM_INLINE, ROM_CALL, ROM_ASM, ROM_NOP, ROM_NONE, ROM_WAYS };

/** `CALL WAY ...;`: how a ROM does one call. */
struct rom_line {
	struct name name;
	const struct call *call;
	const struct stmt *stmt;
	enum rom_way way;
	struct template code;		/* INLINE */
	struct lowered *lowered;	/* ... with its symbols */
	struct name function;		/* CALL, ASM */
	const char *reason;		/* NONE: why there is nothing */
	const struct rom_image *module; /* whose line it is; others are like that one */
};

/** What a statement says of a member of the header. */
struct rom_value {
	struct name name;
	const struct stmt *stmt;
	int64_t number;
	const char *text; /* NULL: the number */
};

/** The hypervisor's half of an abi, as code that it puts into the guest's memory. */
struct rom_image {
	struct name name;
	const char *doc;
	struct name abi_name;
	struct abi *abi;
	stmts stmts;
	VEC(struct rom_line *) lines; /* in source order */
	struct map line_map;	      /* by the call's name */
	VEC(struct rom_value) values;
	const struct stmt *pci, *pnp, *bios; /* NULL: there is none */
	const struct stmt *like; /* which rom has the lines that this one lacks; or NULL */
	bool is_complete;	 /* it has them */
	bool is_completing;	 /* it is about to have them */
};

/* ---- the run ------------------------------------------------------------ */

struct output {
	const char *path;
	struct out text;
	bool is_created;  /* there must not be such a file yet */
	const char *like; /* a new file gets the mode of this one; or NULL */
};

typedef VEC(struct output) outputs;

struct emit_request {
	const struct emitter *emitter;
	const char *path; /* NULL: the emitter's own name below outdir */
};

/** What `pvgen backend` was told. */
struct backend_options {
	const char *interface, *abi; /* of a new one; or NULL */
	const char *description;     /* of a new one, where it goes; or NULL */
	const char *directory;	     /* that holds a folder for each backend */
	const char *signature;	     /* of a new one; or NULL */
	bool is_deprivileged;
	VEC(const char *) forms; /* of the status: FORM or FORM:FILE */
};

/** What `pvgen diff` was told. */
struct diff_options {
	VEC(const char *) forms;   /* of the report: FORM or FORM:FILE */
	unsigned int gate;	   /* audiences whom a break fails, a bit for each */
	VEC(const char *) waivers; /* files */
	const char *image;	   /* of the old kernel; or NULL */
	const char *modules;	   /* directory of the old modules; or NULL */
};

/** A prefix of paths, and what outputs show in its place. */
struct path_map {
	const char *old, *new;
};

/** What -M... asks for; targets are as the rule shows them. */
struct depend_options {
	bool is_wanted, has_phony;
	const char *path; /* NULL: beside the first output */
	VEC(const char *) targets;
};

/** `import "NAME";` */
struct import {
	struct name name;
	struct loc loc;
	uint32_t file; /* that is imported */
};

/** Something in one file has been named in another. */
struct use {
	uint32_t user, used;
};

struct run {
	/* options */
	VEC(const char *) inputs; /* descriptions */
	struct output draft;	  /* one more, not a file yet; or without a path */
	VEC(const char *) objects;
	VEC(const char *) reports; /* on them: FORM or FORM:FILE */
	VEC(const char *) include_dirs;
	VEC(const char *) settings; /* SYMBOL or SYMBOL=VALUE */
	VEC(struct emit_request) requests;
	const char *outdir, *output_path;
	VEC(struct path_map) path_maps;
	struct depend_options depend;
	const struct profile *profile;
	const char *licence; /* of what is generated, as SPDX has it; or NULL */
	const struct arch *arch;
	const char *stdin_name; /* in messages, and where its imports are looked for */
	bool is_fixing;		/* the text as the diagnostics suggest */
	struct diag_options diag;
	struct backend_options backend;
	struct diff_options diff;
	VEC(const char *) coverage_forms; /* of the coverage: FORM or FORM:FILE */
	const struct run *other; /* a configuration symbol may be declared there alone; or NULL */
	const char *structure;	 /* of the ops in an image; NULL: one that is known */
	bool is_check_only, is_in_place; /* what fmt and sync do with what they have found */
	bool reads_snapshots;
	struct git *git; /* where files are read from; or NULL: the file system */
	/* source and diagnostics */
	VEC(struct import) imports;
	VEC(struct use) uses;
	VEC(struct source *) sources;
	VEC(struct diagnostic) diagnostics;
	bool is_silent; /* what was reported last is not shown */
	struct suggested {
		const char *text; /* what suggest...() returned last */
		struct nearest nearest;
	} suggested;
	size_t tries; /* names that were looked at to suggest something */
	unsigned int errors;
	bool environment_failed;
	bool has_unknown_pointers; /* what they are for need not be said */
	bool evidence_missing;
	/* model */
	struct scope scope;
	struct map modules; /* interfaces, abis, backends and roms share a name space */
	struct map config_map;
	struct map c_words; /* names that C cannot have */
	struct map c_taken; /* ... that generated C has for something else, when this is known */
	VEC(struct config *) configs;
	VEC(struct interface *) interfaces;
	VEC(struct abi *) abis;
	VEC(struct backend *) backends;
	VEC(struct rom_image *) roms;
	VEC(struct backend *) left_out; /* by their guards: parsed alone */
	VEC(struct mapping *) mappings;
	struct map mapping_map;
	/* result */
	outputs outputs;
};

/* ---- parser.y, lexer.l -------------------------------------------------- */

/** Pass: reads all inputs and what they import. */
bool parse_inputs(struct run *run);

/** Gives a declaration with a guard its name; false and a report if another one has it. */
bool take_name(struct run *run, struct decl *d);

/* ---- arch.c: what differs between architectures is a row ----------------- */

struct arch {
	/* For descriptions: all rows have these. */
	const char *name;
	unsigned int word;	      /* bytes of a register and of long */
	unsigned int max_align;	      /* no number is aligned more */
	const char *const *registers; /* all names that `clobbers` may list, NULL-terminated */
	const char *const *parts;     /* names of parts, each followed by the whole's */
	const char *const *segments;  /* NULL: there are none */
	const char *linux_config; /* symbol of a kernel for it; NULL: Linux has no such ops there */
	/* For generated code. */
	bool generates;		      /* false: the rest is empty */
	bool has_roms;		      /* emit_rom_image.c knows its instructions */
	bool has_blobs;		      /* docs/binary-abi.md says what blobs for it are like */
	const char *const *args;      /* registers of arguments, a word each */
	const char *const *volatiles; /* what a normal call may change besides */
	const char *result;
	const char *result_high; /* of a result of two words */
	unsigned int
		stack_words; /* of arguments that may be on the stack, where callers push them */
	const char *push;    /* @ */
	/* For thunks; NULL: there are none.  First @ the source, second the register. */
	const char *pop, *move, *exchange;
	const char *push_flags, *pop_flags;
	const char *stack_word;	   /* operand: the word that is @ bytes up the stack */
	const char *const *extend; /* a result of 1 or 2 bytes to a word */
	const char *const *extend_signed;
	const char *copy_argument; /* push the word that is @ bytes up the stack */
	unsigned int copy_size;	   /* bytes of that */
	const char *drop;	   /* @ bytes from the stack; no flag changes */
	const char *identity;	   /* first argument to result; NULL: there is nothing to do */
	const char *constant;	   /* result = @, which 32 bits hold */
	const char *constant_wide; /* result = @; NULL: two words */
	const char *constant_high; /* the second */
	const char *address;	   /* result = address of @ */
	const char *trap;	   /* raises an exception; two bytes with the op's number follow */
	const char *landing_pad;
	const char *ret;
	const char *call_slot, *jump_slot; /* @ is the slot */
	const char *marker_begin;	   /* no-op; @ is the site's length, then the op */
	const char *marker_end;		   /* no-op; @ is the op */
	const char *canary_enter, *canary_leave;
	unsigned int slot_site; /* bytes of the two above */
	unsigned int default_budget;
	unsigned int line;  /* bytes that one store may change while others execute them */
	const char *percpu; /* @ is symbol+offset */
	const char *global;
	const char *elsewhere;	 /* a number that encodes like the address of a symbol */
	const char *pointer;	 /* directive for an address */
	const char *const *load; /* by log2 of the size; @ is the place */
	const char *const *load_signed;
	const char *load_high;		 /* of what is two words */
	const char *sign_high;		 /* the second word of a signed result is its sign */
	const char *const *store;	 /* first @ the value, second the place */
	const char *const *privileged;	 /* instructions that a deprivileged kernel must not run */
	const char *privileged_suffixes; /* that they may have */
	const char *const *privileged_operands; /* ... and operands, by their beginning */
	const struct effects *effects;		/* what instructions change */
	const struct machine *machine;		/* bytes of objects */
};

const struct arch *arch_find(const char *name);

/** A set of architectures with this one alone. */
unsigned int arch_bit(const struct arch *arch);

/** The register of this name, or that it is a part of; NULL if there is none. */
const char *arch_register(const struct arch *arch, const char *name);
extern const struct arch arch_table[];
extern const size_t arch_count;

/** Is there an instruction in the text that needs the machine's highest privilege? */
bool arch_is_privileged(const struct arch *arch, const char *text);

/** @pattern with each @ replaced by the next of the two texts. */
const char *arch_expand(const char *pattern, const char *a, const char *b);

/* ---- suggest.c: "; did you mean 'x'?" or "" ------------------------------------ */

/* What these return is given to diag(), which makes an edit of it, too. */
const char *suggest(struct run *run, const struct map *map, const char *word);
const char *suggest_one(struct run *run, const char *known, const char *word);
const char *suggest_member(struct run *run, const struct decl *record, const char *word);
const char *suggest_param(struct run *run, const params *params, const char *word);
const char *suggest_const(struct run *run, const struct scope *scope, const char *word);
const char *suggest_type(struct run *run, const struct scope *scope, const char *tag,
			 const char *word);
const char *suggest_interface(struct run *run, const char *word);
const char *suggest_abi(struct run *run, const char *word);

/* What they are made of. */
struct nearest suggest_begin(const struct run *run, const char *word);
void suggest_try(struct run *run, struct nearest *n, const char *candidate);
const char *suggest_end(struct run *run, struct nearest n);

/* ---- resolve.c: names to things ------------------------------------------ */

/** Pass: finds the types, constants, ops and calls that names mean. */
bool resolve(struct run *run);

void each_scope(struct run *run, void (*visit)(struct run *run, struct scope *scope));

/** Declaration seen from @scope, or NULL. */
struct decl *scope_find(struct run *run, const struct scope *scope, struct name name);
void resolve_type(struct run *run, const struct scope *scope, struct type *type);
void resolve_params(struct run *run, const struct scope *scope, params *params);

bool type_is_void(const struct type *type);
bool type_is_pointer(const struct type *type);

/** Is it a value that comes back, not what it points to? */
bool is_output(const struct param *p);

/** The scalar that a value of this type is, through typedefs and one-member structs. */
const struct scalar *type_scalar(const struct type *type);

/** Least and greatest number of a scalar type, signed or not. */
void type_range(const struct run *run, const struct type *type, int64_t *low, int64_t *high);

/** Structure or union that a value of this type is, through typedefs; else NULL. */
const struct decl *type_record(const struct type *type);

/** The one member of a small struct passed by value, else NULL. */
const struct member *type_wrapped(const struct type *type);
/** Is it a pointer to text that does not change? */
bool type_is_text(const struct type *type);
const struct member *record_member(const struct decl *record, const char *name);

/** The constant of this name, or NULL and a report. */
const struct decl *find_const(struct run *run, const struct scope *scope, struct name name);

/** The type of a result, which may be void. */
void resolve_result(struct run *run, const struct scope *scope, struct type *type,
		    struct name name);

/** As resolve_params, for a call: its parameters and its result may say where they travel. */
void resolve_call_params(struct run *run, const struct scope *scope, params *params);
void resolve_sub_params(struct run *run, const struct scope *scope, params *params);
void resolve_result_attributes(struct run *run, struct param *result);

/* ---- shape.c: what a description says about its structures ----------------- */

void resolve_shape(struct run *run, struct decl *d);
void resolve_member_shape(struct run *run, struct member *m);

/** Reports what of it the layout does not prove. */
void prove_shape(struct run *run, const struct decl *d);

/* ---- names.c: names that C cannot have ------------------------------------- */

/** False and a report if the name is a word of C. */
bool c_name(struct run *run, struct name name);

/** Pass: generated C calls no two things the same. */
bool check_c_names(struct run *run);

/** Reports the name of what people write if generated C has something else of this name. */
void check_symbol(struct run *run, struct name symbol);

/* ---- bits.c: numbers whose bits have names -------------------------------- */

/** Checks the fields: inside the number, no two for one bit, none forgotten. */
void resolve_bits(struct run *run, struct decl *d);

/** 0 if there are no such bits. */
uint64_t bits_mask(int64_t high, int64_t low);

/** Reports bits that a number of this width does not have. */
bool check_bits(struct run *run, struct loc loc, int64_t high, int64_t low, int64_t width);

/* ---- interface.c, op.c, abi.c, backend.c: what statements mean, by attributes.h -- */

void resolve_interface_stmts(struct run *run, struct interface *interface);
void resolve_op(struct run *run, struct interface *interface, struct op *op);

/** The op of this name, or of this path of groups and a name; NULL and a report. */
struct op *find_op(struct run *run, const struct interface *i, const names *path);

/** The group of this name; NULL and a report. */
struct group *find_group(struct run *run, const struct interface *i, struct name name);

/** Has the slot no callers: is it spare, or retired? */
bool op_is_dead(const struct op *op);

/** "1.2" of version_make(1, 2). */
const char *version_text(int64_t version);

/** Value of a number or of a constant; false and a report if it is none, or too big for the type.
 */
bool resolve_number(struct run *run, const struct scope *scope, const struct operand *o,
		    const struct type *type, const char *name, int64_t *value);

void resolve_data(struct run *run, struct interface *i, struct data *d);

/** Is this a value for the data?  Sets *number unless it is a string; false and a report. */
bool data_value(struct run *run, const struct scope *scope, const struct data *d,
		const struct operand *o, int64_t *number);
void resolve_registration(struct run *run, struct registration *registration);

/** Function or data of the kernel's that hooks declare, by its dotted name; NULL: there is none. */
const struct registration_member *find_hook(const struct interface *i, const names *path);
void resolve_abi(struct run *run, struct abi *abi);

/** Chooses the architecture for which an abi is laid out. */
void choose_arch(struct run *run, struct abi *abi);

/** The call of this name on the architecture at hand, or if there is none on another; or NULL. */
const struct call *abi_call(const struct abi *abi, const char *name);

/** The first entry by which a call is made on an architecture, or NULL. */
const struct entry *abi_entry_of(const struct abi *abi, const struct call *call,
				 const struct arch *arch);

/** What holds for a call: what it says itself, else what its entry says. */
const struct clobbers *call_clobbers(const struct entry *e, const struct call *call);
const struct errors *call_errors(const struct abi *abi, const struct call *call);

/** Why pvgen writes no function for a call, or NULL if it does. */
const char *call_gap(const struct call *call);

/** What of a call that a ROM has nothing is written for; or NULL. */
const char *target_gap(const struct arch *arch, const struct call *call);

/** The number of the call in the abi that is asked of a ROM, with all before it. */
unsigned int abi_targets(const struct abi *abi);

/** What a ROM may answer who asks for the call: a bit each. */
unsigned int call_answers(const struct call *call);

/** As in a description: "call"... */
const char *answer_name(enum rom_answer relocation);

const char *kind_name(enum call_kind kind);

/** Does the call's code come back to the caller? */
bool call_returns(const struct call *call);
const char *domain_name(enum error_domain domain);

/** Takes @at of a parameter of a sub-command; false if the attribute is another. */
bool say_at(struct run *run, struct param *p, const struct attribute *a);

/** Takes an attribute that says where a value of a call travels; false if it is none. */
bool say_carrier(struct run *run, struct param *p, const struct attribute *a);
void resolve_backend(struct run *run, struct backend *backend);

/** Reports an instruction that is none. */
void template_check(struct run *run, const struct operand *insn);

/** Space by the name that follows @; SPACE_NONE if there is none of this name. */
enum space space_find(const char *name);
const char *space_name(enum space space);

/* ---- expr.c: conditions; expr.h has the atoms ------------------------------ */

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/** What is known of a resolved condition before boot; NULL is no condition. */
enum truth expr_truth(const struct expr *e);

/** Does the comparison hold between two numbers? */
bool expr_compare(enum expr_kind kind, int64_t left, int64_t right);

/** The operator between two operands, as it is written. */
const char *expr_operator(enum expr_kind kind);

/** As it would be written: equal texts are equal conditions. */
const char *expr_text(const struct expr *e);

/** An operand as a description has it. */
const char *operand_text(const struct operand *o);

/** Finds the configuration symbols that a guard asks; false and a report if it is none. */
bool resolve_guard(struct run *run, struct expr *guard);

/** The same of a type's, which asks for nothing but the architecture: it is never open. */
bool resolve_type_guard(struct run *run, struct expr *guard);

/** The same for a template's condition, which asks what is derived from the slots. */
bool resolve_template_condition(struct run *run, const struct interface *i, struct expr *when);

/** "-D SYMBOL -D SYMBOL=NUMBER": what would tell whether the condition is true. */
const char *open_settings(const struct expr *e);

/* ---- config.c: the configuration -------------------------------------------- */

/** Pass: takes what -D says, finds what the guards ask, and leaves out what they exclude. */
bool configure(struct run *run);

/** Pass: no guard is open.  Slots are known then. */
bool decide(struct run *run);

/* ---- when.c: conditions and phases of backends -------------------------------- */

/**
 * Finds what the conditions of a backend ask; reports those that can never hold, and leaves out
 * what the configuration excludes.
 */
void resolve_whens(struct run *run, struct backend *b);

/** Does the configuration exclude what is under the condition? */
bool when_is_left_out(const struct when *when);

/** A condition, and whether it holds. */
struct clause {
	const struct when *when; /* NULL: no condition */
	bool holds;
};

/** False if no machine satisfies all clauses; when in doubt, true. */
bool can_hold(const struct clause *clauses, size_t n);

/** Something that a backend chooses among others of its key. */
struct choice {
	const char *key; /* interned */
	const struct when *when;
	const struct phase *phase;
	struct loc loc;
};

typedef VEC(struct choice) choices;

/** Reports what is never chosen because something before it always is. */
void check_choices(struct run *run, const choices *choices);

/** The condition as text; "" without one. */
const char *when_text(const struct when *when);

/* ---- layout.c: sizes and offsets ------------------------------------------ */

/** Pass: lays out all structures for the architecture. */
bool layout(struct run *run);
uint64_t type_size(const struct arch *arch, const struct type *type);

/* ---- written.c: what people write of a backend (skeleton.h has more of it) ------ */

/** Reports a symbol that is two things of different types. */
void check_symbols(struct run *run, const struct backend *b);

/* ---- agree.c: an op's types against those of its hypercall ------------------ */

/** Reports an argument that C would not pass to the call. */
void check_argument(struct run *run, const struct argument *a, const struct param *target);

/** ... and a result that C would not take for the op's. */
bool check_call_result(struct run *run, const struct op *op, const struct call *call,
		       struct loc loc);

/* ---- bind.c: which backend does what, and how ------------------------------ */

/** Pass: an implementation for each op of each backend, or an error. */
bool bind(struct run *run);

/** As in a description: "inline", "call"... */
const char *impl_name(enum impl_kind kind);

/** What of the native implementation may need privilege; NULL if nothing does. */
const char *privileged_part(const struct run *run, const struct op *op, const struct impl *native);

/** Call that ABI.CALL or ABI.CALL.SUB names, and which *@sub; NULL and a report if there is none.
 */
const struct call *find_call(struct run *run, const struct backend *b, const names *path,
			     struct loc loc, const struct subcall **sub);

/** Place that path[first...] names: STRUCTURE.MEMBER...; false and a report if there is none. */
bool shared_place(struct run *run, const struct backend *b, const names *path, size_t first,
		  struct place *place);

/* ---- rom_image.c: the hypervisor's half of an abi ---------------------------- */

void resolve_rom(struct run *run, struct rom_image *m);

/** All of them are resolved: takes the lines of the one that it is like. */
void complete_rom(struct run *run, struct rom_image *m);

/** Pass: each rom does each call of its abi, in a way that the abi permits. */
bool bind_roms(struct run *run);

/** As in a description: "inline", "call"... */
const char *rom_way_name(enum rom_way way);

/** What of a ROM no emitter writes yet; NULL: all is written.  (emit_rom_image.c) */
const char *rom_gap(const struct arch *arch, const struct rom_image *m);

/** The statement's operands from a place on, as the description has them; "" without one. */
const char *rom_words(const struct stmt *stmt, size_t first);

/** Bytes of a jump to a call at a fixed place. */
enum { FIXED_JUMP = 5 };

/** What it answers who asks for the call of a line; none without a line. */
enum rom_answer rom_answer_of(const struct rom_line *line);

/** The line of a call, or NULL. */
const struct rom_line *rom_line_of(const struct rom_image *m, const struct call *call);

/** What a member of the header holds; NULL: nothing was said. */
const struct rom_value *rom_value_of(const struct rom_image *m, const struct member *member);

/** The member of a ROM's header at an offset that a standard fixes, or NULL. */
const struct member *rom_member_at(const struct rom_image *m, uint64_t offset, uint64_t size);

/* ---- element.c, cover.c: what of an abi can be had through something else -------- */

/** Finds what of the abi is counted, and in which plane. */
void resolve_elements(struct run *run, struct abi *abi);

/** Pass: what `uses` of backends and `binding` say. */
bool cover(struct run *run);

/** "none", "inside"... as in a description. */
const char *coverage_name(enum coverage verdict);

/* ---- lower.c: all decisions that depend on the architecture ---------------- */

enum form { FORM_CALL, FORM_INLINE, FORM_NOP, FORM_TRAP };

/* Layout of the generated records, which generated code asserts and verify*.c read. */
enum { SITE_SIZE = 8, BACKEND_NAME = 0, NO_RELOCATION = 0xff };

/** An address, and eight bytes. */
static inline unsigned int patch_size(const struct arch *arch)
{
	return arch->word + 8;
}

/** Behind an address, two truth values, two numbers, and two addresses more. */
static inline unsigned int backend_ops(const struct arch *arch)
{
	unsigned int numbers = (arch->word + 2 + 3) / 4 * 4 + 8;

	return (numbers + arch->word - 1) / arch->word * arch->word + 2 * arch->word;
}

static inline unsigned int backend_patches(const struct arch *arch)
{
	return backend_ops(arch) + arch->word;
}

struct lowered {
	enum form form;
	const char *symbol; /* what the slot holds */
	VEC(struct insn {
		const char *text;
		const char *shape; /* the same length, without symbols */
		struct loc loc;
		const char *target; /* the instruction ends in a pc-relative reference to it */
	})
	insns;
};

/** Pass: instruction text and symbols of each op of each backend. */
bool lower(struct run *run);

/** What the op's slot holds at first: of a call through a ROM what is done before it is bound. */
const struct impl *slot_impl(const struct backend *b, const struct op *op);

/** Name of what is generated for an op of a backend. */
const char *lowered_symbol(const struct backend *b, const struct op *op);

/** Words of arguments, by where they travel. */
struct passing {
	unsigned int registers, stack;
};

/**
 * Where the next argument travels: true, in registers.  One that does not fit into those that are
 * left is on the stack, and so are all behind it.
 */
bool pass_next(const struct arch *arch, struct passing *p, const struct type *type);

/** All arguments of an op. */
struct passing op_passing(const struct arch *arch, const struct op *op);

/** Words that a value is. */
unsigned int word_count(const struct arch *arch, const struct type *type);

/** Has the op a body that is generated, which its slot leads to? */
bool has_body(const struct lowered *l);

/** Of a whole register or "flags", by its name: its bit in a mask of arch->registers; 0: none. */
uint32_t register_bit(const struct arch *arch, const char *name);

/** What a call of the op may change: a bit for each of arch->registers. */
uint32_t op_changes(const struct arch *arch, const struct op *op);
bool op_changes_flags(const struct arch *arch, const struct op *op);

/* ---- effects.c: what templates change ----------------------------------------- */

extern const struct effects effects_x86_64, effects_i386;

/** Pass: no template changes more than its op may, and each leaves the stack as it was. */
bool effects(struct run *run);

/* ---- gaps.c: what is not written yet ------------------------------------------- */

/** Pass: nothing that was described would be missing in what is written. */
bool find_gaps(struct run *run);

/** Does an interface say that nobody knows what its pointers are for?  (unknown.c) */
bool pointers_are_unknown(const struct run *run);

/** Pass: what would be written is known.  (unknown.c) */
bool find_unknown(struct run *run);

/** Of the profiles. */
void find_kernel_gaps(struct run *run);
void find_linux_gaps(struct run *run);

/* ---- lint.c: what is allowed but was hardly meant ------------------------------ */

/** Pass: warnings. */
bool lint(struct run *run);

/** Whoever finds what a name means says which file needs which. */
void note_use(struct run *run, struct loc user, struct loc used);

/* ---- emit_*.c: print what was decided ---------------------------------------- */

struct emitter {
	const char *kind;    /* --emit=KIND */
	const char *pattern; /* name of the file; @ is the module's name */
	enum { PER_INTERFACE, PER_ABI, PER_BACKEND, PER_ROM, PER_SLOTS, PER_RUN } per;
	/* A model repeats what was described, so no gap is in it; code for blobs has a flag. */
	enum { CODE, BLOB_CODE, MODEL } what;
	void (*emit)(const struct run *run, const void *module, struct out *o);
};

static inline bool emitter_suits(const struct emitter *e, const struct arch *arch)
{
	return e->what != BLOB_CODE || arch->has_blobs;
}

/** Is it among what is written when nothing is asked for?  What is to be compared with is not. */
static inline bool emitter_is_usual(const struct emitter *e, const struct arch *arch)
{
	return e->per != PER_RUN && emitter_suits(e, arch);
}

/** For whom is written: a set of emitters. */
struct profile {
	const char *name; /* --profile=NAME */
	const struct emitter *emitters;
	size_t n;
	bool keeps_guards; /* the C preprocessor decides what the configuration leaves open */
	/*
	 * The functions are a kernel's that does not know pvgen: anywhere, static where the tables
	 * are, without a word of revisions; its numbers of 64 bits are long long.
	 */
	bool is_foreign;
	void (*find_gaps)(struct run *run);
	const char *licence; /* SPDX, unless --spdx says another; NULL: none is said */
};

extern const struct profile profiles[];
extern const size_t profile_count;

/** Is something asked for beside models? */
bool run_writes_code(const struct run *run);

void emit_snapshot(const struct run *run, const void *unused, struct out *o);

void emit_ops(const struct run *run, const void *module, struct out *o);
/** A call of the op in assembly, with its record. */
void emit_site(const struct run *run, const struct interface *i, const struct op *op,
	       struct out *o);

void emit_calls(const struct run *run, const void *module, struct out *o);
void emit_asm(const struct run *run, const void *module, struct out *o);
void emit_tables(const struct run *run, const void *module, struct out *o);
void emit_canary_header(const struct run *run, const void *module, struct out *o);
void emit_canary_code(const struct run *run, const void *module, struct out *o);
void emit_manifest(const struct run *run, const void *module, struct out *o);
void emit_abi(const struct run *run, const void *module, struct out *o);

/** A binary interface as an object of the manifest. */
void put_abi_model(const struct abi *a, struct out *o);
void emit_backend_header(const struct run *run, const void *module, struct out *o);
void emit_backend_table(const struct run *run, const void *module, struct out *o);
void emit_backend_templates(const struct run *run, const void *module, struct out *o);
/** The table of a backend's slots alone, for all to see. */
void emit_backend_slots(const struct backend *b, struct out *o);
/** The byte that says where a template has a relative reference. */
void emit_patch_relocation(const struct lowered *l, struct out *o);
/** Text in which @ is the interface's name, and ^ the same in capitals. */
void emit_pattern(const struct interface *i, const char *text, struct out *o);

void emit_binary_header(const struct run *run, const void *module, struct out *o);
void emit_binary_tables(const struct run *run, const void *module, struct out *o);
void emit_binary_code(const struct run *run, const void *module, struct out *o);
void emit_blob_frame(const struct run *run, const void *module, struct out *o);

void emit_rom_code(const struct run *run, const void *module, struct out *o);
void emit_rom_header(const struct run *run, const void *module, struct out *o);

/* For Linux: see emit_linux.c. */
void emit_linux_types(const struct run *run, const void *module, struct out *o);
void emit_linux_calls(const struct run *run, const void *module, struct out *o);
void emit_linux_native(const struct run *run, const void *module, struct out *o);
void emit_linux_slots(const struct run *run, const void *module, struct out *o);

/* ---- emit.c: what emitters share ----------------------------------------------- */

/** Pass: runs the emitters that were asked for. */
bool emit(struct run *run);

void emit_banner(struct out *o, struct position source);
void emit_doc(struct out *o, const char *indent, const char *doc);

/** Tells the assembler where the next line comes from. */
void emit_origin(const struct run *run, struct loc loc, struct out *o);

/* ---- ctext.c: descriptions as C -------------------------------------------------- */

const char *upper(const char *s);

/** "const struct xen_x *name"; with an empty name the type alone. */
const char *c_declare(const struct type *type, const char *name);

/** "type a, type b", or "void". */
const char *c_params(const params *params);

/** The same where the kernel has the numbers' names, such as u64. */
const char *kernel_declare(const struct type *type, const char *name);
const char *kernel_params(const params *params);

/** The word that a value of this type is in a register, and back; of a wider one, the others. */
const char *c_to_word(const struct type *type, const char *value);
const char *c_to_high_word(const struct type *type, const char *value);
const char *c_from_word(const struct type *type, const char *word);
/** A value of one type as one of the other, where either may be a structure of one number. */
const char *c_convert(const struct type *from, const struct type *to, const char *value);

/** Does the op promise less than a normal C call changes? */
bool op_is_narrow(const struct op *op);

/** As a string literal. */
const char *c_string(const char *s);

/** Assembly as an asm statement with operands has it. */
const char *doubled_percents(const char *s);

/** From its first word to its last. */
struct loc path_loc(const names *path);

/** Words from the first on, with dots between them. */
const char *path_text(const names *path, size_t first);

/** A sentence about what a tail op finds on the stack, or "". */
const char *c_frame(const struct op *op);

/** What a call of the op changes, to stand behind "Changes". */
const char *c_clobbers(const struct op *op);

/** "group.inner.op", as people name it, and in C. */
const char *op_path(const struct op *op);
const char *data_path(const struct data *data);

/** Sentences about what kinds of address parameters and result are; "" if none is. */
const char *params_units(const params *params);
const char *c_units(const struct op *op);

/** Has the op a wrapper that is not the call stub itself? */
bool has_wrapper_of_its_own(const struct interface *i, const struct op *op);

/** "since 1.2: ADVICE" of a deprecated op; "group.op is retired since 1.2" of a retired one. */
const char *op_deprecation(const struct op *op);
const char *op_retirement(const struct op *op);

/** What generated code says about an op: its documentation, and what a call changes. */
const char *op_contract(const struct op *op);

/** The group directly inside of @outer that the op is in; NULL if it is in @outer itself. */
const struct group *inner_group(const struct group *outer, const struct op *op);

/** What stands before the declaration of a function with a narrow op's convention. */
const char *c_narrow(const struct interface *i, const struct op *op);

/** Declaration of a function, or with name "(*x)" of a pointer, that implements the op. */
const char *c_prototype(const struct interface *i, const struct op *op, const char *name);

/** All constants, and all types in an order that C accepts, with their proofs. */
void emit_constants(const struct scope *scope, struct out *o);
void emit_types(const struct scope *scope, struct out *o);

/* ---- verify.c: the built object against the description --------------------------- */

/** Pass: finds where run->objects differ from the description. */
bool verify(struct run *run);

/** Is this a form of the report: "text", "sites" or "json"? */
bool report_knows(const char *request);

/* ---- seal.c: an image as a blob ----------------------------------------------------- */

/** Pass: checks run->objects against the description, and makes an output of it. */
bool seal(struct run *run);

/* ---- depend.c: what outputs are made of ---------------------------------------------- */

/** Pass: adds the make rule that was asked for to the outputs. */
bool depend(struct run *run);

/** A file's name as it stands in a make rule. */
const char *make_name(const char *path);

/* ---- fix.c: edits that diagnostics suggest ----------------------------------------- */

/** Makes them, each in its file, and says so; false after a report. */
bool apply_fixes(struct run *run);

/* ---- output.c: files -------------------------------------------------------------- */

/** Pass: writes the outputs. */
bool write_outputs(struct run *run);

/** No two go to one file, and none to a file that was read; else false and a report. */
bool places_are_free(struct run *run, const outputs *files);

/** Writes what changed, each file aside and renamed, all or none; - is standard output. */
bool write_files(struct run *run, const outputs *files);

/** Does the file hold this text already? */
bool output_is_current(const struct output *out);

/** Names them on standard output. */
bool print_outputs(struct run *run);

/**
 * The row of a table of forms, each of which begins with its name, that FORM or FORM:FILE asks for;
 * NULL if there is none.
 */
#define report_form(forms, request)                                                                \
	((typeof(&(forms)[0]))report_form_row(forms, NELEM(forms), sizeof((forms)[0]), request))
const void *report_form_row(const void *forms, size_t n, size_t size, const char *request);

/** The text of one more output: of FILE, without one of standard output. */
struct out *report_output(struct run *run, const char *request);

#endif
