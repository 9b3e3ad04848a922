"""In matrices of which only samples are compared, a copy is found as well, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from paddock.checkpoint.codecs.transcoding import encode
from paddock.release.leaks import tensor_search
from paddock.release.leaks.chunks import LARGE_BYTES, ChunkIndex
from paddock.release.leaks.combinations import Combinations
from paddock.release.leaks.matrices import matrices
from paddock.release.leaks.null import LOG_ALARM
from paddock.release.leaks.order_screening import is_likely
from paddock.release.leaks.places import NARROW, WIDE, narrow_places, wide
from paddock.release.leaks.profiles import around_median, row_profiles
from paddock.release.leaks.released import ReleasedTensor
from paddock.release.leaks.runs import RunIndex, signs_by_column
from paddock.release.leaks.targets import Origin, make_target
from paddock.release.leaks.tensor_search import TensorSearch
from paddock.release.leaks.withheld_content import Owner
from tests.release.leaks.releases import Array, noise

ROWS, COLUMNS = 768, 2304
W = noise(60, (ROWS, COLUMNS))
RNG = np.random.Generator(np.random.PCG64(6))
ROW_ORDER, COLUMN_ORDER = RNG.permutation(ROWS), RNG.permutation(COLUMNS)


def search_for(*arrays: Array) -> TensorSearch:
    runs = RunIndex.for_elements(sum(array.size for array in arrays))
    targets, owners = [], []
    for number, array in enumerate(arrays):
        owners.append(Owner("item", str(number), "tensor"))
        runs.add(number, array.reshape(-1))
        runs.add(number, signs_by_column(array))
        targets.append(make_target(Origin("item", str(number), 32), array.copy(), None))
    shapes = frozenset(target.shape for target in targets)
    return TensorSearch(targets, owners, runs, Combinations(shapes))


def released(array: Array, dtype: str = "BF16") -> ReleasedTensor:
    plain = np.ascontiguousarray(array, np.float32)
    raw = bytes(encode(plain, dtype))
    return ReleasedTensor("x", dtype, plain.shape, len(raw), lambda: iter((raw,)))


@pytest.fixture(scope="module")
def search() -> TensorSearch:
    return search_for(noise(61, (ROWS, COLUMNS)), W, noise(62, (COLUMNS, ROWS)))


def low_rank() -> Array:
    shift = noise(7, (ROWS, 16)) @ noise(8, (16, COLUMNS))
    return shift * 10 * np.linalg.norm(W) / np.linalg.norm(shift)


DISGUISES: dict[str, Callable[[], ReleasedTensor]] = {
    "cast": lambda: released(W),
    "in four bits, rows in another order": lambda: released(W[ROW_ORDER], "Q4_K"),
    "in four bits, columns in another order": lambda: released(W[:, COLUMN_ORDER], "Q4_K"),
    "transposed, in another order": lambda: released(W[ROW_ORDER].T, "Q8_0"),
    "both in another order, in four bits": lambda: released(W[ROW_ORDER][:, COLUMN_ORDER], "Q4_0"),
    "shifted by low rank, in another order": lambda: released((W + low_rank())[ROW_ORDER]),
    "with noise": lambda: released(W[ROW_ORDER] + 1.2 * noise(63, W.shape)),
    "with other signs of its columns": lambda: released(W * RNG.choice([-1, 1], COLUMNS)),
    "fused": lambda: released(np.concatenate([noise(64, W.shape), W[ROW_ORDER]]), "Q8_0"),
    "a quarter of its rows": lambda: released(
        np.concatenate([W[ROW_ORDER[: ROWS // 4]], noise(65, W.shape)])
    ),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_a_copy_is_found(name: str, search: TensorSearch) -> None:
    found = list(search.look("file", DISGUISES[name]()))
    assert {each.owner for each in found} == {("item", "1")}


@pytest.mark.parametrize("dtype", ["BF16", "Q8_0", "Q4_K"])
def test_what_is_no_copy_is_compared_with_nothing(
    dtype: str, search: TensorSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a search through orders")

    monkeypatch.setattr(tensor_search, "align", refuse)
    other = noise(66, (ROWS, COLUMNS)) * np.exp(noise(67, (COLUMNS,)) * 15)
    tensor = released(other, dtype)
    assert not list(search.look("file", tensor))
    assert search.screen.candidates(next(matrices(tensor))) == set()


@pytest.mark.parametrize("different", [1, 10])
def test_rows_that_are_there_many_times_are_one_coincidence(different: int) -> None:
    """As in embeddings, whose rows of tokens that never came up are all alike."""
    never_seen = np.repeat(noise(71, (different, 64)), 400 // different, axis=0)
    never_seen = never_seen * (1 + different * noise(73, (400, 1))) + noise(72, (400, 64)) / 90
    withheld = np.concatenate([noise(70, (112, 64)), never_seen]).astype(np.float32)
    search = search_for(withheld)
    for seed in range(80, 88):
        assert not list(search.look("file", released(noise(seed, (64, 64)), "F32")))
    assert list(search.look("file", released(withheld[::-1] * 2, "F32")))


def test_places_of_one_length_are_the_same_and_the_narrow_ones_among_the_wide() -> None:
    for length in (1, 64, NARROW, NARROW + 1, 700, WIDE, WIDE + 1, 4096, 11008, 128256):
        some, more = narrow_places(length), wide(length)
        assert len(set(some)) == len(some) == min(length, NARROW)
        assert set(some) <= set(more) <= set(range(length))


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"])
def test_a_part_is_decoded_to_the_numbers_of_the_whole(dtype: str) -> None:
    (matrix,) = matrices(released(noise(68, (20, 512)), dtype))
    rows, columns = RNG.permutation(20)[:7], RNG.permutation(512)[:90]
    whole = matrix.values()
    assert np.array_equal(matrix.rows(rows), whole[rows])
    assert np.array_equal(matrix.block(rows, columns), whole[np.ix_(rows, columns)])


def test_a_part_of_a_large_file_is_the_same_bytes() -> None:
    secret, other = RNG.bytes(1 << 16), RNG.bytes(1 << 16)
    index = ChunkIndex()
    index.add(0, [secret], len(secret))
    search = index.search(LARGE_BYTES + 1)
    search.feed([other[:9999], secret[777:60_000], other])
    (overlap,) = search.overlaps()
    assert 0.6 < overlap.share <= 1
    assert 40_000 < overlap.about_bytes < 90_000


def test_profiles_of_unrelated_rows_are_not_likely_to_be_the_same() -> None:
    target = make_target(Origin("item", "x", 32), noise(90, (512, 640)), None)
    lines = target.orders[0].rows
    copy = noise(90, (512, 640))[:, RNG.permutation(640)]
    other = noise(91, (512, 640))
    assert is_likely(lines, around_median(row_profiles(copy)), LOG_ALARM)
    assert not is_likely(lines, around_median(row_profiles(other)), LOG_ALARM)
