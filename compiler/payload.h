/* payload.c: the kernel inside of what a boot loader loads, and files that are packed. */
#ifndef PVGEN_PAYLOAD_H
#define PVGEN_PAYLOAD_H

#include "object.h"

/** Puts the kernel in the place of its bzImage, and what is packed in that of its package; NULL, or
 * why it cannot. */
const char *payload_unpack(struct object_file *f);

/** "this pvgen was built without its library; install PACKAGE and run make again" */
const char *missing_library(const char *package);

#endif
