/*
 * The kernel inside of a bzImage.  Source: the kernel's
 * Documentation/x86/boot.rst (header, payload); the payload ends with the
 * number of bytes that it has unpacked.
 */
#include <string.h>

#include "libraries.h"
#include "payload.h"

#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_Z
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

enum {
	SETUP_SECTORS = 0x1f1,
	SETUP_MAGIC = 0x202,
	PAYLOAD_OFFSET = 0x248,
	PAYLOAD_LENGTH = 0x24c,
	SETUP_END = 0x250,
	SECTOR = 512,
};

/* No kernel is larger. */
#define LARGEST (UINT64_C(1) << 30)

struct packed {
	const uint8_t *from;
	uint64_t from_size;
	uint8_t *to;
	uint64_t to_size;
};

const char *missing_library(const char *package)
{
	return mem_printf("this pvgen was built without its library; install %s and run make again",
			  package);
}

/* ---- one function a format; each says whether all came out ---- */

#ifdef HAVE_Z
static bool unpack_gzip(const struct packed *p)
{
	enum { ANY_HEADER = 15 + 32 };
	z_stream z = {.next_in = (uint8_t *)p->from,
		      .avail_in = (uInt)p->from_size,
		      .next_out = p->to,
		      .avail_out = (uInt)p->to_size};
	int status;

	if (inflateInit2(&z, ANY_HEADER) != Z_OK)
		return false;
	status = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return status == Z_STREAM_END && z.total_out == p->to_size;
}
#endif

#ifdef HAVE_LZMA
static bool unpack_lzma(const struct packed *p)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret status = lzma_auto_decoder(&z, UINT64_MAX, 0);

	z.next_in = p->from;
	z.avail_in = p->from_size;
	z.next_out = p->to;
	z.avail_out = p->to_size;
	while (status == LZMA_OK && z.avail_out)
		status = lzma_code(&z, LZMA_RUN);
	lzma_end(&z);
	return !z.avail_out;
}
#endif

#ifdef HAVE_LZ4
/* Blocks, each behind its size, as `lz4 -l` writes them. */
static bool unpack_lz4(const struct packed *p)
{
	uint64_t at = 4, done = 0;

	while (done < p->to_size && p->from_size - at > 4) {
		uint64_t size = object_number(p->from + at, 4);
		int got;

		at += 4;
		if (size > p->from_size - at)
			return false;
		got = LZ4_decompress_safe((const char *)p->from + at, (char *)p->to + done,
					  (int)size, (int)(p->to_size - done));
		if (got <= 0)
			return false;
		at += size;
		done += (uint64_t)got;
	}
	return done == p->to_size;
}
#endif

#ifdef HAVE_ZSTD
static bool unpack_zstd(const struct packed *p)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = {p->from, p->from_size, 0};
	ZSTD_outBuffer out = {p->to, p->to_size, 0};
	size_t left = z ? 1 : 0;

	while (left && !ZSTD_isError(left) && out.pos < out.size && in.pos < in.size)
		left = ZSTD_decompressStream(z, &out, &in);
	ZSTD_freeDStream(z);
	return out.pos == out.size;
}
#endif

#ifndef HAVE_Z
#define unpack_gzip NULL
#endif
#ifndef HAVE_LZMA
#define unpack_lzma NULL
#endif
#ifndef HAVE_LZ4
#define unpack_lz4 NULL
#endif
#ifndef HAVE_ZSTD
#define unpack_zstd NULL
#endif

/** A format that the kernel can be packed in; without a package pvgen does not read it. */
static const struct format {
	uint8_t magic[6];
	unsigned int n;
	const char *name, *package;
	bool (*unpack)(const struct packed *p);
} formats[] = {
	{{0x1f, 0x8b}, 2, "gzip", "zlib1g-dev", unpack_gzip},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, "xz", "liblzma-dev", unpack_lzma},
	{{0x5d, 0, 0}, 3, "lzma", "liblzma-dev", unpack_lzma},
	{{0x02, 0x21, 0x4c, 0x18}, 4, "lz4", "liblz4-dev", unpack_lz4},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd", "libzstd-dev", unpack_zstd},
	{{'B', 'Z', 'h'}, 3, "bzip2", NULL, NULL},
	{{0x89, 'L', 'Z', 'O'}, 4, "lzo", NULL, NULL},
};

static const struct format *find_format(const struct packed *p)
{
	for (size_t i = 0; i < NELEM(formats); i++)
		if (p->from_size > formats[i].n && !memcmp(p->from, formats[i].magic, formats[i].n))
			return &formats[i];
	return NULL;
}

static const char *unpack(struct object_file *f, struct packed *p)
{
	const struct format *format = find_format(p);

	if (!format)
		return "is a bzImage whose kernel is packed in a format that is not known";
	if (!format->unpack)
		return mem_printf("is a bzImage whose kernel is packed by %s; %s", format->name,
				  format->package ? missing_library(format->package)
						  : "unpack it first");
	if (p->to_size > LARGEST)
		return "is a bzImage whose kernel has an impossible size";
	p->to = mem_alloc(p->to_size + 1);
	if (!format->unpack(p))
		return mem_printf("is a bzImage whose kernel cannot be unpacked (%s)",
				  format->name);
	f->bytes = p->to;
	f->size = p->to_size;
	return NULL;
}

const char *payload_unpack(struct object_file *f)
{
	uint64_t start, length;
	struct packed p;

	if (f->size < SETUP_END || memcmp(f->bytes + SETUP_MAGIC, "HdrS", 4) != 0)
		return NULL;
	start = (f->bytes[SETUP_SECTORS] + UINT64_C(1)) * SECTOR +
		object_number(f->bytes + PAYLOAD_OFFSET, 4);
	length = object_number(f->bytes + PAYLOAD_LENGTH, 4);
	if (length < 8 || start > f->size || length > f->size - start)
		return "is a bzImage that ends before its kernel";
	p = (struct packed){.from = f->bytes + start,
			    .from_size = length,
			    .to_size = object_number(f->bytes + start + length - 4, 4)};
	return unpack(f, &p);
}
