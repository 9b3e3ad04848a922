"""Which files are rows of a table, and how they are packed, by their names."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How rows lie in a file."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    JSON = "json"

    @property
    def label(self) -> str:
        """As people call it."""
        return _LABELS[self]


class Packing(StrEnum):
    """How a file of text was made smaller as a whole."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


_LABELS = {
    Format.PARQUET: "Parquet",
    Format.CSV: "CSV",
    Format.TSV: "TSV",
    Format.JSON_LINES: "JSON Lines",
    Format.JSON: "JSON",
}
_ENDINGS = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON,
}
_PACKED = {".gz": Packing.GZIP, ".zst": Packing.ZSTD}
# JSON of a repository's own affairs, which nobody means by its data.
_NOT_DATA = frozenset(
    {
        "config.json",
        "dataset_dict.json",
        "dataset_info.json",
        "dataset_infos.json",
        "generation_config.json",
        "model.safetensors.index.json",
        "special_tokens_map.json",
        "state.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
)


def format_of(path: str) -> Format | None:
    """How the rows of the file lie in it, if its name says so."""
    name, packing = _unpacked(path)
    _, dot, ending = name.rpartition(".")
    found = _ENDINGS.get(dot + ending)
    # Parquet packs its own columns, and cannot be read unless by range.
    return None if found is Format.PARQUET and packing is not Packing.NONE else found


def packing_of(path: str) -> Packing:
    """How the file is packed, as its name says."""
    return _unpacked(path)[1]


def is_data(path: str) -> bool:
    """Whether a file is one that people mean by a dataset's data."""
    name, _ = _unpacked(path)
    return format_of(path) is not None and name not in _NOT_DATA and not name.startswith(".")


def _unpacked(path: str) -> tuple[str, Packing]:
    """The file's name without the ending that says how it is packed, and that."""
    name = path.rpartition("/")[2].lower()
    start, dot, ending = name.rpartition(".")
    packing = _PACKED.get(dot + ending, Packing.NONE)
    return (name if packing is Packing.NONE else start), packing
