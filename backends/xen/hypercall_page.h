/* SPDX-License-Identifier: MIT */
#ifndef HYPERCALL_PAGE_H
#define HYPERCALL_PAGE_H

#include <stdbool.h>

/*
 * Have Xen fill pv_hypercall_page, as a domain that is not paravirtualised must do
 * before its first call; false where there is no Xen.
 */
bool xen_fill_hypercall_page(void);

#endif
