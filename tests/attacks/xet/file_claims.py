"""Shards that say of a file what is not so: its chunks, their sizes, its hash, its SHA-256.

Everything that is not the lie is honest: the verification hashes are those of the real chunks, and
the file's hash that of the file that the liar would like to have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from blake3 import blake3

from tests.attacks.xet.case import Case, Stored, shards
from tests.hub.xet.messages import (
    DATA_KEY,
    NODE_KEY,
    VERIFY_KEY,
    ZERO_KEY,
    File,
    Term,
    Xorb,
    chunk_hash,
    merge,
    raw,
    shard,
    text,
    whole_file,
)

Make = Callable[[Stored], bytes]
_MOST = 0xFFFFFFFF


def cases() -> list[Case]:
    """By what is lied about."""
    return [
        *shards(r"was not uploaded|more than \d+ chunks|is larger than", _terms()),
        *shards("was not uploaded", _xorb_names()),
        *shards("was not uploaded", _proofs()),
        *shards("make another file's hash", _file_hashes()),
        *shards(r"has SHA-256 [0-9a-f]{64}; ", _digests()),
        *shards("larger than|more than", _sizes()),
        *shards("told twice|has SHA-256|was not uploaded", _twice()),
    ]


def _lie(stored: Stored, **changes: object) -> bytes:
    """The whole of one xorb, with one field of its only term changed."""
    honest = whole_file(stored.mine)
    term = stored.mine.term().lying(**changes)
    return shard([File([term], honest.content, claimed_hash=honest.raw_hash)])


def _terms() -> dict[str, Make]:
    size = 9000
    changes: dict[str, dict[str, object]] = {
        "an end one chunk behind the last": {"end": 4},
        "an end far behind the last chunk": {"end": 8192},
        "an end that no xorb can have": {"end": _MOST},
        "a start behind the last chunk": {"start": 3, "end": 4},
        "a start that is the end": {"start": 3, "end": 3, "unpacked_bytes": 0},
        "no chunk at all": {"start": 0, "end": 0, "unpacked_bytes": 0},
        "no chunk, and bytes": {"start": 1, "end": 1},
        "a start behind the end": {"start": 2, "end": 1},
        "a start of minus one": {"start": _MOST},
        "a start and an end of minus one": {"start": _MOST, "end": _MOST},
        "the last chunk left out": {"end": 2},
        "the first chunk left out": {"start": 1},
        "one byte too many": {"unpacked_bytes": size + 1},
        "one byte too few": {"unpacked_bytes": size - 1},
        "no bytes": {"unpacked_bytes": 0},
        "four billion bytes": {"unpacked_bytes": _MOST},
        "two billion bytes": {"unpacked_bytes": 1 << 31},
        "the bytes of its frames": {"unpacked_bytes": size + 24},
    }
    return {f"a term of {name}": _lying(change) for name, change in changes.items()}


def _lying(changes: dict[str, object]) -> Make:
    return lambda stored: _lie(stored, **changes)


def _xorb_names() -> dict[str, Make]:
    def named(pick: Callable[[Stored], bytes]) -> Make:
        return lambda stored: _lie(stored, xorb=pick(stored))

    def of(xorb: Xorb) -> bytes:
        return shard([whole_file(xorb)])

    return {
        "a term of a xorb that nobody uploaded": lambda stored: of(stored.unknown),
        "a term of a stranger's xorb, every chunk known": lambda stored: of(stored.foreign),
        "a term of a stranger's xorb's last chunk": lambda stored: shard(
            [File([stored.foreign.term(1, 2)], stored.foreign.chunks[1])]
        ),
        "a term of a stranger's xorb behind one's own": lambda stored: shard(
            [
                File(
                    [stored.mine.term(), stored.foreign.term()],
                    b"".join([*stored.mine.chunks, *stored.foreign.chunks]),
                )
            ]
        ),
        "a term of a stranger's xorb in the second file": lambda stored: shard(
            [whole_file(stored.mine), whole_file(stored.foreign)]
        ),
        "a stranger's xorb described and used": lambda stored: shard(
            [whole_file(stored.foreign)], [stored.foreign]
        ),
        "a term of the xorb of no name": named(lambda _: bytes(32)),
        "a term of another xorb of one's own": named(lambda stored: stored.other.raw_hash),
        "a term of a xorb by its file's name": named(
            lambda stored: whole_file(stored.mine).raw_hash
        ),
        "a term of a xorb by its first chunk": named(lambda stored: stored.mine.entries[0][0]),
        "a term of a xorb by its name in the wrong order": named(
            lambda stored: bytes.fromhex(stored.mine.hash)
        ),
        "a term of a xorb by its SHA-256": named(
            lambda stored: hashlib.sha256(stored.mine.body).digest()
        ),
        "a term of a xorb with one bit changed": named(
            lambda stored: bytes([stored.mine.raw_hash[0] ^ 1]) + stored.mine.raw_hash[1:]
        ),
    }


def _proofs() -> dict[str, Make]:
    def proof(pick: Callable[[Stored], bytes]) -> Make:
        return lambda stored: _lie(stored, proof=pick(stored))

    def joined(stored: Stored) -> bytes:
        return b"".join(hash_ for hash_, _ in stored.mine.entries)

    def of(hashes: bytes, key: bytes = VERIFY_KEY) -> bytes:
        return blake3(hashes, key=key).digest()

    return {
        "a verification hash of zeros": proof(lambda _: bytes(32)),
        "a verification hash of ones": proof(lambda _: b"\xff" * 32),
        "a verification hash of the first chunk": proof(lambda s: s.mine.term(0, 1).proof),
        "a verification hash of the last chunks": proof(lambda s: s.mine.term(1, 3).proof),
        "a verification hash of another xorb": proof(lambda s: s.other.term().proof),
        "a verification hash of no chunks": proof(lambda _: of(b"")),
        "a verification hash of the chunks from back to front": proof(
            lambda s: of(b"".join(hash_ for hash_, _ in s.mine.entries[::-1]))
        ),
        "a verification hash of the chunks' text": proof(
            lambda s: of("".join(text(hash_) for hash_, _ in s.mine.entries).encode())
        ),
        "a verification hash of the bytes": proof(lambda s: of(b"".join(s.mine.chunks))),
        "a verification hash by the chunks' key": proof(lambda s: of(joined(s), DATA_KEY)),
        "a verification hash by the nodes' key": proof(lambda s: of(joined(s), NODE_KEY)),
        "a verification hash by no key": proof(lambda s: blake3(joined(s)).digest()),
        "the xorb's name as verification hash": proof(lambda s: s.mine.raw_hash),
        "the file's name as verification hash": proof(lambda s: whole_file(s.mine).raw_hash),
        "a chunk's name as verification hash": proof(lambda s: s.mine.entries[0][0]),
        "two terms' verification hashes in each other's place": _exchanged,
    }


def _exchanged(stored: Stored) -> bytes:
    one, two = stored.mine.term(0, 1), stored.mine.term(1, 3)
    terms = [one.lying(proof=two.proof), two.lying(proof=one.proof)]
    return shard([File(terms, b"".join(stored.mine.chunks))])


def _file_hashes() -> dict[str, Make]:
    def claimed(pick: Callable[[Stored], bytes]) -> Make:
        def make(stored: Stored) -> bytes:
            honest = whole_file(stored.mine)
            return shard([File(honest.terms, honest.content, claimed_hash=pick(stored))])

        return make

    def of_terms(pick: Callable[[Xorb], list[Term]]) -> Make:
        def make(stored: Stored) -> bytes:
            honest = whole_file(stored.mine)
            terms = pick(stored.mine)
            return shard([File(terms, honest.content, claimed_hash=honest.raw_hash)])

        return make

    def entries(stored: Stored) -> list[tuple[bytes, int]]:
        return stored.mine.entries

    return {
        "the file hash of nothing": claimed(lambda _: b"\0" * 31 + b"\1"),
        "another file's hash": claimed(lambda s: whole_file(s.other).raw_hash),
        "a stranger's file's hash": claimed(lambda s: whole_file(s.foreign).raw_hash),
        "the xorb's name as file hash": claimed(lambda s: s.mine.raw_hash),
        "a chunk's name as file hash": claimed(lambda s: chunk_hash(s.mine.chunks[0])),
        "the SHA-256 as file hash": claimed(lambda s: raw(whole_file(s.mine).sha256)),
        "the file hash in the wrong order": claimed(
            lambda s: bytes.fromhex(whole_file(s.mine).hash)
        ),
        "the file hash of the bytes as one chunk": claimed(
            lambda s: blake3(chunk_hash(b"".join(s.mine.chunks)), key=ZERO_KEY).digest()
        ),
        "the file hash without lengths": claimed(
            lambda s: blake3(merge([(h, 0) for h, _ in entries(s)]), key=ZERO_KEY).digest()
        ),
        "the file hash by the nodes' key": claimed(
            lambda s: blake3(merge(entries(s)), key=NODE_KEY).digest()
        ),
        "the file hash of all chunks but the last": claimed(
            lambda s: blake3(merge(entries(s)[:-1]), key=ZERO_KEY).digest()
        ),
        "a file hash with one bit changed": claimed(
            lambda s: bytes([whole_file(s.mine).raw_hash[0] ^ 1]) + whole_file(s.mine).raw_hash[1:]
        ),
        "the terms from back to front": of_terms(lambda x: [x.term(1, 3), x.term(0, 1)]),
        "a term twice": of_terms(lambda x: [x.term(), x.term()]),
        "overlapping terms": of_terms(lambda x: [x.term(0, 2), x.term(1, 3)]),
        "a gap between the terms": of_terms(lambda x: [x.term(0, 1), x.term(2, 3)]),
        "no terms under a file's hash": of_terms(lambda _: []),
        "the last chunk left out, honestly proven": of_terms(lambda x: [x.term(0, 2)]),
        "an honest term of another xorb": lambda s: shard(
            [
                File(
                    [s.other.term()],
                    b"".join(s.mine.chunks),
                    claimed_hash=whole_file(s.mine).raw_hash,
                )
            ]
        ),
        "an empty file's hash for a whole file": lambda s: _of_no_hash(s),
    }


def _of_no_hash(stored: Stored) -> bytes:
    honest = whole_file(stored.mine)
    message = shard([honest])
    return message.replace(honest.raw_hash, bytes(32), 1)


def _digests() -> dict[str, Make]:
    def claimed(pick: Callable[[bytes, Stored], str]) -> Make:
        def make(stored: Stored) -> bytes:
            honest = whole_file(stored.mine)
            digest = pick(honest.content, stored)
            return shard([File(honest.terms, honest.content, claimed_sha256=digest)])

        return make

    def sha(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    return {
        "a SHA-256 of zeros": claimed(lambda *_: "0" * 64),
        "a SHA-256 of ones": claimed(lambda *_: "f" * 64),
        "the SHA-256 of nothing": claimed(lambda *_: sha(b"")),
        "the SHA-256 of the bytes without the last": claimed(lambda c, _: sha(c[:-1])),
        "the SHA-256 of the bytes and one more": claimed(lambda c, _: sha(c + b"\0")),
        "the SHA-256 of the xorb": claimed(lambda _, s: sha(s.mine.body)),
        "the SHA-256 of another file": claimed(lambda _, s: whole_file(s.other).sha256),
        "the SHA-256 of a stranger's file": claimed(lambda _, s: whole_file(s.foreign).sha256),
        "the SHA-256 of the SHA-256": claimed(lambda c, _: sha(hashlib.sha256(c).digest())),
        "the SHA-256 in plain hex": claimed(lambda c, _: text(hashlib.sha256(c).digest())),
        "the BLAKE3 of the bytes as SHA-256": claimed(lambda c, _: blake3(c).hexdigest()),
        "the SHA3-256 of the bytes": claimed(lambda c, _: hashlib.sha3_256(c).hexdigest()),
        "the file's own hash as SHA-256": claimed(lambda _, s: whole_file(s.mine).hash),
    }


def _sizes() -> dict[str, Make]:
    def of(count: int, **changes: object) -> Make:
        def make(stored: Stored) -> bytes:
            term = stored.mine.term().lying(**changes)
            return shard([File([term] * count, b"", claimed_hash=bytes(31) + b"\7")])

        return make

    def many_files(stored: Stored) -> bytes:
        term = stored.mine.term().lying(unpacked_bytes=_MOST)
        files = [
            File([term] * 116, b"", claimed_hash=bytes(30) + number.to_bytes(2, "big"))
            for number in range(1, 6)
        ]
        return shard(files)

    return {
        "a file of 515 GB": of(120, unpacked_bytes=_MOST),
        "five files of 498 GB": many_files,
        "a file of seventeen million chunks": of(2100, end=8192),
        "a file of a trillion chunks": of(256, end=_MOST),
    }


def _twice() -> dict[str, Make]:
    liars: dict[str, Callable[[File], File]] = {
        "another SHA-256": lambda file: replace(file, claimed_sha256="1" * 64),
        "another verification hash": lambda file: _with_term(file, proof=bytes(32)),
        "more bytes": lambda file: _with_term(file, unpacked_bytes=9001),
    }
    made: dict[str, Make] = {}
    for name, lie in liars.items():
        made[f"a file told twice, first with {name}"] = partial(_both, lie, True)
        made[f"a file told twice, then with {name}"] = partial(_both, lie, False)
    return made


def _with_term(file: File, **changes: object) -> File:
    term = file.terms[0].lying(**changes)
    return replace(file, terms=[term], claimed_hash=file.raw_hash)


def _both(lie: Callable[[File], File], liar_first: bool, stored: Stored) -> bytes:
    honest = whole_file(stored.mine)
    return shard([lie(honest), honest] if liar_first else [honest, lie(honest)])
