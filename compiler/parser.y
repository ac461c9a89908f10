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

int yylex(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner);
static void yyerror(struct loc *loc, struct parse *p, void *scanner, const char *text);
}

%union {
	struct token token;
	names names;
	struct type type;
	struct param param;
	params params;
	struct attribute attribute;
	attributes attributes;
	struct operand operand;
	operands operands;
	struct stmt stmt;
	stmts stmts;
	struct argument argument;
	arguments arguments;
	struct decl *decl;
	struct member member;
	int64_t value;
}

%token END 0 "end of file"
%token <token> IDENT "a name" INT "a number" STRING "a string" C_WORD "a type"
%token <token> LANGUAGE "language" IMPORT "import" INTERFACE "interface" VERSION "version"
%token <token> GROUP "group" OP "op" REGISTRATION "registration" ABI "abi" CALL "call" SUB "sub"
%token <token> SHARED "shared" BACKEND "backend" FOR "for" ON "on" PACKED "packed"
%token <token> TYPEDEF "typedef" STRUCT "struct" UNION "union" CONST "const" VOID "void"
%token <token> '{' '}' '(' ')' '[' ']' ';' ',' '.' '*' '=' '@' '-'

%type <token> name record_word stmt_word
%type <names> path
%type <type> type base c_words
%type <param> param
%type <params> params param_list
%type <attribute> attribute
%type <attributes> attributes
%type <operand> operand
%type <operands> operands operand_list
%type <stmt> word_stmt binding
%type <stmts> stmts
%type <argument> argument
%type <arguments> arguments argument_list
%type <decl> members
%type <member> member
%type <value> integer packed shared

%%

file:
  %empty
| file item
| file error ';'		{ yyerrok; }
;

item:
  LANGUAGE INT ';'		{ check_language(p, $2); }
| IMPORT STRING ';'		{ import(p, $2); }
| decl
| interface
| abi
| backend
;

/* ---- names, types, parameters ---- */

/* Every keyword that is no word of C is also a name. */
name:
  IDENT | LANGUAGE | IMPORT | INTERFACE | VERSION | GROUP | OP | REGISTRATION | ABI
| CALL | SUB | SHARED | BACKEND | FOR | ON | PACKED
;

path:
  name				{ $$ = (names){0}; *vec_push(&$$) = $1.name; }
| path '.' name			{ $$ = $1; *vec_push(&$$) = $3.name; }
;

type:
  base				{ $$ = $1; }
| CONST base			{ $$ = $2; $$.is_const = true; $$.doc = $1.doc; }
| type '*'			{ $$ = $1; $$.stars++; }
;

base:
  VOID				{ $$ = (struct type){.name = $1.name, .doc = $1.doc}; }
| c_words			{ $$ = $1; }
| name				{ $$ = (struct type){.name = $1.name, .doc = $1.doc}; }
| STRUCT name			{ $$ = (struct type){.name = $2.name, .doc = $1.doc, .tag = "struct"}; }
| UNION name			{ $$ = (struct type){.name = $2.name, .doc = $1.doc, .tag = "union"}; }
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
  param				{ $$ = (params){0}; *vec_push(&$$) = $1; }
| param_list ',' param		{ $$ = $1; *vec_push(&$$) = $3; }
;

param:
  type name attributes		{ $$ = (struct param){.name = $2.name, .type = $1, .attributes = $3}; }
;

attributes:
  %empty			{ $$ = (attributes){0}; }
| attributes attribute		{ $$ = $1; *vec_push(&$$) = $2; }
;

attribute:
  '@' name			{ $$ = (struct attribute){.name = $2.name}; }
| '@' name '(' path ')'		{ $$ = (struct attribute){.name = $2.name, .path = $4}; }
;

integer:
  INT				{ $$ = $1.value; }
| '-' INT			{ $$ = negative(p, $2); }
;

/* ---- constants and types ---- */

decl:
  CONST name '=' integer ';'	{ define_const(p, $2, $1.doc, $4); }
| TYPEDEF type name ';'		{ define_typedef(p, $3, $1.doc, $2); }
| TYPEDEF type name '(' params ')' ';'	{ define_function(p, $3, $1.doc, $2, $5); }
| shared record_word name ';'	{ define_opaque(p, $2, $3); }
| shared record_word name packed '{' members close ';'	{ define_record(p, $2, $3, $6, $1, $4); }
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
| members member		{ $$ = $1; *vec_push(&$$->members) = $2; }
| members error ';'		{ $$ = $1; yyerrok; }
;

member:
  type name ';'			{ $$ = (struct member){.name = $2.name, .type = $1, .count = 1}; }
| type name '[' INT ']' ';'	{ $$ = (struct member){.name = $2.name, .type = $1, .count = (uint64_t)$4.value, .is_array = true}; }
| type name '[' name ']' ';'	{ $$ = (struct member){.name = $2.name, .type = $1, .count_name = $4.name, .is_array = true}; }
| record_word '{' members close name ';'	{ $$ = nested_member(p, $1, $3, $5); }
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
| stmts error ';'		{ $$ = $1; yyerrok; }
;

word_stmt:
  stmt_word operands ';'	{ $$ = word_stmt($1, $2, @$); }
| stmt_word operands '{' stmts close	{ $$ = word_stmt($1, $2, @$); $$.has_block = true; $$.block = $4; }
;

stmt_word: IDENT | SHARED ;

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
| integer			{ $$ = (struct operand){.kind = OPERAND_INT, .loc = @$, .value = $1}; }
| STRING			{ $$ = (struct operand){.kind = OPERAND_STRING, .loc = @$, .string = $1.name.s}; }
;

/* ---- interface ---- */

interface:
  INTERFACE name VERSION INT '.' INT '{'	{ open_interface(p, $1, $2, $4.value, $6.value); }
  interface_items close		{ p->scope = &p->run->scope; }
;

interface_items:
  %empty
| interface_items decl
| interface_items group
| interface_items registration
| interface_items error ';'		{ yyerrok; }
;

group:
  GROUP name '{'		{ open_group(p, $1, $2); }
  ops close
;

ops:
  %empty
| ops op
| ops error ';'		{ yyerrok; }
;

op:
  OP type name '(' params ')' attributes '{' stmts close {
	struct op op = {.name = $3.name, .doc = $1.doc, .type = $2, .params = $5, .attributes = $7, .stmts = $9};

	define_op(p, &op);
}
;

registration:
  REGISTRATION name '{'		{ open_registration(p, $1, $2); }
  registration_members close
;

registration_members:
  %empty
| registration_members type name ';'	{ registration_member(p, $2, $3, false, (params){0}); }
| registration_members type name '(' params ')' ';'	{ registration_member(p, $2, $3, true, $5); }
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
| abi_items error ';'		{ yyerrok; }
;

call:
  CALL integer type name '(' params ')'	{ open_call(p, $1, $2, $3, $4, $6); }
  call_body
;

call_body:
  ';'
| '{' call_items close
;

call_items:
  %empty
| call_items word_stmt		{ *vec_push(&p->call->stmts) = $2; }
| call_items SUB integer name '(' params ')' ';'	{ define_sub(p, $2, $3, $4, $6); }
| call_items error ';'		{ yyerrok; }
;

/* ---- backend ---- */

backend:
  BACKEND name FOR name '{'	{ open_backend(p, $1, $2, $4, NULL); }
  backend_items close
| BACKEND name FOR name ON name '{'	{ open_backend(p, $1, $2, $4, &$6); }
  backend_items close
;

backend_items:
  %empty
| backend_items word_stmt	{ *vec_push(&p->backend->stmts) = $2; }
| backend_items binding		{ *vec_push(&p->backend->stmts) = $2; }
| backend_items error ';'		{ yyerrok; }
;

binding:
  name '.' name operands ';'	{ $$ = binding($1, $3, $4, @$); }
| name '.' name '=' operand_list ';'	{ $$ = binding($1, $3, $5, @$); $$.is_assignment = true; }
| name '.' name '=' path '(' arguments ')' ';'	{ $$ = call_binding($1, $3, $5, $7, @$, @5); }
;

arguments:
  %empty			{ $$ = (arguments){0}; }
| argument_list			{ $$ = $1; }
;

argument_list:
  argument			{ $$ = (arguments){0}; *vec_push(&$$) = $1; }
| argument_list ',' argument	{ $$ = $1; *vec_push(&$$) = $3; }
;

argument:
  operand			{ $$ = (struct argument){.value = $1}; }
| name '(' operand ')'		{ $$ = (struct argument){.converter = $1.name, .value = $3}; }
;

%%

/** Called only when the parser's stack is full; other errors come from below. */
static void yyerror(struct loc *loc, struct parse *p, void *scanner, const char *text)
{
	(void)scanner;
	(void)text;
	diag(p->run, syntax, *loc, "nested too deeply");
}

/** The token at a place, as the reader wrote it. */
static const char *quoted(const struct parse *p, const yypcontext_t *context)
{
	const struct loc *loc = yypcontext_location(context);

	if (yypcontext_token(context) == YYSYMBOL_YYEOF)
		return "end of file";
	return mem_printf("'%.*s'", (int)(loc->end - loc->begin), p->source->text + loc->begin);
}

/** Keywords that are names too need no mention beside "a name". */
static bool is_mentioned(yysymbol_kind_t kind, bool is_name_expected)
{
	bool is_name = kind >= YYSYMBOL_LANGUAGE && kind <= YYSYMBOL_PACKED;

	return !is_name || !is_name_expected;
}

/** "unexpected X, expected A, B or C": a list too long to help is left out. */
static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p, void *scanner)
{
	enum { MAX_SHOWN = 6 };
	yysymbol_kind_t all[YYNTOKENS], shown[YYNTOKENS];
	int n = yypcontext_expected_tokens(context, all, YYNTOKENS), count = 0;
	bool is_name_expected = false;
	struct out text = {0};

	(void)scanner;
	for (int i = 0; i < n; i++)
		is_name_expected |= all[i] == YYSYMBOL_IDENT;
	for (int i = 0; i < n; i++)
		if (is_mentioned(all[i], is_name_expected))
			shown[count++] = all[i];
	put(&text, "unexpected %s", quoted(p, context));
	for (int i = 0; i < count && count <= MAX_SHOWN; i++)
		put(&text, "%s%s", i == 0 ? ", expected " : i + 1 < count ? ", " : " or ",
		    yysymbol_name(shown[i]));
	diag(p->run, syntax, *yypcontext_location(context), text_of(&text));
	return 0;
}
