"""Conditions on rows, as people write them: ``age >= 30 and name contains "ann"``.

    conditions := condition ("and" condition)*
    condition  := column test value | column "is" ["not"] "null"
    test       := "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains"
    column     := a word, or a text in quotes
    value      := a word, a number, or a text in quotes, as JSON has them

Pure. Nothing of it is ever code: a text becomes ``Condition`` values or a refusal, and what they
mean for a value is ``reading.values``'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from paddock.errors import BadInput, shown
from paddock.hub.previews.questions import Comparison, Condition

MAX_FILTER_CHARS = 2000
MAX_CONDITIONS = 8
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r'[^\s"=<>!]+')
_SIGN = re.compile(r"!=|<=|>=|=|<|>")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_PLAIN = re.compile(r"[^\s\"=<>!\x00-\x1f]+")
_KEYWORDS = frozenset({"and", "contains", "is", "not", "null"})


class BadFilter(BadInput):
    """A filter is not written as filters are."""

    code = "bad_filter"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint='write it as: score > 0.5 and lang = "en"')


def parse_filter(text: str) -> tuple[Condition, ...]:
    """The conditions that the text names; raises BadFilter."""
    if len(text) > MAX_FILTER_CHARS:
        raise BadFilter(f"the filter has {len(text)} characters, more than {MAX_FILTER_CHARS}")
    reader = _Reader(text)
    found: list[Condition] = []
    while not reader.is_done():
        if found:
            reader.keyword("and")
        found.append(_condition(reader))
        if len(found) > MAX_CONDITIONS:
            raise BadFilter(f"the filter has more than {MAX_CONDITIONS} conditions")
    return tuple(found)


def render_filter(conditions: Sequence[Condition]) -> str:
    """The same as text, which reads back as the same conditions."""
    return " and ".join(map(render_condition, conditions))


def render_condition(one: Condition) -> str:
    """One of them."""
    told = f"{_written(one.column)} {one.test}"
    return f"{told} {_written(one.value)}" if one.test.takes_value else told


def _written(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _KEYWORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _condition(reader: _Reader) -> Condition:
    column = reader.operand("a column")
    if sign := reader.match(_SIGN):
        return Condition(column, Comparison(sign), reader.operand("a value"))
    word = reader.operand("a test").lower()
    if word == Comparison.CONTAINS:
        return Condition(column, Comparison.CONTAINS, reader.operand("a value"))
    if word != "is":
        tests = ", ".join(test for test in Comparison if test.takes_value)
        raise BadFilter(f"{shown(word)} is no test: there are {tests}, is null and is not null")
    following = reader.operand("null").lower()
    is_not = following == "not"
    if is_not:
        following = reader.operand("null").lower()
    if following != "null":
        raise BadFilter(f"after {shown('is')} stands null or not null, no {shown(following)}")
    return Condition(column, Comparison.IS_NOT_NULL if is_not else Comparison.IS_NULL)


class _Reader:
    """The text, and how far it was read."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def is_done(self) -> bool:
        self._skip()
        return self._at == len(self._text)

    def match(self, pattern: re.Pattern[str]) -> str | None:
        self._skip()
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0]

    def keyword(self, wanted: str) -> None:
        word = self.match(_WORD) or self._rest()
        if word.lower() != wanted:
            raise BadFilter(f"between two conditions stands {wanted}, no {shown(word)}")

    def operand(self, what: str) -> str:
        """A word, or a text in quotes."""
        quoted = self.match(_QUOTED)
        if quoted is None:
            word = self.match(_WORD)
            if word is None:
                rest = self._rest()
                raise BadFilter(
                    f"{what} is missing before {shown(rest)}" if rest else f"{what} is missing"
                )
            return word
        try:
            value: str = json.loads(quoted)
        except ValueError:
            raise BadFilter(f"{shown(quoted)} is no text in quotes as JSON has it") from None
        return value

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _rest(self) -> str:
        return self._text[self._at : self._at + 40]
