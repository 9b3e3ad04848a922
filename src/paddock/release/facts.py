"""Facts about a release, each with where it comes from: measured, declared, inherited or unknown.

Pure data. Whatever the release's documents say is one of these; there is no other way into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["measured", "declared", "inherited", "unknown"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and how."""

    name: str
    value: str
    source: Source


def declared(name: str, value: str | None) -> Fact:
    """What the author says; nothing said is unknown."""
    return Fact(name, value, "declared") if value else Fact(name, "not stated", "unknown")


def measured(name: str, value: object) -> Fact:
    """What was read or computed from the files themselves."""
    return Fact(name, str(value), "measured")
