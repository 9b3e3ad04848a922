"""Sizes as people write them."""

from __future__ import annotations

import pytest

from paddock.checkpoint.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("1000000", 1_000_000),
        ("12B", 12),
        ("5GB", 5 * 10**9),
        ("5 gb", 5 * 10**9),
        ("4GiB", 4 * 2**30),
        ("2T", 2 * 10**12),
    ],
)
def test_a_size_is_decimal_unless_its_unit_is_binary(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "GB", "-1", "1.5GB", "5 apples", "1e9", "9" * 19, "٣"])
def test_other_text_is_no_size(text: str) -> None:
    assert parse_size(text) is None
