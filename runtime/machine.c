/* SPDX-License-Identifier: MIT */
/* One function per way to find out which machine this is. */
#include "internal.h"

/* Leaves that hypervisors use: SDM vol. 2, CPUID, "40000000H - 4FFFFFFFH". */
#define HYPERVISOR_LEAF_FIRST 0x40000000u
#define HYPERVISOR_LEAF_LAST  0x40010000u
#define HYPERVISOR_LEAF_STEP  0x100u
#define SIGNATURE_LENGTH      12

/* Privilege level in a selector: SDM vol. 3, section 3.4.2. */
#define SELECTOR_RPL 3

static bool same_bytes(const char *a, const char *b, unsigned int length)
{
	while (length && *a == *b)
		a++, b++, length--;
	return !length;
}

static bool found_always(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)known, (void)boot;
	return true;
}

/* The page starts with "xen-<version>-<platform>": xen/include/public/xen.h, start_info. */
static bool found_start_info(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)known;
	return boot->start_info && same_bytes(boot->start_info, "xen-", 4);
}

static bool leaf_has_signature(uint32_t leaf, const char *signature)
{
	uint32_t max, sub = 0, text[3];

	asm volatile("cpuid" : "=a"(max), "=b"(text[0]), "+c"(sub), "=d"(text[2]) : "0"(leaf));
	text[1] = sub;
	return same_bytes((const char *)text, signature, SIGNATURE_LENGTH);
}

/* A hypervisor that imitates another one puts its own leaves at a higher base. */
uint32_t pv_cpuid_leaf(const char *signature)
{
	uint32_t leaf;

	for (leaf = HYPERVISOR_LEAF_FIRST; leaf <= HYPERVISOR_LEAF_LAST;
	     leaf += HYPERVISOR_LEAF_STEP)
		if (leaf_has_signature(leaf, signature))
			return leaf;
	return 0;
}

static bool found_cpuid(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)boot;
	return pv_cpuid_leaf(known->signature);
}

static bool found_rom(const struct pv_known *known, const struct pv_boot *boot)
{
	(void)boot;
	return pv_rom_find(known->rom);
}

bool pv_is_machine(const struct pv_known *known, const struct pv_boot *boot)
{
	static bool (*const found_by[])(const struct pv_known *, const struct pv_boot *) = {
		[PV_DETECT_ALWAYS] = found_always,
		[PV_DETECT_START_INFO] = found_start_info,
		[PV_DETECT_CPUID] = found_cpuid,
		[PV_DETECT_ROM] = found_rom,
	};

	return found_by[known->detect](known, boot);
}

bool pv_is_privileged(void)
{
	uint16_t selector;

	asm("mov %%cs, %0" : "=r"(selector));
	return !(selector & SELECTOR_RPL);
}
