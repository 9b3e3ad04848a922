"""Which files are rows of a table, by their names."""

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
    name = path.rpartition("/")[2].lower()
    _, dot, ending = name.rpartition(".")
    return _ENDINGS.get(dot + ending)


def is_data(path: str) -> bool:
    """Whether a file is one that people mean by a dataset's data."""
    name = path.rpartition("/")[2].lower()
    return format_of(path) is not None and name not in _NOT_DATA and not name.startswith(".")
