"""Blocks of LZ4 whose copies come from before: with and without the kernel, the same answer."""

from __future__ import annotations

import lz4.block
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.kernels import lz4_copies
from paddock.kernels.library import Library, levels
from paddock.kernels.lz4_copies import copies_from_before
from tests.attacks.xet.lz4_bytes import literals, match

WAYS: list[Library | None] = [None, *levels()[-1:]]


def asked(way: Library | None, block: bytes, monkeypatch: pytest.MonkeyPatch) -> bool:
    with monkeypatch.context() as patch:
        patch.setattr(lz4_copies, "library", lambda: way)
        return copies_from_before(block)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40)
@given(st.binary(min_size=1, max_size=40), st.integers(1, 4000))
def test_what_the_library_packs_is_taken(way: Library | None, content: bytes, times: int) -> None:
    packed = lz4.block.compress(content * times, store_size=False)
    with pytest.MonkeyPatch.context() as patch:
        assert asked(way, packed, patch)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_noise_is_judged_alike(noise: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        assert len({asked(way, noise, patch) for way in WAYS}) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("block", "is_whole"),
    [
        (literals(b"bytes"), True),
        (literals(bytes(5000)), True),
        (match(b"ab", 1, 9) + literals(b"12345"), True),
        (match(b"ab", 1, 5000) + literals(b"12345"), True),
        (match(b"ab", 0, 9) + literals(b"12345"), False),
        (match(b"ab", 2, 9) + match(b"", 0, 4) + literals(b"12345"), False),
        (match(b"ab", 1, 9), False),
        (b"", False),
        (b"\xf0", False),
        (b"\xf0" + b"\xff" * 50, False),
        (b"\x10a\1", False),
        (b"\x1fa\1\0\xff", False),
        (b"\x50abc", False),
    ],
)
def test_a_copy_of_offset_0_and_a_block_cut_short_are_not(
    way: Library | None, block: bytes, is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(way, block, monkeypatch) is is_whole
