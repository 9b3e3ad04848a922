"""The release before, as its signed manifest tells it: facts, results, terms, files.

Pure. The manifest was signed by whoever signed that release; it is read as a stranger's claim all
the same: bounded, of known kinds, and what cannot be read is an error rather than a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from paddock.errors import shown
from paddock.release.documents.fact_rows import parse_fact_rows
from paddock.release.errors import BadManifest
from paddock.release.facts import Facts
from paddock.release.files.manifest import Manifest
from paddock.release.results.result import MAX_RESULTS, Result

MAX_TEXT_CHARS = 2000
_NUMBERS = ("value", "low", "high", "level")
_FLAGS, _WHOLE = ("higher_is_better",), ("n", "seed")
_NAMES = frozenset(field.name for field in fields(Result))


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of the release before."""

    version: str
    facts: Facts
    results: tuple[Result, ...]
    files: Mapping[str, tuple[int, str]]  # path to size and SHA-256
    licenses: Mapping[str, str]
    components: Mapping[str, str]  # name to access


def result_rows(results: tuple[Result, ...]) -> list[dict[str, Any]]:
    """Results as JSON, for release.json."""
    return [
        {name: value for name in sorted(_NAMES) if (value := getattr(result, name)) is not None}
        for result in results
    ]


def read_earlier(manifest: Manifest) -> Earlier:
    """What a manifest says; raises BadManifest."""
    document = manifest.document
    licenses = document.get("licenses")
    return Earlier(
        version=manifest.version,
        facts=Facts(parse_fact_rows(document.get("facts"))),
        results=_results(document.get("results")),
        files={file.path: (file.size_bytes, file.sha256) for file in manifest.files},
        licenses={
            key: value
            for key, value in (licenses if isinstance(licenses, dict) else {}).items()
            if isinstance(value, str)
        },
        components=_components(document.get("components")),
    )


def _components(rows: Any) -> dict[str, str]:
    return {
        row["name"]: row["access"]
        for row in (rows[:100] if isinstance(rows, list) else [])
        if isinstance(row, dict)
        and isinstance(row.get("name"), str)
        and isinstance(row.get("access"), str)
    }


def _results(rows: Any) -> tuple[Result, ...]:
    if rows is None:
        return ()
    if not isinstance(rows, list) or len(rows) > MAX_RESULTS:
        raise BadManifest(f"the results are not a list of at most {MAX_RESULTS}")
    return tuple(_result(row) for row in rows)


def _result(row: Any) -> Result:
    if not isinstance(row, dict) or not {"eval", "value"} <= set(row):
        raise BadManifest(f"a result has no eval and value: {shown(row)}")
    known = {name: value for name, value in row.items() if name in _NAMES}
    for name, value in known.items():
        if not _fits(name, value):
            raise BadManifest(f"{name} of a result is {shown(value)}")
    return Result(**known)


def _fits(name: str, value: Any) -> bool:
    if name in _NUMBERS:
        return type(value) in (int, float) and abs(value) < 1e300
    if name in _FLAGS:
        return isinstance(value, bool)
    if name in _WHOLE:
        return type(value) is int and abs(value) < 1 << 63
    return isinstance(value, str) and len(value) <= MAX_TEXT_CHARS
