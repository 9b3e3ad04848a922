"""Bytes grouped by four, as Xet's second compression scheme does, with and without the kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.kernels import byte_groups
from paddock.kernels.byte_groups import grouped, ungrouped
from paddock.kernels.library import Library, levels

WAYS: list[Library | None] = [None, *levels()]


def test_the_first_bytes_come_first() -> None:
    assert bytes(grouped(b"abcdABCDxy")) == b"aAxbBycCdD"


@pytest.mark.parametrize("way", WAYS)
@given(raw=st.binary(max_size=300), repeats=st.integers(1, 9))
def test_grouping_can_be_undone(way: Library | None, raw: bytes, repeats: int) -> None:
    raw = raw * repeats
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(byte_groups, "library", lambda: way)
        groups = bytes(grouped(raw))
        assert groups == b"".join(raw[k::4] for k in range(4))
        assert ungrouped(groups) == raw


def test_a_view_into_a_file_is_grouped_too() -> None:
    raw = bytes(range(256)) * 5
    assert ungrouped(memoryview(grouped(memoryview(b"\0" + raw)[1:]))) == raw
