"""SHA-256 of Xet files, and whose fault it is when it is another one than was said."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.hub.xet import digesting
from paddock.hub.xet.digesting import Wanted, digest_all
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.reading import XorbDamaged
from paddock.storage.blobs import Blob
from tests.hub.xet.messages import Xorb
from tests.hub.xet.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(digesting, "SLICE_BYTES", 50_000)
    monkeypatch.setattr(digesting, "_WINDOW_BYTES", 10_000)
    made = Store(tmp_path)
    yield made
    made.database.dispose()


def finished(store: Store, *files: Wanted) -> tuple[list[int], dict[str, str]]:
    """What is told on the way, and at the end."""
    told, digesting_ = [], digest_all(store.shelf, files)
    while True:
        try:
            told.append(next(digesting_))
        except StopIteration as end:
            return told, end.value


def a_file(store: Store, name: str, seed: int) -> tuple[Wanted, Blob, int]:
    noise = random.Random(seed)
    xorb = Xorb([noise.randbytes(noise.randint(1, 20_000)) for _ in range(20)], [seed % 3] * 20)
    content = b"".join(xorb.chunks)
    terms = Terms.of([Term(xorb.raw_hash, len(content), 0, 20)])
    wanted = Wanted(name, terms, hashlib.sha256(content).hexdigest())
    return wanted, store.put(xorb), len(content)


def test_many_files_are_each_hashed_whole(store: Store) -> None:
    made = [a_file(store, f"file {seed}", seed) for seed in range(7)]
    told, found = finished(store, *(wanted for wanted, _, _ in made))
    assert found == {wanted.name: wanted.expected for wanted, _, _ in made}
    assert told == sorted(told)
    assert told[-1] <= sum(size_bytes for _, _, size_bytes in made)


def test_a_file_of_which_nothing_is_said_is_hashed_too(store: Store) -> None:
    wanted, _, _ = a_file(store, "silent", 1)
    _, found = finished(store, wanted._replace(expected=None), Wanted("empty", Terms(b""), None))
    assert found == {"silent": wanted.expected, "empty": hashlib.sha256().hexdigest()}


def test_a_lie_is_answered_with_the_truth(store: Store) -> None:
    wanted, _, _ = a_file(store, "lied about", 2)
    _, found = finished(store, wanted._replace(expected="0" * 64))
    assert found == {"lied about": wanted.expected}


@pytest.mark.parametrize("is_told", [True, False])
def test_damage_on_the_medium_is_no_lie(store: Store, is_told: bool) -> None:
    wanted, blob, _ = a_file(store, "damaged", 3)  # stored as it is: unpacking notices nothing
    path = store.blobs.local_path(blob.sha256)
    assert path is not None
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    expected = wanted.expected if is_told else None
    with pytest.raises(XorbDamaged):
        finished(store, wanted._replace(expected=expected))


def test_who_gives_up_leaves_nothing_reading(store: Store) -> None:
    wanted, _, _ = a_file(store, "left", 4)
    left = digest_all(store.shelf, [wanted])
    next(left)
    left.close()
    assert finished(store, wanted)[1] == {"left": wanted.expected}
