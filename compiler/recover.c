/*
 * Between lexer and parser.  After a syntax error the parser skips to the next ';' or '}'; blocks
 * on the way belong to the faulty statement, so one fault does not become one for each of their
 * lines.
 */
#include "parse.h"
#include "parser.h"

static int read_token(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner)
{
	struct recovery *r = &p->recovery;

	if (!r->has_kept)
		return lex(value, loc, p, scanner);
	r->has_kept = false;
	value->token = r->kept.token;
	*loc = r->kept.loc;
	return r->kept.kind;
}

static void keep(struct parse *p, int kind, const YYSTYPE *value, struct loc loc)
{
	p->recovery.kept = (struct kept){kind, value->token, loc};
	p->recovery.has_kept = true;
}

/** The end of a statement, where none was written. */
static int end_statement(YYSTYPE *value, struct loc *loc, struct parse *p)
{
	loc->begin = loc->end = p->recovery.last.loc.end;
	value->token = (struct token){.name = {intern(";"), *loc}};
	p->recovery.is_on = false;
	return ';';
}

/** Reads up to the end of the block in which @kind is the first token, and a ';' behind it. */
static int skip_block(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner, int kind)
{
	for (unsigned int depth = p->recovery.depth; kind;
	     kind = read_token(value, loc, p, scanner)) {
		depth += kind == '{';
		depth -= kind == '}';
		if (!depth)
			break;
	}
	p->recovery.depth = 0;
	if (kind)
		kind = read_token(value, loc, p, scanner);
	if (kind != ';')
		keep(p, kind, value, *loc);
	return end_statement(value, loc, p);
}

static int next_token(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner)
{
	struct recovery *r = &p->recovery;
	int kind;

	if (r->lacks_semicolon) {
		r->lacks_semicolon = false;
		return end_statement(value, loc, p);
	}
	kind = read_token(value, loc, p, scanner);
	if (r->is_on && (r->depth || kind == '{'))
		return skip_block(value, loc, p, scanner, kind);
	r->is_on = r->is_on && kind != ';' && kind != '}';
	return kind;
}

int yylex(YYSTYPE *value, struct loc *loc, struct parse *p, void *scanner)
{
	int kind = next_token(value, loc, p, scanner);

	/* A text ends behind its last token, not behind comments and empty lines. */
	if (!kind) {
		value->token = (struct token){0};
		loc->begin = loc->end = p->recovery.last.loc.end;
	}
	p->recovery.end_before = p->recovery.last.loc.end;
	p->recovery.last = (struct kept){kind, value->token, *loc};
	return kind;
}

void recover(struct parse *p, bool lacks_semicolon)
{
	struct recovery *r = &p->recovery;

	/* A '}' ends the block around it, whatever lacks before it. */
	r->is_on = r->last.kind != ';' && r->last.kind != '}';
	r->depth = r->last.kind == '{';
	if (!lacks_semicolon || !r->is_on)
		return;
	r->lacks_semicolon = true;
	r->kept = r->last;
	r->has_kept = true;
}
