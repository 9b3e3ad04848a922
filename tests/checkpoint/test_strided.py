"""Arrays that lie in a file in another order come out row by row, in bounded pieces."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paddock.checkpoint.strided import Strides, strided_pieces
from paddock.checkpoint.tensors import PIECE_BYTES


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.data(),
    st.sampled_from([1, 2, 4, 8]),
    st.integers(0, 9),
)
def test_any_view_is_what_numpy_sees(
    shape: list[int], data: st.DataObject, item_bytes: int, start: int
) -> None:
    whole = np.arange(int(np.prod(shape)) * 2, dtype=f"u{item_bytes}").reshape([*shape, 2])
    axes = data.draw(st.permutations(range(len(shape))))
    view = whole[..., 1].transpose(axes)
    steps = tuple(step // item_bytes for step in view.strides)
    strides = Strides(view.shape, steps, item_bytes)
    assert strides.is_row_major == view.flags.c_contiguous
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(bytes(start) + whole.tobytes())
        file.flush()
        first = start + item_bytes  # the view begins at the second element
        pieces = list(strided_pieces(Path(file.name), first, strides))
    assert b"".join(bytes(piece) for piece in pieces) == view.tobytes()


def test_a_long_row_is_cut() -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.truncate(8 << 20)
        strides = Strides((2, 2 << 20), (1, 2), 2)
        sizes = [memoryview(p).nbytes for p in strided_pieces(Path(file.name), 0, strides)]
    assert sum(sizes) == 8 << 20
    assert max(sizes) <= PIECE_BYTES


def test_an_empty_view_reaches_nothing() -> None:
    assert Strides((0, 3), (7, 1), 4).reach == 0
    assert Strides((0, 3), (7, 1), 4).is_row_major
    assert Strides((), (), 4).reach == 1
