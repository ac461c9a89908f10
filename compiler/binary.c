/* Layouts and numbers of the binary interface, each in one table. */
#include <string.h>

#include "binary.h"

const char blob_magic[9] = "PV-BLOB\n";

static const struct blob_field header_fields[] = {
	{"magic", 1, 8, "PV_BLOB_MAGIC"},
	{"sums", 4, 2, "Over all words behind them: their sum, and the sum of these sums."},
	{"format", 2, 0, "PV_BLOB_FORMAT"},
	{"header_size", 2, 0, "Bytes of this structure; a later one is longer."},
	{"major", 2, 0, "Version of the interface that it was made for."},
	{"minor", 2, 0, NULL},
	{"file_size", 4, 0, "Bytes of the whole file."},
	{"memory_size", 4, 0, "Bytes of memory that it takes, whole pages."},
	{"rodata_end", 4, 0,
	 "Ends of what is read, of what is executed (both at a page) and of what is written, "
	 "which begins with the file; zeros follow up to memory_size."},
	{"text_end", 4, 0, NULL},
	{"data_end", 4, 0, NULL},
	{"percpu", 4, 0, "What each CPU has its own of: place of the template, bytes, alignment."},
	{"percpu_size", 4, 0, NULL},
	{"percpu_align", 4, 0, NULL},
	{"entries", 4, 0, "Place of the entries, by number, and how many."},
	{"nr_entries", 4, 0, NULL},
	{"members", 4, 0, "The same of what is registered beside the ops."},
	{"nr_members", 4, 0, NULL},
	{"exceptions", 4, 0, "The same of instructions that may fault (struct pv_exception)."},
	{"nr_exceptions", 4, 0, NULL},
	{"relocations", 4, 0, "The same of what depends on where it is; behind data_end."},
	{"nr_relocations", 4, 0, NULL},
	{"init", 4, 0, "Function that is called once when the slots are set; 0: none."},
	{"nr_services", 4, 0, "It refers to services of the kernel's with numbers below this."},
	{"required", 8, 0, "Bits of features that the kernel must have."},
	{"offered", 8, 0, "Bit for each registration that it has."},
	{"interface", 1, BLOB_NAME, "Name of the interface, and of the backend."},
	{"name", 1, BLOB_NAME, NULL},
	{"priority", 4, 0, "As in the backend's description."},
	{"bare", 1, 0, NULL},
	{"deprivileged", 1, 0, NULL},
	{"detect", 1, 0, "The machine that it is for, and its signature in CPUID."},
	{"unused", 1, 0, NULL},
	{"signature", 1, BLOB_NAME, NULL},
};

static const struct blob_field entry_fields[] = {
	{"function", 4, 0, "Place of the function; 0: none."},
	{"code", 4, 0, "Place of the instructions to copy; 0: none."},
	{"form", 1, 0, "What stands at sites, or PV_BLOB_ABSENT: no such op."},
	{"length", 1, 0, "As in the record of a patch."},
	{"first", 1, 0, NULL},
	{"reloc", 1, 0, NULL},
	{"revision", 2, 0, "Of the op, that it does."},
	{"unused", 2, 0, NULL},
};

static const struct blob_field member_fields[] = {
	{"registration", 1, 0, "Number of the registration; which of several."},
	{"instance", 1, 0, NULL},
	{"member", 1, 0, "Number of the member; PV_BLOB_NAME: the name of what is registered."},
	{"kind", 1, 0, "Is `value` a number (0), or a place (1)?"},
	{"unused", 4, 0, NULL},
	{"value", 8, 0, NULL},
};

static const struct blob_field relocation_fields[] = {
	{"place", 4, 0, "Of the field; ascending, without overlaps."},
	{"form", 1, 0, "enum of forms, of targets."},
	{"target", 1, 0, NULL},
	{"service", 2, 0, "Of the target HOST: the service's number."},
};

#define RECORD(name, doc)                                                                          \
	const struct blob_record blob_##name = {#name, name##_fields, NELEM(name##_fields), doc}

RECORD(header, "Begins a blob.  Places are offsets from here.");
RECORD(entry, "What a blob has for one op.");
RECORD(member, "One value of what a blob registers beside the ops.");
RECORD(relocation, "A field to which something is added when the place of a blob is known.");

const struct blob_record *const blob_records[] = {&blob_header, &blob_entry, &blob_member,
						  &blob_relocation};
const size_t blob_record_count = NELEM(blob_records);

const struct blob_feature blob_features[] = {
	[BLOB_NEEDS_PERCPU] = {"PERCPU", "room in the per-CPU data"},
	[BLOB_NEEDS_EXCEPTIONS] = {"EXCEPTIONS", "handlers that search its table of exceptions"},
};
const size_t blob_feature_count = NELEM(blob_features);

/* Never another order: numbers are in blobs. @ is the interface's name. */
const char *const blob_services[] = {
	"@_host_pa",
	"@_host_va",
	"@_host_map_io",
	"@_host_fixmap",
	"@_host_report",
	"@_host_real_mode",
	"@_host_ldt_selector",
	"@_percpu_begin",
	"@_percpu_end",
	"@_percpu_copies",
	"@_percpu_copies_end",
	"@_cpu_number",
	"@_cpu_base",
	"@_cpu_this",
	"@_cpus_online",
	"@_cpuid_leaf",
	"@_hypercall_failed",
	"memcpy",
	"memmove",
	"memset",
	"memcmp",
};
const size_t blob_service_count = NELEM(blob_services);

const char *blob_service_word(size_t number)
{
	const char *name = blob_services[number];

	return *name == '@' ? name + strlen("@_") : name;
}

static unsigned int field_size(const struct blob_field *f)
{
	return f->size * (f->count ? f->count : 1);
}

unsigned int blob_size(const struct blob_record *r)
{
	unsigned int size = 0;

	for (size_t i = 0; i < r->n; i++)
		size += field_size(&r->fields[i]);
	return size;
}

unsigned int blob_offset(const struct blob_record *r, const char *field)
{
	unsigned int offset = 0;

	for (size_t i = 0; strcmp(r->fields[i].name, field) != 0; i++)
		offset += field_size(&r->fields[i]);
	return offset;
}

void blob_sums(const uint8_t *bytes, size_t n, uint32_t sums[2])
{
	sums[0] = sums[1] = 0;
	for (size_t at = BLOB_SUM_BEGIN; at + 4 <= n; at += 4) {
		uint32_t word = (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 |
				(uint32_t)bytes[at + 2] << 16 | (uint32_t)bytes[at + 3] << 24;

		sums[0] += word;
		sums[1] += sums[0];
	}
}
