/* What pages have in common: they load nothing, and are light or dark as the reader's system is. */
#include "page.h"
#include "text.h"

static const char common[] =
	":root{color-scheme:light dark;--page:#fff;--text:#1c2024;--quiet:#5b656e;--line:#e3e6ea;"
	"--head:#f4f5f7}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#15181c;--text:#e4e7ea;--quiet:#a2abb3;"
	"--line:#2c3238;--head:#1f2328}}\n"
	"body{margin:0;background:var(--page);color:var(--text);"
	"font:14px/1.35 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}\n"
	"main{padding:1rem 1.4rem 3rem;max-width:100rem;margin:auto}\n"
	"h1{font-size:1.3rem;margin:0 0 .7rem}h2{font-size:1.05rem;margin:1.2rem 0 .4rem}\n"
	"table{border-collapse:separate;border-spacing:0;width:100%}\n"
	"th,td{text-align:left;padding:.14rem .6rem;border-bottom:1px solid var(--line)}\n"
	"thead th{background:var(--head);font-weight:600;padding:.3rem .6rem}\n"
	".op{font:13px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;"
	"white-space:nowrap;width:1%}\n"
	"nav{position:sticky;top:0;z-index:2;background:var(--page);display:flex;flex-wrap:wrap;"
	"gap:.4rem;align-items:center;padding:.5rem 0;min-height:2rem}\n"
	"button,input{font:inherit;color:inherit;border:1px solid var(--line);border-radius:1rem;"
	"padding:.1rem .7rem;background:var(--page)}\n"
	"button{cursor:pointer}button[aria-pressed=true]{outline:2px solid var(--text)}\n"
	"input{border-radius:4px;min-width:19rem;margin-left:auto}\n"
	"[hidden]{display:none}\n"
	"@media print{nav{display:none}}\n";

/* Tables whose cells have states, counted in bars. */
static const char matrix_style[] =
	".matrix thead th{position:sticky;top:3rem;z-index:1}\n"
	".group th{background:var(--head);font-weight:600;padding-top:.6rem}\n"
	".group span,small{color:var(--quiet);font-weight:400;font-size:12px}\n"
	"small{float:right;margin-left:.6rem}td p{margin:0;font-size:12px;overflow-wrap:anywhere}\n"
	"td[class]{border-left:2px solid var(--page)}\n"
	".summary td,.summary th{text-align:right}.summary th:first-child{text-align:left}\n"
	".summary .none{color:var(--quiet);opacity:.6}\n"
	".bar{display:flex;height:.9rem;min-width:12rem;border-radius:3px;overflow:hidden}\n"
	".dim{opacity:.25}\n"
	"@media print{.matrix thead th{position:static}}\n";

/*
 * Rows with a cell in one of the pressed states, in one of the pressed groups, whose text has the
 * words.
 */
static const char matrix_script[] =
	"const pressed=new Set(),groups=new Set(),words=document.querySelector('nav input');\n"
	"function show(){\n"
	" const text=words.value.toLowerCase().split(/\\s+/);\n"
	" for(const body of document.querySelectorAll('tbody.ops')){\n"
	"  let any=false;\n"
	"  for(const row of body.rows){\n"
	"   if(row.className==='group')continue;\n"
	"   const cells=[...row.querySelectorAll('td[class]')];\n"
	"   const fits=cells.some(c=>!pressed.size||pressed.has(c.classList[0]));\n"
	"   const name=(row.textContent+cells.map(c=>c.title)).toLowerCase();\n"
	"   row.hidden=!fits||!text.every(w=>name.includes(w));\n"
	"   any=any||!row.hidden;\n"
	"   for(const c of "
	"cells)c.classList.toggle('dim',pressed.size>0&&!pressed.has(c.classList[0]));\n"
	"  }\n"
	"  body.hidden=!any||(groups.size>0&&!groups.has(body.dataset.group));\n"
	" }\n"
	"}\n"
	"for(const b of document.querySelectorAll('nav button'))b.onclick=()=>{\n"
	" const on=b.getAttribute('aria-pressed')!=='true';\n"
	" b.setAttribute('aria-pressed',on);\n"
	" const set=b.dataset.group?groups:pressed,key=b.dataset.group||b.className;\n"
	" if(on)set.add(key);else set.delete(key);\n"
	" show();\n"
	"};\n"
	"words.oninput=show;\n";

void page_begin(struct out *o, const char *title, const char *heading, const char *style)
{
	put(o, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	       "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
	       "style-src 'unsafe-inline';script-src 'unsafe-inline'\">\n"
	       "<title>");
	put_markup(o, title);
	put(o, "</title>\n<style>\n%s%s</style></head>\n<body><main>\n<h1>", common, style);
	put_markup(o, heading);
	put(o, "</h1>\n");
}

void page_end(struct out *o, const char *script)
{
	put(o, "</main>\n<script>\n%s</script></body></html>\n", script);
}

void matrix_begin(struct out *o, const char *title, const char *heading, const char *style)
{
	page_begin(o, title, heading, mem_printf("%s%s", matrix_style, style));
}

void matrix_end(struct out *o)
{
	page_end(o, matrix_script);
}
