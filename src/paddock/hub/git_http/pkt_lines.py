"""Pkt-lines: the framing of git's protocol (gitprotocol-common).

Pure. Four hexadecimal digits of length, themselves counted, and the payload; lengths 0, 1 and 2
have no payload and end a message, a section and an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import IO

from paddock.errors import BadInput, shown

MAX_PAYLOAD_BYTES = 65516
EMPTY_PACKET = b"0005\x01"  # of side band 1: what git sends to show that it is still there
_HEX = frozenset(b"0123456789abcdefABCDEF")


class BadGitRequest(BadInput):
    """The request is not what a git client sends."""

    code = "bad_git_request"


class Mark(Enum):
    """A packet without payload."""

    FLUSH = b"0000"
    DELIM = b"0001"
    RESPONSE_END = b"0002"


Packet = bytes | Mark


def pkt(payload: bytes) -> bytes:
    """One packet."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a packet of {len(payload)} bytes")
    return b"%04x%s" % (len(payload) + 4, payload)


def line(text: str) -> bytes:
    """One packet that is a line of text."""
    return pkt(text.encode() + b"\n")


def read_packet(source: IO[bytes]) -> Packet | None:
    """The next packet, or None at the end; raises BadGitRequest."""
    head = source.read(4)
    if not head:
        return None
    if len(head) < 4 or not _HEX.issuperset(head):
        raise BadGitRequest(f"a packet begins with {shown(head.decode('latin-1'))}")
    size = int(head, 16)
    if size < 3:
        return Mark(b"%04d" % size)
    if size == 3 or size - 4 > MAX_PAYLOAD_BYTES:
        raise BadGitRequest(f"a packet cannot have length {size}")
    payload = source.read(size - 4)
    if len(payload) < size - 4:
        raise BadGitRequest("the request ends in the middle of a packet")
    return payload


def read_lines(source: IO[bytes]) -> Iterator[str]:
    """The lines up to the next mark or the end; raises BadGitRequest for what is not text."""
    while isinstance(packet := read_packet(source), bytes):
        yield decode_line(packet)


def decode_line(packet: bytes) -> str:
    """A line's text, without its end."""
    try:
        return packet.removesuffix(b"\n").decode()
    except UnicodeDecodeError as e:
        raise BadGitRequest("a line of the request is not UTF-8") from e


def on_band(
    number: int, data: Iterable[bytes], largest: int = MAX_PAYLOAD_BYTES
) -> Iterator[bytes]:
    """The bytes as packets of a side band: 1 is data, 2 what a person reads, 3 a fatal error."""
    band = bytes([number])
    for piece in data:
        for start in range(0, len(piece), largest - 1):
            part = piece[start : start + largest - 1]
            yield b"%04x%s%s" % (len(part) + 5, band, part)
