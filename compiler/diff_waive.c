/* Which changes are waived, and which waivers are no good: these are findings of their own. */
#include <inttypes.h>
#include <string.h>

#include "waiver.h"

/* ---- fingerprints ---- */

/**
 * FNV-1a, which is the same for ever and everywhere.  Of a change goes into it what it is, where,
 * and to what; not from what, nor its place in a file, nor how bad it is held to be.
 */
static uint64_t hash(uint64_t h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (h ^ 0xff) * 0x100000001b3;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
	return hash(h, s, strlen(s));
}

static const char *behind_arrow(const char *s)
{
	const char *arrow = strstr(s, " -> ");

	return arrow ? arrow + strlen(" -> ") : s;
}

/** "what: old -> new" without the old value. */
static uint64_t hash_detail(uint64_t h, const char *detail)
{
	const char *new = behind_arrow(detail), *colon = strstr(detail, ": ");

	if (new != detail && colon &&colon < new)
		h = hash(h, detail, (size_t)(colon - detail));
	return hash_text(h, new);
}

/** Each bit depends on all others, so that any 48 of them tell changes apart. */
static uint64_t spread(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

/** Of several that are alike, the nth is another one. */
static const char *fingerprint(const struct change *c, unsigned int nth)
{
	uint64_t h = hash_text(0xcbf29ce484222325, diff_rules[c->rule].name);

	h = hash_detail(hash_text(h, behind_arrow(c->element)), c->detail);
	if (nth)
		h = hash_text(h, mem_printf("again %u", nth));
	return intern(mem_printf("%0*" PRIx64, FINGERPRINT, spread(h) >> 16));
}

/* ---- what waivers are for ---- */

struct waiving {
	struct diff *d;
	struct map by_fingerprint; /* struct change */
	struct map by_name;	   /* "RULE ELEMENT"; the first of several */
	VEC(struct change) findings;
};

static const char *name_of(enum rule_id rule, const char *element)
{
	return intern(mem_printf("%s %s", diff_rules[rule].name, element));
}

static void give_fingerprints(struct waiving *x)
{
	struct map counts = {0}; /* of those that are alike */

	vec_each(c, &x->d->changes)
	{
		const char *first = fingerprint(c, 0);
		unsigned int *count = map_get(&counts, first);

		if (!count)
			map_add(&counts, first, count = mem_alloc(sizeof(*count)));
		c->fingerprint = *count ? fingerprint(c, *count) : first;
		++*count;
		map_add(&x->by_fingerprint, c->fingerprint, c);
		if (x->d->waivers.n)
			map_add(&x->by_name, name_of(c->rule, waiver_element(c->element)), c);
	}
}

static const char *place_of(const struct diff *d, const struct waiver *w)
{
	struct position p = source_position(d->new, w->loc);

	return mem_printf("%s:%u", p.path, p.line);
}

/** It concerns those whom the waiver is for. */
static void find_fault(struct waiving *x, enum rule_id rule, const struct waiver *w,
		       const char *detail)
{
	struct change c = {.rule = rule,
			   .element = w->element,
			   .detail = detail,
			   .fingerprint = "",
			   .new = w->loc,
			   .has_new = true};

	for (size_t i = 0; i < AUDIENCES; i++)
		if (w->audiences & 1u << i)
			c.verdicts[i] = diff_rules[rule].verdicts[i];
	*vec_push(&x->findings) = c;
}

/** Accepts the change for those whom it breaks and for whom none did before; is there anyone? */
static bool accept(struct change *c, const struct waiver *w)
{
	bool is_used = false;

	for (size_t i = 0; i < AUDIENCES; i++) {
		if (!(w->audiences & 1u << i) || c->verdicts[i] < V_BREAK || c->waivers[i])
			continue;
		c->waivers[i] = w;
		is_used = true;
	}
	return is_used;
}

/** The change that the waiver accepts does not need it. */
static const char *why_unneeded(const struct diff *d, const struct change *c,
				const struct waiver *w)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		if (w->audiences & 1u << i && c->waivers[i])
			return mem_printf("accepted already by %s", place_of(d, c->waivers[i]));
	return mem_printf("breaks nothing for %s", audience_words(w->audiences));
}

static void apply(struct waiving *x, const struct waiver *w)
{
	struct change *c = map_get(&x->by_fingerprint, w->fingerprint);
	const char *name = name_of(w->rule, w->element);

	if (c && name_of(c->rule, waiver_element(c->element)) == name) {
		if (!accept(c, w))
			find_fault(x, R_WAIVER_UNUSED, w, why_unneeded(x->d, c, w));
		return;
	}
	c = map_get(&x->by_name, name);
	find_fault(x, R_WAIVER_UNUSED, w,
		   c ? mem_printf("%s has now fingerprint %s", diff_rules[w->rule].name,
				  c->fingerprint)
		     : mem_printf("%s is not reported", diff_rules[w->rule].name));
}

static void waive(struct waiving *x, const struct waiver *w, const char *today)
{
	if (!*w->reason)
		find_fault(x, R_WAIVER_REASON, w, "");
	else if (w->is_broad)
		find_fault(x, R_WAIVER_BROAD, w, "* stands for what nobody has seen");
	else if (!w->fingerprint)
		find_fault(x, R_WAIVER_BROAD, w, "without a fingerprint");
	else if (w->until && strcmp(w->until, today) < 0)
		find_fault(x, R_WAIVER_EXPIRED, w,
			   mem_printf("until %s, and it is %s", w->until, today));
	else
		apply(x, w);
}

static void find_worst(struct diff *d)
{
	memset(d->worst, 0, sizeof(d->worst));
	vec_each(c, &d->changes)
	{
		for (size_t i = 0; i < AUDIENCES; i++) {
			enum verdict v = c->waivers[i] ? V_OK : c->verdicts[i];

			d->worst[i] = v > d->worst[i] ? v : d->worst[i];
		}
	}
}

bool diff_waive(struct diff *d)
{
	struct waiving x = {.d = d};
	const char *today = d->waivers.n ? waiver_today(d->new) : "";

	if (!today)
		return false;
	give_fingerprints(&x);
	vec_each(w, &d->waivers) waive(&x, w, today);
	vec_each(finding, &x.findings) * vec_push(&d->changes) = *finding;
	find_worst(d);
	diff_sort(d);
	return true;
}
