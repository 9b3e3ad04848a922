"""Products of every kind at every level, against NumPy in float64 and against themselves.

What an output is may depend on its weights, its row of activations and the level, on nothing else.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddock.kernels.step_library import PANEL, Floats, StepLibrary
from tests.kernels.step.samples import (
    IDS,
    INPUTS,
    WAYS,
    as_multiplied,
    every_panel,
    packed,
    product,
)

pytestmark = pytest.mark.skipif(not WAYS, reason="there is no compiled library")
every_way = pytest.mark.parametrize(("library", "kind"), WAYS, ids=IDS)
HALF_STEP = 2**-8  # bfloat16 keeps eight bits


def tolerance_of(kind: str, inputs: int) -> float:
    """Of the sum of magnitudes: each step of a sum rounds once, activations may once more."""
    return (HALF_STEP if kind == "BF16" else 0) + (inputs + 8) * 2.0**-24


@every_way
@settings(max_examples=20, deadline=None)
@given(
    outputs=st.integers(1, 200),
    blocks=st.integers(1, 9),
    rows=st.integers(1, 20),
    seed=st.integers(0, 2**32),
)
def test_a_product_is_that_of_the_numbers(
    library: StepLibrary, kind: str, outputs: int, blocks: int, rows: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    inputs = blocks * INPUTS[kind]
    matrix, _panels, weights = packed(library, kind, (outputs, inputs), random)
    x = random.standard_normal((rows, inputs)).astype(np.float32)
    assert is_product(kind, x, weights, product(library, kind, matrix, x))


def is_product(kind: str, x: Floats, weights: Floats, y: Floats) -> bool:
    """Whether no result is further from float64's than its rounding explains."""
    fused, apart = (as_multiplied(kind, x, is_fused=way) for way in (True, False))
    return bool((are_near(kind, fused, weights, y) | are_near(kind, apart, weights, y)).all())


def are_near(
    kind: str, taken: NDArray[np.float64], weights: Floats, y: Floats
) -> NDArray[np.bool_]:
    """For each row."""
    magnitudes = np.abs(taken) @ np.abs(weights.T)
    if kind in ("Q4_K", "Q5_K"):  # what a code is worth is itself a difference: bound its parts
        magnitudes += 4 * np.abs(taken).sum(axis=1, keepdims=True) * np.abs(weights).max()
    error = np.abs(y - taken @ weights.T.astype(np.float64))
    is_near: NDArray[np.bool_] = error <= magnitudes * tolerance_of(kind, taken.shape[1])
    return is_near.all(axis=1)


@pytest.mark.parametrize("library", [way[0] for way in WAYS if way[1] == "F32"])
@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0"])
def test_the_products_of_a_group_are_summed_exactly(library: StepLibrary, kind: str) -> None:
    random = np.random.default_rng(5)
    matrix, _panels, weights = packed(library, kind, (100, 32), random)
    x = random.integers(-127, 128, (6, 32)).astype(np.float32)
    x[:, 7] = 127  # so that a step is 1
    expected = (x @ weights.T.astype(np.float64)).astype(np.float32)
    assert (product(library, kind, matrix, x) == expected).all()


@pytest.mark.parametrize("library", [way[0] for way in WAYS if way[1] == "F32"])
def test_the_extreme_codes_do_not_overflow(library: StepLibrary) -> None:
    blocks = np.zeros((64, 34), np.uint8)
    blocks[:, :2] = np.array([1], np.float16).view(np.uint8)
    for code, row in ((-128, 0), (127, 1), (-127, 2)):
        blocks[row, 2:] = np.int8(code).view(np.uint8)
    raw, shape = blocks.reshape(-1), (64, 32)
    matrix, panels, _ = packed(library, "Q8_0", shape, np.random.default_rng(0))
    assert library.pack("Q8_0", "Q8_0", raw, range(64), shape, panels)
    for sign in (1, -1):
        y = product(library, "Q8_0", matrix, np.full((1, 32), sign * 127, np.float32))
        assert y[0, :4].tolist() == [sign * 127 * 32 * code for code in (-128, 127, -127, 0)]


@every_way
@settings(max_examples=8, deadline=None)
@given(rows=st.integers(1, 20), outputs=st.integers(1, 300), draws=st.data())
def test_no_bit_depends_on_how_rows_and_panels_are_split(
    library: StepLibrary, kind: str, rows: int, outputs: int, draws: st.DataObject
) -> None:
    random = np.random.default_rng(rows)
    inputs = 2 * INPUTS[kind] + (kind == "BF16")
    matrix, _panels, _ = packed(library, kind, (outputs, inputs), random)
    x = random.standard_normal((rows, inputs)).astype(np.float32)
    whole = product(library, kind, matrix, x)
    panels = every_panel(matrix)
    cuts = draws.draw(st.lists(st.sampled_from([*panels]), max_size=3))
    edges = [0, *sorted(cuts), panels.stop]
    some = draws.draw(st.lists(st.sampled_from(range(rows)), min_size=1, max_size=20))
    parts = np.full((len(some), outputs + 3), 7, np.float32)
    prepared = library.prepare(kind, x)[some]
    for begin, end in pairwise(edges):
        library.multiply(matrix, prepared.copy(), range(begin, end), parts)
    assert (parts[:, :outputs] == whole[some]).all()
    assert (parts[:, outputs:] == 7).all()  # nothing beyond the outputs is touched


@every_way
def test_nor_on_tiles_and_chunks_of_rows(library: StepLibrary, kind: str) -> None:
    random = np.random.default_rng(1)
    inputs = 15616 if INPUTS[kind] > 1 else 2100  # more than a tile has
    matrix, _panels, weights = packed(library, kind, (70, inputs), random)
    x = random.standard_normal((135, inputs)).astype(np.float32)  # more than one chunk has
    whole = product(library, kind, matrix, x)
    assert is_product(kind, x, weights, whole)
    with ThreadPoolExecutor(2) as pool:
        alone = [*pool.map(lambda row: product(library, kind, matrix, row), x[::9, None, :])]
    assert (np.concatenate(alone) == whole[::9]).all()


@every_way
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_spoils_no_other(
    library: StepLibrary, kind: str, value: float
) -> None:
    random = np.random.default_rng(2)
    inputs = 3 * INPUTS[kind] + 8 * (INPUTS[kind] == 1)
    matrix, _panels, _ = packed(library, kind, (70, inputs), random)
    x = random.standard_normal((9, inputs)).astype(np.float32)
    clean = product(library, kind, matrix, x)
    x[4, inputs // 2] = value
    y = product(library, kind, matrix, x)
    others = np.arange(9) != 4
    assert (y[others] == clean[others]).all()
    assert not np.isfinite(y[4]).any()
    assert not np.isnan(value) or np.isnan(y[4]).all()


@every_way
def test_rows_of_nothing_and_of_the_smallest_numbers_give_finite_products(
    library: StepLibrary, kind: str
) -> None:
    random = np.random.default_rng(3)
    inputs = 256
    matrix, _panels, _ = packed(library, kind, (64, inputs), random)
    x = np.zeros((3, inputs), np.float32)
    x[1] = 1e-45
    x[2] = 3e38
    y = product(library, kind, matrix, x)
    assert (y[0] == 0).all()
    assert np.abs(y[1]).max() < 1e-40
    assert not np.isnan(y[2]).all()


def test_what_does_not_fit_is_refused() -> None:
    library = WAYS[-1][0]
    random = np.random.default_rng(4)
    matrix, panels, _ = packed(library, "Q8_0", (100, 64), random)
    prepared = library.prepare("Q8_0", np.zeros((2, 64), np.float32))
    y = np.empty((2, 100), np.float32)
    for wrong in (range(0, 3), range(-1, 1), range(2, 1)):
        with pytest.raises(ValueError, match="no such outputs"):
            library.multiply(matrix, prepared, wrong, y)
    with pytest.raises(ValueError, match="no such outputs"):
        library.multiply(matrix, prepared, range(1), np.empty((2, 99), np.float32))
    with pytest.raises(ValueError, match="not those"):
        library.multiply(matrix, prepared, range(1), np.empty((3, 100), np.float32))
    with pytest.raises(ValueError, match="aligned"):
        library.matrix("Q8_0", panels[32:], (100 - PANEL, 64))
    with pytest.raises(ValueError, match="no such row"):
        library.row(matrix, 100)
