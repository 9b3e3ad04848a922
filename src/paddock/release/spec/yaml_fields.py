"""Typed access to a YAML mapping: every key is known, every value has its type, every error a line.

Knows the rules of reading (unknown keys are errors, the nearest right key is the hint); does not
know which keys a release has.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paddock.release.errors import BadReleaseFile, NotSupportedYet
from paddock.release.spec.yaml_tree import Node

MAX_TEXT_CHARS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file we are, for sentences."""

    file_name: str
    path: str  # "metadata.producer"; "" at the top

    def inside(self, key: str) -> Place:
        return Place(self.file_name, f"{self.path}.{key}" if self.path else key)

    def bad(self, line: int, what: str, hint: str | None = None) -> BadReleaseFile:
        return BadReleaseFile(f"{self.file_name}:{line}: {what}", hint=hint)


class Fields:
    """A mapping whose keys were all checked when it was opened."""

    def __init__(
        self, node: Node, place: Place, known: Iterable[str], later: Iterable[str] = ()
    ) -> None:
        if not isinstance(node.value, dict):
            name = place.path or "the file"
            raise place.bad(node.line, f"{name} must be a mapping of keys to values")
        self._nodes = node.value
        self._line = node.line
        self.place = place
        _check_keys(self._nodes, place, sorted(known), frozenset(later))

    def line(self, key: str) -> int:
        return self._nodes[key].line if key in self._nodes else self._line

    def bad(self, key: str, what: str, hint: str | None = None) -> BadReleaseFile:
        """An error about the value of ``key``."""
        return self.place.bad(self.line(key), f"{self.place.inside(key).path}: {what}", hint)

    def node(self, key: str) -> Node | None:
        """The raw node, or None when the key is absent or null."""
        node = self._nodes.get(key)
        return None if node is None or node.value is None else node

    def text(self, key: str) -> str | None:
        """Non-empty text without control characters, or None when absent."""
        node = self.node(key)
        return None if node is None else as_text(node, self.place.inside(key))

    def required_text(self, key: str) -> str:
        text = self.text(key)
        if text is None:
            where = f" in {self.place.path}" if self.place.path else ""
            raise self.place.bad(self._line, f"the key {key!r} is missing{where}")
        return text

    def choice(self, key: str, allowed: tuple[str, ...]) -> str | None:
        """One of the ``allowed`` words."""
        text = self.text(key)
        if text is not None and text not in allowed:
            what = f"{text!r} is not one of {', '.join(allowed)}"
            raise self.bad(key, what, nearest(text, allowed))
        return text

    def items(self, key: str) -> list[Node]:
        """The nodes of a list; a missing key is an empty list."""
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node.value, list):
            raise self.bad(key, "must be a list")
        return node.value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone counts as a list of one."""
        node = self.node(key)
        if node is not None and not isinstance(node.value, list | dict):
            return (as_text(node, self.place.inside(key)),)
        return tuple(as_text(item, self.place.inside(key)) for item in self.items(key))

    def pairs(self, key: str) -> Iterator[tuple[str, Node]]:
        """Keys and nodes of a mapping whose keys are the author's own."""
        node = self.node(key)
        if node is None:
            return
        if not isinstance(node.value, dict):
            raise self.bad(key, "must be a mapping")
        yield from node.value.items()


def as_text(node: Node, place: Place) -> str:
    """Text; a number or a yes/no is an error that says to quote it."""
    value = node.value
    if not isinstance(value, str):
        if value is None or isinstance(value, list | dict):
            kind = (
                "empty" if value is None else "a list" if isinstance(value, list) else "a mapping"
            )
            raise place.bad(node.line, f"{place.path} must be text, not {kind}")
        raise place.bad(
            node.line,
            f"{place.path} must be text, and YAML reads this as {value!r}",
            "put the value in quotes",
        )
    if not value.strip():
        raise place.bad(node.line, f"{place.path} is empty")
    if len(value) > MAX_TEXT_CHARS:
        raise place.bad(node.line, f"{place.path} is longer than {MAX_TEXT_CHARS} characters")
    if any(ord(c) < 32 and c not in "\n\t" for c in value):
        raise place.bad(node.line, f"{place.path} holds a control character")
    return value


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """A hint naming the closest allowed word, if one is close."""
    close = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else None


def _check_keys(
    nodes: dict[str, Node], place: Place, known: list[str], later: frozenset[str]
) -> None:
    where = f" in {place.path}" if place.path else ""
    for key, node in nodes.items():
        if key in later:
            raise NotSupportedYet(
                f"{place.file_name}:{node.line}: the key {key!r}{where} is not supported yet",
                hint="remove it: this version would not do what it asks for",
            )
        if key not in known:
            hint = nearest(key, known) or f"known keys: {', '.join(known)}"
            raise place.bad(node.line, f"unknown key {key[:80]!r}{where}", hint)
