"""Stop strings: found across the borders of tokens, never shown in part.

Text that may be the beginning of a stop string is held back until it is certain. Each character
costs the same however much was seen: the matching is Knuth, Morris and Pratt's.
"""

from __future__ import annotations

from typing import NamedTuple


class Released(NamedTuple):
    """Text that is certain, and the stop string that ended it."""

    text: str
    stop: str | None


class StopStrings:
    """Looks for the first of several strings in one text that comes in pieces."""

    def __init__(self, stops: tuple[str, ...], *, is_shown: bool = False) -> None:
        self._stops = stops
        self._is_shown = is_shown
        self._borders = [_borders(stop) for stop in stops]
        self._matched = [0] * len(stops)  # characters of each that the text ends with
        self._held = ""

    def feed(self, piece: str) -> Released:
        """What may be shown now; after a stop nothing more may be fed."""
        if not self._stops:
            return Released(piece, None)
        text = self._held + piece
        for at in range(len(self._held), len(text)):
            stop = self._advance(text[at])
            if stop is not None:
                self._held = ""
                return Released(text[: at + 1 - (0 if self._is_shown else len(stop))], stop)
        certain = len(text) - max(self._matched)
        self._held = text[certain:]
        return Released(text[:certain], None)

    def finish(self) -> str:
        """What was held back and is no stop string after all."""
        held, self._held = self._held, ""
        return held

    def _advance(self, letter: str) -> str | None:
        """The longest stop string that ends with this letter."""
        found: str | None = None
        for number, stop in enumerate(self._stops):
            matched, borders = self._matched[number], self._borders[number]
            while matched and stop[matched] != letter:
                matched = borders[matched - 1]
            matched += stop[matched] == letter
            if matched == len(stop):
                found = stop if found is None or len(stop) > len(found) else found
                matched = borders[matched - 1]
            self._matched[number] = matched
        return found


def _borders(text: str) -> list[int]:
    """For each beginning of the text, how much of the text it ends with, itself excepted."""
    borders = [0] * len(text)
    length = 0
    for at in range(1, len(text)):
        while length and text[at] != text[length]:
            length = borders[length - 1]
        length += text[at] == text[length]
        borders[at] = length
    return borders
