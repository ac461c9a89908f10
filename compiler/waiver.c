/*
 * A waiver is a line, and is for one change:
 *
 *     RULE ELEMENT fingerprint DIGITS [for AUDIENCES] [until DATE]: REASON
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "waiver.h"

/* ---- a file, by words ---- */

struct line {
	struct run *run;
	const struct source *source;
	const char *at, *end;
	struct loc word; /* read last */
};

static void skip_blanks(struct line *l)
{
	while (l->at < l->end && (*l->at == ' ' || *l->at == '\t'))
		l->at++;
}

static bool ends_word(const struct line *l)
{
	return l->at == l->end || strchr(" \t:", *l->at);
}

static uint32_t offset_of(const struct line *l)
{
	return (uint32_t)(l->at - l->source->text);
}

/** A name in quotes, or what stands before the next blank or colon; "" before that or the end. */
static const char *next_word(struct line *l)
{
	const char *begin, *quote;

	skip_blanks(l);
	begin = l->at;
	l->word = (struct loc){l->source->file, offset_of(l), 0};
	quote = l->at < l->end && *l->at == '"'
			? memchr(l->at + 1, '"', (size_t)(l->end - l->at) - 1)
			: NULL;
	if (quote)
		l->at = quote + 1;
	while (!quote && !ends_word(l))
		l->at++;
	l->word.end = offset_of(l);
	return quote ? intern_n(begin + 1, (size_t)(quote - begin) - 1)
		     : intern_n(begin, (size_t)(l->at - begin));
}

static bool expected(struct line *l, const char *what)
{
	if (l->word.end == l->word.begin)
		l->word.end++;
	diag(l->run, waiver_syntax, l->word, what);
	return false;
}

/* ---- what words mean ---- */

static bool set_fingerprint(struct waiver *w, const char *word)
{
	w->fingerprint = word;
	return strlen(word) == FINGERPRINT && strspn(word, "0123456789abcdef") == FINGERPRINT;
}

static bool set_audiences(struct waiver *w, const char *word)
{
	return audiences_from(word, &w->audiences);
}

static unsigned int days_of(unsigned int year, unsigned int month)
{
	bool is_leap = !(year % 4) && (year % 100 || !(year % 400));

	if (month == 2)
		return is_leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** YYYY-MM-DD, which compares as text does. */
static bool set_until(struct waiver *w, const char *word)
{
	static const char form[] = "dddd-dd-dd";
	unsigned int year, month, day;

	if (strlen(word) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)word[i]) : word[i] != form[i])
			return false;
	w->until = word;
	year = (unsigned int)strtoul(word, NULL, 10);
	month = (unsigned int)strtoul(word + 5, NULL, 10);
	day = (unsigned int)strtoul(word + 8, NULL, 10);
	return month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month);
}

static const struct {
	const char *name, *expected;
	bool (*set)(struct waiver *w, const char *word);
} keys[] = {
	{"fingerprint", "a fingerprint of 12 digits and letters a to f, as reports show it,",
	 set_fingerprint},
	{"for", "'source', 'backend', 'module' or 'peer', with commas between them,",
	 set_audiences},
	{"until", "a day like 2030-01-31", set_until},
};

/** A key and its word, or the colon; @said has a bit for each key. */
static bool read_key(struct line *l, struct waiver *w, const char *name, unsigned int *said)
{
	for (size_t i = 0; i < NELEM(keys); i++) {
		if (strcmp(keys[i].name, name) != 0 || *said & 1u << i)
			continue;
		*said |= 1u << i;
		return keys[i].set(w, next_word(l)) || expected(l, keys[i].expected);
	}
	return expected(l, *said ? "':', or a key that was not said before,"
				 : "'fingerprint', 'for', 'until' or ':'");
}

static bool read_keys(struct line *l, struct waiver *w)
{
	unsigned int said = 0;
	const char *name;

	while (*(name = next_word(l)))
		if (!read_key(l, w, name, &said))
			return false;
	return true;
}

static bool read_rule(struct line *l, struct waiver *w, const char *name)
{
	struct nearest nearest = nearest_to(name);

	w->is_broad = strchr(name, '*');
	for (size_t i = 0; i < R_COUNT; i++) {
		w->rule = (enum rule_id)i;
		if (!strcmp(diff_rules[i].name, name))
			return true;
		nearest_try(&nearest, diff_rules[i].name);
	}
	w->rule = R_NONE;
	if (!w->is_broad)
		diag(l->run, waiver_rule, l->word, name, nearest_text(&nearest));
	return w->is_broad;
}

/** The rest of the line, without blanks around it. */
static const char *read_reason(struct line *l)
{
	if (l->at < l->end)
		l->at++;
	skip_blanks(l);
	while (l->end > l->at && isspace((unsigned char)l->end[-1]))
		l->end--;
	return mem_text(l->at, (size_t)(l->end - l->at));
}

static bool read_waiver(struct line *l, struct waiver *w)
{
	const char *rule = next_word(l);
	struct loc begin = l->word;

	if (!*rule)
		return expected(l, "the name of a rule");
	if (!read_rule(l, w, rule))
		return false;
	w->element = next_word(l);
	if (!*w->element)
		return expected(l, "the name of an element");
	w->is_broad |= !!strchr(w->element, '*');
	if (!read_keys(l, w))
		return false;
	w->loc = loc_from_to(begin, l->word);
	w->reason = read_reason(l);
	return true;
}

/** Empty lines and lines that begin with # say nothing. */
static bool says_something(struct line *l)
{
	skip_blanks(l);
	return l->at < l->end && *l->at != '#';
}

static bool read_lines(struct run *run, const struct source *s, waivers *all)
{
	bool good = true;

	vec_each(begin, &s->lines)
	{
		struct waiver w = {.audiences = ALL_AUDIENCES};
		size_t length;
		const char *text = source_line(run, (struct loc){s->file, *begin, *begin}, &length);
		struct line l = {.run = run, .source = s, .at = text, .end = text + length};

		if (!says_something(&l))
			continue;
		if (read_waiver(&l, &w))
			*vec_push(all) = w;
		else
			good = false;
	}
	return good;
}

/* Who looks at a revision may accept something today. */
bool read_waivers(struct run *run, waivers *all)
{
	struct git *git = run->git;
	bool good = true;

	run->git = NULL;
	vec_each(path, &run->diff.waivers)
	{
		struct opened o = source_open(run, *path, true);

		good &= o.source ? read_lines(run, o.source, all)
				 : run_failed(run, "cannot read '%s': %s", *path, o.problem);
	}
	run->git = git;
	return good;
}

/* ---- as it is written ---- */

const char *waiver_element(const char *element)
{
	struct out o = {0};

	put_visible(&o, element);
	for (size_t i = 0; i < o.n; i++)
		if (o.v[i] == '"')
			o.v[i] = '\'';
	return text_of(&o);
}

const char *waiver_line(const struct change *c, unsigned int audiences)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
	const char *element = waiver_element(c->element);
	const char *quote = element[strspn(element, plain)] ? "\"" : "";

	return mem_printf("%s %s%s%s fingerprint %s for %s:", diff_rules[c->rule].name, quote,
			  element, quote, c->fingerprint, audience_words(audiences));
}

/* ---- today ---- */

const char *waiver_today(struct run *run)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = time(NULL);
	char *end, text[sizeof("YYYY-MM-DD")];
	struct tm day;

	if (epoch && *epoch) {
		errno = 0;
		now = (time_t)strtoll(epoch, &end, 10);
		if (errno || *end || !isdigit((unsigned char)*epoch)) {
			run_failed(run, "SOURCE_DATE_EPOCH is no number of seconds: '%s'", epoch);
			return NULL;
		}
	}
	if (!gmtime_r(&now, &day) || day.tm_year > 9999 - 1900 ||
	    !strftime(text, sizeof(text), "%Y-%m-%d", &day)) {
		run_failed(run, "SOURCE_DATE_EPOCH is beyond the year 9999: '%s'", epoch);
		return NULL;
	}
	return mem_printf("%s", text);
}
