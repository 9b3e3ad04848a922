"""Where a file is cut: as Xet's clients cut it, with and without the kernel."""

from __future__ import annotations

import random
from pathlib import Path

import hf_xet
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub.xet import hashes
from paddock.kernels import gear
from paddock.kernels.gear import LARGEST_BYTES, SMALLEST_BYTES, gear_ends
from paddock.kernels.library import Library, levels

WAYS: list[Library | None] = [None, *levels()[-1:]]
KIB = 1024


def content(kind: str, seed: int, size: int) -> bytes:
    """Bytes that cut often, seldom, and never of themselves."""
    chance = np.random.default_rng(seed)
    if kind == "noise":
        return chance.bytes(size)
    if kind == "weights":
        return chance.normal(size=size // 4 + 1).astype(np.float32).tobytes()[:size]
    if kind == "text":
        return (b"the same words again and again " * (size // 31 + 1))[:size]
    return bytes([seed % 256]) * size


def xet_hash(raw: bytes) -> str:
    """The file's hash, of the chunks that these ends make."""
    tree = hashes.MergeTree()
    ends = gear_ends(raw)
    for start, end in zip([0, *ends], [*ends, len(raw)], strict=True):
        if start < end:
            tree.add(hashes.chunk_hash(raw[start:end]), end - start)
    return hashes.to_text(hashes.file_hash(tree.root()))


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=15)
@given(
    kind=st.sampled_from(["noise", "weights", "text", "one byte"]),
    seed=st.integers(0, 2**16),
    size=st.one_of(
        st.integers(1, 700 * KIB),
        st.sampled_from([SMALLEST_BYTES, LARGEST_BYTES, 2 * LARGEST_BYTES]).flatmap(
            lambda edge: st.integers(edge - 2, edge + 2)
        ),
    ),
)
def test_a_file_has_the_hash_that_the_client_gives_it(
    way: Library | None, kind: str, seed: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = content(kind, seed, size)
    path = tmp_path_factory.getbasetemp() / "cut.bin"
    path.write_bytes(raw)
    (theirs,) = hf_xet.hash_files([str(path)])
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(gear, "library", lambda: way)
        assert xet_hash(raw) == theirs.hash


@pytest.mark.parametrize("way", WAYS)
@given(seed=st.integers(0, 2**16), looked=st.integers(0, LARGEST_BYTES))
@settings(max_examples=15)
def test_what_was_looked_at_need_not_be_looked_at_again(
    way: Library | None, seed: int, looked: int
) -> None:
    raw = random.Random(seed).randbytes(400 * KIB)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(gear, "library", lambda: way)
        ends = gear_ends(raw)
        assert gear_ends(raw, min(looked, ends[0] - 1)) == ends


def test_there_is_no_end_in_too_few_bytes() -> None:
    assert gear_ends(b"") == []
    assert gear_ends(bytes(LARGEST_BYTES - 1)) == []
    assert gear_ends(bytes(LARGEST_BYTES)) == [LARGEST_BYTES]


def test_an_insertion_moves_only_the_ends_behind_it(tmp_path: Path) -> None:
    raw = random.Random(7).randbytes(2048 * KIB)
    ends, moved = gear_ends(raw), gear_ends(raw[:500_000] + b"inserted" + raw[500_000:])
    assert len(set(moved) & {end + 8 for end in ends}) > len(ends) - 12
