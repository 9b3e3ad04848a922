"""Terms of a repository's files, by which listings are narrowed: family, format, release.

Pure. They are kept apart from tags: whatever a card writes, no term comes of it. Terms of a release
say what the release states of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paddock.hub.catalogue.released import Released
from paddock.hub.types import Kind

MAX_TERM_CHARS = 100
FAMILY, ARCHITECTURE, FORMAT = "family", "architecture", "format"
OPENNESS, GATE, EVALUATION = "openness", "gate", "evaluation"

_DATA_FORMATS = {
    "parquet": (".parquet",),
    "csv": (".csv", ".tsv", ".csv.gz"),
    "json": (".json", ".jsonl", ".jsonl.gz", ".jsonl.zst"),
    "arrow": (".arrow",),
    "webdataset": (".tar",),
    "text": (".txt",),
}
# Small files that belong to every repository are no data.
_NO_DATA = frozenset({"dataset_infos.json", "dataset_info.json", "config.json", "state.json"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a revision's files."""

    kind: Kind
    config: dict[str, Any] | None  # summarised: catalogue.derived
    formats: tuple[str, ...]
    released: Released | None


def terms_of(seen: Seen) -> tuple[str, ...]:
    """Every term, once each."""
    return tuple(dict.fromkeys(term for term in _terms(seen) if _is_usable(term)))


def data_formats(paths: Sequence[str]) -> Iterator[str]:
    """Which kinds of data lie in a dataset."""
    names = [path.lower() for path in paths if path.rpartition("/")[2] not in _NO_DATA]
    for name, suffixes in _DATA_FORMATS.items():
        if any(path.endswith(suffixes) for path in names):
            yield name


def _terms(seen: Seen) -> Iterator[str]:
    config = seen.config or {}
    if isinstance(config.get("model_type"), str):
        yield f"{FAMILY}:{config['model_type'].lower()}"
    for name in config.get("architectures", ())[:4]:
        yield f"{ARCHITECTURE}:{name}"
    yield from (f"{FORMAT}:{name}" for name in seen.formats)
    released = seen.released
    if released is None:
        if seen.kind is Kind.MODEL:
            yield f"{GATE}:none"
        return
    yield f"{GATE}:{released.gate}"
    if released.openness is not None:
        yield f"{OPENNESS}:{released.openness}"
    if released.has_results:
        yield f"{EVALUATION}:results"
    if released.has_audit:
        yield f"{EVALUATION}:audit"


def _is_usable(term: str) -> bool:
    return len(term) <= MAX_TERM_CHARS and term.isprintable()
