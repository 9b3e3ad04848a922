"""Rows of tensors into panels and out again: every bit of them, in whatever ranges they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.dtypes import size_in_bytes
from paddock.kernels.step_library import KINDS, StepLibrary, aligned, step_library
from tests.kernels.step.samples import FLOATS, INPUTS, converted, read, rows_of

LIBRARY = step_library()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="there is no compiled library")
PAIRS = [(kind, source) for kind in ("F32", "BF16") for source in FLOATS]
BLOCKED = [kind for kind in KINDS if kind not in FLOATS]
PAIRS += [(kind, kind) for kind in BLOCKED]


def shapes(kind: str) -> list[tuple[int, int]]:
    step = INPUTS[kind]
    return [(1, step), (64, 5 * step), (65, 3 * step), (131, (137 if step == 1 else 2) * step)]


def the_library() -> StepLibrary:
    assert LIBRARY is not None
    return LIBRARY


@pytest.mark.parametrize(("kind", "source"), PAIRS)
def test_a_row_is_what_its_format_means(kind: str, source: str) -> None:
    library = the_library()
    for shape in shapes(kind):
        raw = rows_of(source, shape, np.random.default_rng(shape[0]))
        panels = aligned(library.matrix_bytes(kind, *shape))
        assert library.pack(kind, source, raw, range(shape[0]), shape, panels)
        expected = read(raw, source)
        if kind == "BF16":
            expected = read(np.frombuffer(converted(expected, "BF16"), np.uint8), "BF16")
        matrix = library.matrix(kind, panels, shape)
        rows = np.stack([library.row(matrix, n) for n in range(shape[0])])
        assert rows.tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", ["F32", "BF16"])
def test_numbers_of_every_kind_keep_their_bits(kind: str) -> None:
    library = the_library()
    every = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)
    raw, shape = every.view(np.uint8), (256, 256)
    if kind == "BF16":
        raw = (every >> np.uint32(16)).astype(np.uint16).view(np.uint8)
    panels = aligned(library.matrix_bytes(kind, *shape))
    assert library.pack(kind, kind, raw, range(256), shape, panels)
    matrix = library.matrix(kind, panels, shape)
    rows = np.stack([library.row(matrix, n) for n in range(256)])
    assert rows.tobytes() == every.tobytes()


@pytest.mark.parametrize(("kind", "source"), PAIRS)
@settings(max_examples=15, deadline=None)
@given(outputs=st.integers(1, 200), draws=st.data())
def test_ranges_in_any_order_make_the_whole(
    kind: str, source: str, outputs: int, draws: st.DataObject
) -> None:
    library = the_library()
    shape = (outputs, INPUTS[kind] * (3 if INPUTS[kind] == 1 else 1))
    raw = rows_of(source, shape, np.random.default_rng(outputs))
    size = library.matrix_bytes(kind, *shape)
    whole, parts = aligned(size), aligned(size)
    whole[:], parts[:] = 0xAA, 0x55  # of neither may anything be left
    assert library.pack(kind, source, raw, range(outputs), shape, whole)
    cuts = draws.draw(st.lists(st.integers(0, outputs), max_size=4))
    edges = [0, *sorted(cuts), outputs]
    ranges = [range(*pair) for pair in pairwise(edges)]
    row_bytes = raw.size // outputs

    def pack(rows: range) -> bool:
        some = raw[rows.start * row_bytes : rows.stop * row_bytes].copy()
        return library.pack(kind, source, some, rows, shape, parts)

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(pack, draws.draw(st.permutations(ranges))))
    assert (whole == parts).all()


def test_what_cannot_be_packed_is_refused() -> None:
    library = the_library()
    raw, panels = np.zeros(1 << 16, np.uint8), aligned(1 << 16)
    assert not library.pack("Q8_0", "Q4_0", raw, range(2), (2, 256), panels)
    assert not library.pack("Q4_K", "F32", raw, range(2), (2, 256), panels)
    assert not library.pack("F32", "Q8_0", raw, range(2), (2, 256), panels)
    assert not library.pack("Q8_0", "Q8_0", raw, range(1, 4), (2, 256), panels)
    assert not library.pack("Q6_K", "Q8_0", raw, range(2), (2, 256), panels)
    for kind in BLOCKED:
        assert library.matrix_bytes(kind, 2, INPUTS[kind] + 1) == 0
        assert library.matrix_bytes(kind, 2, INPUTS[kind] - 1) == 0
    with pytest.raises(ValueError, match="rows have too few"):
        library.pack("F32", "F32", raw[:60], range(1), (1, 16), panels)
    with pytest.raises(ValueError, match="panels have too few"):
        library.matrix("Q8_0", panels, (2, 33))


@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_matrix_is_as_large_as_its_format_makes_it(kind: str) -> None:
    size = size_in_bytes(kind, 128 * 512)
    assert the_library().matrix_bytes(kind, 128, 512) == size
    assert the_library().matrix_bytes(kind, 65, 512) == size
