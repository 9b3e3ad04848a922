"""Scripts in pictures, pages and cards."""

from __future__ import annotations

import pytest

from tests.checkpoint.scan.scanned import codes

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'
ACTIVE = {
    "a script": "<script>void 0</script>",
    "a script over lines": "<script\n>void 0</script\n>",
    "a handler": '<g onload="void 0"/>',
    "a handler without spaces": '<g/onload="void 0"/>',
    "an inner page": "<foreignObject><p/></foreignObject>",
    "a link": '<a href="javascript:void 0">x</a>',
    "a hidden link": '<a href="java&#x09;script:void 0">x</a>',
    "a link in capitals": '<a xlink:href="JaVaScRiPt:void 0">x</a>',
    "a picture in a picture": '<use href="data:image/svg+xml;base64,PHN2Zz4="/>',
    "a frame": "<iframe src='//x.example'/>",
    "an animation": '<animate onbegin="void 0"/>',
}
CARDS = {
    "a script": "<script>void 0</script>",
    "a script in a line": "Text with <script>void 0</script> in it.",
    "a handler": "<img src=x onerror=void(0)>",
    "a frame": "<iframe src='//x.example'></iframe>",
    "a link": "[x](javascript:void(0))",
    "an automatic link": "<javascript:void(0)>",
    "a page": "[x](data:text/html,hello)",
    "a refresh": '<meta http-equiv="refresh" content="0;url=//x.example">',
    "after a fence": "```\ncode\n```\n<script>void 0</script>",
}


@pytest.mark.parametrize("what", ACTIVE)
def test_a_picture_that_runs_something_is_refused(what: str) -> None:
    assert "active_markup" in codes({"logo.svg": SVG.format(ACTIVE[what])})


def test_a_picture_in_another_encoding_is_read_too() -> None:
    assert "active_markup" in codes({"logo.svg": SVG.format(ACTIVE["a script"]).encode("utf-16")})


def test_entities_are_refused() -> None:
    entity = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    assert "active_markup" in codes({"logo.svg": entity + SVG.format("&x;")})


def test_a_style_that_loads_another_and_a_form_wait_for_a_person() -> None:
    style = SVG.format("<style>@import url(https://x.example/a.css);</style>")
    assert codes({"logo.svg": style}) == {"embedded_page"}
    assert codes({"README.md": '<form action="https://x.example"><input></form>\n'}) == {
        "embedded_page"
    }


def test_a_picture_that_loads_another_waits_for_a_person() -> None:
    assert codes({"logo.svg": SVG.format('<image href="https://x.example/a.png"/>')}) == {
        "embedded_page"
    }


@pytest.mark.parametrize("what", CARDS)
def test_a_card_that_runs_something_is_refused(what: str) -> None:
    assert "active_markup" in codes({"README.md": f"# Model\n\n{CARDS[what]}\n"})


@pytest.mark.parametrize(
    "text",
    [
        '<p align="center"><img src="https://x.example/logo.png" width="300" alt="logo"></p>',
        "<details><summary>More</summary>\n\nText\n\n</details>",
        "```html\n<script>alert(1)</script>\n<img onerror=x>\n```",
        "Use `<script>` never, and `onclick=` neither.",
        "    <script>indented code</script>",
        "[link](https://x.example) <https://x.example> ![](logo.png)",
        "1 < 2 and a <b and on = 3",
        "<!-- a comment -->\n\n| a | b |\n|---|---|\n| x | <br> |",
        '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
    ],
)
def test_an_honest_card_is_clean(text: str) -> None:
    assert codes({"README.md": f"# Model\n\n{text}\n"}) == set()


def test_an_honest_picture_is_clean() -> None:
    drawn = '<defs><g id="a"/></defs><use href="#a"/><path d="M0 0L9 9" style="fill:red"/><text>on = 1</text>'
    assert codes({"logo.svg": SVG.format(drawn)}) == set()


def test_a_page_with_a_script_is_refused() -> None:
    page = "<!doctype html><html><body>{}</body></html>"
    assert "active_markup" in codes({"page.html": page.format("<script>void 0</script>")})
    assert codes({"page.html": page.format("<h1>Results</h1>")}) == set()
