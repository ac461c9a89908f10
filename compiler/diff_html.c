/* The report of pvgen diff as a page. */
#include <string.h>

#include "diff_html.h"
#include "page.h"
#include "text.h"

/* Colours mean the same as the words on them, so that nobody needs to see them. */
static const char style[] =
	":root{--ok:#e2f2e5;--note:#e0ecfc;--warn:#ffefb0;--refuse:#ffd6a6;--break:#ffb4b4;"
	"--silent:#efaee8;--moved:#b3261e;--new:#1a7f37;--gone:#8b5e00;"
	"--renamed:#2458b8;--same:#b8bfc6}\n"
	"@media(prefers-color-scheme:dark){:root{--ok:#1b3724;--note:#1d3350;--warn:#57490f;"
	"--refuse:#6b3f14;--break:#7d2a30;--silent:#74286c;--moved:#ff8a80;--new:#6fdc8c;"
	"--gone:#e2b45a;--renamed:#8ab4ff;--same:#4a525a}}\n"
	".silent{background:var(--silent)}.break{background:var(--break)}"
	".refuse{background:var(--refuse)}.warn{background:var(--warn)}"
	".note{background:var(--note)}.ok{background:var(--ok)}"
	".silent,.break{font-weight:600}.na{color:var(--quiet)}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.7rem}\n"
	".cards div{border-radius:6px;padding:.6rem .9rem}.cards .na{border:1px solid "
	"var(--line)}\n"
	".cards b{display:block;font-size:1.25rem}.cards span{font-weight:400}\n"
	".told{color:var(--quiet);font-size:13px;max-width:70rem;padding-left:1.2rem}\n"
	".fails{border-left:4px solid var(--moved);padding:.2rem .8rem;margin:.8rem 0}\n"
	"section{border:1px solid var(--line);border-radius:6px;padding:.6rem .9rem;margin:.8rem "
	"0}\n"
	"h3{font-size:1rem;margin:0 0 .3rem}section p{margin:.25rem 0;max-width:60rem}\n"
	".chip{border-radius:1rem;padding:.1rem .6rem;margin-right:.3rem;display:inline-block}\n"
	"code,.slots text{font:13px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n"
	"code{overflow-wrap:anywhere}td{vertical-align:top}.place{white-space:nowrap;width:1%}\n"
	"td p,td .fails{font-size:12.5px;margin:.15rem 0}td .accept{color:var(--quiet)}\n"
	"td.ok,td.note,td.warn,td.refuse,td.break,td.silent{border-left:2px solid var(--page)}\n"
	"a{color:inherit}:target{outline:2px solid var(--text)}\n"
	"summary{cursor:pointer;padding:.2rem 0}.slots{overflow-x:auto}\n"
	".slots rect{fill:var(--head);stroke:none}.slots text{fill:var(--text)}\n"
	".slots .n{fill:var(--quiet)}.slots path{stroke:var(--same);fill:none}\n"
	".moved path{stroke:var(--moved);stroke-width:1.6}.moved rect{stroke:var(--moved)}\n"
	".new rect{stroke:var(--new);stroke-width:2}"
	".gone rect{stroke:var(--gone);stroke-width:2;stroke-dasharray:4 3}\n"
	".renamed path{stroke:var(--renamed);stroke-width:2}.renamed rect{stroke:var(--renamed)}\n"
	".slots .shift{fill:var(--moved);font-weight:700;text-anchor:middle;paint-order:stroke;"
	"stroke:var(--page);stroke-width:5px}\n"
	".legend b{font-weight:400;margin-right:1rem;display:inline-block}\n"
	".legend b::before{content:\"\";display:inline-block;width:1.6rem;height:3px;"
	"vertical-align:middle;margin-right:.4rem;background:var(--same)}\n"
	".legend .moved::before{background:var(--moved)}"
	".legend .new::before{background:var(--new)}.legend .gone::before{background:var(--gone)}"
	".legend .renamed::before{background:var(--renamed)}\n"
	"nav{border-bottom:1px solid var(--line)}nav span{color:var(--quiet)}"
	"nav .ok,nav .note,nav .warn,nav .refuse,nav .break,nav .silent{font-weight:400}\n";

/*
 * What is shown concerns one of the pressed audiences in one of the pressed ways, and has the
 * words.  No button of a kind pressed is all of them.
 */
static const char script[] =
	"const nav=document.querySelector('nav'),words=nav.querySelector('input');\n"
	"const count=nav.querySelector('output');\n"
	"const pressed={audience:new Set(),verdict:new Set()};\n"
	"function fits(e){\n"
	" const a=pressed.audience,v=pressed.verdict;\n"
	" return Object.entries(e.dataset).some(([who,how])=>\n"
	"  how!=='na'&&(!a.size||a.has(who))&&(!v.size||v.has(how)));\n"
	"}\n"
	"function show(){\n"
	" const text=words.value.toLowerCase().split(/\\s+/).filter(w=>w);\n"
	" const low=e=>e.textContent.toLowerCase(),says=t=>text.every(w=>t.includes(w));\n"
	" for(const row of document.querySelectorAll('.ops tbody tr'))\n"
	"  row.hidden=!fits(row)||!says(low(row));\n"
	" let shown=0,all=0;\n"
	" for(const s of document.querySelectorAll('section')){\n"
	"  const fit=fits(s),head=low(s.querySelector('header'));\n"
	"  let any=false;\n"
	"  for(const row of s.querySelectorAll('tbody tr')){\n"
	"   row.hidden=!fit||!says(head+low(row));\n"
	"   any=any||!row.hidden;shown+=!row.hidden;all++;\n"
	"  }\n"
	"  s.hidden=!any;\n"
	"  for(const d of s.querySelectorAll('details'))d.open=d.open||text.length>0;\n"
	" }\n"
	" count.textContent=shown+' of '+all+' changes';\n"
	"}\n"
	"for(const b of nav.querySelectorAll('button'))b.onclick=()=>{\n"
	" const on=b.getAttribute('aria-pressed')!=='true',set=pressed[b.name];\n"
	" b.setAttribute('aria-pressed',on);\n"
	" if(on)set.add(b.value);else set.delete(b.value);\n"
	" show();\n"
	"};\n"
	"words.oninput=show;nav.hidden=false;show();\n";

static const char *const who[] = {
	[FOR_SOURCE] = "callers, compiled anew",
	[FOR_BACKENDS] = "implementations, compiled anew",
	[FOR_MODULES] = "what was compiled before",
	[FOR_PEERS] = "the other side of numbered interfaces",
};

void put_filter(struct out *o, const enum verdict *verdicts)
{
	for (size_t i = 0; i < AUDIENCES; i++)
		put(o, " data-%s=\"%s\"", audience_names[i], verdict_names[verdicts[i]]);
}

/** A text of the table of rules, in which `words` are code. */
static void put_words(struct out *o, const char *s)
{
	bool is_code = false;

	for (const char *end; *s; s = end + (*end == '`')) {
		end = s + strcspn(s, "`");
		put(o, is_code ? "<code>" : "");
		put_markup(o, mem_printf("%.*s", (int)(end - s), s));
		put(o, is_code ? "</code>" : "");
		is_code = !is_code;
	}
}

/* ---- the summary ---- */

static void put_card(const struct diff *d, size_t audience, struct out *o)
{
	size_t counts[VERDICTS] = {0}, waived = 0;
	const char *comma = "";

	vec_each(c, &d->changes)
	{
		counts[c->verdicts[audience]] += !c->waivers[audience];
		waived += !!c->waivers[audience];
	}
	put(o, "<div class=\"%s\">%s<b>%s</b><span>", verdict_names[worst_for(d, audience)],
	    audience_names[audience], verdict_names[worst_for(d, audience)]);
	put(o, "%s<br>", who[audience]);
	for (size_t v = V_SILENT; v > V_OK; v--)
		if (counts[v]) {
			put(o, "%s%zu %s", comma, counts[v], verdict_names[v]);
			comma = ", ";
		}
	if (waived)
		put(o, "%s%zu waived", comma, waived);
	put(o, "</span></div>\n");
}

static void put_notes(const struct diff *d, struct out *o)
{
	names notes = diff_notes(d);

	put(o, notes.n ? "<ul class=\"told\">\n" : "");
	vec_each(note, &notes)
	{
		put(o, "<li>");
		put_markup(o, note->s);
		put(o, "</li>\n");
	}
	put(o, notes.n ? "</ul>\n" : "");
}

static void put_status(const struct diff *d, struct out *o)
{
	size_t failing = 0;

	vec_each(c, &d->changes) failing += change_gated(d, c) != 0;
	put(o, "<p>From <code>");
	put_markup(o, d->operands[0]);
	put(o, "</code> to <code>");
	put_markup(o, d->operands[1]);
	put(o, "</code>: ");
	put_verdict(o, d);
	put(o, "</p>\n");
	if (failing)
		put(o,
		    "<p class=\"fails\">The status is 1 because of %s, marked below as what "
		    "fails.</p>\n",
		    counted(failing, "change"));
}

/* ---- the filter ---- */

static void put_button(struct out *o, const char *kind, const char *value, const char *class)
{
	put(o,
	    "<button type=\"button\" name=\"%s\" value=\"%s\" class=\"%s\" "
	    "aria-pressed=\"false\">%s</button>\n",
	    kind, value, class, value);
}

static void put_nav(const struct diff *d, struct out *o)
{
	bool is_there[VERDICTS] = {false};

	vec_each(c, &d->changes)
	{
		for (size_t i = 0; i < AUDIENCES; i++)
			is_there[c->verdicts[i]] = true;
	}
	put(o, "<nav hidden aria-label=\"changes to show\"><span>for</span>\n");
	for (size_t i = 0; i < AUDIENCES; i++)
		put_button(o, "audience", audience_names[i], "");
	put(o, "<span>that is</span>\n");
	for (size_t v = V_SILENT; v > V_NA; v--)
		if (is_there[v])
			put_button(o, "verdict", verdict_names[v], verdict_names[v]);
	put(o, "<output></output><input type=\"search\" placeholder=\"words of a rule, an element, "
	       "a file\" aria-label=\"words\"></nav>\n");
}

/* ---- changes ---- */

static void put_gate(const struct diff *d, const struct change *c, struct out *o)
{
	unsigned int gated = change_gated(d, c);
	const struct waiver *w;

	for (size_t i = 0; (w = next_waiver(c, &i));) {
		put(o, "<p class=\"waived\">");
		put_markup(o, waived_text(d, c, w));
		put(o, "</p>");
	}
	if (!gated)
		return;
	put(o, "<p class=\"fails\">Fails for %s.", audience_words(gated));
	if (*c->fingerprint) {
		put(o, " <span class=\"accept\">To accept: <code>");
		put_markup(o, waiver_line(c, gated));
		put(o, "</code></span>");
	}
	put(o, "</p>");
}

static void put_change(const struct diff *d, const struct change *c, struct out *o)
{
	struct position p = change_place(d, c);

	put(o, "<tr id=\"c%zu\"><td class=\"place\"><code>", (size_t)(c - d->changes.v));
	put_markup(o, mem_printf("%s:%u", p.path, p.line));
	put(o, "</code>%s</td><td><code>", c->has_new ? "" : " (old)");
	put_markup(o, c->element);
	put(o, "</code></td><td><code>");
	put_markup(o, c->detail);
	put(o, "</code>");
	put_gate(d, c, o);
	put(o, "</td></tr>\n");
}

static void put_head(const struct change *c, struct out *o)
{
	const struct rule_row *rule = &diff_rules[c->rule];

	put(o, "<section");
	put_filter(o, c->verdicts);
	put(o, "><header><h3><code>%s</code> ", rule->name);
	put_markup(o, rule->text);
	put(o, "</h3><p>");
	for (size_t i = 0; i < AUDIENCES; i++)
		if (c->verdicts[i] != V_NA)
			put(o, "<span class=\"chip %s\">%s %s</span>",
			    verdict_names[c->verdicts[i]], audience_names[i],
			    verdict_names[c->verdicts[i]]);
	put(o, "</p><p>");
	put_words(o, rule->effect);
	put(o, "</p><p><b>To do:</b> ");
	put_words(o, rule->remedy);
	put(o, "</p></header>\n");
}

/** All that falls under one head; returns what is behind it. */
static const struct change *put_section(const struct diff *d, const struct change *c, struct out *o)
{
	const struct change *end = end_of_head(d, c);
	bool is_long = end - c > MANY;

	put_head(c, o);
	if (is_long)
		put(o, "<details><summary>%s</summary>", counted((uint64_t)(end - c), "change"));
	put(o, "<table><tbody>\n");
	for (; c < end; c++)
		put_change(d, c, o);
	put(o, "</tbody></table>%s</section>\n", is_long ? "</details>" : "");
	return end;
}

void diff_put_html(const struct diff *d, struct out *o)
{
	const struct change *end = d->changes.v + d->changes.n;
	struct op_rows ops = find_op_rows(d);

	page_begin(o, "What changed", style);
	put(o, "<h1>What changed, and whom it breaks</h1>\n");
	put_status(d, o);
	put(o, "<div class=\"cards\">\n");
	for (size_t i = 0; i < AUDIENCES; i++)
		put_card(d, i, o);
	put(o, "</div>\n");
	put_notes(d, o);
	put_slot_lines(d, &ops, o);
	put_nav(d, o);
	put_op_rows(d, &ops, o);
	put(o, d->changes.n ? "<h2>Changes</h2>\n" : "");
	for (const struct change *c = d->changes.v; c < end;)
		c = put_section(d, c, o);
	page_end(o, script);
}
