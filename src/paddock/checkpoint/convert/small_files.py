"""The small files of an output folder: made in memory, or taken over from the source.

Knows neither weights nor formats.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from paddock.checkpoint.tensors import PIECE_BYTES
from paddock.digest import Digests, digest_stream


class SmallFile(NamedTuple):
    """A file of the output: its bytes, or the source's file that it repeats."""

    name: str
    content: bytes | Path

    @property
    def size_bytes(self) -> int:
        """Its exact size."""
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size


def json_file(name: str, value: dict[str, Any]) -> SmallFile:
    """An object as people read it."""
    content = json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
    return SmallFile(name, content)


def write_small(folder: Path, file: SmallFile) -> Digests:
    """Write it into ``folder`` and to the medium."""
    path = folder / file.name
    path.parent.mkdir(exist_ok=True)
    with path.open("xb", buffering=0) as output:
        digests = digest_stream(_written(output, _pieces(file.content)))
        os.fsync(output.fileno())
    return digests


def _written(output: FileIO, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, each when it was written."""
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[output.write(rest) or 0 :]
        yield piece


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb", buffering=0) as source:
        while piece := source.read(PIECE_BYTES):
            yield piece
