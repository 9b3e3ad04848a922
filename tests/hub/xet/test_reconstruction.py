"""Reconstructions: a long answer is made while it is sent, and says what a short one would."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest

from paddock.hub.xet import reconstruction
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.reading import XorbDamaged
from paddock.hub.xet.reconstruction import OLDER, PRESENT, Shape
from paddock.hub.xet.records import StoredXorb
from tests.hub.xet.messages import Xorb
from tests.hub.xet.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.database.dispose()


def address(xorb: StoredXorb, ranges: Sequence[tuple[int, int]]) -> str:
    return f"{xorb.hash}?{ranges}"


def many_terms(store: Store, *, xorbs: int, terms: int) -> Terms:
    """A file of runs of chunks here and there."""
    noise = random.Random(5)
    sizes = [[noise.randint(1, 300) for _ in range(9)] for _ in range(xorbs)]
    stored = [Xorb([noise.randbytes(size) for size in some]) for some in sizes]
    for xorb in stored:
        store.put(xorb)
    made = []
    for _ in range(terms):
        term = noise.choice(stored).term(start := noise.randrange(9), noise.randint(start + 1, 9))
        made.append(Term(term.xorb, term.unpacked_bytes, term.start, term.end))
    return Terms.of(made)


@pytest.mark.parametrize("shape", [PRESENT, OLDER])
@pytest.mark.parametrize(("xorbs", "count"), [(1, 1), (40, 100), (70, 1300)])
def test_a_streamed_answer_is_the_rendered_one(
    store: Store, shape: Shape, xorbs: int, count: int
) -> None:
    terms, shelf = many_terms(store, xorbs=xorbs, terms=count), store.shelf()
    noise = random.Random(count)
    for start, end in [
        (0, terms.size_bytes),
        tuple(sorted(noise.sample(range(terms.size_bytes + 1), 2))),
    ]:
        wanted = reconstruction.plan(shelf.get, terms, start, end)
        rendered = reconstruction.render(shape, shelf.get_each, address, wanted)
        pieces = reconstruction.stream(shape, shelf.get_each, address, wanted)
        assert orjson.loads(b"".join(pieces)) == orjson.loads(orjson.dumps(rendered))


def test_an_empty_file_is_told_of_too(store: Store) -> None:
    wanted = reconstruction.plan(store.shelf().get, Terms(b""), 0, 0)
    pieces = reconstruction.stream(PRESENT, store.shelf().get_each, address, wanted)
    told = {"offset_into_first_range": 0, "terms": [], "xorbs": {}}
    assert orjson.loads(b"".join(pieces)) == told


def test_a_xorb_that_is_gone_ends_the_answer(store: Store) -> None:
    unknown = Terms.of([Term(bytes(32), 10, 0, 1)])
    wanted = reconstruction.plan(store.shelf().get, unknown, 0, 10)
    with pytest.raises(XorbDamaged, match="gone"):
        b"".join(reconstruction.stream(PRESENT, store.shelf().get_each, address, wanted))
