"""Formats that are one protocol buffer: ONNX, TensorFlow's models, SentencePiece's.

They have no signature. A file counts as one when its outermost fields are those of the format, of
the right types, and end with the file's last byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.types.protobuf import BYTES, FIXED32, VARINT, Field, FileWindow, fields

MAX_OUTER_FIELDS = 1_000_000


class _Shape(NamedTuple):
    """A message by its fields: number to wire type; and one field's own, for what looks alike."""

    kind: Kind
    outer: dict[int, int]
    needed: frozenset[int]
    inside: int
    inner: dict[int, int]


_SHAPES = (
    _Shape(  # onnx.proto, ModelProto and GraphProto
        Kind.ONNX,
        {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES, 8: BYTES}
        | {14: BYTES, 20: BYTES, 25: BYTES, 26: BYTES},
        frozenset({7}),
        7,
        {1: BYTES, 2: BYTES, 5: BYTES, 10: BYTES, 11: BYTES, 12: BYTES, 13: BYTES, 14: BYTES}
        | {15: BYTES, 16: BYTES},
    ),
    _Shape(  # saved_model.proto, SavedModel and MetaGraphDef
        Kind.SAVED_MODEL,
        {1: VARINT, 2: BYTES},
        frozenset({1, 2}),
        2,
        {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES},
    ),
    _Shape(  # sentencepiece_model.proto, ModelProto and SentencePiece
        Kind.SENTENCEPIECE,
        {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES},
        frozenset({1}),
        1,
        {1: BYTES, 2: FIXED32, 3: VARINT},
    ),
    _Shape(  # graph.proto, GraphDef and NodeDef
        Kind.SAVED_MODEL,
        {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES},
        frozenset({1}),
        1,
        {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES},
    ),
)


def message_kind(file: Path, size_bytes: int) -> Kind | None:
    """Which of the formats the file is, or None."""
    with FileWindow(file) as window:
        outer: list[Field] = []
        try:
            for field in fields(window.read_at, 0, size_bytes):
                outer.append(field)
                if len(outer) > MAX_OUTER_FIELDS or field.number > 100:
                    return None
            for shape in _SHAPES:
                if _fits(outer, shape.outer, shape.needed) and _inner_fits(window, outer, shape):
                    return shape.kind
        except BadCheckpoint:
            return None
    return None


def _fits(found: list[Field], allowed: dict[int, int], needed: frozenset[int]) -> bool:
    return needed <= {field.number for field in found} and all(
        allowed.get(field.number) == field.wire for field in found
    )


def _inner_fits(window: FileWindow, outer: list[Field], shape: _Shape) -> bool:
    """The first field that tells: everything in it is of the format."""
    first = next(field for field in outer if field.number == shape.inside)
    found = list(fields(window.read_at, first.start, first.end))
    return bool(found) and _fits(found, shape.inner, frozenset())
