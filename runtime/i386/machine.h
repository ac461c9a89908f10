/* SPDX-License-Identifier: MIT */
#ifndef I386_MACHINE_H
#define I386_MACHINE_H

/* Segment register whose base finds the per-CPU data; user mode's libraries have %gs. */
#define PERCPU_SEGMENT "fs"

#endif
