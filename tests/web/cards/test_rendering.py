"""Cards: what writers of models need comes out, what attackers need does not, and never slowly."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.web.cards.limits import MAX_BYTES, MAX_CELLS, MAX_LINES
from paddock.web.cards.pictures import size_in
from paddock.web.cards.places import Place
from paddock.web.cards.rendering import render
from paddock.web.cards.rewriting import MAX_PICTURES, Size
from tests.test_markdown import ATTACKS

HERE = Place("/lab/tiny", "main", base_url="http://hub.example")
_ELEMENTS = """
    a abbr audio b blockquote br caption cite code dd del details div dl dt em figcaption figure
    h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup
    table tbody td tfoot th thead tr u ul var video
"""
_ATTRIBUTES = """
    href title src alt width height controls open start align colspan rowspan rel id class
    loading decoding preload role tabindex aria-label scope value
"""
_CLASSES = re.compile(r"anchor|scroll|language-[A-Za-z0-9-]+")


class Judge(HTMLParser):
    """Reads HTML as a browser does, roughly; refuses what could run, and what asks elsewhere."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ELEMENTS.split(), tag
        for name, value in attrs:
            assert name in _ATTRIBUTES.split(), name
            said = value or ""
            if name == "src":
                assert said.startswith("/") and "/resolve/" in said and said[1] != "/", said
            if name == "href":
                scheme = said.partition(":")[0].lower()
                assert ":" not in said or "/" in scheme or scheme in {"http", "https", "mailto"}
            if name == "id":
                assert said.startswith("card-"), said
            if name == "class":
                assert _CLASSES.fullmatch(said), said


def _html(text: str) -> str:
    html = str(render(text, HERE).html)
    Judge().feed(html)
    return html


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_comes_out(attack: str) -> None:
    _html(attack)


@given(
    st.lists(
        st.sampled_from(
            [*ATTACKS, "\n\n", "> ", "# ", "`", "*", "<b>", "[", "](x)", "<h1>", "</h1>", "<img "]
        ),
        max_size=7,
    )
)
def test_nor_does_any_mixture_of_them(pieces: list[str]) -> None:
    _html("".join(pieces))


def test_links_and_pictures_of_the_repository_lead_into_it_at_the_revision() -> None:
    html = _html(
        "[a](docs/b.md#c) [up](../../x) [site](/other/model) "
        "[d](#Some-Part) ![p](img/a%20b.png)\n\n"
        '<img src="./plot.svg" width="300"> <video src="v.mp4"></video>\n\n'
        "![own](http://hub.example/lab/tiny/resolve/main/z.png)"
    )
    assert 'href="/lab/tiny/blob/main/docs/b.md#c"' in html
    assert "up</a>" in html
    assert 'href="/other/model"' in html
    assert 'href="#card-some-part"' in html
    assert 'src="/lab/tiny/resolve/main/img/a%20b.png"' in html
    assert 'src="/lab/tiny/resolve/main/plot.svg"' in html
    assert 'src="/lab/tiny/resolve/main/v.mp4"' in html
    assert 'src="/lab/tiny/resolve/main/z.png"' in html
    assert html.count('loading="lazy"') == 3


@pytest.mark.parametrize(
    "address",
    ["https://e.example/p.png", "//e.example/p.png", "http:/\\e.example/p.png",
     "HTTPS://e.example/p.png", "/\\e.example/p.png", "/login", "../../../x/y/resolve/main/p.png"],
)  # fmt: skip
def test_pictures_from_elsewhere_are_never_loaded(address: str) -> None:
    for text in (f"![a plot](<{address}>)", f'<img alt="a plot" src="{address}">'):
        html = _html(text)
        assert "<img" not in html
        assert "a plot" in html


def test_a_badge_within_a_link_is_the_words_of_the_link() -> None:
    html = _html("[![build](https://e.example/b.svg)](https://e.example/ci)")
    assert re.search(r'<a href="https://e.example/ci"[^>]*>build</a>', html)
    assert html.count("<a ") == 1


def test_headings_are_named_listed_and_in_order_below_the_page_s_own() -> None:
    card = render("### Deep\n# Top\n## Use\n## Use\n###### Far\n# \n<h1></h1>\n", HERE)
    Judge().feed(str(card.html))
    levels = [int(level) for level in re.findall(r"<h(\d)", card.html)]
    assert levels == [2, 2, 3, 3, 4]
    assert [(h.level, h.anchor) for h in card.contents] == [
        (2, "card-deep"), (2, "card-top"), (3, "card-use"), (3, "card-use-1"), (4, "card-far"),
    ]  # fmt: skip


def test_pictures_have_the_size_of_their_file_so_that_nothing_jumps() -> None:
    card = render("![a](a.png) <img src=a.png width=50>", HERE, lambda path: Size(200, 100))
    assert 'height="100"' in card.html
    assert re.search(r'width="50"[^>]*height="25"|height="25"[^>]*width="50"', str(card.html))


def test_mathematics_and_diagrams_stay_text() -> None:
    html = _html("$a_b$ and $$c^2$$\n\n```mermaid\ngraph TD;\n```")
    assert "$$c^2$$" in html
    assert '<code class="language-mermaid">graph TD;' in html


def test_a_card_with_ten_thousand_pictures_shows_some_and_says_so() -> None:
    card = render("![x](x.png)\n\n" * 3000, HERE)
    assert card.html.count("<img") == MAX_PICTURES
    assert card.pictures_left_out == 3000 - MAX_PICTURES


def test_of_a_long_card_the_beginning_is_shown() -> None:
    assert render("word " * 60_000, HERE).is_cut
    assert render("a\n\n" * MAX_LINES, HERE).is_cut
    short = render("word " * 10, HERE)
    assert not short.is_cut
    assert len(render("x" * 50_000_000, HERE).html) < 2 * MAX_BYTES


def test_html_that_is_nested_absurdly_deep_is_shown_as_text() -> None:
    html = _html("<div>" * 20_000)
    assert html.count("&lt;div&gt;") == 20_000
    assert _html("<div>" * 50 + "x").count("<div>") == 50


def test_a_table_has_so_many_cells_and_columns() -> None:
    row = "|".join(["a"] * 50)
    table = f"{row}\n{'|'.join(['-'] * 50)}\n" + "a\n" * 90 + "\n"
    assert _html(table * 50).count("<td") <= MAX_CELLS
    assert "<table>" not in _html("|".join(["a"] * 1000) + "\n" + "|".join(["-"] * 1000) + "\na\n")
    assert _html("a|b\n-|-\n1|2\n").count("<td") == 2


@pytest.mark.parametrize("text", ["[" * 90_000, "![a" * 60_000, "> " * 100 + "a\n" * 60_000])
def test_what_would_take_minutes_is_shown_as_it_was_typed(text: str) -> None:
    assert len(_html(text)) < 4 * MAX_BYTES


def test_sizes_are_read_from_the_first_bytes_of_pictures() -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
    gif = b"GIF89a" + (7).to_bytes(2, "little") + (9).to_bytes(2, "little")
    jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + b"\x00\x20\x00\x40" + b"\0" * 9
    webp = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x0f\0\0\x07\0\0"
    assert [size_in(head) for head in (png, gif, jpeg, webp)] == [
        (640, 480), (7, 9), (64, 32), (16, 8),
    ]  # fmt: skip
    for head in (b"", b"\x89PNG", png[:20], jpeg[:9], webp[:25], b"\xff\xd8" + b"\xff" * 50, b"x"):
        assert size_in(head) is None
