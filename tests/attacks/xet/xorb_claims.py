"""Shards that say of a xorb what is not so, and footers that say it again.

The xorb is there and is the sender's own, unless the case says otherwise: what is wrong is what the
shard tells about it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.attacks.xet.case import Case, Sent, Stored, shards, xorb_path
from tests.attacks.xet.footers import ShardFooter, XorbFooter, ends
from tests.hub.xet.messages import BOOKEND, TAG, Xorb, shard, whole_file

Make = Callable[[Stored], bytes]
_OWN = Xorb([b"a chunk", b"another chunk", b"the third chunk" * 90])


def cases() -> list[Case]:
    """Xorb sections, footers of shards, footers of xorbs."""
    return [
        *shards("was not uploaded", _others()),
        *shards("was not uploaded|do not follow", _chunks()),
        *shards("do not follow", _places()),
        *shards("footer", _shard_footers()),
        *_xorb_footers(),
    ]


def _described(*records: bytes) -> bytes:
    return TAG + struct.pack("<QQ", 2, 0) + BOOKEND + b"".join(records) + BOOKEND


def _records(
    xorb: Xorb, *, name: bytes | None = None, total: int | None = None, **fields: object
) -> bytes:
    """The records of a xorb; ``entries`` and ``starts`` replace what they would say."""
    entries = fields.get("entries", xorb.entries)
    assert isinstance(entries, list)
    size = sum(length for _, length in entries) if total is None else total
    head = struct.pack("<IIII", 0, len(entries), size, len(xorb.body))
    rows, at = [], 0
    starts = fields.get("starts")
    for number, (hash_, length) in enumerate(entries):
        start = starts[number] if isinstance(starts, list) else at
        rows.append(hash_ + struct.pack("<IIII", start, length, 0, 0))
        at += length
    return (name or xorb.raw_hash) + head + b"".join(rows)


def _others() -> dict[str, Make]:
    return {
        "a xorb told of that nobody uploaded": lambda s: shard([], [s.unknown]),
        "a stranger's xorb told of": lambda s: shard([], [s.foreign]),
        "a stranger's xorb told of behind one's own": lambda s: shard([], [s.mine, s.foreign]),
        "an honest file and a xorb that nobody uploaded": lambda s: shard(
            [whole_file(s.mine)], [s.unknown]
        ),
        "a xorb told of under another's name": lambda s: _described(
            _records(s.mine, name=s.other.raw_hash)
        ),
        "a xorb told of under its file's name": lambda s: _described(
            _records(s.mine, name=whole_file(s.mine).raw_hash)
        ),
        "a xorb told of under no name": lambda s: _described(_records(s.mine, name=bytes(32))),
        "a xorb told of under its name in the wrong order": lambda s: _described(
            _records(s.mine, name=bytes.fromhex(s.mine.hash))
        ),
    }


def _chunks() -> dict[str, Make]:
    def told(change: Callable[[list[tuple[bytes, int]]], list[tuple[bytes, int]]]) -> Make:
        return lambda s: _described(_records(s.mine, entries=change(s.mine.entries)))

    return {
        "a xorb told of without its chunks": told(lambda _: []),
        "a xorb told of without its last chunk": told(lambda e: e[:-1]),
        "a xorb told of without its first chunk": told(lambda e: e[1:]),
        "a xorb told of with a chunk more": told(lambda e: [*e, (b"\1" * 32, 9)]),
        "a xorb told of with its last chunk twice": told(lambda e: [*e, e[-1]]),
        "a xorb told of from back to front": told(lambda e: e[::-1]),
        "a xorb told of with another chunk": told(lambda e: [e[0], (b"\2" * 32, e[1][1]), e[2]]),
        "a xorb told of with a chunk's text form": told(
            lambda e: [(e[0][0][::-1], e[0][1]), *e[1:]]
        ),
        "a xorb told of with a chunk one byte longer": told(
            lambda e: [e[0], (e[1][0], e[1][1] + 1), e[2]]
        ),
        "a xorb told of with chunks of no bytes": told(lambda e: [(hash_, 0) for hash_, _ in e]),
        "a xorb told of with frames' lengths": told(lambda e: [(h, size + 8) for h, size in e]),
        "a xorb told of with two chunks' lengths exchanged": told(
            lambda e: [(e[0][0], e[1][1]), (e[1][0], e[0][1]), e[2]]
        ),
    }


def _places() -> dict[str, Make]:
    def told(**fields: object) -> Make:
        return lambda s: _described(_records(s.mine, **fields))  # type: ignore[arg-type]

    return {
        "a xorb of one byte more than its chunks": told(total=9001),
        "a xorb of no bytes": told(total=0),
        "a xorb of four billion bytes": told(total=0xFFFFFFFF),
        "chunks that all start at 0": told(starts=[0, 0, 0]),
        "chunks that start one byte later": told(starts=[1, 2001, 5001]),
        "chunks that overlap": told(starts=[0, 1999, 5000]),
        "chunks with a gap": told(starts=[0, 2001, 5000]),
        "chunks that start where their frames do": told(starts=[0, 2008, 5016]),
        "chunks that start in the other byte order": told(
            starts=[int.from_bytes(at.to_bytes(4, "big"), "little") for at in (0, 2000, 5000)]
        ),
        "a chunk that starts at minus one": told(starts=[0, 2000, 0xFFFFFFFF]),
        "chunks whose lengths run over four bytes": lambda s: _described(
            _records(
                s.mine,
                entries=[(hash_, 0xFFFFFFFF) for hash_, _ in s.mine.entries],
                starts=[0, 0xFFFFFFFF, 0xFFFFFFFE],
                total=0xFFFFFFFD,
            )
        ),
    }


def _shard_footers() -> dict[str, Make]:
    def ended(announced: int | None = None, cut: int = 0, **fields: object) -> Make:
        def make(stored: Stored) -> bytes:
            honest = ShardFooter.of([whole_file(stored.mine)], [stored.mine])
            footer = replace(honest, **fields).packed  # type: ignore[arg-type]
            body = shard([whole_file(stored.mine)], [stored.mine], footer)
            size = len(footer) if announced is None else announced
            return body[:40] + struct.pack("<Q", size) + body[48 : len(body) - cut]

        return make

    return {
        "a footer of version 0": ended(version=0),
        "a footer of version 2": ended(version=2),
        "a footer of zeros": lambda s: shard([whole_file(s.mine)], [s.mine], bytes(200)),
        "a footer of ones": lambda s: shard([whole_file(s.mine)], [s.mine], b"\xff" * 200),
        "a footer of another shard": lambda s: shard(
            [whole_file(s.mine)], [s.mine], ShardFooter.of([whole_file(s.mine)], []).packed
        ),
        "a footer whose file section is at 0": ended(files_at=0),
        "a footer whose file section is a record later": ended(files_at=96),
        "a footer whose xorb section is at 0": ended(xorbs_at=0),
        "a footer whose xorb section is its file section": ended(xorbs_at=48),
        "a footer whose xorb section is nowhere": ended(xorbs_at=1 << 60),
        "a footer that is elsewhere": ended(own=0),
        "a footer behind the shard's end": ended(own=1 << 40),
        "a footer whose tables are in the sections": ended(tables=48),
        "a footer whose tables are behind the shard": ended(tables=1 << 50),
        "a footer with a key for chunks": ended(key=b"\7" * 32),
        "a footer cut short": ended(cut=1),
        "a footer announced with 199 bytes": ended(announced=199),
        "a footer announced with 2^64 bytes": ended(announced=(1 << 64) - 1),
    }


def _xorb_footers() -> list[Case]:
    framed, unpacked = ends(_OWN)
    hashes = [hash_ for hash_, _ in _OWN.entries]
    liars = {
        "of another xorb's name": XorbFooter(_OWN, name=b"\7" * 32),
        "of its name in the wrong order": XorbFooter(_OWN, name=bytes.fromhex(_OWN.hash)),
        "of a chunk more": XorbFooter(_OWN, hashes=[*hashes, b"\1" * 32]),
        "of a chunk less": XorbFooter(_OWN, hashes=hashes[:-1]),
        "of another chunk": XorbFooter(_OWN, hashes=[*hashes[:-1], b"\1" * 32]),
        "of its chunks from back to front": XorbFooter(_OWN, hashes=hashes[::-1]),
        "of frames that end a byte later": XorbFooter(_OWN, frame_ends=[at + 1 for at in framed]),
        "of frames without their headers": XorbFooter(_OWN, frame_ends=unpacked),
        "of chunks that end a byte earlier": XorbFooter(
            _OWN, unpacked_ends=[at - 1 for at in unpacked]
        ),
        "of chunks that end where frames do": XorbFooter(_OWN, unpacked_ends=framed),
        "of four billion chunks": XorbFooter(_OWN, count=0xFFFFFFFF),
        "of no chunks": XorbFooter(_OWN, count=0),
    }
    made = {
        f"a xorb with the footer {name}": _OWN.body + footer.packed
        for name, footer in liars.items()
    }
    made["a xorb with the honest footer of another"] = (
        _OWN.body + XorbFooter(Xorb([b"a chunk"])).packed
    )
    path = xorb_path(_OWN.hash)
    return [Case(name, "footer", partial(_sent, Sent(path, body))) for name, body in made.items()]


def _sent(sent: Sent, _: Stored) -> Sent:
    return sent
