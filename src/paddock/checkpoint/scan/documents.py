"""What a file of JSON or text says, read once for all the checks that ask.

Lenient where honest writers are (NaN in a training log, a byte order mark), strict where readers
would differ: a key that stands twice is told. Bounds come first; nothing is judged here.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.gguf.reading import GgufFile, read_gguf
from paddock.checkpoint.safetensors.reading import read_header
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_JSON_BYTES = 64 << 20
MAX_TEXT_BYTES = 32 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class JsonDocument(NamedTuple):
    """A parsed file: its value, or why it has none; and keys that stand twice in one object."""

    value: Any
    problem: str | None
    duplicates: tuple[str, ...]


class Item(NamedTuple):
    """One value inside a document, under the last key that leads to it."""

    key: str
    value: Any
    path: str


def json_of(look: Look) -> JsonDocument | None:
    """The document in a JSON file or notebook; None for other kinds."""
    if look.kind not in (Kind.JSON, Kind.NOTEBOOK):
        return None
    if look.size_bytes > MAX_JSON_BYTES:
        return JsonDocument(None, f"it has {look.size_bytes} bytes, over {MAX_JSON_BYTES}", ())
    return _parsed(_Key(look.file.as_posix(), look.size_bytes, look.file.stat().st_mtime_ns))


def object_of(look: Look) -> dict[str, Any]:
    """The JSON object in a file; empty for everything else."""
    document = json_of(look)
    return document.value if document and isinstance(document.value, dict) else {}


def text_of(look: Look, limit_bytes: int = MAX_TEXT_BYTES) -> str:
    """The text of a file, as far as ``limit_bytes``."""
    return decoded(look.read(0, limit_bytes))


def decoded(raw: bytes) -> str:
    """Text in UTF-8, or in what its byte order mark says; what is neither is replaced."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.removeprefix(mark).decode(encoding, "replace")
    return raw.decode("utf-8", "replace")


def gguf_of(look: Look) -> GgufFile | None:
    """The header of a GGUF file that can be read; its validator tells why one cannot."""
    if look.kind is not Kind.GGUF:
        return None
    try:
        return _gguf(_Key(look.file.as_posix(), look.size_bytes, look.file.stat().st_mtime_ns))
    except BadCheckpoint:
        return None


def metadata_of(look: Look) -> dict[str, str]:
    """The metadata of a safetensors file or the texts in that of a GGUF file."""
    gguf = gguf_of(look)
    if gguf:
        return {key: v.item for key, v in gguf.metadata.items() if isinstance(v.item, str)}
    if look.kind is not Kind.SAFETENSORS:
        return {}
    try:
        return read_header(look.file).metadata
    except BadCheckpoint:
        return {}


def items_of(value: Any) -> Iterator[Item]:
    """Every key and value of a document, an outer one before what is in it.

    All of them, however many: a key behind millions of others counts as well. Only the numbers in
    lists are passed over.
    """
    yield Item("", value, "")
    open_values = [_inside("", value, "")]
    while open_values:
        for item in open_values[-1]:
            yield item
            if isinstance(item.value, dict | list):
                open_values.append(_inside(*item))
                break
        else:
            open_values.pop()


def _inside(key: str, value: Any, path: str) -> Iterator[Item]:
    if isinstance(value, dict):
        return (Item(str(k), v, f"{path}.{k}"[:200]) for k, v in value.items())
    if not isinstance(value, list):
        return iter(())
    return (Item(key, each, path) for each in value if isinstance(each, str | dict | list))


def unread(look: Look, limit_bytes: int) -> Iterator[Reason]:
    """The reason that the end of a long text was not looked at, where that is so."""
    if look.size_bytes > limit_bytes:
        message = f"it has {look.size_bytes:,} bytes; what is behind {limit_bytes:,} was not read"
        yield Reason("unparsed", look.name, message)


class _Key(NamedTuple):
    """Which file, and in which state: what a parsed document is kept under."""

    file: str
    size_bytes: int
    changed_ns: int


@lru_cache(maxsize=1)  # the checks of one file follow each other; a vocabulary takes 100 MB
def _parsed(key: _Key) -> JsonDocument:
    with Path(key.file).open("rb") as file:
        raw = file.read(MAX_JSON_BYTES + 1)
    duplicates: dict[str, None] = {}

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs) and len(duplicates) < 20:
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    duplicates.setdefault(name)
                seen.add(name)
        return made

    try:
        value = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=collect)
    except UnicodeDecodeError as e:
        return JsonDocument(None, f"it is not UTF-8 at byte {e.start}", ())
    except RecursionError:
        return JsonDocument(None, "it is nested absurdly deep", ())
    except ValueError as e:
        return JsonDocument(None, f"it is not JSON: {shown(str(e))}", ())
    return JsonDocument(value, None, (*duplicates,))


@lru_cache(maxsize=1)
def _gguf(key: _Key) -> GgufFile:
    return read_gguf(Path(key.file))
