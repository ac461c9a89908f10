/* SPDX-License-Identifier: MIT */
#include "kernel.h"
#include "pv_host.h"

#define COMMAND_LINE_MAX 256

/* xen/include/public/arch-x86/hvm/start_info.h */
#define PVH_MAGIC 0x336ec578
struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist;
	uint64_t command_line;
	uint64_t rsdp;
};

struct pvh_module {
	uint64_t address, size, command_line, reserved;
};

static char command_line[COMMAND_LINE_MAX];

static void keep_command_line(const char *text)
{
	unsigned int i;

	for (i = 0; i < COMMAND_LINE_MAX - 1 && text[i]; i++)
		command_line[i] = text[i];
	command_line[i] = 0;
}

static void read_pvh(struct machine *machine, unsigned long pvh_info)
{
	extern char image_end[];
	const struct pvh_start_info *info = pv_host_va(pvh_info);

	if (info->magic == PVH_MAGIC && info->command_line)
		keep_command_line(pv_host_va(info->command_line));
	if (info->magic == PVH_MAGIC && info->nr_modules) {
		const struct pvh_module *module = pv_host_va(info->modlist);

		machine->module = pv_host_va(module->address);
		machine->module_size = module->size;
	}
	machine->memory_end = pv_host_pa(image_end);
}

void early_read(struct machine *machine, unsigned long pvh_info, const void *start_info)
{
	*machine = (struct machine){.boot.start_info = start_info};
	machine->boot.command_line = command_line;
	if (start_info)
		keep_command_line(early_read_start_info(machine, start_info));
	else
		read_pvh(machine, pvh_info);
}

const char *early_option(const char *line, const char *key)
{
	for (; *line; line++) {
		const char *value = line, *k = key;

		while (*k && *value == *k)
			value++, k++;
		if (!*k && *value == '=')
			return value + 1;
	}
	return NULL;
}
