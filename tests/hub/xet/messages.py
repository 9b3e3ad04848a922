"""Xet messages as a client would write them, honest or not, made from the reference's words alone.

Shares no code with the server: what both must agree on is written down twice.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace

import lz4.frame
from blake3 import blake3

DATA_KEY = bytes([
    102, 151, 245, 119, 91, 149, 80, 222, 49, 53, 203, 172, 165, 151, 24, 28,
    157, 228, 33, 16, 155, 235, 43, 88, 180, 208, 176, 75, 147, 173, 242, 41,
])  # fmt: skip
NODE_KEY = bytes([
    1, 126, 197, 199, 165, 71, 41, 150, 253, 148, 102, 102, 180, 138, 2, 230,
    93, 221, 83, 111, 55, 199, 109, 210, 248, 99, 82, 230, 74, 83, 113, 63,
])  # fmt: skip
VERIFY_KEY = bytes([
    127, 24, 87, 214, 206, 86, 237, 102, 18, 127, 249, 19, 231, 165, 195, 243,
    164, 205, 38, 213, 181, 219, 73, 230, 65, 36, 152, 127, 40, 251, 148, 195,
])  # fmt: skip
ZERO_KEY = bytes(32)
TAG = b"HFRepoMetaData\0" + bytes(
    [85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169]
)
BOOKEND = b"\xff" * 32 + bytes(16)


def text(raw: bytes) -> str:
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def raw(hash_text: str) -> bytes:
    return struct.pack("<4Q", *(int(hash_text[at : at + 16], 16) for at in range(0, 64, 16)))


def chunk_hash(content: bytes) -> bytes:
    return blake3(content, key=DATA_KEY).digest()


def merge(entries: list[tuple[bytes, int]]) -> bytes:
    """The merge tree, level by level, as the reference words it."""
    while len(entries) > 1:
        level, at = [], 0
        while at < len(entries):
            rest = entries[at:]
            size = len(rest) if len(rest) <= 2 else min(9, len(rest))
            for i in range(2, min(9, len(rest))):
                if struct.unpack("<Q", rest[i][0][24:])[0] % 4 == 0:
                    size = i + 1
                    break
            group = rest[:size]
            lines = "".join(f"{text(hash_)} : {length}\n" for hash_, length in group)
            node = blake3(lines.encode(), key=NODE_KEY).digest()
            level.append((node, sum(length for _, length in group)))
            at += size
        entries = level
    return entries[0][0]


def group_by_four(content: bytes) -> bytes:
    return b"".join(content[k::4] for k in range(4))


def frame(content: bytes, scheme: int = 0) -> bytes:
    """One chunk as it travels."""
    payload = content
    if scheme == 1:
        payload = lz4.frame.compress(content)
    elif scheme == 2:
        payload = lz4.frame.compress(group_by_four(content))
    return frame_of(payload, scheme, len(content))


def frame_of(payload: bytes, scheme: int, unpacked_bytes: int, version: int = 0) -> bytes:
    """A frame that says whatever it is told to say."""
    head = bytes([version]) + len(payload).to_bytes(3, "little")
    return head + bytes([scheme]) + unpacked_bytes.to_bytes(3, "little") + payload


@dataclass(frozen=True)
class Xorb:
    """Chunks and their schemes."""

    chunks: list[bytes]
    schemes: list[int] | None = None

    @property
    def body(self) -> bytes:
        schemes = self.schemes or [0] * len(self.chunks)
        return b"".join(map(frame, self.chunks, schemes))

    @property
    def entries(self) -> list[tuple[bytes, int]]:
        return [(chunk_hash(chunk), len(chunk)) for chunk in self.chunks]

    @property
    def raw_hash(self) -> bytes:
        return merge(self.entries)

    @property
    def hash(self) -> str:
        return text(self.raw_hash)

    def term(self, start: int = 0, end: int | None = None) -> Term:
        stop = len(self.chunks) if end is None else end
        chosen = self.entries[start:stop]
        proof = blake3(b"".join(hash_ for hash_, _ in chosen), key=VERIFY_KEY).digest()
        return Term(self.raw_hash, sum(length for _, length in chosen), start, stop, proof, chosen)


@dataclass(frozen=True)
class Term:
    """A run of chunks, with everything that a client may say of it."""

    xorb: bytes
    unpacked_bytes: int
    start: int
    end: int
    proof: bytes
    entries: list[tuple[bytes, int]] = field(repr=False, default_factory=list)

    def lying(self, **changes: object) -> Term:
        return replace(self, **changes)


@dataclass(frozen=True)
class File:
    """A file of a shard; ``hash`` and ``sha256`` are computed unless somebody lies."""

    terms: list[Term]
    content: bytes
    claimed_hash: bytes | None = None
    claimed_sha256: str | None = None
    flags: int = 0xC0000000

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def raw_hash(self) -> bytes:
        entries = [entry for term in self.terms for entry in term.entries]
        return blake3(merge(entries), key=ZERO_KEY).digest()

    @property
    def hash(self) -> str:
        return text(self.raw_hash)

    @property
    def records(self) -> bytes:
        head = self.claimed_hash or self.raw_hash
        parts = [head + struct.pack("<IIQ", self.flags, len(self.terms), 0)]
        for term in self.terms:
            numbers = struct.pack("<IIII", 0, term.unpacked_bytes, term.start, term.end)
            parts.append(term.xorb + numbers)
        if self.flags & 1 << 31:
            parts += [term.proof + bytes(16) for term in self.terms]
        if self.flags & 1 << 30:
            parts.append(raw(self.claimed_sha256 or self.sha256) + bytes(16))
        return b"".join(parts)


def xorb_records(xorb: Xorb) -> bytes:
    total = sum(map(len, xorb.chunks))
    parts = [xorb.raw_hash + struct.pack("<IIII", 0, len(xorb.chunks), total, len(xorb.body))]
    offset = 0
    for hash_, length in xorb.entries:
        parts.append(hash_ + struct.pack("<IIII", offset, length, 0, 0))
        offset += length
    return b"".join(parts)


def shard(files: list[File], xorbs: list[Xorb] | None = None, footer: bytes = b"") -> bytes:
    """A whole shard."""
    head = TAG + struct.pack("<QQ", 2, len(footer))
    file_records = b"".join(file.records for file in files)
    described = b"".join(map(xorb_records, xorbs or []))
    return head + file_records + BOOKEND + described + BOOKEND + footer


def whole_file(xorb: Xorb) -> File:
    """The file that is exactly one xorb."""
    return File([xorb.term()], b"".join(xorb.chunks))
