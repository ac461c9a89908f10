/*
 * Grammar of a description.  LALR(1) without conflicts and without feedback
 * from declared names; lists are left-recursive.  Statements inside an op, an
 * abi or a backend are words and operands here: what they mean is in the
 * tables of resolve.c and bind.c.
 */
%code requires {
#include "parse.h"
}

%define api.pure full
%define api.location.type {struct loc}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%parse-param {struct parse *p} {void *scanner}
%lex-param {struct parse *p} {void *scanner}

%code {
#include <errno.h>
#include <string.h>

#include "build.h"

#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
	((current) = (n) ? (struct loc){YYRHSLOC(rhs, 1).file, YYRHSLOC(rhs, 1).begin,             \
					YYRHSLOC(rhs, n).end}                                      \
			 : (struct loc){YYRHSLOC(rhs, 0).file, YYRHSLOC(rhs, 0).end,               \
					YYRHSLOC(rhs, 0).end})

static void yyerror(struct loc *loc, struct parse *p, void *scanner, const char *text);
}

/* Copied for each token and each rule: what is larger is a pointer, or only ever part of a list. */
%union {
	struct token token;
	names names;
	struct type type;
	params params;
	struct attribute attribute;
	attributes attributes;
	struct operand operand;
	operands operands;
	struct stmt *stmt;
	stmts stmts;
	arguments arguments;
	struct decl *decl;
	struct expr *expr;
	struct feature *feature;
	bit_fields fields;
	bool is_said;
}

%token END 0 "end of file"
%token <token> IDENT "a name" INT "a number" STRING "a string" C_WORD "a type"
%token <token> LANGUAGE "language" IMPORT "import" INTERFACE "interface" VERSION "version"
%token <token> GROUP "group" OP "op" REGISTRATION "registration" ABI "abi" CALL "call" SUB "sub"
%token <token> SHARED "shared" BACKEND "backend" BINDING "binding" FOR "for" ON "on" AT "at"
%token <token> CONFIG "config" ROM "rom"
%token <token> DATA "data" FEATURE "feature" HINT "hint" HOOKS "hooks" IF "if" MSR "msr"
%token <token> BITS "bits" PHASE "phase" SPARE "spare" TABLE "table" WHEN "when" PACKED "packed"
%token <token> TYPEDEF "typedef" STRUCT "struct" UNION "union" CONST "const" VOID "void"
%token <token> '{' '}' '(' ')' '[' ']' ';' ':' ',' '.' '*' '=' '@' '-' '+' '<' '>' '!'
%token <token> OR "||" AND "&&" EQUAL "==" UNEQUAL "!=" AT_MOST "<=" AT_LEAST ">="

%left OR
%left AND
%nonassoc EQUAL UNEQUAL '<' '>' AT_MOST AT_LEAST
%precedence '!'

%type <token> name record_word stmt_word
%type <names> path
%type <type> type base c_words
%type <params> params param_list
%type <attribute> attribute
%type <attributes> attributes
%type <operand> operand range
%type <operands> operands operand_list comma_operands
%type <stmt> word_stmt condition_stmt binding
%type <stmts> stmts rom_stmts body
%type <arguments> arguments argument_list argument
%type <decl> members member_block
%type <operand> integer
%type <is_said> packed shared
%type <expr> expr guard
%type <feature> feature_place
%type <fields> fields field_block
%type <names> table on

%%

file:
  %empty
| file item
| file error ';'		{ yyerrok; }
| file error '}'		{ yyerrok; }
;

item:
  LANGUAGE INT ';'		{ check_language(p, $2); }
| IMPORT STRING ';'		{ import(p, $2, @$); }
| decl
| config
| interface
| abi
| backend
| rom
| coverage
;

/* A symbol of the kernel's configuration, which guards may ask. */
config:
  CONFIG C_WORD name ';'	{ define_config(p, $1, $2, $3); }
;

/* ---- names, types, parameters ---- */

/* Every keyword that is no word of C is also a name. */
name:
  IDENT | LANGUAGE | IMPORT | INTERFACE | VERSION | GROUP | OP | REGISTRATION | ABI
| CALL | SUB | SHARED | BACKEND | BINDING | FOR | ON | PACKED | AT | BITS | CONFIG | DATA | FEATURE | HINT | HOOKS
| IF | MSR | PHASE | ROM | SPARE | TABLE | WHEN
;

path:
  name				{ $$ = (names){0}; *vec_push(&$$) = $1.name; }
| path '.' name			{ $$ = $1; *vec_push(&$$) = $3.name; }
;

type:
  base				{ $$ = $1; $$.loc = @$; }
| CONST base			{ $$ = $2; $$.is_const = true; $$.doc = $1.doc; $$.loc = @$; }
| type '*'			{ $$ = $1; $$.stars++; $$.loc = @$; }
;

base:
  VOID				{ $$ = (struct type){.name = $1.name, .doc = $1.doc}; }
| c_words			{ $$ = $1; }
| name				{ $$ = (struct type){.name = $1.name, .doc = $1.doc}; }
| STRUCT name			{ $$ = (struct type){.name = $2.name, .doc = $1.doc, .tag = "struct", .tag_loc = @1}; }
| UNION name			{ $$ = (struct type){.name = $2.name, .doc = $1.doc, .tag = "union", .tag_loc = @1}; }
;

c_words:
  C_WORD			{ $$ = (struct type){.name = $1.name, .doc = $1.doc}; }
| c_words C_WORD		{ $$ = join_words($1, $2); }
;

params:
  %empty			{ $$ = (params){0}; }
| VOID				{ $$ = (params){0}; }
| param_list			{ $$ = $1; }
;

param_list:
  type name attributes		{ $$ = (params){0}; *vec_push(&$$) = (struct param){.name = $2.name, .type = $1, .attributes = $3}; }
| param_list ',' type name attributes	{ $$ = $1; *vec_push(&$$) = (struct param){.name = $4.name, .type = $3, .attributes = $5}; }
;

attributes:
  %empty			{ $$ = (attributes){0}; }
| attributes attribute		{ $$ = $1; *vec_push(&$$) = $2; }
;

attribute:
  '@' name			{ $$ = (struct attribute){.name = $2.name}; }
| '@' name '(' comma_operands ')'	{ $$ = (struct attribute){.name = $2.name, .operands = $4}; }
;

comma_operands:
  operand			{ $$ = (operands){0}; *vec_push(&$$) = $1; }
| comma_operands ',' operand	{ $$ = $1; *vec_push(&$$) = $3; }
;

integer:
  INT				{ $$ = (struct operand){.kind = OPERAND_INT, .loc = @$, .value = $1.value}; }
| '-' INT			{ $$ = (struct operand){.kind = OPERAND_INT, .loc = @$, .value = negative(p, $2)}; }
;

/* ---- conditions ---- */

guard:
  %empty			{ $$ = NULL; }
| IF expr			{ $$ = $2; }
;

expr:
  path				{ $$ = new_expr(p, &(struct expr){EXPR_PATH, @$, .path = $1}); }
| INT				{ $$ = new_expr(p, &(struct expr){EXPR_INT, @$, .value = $1.value}); }
| path '(' comma_operands ')'	{ $$ = new_expr(p, &(struct expr){EXPR_CALL, @$, .path = $1, .operands = $3}); }
| '(' expr ')'			{ $$ = $2; }
| '!' expr			{ $$ = new_expr(p, &(struct expr){EXPR_NOT, @$, .left = $2}); }
| expr OR expr			{ $$ = new_expr(p, &(struct expr){EXPR_OR, @$, .left = $1, .right = $3}); }
| expr AND expr			{ $$ = new_expr(p, &(struct expr){EXPR_AND, @$, .left = $1, .right = $3}); }
| expr EQUAL expr		{ $$ = new_expr(p, &(struct expr){EXPR_EQUAL, @$, .left = $1, .right = $3}); }
| expr UNEQUAL expr		{ $$ = new_expr(p, &(struct expr){EXPR_UNEQUAL, @$, .left = $1, .right = $3}); }
| expr '<' expr			{ $$ = new_expr(p, &(struct expr){EXPR_LESS, @$, .left = $1, .right = $3}); }
| expr '>' expr			{ $$ = new_expr(p, &(struct expr){EXPR_MORE, @$, .left = $1, .right = $3}); }
| expr AT_MOST expr		{ $$ = new_expr(p, &(struct expr){EXPR_AT_MOST, @$, .left = $1, .right = $3}); }
| expr AT_LEAST expr		{ $$ = new_expr(p, &(struct expr){EXPR_AT_LEAST, @$, .left = $1, .right = $3}); }
;

/* ---- constants and types ---- */

decl:
  CONST name '=' INT ';'	{ define_const(p, $2, $1.doc, $4.value, false); }
| CONST name '=' '-' INT ';'	{ define_const(p, $2, $1.doc, negative(p, $5), true); }
| TYPEDEF type name ';'		{ define_typedef(p, $3, $1.doc, $2); }
| TYPEDEF type name '(' params ')' ';'	{ define_function(p, $3, $1.doc, $2, $5); }
| BITS name ':' type field_block ';'	{ define_bits(p, $2, $1.doc, $4, $5); }
| shared record_word name ';'	{ define_opaque(p, $2, $3); }
| shared record_word name packed attributes guard member_block ';'	{ define_record(p, $2, $3, $7, $5, $6, $1, $4); }
;

/* Complete, so that an error behind it is none in it. */
field_block: '{' fields close	{ $$ = $2; };
member_block: '{' members close	{ $$ = $2; };

/* What the bits of a number mean. */
fields:
  %empty			{ $$ = (bit_fields){0}; }
| fields name range ';'		{ $$ = $1; *vec_push(&$$) = (struct bit_field){$2.name, $2.doc, @3, $3.value, $3.low}; }
| fields error ';'		{ $$ = $1; yyerrok; }
;

range:
  INT				{ $$ = (struct operand){.kind = OPERAND_INT, .loc = @$, .value = $1.value, .low = $1.value}; }
| INT ':' INT			{ $$ = (struct operand){.kind = OPERAND_RANGE, .loc = @$, .value = $1.value, .low = $3.value}; }
;

shared:
  %empty			{ $$ = false; }
| SHARED			{ $$ = true; }
;

packed:
  %empty			{ $$ = false; }
| PACKED			{ $$ = true; }
;

record_word: STRUCT | UNION ;

members:
  %empty			{ $$ = mem_alloc(sizeof(*$$)); }
| members type name attributes ';'	{ $$ = $1; *vec_push(&$$->members) = (struct member){.name = $3.name, .type = $2, .attributes = $4, .count = 1}; }
| members type name '[' INT ']' attributes ';'	{ $$ = $1; *vec_push(&$$->members) = (struct member){.name = $3.name, .type = $2, .attributes = $7, .count = (uint64_t)$5.value, .is_array = true, .count_name.loc = @5}; }
| members type name '[' name ']' attributes ';'	{ $$ = $1; *vec_push(&$$->members) = (struct member){.name = $3.name, .type = $2, .attributes = $7, .count_name = $5.name, .is_array = true}; }
| members record_word member_block name ';'	{ $$ = $1; *vec_push(&$$->members) = nested_member(p, $2, $3, $4); }
| members error ';'		{ $$ = $1; yyerrok; }
;

/* Of a statement that has no end, the list around it keeps its own. */
close:
  '}'
| error '}'			{ yyerrok; }
;

/* ---- statements: words and operands ---- */

stmts:
  %empty			{ $$ = (stmts){0}; }
| stmts word_stmt		{ $$ = $1; *vec_push(&$$) = $2; }
| stmts condition_stmt		{ $$ = $1; *vec_push(&$$) = $2; }
| stmts error ';'		{ $$ = $1; yyerrok; }
;

/* `if` asks the configuration, `when` the machine at boot. */
condition_stmt:
  IF expr ';'			{ $$ = condition_stmt($1, $2); }
| WHEN expr ';'			{ $$ = condition_stmt($1, $2); }
;

body:
  ';'				{ $$ = (stmts){0}; }
| '{' stmts close		{ $$ = $2; }
;

word_stmt:
  stmt_word operands ';'	{ $$ = word_stmt($1, $2); }
| stmt_word operands '{' stmts close	{ $$ = word_stmt($1, $2); $$->has_block = true; $$->block = $4; }
;

stmt_word: IDENT | SHARED | ROM ;

operands:
  %empty			{ $$ = (operands){0}; }
| operands operand		{ $$ = $1; *vec_push(&$$) = $2; }
;

operand_list:
  operand			{ $$ = (operands){0}; *vec_push(&$$) = $1; }
| operand_list operand		{ $$ = $1; *vec_push(&$$) = $2; }
;

operand:
  path				{ $$ = (struct operand){.kind = OPERAND_PATH, .loc = @$, .path = $1}; }
| name ':' name			{ $$ = (struct operand){.kind = OPERAND_PAIR, .loc = @$}; *vec_push(&$$.path) = $1.name; *vec_push(&$$.path) = $3.name; }
| range				{ $$ = $1; }
| '-' INT			{ $$ = (struct operand){.kind = OPERAND_INT, .loc = @$, .value = negative(p, $2)}; }
| INT '.' INT			{ $$ = version_operand(p, $1, $3, @$); }
| STRING			{ $$ = (struct operand){.kind = OPERAND_STRING, .loc = @$, .string = $1.name.s}; }
;

/* ---- interface ---- */

interface:
  INTERFACE name VERSION INT '.' INT '{'	{ open_interface(p, $1, $2, $4, $6); }
  interface_items close		{ p->scope = &p->run->scope; }
| INTERFACE name '{'		{ open_more(p, $2); }
  more_items close		{ p->scope = &p->run->scope; }
;

/* More of an interface that another file defines: all but ops, whose order is the table's. */
more_items:
  %empty
| more_items decl
| more_items config
| more_items registration
| more_items hooks
| more_items error ';'		{ yyerrok; }
;

interface_items:
  %empty
| interface_items decl
| interface_items config
| interface_items group
| interface_items registration
| interface_items hooks
| interface_items word_stmt	{ *vec_push(&p->interface->stmts) = $2; }
| interface_items error ';'		{ yyerrok; }
;

group:
  GROUP name table guard '{'	{ open_group(p, $1, $2, &$3, $4); }
  group_items close		{ p->group = p->group->outer; }
;

/* Ops that lie in another object than the interface's own table. */
table:
  %empty			{ $$ = (names){0}; }
| TABLE name			{ $$ = (names){0}; *vec_push(&$$) = $2.name; }
;

group_items:
  %empty
| group_items op
| group_items group
| group_items DATA type name attributes guard body	{ define_data(p, $2, $3, $4, $5, $6, $7); }
| group_items SPARE INT ';'	{ define_spare(p, $2, $3); }
| group_items error ';'		{ yyerrok; }
;

op:
  OP type name '(' params ')' attributes guard '{' stmts close {
	struct op op = {.name = $3.name, .doc = $1.doc, .type = $2, .params = $5, .attributes = $7, .guard = $8, .stmts = $10};

	define_op(p, &op);
}
;

registration:
  REGISTRATION name '{'		{ open_registration(p, $1, $2); }
  registration_members close
;

/* Functions and data of the kernel's that a backend may replace. */
hooks:
  HOOKS path '{'		{ open_hooks(p, $1, &$2); }
  registration_members close
;

registration_members:
  %empty
| registration_members type name attributes ';'	{ registration_member(p, $2, $3, false, (params){0}, $4); }
| registration_members type name '(' params ')' attributes ';'	{ registration_member(p, $2, $3, true, $5, $7); }
| registration_members error ';'		{ yyerrok; }
;

/* ---- abi ---- */

abi:
  ABI name '{'			{ open_abi(p, $1, $2); }
  abi_items close			{ p->scope = &p->run->scope; }
;

abi_items:
  %empty
| abi_items decl
| abi_items word_stmt		{ *vec_push(&p->abi->stmts) = $2; }
| abi_items call
| abi_items MSR integer type name body	{ define_msr(p, $2, $3, $4, $5, $6); }
| abi_items FEATURE name '=' feature_place body	{ define_feature(p, $2, $3, $5, $6, false); }
| abi_items HINT name '=' feature_place body	{ define_feature(p, $2, $3, $5, $6, true); }
| abi_items error ';'		{ yyerrok; }
;

call:
  CALL integer type name '(' params ')' attributes	{ open_call(p, $1, $2, $3, $4, $6, $8); }
  call_body
| CALL AT integer type name '(' params ')' attributes	{ open_call(p, $1, $3, $4, $5, $7, $9); p->call->is_fixed = true; }
  call_body
;

/* A bit that says what the machine offers: cpuid(base + 1).eax[7]. */
feature_place:
  path '(' INT ')' '.' name '[' INT ']'	{ $$ = new_feature(&(struct feature){.source = $1, .leaf = $3.value, .word = $6.name, .bit = $8.value, .bit_loc = @8, .loc = @$}); }
| path '(' name '+' INT ')' '.' name '[' INT ']'	{ $$ = new_feature(&(struct feature){.source = $1, .base = $3.name, .leaf = $5.value, .word = $8.name, .bit = $10.value, .bit_loc = @10, .loc = @$}); }
;

call_body:
  ';'
| '{' call_items close
;

call_items:
  %empty
| call_items word_stmt		{ *vec_push(&p->call->stmts) = $2; }
| call_items condition_stmt	{ *vec_push(&p->call->stmts) = $2; }
| call_items SUB integer name '(' params ')' attributes body	{ define_sub(p, $2, $3, $4, $6, $8, $9); }
| call_items error ';'		{ yyerrok; }
;

/* ---- backend ---- */

backend:
  BACKEND name FOR name on guard '{'	{ open_backend(p, $1, $2, $4, &$5, $6); }
  backend_items close
;

on:
  %empty			{ $$ = (names){0}; }
| ON name			{ $$ = (names){0}; *vec_push(&$$) = $2.name; }
;

backend_items:
  %empty
| backend_items word_stmt	{ add_backend_stmt(p, $2); }
| backend_items binding		{ add_backend_stmt(p, $2); }
| backend_items WHEN expr '{'	{ open_when(p, $3); }
  backend_items close		{ p->when = p->when->outer; }
| backend_items PHASE name '{'	{ open_phase(p, $3); }
  backend_items close		{ p->phase = p->phase->outer; }
| backend_items error ';'		{ yyerrok; }
;

/* The hypervisor's half of an abi: a line for each call. */
rom:
  ROM name FOR name '{' rom_stmts close	{ define_rom(p, $1, $2, $4, $6); }
;

/* Calls may have any name. */
rom_stmts:
  %empty			{ $$ = (stmts){0}; }
| rom_stmts name operands ';'	{ $$ = $1; *vec_push(&$$) = word_stmt($2, $3); }
| rom_stmts error ';'		{ $$ = $1; yyerrok; }
;

/* What of an abi can be expressed through another one. */
coverage:
  BINDING name ON name '{' stmts close	{ define_binding(p, $1, $2, $4, $6); }
;

binding:
  name '.' path operands ';'	{ $$ = binding($1, &$3, $4); }
| name '.' path '=' operand_list ';'	{ $$ = assignment($1, &$3, loc_from_to(@4, @5)); $$->operands = $5; }
| name '.' path '=' path '(' arguments ')' ';'	{ $$ = assignment($1, &$3, loc_from_to(@4, @8)); $$->call = $5; $$->arguments = $7; }
;

arguments:
  %empty			{ $$ = (arguments){0}; }
| argument_list			{ $$ = $1; }
;

argument_list:
  argument
| argument_list ',' argument	{ $$ = $1; *vec_push(&$$) = $3.v[0]; }
;

/* A list of one. */
argument:
  operand			{ $$ = (arguments){0}; *vec_push(&$$) = (struct argument){.value = $1}; }
| name '(' operand ')'		{ $$ = (arguments){0}; *vec_push(&$$) = (struct argument){.converter = $1.name, .value = $3}; }
;

%%

/** Called only when the parser's stack is full; other errors come from below. */
static void yyerror(struct loc *loc, struct parse *p, void *scanner, const char *text)
{
	(void)scanner;
	(void)text;
	diag(p->run, syntax, *loc, "nested too deeply", "");
}

/** The token at a place, as the reader wrote it, or its beginning. */
static const char *quoted(const struct parse *p, const yypcontext_t *context)
{
	enum { LONGEST = 60 };
	const struct loc *loc = yypcontext_location(context);
	uint32_t n = loc->end - loc->begin;

	if (yypcontext_token(context) == YYSYMBOL_YYEOF)
		return "end of file";
	return mem_printf("'%.*s%s'", n > LONGEST ? LONGEST : (int)n, p->source->text + loc->begin,
			  n > LONGEST ? "..." : "");
}

/** Keywords that are names too need no mention beside "a name". */
static bool is_mentioned(yysymbol_kind_t kind, bool is_name_expected)
{
	bool is_name = kind >= YYSYMBOL_LANGUAGE && kind <= YYSYMBOL_PACKED;

	return !is_name || !is_name_expected;
}

/** Does nothing but a ';' lack: before a '}', or at the end of a line that needs one? */
static bool lacks_semicolon(const struct parse *p, const yypcontext_t *context,
			    const yysymbol_kind_t *expected, int n)
{
	const char *between = p->source->text + p->recovery.end_before;
	uint32_t begin = yypcontext_location(context)->begin;
	bool is_expected = false;

	for (int i = 0; i < n; i++)
		is_expected |= !strcmp(yysymbol_name(expected[i]), "';'");
	if (!is_expected || begin < p->recovery.end_before)
		return false;
	if (!strcmp(quoted(p, context), "'}'"))
		return true;
	return n == 1 && (yypcontext_token(context) == YYSYMBOL_YYEOF ||
			  memchr(between, '\n', begin - p->recovery.end_before));
}

static void report_semicolon(struct parse *p, const char *next)
{
	uint32_t end = p->recovery.end_before;
	struct loc loc = {p->file, end, end};

	diag(p->run, syntax, loc, mem_printf("expected ';' before %s", next), "");
	diag_fix(p->run, loc, ";");
}

/** ", expected A, B or C": a list too long to help is left out. */
static const char *expected_text(const yysymbol_kind_t *all, int n)
{
	enum { MAX_SHOWN = 6 };
	yysymbol_kind_t shown[YYNTOKENS];
	bool is_name_expected = false;
	struct out text = {0};
	int count = 0;

	for (int i = 0; i < n; i++)
		is_name_expected |= all[i] == YYSYMBOL_IDENT;
	for (int i = 0; i < n; i++)
		if (is_mentioned(all[i], is_name_expected))
			shown[count++] = all[i];
	for (int i = 0; i < count && count <= MAX_SHOWN; i++)
		put(&text, "%s%s", i == 0 ? ", expected " : i + 1 < count ? ", " : " or ",
		    yysymbol_name(shown[i]));
	return text_of(&text);
}

/** A keyword that a name may be meant to be, where no name can be: but for one slip the same. */
static const char *suggest_keyword(struct parse *p, const yysymbol_kind_t *all, int n)
{
	const struct kept *last = &p->recovery.last;
	struct nearest nearest = suggest_begin(p->run, last->kind == IDENT ? last->token.name.s : "");

	if (nearest.distance > 1)
		nearest.distance = 1;
	for (int i = 0; i < n; i++) {
		const char *name = yysymbol_name(all[i]);

		if (!name[strspn(name, "abcdefghijklmnopqrstuvwxyz")])
			suggest_try(p->run, &nearest, name);
	}
	return suggest_end(p->run, nearest);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p, void *scanner)
{
	yysymbol_kind_t all[YYNTOKENS];
	int n = yypcontext_expected_tokens(context, all, YYNTOKENS);
	const char *found = quoted(p, context);
	bool is_semicolon = lacks_semicolon(p, context, all, n);

	(void)scanner;
	recover(p, is_semicolon);
	/* What stood in between was reported. */
	if (p->bad_end && p->bad_end >= p->recovery.end_before)
		return 0;
	if (is_semicolon) {
		report_semicolon(p, found);
		return 0;
	}
	diag(p->run, syntax, *yypcontext_location(context),
	     mem_printf("unexpected %s%s", found, expected_text(all, n)),
	     suggest_keyword(p, all, n));
	return 0;
}
