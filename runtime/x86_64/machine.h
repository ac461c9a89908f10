/* SPDX-License-Identifier: MIT */
#ifndef X86_64_MACHINE_H
#define X86_64_MACHINE_H

/* Segment register whose base finds the per-CPU data. */
#define PERCPU_SEGMENT "gs"

#endif
