/* SPDX-License-Identifier: MIT */
/* Entry into paravirtual mode, and where the kernel's frames are. */
#include "vmi_native.h"
#include "scale.h"
#include "state.h"

/* Without memory, or a time-stamp counter of known speed, the kernel had better stay as it is. */
int vmi_native_init(void)
{
	struct state *state = rom_state();

	if (!rom_post.memory || !rom_post.tsc_hz)
		return -1;
	*state = (struct state){0};
	state->pit_mult = divide((uint64_t)PIT_HZ << 32, rom_post.tsc_hz);
	return 0;
}

/* Linux uses the others for pages that are mapped only for the moment of the next call. */
void vmi_native_set_linear_mapping(uint32_t slot, uint32_t address, uint32_t pages, uint32_t pfn)
{
	struct state *state = rom_state();

	if (slot)
		return;
	state->window = address;
	state->pages = pages;
	state->frame = pfn;
}
