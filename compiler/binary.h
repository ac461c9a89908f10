/* The binary interface: binary.c has the layout of blobs, emit_binary.c and seal.c use it. */
#ifndef PVGEN_BINARY_H
#define PVGEN_BINARY_H

#include "pvgen.h"

/** A number, or several, of a record. */
struct blob_field {
	const char *name;
	unsigned int size, count; /* bytes of one; 0: it is no array */
	const char *doc;
};

struct blob_record {
	const char *name;
	const struct blob_field *fields;
	size_t n;
	const char *doc;
};

extern const struct blob_record blob_header, blob_entry, blob_member, blob_relocation;
extern const struct blob_record *const blob_records[];
extern const size_t blob_record_count;

/* Bytes of a name, with the zero behind it. */
enum { BLOB_NAME = 16 };

enum { BLOB_FORMAT = 1, BLOB_SUM_BEGIN = 16, BLOB_PAGE = 4096, BLOB_ABSENT = 0xff };

extern const char blob_magic[9];

/** Offset of a field, and size of the record. */
unsigned int blob_offset(const struct blob_record *r, const char *field);
unsigned int blob_size(const struct blob_record *r);

/** What a relocation changes, and by what; a service's number stands behind the last. */
enum blob_form { BLOB_FIELD_64, BLOB_FIELD_32S, BLOB_FIELD_PC32 };
enum blob_target { BLOB_TARGET_IMAGE, BLOB_TARGET_PERCPU, BLOB_TARGET_HOST };

/** What a blob may need its kernel to do: bits. */
struct blob_feature {
	const char *name, *doc;
};

enum { BLOB_NEEDS_PERCPU, BLOB_NEEDS_EXCEPTIONS };

extern const struct blob_feature blob_features[];
extern const size_t blob_feature_count;

/** Symbols of the kernel's, by number, that blobs refer to; new ones come last. */
extern const char *const blob_services[];
extern const size_t blob_service_count;

/** A service's name behind the interface's. */
const char *blob_service_word(size_t number);

/** Two sums over 32-bit words: each word counts in the first, and its place in the second. */
void blob_sums(const uint8_t *bytes, size_t n, uint32_t sums[2]);

#endif
