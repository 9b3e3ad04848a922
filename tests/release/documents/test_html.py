"""Documents as pages of HTML: they stand alone, run nothing, and suit eye, ear and printer."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.html import render_html

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "h2", "h3", "h4", "h5",
    "h6", "p", "ul", "ol", "li", "pre", "code", "em", "strong", "a", "blockquote", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td", "s", "del",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(raw.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def is_inert(page: Page) -> bool:
    names = {name for name, _ in page.elements}
    attributes = {key for _, found in page.elements for key in found}
    addresses = [a["href"] or "" for a in page.all("a") if "href" in a]
    return (
        names <= ALLOWED
        and not any(key.startswith("on") or key in {"src", "srcset", "style"} for key in attributes)
        and not any(re.match(r"\s*(?:javascript|data|vbscript|file):", a, re.I) for a in addresses)
    )


def test_a_page_has_a_language_a_title_headings_and_tables_that_say_what_they_head() -> None:
    raw = render_html(
        b"---\nlicense: mit\n---\n# A model\\_card\n\n## Uses\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
    )
    page = Page(raw)
    assert page.all("html") == [{"lang": "en"}]
    assert "<title>A model_card</title>" in raw.decode()
    assert [name for name, _ in page.elements if name.startswith("h") and name[1:].isdigit()] == [
        "h1", "h2",
    ]  # fmt: skip
    assert page.all("th") == [{"scope": "col"}, {"scope": "col"}]
    assert page.all("div")[0]["tabindex"] == "0"
    assert b"license: mit" not in raw
    assert all(rule in raw for rule in (b"prefers-color-scheme:dark", b"@media print"))
    assert b"default-src 'none'" in raw


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](  java&#10;script:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "![x](javascript:alert(1))",
        '![x" onerror="alert(1)](/y)',
        "<style>*{display:none}</style>",
        "<iframe src=https://evil.example></iframe>",
        "[x](//evil.example/)",
        "[x](../../../etc/passwd)",
        "# <title></title><script>alert(1)</script>",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "<a href=data:text/html,x>x</a>",
        "| <svg onload=alert(1)> |\n|-|\n| <b onclick=x> |",
    ],
)
def test_a_strangers_text_runs_and_loads_nothing(text: str) -> None:
    raw = render_html(f"# Title\n\n{text}\n".encode())
    page = Page(raw)
    assert is_inert(page), raw.decode()
    assert not page.all("img")
    assert not [a for a in page.all("a") if (a.get("href") or "").startswith(("//", ".."))]


@given(st.text(max_size=300))
def test_any_text_is_an_inert_page(text: str) -> None:
    assert is_inert(Page(render_html(text.encode("utf-8", "replace"))))


def test_an_image_becomes_a_link_to_it() -> None:
    page = Page(render_html(b"![A chart](https://acme.example/chart.png)"))
    assert [a["href"] for a in page.all("a")] == ["https://acme.example/chart.png"]
    assert not page.all("img")


def test_links_lead_to_the_releases_own_files_from_where_the_page_lies() -> None:
    raw = render_html(b"[LICENSE](LICENSE) [web](https://acme.example/) [up](#uses)", "../")
    assert [a["href"] for a in Page(raw).all("a")] == [
        "../LICENSE", "https://acme.example/", "#uses",
    ]  # fmt: skip
