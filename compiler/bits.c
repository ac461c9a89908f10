/* Numbers whose bits have names: each bit has one meaning, or is said to have none. */
#include <string.h>

#include "pvgen.h"

static bool is_reserved(const struct bit_field *f)
{
	return !strcmp(f->name.s, "reserved");
}

uint64_t bits_mask(int64_t high, int64_t low)
{
	if (low < 0 || high < low || high > 63)
		return 0;
	return (UINT64_MAX >> (63 - (high - low))) << low;
}

bool check_bits(struct run *run, struct loc loc, int64_t high, int64_t low, int64_t width)
{
	if (low >= 0 && low <= high && high < width)
		return true;
	diag(run, bad_bits, loc, mem_printf("%lld", (long long)width - 1));
	return false;
}

static void report_overlap(struct run *run, const struct decl *d, const struct bit_field *f)
{
	const struct bit_field *first = d->fields.v;

	while (!(bits_mask(first->high, first->low) & bits_mask(f->high, f->low)))
		first++;
	diag(run, bits_overlap, f->loc, f->name.s, first->name.s);
	diag_note(run, first->loc, "the bits of '%s' are here", first->name.s);
}

static void check_field_name(struct run *run, struct map *seen, struct bit_field *f)
{
	const struct name *old = is_reserved(f) ? NULL : map_add(seen, f->name.s, &f->name);

	if (!old)
		return;
	diag(run, duplicate, f->name.loc, "field", f->name.s);
	diag_note(run, old->loc, "the first definition is here");
}

/** The lowest run of bits in a mask that is not 0, as it would be written. */
static const char *lowest_bits(uint64_t mask)
{
	int low = __builtin_ctzll(mask), n = 0;

	while (low + n < 64 && mask >> (low + n) & 1)
		n++;
	return n == 1 ? mem_printf("%d", low) : mem_printf("%d:%d", low + n - 1, low);
}

static void report_gap(struct run *run, const struct decl *d, const char *bits)
{
	diag(run, bits_gap, d->name.loc, bits, d->name.s, bits);
}

void resolve_bits(struct run *run, struct decl *d)
{
	const struct scalar *scalar = type_scalar(&d->type);
	int64_t width;
	uint64_t used = 0;
	struct map seen = {0};

	if (!scalar || type_is_pointer(&d->type)) {
		diag(run, not_a_number, d->type.loc, d->name.s);
		return;
	}
	width = (int64_t)type_size(d->scope->arch, &d->type) * 8;
	vec_each(f, &d->fields)
	{
		check_field_name(run, &seen, f);
		if (!check_bits(run, f->loc, f->high, f->low, width))
			return;
		if (used & bits_mask(f->high, f->low))
			report_overlap(run, d, f);
		used |= bits_mask(f->high, f->low);
	}
	if (~used & bits_mask(width - 1, 0))
		report_gap(run, d, lowest_bits(~used & bits_mask(width - 1, 0)));
}
