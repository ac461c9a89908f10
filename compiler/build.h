/* build.c: what the grammar's actions do, a function for each thing that can be defined. */
#ifndef PVGEN_BUILD_H
#define PVGEN_BUILD_H

#include "parse.h"

void import(struct parse *p, struct token path);
void check_language(struct parse *p, struct token version);
int64_t negative(struct parse *p, struct token number);
struct type join_words(struct type before, struct token word);

void define_const(struct parse *p, struct token name, const char *doc, int64_t value);
void define_typedef(struct parse *p, struct token name, const char *doc, struct type type);
void define_function(struct parse *p, struct token name, const char *doc, struct type type,
		     params params);
void define_opaque(struct parse *p, struct token word, struct token name);
void define_record(struct parse *p, struct token word, struct token name, struct decl *members,
		   bool is_shared, bool is_packed);
struct member nested_member(struct parse *p, struct token word, struct decl *members,
			    struct token name);

struct stmt word_stmt(struct token word, operands operands, struct loc loc);
struct stmt binding(struct token group, struct token op, operands operands, struct loc loc);
struct stmt call_binding(struct token group, struct token op, names call, arguments arguments,
			 struct loc loc, struct loc call_loc);

void open_interface(struct parse *p, struct token keyword, struct token name, int64_t major,
		    int64_t minor);
void open_group(struct parse *p, struct token keyword, struct token name);
void define_op(struct parse *p, const struct op *op);
void open_registration(struct parse *p, struct token keyword, struct token name);
void registration_member(struct parse *p, struct type type, struct token name, bool is_function,
			 params params);
void open_abi(struct parse *p, struct token keyword, struct token name);
void open_call(struct parse *p, struct token keyword, int64_t number, struct type type,
	       struct token name, params params);
void define_sub(struct parse *p, struct token keyword, int64_t number, struct token name,
		params params);
void open_backend(struct parse *p, struct token keyword, struct token name, struct token interface,
		  const struct token *abi);

#endif
