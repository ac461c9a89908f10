/* SPDX-License-Identifier: MIT */
/* Entry into paravirtual mode: find Xen, and have it show its page. */
#include "vmi_xen.h"
#include "vmi_native.h"
#include "layer.h"

/* Where the BIOS keeps what it knows, from the time when it was the only one to use page 0. */
#define BIOS_DATA      0x400
#define BIOS_DATA_SIZE 0x100
/* The CPUs whose entries of the shared page come before that. */
#define CPUS_BELOW (BIOS_DATA / sizeof(struct xen_vcpu_info))

/* RAM that no kernel has data in so early: a PC loads the first sector of a disk there. */
#define BOOT_SECTOR 0x7c00

/* Leaves where hypervisors may say who they are. */
#define LEAF_FIRST 0x40000000u
#define LEAF_END   0x40010000u
#define LEAF_STEP  0x100u

/* The last bytes of vmcall and vmmcall, of which a processor knows the one of its maker. */
#define CALL_LAST   2
#define VMCALL_LAST 0xc1

extern const uint8_t low_pieces[] __attribute__((visibility("hidden")));

struct bios_data {
	uint32_t words[BIOS_DATA_SIZE / 4];
};

struct cpuid layer_cpuid(uint32_t leaf)
{
	struct cpuid r = {.eax = leaf, .ecx = 0};

	asm volatile("call *%4"
		     : "+a"(r.eax), "=b"(r.ebx), "+c"(r.ecx), "=d"(r.edx)
		     : "D"(piece(PIECE_CPUID)));
	return r;
}

uint32_t layer_vcpu(void)
{
	struct cpuid r;

	if (layer()->cpus == 1)
		return 0;
	r = layer_cpuid(layer()->leaf + XEN_LEAF_HVM);
	return r.eax & XEN_HVM_VCPU_ID ? r.ebx % XEN_CPUS : 0;
}

/* 0: there is none. */
static uint32_t find_xen(void)
{
	uint32_t leaf;

	for (leaf = LEAF_FIRST; leaf < LEAF_END; leaf += LEAF_STEP) {
		struct cpuid r = layer_cpuid(leaf);

		/* "XenVMMXenVMM" */
		if (r.ebx == 0x566e6558 && r.ecx == 0x65584d4d && r.edx == 0x4d4d566e)
			return leaf;
	}
	return 0;
}

/* "GenuineIntel" and whoever makes the same; others are like AMD's. */
static bool is_intel(void)
{
	struct cpuid r = layer_cpuid(0);

	return (r.ebx == 0x756e6547 && r.edx == 0x49656e69 && r.ecx == 0x6c65746e) ||
	       (r.ebx == 0x746e6543 && r.edx == 0x48727561 && r.ecx == 0x736c7561);
}

static void put_pieces(void)
{
	const uint8_t *from = low_pieces;
	volatile uint8_t *to = (volatile uint8_t *)piece(0);
	unsigned int i;

	for (i = 0; i < PIECES * LOW_PIECE_SIZE; i++)
		to[i] = from[i];
	if (is_intel())
		to[PIECE_HYPERCALL * LOW_PIECE_SIZE + CALL_LAST] = VMCALL_LAST;
}

static volatile struct bios_data *bios_data(void)
{
	return (volatile struct bios_data *)(rom_distance() + BIOS_DATA);
}

/* The call cannot be made from the page that it takes away. */
static int32_t map_shared_page(void)
{
	volatile uint32_t *elsewhere = (volatile uint32_t *)(rom_distance() + BOOT_SECTOR);
	const struct xen_add_to_physmap where = {
		.domid = XEN_DOMID_SELF,
		.space = XEN_MAPSPACE_SHARED_INFO,
		.gpfn = 0,
	};
	uint32_t word = *elsewhere;
	int32_t result;

	*elsewhere = *(volatile uint32_t *)piece(PIECE_HYPERCALL);
	result = hypercall_at((uintptr_t)elsewhere, XEN_MEMORY_OP, XEN_ADD_TO_PHYSMAP,
			      (uintptr_t)&where, 0);
	*elsewhere = word;
	return result;
}

/* No interrupt of Xen's own choice; that it is asked in 32-bit mode gives the page its layout. */
static int32_t choose_layout(void)
{
	const struct xen_hvm_param none = {
		.domid = XEN_DOMID_SELF,
		.index = XEN_HVM_PARAM_CALLBACK_IRQ,
	};

	return hypercall(XEN_HVM_OP, XEN_HVM_SET_PARAM, (uintptr_t)&none, 0);
}

static uint32_t count_cpus(void)
{
	uint32_t cpus = 1;

	while (cpus < XEN_CPUS && hypercall(XEN_VCPU_OP, XEN_VCPU_IS_UP, cpus, 0) >= 0)
		cpus++;
	return cpus;
}

static int enter_xen(void)
{
	struct bios_data saved = *bios_data();

	if (map_shared_page() < 0)
		return -1;
	put_pieces();
	layer()->cpus = count_cpus();
	if (layer()->cpus <= CPUS_BELOW)
		*bios_data() = saved;
	if (choose_layout() < 0)
		return -1;
	layer()->wc_version = shared_info()->wc_version;
	return 0;
}

/* The kernel's interrupts are off.  Where there is no Xen, page 0 is as it was. */
int vmi_xen_init(void)
{
	volatile uint32_t *words;
	uint32_t old[PIECES * LOW_PIECE_SIZE / 4];
	unsigned int i;

	if (vmi_native_init() < 0)
		return -1;
	words = (volatile uint32_t *)piece(0);
	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		old[i] = words[i];
	put_pieces();
	layer()->leaf = find_xen();
	if (layer()->leaf && !enter_xen())
		return 0;
	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		words[i] = old[i];
	return -1;
}
