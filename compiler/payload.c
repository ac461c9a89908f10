/*
 * The kernel inside of a bzImage, and files that are packed as a whole, as modules are.  Source:
 * the kernel's Documentation/x86/boot.rst (header, payload); the payload ends with the number of
 * bytes that it has unpacked.
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
	uint64_t to_size, done; /* bytes: that there is room for, that are there */
	bool is_open;		/* to_size is only a beginning */
};

const char *missing_library(const char *package)
{
	return mem_printf("this pvgen was built without its library; install %s and run make again",
			  package);
}

/* ---- one function a format; each says whether all came out ---- */

#if defined(HAVE_Z) || defined(HAVE_LZMA) || defined(HAVE_ZSTD)
/** Is there room for more, or could it be made? */
static bool make_room(struct packed *p)
{
	if (p->done < p->to_size)
		return true;
	if (!p->is_open || p->to_size > LARGEST / 2)
		return false;
	p->to = mem_grow(p->to, p->to_size, p->to_size * 2);
	p->to_size *= 2;
	return true;
}
#endif

#ifdef HAVE_Z
static bool unpack_gzip(struct packed *p)
{
	enum { ANY_HEADER = 15 + 32 };
	z_stream z = {.next_in = (uint8_t *)p->from, .avail_in = (uInt)p->from_size};
	int status = inflateInit2(&z, ANY_HEADER);

	while (status == Z_OK && make_room(p)) {
		z.next_out = p->to + p->done;
		z.avail_out = (uInt)(p->to_size - p->done);
		status = inflate(&z, Z_NO_FLUSH);
		p->done = z.total_out;
	}
	inflateEnd(&z);
	return status == Z_STREAM_END;
}
#endif

#ifdef HAVE_LZMA
/* Of a kernel what stands behind its end may be anything, so the end is where all has come out. */
static bool unpack_lzma(struct packed *p)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret status = lzma_auto_decoder(&z, UINT64_MAX, 0);

	z.next_in = p->from;
	z.avail_in = p->from_size;
	while (status == LZMA_OK && make_room(p)) {
		z.next_out = p->to + p->done;
		z.avail_out = p->to_size - p->done;
		status = lzma_code(&z, LZMA_RUN);
		p->done = z.total_out;
	}
	lzma_end(&z);
	return p->is_open ? status == LZMA_STREAM_END : p->done == p->to_size;
}
#endif

#ifdef HAVE_LZ4
/* Blocks, each behind its size, as `lz4 -l` writes them. */
static bool unpack_lz4(struct packed *p)
{
	uint64_t at = 4;

	while (p->done < p->to_size && p->from_size - at > 4) {
		uint64_t size = object_number(p->from + at, 4);
		int got;

		at += 4;
		if (size > p->from_size - at)
			return false;
		got = LZ4_decompress_safe((const char *)p->from + at, (char *)p->to + p->done,
					  (int)size, (int)(p->to_size - p->done));
		if (got <= 0)
			return false;
		at += size;
		p->done += (uint64_t)got;
	}
	return p->done == p->to_size;
}
#endif

#ifdef HAVE_ZSTD
static bool unpack_zstd(struct packed *p)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = {p->from, p->from_size, 0};
	size_t left = z ? 1 : 0;

	while (left && !ZSTD_isError(left) && make_room(p)) {
		ZSTD_outBuffer out = {p->to, p->to_size, p->done};
		size_t before = in.pos;

		left = ZSTD_decompressStream(z, &out, &in);
		if (out.pos == p->done && in.pos == before)
			break;
		p->done = out.pos;
	}
	ZSTD_freeDStream(z);
	return p->is_open ? !left : p->done == p->to_size;
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
	bool is_of_files; /* else of kernels alone */
	const char *name, *package;
	bool (*unpack)(struct packed *p);
} formats[] = {
	{{0x1f, 0x8b}, 2, true, "gzip", "zlib1g-dev", unpack_gzip},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, true, "xz", "liblzma-dev", unpack_lzma},
	{{0x5d, 0, 0}, 3, false, "lzma", "liblzma-dev", unpack_lzma},
	{{0x02, 0x21, 0x4c, 0x18}, 4, false, "lz4", "liblz4-dev", unpack_lz4},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, true, "zstd", "libzstd-dev", unpack_zstd},
	{{'B', 'Z', 'h'}, 3, false, "bzip2", NULL, NULL},
	{{0x89, 'L', 'Z', 'O'}, 4, false, "lzo", NULL, NULL},
};

static const struct format *find_format(const struct packed *p)
{
	for (size_t i = 0; i < NELEM(formats); i++)
		if (p->from_size > formats[i].n && !memcmp(p->from, formats[i].magic, formats[i].n))
			return &formats[i];
	return NULL;
}

/** @what is packed: "is a bzImage whose kernel is" */
static const char *unpack(struct object_file *f, struct packed *p, const struct format *format,
			  const char *what)
{
	if (!format->unpack)
		return mem_printf("%s packed by %s; %s", what, format->name,
				  format->package ? missing_library(format->package)
						  : "unpack it first");
	p->to = mem_alloc(p->to_size);
	if (!format->unpack(p))
		return mem_printf("%s packed by %s and cannot be unpacked", what, format->name);
	f->bytes = p->to;
	f->size = p->done;
	return NULL;
}

/** A file whose end only its content tells. */
static const char *unpack_file(struct object_file *f)
{
	struct packed p = {.from = f->bytes, .from_size = f->size, .is_open = true};
	const struct format *format = find_format(&p);

	if (!format || !format->is_of_files || f->size > LARGEST)
		return NULL;
	p.to_size = f->size < LARGEST / 4 ? f->size * 4 : LARGEST;
	return unpack(f, &p, format, "is");
}

static const char *unpack_kernel(struct object_file *f, struct packed *p)
{
	static const char what[] = "is a bzImage whose kernel is";
	const struct format *format = find_format(p);

	if (!format)
		return mem_printf("%s packed in a format that is not known", what);
	if (p->to_size > LARGEST)
		return "is a bzImage whose kernel has an impossible size";
	return unpack(f, p, format, what);
}

const char *payload_unpack(struct object_file *f)
{
	uint64_t start, length;
	struct packed p;

	if (f->size < SETUP_END || memcmp(f->bytes + SETUP_MAGIC, "HdrS", 4) != 0)
		return unpack_file(f);
	start = (f->bytes[SETUP_SECTORS] + UINT64_C(1)) * SECTOR +
		object_number(f->bytes + PAYLOAD_OFFSET, 4);
	length = object_number(f->bytes + PAYLOAD_LENGTH, 4);
	if (length < 8 || start > f->size || length > f->size - start)
		return "is a bzImage that ends before its kernel";
	p = (struct packed){.from = f->bytes + start,
			    .from_size = length,
			    .to_size = object_number(f->bytes + start + length - 4, 4)};
	return unpack_kernel(f, &p);
}
