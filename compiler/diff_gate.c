/* Whom a break fails, and which breaks are accepted. */
#include <string.h>

#include "diff.h"

static unsigned int audience_bit(const char *word, size_t n)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		if (!strncmp(audience_names[i], word, n) && !audience_names[i][n])
			return 1u << i;
	return 0;
}

bool audiences_from(const char *words, unsigned int *audiences)
{
	*audiences = 0;
	for (;; words++) {
		size_t n = strcspn(words, ",");
		unsigned int bit = audience_bit(words, n);

		if (!bit)
			return false;
		*audiences |= bit;
		words += n;
		if (!*words)
			return true;
	}
}

const char *audience_words(unsigned int audiences)
{
	struct out o = {0};

	for (size_t i = 0; i < AUDIENCES; i++)
		if (audiences & 1u << i)
			put(&o, "%s%s", o.n ? "," : "", audience_names[i]);
	return text_of(&o);
}

bool is_waivers_fault(const struct change *c)
{
	return c->rule >= R_WAIVER_UNUSED && c->rule <= R_WAIVER_REASON;
}

unsigned int change_gated(const struct diff *d, const struct change *c)
{
	enum verdict least = is_waivers_fault(c) ? V_WARN : V_BREAK;
	unsigned int asked = d->new->diff.gate, gated = 0;

	/* A waiver that is no good fails whoever is asked for, unless nobody is. */
	if (asked && is_waivers_fault(c))
		asked = ALL_AUDIENCES;

	for (size_t i = 0; i < AUDIENCES; i++)
		if (asked & 1u << i && !c->waivers[i] && c->verdicts[i] >= least)
			gated |= 1u << i;
	return gated;
}

bool diff_is_gated(const struct diff *d)
{
	vec_each(c, &d->changes)
	{
		if (change_gated(d, c))
			return true;
	}
	return false;
}
