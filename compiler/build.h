/* build.c: what the grammar's actions do, a function for each thing that can be defined. */
#ifndef PVGEN_BUILD_H
#define PVGEN_BUILD_H

#include "parse.h"

void import(struct parse *p, struct token path, struct loc loc);
void check_language(struct parse *p, struct token version);
int64_t negative(struct parse *p, struct token number);
struct type join_words(struct type before, struct token word);

struct expr *new_expr(struct parse *p, const struct expr *expr);
struct stmt *condition_stmt(struct token word, struct expr *condition);
struct operand version_operand(struct parse *p, struct token major, struct token minor,
			       struct loc loc);
void define_config(struct parse *p, struct token keyword, struct token type, struct token name);

void define_const(struct parse *p, struct token name, const char *doc, int64_t value,
		  bool is_negative);
void define_bits(struct parse *p, struct token name, const char *doc, struct type type,
		 bit_fields fields);
void define_typedef(struct parse *p, struct token name, const char *doc, struct type type);
void define_function(struct parse *p, struct token name, const char *doc, struct type type,
		     params params);
void define_opaque(struct parse *p, struct token word, struct token name);
void define_record(struct parse *p, struct token word, struct token name, struct decl *members,
		   attributes attributes, struct expr *guard, bool is_shared, bool is_packed);
struct member nested_member(struct parse *p, struct token word, struct decl *members,
			    struct token name);

struct stmt *word_stmt(struct token word, operands operands);
struct stmt *binding(struct token group, const names *path, operands operands);
struct stmt *assignment(struct token group, const names *path, struct loc rest);

void open_more(struct parse *p, struct token name);
void open_interface(struct parse *p, struct token keyword, struct token name, struct token major,
		    struct token minor);
void open_group(struct parse *p, struct token keyword, struct token name, const names *table,
		struct expr *guard);
void define_op(struct parse *p, const struct op *op);
void define_data(struct parse *p, struct token keyword, struct type type, struct token name,
		 attributes attributes, struct expr *guard, stmts stmts);
void define_spare(struct parse *p, struct token keyword, struct token count);
void open_registration(struct parse *p, struct token keyword, struct token name);
void open_hooks(struct parse *p, struct token keyword, const names *path);
void registration_member(struct parse *p, struct type type, struct token name, bool is_function,
			 params params, attributes attributes);
void open_abi(struct parse *p, struct token keyword, struct token name);
void open_call(struct parse *p, struct token keyword, struct operand number, struct type type,
	       struct token name, params params, attributes attributes);
void define_sub(struct parse *p, struct token keyword, struct operand number, struct token name,
		params params, attributes attributes, stmts stmts);
void define_msr(struct parse *p, struct token keyword, struct operand number, struct type type,
		struct token name, stmts stmts);
struct feature *new_feature(const struct feature *place);
void define_feature(struct parse *p, struct token keyword, struct token name, struct feature *f,
		    stmts stmts, bool is_hint);
void open_backend(struct parse *p, struct token keyword, struct token name, struct token interface,
		  const names *abi, struct expr *guard);
void open_when(struct parse *p, struct expr *condition);
void open_phase(struct parse *p, struct token name);
void define_rom(struct parse *p, struct token keyword, struct token name, struct token abi,
		stmts stmts);
void define_binding(struct parse *p, struct token keyword, struct token from, struct token on,
		    stmts stmts);
void add_backend_stmt(struct parse *p, struct stmt *stmt);

#endif
