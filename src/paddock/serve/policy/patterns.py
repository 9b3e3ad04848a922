"""Regular expressions, found in a stream of folded text, in time linear in the text.

RE2 matches without backtracking. A pattern must have a longest match: so much is held back of an
answer, and nothing that it matches slips out, however the text is cut.
"""

from __future__ import annotations

import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import re2  # type: ignore[import-untyped]

from paddock.errors import shown
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.folding import Folded, folded_text
from paddock.serve.policy.phrases import Found

MAX_PATTERN_CHARS: Final = 1000
MAX_MATCH_CHARS: Final = 256
_MEMORY_BYTES: Final = 4 << 20  # of each pattern's automaton
_HINT: Final = "write {0,20} in place of * and +"


class Pattern(NamedTuple):
    """A compiled pattern of a rule."""

    rule: int
    regex: Any
    longest: int  # folded characters of a match


def compile_pattern(rule: int, source: str) -> Pattern:
    """The pattern made ready; raises BadPolicy for one that cannot be found in a stream."""
    if len(source) > MAX_PATTERN_CHARS:
        raise BadPolicy(f"a pattern has more than {MAX_PATTERN_CHARS} characters: {shown(source)}")
    try:
        parsed = parser.parse(source)
        options = re2.Options()
        options.max_mem, options.log_errors = _MEMORY_BYTES, False
        regex = re2.compile(source, options)
    except (re2.error, parser.error, RecursionError, OverflowError) as e:
        told = e.args[0].decode(errors="replace") if isinstance(e, re2.error) else str(e)
        raise BadPolicy(f"the pattern {shown(source)} cannot be used: {told}") from e
    shortest, longest = parsed.getwidth()
    if longest > MAX_MATCH_CHARS:
        raise BadPolicy(
            f"the pattern {shown(source)} may match more than {MAX_MATCH_CHARS} characters",
            hint=_HINT,
        )
    if shortest < 1:
        raise BadPolicy(f"the pattern {shown(source)} matches nothing at all, everywhere")
    _check(parsed, source)
    return Pattern(rule, regex, longest)


def _check(part: Any, source: str) -> None:
    """Refuse what folded text never holds, and places that a stream does not have."""
    for kind, value in part:
        if kind is sre.AT and value not in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY):
            raise BadPolicy(
                f"the pattern {shown(source)} asks for the text's beginning or end",
                hint=r"use \b, the edge of a word",
            )
        if kind is sre.LITERAL and folded_text(chr(value)) != chr(value):
            raise BadPolicy(
                f"the pattern {shown(source)} holds {chr(value)!r}, and texts are compared with "
                f"{folded_text(chr(value))!r} there",
                hint="write patterns in small letters without accents",
            )
        for inner in value if isinstance(value, tuple | list) else ():
            if isinstance(inner, parser.SubPattern):
                _check(inner, source)
            elif isinstance(inner, list):
                for each in inner:
                    if isinstance(each, parser.SubPattern):
                        _check(each, source)


class PatternFinder:
    """Finds patterns in one text."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._longest = max((each.longest for each in patterns), default=0)
        self._step = self._longest // 4 + 16  # looked at together, so that small pieces cost little
        self._text = ""
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._first = 0  # where a match may begin: what is before it is only context
        self._looked_at = 0  # matches that end before were found already

    def feed(self, folded: Folded, *, is_last: bool = False) -> list[Found]:
        """Matches that are certain now."""
        if not self._patterns:
            return []
        self._text += folded.text
        self._starts += folded.starts
        self._ends += folded.ends
        if not is_last and len(self._text) - self._looked_at < self._step:
            return []
        found = [each for pattern in self._patterns for each in self._matches(pattern, is_last)]
        self._looked_at = len(self._text)
        # One character more than a match may have: the edge of a word needs its neighbour.
        drop = max(0, len(self._text) - self._longest - 1)
        self._text = self._text[drop:]
        del self._starts[:drop], self._ends[:drop]
        self._first = 1 if drop else self._first
        self._looked_at -= drop
        return found

    def held_from(self, end: int) -> int:
        """Where what must be held back begins; ``end`` where that is nothing."""
        at = max(0, self._looked_at - self._longest)
        return self._starts[at] if at < len(self._starts) else end

    def _matches(self, pattern: Pattern, is_last: bool) -> list[Found]:
        found = []
        at = self._first
        while match := pattern.regex.search(self._text, at):
            start, end = match.span()
            is_certain = is_last or end < len(self._text)
            if is_certain and (end >= self._looked_at or is_last):
                found.append(Found(pattern.rule, self._starts[start], self._ends[end - 1]))
            at = end if is_certain else start + 1
        return found
