"""The terms of a file that a shard claims, proven without reading the file's bytes.

Every term's chunks exist and have the sizes that are claimed, its sender may name them and knows
their hashes, and the merge tree over all of them gives the file's hash. Terms are taken in windows,
and in a window xorb by xorb: a file that goes to and fro between many xorbs costs no more than one
that does not, and memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from paddock.hub.xet import hashes
from paddock.hub.xet.layout import Term
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.reading import Shelf
from paddock.hub.xet.records import StoredXorb
from paddock.hub.xet.shards import BadShard, FileClaim

_WINDOW_TERMS = 1 << 14
_WINDOW_CHUNKS = 1 << 18  # 9 MiB of hashes and sizes


class _Claimed(NamedTuple):
    number: int
    term: Term
    proof: bytes


class _Chunks(NamedTuple):
    """Those of one term."""

    hashes: bytes
    sizes: npt.NDArray[np.uint32]


def check_terms(shelf: Shelf, naming: Naming, claim: FileClaim) -> None:
    """Raise BadShard unless the file is made of these terms, as far as their hashes tell."""
    tree = hashes.MergeTree()
    for window in _windows(claim):
        for chunks in _proven(shelf, naming, claim, window):
            tree.add_all(chunks.hashes, chunks.sizes.tolist())
    own = hashes.file_hash(tree.root()) if len(claim.terms) else hashes.EMPTY_FILE_HASH
    if own != claim.file_hash:
        raise BadShard(f"the chunks of file {claim.name} make another file's hash")


def _windows(claim: FileClaim) -> Iterator[list[_Claimed]]:
    window: list[_Claimed] = []
    chunk_count = 0
    for number, (term, proof) in enumerate(zip(claim.terms, claim.verification, strict=True)):
        window.append(_Claimed(number, term, proof))
        chunk_count += max(0, term.end - term.start)
        if len(window) == _WINDOW_TERMS or chunk_count >= _WINDOW_CHUNKS:
            yield window
            window, chunk_count = [], 0
    yield window


def _proven(
    shelf: Shelf, naming: Naming, claim: FileClaim, window: list[_Claimed]
) -> Iterator[_Chunks]:
    """The chunks of the window's terms, in order."""
    of_xorb: dict[bytes, list[_Claimed]] = {}
    for claimed in window:
        of_xorb.setdefault(claimed.term.xorb_hash, []).append(claimed)
    found: dict[int, _Chunks] = {}
    for some in of_xorb.values():
        xorb = shelf.find(some[0].term.xorb)
        for number, term, proof in some:
            if xorb is None or not _is_proven(xorb, naming, term, proof):
                raise BadShard(
                    f"term {number} of file {claim.name}: xorb {term.xorb} was not uploaded, or "
                    f"its chunks {term.start} to {term.end} are not those that the verification "
                    "hash proves"
                )
            found[number] = _Chunks(
                xorb.chunks.hashes(term.start, term.end), xorb.chunks.sizes(term.start, term.end)
            )
    return (found.pop(claimed.number) for claimed in window)


def _is_proven(xorb: StoredXorb, naming: Naming, term: Term, proof: bytes) -> bool:
    if not term.start < term.end <= len(xorb.chunks):
        return False
    if xorb.chunks.unpacked_bytes(term.start, term.end) != term.unpacked_bytes:
        return False
    if hashes.verification_hash(xorb.chunks.hashes(term.start, term.end)) != proof:
        return False
    return naming.may_name(term.xorb_hash, term.start, term.end)
