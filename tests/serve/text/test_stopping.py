from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddock.serve.text.stopping import StopStrings

texts = st.text(alphabet="ab\n", max_size=40)
stops = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=4), max_size=4)


@given(texts, stops, st.lists(st.integers(1, 5), max_size=40), st.booleans())
def test_whatever_the_pieces_the_text_ends_before_the_first_stop_string(
    text: str, stops: list[str], cuts: list[int], is_shown: bool
) -> None:
    ends = [(text.find(stop) + len(stop), -len(stop), stop) for stop in stops if stop in text]
    first = min(ends, default=None)
    matching, seen, found = StopStrings(tuple(stops), is_shown=is_shown), "", None
    for piece in _pieces(text, cuts):
        released, found = matching.feed(piece)
        seen += released
        if found:
            break
    if first is None:
        assert found is None
        assert seen + matching.finish() == text
    else:
        end, _length, stop = first
        assert found == stop
        assert seen == (text[:end] if is_shown else text[: end - len(stop)])


def test_no_part_of_a_stop_string_is_shown_before_it_is_certain() -> None:
    matching = StopStrings(("STOP",))
    assert matching.feed("go ST") == ("go ", None)
    assert matching.feed("AST") == ("STA", None)
    assert matching.feed("OP and more") == ("", "STOP")


def _pieces(text: str, cuts: list[int]) -> list[str]:
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(text[at : at + cut])
        at += cut
    return [*pieces, text[at:]]
