"""SentencePiece's ``tokenizer.model``, and llama2.c's ``tokenizer.bin`` which repeats one.

Knows just enough of protobuf's wire format (sentencepiece_model.proto) to read pieces, scores and
the normaliser's switches; every length is checked against what is left of the file. Knows nothing
of how text is encoded.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from paddock.checkpoint.errors import BadTokenizer

MAX_PIECES = 1 << 20
MAX_PIECE_CHARS = 256
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # how SentencePiece writes a space inside a piece

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MODEL_TYPE_BPE = 2


class PieceType(IntEnum):
    """As numbered in sentencepiece_model.proto."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class Piece(NamedTuple):
    """One entry of the vocabulary; its id is its position."""

    text: str
    score: float
    type: PieceType


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """A BPE model of SentencePiece, as far as encoding needs it."""

    pieces: tuple[Piece, ...]
    unk_id: int = 0
    bos_id: int = 1
    eos_id: int = 2
    adds_dummy_prefix: bool = True
    removes_extra_spaces: bool = False
    charsmap: bytes = b""  # precompiled normalisation rules; empty for the identity


def parse_sentencepiece(raw: bytes, where: str) -> SentencePieceModel:
    """The model in a ``tokenizer.model``; other kinds than BPE are refused."""
    try:
        return _parse_model(raw, where)
    except (_Malformed, UnicodeDecodeError, ValueError, struct.error) as e:
        raise BadTokenizer("not_sentencepiece", f"{where} is no SentencePiece model: {e}") from None


def parse_llama2c_tokenizer(raw: bytes, where: str) -> SentencePieceModel:
    """The vocabulary in a llama2.c ``tokenizer.bin``: longest length, then score, length, bytes."""
    if len(raw) < 4:
        raise BadTokenizer("truncated", f"{where} has only {len(raw)} bytes")
    longest = int.from_bytes(raw[:4], "little")
    pieces: list[Piece] = []
    at = 4
    while at < len(raw):
        head = raw[at : at + 8]
        if len(head) < 8 or len(pieces) == MAX_PIECES:
            raise BadTokenizer("truncated", f"{where} is damaged at byte {at}")
        score, length = struct.unpack("<fi", head)
        body = raw[at + 8 : at + 8 + length] if 0 <= length <= longest else b""
        if length != len(body):
            raise BadTokenizer("truncated", f"{where} is damaged at byte {at}")
        pieces.append(_llama2c_piece(len(pieces), body, score, where))
        at += 8 + length
    return SentencePieceModel(checked_pieces(tuple(pieces), where))


def _llama2c_piece(index: int, body: bytes, score: float, where: str) -> Piece:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as e:
        raise BadTokenizer("not_utf8", f"{where}: piece {index} is not UTF-8") from e
    if index < 3:  # the exporter writes "\n<s>\n" so that its own printing looks nice
        kind = PieceType.CONTROL if index else PieceType.UNKNOWN
        return Piece(("<unk>", "<s>", "</s>")[index], score, kind)
    if len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
        return Piece(text, score, PieceType.BYTE)
    return Piece(text.replace(" ", SPACE), score, PieceType.NORMAL)


class _Malformed(ValueError):
    pass


def _parse_model(raw: bytes, where: str) -> SentencePieceModel:
    pieces: list[Piece] = []
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    for number, value in _fields(raw):
        if number == 1 and isinstance(value, bytes):
            if len(pieces) == MAX_PIECES:
                raise _Malformed(f"more than {MAX_PIECES} pieces")
            pieces.append(_parse_piece(value))
        elif number in (2, 3) and isinstance(value, bytes):
            (trainer if number == 2 else normalizer).update(_fields(value))
    if trainer.get(3, 1) != _MODEL_TYPE_BPE:
        raise BadTokenizer(
            "not_bpe",
            f"{where} is a SentencePiece model of another kind than BPE; no Llama uses it",
        )
    if not normalizer.get(5, 1) or trainer.get(24, 0):
        raise BadTokenizer("spaces", f"{where} treats spaces as no Llama tokenizer does")
    charsmap = normalizer.get(2, b"")
    return SentencePieceModel(
        pieces=checked_pieces(tuple(pieces), where),
        unk_id=_id(trainer.get(40, 0)),
        bos_id=_id(trainer.get(41, 1)),
        eos_id=_id(trainer.get(42, 2)),
        adds_dummy_prefix=bool(normalizer.get(3, 1)),
        removes_extra_spaces=bool(normalizer.get(4, 1)),
        charsmap=charsmap if isinstance(charsmap, bytes) else b"",
    )


def _parse_piece(raw: bytes) -> Piece:
    values = dict(_fields(raw))
    text, score, kind = values.get(1, b""), values.get(2, 0), values.get(3, 1)
    if not isinstance(text, bytes) or not isinstance(score, int) or not isinstance(kind, int):
        raise _Malformed("a piece has fields of the wrong type")
    if score >> 32:  # written as a field of another width
        raise _Malformed("a score is no float")
    (as_float,) = struct.unpack("<f", score.to_bytes(4, "little"))
    return Piece(text.decode("utf-8"), as_float, PieceType(kind))


def _id(value: int | bytes) -> int:
    """An int32 as protobuf writes it: a negative one (absent) as 64 bits of two's complement."""
    if not isinstance(value, int):
        raise _Malformed("a token id is not a number")
    return value - (1 << 64) if value >= 1 << 63 else value


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of one protobuf message (fixed32 as its raw unsigned value)."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(raw, at)
            yield number, value
            continue
        if wire == _BYTES:
            length, at = _varint(raw, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise _Malformed(f"wire type {wire} at byte {at}")
        if length > len(raw) - at:
            raise _Malformed(f"a field of {length} bytes at byte {at} runs past the end")
        body = raw[at : at + length]
        at += length
        yield number, body if wire == _BYTES else int.from_bytes(body, "little")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise _Malformed(f"a number is cut off at byte {at}")
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def checked_pieces(pieces: tuple[Piece, ...], where: str) -> tuple[Piece, ...]:
    """The pieces, if a vocabulary can be made of them; BadTokenizer otherwise."""
    if len(pieces) < 4:
        raise BadTokenizer("no_vocabulary", f"{where} has only {len(pieces)} pieces")
    if any(len(piece.text) > MAX_PIECE_CHARS for piece in pieces):
        raise BadTokenizer("long_piece", f"{where} has a piece over {MAX_PIECE_CHARS} characters")
    if any(not math.isfinite(piece.score) for piece in pieces):
        raise BadTokenizer("bad_score", f"{where} has a score that is no finite number")
    if len({piece.text for piece in pieces}) != len(pieces):
        raise BadTokenizer("duplicate_piece", f"{where} has the same piece twice")
    return pieces
