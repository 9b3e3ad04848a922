"""What a file of weights says it holds, read from its head and no further.

Knows safetensors and GGUF by the readers of ``checkpoint``; reads ranges of a content, wherever its
bytes are. The last headers are remembered. Raises what the readers raise for a file that is none.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from paddock.checkpoint.errors import BadGguf, BadSafetensors
from paddock.checkpoint.gguf.reading import GgufFile, read_gguf
from paddock.checkpoint.gguf.values import Value
from paddock.checkpoint.safetensors.reading import LENGTH_BYTES, parse_header
from paddock.hub.catalogue.weights import MAX_HEADER_BYTES, raw_header
from paddock.hub.large.content import Content

SUFFIXES: Final = (".safetensors", ".gguf")
MAX_VALUE_CHARS: Final = 400
_ITEMS_SHOWN: Final = 6
_REMEMBERED_TENSORS: Final = 50_000  # of all headers together, about 30 MB
# The head of a GGUF file tells its own length nowhere: it is fetched in these steps. Llama 3's has
# 8 MB, the largest vocabularies 25 MB.
_GGUF_STEPS: Final = (1 << 20, 12 << 20, 40 << 20)


class TensorRow(NamedTuple):
    """A tensor, and where in the file its bytes are."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        return self.end - self.start


class WeightsHeader(NamedTuple):
    """A file's tensors in the order of their bytes, and its metadata in words."""

    format: str
    metadata: tuple[tuple[str, str], ...]
    tensors: tuple[TensorRow, ...]

    def find(self, name: str) -> TensorRow | None:
        return next((tensor for tensor in self.tensors if tensor.name == name), None)


class _Memory:
    """The last headers, by etag."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, WeightsHeader] = OrderedDict()
        self._tensors = 0
        self._lock = threading.Lock()

    def get(self, etag: str) -> WeightsHeader | None:
        with self._lock:
            if etag in self._known:
                self._known.move_to_end(etag)
            return self._known.get(etag)

    def put(self, etag: str, header: WeightsHeader) -> None:
        with self._lock:
            if etag in self._known:
                return
            self._known[etag] = header
            self._tensors += len(header.tensors)
            while self._tensors > _REMEMBERED_TENSORS and len(self._known) > 1:
                _, dropped = self._known.popitem(last=False)
                self._tensors -= len(dropped.tensors)


_memory = _Memory()


def is_weights_file(path: str) -> bool:
    """Whether a file of this name has a head that is shown."""
    return path.lower().endswith(SUFFIXES)


def read_weights_header(path: str, etag: str, content: Content) -> WeightsHeader:
    """The header of the file; raises BadCheckpoint."""
    header = _memory.get(etag)
    if header is None:
        is_gguf = path.lower().endswith(".gguf")
        header = _read_gguf(content) if is_gguf else _read_safetensors(content)
        _memory.put(etag, header)
    return header


def _read_safetensors(content: Content) -> WeightsHeader:
    raw = raw_header(content)
    if raw is None:
        size = f"{content.size_bytes} bytes"
        message = f"the file of {size} is too short, or its header is over {MAX_HEADER_BYTES} bytes"
        raise BadSafetensors("truncated", message)
    header = parse_header(raw, content.size_bytes, "the file")
    tensors = tuple(
        TensorRow(e.name, e.dtype, e.shape, math.prod(e.shape), e.start, e.end)
        for e in header.entries
    )
    metadata = (*header.metadata.items(), ("header", f"{LENGTH_BYTES + len(raw)} bytes"))
    return WeightsHeader("safetensors", _in_words(metadata), tensors)


def _read_gguf(content: Content) -> WeightsHeader:
    found = read_gguf(content.local_path) if content.local_path else _read_distant(content)
    metadata = ((key, _gguf_text(value)) for key, value in found.metadata.items())
    tensors = tuple(
        TensorRow(t.name, t.dtype, t.shape, math.prod(t.shape), t.start, t.end)
        for t in found.tensors
    )
    return WeightsHeader(f"GGUF, version {found.version}", _in_words(metadata), tensors)


def _read_distant(content: Content) -> GgufFile:
    """The same of a file that is not on this disk: its head, with a hole for the rest.

    A hole reads as zeros, which end every list of names and values with an error, so that a head
    that was cut is never taken for a whole one.
    """
    with tempfile.NamedTemporaryFile() as copy:
        for step in _GGUF_STEPS:
            end = min(step, content.size_bytes)
            copy.seek(0)
            for piece in content.read(0, end):
                copy.write(piece)
            copy.flush()
            copy.truncate(content.size_bytes)
            try:
                found = read_gguf(Path(copy.name))
            except BadGguf:
                if end == content.size_bytes or step == _GGUF_STEPS[-1]:
                    raise
                continue
            if found.tensors or end == content.size_bytes:
                return found
    raise BadGguf("header_too_large", f"the header is over {_GGUF_STEPS[-1]} bytes")


def _in_words(metadata: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, _cut(text)) for key, text in metadata)


def _cut(text: str) -> str:
    if len(text) <= MAX_VALUE_CHARS:
        return text
    return f"{text[:MAX_VALUE_CHARS]} … ({len(text)} characters)"


def _gguf_text(value: Value) -> str:
    """A value as people read it; of a long array, its length and its first items."""
    item: Any = value.item
    if not value.is_array:
        return str(item)
    shown = [_item_text(one) for one in item[:_ITEMS_SHOWN]]
    more = ", …" if len(item) > _ITEMS_SHOWN else ""
    return f"{len(item)} × {value.type.name.lower()}: {', '.join(shown)}{more}"


def _item_text(item: Any) -> str:
    if isinstance(item, str):
        return ascii(item[:40])
    return str(item.item() if isinstance(item, np.generic) else item)
