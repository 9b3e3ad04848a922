"""Xorbs as a whole: under names that are not theirs, rearranged, cut, overfull, or no xorbs at all.

Every chunk here is honest by itself, unless the case is about what stands in the place of chunks.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable

from blake3 import blake3

from tests.attacks.xet.case import Case, Sent, Stored, xorb_path, xorbs
from tests.hub.xet.messages import (
    DATA_KEY,
    NODE_KEY,
    ZERO_KEY,
    Xorb,
    chunk_hash,
    frame,
    frame_of,
    merge,
    raw,
    shard,
    text,
    whole_file,
)

_CHUNKS = [bytes([65 + number]) * (2000 + number) for number in range(12)]
_XORB = Xorb(_CHUNKS)
_NOT_ITS_NAME = r"the xorb's hash is [0-9a-f]{64}, not"
_TAG = b"XETBLOB"


def cases() -> list[Case]:
    """Names first, then bodies."""
    return [*_names(), *_rearranged(), *_overfull(), *_other_formats(), *_ends()]


def _names() -> list[Case]:
    right, plain = _XORB.hash, _XORB.raw_hash.hex()
    entries = _XORB.entries
    names = {
        "a word": "nonsense",
        "zeros": "0" * 64,
        "ones": "f" * 64,
        "its own name in capitals": right.upper(),
        "its own name without the last digit": right[:-1],
        "its own name and one digit more": right + "0",
        "its own name behind 0x": "0x" + right,
        "its own name behind a blank": "%20" + right,
        "its own name before a blank": right + "%20",
        "its own name before a line end": right + "%0A",
        "its own name before a zero byte": right + "%00",
        "its own name twice": right + right,
        "its own name in wide digits": "".join(chr(0xFEE0 + ord(digit)) for digit in right),
        "its own hash in plain hex": plain,
        "its own name from back to front": right[::-1],
        "a path upwards": "..%2F..%2Fetc%2Fpasswd",
        "a very long word": "a" * 5000,
        "the name of its first chunk": text(chunk_hash(_CHUNKS[0])),
        "the name of the file that it makes": text(blake3(_XORB.raw_hash, key=ZERO_KEY).digest()),
        "the SHA-256 of its bytes": hashlib.sha256(_XORB.body).hexdigest(),
        "the chunk hash of its bytes": text(chunk_hash(_XORB.body)),
        "the plain BLAKE3 of its bytes": blake3(_XORB.body).hexdigest(),
        "its chunks' name without lengths": text(merge([(hash_, 0) for hash_, _ in entries])),
        "its chunks' name with frames' lengths": text(
            merge([(hash_, size + 8) for hash_, size in entries])
        ),
        "its chunks' name in another order": text(merge(entries[::-1])),
        "its first chunks' name": text(merge(entries[:-1])),
        "a node of its tree": text(merge(entries[:9])),
        "the name by one flat node": text(_flat_node(entries)),
    }
    reason = _NOT_ITS_NAME + "|contains a NUL"
    return [
        Case(f"a xorb under {title}", reason, _sent(xorb_path(name), _XORB.body))
        for title, name in names.items()
    ]


def _sent(path: str, body: bytes) -> Callable[[Stored], Sent]:
    return lambda _: Sent(path, body)


def _flat_node(entries: list[tuple[bytes, int]]) -> bytes:
    lines = "".join(f"{text(hash_)} : {size}\n" for hash_, size in entries)
    return blake3(lines.encode(), key=NODE_KEY).digest()


def _rearranged() -> list[Case]:
    frames = [frame(chunk) for chunk in _CHUNKS]
    flipped = bytearray(_XORB.body)
    flipped[3000] ^= 1
    parts = [frame(_CHUNKS[0][:500]), frame(_CHUNKS[0][500:]), *frames[1:]]
    node = "".join(f"{text(hash_)} : {size}\n" for hash_, size in _XORB.entries[:2]).encode()
    bodies = {
        "a chunk left out": b"".join(frames[:-1]),
        "the first chunk left out": b"".join(frames[1:]),
        "a chunk twice": b"".join([*frames, frames[-1]]),
        "all chunks twice": _XORB.body * 2,
        "two chunks in each other's place": b"".join([frames[1], frames[0], *frames[2:]]),
        "all chunks from back to front": b"".join(frames[::-1]),
        "a chunk more in front": frame(b"more") + _XORB.body,
        "a chunk more behind": _XORB.body + frame(b"more"),
        "another chunk in the place of one": b"".join([*frames[:5], frame(b"x"), *frames[6:]]),
        "one bit flipped in a chunk": bytes(flipped),
        "one chunk cut in two": b"".join(parts),
        "two chunks joined": b"".join([frame(_CHUNKS[0] + _CHUNKS[1]), *frames[2:]]),
        "the last byte of a chunk at the start of the next": b"".join(
            [frame(_CHUNKS[0][:-1]), frame(_CHUNKS[0][-1:] + _CHUNKS[1]), *frames[2:]]
        ),
        "all chunks as one": frame(b"".join(_CHUNKS)),
        "the text of a node as a chunk": frame(node),
    }
    cases = xorbs(_NOT_ITS_NAME, {f"a xorb with {k}": v for k, v in bodies.items()}, _XORB.hash)
    hidden = Xorb([*_CHUNKS, b"hidden behind the footer"])
    behind = _XORB.body + _TAG + frame(hidden.chunks[-1])
    cases += xorbs(_NOT_ITS_NAME, {"a chunk hidden behind a footer's tag": behind}, hidden.hash)
    return cases


def _overfull() -> list[Case]:
    many = {
        "8193 chunks": frame(b"x") * 8193,
        "a hundred thousand chunks": frame(b"x") * 100_000,
    }
    cases = xorbs("more than 8192 chunks", {f"a xorb of {k}": v for k, v in many.items()})
    large = Sent(xorb_path("0" * 64), frame(bytes(131_072)) * 521)
    return [*cases, Case("a xorb over 65 MiB", "larger|limit|at most", lambda _: large, 413)]


def _other_formats() -> list[Case]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xorb", _XORB.body)
    tape = io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("xorb"))
    weights = struct.pack("<Q", 2) + b"{}"
    bodies = {
        "a JSON object": json.dumps({"xorb": _XORB.hash}).encode(),
        "a form": b"xorb=" + _XORB.hash.encode(),
        "a page": b"<!doctype html><title>xorb</title>",
        "a gzip of the xorb": gzip.compress(_XORB.body),
        "a zip archive": packed.getvalue(),
        "a tar archive": tape.getvalue(),
        "safetensors": weights,
        "a GGUF file": b"GGUF" + struct.pack("<IQQ", 3, 0, 0),
        "a pickle": b"cos\nsystem\n(S'true'\ntR.",
        "a shard": shard([whole_file(_XORB)], [_XORB]),
        "the file itself": b"".join(_CHUNKS),
        "an LFS pointer": b"version https://git-lfs.github.com/spec/v1\n",
        "its frames in hex": _XORB.body.hex().encode(),
        "a byte order mark before it": b"\xef\xbb\xbf" + _XORB.body,
        "a part of a form": b"--x\r\nContent-Type: a/b\r\n\r\n" + _XORB.body + b"\r\n--x--",
        "noise": os.urandom(3000).replace(b"\0", b"\1"),
    }
    reason = "version is|scheme is|a chunk of|a payload of|travels as|ends inside|LZ4"
    named = {f"in the place of a xorb, {what}": body for what, body in bodies.items()}
    return xorbs(reason, named, _XORB.hash)


def _ends() -> list[Case]:
    empty = {
        "a xorb of nothing": b"",
        "a xorb of a footer's tag alone": _TAG,
        "a xorb of a footer alone": _TAG + b"\1" + bytes(300),
        "a xorb whose chunks stand behind a footer": _TAG + _XORB.body,
    }
    return [
        *xorbs("no chunk", empty, _XORB.hash),
        *xorbs(
            _NOT_ITS_NAME,
            {"a xorb whose rest stands behind a footer": frame(_CHUNKS[0]) + _TAG + _XORB.body},
            _XORB.hash,
        ),
        *xorbs(
            _NOT_ITS_NAME,
            {"a chunk under the name of other bytes of its length": frame(b"other bytes")},
            text(blake3(b"these bytes", key=DATA_KEY).digest()),
        ),
        *xorbs(
            "LZ4 frame",
            {"a chunk that is honest only when it is not unpacked": frame_of(b"abc", 1, 3)},
            text(chunk_hash(b"abc")),
        ),
        *xorbs(
            _NOT_ITS_NAME,
            {"a chunk that was packed but not grouped, and says grouped": _ungrouped()},
            text(chunk_hash(_CHUNKS[0])),
        ),
        *xorbs(_NOT_ITS_NAME, {"an honest xorb under another's name": frame(b"x")}, _XORB.hash),
        *xorbs(
            _NOT_ITS_NAME,
            {"an honest xorb under the name of nothing": frame(b"x")},
            text(raw("0" * 64)),
        ),
    ]


def _ungrouped() -> bytes:
    content = bytes(range(200)) * 10
    packed = frame(content, 1)
    return packed[:4] + b"\2" + packed[5:]
