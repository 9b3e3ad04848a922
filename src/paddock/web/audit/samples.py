"""The single answers behind a result, where the repository carries them: files of JSON lines.

Pure but for the bytes that it is given. A result names a file; the samples are that file when it is
JSON lines, else one beside it, by the names that evaluators give them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from paddock.hub.releases.fields import text

ENDING = ".jsonl"
PAGE_SAMPLES = 20
READ_BYTES = 512 << 10
_MAX_FIELDS = 40
_MAX_CHARS = 4000


class Field(NamedTuple):
    """A field of a sample, as text."""

    name: str
    value: str


class Sample(NamedTuple):
    """A line: its fields, or its text where it is no JSON."""

    at: int  # its first byte
    fields: tuple[Field, ...]
    is_cut: bool


class Samples(NamedTuple):
    """A page of samples; ``next_at`` is the first byte of the next one."""

    samples: tuple[Sample, ...]
    next_at: int | None


def file_of(path: str | None, task: str | None, paths: Iterable[str]) -> str | None:
    """The file of samples that belongs to a file of results, if it is there."""
    if path is None:
        return None
    there = [each for each in paths if each.endswith(ENDING)]
    if path in there:
        return path
    stem = path.rpartition(".")[0]
    for candidate in (f"{stem}.samples{ENDING}", f"{stem}_samples{ENDING}", f"{stem}{ENDING}"):
        if candidate in there:
            return candidate
    folder = path.rpartition("/")[0]
    start = f"{folder}/samples_{task}" if folder else f"samples_{task}"
    return max((each for each in there if task and each.startswith(start)), default=None)


def page_of(raw: bytes, start: int, size_bytes: int) -> Samples:
    """The samples in ``raw``, which begins at the byte ``start`` of a file of that size."""
    found: list[Sample] = []
    at = 0
    while at < len(raw) and len(found) < PAGE_SAMPLES:
        end = raw.find(b"\n", at)
        is_whole = end >= 0 or start + len(raw) >= size_bytes
        if not is_whole and at > 0:
            break  # the next page begins with it
        line = raw[at : end if end >= 0 else len(raw)]
        if line.strip():
            found.append(_sample(line, start + at, is_cut=not is_whole))
        at = end + 1 if end >= 0 else len(raw)
    is_more = start + at < size_bytes and at > 0
    return Samples(tuple(found), start + at if is_more else None)


def _sample(line: bytes, at: int, *, is_cut: bool) -> Sample:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = line[: 2 * _MAX_CHARS].decode("utf-8", "replace")
    if not isinstance(value, dict):
        return Sample(at, (Field("", _words(value)),), is_cut)
    fields = tuple(Field(text(key, 100) or "", _words(item)) for key, item in
                   list(value.items())[:_MAX_FIELDS])  # fmt: skip
    return Sample(at, fields, is_cut or len(value) > _MAX_FIELDS)


def _words(value: object) -> str:
    if isinstance(value, str):
        return text(value, _MAX_CHARS) or ""
    if value is None:
        return "null"
    dumped = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return text(dumped, _MAX_CHARS) or ""
