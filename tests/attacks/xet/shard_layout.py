"""Shards that cannot be read: another format, cut at every border, counts that nothing backs."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable

from tests.attacks.xet.case import Case, Stored, shards
from tests.hub.xet.messages import BOOKEND, TAG, File, shard, whole_file, xorb_records

_EMPTY = shard([])
_HEAD = TAG + struct.pack("<QQ", 2, 0)
_CUT = r"ends \d+ bytes early"
_NO_SHARD = "not a shard of version 2"


def cases() -> list[Case]:
    """In the order of the message."""
    return [
        *shards(_NO_SHARD, _heads()),
        *shards(_CUT, _cuts()),
        *shards(r"\d+ bytes follow", _behind()),
        *shards(r"at most|more than|early", _counts()),
        *shards("without verification hashes", _flags()),
    ]


def _whole(stored: Stored) -> bytes:
    return shard([whole_file(stored.mine)], [stored.mine])


def _heads() -> dict[str, Callable[[Stored], bytes]]:
    versions = {
        f"a shard of version {version}": TAG + struct.pack("<QQ", version, 0) + _EMPTY[48:]
        for version in (0, 1, 3, 1 << 32, (1 << 64) - 1)
    }
    bodies = versions | {
        "a shard of the version in the other byte order": TAG
        + struct.pack(">QQ", 2, 0)
        + _EMPTY[48:],
        "a shard with another tag": b"X" + _EMPTY[1:],
        "a shard whose tag ends otherwise": TAG[:-1] + b"\0" + _EMPTY[32:],
        "a shard without the tag's magic": TAG[:15] + bytes(17) + _EMPTY[32:],
        "a shard behind a line end": b"\n" + _EMPTY,
        "a shard that was packed": gzip.compress(_EMPTY * 3)[:96].ljust(96, b"\0"),
        "a shard of zeros": bytes(144),
        "a shard of ones": b"\xff" * 144,
        "JSON in the place of a shard": b'{"files": []}'.ljust(200),
        "a xorb's footer in the place of a shard": b"XETBLOB\1".ljust(200, b"\0"),
    }
    made: dict[str, Callable[[Stored], bytes]] = {k: _given(v) for k, v in bodies.items()}
    made["a xorb in the place of a shard"] = lambda stored: stored.mine.body
    return made


def _given(body: bytes) -> Callable[[Stored], bytes]:
    return lambda _: body


def _cuts() -> dict[str, Callable[[Stored], bytes]]:
    places = {
        "before its first byte": 0,
        "in its tag": 20,
        "behind its tag": 32,
        "in its version": 36,
        "in its header": 47,
        "behind its header": 48,
        "in a file's header": 80,
        "behind a file's header": 96,
        "in a term": 120,
        "behind a term": 144,
        "in a verification hash": 160,
        "behind the verification hashes": 192,
        "in the SHA-256": 210,
        "behind the SHA-256": 240,
        "in the file section's end": 260,
        "behind the file section": 288,
        "in a xorb's header": 300,
        "behind a xorb's header": 336,
        "in a chunk": 350,
        "before its last byte": -1,
        "before the last section's end": -48,
    }
    made = {f"a shard cut {where}": _cut_at(at) for where, at in places.items()}
    made["a shard without the end of its file section"] = lambda stored: (
        _HEAD + whole_file(stored.mine).records
    )
    return made


def _cut_at(at: int) -> Callable[[Stored], bytes]:
    return lambda stored: _whole(stored)[:at]


def _behind() -> dict[str, Callable[[Stored], bytes]]:
    return {
        "a byte behind a shard": lambda stored: _whole(stored) + b"\0",
        "a record behind a shard": lambda stored: _whole(stored) + bytes(48),
        "another end behind a shard": lambda stored: _whole(stored) + BOOKEND,
        "a shard twice": lambda stored: _whole(stored) * 2,
        "a footer that was not announced": lambda stored: _whole(stored) + bytes(200),
        "a second file section behind a shard": lambda stored: (
            _whole(stored) + whole_file(stored.other).records + BOOKEND
        ),
    }


def _counts() -> dict[str, Callable[[Stored], bytes]]:
    def terms(count: int, flags: int = 0xC0000000) -> Callable[[Stored], bytes]:
        return lambda stored: (
            _HEAD + stored.mine.raw_hash + struct.pack("<IIQ", flags, count, 0) + bytes(960)
        )

    def chunks(count: int) -> Callable[[Stored], bytes]:
        return lambda stored: (
            _HEAD
            + BOOKEND
            + stored.mine.raw_hash
            + struct.pack("<IIII", 0, count, 0, 0)
            + bytes(96)
        )

    return {
        "a file of more terms than the shard holds": terms(21),
        "a file of a million terms": terms(1_000_000),
        "a file of four billion terms": terms(0xFFFFFFFF),
        "a file of two billion terms": terms(0x80000000),
        "a file of one term too many": terms((1 << 18) + 1),
        "a xorb of more chunks than the shard holds": chunks(3),
        "a xorb of a million chunks": chunks(1_000_000),
        "a xorb of four billion chunks": chunks(0xFFFFFFFF),
        "a shard of more files than one may have": lambda _: (
            _HEAD + (bytes(32) + struct.pack("<IIQ", 1 << 31, 0, 0)) * ((1 << 17) + 1) + BOOKEND * 2
        ),
        "a shard of more xorbs than one may have": lambda _: (
            _HEAD + BOOKEND + bytes(48) * ((1 << 14) + 1) + BOOKEND
        ),
    }


def _flags() -> dict[str, Callable[[Stored], bytes]]:
    def flagged(flags: int) -> Callable[[Stored], bytes]:
        return lambda stored: shard([_with_flags(stored, flags)])

    return {
        "a file without flags": flagged(0),
        "a file with its SHA-256 alone": flagged(1 << 30),
        "a file of every flag but the one": flagged(0x7FFFFFFF),
        "a shard whose sections stand in the other order": lambda stored: (
            _HEAD + xorb_records(stored.mine) + BOOKEND + whole_file(stored.mine).records + BOOKEND
        ),
    }


def _with_flags(stored: Stored, flags: int) -> File:
    honest = whole_file(stored.mine)
    return File(honest.terms, honest.content, flags=flags)
