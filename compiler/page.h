/* page.c: reports as pages of HTML, each complete in one file. */
#ifndef PVGEN_PAGE_H
#define PVGEN_PAGE_H

#include "util.h"

/** All up to what the page is about; @style is its own, behind that of all pages. */
void page_begin(struct out *o, const char *title, const char *heading, const char *style);
void page_end(struct out *o, const char *script);

/**
 * The same of a page about tables of cells, each of the class of its state: @style has the states'
 * colours.  Buttons of states and groups in <nav>, and words, choose what is shown.
 */
void matrix_begin(struct out *o, const char *title, const char *heading, const char *style);
void matrix_end(struct out *o);

#endif
