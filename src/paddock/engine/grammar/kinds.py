"""The forms that an output can be held to; values only, compiled by ``matching``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """Any text that is JSON of this schema; ``{}`` allows any JSON value."""

    schema: str  # JSON
    is_one_line: bool = False  # no spaces but one behind each comma and colon between its parts


@dataclass(frozen=True, slots=True)
class Regex:
    """Any text that the expression matches from its beginning to its end."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these texts."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lark:
    """Any text of a context-free grammar, in llguidance's Lark notation; never from a stranger."""

    grammar: str


Grammar = JsonSchema | Regex | Choice | Lark
