/* html.c: what the pages that pvgen writes have alike. */
#ifndef PVGEN_HTML_H
#define PVGEN_HTML_H

#include "util.h"

/** Puts a text that can be shown, also between quotes. */
void put_html(struct out *o, const char *s);

/** Begins a page; a colour for each state of a cell stands in variables of the state's name. */
void html_begin(struct out *o, const char *title, const char *heading, const char *colours);

/** Ends it, with what filters the rows: buttons in <nav>, and words. */
void html_end(struct out *o);

#endif
