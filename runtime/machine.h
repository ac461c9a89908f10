/* SPDX-License-Identifier: MIT */
/* What differs between architectures is in a folder for each. */
#ifndef MACHINE_H
#define MACHINE_H

#if defined(__x86_64__)
#include "x86_64/machine.h"
#define CODE_HEADER "x86_64/code.h"
#elif defined(__i386__)
#include "i386/machine.h"
#define CODE_HEADER "i386/code.h"
#else
#error "this architecture has no folder here"
#endif

#endif
