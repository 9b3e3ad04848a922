"""Rules over text that comes in pieces: nothing forbidden slips out, and nothing else is held."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.serve.guard import Refusal
from paddock.serve.policy.document import Action, Category, Policy, Rule, Stage
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.patterns import compile_pattern
from paddock.serve.policy.policed import Policed
from paddock.serve.policy.scanning import compiled, scan

RULES = (
    Rule(
        "kettles",
        "S9",
        phrases=("red kettle", "samovar", "紅茶壺"),
        exceptions=("samovar museum", "toy samovar", "key-4444 ring", "my key-5555"),
        patterns=(r"\bkey-\d{4,8}\b",),
    ),
)
COMPILED = compiled(RULES, Stage.AFTER)


def policed_by(*rules: Rule) -> Policed:
    return Policed(Policy("sha256:0", {"S9": Category("S9", "x")}, rules, refusal="No."), [])


def released(guard: Policed, pieces: Sequence[str], prompt: str = "") -> tuple[str, bool]:
    """What a reader sees of an answer in these pieces, and whether it was refused."""

    async def read() -> tuple[str, bool]:
        watch, seen = guard.watch(prompt), ""
        for piece in [*pieces, None]:
            told = await (watch.end() if piece is None else watch.feed(piece))
            if isinstance(told, Refusal):
                return seen, True
            seen += told
        return seen, False

    return asyncio.run(read())


@pytest.mark.parametrize(
    "text",
    [
        "a red kettle",
        "RED \t\n kettle!",
        "ｒｅｄ ｋｅｔｔｌｅ",
        "r\u200be\u00add ke\u2060ttle",
        "rèd k̈ettle",
        "rеd kеttlе",
        "red-kettle",
        "𝐫𝐞𝐝 𝓀ettle",
        r"{\"pot\":\"\u0072ed\nkettle\"}",
        "我的紅茶壺很美",
        "your key-12345.",
        "a Samovar",
        "toy samovars and a samovar",
        "a key-4444 rings, a my-key-4444",
        "key-4444 ring key-4444",
    ],
)
def test_another_spelling_is_the_same_phrase(text: str) -> None:
    assert list(scan(COMPILED, text))
    assert released(policed_by(*RULES), list(text))[1]


@pytest.mark.parametrize(
    "text",
    [
        "a bored kettle",
        "red kettles",
        "key-123",
        "key-123456789",
        "monkey-12345",
        "the samovar museum",
        "a toy samovar.",
        "a key-4444 ring, my key-5555.",
        "my key-5555 of the toy samovar museum",
        "the samovar museum " * 400,
        "key-4444 ring " * 400,
        "",
    ],
)
def test_what_only_resembles_a_phrase_passes(text: str) -> None:
    assert list(scan(COMPILED, text)) == []
    assert released(policed_by(*RULES), list(text)) == (text, False)


@given(
    st.text(alphabet="redktl samov-yK1234é\u200b\\u0nu7", max_size=60)
    | st.sampled_from(["my ", "toy samovar museum", "key-4444 ring my"]),
    st.sampled_from(["red kettle", "Ｒed  kettlе", "samovar", "key-4711", r"r\u0065d kettle"]),
    st.text(alphabet=" .redkt1", max_size=40),
    st.data(),
)
def test_no_cut_of_a_text_lets_any_of_a_phrase_out(
    before: str, phrase: str, after: str, data: st.DataObject
) -> None:
    text = f"{before} {phrase} {after}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    seen, refused = released(policed_by(*RULES), pieces)
    first = min(found.start for found in scan(COMPILED, text))
    assert refused
    assert text.startswith(seen)
    assert len(seen) <= first


_WORDS = ("key-4444", "ring", "my", "key-5555", "toy", "samovar", "museum", "a")


@given(st.text(max_size=200) | st.lists(st.sampled_from(_WORDS)).map(" ".join), st.data())
def test_every_cut_of_a_text_finds_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = released(policed_by(*RULES), [text])
    assert released(policed_by(*RULES), pieces)[1] == whole[1] == any(scan(COMPILED, text))
    if not whole[1]:
        assert released(policed_by(*RULES), pieces)[0] == text


@given(st.data())
def test_a_redaction_replaces_the_phrase_and_nothing_else(data: st.DataObject) -> None:
    rule = Rule("kettles", "S9", phrases=("red kettle",), action=Action.REDACT)
    text = "My red kettle, your RED KETTLE: kettles."
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert released(policed_by(rule), pieces) == ("My [removed], your [removed]: kettles.", False)


def test_shadow_mode_lets_everything_through() -> None:
    rule = Rule("kettles", "S9", phrases=("red kettle",), action=Action.LOG)
    assert released(policed_by(rule), ["a red kettle"]) == ("a red kettle", False)


def test_a_phrase_that_the_prompt_began_is_found_in_the_answer() -> None:
    guard = policed_by(*RULES)
    assert released(guard, ["ttle is", " here"], prompt="Buy a red ke") == ("", True)
    assert released(guard, [" is here"], prompt="a red kettle") == (" is here", False)
    assert released(guard, ["red kettle"], prompt="The word is x") == ("", True)


def test_only_what_may_become_a_phrase_is_held_back() -> None:
    guard = policed_by(Rule("kettles", "S9", phrases=("red kettle",)))

    async def first() -> str | Refusal:
        return await guard.watch("").feed("A blue pot and a red ")

    assert asyncio.run(first()) == "A blue pot and a "


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a+", "may match more than 256 characters"),
        ("(a{1,20}){1,20}", "may match more than 256 characters"),
        ("x*", "may match more than 256"),
        ("(?=a)b", "cannot be used"),
        ("(", "cannot be used"),
        ("^a", "beginning or end"),
        ("(a|b$)", "beginning or end"),
        ("Kettle", "are compared with"),
        ("(tea|É)", "are compared with"),
        ("a?", "matches nothing at all"),
        ("a" * 2000, "more than 1000 characters"),
    ],
)
def test_a_pattern_that_cannot_be_found_in_a_stream_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(BadPolicy, match=told):
        compile_pattern(0, pattern)


def test_the_work_grows_with_the_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters that the patterns are shown, whatever the pieces."""
    seen = []
    from paddock.serve.policy import patterns

    original = patterns.PatternFinder._matches

    def counted(self: patterns.PatternFinder, *given: object) -> object:
        seen.append(len(self._text))
        return original(self, *given)

    monkeypatch.setattr(patterns.PatternFinder, "_matches", counted)
    for size in (1, 7, 1000):
        seen.clear()
        text = "aaaa red samo key-12 " * 500
        released(policed_by(*RULES), [text[at : at + size] for at in range(0, len(text), size)])
        assert sum(seen) < 2 * 5 * len(text)  # two readings


def test_a_long_text_is_read_in_pieces_and_a_rule_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = []
    from paddock.serve.policy import patterns, policed

    original = patterns.PatternFinder._matches

    def measured(self: patterns.PatternFinder, *given: object) -> object:
        held.append(len(self._text))
        return original(self, *given)

    told = []
    monkeypatch.setattr(patterns.PatternFinder, "_matches", measured)
    monkeypatch.setattr(policed, "tell", told.append)
    rule = Rule("pots", "S9", phrases=("teapot",), patterns=("key-[0-9]",), action=Action.LOG)
    text = "a teapot, key-4; " * 20_000
    guard = policed_by(rule)
    assert asyncio.run(guard.check_prompt(text)) is None
    assert len(told) == 1
    assert max(held) < 20_000
    assert released(guard, [text[at : at + 5000] for at in range(0, 50_000, 5000)])[1] is False
    assert len(told) == 2
