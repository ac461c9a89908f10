/* sync.c: `pvgen backend sync`. */
#ifndef PVGEN_SYNC_H
#define PVGEN_SYNC_H

#include "pvgen.h"

/** Pass: adds what is missing in people's sources, reports what else does not fit. */
bool sync_backends(struct run *run);

#endif
