"""Facts as rows of JSON, as release.json and documents/facts.json have them, and back.

Pure. Reading trusts nothing: a row of another release is a claim by whoever signed it, so its key
must be known, its value small and of the key's kind; rows with keys of a later version are passed
over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from paddock.errors import shown
from paddock.release.documents.keys import KNOWN, FactKey
from paddock.release.errors import BadManifest
from paddock.release.facts import Fact, Source

MAX_ROWS = 10_000
MAX_TEXT_CHARS = 64 * 1024
MAX_ITEMS = 1000
_SOURCES = frozenset(get_args(Source))


def fact_rows(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """One mapping for each known fact, sorted by key."""
    return [
        {
            key: value
            for key, value in (
                ("key", fact.key),
                ("name", fact.name),
                ("value", fact.value),
                ("unit", fact.unit or None),
                ("source", fact.source),
                ("by", fact.by),
            )
            if value is not None
        }
        for fact in sorted(facts, key=lambda fact: fact.key)
        if fact.is_known
    ]


def parse_fact_rows(rows: object, known: Mapping[str, FactKey] = KNOWN) -> tuple[Fact, ...]:
    """The facts in ``rows`` whose keys are known; raises BadManifest."""
    if rows is None:
        return ()
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise BadManifest(f"the facts are not a list of at most {MAX_ROWS}")
    return tuple(fact for row in rows if (fact := _fact(row, known)) is not None)


def _fact(row: object, known: Mapping[str, FactKey]) -> Fact | None:
    if not isinstance(row, dict) or not isinstance(row.get("key"), str):
        raise BadManifest(f"a fact has no key: {shown(row)}")
    key = known.get(row["key"])
    if key is None:
        return None
    source: Any = row.get("source")
    by, value = row.get("by"), row.get("value")
    if source not in _SOURCES or not (by is None or _is_text(by)):
        raise BadManifest(f"nobody says how {key.key} is known: {shown(source)}")
    if not _fits(key, value):
        raise BadManifest(f"{key.key} is {shown(value)}")
    return Fact(key.title, value, source, key.key, by, key.unit)


def _fits(key: FactKey, value: Any) -> bool:
    if key.kind == "texts":
        return _is_list(value) and all(_is_text(item) for item in value)
    if key.kind == "rows":
        return _is_list(value) and all(_is_row(item, key) for item in value)
    if key.kind == "flag":
        return isinstance(value, bool)
    if key.kind in {"count", "number"}:
        return type(value) in (int, float) and abs(value) < 1e40
    return _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARS


def _is_list(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_ITEMS


def _is_row(value: object, key: FactKey) -> bool:
    return isinstance(value, dict) and all(
        name in key.columns and (_is_text(cell) or type(cell) in (int, float))
        for name, cell in value.items()
    )
