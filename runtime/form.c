/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "pv_runtime.h"
#include CODE_HEADER

/* Length of 0f 1f by its ModRM byte, for the addressing forms that assemblers use. */
static unsigned int long_nop_length(uint8_t modrm)
{
	static const struct {
		uint8_t modrm, length;
	} forms[] = {{0x00, 3}, {0x40, 4}, {0x44, 5}, {0x80, 7}, {0x84, 8}};
	unsigned int i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].modrm == modrm)
			return forms[i].length;
	return 0;
}

/* Length of the no-op at this address, 0 if something else is there. */
static unsigned int nop_length(const uint8_t *code, const uint8_t *end)
{
	const uint8_t *at = code;
	unsigned int length;

	while (at < end && is_nop_prefix(*at))
		at++;
	if (at < end && *at == 0x90)
		return at + 1 - code;
	for (length = 2; length <= NOP_BASE_MAX && at + length <= end; length++)
		if (!__builtin_memcmp(at, nops[length], length))
			return at + length - code;
	if (at + 2 >= end || at[0] != 0x0f || at[1] != 0x1f)
		return 0;
	length = long_nop_length(at[2]);
	return length ? at + length - code : 0;
}

static bool only_nops(const uint8_t *code, const uint8_t *end)
{
	while (code < end) {
		unsigned int length = nop_length(code, end);

		if (!length)
			return false;
		code += length;
	}
	return true;
}

enum pv_form pv_site_form(const struct pv_site *site)
{
	const uint8_t *code = pv_site_address(site), *end = code + site->length;

	if (only_nops(code, end))
		return PV_FORM_NOP;
	while (*code == 0x3e)
		code++;
	if (code[0] == 0xff && (code[1] == 0x15 || code[1] == 0x25))
		return PV_FORM_INDIRECT;
	if (code[0] == 0x0f && code[1] == 0x0b)
		return PV_FORM_TRAP;
	/* The length tells the patcher's call from a template that starts with one. */
	if ((code[0] == 0xe8 || code[0] == 0xe9) && only_nops(code + 5, end))
		return PV_FORM_CALL;
	return PV_FORM_INLINE;
}
