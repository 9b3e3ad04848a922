"""A comment's HTML on a page: an outline without gaps, pictures of this hub, nothing that runs."""

from __future__ import annotations

import re

import pytest

from paddock.markdown import render_markdown
from paddock.web.discussions.comment_html import shown_comment
from tests.test_markdown import ATTACKS

UPLOAD = "/uploads/0123456789abcdef01234567/" + "A" * 22 + ".png"


def shown(text: str) -> str:
    return str(shown_comment(render_markdown(text).html))


def test_headings_follow_the_page_s_own_without_a_gap() -> None:
    html = shown("###### six\n\n# one\n\n### three\n\n#\n\n## ![](http://x.example/a.png)\n")
    assert re.findall(r"<(h\d)>", html) == ["h3", "h3", "h4", "h4"]
    assert shown("# a <div><h2>b</h2></div> c").count("<h") == 1


@pytest.mark.parametrize(
    ("source", "own"),
    [
        (UPLOAD, UPLOAD),
        (f"https://old.example{UPLOAD}", UPLOAD),
        ("/ann/model/resolve/main/a.png", "/ann/model/resolve/main/a.png"),
        ("/datasets/ann/d/resolve/main/b/a.png", "/datasets/ann/d/resolve/main/b/a.png"),
        ("https://elsewhere.example/a.png", None),
        ("//elsewhere.example/a.png", None),
        ("/\\elsewhere.example/resolve/x/a.png", None),
        ("/ann/model/discussions/1", None),
        ("/ann/model/resolve/../../like", None),
        ("a.png", None),
        ("data:image/png;base64,AAAA", None),
    ],
)
def test_only_pictures_of_this_hub_are_shown(source: str, own: str | None) -> None:
    for text in (f"![words]({source})", f'<img src="{source}" alt="words">'):
        html = shown(text)
        assert re.findall(r'<img src="([^"]*)"', html) == ([own] if own else [])
        assert own or "words" in html or "![" in html
    assert ("<video" in shown(f'<video src="{source}"></video>')) is (own is not None)


def test_a_picture_without_words_is_named_by_its_file() -> None:
    assert f'alt="{UPLOAD.rpartition("/")[2]}"' in shown(f"![]({UPLOAD})")
    linked = shown("[![words](https://elsewhere.example/a.png)](https://example.org)")
    assert linked.count("<a ") == 1 and ">words</a>" in linked


def test_what_scrolls_can_be_reached_by_keyboard() -> None:
    html = shown("| a |\n|---|\n| 1 |\n\n```\nx < 1\n```\n")
    assert '<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>' in html
    assert '<pre tabindex="0"><code>x &lt; 1' in html


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_was_taken_out_comes_back(attack: str) -> None:
    html = shown(attack)
    assert not re.search(r"<(script|style|svg|iframe|form|object|embed|base|meta|link)\b", html)
    assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', html))
    assert not re.search(r'(?:href|src)="\s*(?:javascript|data|vbscript):', html, re.IGNORECASE)
