"""A Markdown document as a page of HTML that stands alone: no script, no address to fetch from.

Pure. HTML in the Markdown is shown as text; then a sanitiser lets only named elements through, so
that a stranger's words can neither run nor load anything, and images become links. The page is
readable by ear (language, one main heading, tables with heads that say what they head), in light
and dark, and on paper.
"""

from __future__ import annotations

import html
import re

import nh3

from paddock.front_matter import split_document
from paddock.markdown import render_card

_ABSOLUTE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_TITLE = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_IMAGE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"[^>]*>')
_BLOCKS = {"blockquote", "br", "hr", "li", "ol", "p", "pre", "ul"}
_TEXT = {"a", "code", "em", "strong", "s", "del"}
_TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
_HEADINGS = {f"h{level}" for level in range(1, 7)}

_STYLE = """
:root{color-scheme:light dark;--text:#1c1c1e;--page:#fff;--soft:#f3f3f5;--line:#d4d4da;
--link:#0b57c2}
@media(prefers-color-scheme:dark){
:root{--text:#ececf0;--page:#17171a;--soft:#232328;--line:#45454d;--link:#8ab8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1rem;background:var(--page);color:var(--text);
font:1rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4,h5,h6{line-height:1.25;margin:2em 0 .5em}
h1{margin-top:0}
h2{border-bottom:1px solid var(--line);padding-bottom:.2em}
a{color:var(--link)}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;background:var(--soft);border-radius:4px}
code{padding:.1em .25em}
pre{padding:1em;overflow-x:auto}
pre code{padding:0;background:none}
.table{overflow-x:auto;margin:1em 0}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid var(--line);padding:.35em .6em;text-align:left;vertical-align:top;
overflow-wrap:break-word}
thead th{background:var(--soft)}
blockquote{margin:1em 0;padding-left:1em;border-left:3px solid var(--line)}
@media print{
:root{--text:#000;--page:#fff;--soft:#f3f3f5;--line:#999;--link:#000}
body{max-width:none;padding:0;font-size:10pt}
th,td{overflow-wrap:anywhere}
.table{overflow:visible}
tr,pre,blockquote{break-inside:avoid}
h1,h2,h3{break-after:avoid}
}
""".strip()
# Whoever opens the page: nothing may run, load, be sent or frame it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_html(markdown: bytes, to_root: str = "") -> bytes:
    """The page; ``to_root`` leads from its folder to the one that its links are relative to.

    Its language is English: that is what we write, whatever the model speaks.
    """
    body = split_document(markdown.decode("utf-8")).body
    found = _TITLE.search(body)
    title = re.sub(r"\\(.)", r"\1", found[1]) if found else "Document"
    cleaned = _sanitiser(to_root).clean(_without_images(render_card(body)))
    page = (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{_with_tables(cleaned)}</main>\n</body>\n</html>\n"
    )
    return page.encode()


def _sanitiser(to_root: str) -> nh3.Cleaner:
    def address(element: str, attribute: str, value: str) -> str | None:
        """Relative addresses stay in the release; others are of the web or of mail."""
        if attribute != "href" or _ABSOLUTE.match(value) or value.startswith("#"):
            return value
        return None if value.startswith(("/", "\\")) or ".." in value else to_root + value

    return nh3.Cleaner(
        tags=_HEADINGS | _BLOCKS | _TEXT | _TABLES,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=address,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
    )


def _without_images(body: str) -> str:
    """An image as a link to it: a page that stands alone fetches nothing."""
    return _IMAGE.sub(r'<a href="\1">\2</a>', body)


def _with_tables(body: str) -> str:
    """Heads say what they head, and a wide table scrolls by itself, also by keyboard."""
    body = body.replace("<th>", '<th scope="col">')
    opened = '<div class="table" role="region" aria-label="Table" tabindex="0"><table>'
    return body.replace("<table>", opened).replace("</table>", "</table></div>")
