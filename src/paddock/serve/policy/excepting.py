"""What rules find, less what stands inside an exception of the same rule.

A finding waits while an exception may yet be read around it. The invariant: what is told, and what
is dropped, is the same however the text comes in pieces.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Set
from typing import NamedTuple

from paddock.serve.policy.phrases import Found


class Ground(NamedTuple):
    """How far a text was read."""

    open_from: int  # an exception that is not whole yet begins here or later
    new_from: int  # whatever is found later begins here or later


class Exceptions:
    """Those of one text, by rule."""

    def __init__(self, rules: Set[int]) -> None:
        self._rules = rules
        # Each exception begins and ends later than the one before: none is inside another.
        self._known: dict[int, list[Found]] = {}
        self._waiting: list[Found] = []

    def sift(
        self, found: list[Found], excepted: list[Found], ground: Ground, *, is_last: bool
    ) -> list[Found]:
        """What is certain to count; ``excepted`` come in the order of their ends."""
        for each in excepted:
            known = self._known.setdefault(each.rule, [])
            while known and known[-1].start >= each.start:
                known.pop()
            known.append(each)
        certain: list[Found] = []
        waiting: list[Found] = []
        for each in (*self._waiting, *found):
            if each.rule in self._rules and self._is_inside(each):
                continue
            is_certain = is_last or each.rule not in self._rules or each.start < ground.open_from
            (certain if is_certain else waiting).append(each)
        self._waiting = waiting
        self._forget(min([ground.new_from, *(each.start for each in waiting)]))
        return certain

    def held_from(self, end: int) -> int:
        """Where what must be held back begins; ``end`` where that is nothing."""
        return min((each.start for each in self._waiting), default=end)

    def _is_inside(self, found: Found) -> bool:
        known = self._known.get(found.rule, [])
        # Of those that begin before it, the last one ends last.
        at = bisect_right(known, found.start, key=lambda each: each.start)
        return at > 0 and known[at - 1].end >= found.end

    def _forget(self, before: int) -> None:
        for rule, known in list(self._known.items()):
            del known[: bisect_right(known, before, key=lambda each: each.end)]
            if not known:
                del self._known[rule]
