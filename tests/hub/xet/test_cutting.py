"""Cutting as the bytes come: the chunks are the same however they come."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.xet.cutting import Cutter
from paddock.kernels.gear import gear_ends


def cut(content: bytes, sizes: list[int]) -> list[bytes]:
    """The chunks of a file that comes in pieces of these sizes, again and again."""
    chunks: list[bytes] = []
    cutter = Cutter(lambda chunk: chunks.append(bytes(chunk)))
    at = turn = 0
    while at < len(content):
        cutter.feed(content[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    cutter.finish()
    return chunks


@settings(max_examples=30)
@given(
    st.sampled_from([0, 1, 8192, 131_072, 131_073, 262_144, 300_000, 700_000]),
    st.lists(st.integers(2000, 400_000), min_size=1, max_size=4),
    st.integers(0, 2**16),
    st.booleans(),
)
def test_the_chunks_do_not_depend_on_the_pieces(
    size: int, pieces: list[int], seed: int, is_noise: bool
) -> None:
    content = random.Random(seed).randbytes(size) if is_noise else bytes(size)
    ends = [*gear_ends(content), size]
    whole = [
        content[start:end] for start, end in zip([0, *ends], ends, strict=False) if start < end
    ]
    assert cut(content, pieces) == whole


def test_pieces_may_be_tiny_and_empty() -> None:
    content = random.Random(3).randbytes(20_000)
    assert b"".join(cut(content, [1])) == content
    assert cut(content, [7, 0, 1]) == cut(content, [20_000])
    assert cut(b"", [1]) == []
