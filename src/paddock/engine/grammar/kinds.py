"""The forms that an output can be held to, and how large they may be; values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_SCHEMA_CHARS: Final = 128 * 1024
MAX_PATTERN_CHARS: Final = 8 * 1024
MAX_CHOICES: Final = 1_000
MAX_OPTION_CHARS: Final = 8 * 1024
MAX_CHOICE_CHARS: Final = 64 * 1024  # of all together


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


Grammar = JsonSchema | Regex | Choice
