/* page.c: reports as pages of HTML, each complete in one file. */
#ifndef PVGEN_PAGE_H
#define PVGEN_PAGE_H

#include "util.h"

/** All up to what the page is about; @style is its own, behind that of all pages. */
void page_begin(struct out *o, const char *title, const char *style);
void page_end(struct out *o, const char *script);

#endif
