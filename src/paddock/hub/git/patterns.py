"""Patterns of ``.gitattributes`` and ``.gitignore``: does a line's glob match a path?

Pure, but for the clock. Knows git's wildcards (gitignore(5)): ``*`` and ``?`` within one name,
``[...]``, ``**`` over folders, a slash that anchors. Patterns come from strangers, so matching
never backtracks further than to the last star: time is bounded by pattern length times path length.
For many patterns that is still much, so a list of them is matched until a deadline.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from paddock.errors import BadInput

MAX_PATTERN_CHARS = 2048  # git refuses longer lines of attributes
NO_DEADLINE = math.inf


P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Class:
    """``[a-z]``; also ``?``, which is a negated class of nothing."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def accepts(self, character: str) -> bool:
        inside = any(low <= character <= high for low, high in self.ranges)
        return inside is not self.negated


@dataclass(frozen=True, slots=True)
class _Star:
    """``*`` among characters, ``**`` among names."""


_STAR = _Star()
_Token = str | _Class | _Star


@dataclass(frozen=True, slots=True)
class _Name:
    """The pattern of one name; ``suffix`` is set for a star before plain text, the usual case."""

    tokens: tuple[_Token, ...]
    suffix: str | None

    def accepts(self, name: str) -> bool:
        if self.suffix is not None:
            return name.endswith(self.suffix)
        return _matches(self.tokens, name, _accepts_character)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line's glob."""

    names: tuple[_Name | _Star, ...]
    anchored: bool
    folders_only: bool

    def matches(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the line is about this path itself, not about a folder above it."""
        if self.folders_only and not is_folder:
            return False
        names = path.split("/") if self.anchored else [path.rpartition("/")[2]]
        return _matches(self.names, names, _accepts_name)


def last_match(
    rules: Sequence[tuple[Pattern, bool]],
    path: str,
    *,
    is_folder: bool = False,
    deadline: float = NO_DEADLINE,
) -> bool | None:
    """What the last rule that matches says, None when none does.

    Raises BadInput when ``time.monotonic()`` reaches the deadline first.
    """
    for pattern, says in reversed(rules):
        if time.monotonic() > deadline:
            raise BadInput("the patterns of .gitattributes or .gitignore take too long to match")
        if pattern.matches(path, is_folder=is_folder):
            return says
    return None


def parse_pattern(text: str) -> Pattern | None:
    """The pattern, or None when it can match nothing."""
    folders_only = text.endswith("/")
    body = text.removesuffix("/")
    if not body or len(text) > MAX_PATTERN_CHARS:
        return None
    anchored = "/" in body
    names: list[_Name | _Star] = []
    for part in _split(body.removeprefix("/")):
        if part == "**":
            names.append(_STAR)
        elif (name := _parse_name(part)) is not None:
            names.append(name)
        else:
            return None
    if names[-1] is _STAR and anchored:  # "a/**" is what a holds, not a
        names.append(_Name((_STAR,), ""))
    return Pattern(tuple(names), anchored, folders_only)


def _matches(tokens: Sequence[P], items: Sequence[T], accepts: Callable[[P, T], bool]) -> bool:
    """Wildcard matching in time tokens x items: only the last star is ever tried again."""
    token_at = item_at = 0
    star_at, star_item = -1, 0
    while item_at < len(items):
        token = tokens[token_at] if token_at < len(tokens) else None
        if isinstance(token, _Star):
            star_at, star_item = token_at, item_at
            token_at += 1
        elif token is not None and accepts(token, items[item_at]):
            token_at += 1
            item_at += 1
        elif star_at >= 0:
            star_item += 1
            token_at, item_at = star_at + 1, star_item
        else:
            return False
    return all(isinstance(token, _Star) for token in tokens[token_at:])


def _accepts_character(token: _Token, character: str) -> bool:
    if isinstance(token, str):
        return token == character
    return isinstance(token, _Class) and token.accepts(character)


def _accepts_name(pattern: _Name | _Star, name: str) -> bool:
    return isinstance(pattern, _Name) and pattern.accepts(name)


def _parse_name(text: str) -> _Name | None:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "*":
            tokens.append(_STAR)
        elif character == "?":
            tokens.append(_Class(negated=True, ranges=()))
        elif character == "[":
            parsed = _parse_class(text, at)
            if parsed is None:
                return None
            found, at = parsed
            tokens.append(found)
        elif character == "\\":
            if at == len(text):
                return None
            tokens.append(text[at])
            at += 1
        else:
            tokens.append(character)
    return _Name(tuple(tokens), _plain_suffix(tokens))


def _split(text: str) -> list[str]:
    """The parts between slashes; one in a class is no separator, an escaped one is."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "/" or text.startswith("\\/", at):
            parts.append(text[start:at])
            at = start = at + (1 if text[at] == "/" else 2)
        elif text[at] == "[":
            parsed = _parse_class(text, at + 1)
            at = parsed[1] if parsed else at + 1
        else:
            at += 2 if text[at] == "\\" else 1
    return [*parts, text[start:]]


def _parse_class(text: str, at: int) -> tuple[_Class, int] | None:
    """The class that opens before ``at``, and where it ends; None when it never closes."""
    negated = text[at : at + 1] in {"!", "^"}
    at += negated
    ranges: list[tuple[str, str]] = []
    first = True
    while at < len(text) and (first or text[at] != "]"):
        first = False
        if text[at] == "\\":
            at += 1
        low = high = text[at : at + 1]
        if text[at + 1 : at + 2] == "-" and text[at + 2 : at + 3] not in {"", "]"}:
            at += 2
            high = text[at]
        ranges.append((low, high))
        at += 1
    if at >= len(text):
        return None
    return _Class(bool(negated), tuple(ranges)), at + 1


def _plain_suffix(tokens: list[_Token]) -> str | None:
    if not tokens or tokens[0] is not _STAR:
        return None
    rest = [token for token in tokens[1:] if isinstance(token, str)]
    return "".join(rest) if len(rest) == len(tokens) - 1 else None
