/* Prints place, kind of reference and its target for each instruction of a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

int main(int argc, char **argv)
{
	bool is_32 = argc > 2 && !strcmp(argv[1], "i386");
	bool (*decode)(const uint8_t *, size_t, struct insn_form *) = is_32 ? i386_decode : x86_64_decode;
	FILE *stream = fopen(argv[argc - 1], "rb");
	enum { ROOM = 1 << 24 };
	uint8_t *code = malloc(ROOM);
	size_t size = stream ? fread(code, 1, ROOM, stream) : 0;
	struct insn_form form;

	for (size_t at = 0; at < size; at += form.length) {
		if (!decode(code + at, size - at, &form)) {
			printf("unknown %zu: %02x %02x %02x\n", at, code[at], code[at + 1], code[at + 2]);
			return 1;
		}
		printf("%zu %d %lld\n", at, form.relative, (long long)((int64_t)at + form.target));
	}
	return 0;
}
