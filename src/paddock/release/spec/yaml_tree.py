"""YAML text to a tree of values that remember their line.

Knows the bounded, boring part of YAML that a settings file needs: mappings with text keys, lists
and scalars. Anchors, aliases, tags, merge keys and duplicate keys are refused, so the tree is never
larger than the text. Scalars mean what YAML 1.2 says, as in ``front_matter``, so ``no`` is text; a
date is text, too. Does not know what a release is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from paddock.release.errors import BadReleaseFile

MAX_YAML_BYTES = 256 * 1024
MAX_DEPTH = 16

# Unquoted scalars that are not text (YAML 1.2, 10.3.2). Of numbers only those that YAML 1.1 reads
# alike: an abbreviated commit such as 00012 or 12e34 is no number to any writer of YAML.
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"(?:[-+]?[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+][0-9]{1,3})?")

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a list of nodes or a mapping of nodes, and the line (from 1) where it starts."""

    value: Scalar | list[Node] | dict[str, Node]
    line: int


def parse_yaml(content: bytes, file_name: str) -> Node:
    """The one document in ``content``; raises BadReleaseFile with file name and line."""
    if len(content) > MAX_YAML_BYTES:
        raise BadReleaseFile(
            f"{file_name} has {len(content)} bytes, more than the {MAX_YAML_BYTES} it may have"
        )
    try:
        return _Builder(file_name, content.decode("utf-8")).document()
    except UnicodeDecodeError as e:
        raise BadReleaseFile(f"{file_name} is not UTF-8: {e.reason} at byte {e.start}") from e
    except yaml.YAMLError as e:
        raise BadReleaseFile(_syntax_sentence(e, file_name)) from e


def _syntax_sentence(error: yaml.YAMLError, file_name: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{file_name}:{error.problem_mark.line + 1}: not YAML: {error.problem}"
    return f"{file_name} is not YAML: {' '.join(str(error).split())[:200]}"


class _Builder:
    """Events in, nodes out; holds the stream position and nothing else."""

    def __init__(self, file_name: str, text: str) -> None:
        self._file_name = file_name
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)

    def document(self) -> Node:
        next(self._events)  # stream start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise BadReleaseFile(f"{self._file_name} is empty")
        root = self._node(next(self._events), depth=0)
        next(self._events)  # document end
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise BadReleaseFile(f"{self._file_name} holds more than one YAML document")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            raise self._bad(line, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._bad(line, "anchors and aliases are not allowed: write the value out")
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event, line), line)
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._bad(line, "tags are not allowed")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._items(depth), line)
        return Node(self._mapping(depth), line)

    def _items(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        mapping: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise self._bad(line, "a key must be plain text")
            self._require_whole(event.value, line)
            if event.value in mapping:
                raise self._bad(line, f"the key {event.value!r} is there twice")
            mapping[event.value] = self._node(next(self._events), depth + 1)
        return mapping

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        if event.tag not in (None, "!"):
            raise self._bad(line, "tags are not allowed")
        self._require_whole(event.value, line)
        if not event.implicit[0]:
            return str(event.value)  # quoted: text as written
        return _plain(event.value)

    def _require_whole(self, text: str, line: int) -> None:
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._bad(line, "holds half a character (a lone surrogate)")

    def _bad(self, line: int, what: str) -> BadReleaseFile:
        return BadReleaseFile(f"{self._file_name}:{line}: {what}")


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


def _plain(text: str) -> Scalar:
    """What an unquoted scalar means."""
    if text in _NULLS:
        return None
    if text in _TRUE | _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
