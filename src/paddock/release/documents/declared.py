"""Facts in a file of the author's own (``docs.facts``), read strictly.

Keys may be dotted or nested (``training: {hardware: …}``) and must be known; every value has the
key's kind. A value is plain, or a mapping of ``value`` and ``by``, the person who says so. Reads
no file: bytes in, facts out, BadReleaseFile with the line otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paddock.errors import shown
from paddock.release.documents.keys import KNOWN, FactKey
from paddock.release.facts import Fact, Value, declared
from paddock.release.spec.yaml_fields import Place, as_text, nearest
from paddock.release.spec.yaml_tree import Node, parse_yaml

MAX_ITEMS = 1000
MAX_NUMBER = 1e40
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_EXPONENT = re.compile(r"[0-9]{1,17}(?:\.[0-9]{1,17})?[eE]\+?[0-9]{1,2}")


def read_declared(
    raw: bytes, file_name: str, known: Mapping[str, FactKey] = KNOWN
) -> tuple[Fact, ...]:
    """The facts in ``raw``; ``by`` of a fact is the person it names, else None."""
    tree = parse_yaml(raw, file_name)
    if not isinstance(tree.value, dict):
        raise Place(file_name, "").bad(tree.line, "the file must be a mapping of keys to values")
    facts: dict[str, Fact] = {}
    for key, node, place in _leaves(tree, Place(file_name, ""), known):
        if key.key in facts:
            raise place.bad(node.line, f"{key.key} is said twice")
        facts[key.key] = _fact(key, node, place)
    return tuple(fact for fact in facts.values() if fact.is_known)


def _leaves(
    tree: Node, place: Place, known: Mapping[str, FactKey]
) -> Iterator[tuple[FactKey, Node, Place]]:
    assert isinstance(tree.value, dict)  # noqa: S101 - the callers checked
    for name, node in tree.value.items():
        here = place.inside(name)
        key = known.get(here.path)
        if key is not None and key.declarable:
            yield key, node, here
        elif key is not None:
            raise here.bad(node.line, f"{here.path} is measured or said in release.yaml")
        elif isinstance(node.value, dict) and any(k.startswith(f"{here.path}.") for k in known):
            yield from _leaves(node, here, known)
        else:
            wanted = [k for k, one in known.items() if one.declarable]
            raise here.bad(
                node.line,
                f"unknown key {shown(here.path)}",
                nearest(here.path, wanted) or "see docs/documents.md for the keys",
            )


def _fact(key: FactKey, node: Node, place: Place) -> Fact:
    by = None
    if isinstance(node.value, dict):
        extra = set(node.value) - {"value", "by"}
        if extra or "value" not in node.value:
            raise place.bad(node.line, f"{place.path} must be {_KINDS[key.kind]}, not a mapping")
        if (person := node.value.get("by")) is not None:
            by = as_text(person, place.inside("by"))
        node = node.value["value"]
    if node.value is None:
        return declared(key.title, None, key.key)
    return declared(key.title, _READERS[key.kind](node, place, key), key.key, by, key.unit)


def _texts(node: Node, place: Place, key: FactKey) -> Value:
    return [as_text(item, place) for item in _items(node, place)]


def _items(node: Node, place: Place) -> list[Node]:
    items = node.value if isinstance(node.value, list) else [node]
    if len(items) > MAX_ITEMS:
        raise place.bad(node.line, f"{place.path} has more than {MAX_ITEMS} items")
    return items


def _rows(node: Node, place: Place, key: FactKey) -> Value:
    if not isinstance(node.value, list):
        raise place.bad(node.line, f"{place.path} must be {_KINDS['rows']}")
    return [_row(item, place, key) for item in _items(node, place)]


def _row(item: Node, place: Place, key: FactKey) -> dict[str, Any]:
    columns = ", ".join(key.columns)
    if not isinstance(item.value, dict):
        raise place.bad(item.line, f"{place.path}: a row is a mapping with {columns}")
    for name, node in item.value.items():
        if name not in key.columns:
            raise place.bad(node.line, f"{place.path}: {shown(name)} is not one of {columns}")
    if key.columns[0] not in item.value:
        raise place.bad(item.line, f"{place.path}: a row needs {key.columns[0]}")
    return {name: _cell(node, place.inside(name)) for name, node in item.value.items()}


def _cell(node: Node, place: Place) -> str:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return str(node.value)
    return as_text(node, place)


def _count(node: Node, place: Place, _key: FactKey) -> Value:
    if type(node.value) is not int or not 0 <= node.value <= 1 << 62:
        raise place.bad(node.line, f"{place.path} must be {_KINDS['count']}")
    return node.value


def _number(node: Node, place: Place, _key: FactKey) -> Value:
    value = node.value
    if isinstance(value, str) and _EXPONENT.fullmatch(value):  # 1.3e24 is text in YAML 1.2's core
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.bad(node.line, f"{place.path} must be {_KINDS['number']}")
    if not 0 <= value <= MAX_NUMBER:
        raise place.bad(node.line, f"{place.path}: {shown(value)} is out of range")
    return value


def _flag(node: Node, place: Place, _key: FactKey) -> Value:
    if not isinstance(node.value, bool):
        raise place.bad(node.line, f"{place.path} must be {_KINDS['flag']}")
    return node.value


def _matching(pattern: re.Pattern[str], kind: str) -> Callable[[Node, Place, FactKey], Value]:
    def read(node: Node, place: Place, _key: FactKey) -> Value:
        text = as_text(node, place)
        if not pattern.fullmatch(text):
            raise place.bad(node.line, f"{place.path}: {shown(text)} is not {_KINDS[kind]}")
        return text

    return read


_KINDS = {
    "text": "text", "texts": "text or a list of texts", "count": "a whole number from 0",
    "number": "a number from 0", "flag": "true or false", "day": "a day like 2026-11-20",
    "month": "a month like 2026-11", "rows": "a list of mappings",
}  # fmt: skip
_READERS: Mapping[str, Callable[[Node, Place, FactKey], Value]] = {
    "text": lambda node, place, _key: as_text(node, place),
    "texts": _texts,
    "count": _count,
    "number": _number,
    "flag": _flag,
    "day": _matching(_DAY, "day"),
    "month": _matching(_MONTH, "month"),
    "rows": _rows,
}
