"""The answer that tells a client which chunks of which xorbs make up a file, or a range of it.

Knows the two shapes of the answer. Does not know who asks, nor how an address is made: it is given
a function for that. Chunk ranges exclude their end, byte ranges in the answer include it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from paddock.hub.xet import layout
from paddock.hub.xet.layout import Terms
from paddock.hub.xet.records import StoredXorb

Find = Callable[[str], StoredXorb]
Address = Callable[[StoredXorb, Sequence[tuple[int, int]]], str]

# Our own address names its ranges, so it grows with them; a store's is for one.
RANGES_PER_ADDRESS = 32


class PlannedTerm(NamedTuple):
    """The chunks of a term that are wanted."""

    xorb: str
    unpacked_bytes: int
    start: int
    end: int


class Plan(NamedTuple):
    """What to fetch for a range of a file."""

    skip_bytes: int  # from the first chunk's start to the first wanted byte
    terms: list[PlannedTerm]


class Piece(NamedTuple):
    """Neighbouring chunks of a xorb and the bytes where they lie."""

    chunks: tuple[int, int]
    bytes: tuple[int, int]


def plan(find: Find, terms: Terms, start: int, end: int) -> Plan:
    """The terms that hold bytes ``[start, end)`` of the file, trimmed to whole chunks."""
    planned: list[PlannedTerm] = []
    skip_bytes = 0
    for offset, term in terms.overlapping(start, end):
        first, last = max(start - offset, 0), min(end - offset, term.unpacked_bytes)
        if (first, last) == (0, term.unpacked_bytes):
            planned.append(PlannedTerm(term.xorb, term.unpacked_bytes, term.start, term.end))
            continue
        sizes = find(term.xorb).chunks.sizes(term.start, term.end)
        span = layout.trim(sizes, term.start, first, last)
        skip_bytes = skip_bytes if planned else span.skip_bytes
        planned.append(PlannedTerm(term.xorb, span.unpacked_bytes, span.start, span.end))
    return Plan(skip_bytes, planned)


def render_v2(
    find: Find, address: Address, wanted: Plan, ranges_per_address: int = RANGES_PER_ADDRESS
) -> dict[str, Any]:
    """The present shape: one address for several ranges of a xorb."""
    xorbs: dict[str, list[dict[str, Any]]] = {}
    for xorb, pieces in _fetches(find, wanted):
        xorbs[xorb.hash] = [
            {
                "url": address(xorb, [piece.bytes for piece in some]),
                "ranges": [
                    {"chunks": _range(*piece.chunks), "bytes": _inclusive(*piece.bytes)}
                    for piece in some
                ],
            }
            for some in _batches(pieces, ranges_per_address)
        ]
    return {**_terms(wanted), "xorbs": xorbs}


def render_v1(
    find: Find, address: Address, wanted: Plan, ranges_per_address: int = 1
) -> dict[str, Any]:
    """The older shape: always one address for each range."""
    fetch_info = {
        xorb.hash: [
            {
                "range": _range(*piece.chunks),
                "url": address(xorb, [piece.bytes]),
                "url_range": _inclusive(*piece.bytes),
            }
            for piece in pieces
        ]
        for xorb, pieces in _fetches(find, wanted)
    }
    return {**_terms(wanted), "fetch_info": fetch_info}


def _fetches(find: Find, wanted: Plan) -> Iterator[tuple[StoredXorb, list[Piece]]]:
    chunk_ranges: dict[str, list[tuple[int, int]]] = {}
    for term in wanted.terms:
        chunk_ranges.setdefault(term.xorb, []).append((term.start, term.end))
    for xorb_hash, ranges in chunk_ranges.items():
        xorb = find(xorb_hash)
        merged = merge_ranges(ranges)
        yield xorb, [Piece(some, xorb.chunks.byte_range(*some)) for some in merged]


def merge_ranges(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers in as few ranges as possible, in order; neighbours are joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _batches(pieces: list[Piece], most: int) -> Iterator[list[Piece]]:
    for at in range(0, len(pieces), most):
        yield pieces[at : at + most]


def _terms(wanted: Plan) -> dict[str, Any]:
    terms = [
        {
            "hash": term.xorb,
            "unpacked_length": term.unpacked_bytes,
            "range": _range(term.start, term.end),
        }
        for term in wanted.terms
    ]
    return {"offset_into_first_range": wanted.skip_bytes, "terms": terms}


def _range(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}


def _inclusive(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end - 1}
