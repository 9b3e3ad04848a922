"""What a file is, by its bytes; its name is no evidence.

Sure of nothing that it cannot show: bytes that fit no format are ``unknown``, never the nearest
guess. A name counts only between kinds of text.
"""

from __future__ import annotations

import codecs
import lzma
import re
import struct
import zlib
from pathlib import Path

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.llama2c.reading import read_llama2c
from paddock.checkpoint.pytorch.reading import is_legacy
from paddock.checkpoint.scan.kinds import TEXTS as TEXTS
from paddock.checkpoint.scan.kinds import WEIGHTS as WEIGHTS
from paddock.checkpoint.scan.kinds import Kind as Kind
from paddock.checkpoint.scan.types.messages import message_kind
from paddock.checkpoint.scan.types.pickle_shape import pickle_shape
from paddock.checkpoint.scan.types.signatures import signed_kind
from paddock.checkpoint.scan.types.text_kinds import text_kind
from paddock.checkpoint.scan.types.zip_kinds import zip_kind
from paddock.checkpoint.tensors import PIECE_BYTES

MAX_LLAMA2C_TOKENIZER_BYTES = 16 << 20
_NO_TEXT = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}


def identify(file: Path, head: bytes, size_bytes: int, name: str | None = None) -> Kind:
    """The type of a file of which ``head`` is the beginning; ``name`` is what people call it."""
    if not size_bytes:
        return Kind.EMPTY
    if _fits(head, size_bytes) and not pickle_shape(head).is_pickle:
        return Kind.SAFETENSORS
    found = signed_kind(head)
    if found is Kind.ZIP:
        return zip_kind(file)
    if found and not _is_prose(file, head):
        return found
    found = _pickle_kind(head)
    if found:
        return found
    if _is_safetensors(head):
        return Kind.SAFETENSORS
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _is_utf16(head):
        return Kind.UTF16
    if _is_text(file, head):
        return text_kind(file, _decoded(head), size_bytes, name or file.name)
    return _computed_kind(file, head, size_bytes)


def _is_prose(file: Path, head: bytes) -> bool:
    """Whether text happens to begin with the letters of a signature, such as ``ID3`` or ``BZh``."""
    ambiguous = head[:3] in (b"BZh", b"ID3") or head[:2] == b"MZ"
    return ambiguous and _is_text(file, head)


def _pickle_kind(head: bytes) -> Kind | None:
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 0x20:
        return Kind.TORCH_LEGACY if is_legacy(head) else Kind.PICKLE
    return Kind.PICKLE if pickle_shape(head).is_pickle else None


def _fits(head: bytes, size_bytes: int) -> bool:
    """Whether the file begins with the length of a header that is there.

    Asked first: a header of 640 bytes begins as a pickle does, one of 35,615 as gzip, one of 23,117
    as a program of Windows.
    """
    length = int.from_bytes(head[:8], "little")
    return 8 + length <= size_bytes and head[4:9] == b"\0\0\0\0{" and _is_safetensors(head)


def _is_safetensors(head: bytes) -> bool:
    """Eight bytes that are no text, then an object; how it goes on is the validator's matter."""
    if len(head) < 9 or all(byte in _PRINTABLE for byte in head[:8]):
        return False
    start = head[8:264].lstrip(b" \t\r\n\xef\xbb\xbf\x00")
    return start[:1] == b"{" and start[1:].lstrip(b" \t\r\n")[:1] in (b'"', b"}", b"")


def _decoded(head: bytes) -> str:
    """The text of the head, whose last character may be cut."""
    return codecs.getincrementaldecoder("utf-8")().decode(head)


def _is_text(file: Path, head: bytes) -> bool:
    """UTF-8 from the first byte to the last, without control characters that no text holds."""
    if _NO_TEXT.search(head):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with file.open("rb", buffering=0) as opened:
            while piece := opened.read(PIECE_BYTES):
                if _NO_TEXT.search(piece):
                    return False
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf16(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-16")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _NO_TEXT.search(text.encode("utf-8", "replace"))


def _computed_kind(file: Path, head: bytes, size_bytes: int) -> Kind:
    """Formats without a signature: what they hold must add up to the file's length."""
    if _is_zlib(head):
        return Kind.ZLIB
    if head[:1] == b"\x5d" and _is_lzma(head):
        return Kind.XZ
    if head[:4] == b"24ka" or _is_llama2c(file, head):  # "ak42", llama2.c's later versions
        return Kind.LLAMA2C
    if _is_llama2c_tokenizer(file, size_bytes):
        return Kind.LLAMA2C_TOKENIZER
    return message_kind(file, size_bytes) or Kind.UNKNOWN


def _is_zlib(head: bytes) -> bool:
    """RFC 1950, 2.2: method 8, a window of 32 KiB at most, and a sum; and it unpacks."""
    if len(head) < 6 or head[0] & 0x0F != 8 or head[0] >> 4 > 7:
        return False
    if int.from_bytes(head[:2], "big") % 31:
        return False
    try:
        return bool(zlib.decompressobj().decompress(head[:4096], 1 << 16))
    except zlib.error:
        return False


def _is_lzma(head: bytes) -> bool:
    """The format before xz has no signature: properties, a dictionary's size, and it unpacks."""
    try:
        machine = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=64 << 20)
        return bool(machine.decompress(head[:4096], 1 << 16))
    except (lzma.LZMAError, EOFError):
        return False


def _is_llama2c(file: Path, head: bytes) -> bool:
    if len(head) < 28 or any(abs(n) > 1 << 24 for n in struct.unpack_from("<7i", head)):
        return False
    try:
        read_llama2c(file)
    except BadCheckpoint:
        return False
    return True


def _is_llama2c_tokenizer(file: Path, size_bytes: int) -> bool:
    """The longest token, then a score, a length and bytes for each (llama2.c, tokenizer.py)."""
    if not 64 <= size_bytes <= MAX_LLAMA2C_TOKENIZER_BYTES:
        return False
    raw = file.read_bytes()
    longest, at = int.from_bytes(raw[:4], "little"), 4
    if not 0 < longest <= 4096:
        return False
    while at + 8 <= len(raw):
        score, length = struct.unpack_from("<fi", raw, at)
        if not 0 <= length <= longest or not abs(score) < 1e10:
            return False
        at += 8 + length
    return at == len(raw)
