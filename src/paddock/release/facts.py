"""Facts about a release, each with where it comes from: measured, declared, inherited or unknown.

Pure data. Whatever the release's documents say is one of these; there is no other way into them.
A fact has a dotted key that documents ask for, and a title for people; what nobody said is an
unknown fact, never a missing one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Source = Literal["measured", "declared", "inherited", "unknown"]
NOT_STATED = "not stated"

# What a fact may be: what JSON can hold.
Value = str | int | float | bool | None | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and how."""

    name: str  # for people: "Hidden size"
    value: Value
    source: Source
    key: str = ""  # for documents: "model.hidden_size"
    by: str | None = None  # who says so, the parent it comes from, or what measured it
    unit: str = ""  # of a number

    @property
    def is_known(self) -> bool:
        return self.source != "unknown" and self.value is not None

    @property
    def text(self) -> str:
        """The value for people."""
        if not self.is_known:
            return NOT_STATED
        text = in_words(self.value)
        return f"{text} {self.unit}" if self.unit else text

    @property
    def origin(self) -> str:
        """How it is known, in words: "declared by ada@acme.example"."""
        if self.by is None:
            return self.source
        word = {"inherited": "from", "measured": "by"}.get(self.source, "by")
        return f"{self.source} {word} {self.by}"


def in_words(value: Value) -> str:
    """A value for people: whole numbers in groups of three, mappings by their values."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ("; " if any(isinstance(each, dict) for each in value) else ", ").join(
            in_words(each) for each in value
        )
    if isinstance(value, dict):
        said = {name: in_words(each) for name, each in value.items() if each is not None}
        first, *others = said.items() or [("", NOT_STATED)]
        more = ", ".join(f"{name} {text}" for name, text in others)
        return f"{first[1]} ({more})" if more else first[1]
    return NOT_STATED if value is None else value


class Facts:
    """All facts of a release, by key; the first that is known wins."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_key: dict[str, Fact] = {}
        for fact in facts:
            known = self._by_key.get(fact.key)
            if known is None or known.source == "unknown":
                self._by_key[fact.key] = fact

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._by_key.values())

    def __getitem__(self, key: str) -> Fact:
        """The fact, or the unknown one."""
        return self._by_key.get(key) or Fact(key, None, "unknown", key)

    def value(self, key: str) -> Value:
        """What is known under ``key``, or None."""
        return self[key].value

    def under(self, prefix: str) -> list[Fact]:
        """The facts whose keys begin with ``prefix`` and a dot, in order."""
        return [fact for fact in self if fact.key.startswith(f"{prefix}.")]

    def __or__(self, others: Iterable[Fact]) -> Facts:
        """These, and of the others what these do not know."""
        return Facts([*self, *others])


def declared(name: str, value: Value, key: str = "", by: str | None = None, unit: str = "") -> Fact:
    """What the author says; nothing said is unknown."""
    if value is None or value in ("", [], {}):
        return Fact(name, None, "unknown", key)
    return Fact(name, value, "declared", key, by, unit)


def measured(name: str, value: Value, key: str = "", by: str | None = None, unit: str = "") -> Fact:
    """What was read or computed from the files themselves."""
    return Fact(name, value, "measured", key, by, unit)


def inherited(name: str, value: Value, key: str, by: str, unit: str = "") -> Fact:
    """What holds because it holds for a parent."""
    return Fact(name, value, "inherited", key, by, unit)
