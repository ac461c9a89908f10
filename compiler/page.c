/* What pages have in common: they load nothing, and are light or dark as their reader's system is.
 */
#include "page.h"

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

void page_begin(struct out *o, const char *title, const char *style)
{
	put(o,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
	    "style-src 'unsafe-inline';script-src 'unsafe-inline'\">\n"
	    "<title>%s</title>\n<style>\n%s%s</style></head>\n<body><main>\n",
	    title, common, style);
}

void page_end(struct out *o, const char *script)
{
	put(o, "</main>\n<script>\n%s</script></body></html>\n", script);
}
