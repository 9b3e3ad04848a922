"""SHA-256 and BLAKE3 of a stream of pieces, each in a thread of its own."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import NamedTuple, Protocol

import blake3

from paddock.checkpoint.convert.flow import Flow, Lane, Share
from paddock.checkpoint.tensors import Piece
from paddock.digest import Digests

HASHES = 2  # holders of every piece


class _Hash(Protocol):
    def update(self, data: Piece, /) -> object: ...


class _Heard(NamedTuple):
    piece: Piece
    share: Share


class Hashing:
    """Both digests of what is put in, in order."""

    def __init__(self, flow: Flow) -> None:
        self._flow, self._size_bytes = flow, 0
        self._sha, self._blake = hashlib.sha256(), blake3.blake3()
        self._lanes = [Lane(flow, partial(_update, made)) for made in (self._sha, self._blake)]

    def put(self, piece: Piece, share: Share) -> None:
        """Hash ``piece`` soon; both hashes hold ``share`` until then."""
        self._size_bytes += memoryview(piece).nbytes
        for lane in self._lanes:
            lane.put(_Heard(piece, share))

    def close(self) -> None:
        """No more will come."""
        for lane in self._lanes:
            lane.close()

    def digests(self) -> Digests:
        """Wait for both; after ``close``."""
        for lane in self._lanes:
            lane.join()
        self._flow.check()
        return Digests(self._size_bytes, self._sha.hexdigest(), self._blake.hexdigest())


def _update(made: _Hash, heard: _Heard) -> None:
    made.update(heard.piece)
    heard.share.done()
