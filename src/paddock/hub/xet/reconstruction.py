"""The answer that tells a client which chunks of which xorbs make up a file, or a range of it.

Knows the two shapes of the answer. Does not know who asks, nor how an address is made: it is given
a function for that. Chunk ranges exclude their end, byte ranges in the answer include it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, tee
from typing import Any, NamedTuple

import orjson

from paddock.hub.xet import hashes, layout
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.records import StoredXorb

Find = Callable[[str], StoredXorb]
FindEach = Callable[[Iterable[str]], Iterator[StoredXorb]]
Entry = tuple[str, list[dict[str, Any]]]  # a xorb's hash, and where its ranges are fetched
Address = Callable[[StoredXorb, Sequence[tuple[int, int]]], str]

# Our own address names its ranges, so it grows with them; a store's is for one.
RANGES_PER_ADDRESS = 32
_TERMS_PER_PIECE = 512
_PIECE_BYTES = 64 * 1024


class Plan(NamedTuple):
    """What to fetch for a range of a file."""

    skip_bytes: int  # from the first chunk's start to the first wanted byte
    terms: Terms  # with no more chunks than are wanted


class Piece(NamedTuple):
    """Neighbouring chunks of a xorb and the bytes where they lie."""

    chunks: tuple[int, int]
    bytes: tuple[int, int]


def plan(find: Find, terms: Terms, start: int, end: int) -> Plan:
    """The terms that hold bytes ``[start, end)`` of the file, trimmed to whole chunks.

    Takes no more memory than they do packed, however many they are.
    """
    offset, wanted = terms.between(start, end)
    if not len(wanted):
        return Plan(0, wanted)
    skip_bytes, first = _trim(find, wanted.at(0), start - offset, end - offset)
    if len(wanted) == 1:
        return Plan(skip_bytes, Terms.of([first]))
    last = wanted.at(-1)
    _, last = _trim(find, last, 0, end - offset - wanted.size_bytes + last.unpacked_bytes)
    return Plan(skip_bytes, wanted.with_ends(first, last))


def _trim(find: Find, term: Term, start: int, end: int) -> tuple[int, Term]:
    """The term's chunks with its bytes ``[start, end)``, and how many bytes precede those."""
    if start <= 0 and end >= term.unpacked_bytes:
        return 0, term
    sizes = find(term.xorb).chunks.sizes(term.start, term.end)
    span = layout.trim(sizes, term.start, max(start, 0), min(end, term.unpacked_bytes))
    return span.skip_bytes, Term(term.xorb_hash, span.unpacked_bytes, span.start, span.end)


def _present_entries(
    find_each: FindEach, address: Address, wanted: Plan, most: int
) -> Iterator[Entry]:
    """One address for several ranges of a xorb."""
    for xorb, pieces in _fetches(find_each, wanted):
        yield (
            xorb.hash,
            [
                {
                    "url": address(xorb, [piece.bytes for piece in some]),
                    "ranges": [
                        {"chunks": _range(*piece.chunks), "bytes": _inclusive(*piece.bytes)}
                        for piece in some
                    ],
                }
                for some in _batches(pieces, most)
            ],
        )


def _older_entries(
    find_each: FindEach, address: Address, wanted: Plan, most: int
) -> Iterator[Entry]:
    """Always one address for each range."""
    for xorb, pieces in _fetches(find_each, wanted):
        yield (
            xorb.hash,
            [
                {
                    "range": _range(*piece.chunks),
                    "url": address(xorb, [piece.bytes]),
                    "url_range": _inclusive(*piece.bytes),
                }
                for piece in pieces
            ],
        )


class Shape(NamedTuple):
    """One of the answer's shapes: the field of the xorbs, and what it says of each."""

    field: str
    entries: Callable[[FindEach, Address, Plan, int], Iterator[Entry]]


PRESENT = Shape("xorbs", _present_entries)
OLDER = Shape("fetch_info", _older_entries)


def render(
    shape: Shape,
    find_each: FindEach,
    address: Address,
    wanted: Plan,
    ranges_per_address: int = RANGES_PER_ADDRESS,
) -> dict[str, Any]:
    """The whole answer."""
    return {
        "offset_into_first_range": wanted.skip_bytes,
        "terms": [_term(term) for term in wanted.terms],
        shape.field: dict(shape.entries(find_each, address, wanted, ranges_per_address)),
    }


def stream(
    shape: Shape,
    find_each: FindEach,
    address: Address,
    wanted: Plan,
    ranges_per_address: int = RANGES_PER_ADDRESS,
) -> Iterator[bytes]:
    """The same as JSON in pieces, which are made as they are asked for."""
    yield b'{"offset_into_first_range":%d,"terms":[' % wanted.skip_bytes
    terms, is_first = iter(wanted.terms), True
    while some := [_term(term) for term in islice(terms, _TERMS_PER_PIECE)]:
        yield (b"" if is_first else b",") + orjson.dumps(some)[1:-1]
        is_first = False
    yield b'],"%s":{' % shape.field.encode()
    waiting = bytearray()
    is_first = True
    for xorb, fetches in shape.entries(find_each, address, wanted, ranges_per_address):
        waiting += (b"" if is_first else b",") + orjson.dumps({xorb: fetches})[1:-1]
        is_first = False
        if len(waiting) >= _PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + b"}}"


def _fetches(find_each: FindEach, wanted: Plan) -> Iterator[tuple[StoredXorb, list[Piece]]]:
    runs, named = tee(wanted.terms.runs())
    found = find_each(hashes.to_text(raw) for raw, _ in named)
    for xorb, (_, ranges) in zip(found, runs, strict=True):
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


def _term(term: Term) -> dict[str, Any]:
    return {
        "hash": term.xorb,
        "unpacked_length": term.unpacked_bytes,
        "range": _range(term.start, term.end),
    }


def _range(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end}


def _inclusive(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": end - 1}
